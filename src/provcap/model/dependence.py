"""Which values of the acquisition a workflow depends on, as it says itself, and what the images of a run have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Met = Literal["met", "violated", "unknown"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether one image is as the workflow needs it in one respect."""

    path: str  #: of the image
    verdict: Met
    value: float | str | None = None  #: in the unit of the Dependence; of several the first that decides
    about: str | None = None  #: which of several values it is: "X", "channel 2 (DAPI)"
    origin: str | None = None  #: where in the file it stands
    why: str | None = None  #: why it is not known
    file: str | None = None  #: digest of the image


@dataclass(frozen=True, slots=True)
class Dependence:
    """A value of the acquisition that steps depend on, its limits, and what was found."""

    name: str  #: a key of ``acquisition.yaml``: "pixel_size_um", "emission_nm" …
    images: tuple[str, ...]  #: patterns of paths
    because: str
    source: str  #: path of the file that says so
    line: int  #: in that file
    steps: tuple[str, ...] = ()  #: rules; none: all
    channel: int | str | None = None  #: its number from 1, or a pattern of its name; "*" for each
    minimum: float | None = None  #: inclusive
    maximum: float | None = None  #: inclusive
    allowed: tuple[str, ...] = ()  #: patterns, of which a text has to match one
    unit: str | None = None
    if_violated: Literal["error", "warn"] = "error"
    if_unknown: Literal["error", "gap"] = "gap"
    judgements: tuple[Judgement, ...] = ()  #: by path; none when no image matches
