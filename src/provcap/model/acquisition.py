"""How an image was acquired, as its file says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of an image."""

    name: str | None = None
    fluorophore: str | None = None
    excitation_nm: float | None = None
    emission_nm: float | None = None
    exposure_s: float | None = None  #: of each of its planes; None also when they differ
    detector: str | None = None  #: manufacturer and model
    light_source: str | None = None  #: kind, manufacturer and model
    illumination: str | None = None  #: OME's IlluminationType: Epifluorescence, Transmitted …
    contrast: str | None = None  #: OME's ContrastMethod: Fluorescence, Phase, DIC …
    mode: str | None = None  #: OME's AcquisitionMode: WideField, LaserScanningConfocalMicroscopy …
    binning: str | None = None  #: "2x2"


@dataclass(frozen=True, slots=True)
class Objective:
    """The objective lens."""

    name: str | None = None  #: manufacturer and model
    magnification: float | None = None  #: nominal
    numerical_aperture: float | None = None
    immersion: str | None = None


@dataclass(frozen=True, slots=True)
class Intensities:
    """The values of all pixels and channels of an image; of none that is not finite."""

    minimum: float
    maximum: float
    mean: float
    lowest: float | None = None  #: the least value that its data type, or its significant bits, can hold
    highest: float | None = None  #: the greatest; None for floating point
    at_lowest: float | None = None  #: fraction of the values there
    at_highest: float | None = None
    saturated: tuple[float, ...] = ()  #: at_highest of each channel or colour, where there are several


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What an image file says of itself. What it does not say is None; nothing is taken from elsewhere."""

    file: str  #: digest of the image
    format: str  #: "OME-TIFF", "ImageJ TIFF", "TIFF", "OME-Zarr 0.5", or that of another reader
    reader: str  #: the libraries that read it, with versions
    axes: str | None = None  #: a letter each, slowest first: T, C, Z, Y, X, S (samples), Q (the file does not say)
    shape: tuple[int, ...] = ()  #: in the order of the axes
    data_type: str | None = None  #: as NumPy calls it
    significant_bits: int | None = None
    pixel_size_x_um: float | None = None
    pixel_size_y_um: float | None = None
    pixel_size_z_um: float | None = None  #: the distance of planes
    time_increment_s: float | None = None
    channels: tuple[Channel, ...] = ()
    objective: Objective | None = None
    microscope: str | None = None  #: manufacturer and model
    acquired: str | None = None  #: date and time as the file has it
    writer: str | None = None  #: the program that wrote the file
    images: int | None = None  #: in the file; what is said here is said of the first
    metadata: str | None = None  #: digest of its OME-XML, which is kept as it is
    intensities: Intensities | None = None
    origin: dict[str, str] = field(default_factory=dict)  #: for each field, where in the file its value stands
    notes: tuple[str, ...] = ()  #: what was found odd, or left out
