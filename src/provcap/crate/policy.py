"""Which files of a run a crate carries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """What is embedded; whatever is not, is described with its digest and how to get it."""

    outputs: bool = True  #: the final outputs, whatever their size
    inputs: bool = True  #: the files that the run read and did not make
    intermediates: bool = False  #: the files that the run made and read again
    images: bool = False  #: the files of container images: a rerun then needs no registry, and a crate gigabytes
    max_file_bytes: int = 100 * 2**20  #: larger inputs and intermediates are left out
