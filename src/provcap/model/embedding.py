"""An image that has its lineage inside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Embedding:
    """An output in whose place the same image with its lineage in it was put, after the run."""

    path: str  #: as the run calls it
    file: str  #: digest of the image as its job made it
    embedded: str  #: digest of what stands there since
    size_bytes: int  #: of that
    pixels: str  #: digest of the stored pixels, the same in both
