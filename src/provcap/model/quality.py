"""What was measured of the pixels of an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QualityMeasure:
    """One measure of one channel, or of the whole image. Of the image as it is: no microscope is measured by it."""

    name: str  #: "saturated_fraction", "laplacian_variance", "noise_sigma" …
    value: float  #: finite; of several time points their median, of a fraction the mean
    unit: str  #: "1", "DN" (digital numbers, the values of the pixels), "DN²", "px", "µm"
    method: str  #: in words, with the DOI of its publication
    channel: int | None = None  #: from 1; samples of a colour image are channels
    channel_name: str | None = None
    time: int | None = None  #: from 1, the time point at which it was found


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one image. What could not be measured is left out, and a note says why."""

    file: str  #: digest of the image
    reader: str  #: the libraries that read and measured it, with versions
    measured: str  #: which part of it, in words: plane, time points, region
    data_type: str | None = None  #: as NumPy calls it
    measures: tuple[QualityMeasure, ...] = ()
    notes: tuple[str, ...] = ()
