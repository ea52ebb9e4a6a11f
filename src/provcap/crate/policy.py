"""Which files of a run a crate carries, and which profiles it keeps to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provcap.bioimage.acquiring import PIXELS
from provcap.crate import profile_0_5
from provcap.crate.profile import Profile


@dataclass(frozen=True, slots=True)
class Policy:
    """What is embedded; whatever is not, is described with its digest and how to get it."""

    outputs: bool = True  #: the final outputs, whatever their size
    inputs: bool = True  #: the files that the run read and did not make
    intermediates: bool = False  #: the files that the run made and read again
    images: bool = False  #: the files of container images: a rerun then needs no registry, and a crate gigabytes
    journals: bool = False  #: events and records as they were written down, against which the seal can be checked
    max_file_bytes: int = 100 * 2**20  #: larger inputs and intermediates are left out
    pixels: int = PIXELS  #: bytes of pixels of an image up to which its intensities are measured; 0: of none
    profile: Profile = profile_0_5.PROFILE
    moved: Mapping[str, Path] = field(default_factory=dict)  #: where files lie that the record calls otherwise
    clean: Callable[[bytes, str], bytes] | None = None  #: what becomes of a text of ours beside the run, by its name
    withheld: Mapping[str, str] = field(default_factory=dict)  #: paths that stay out, and why
