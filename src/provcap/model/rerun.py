"""What a run that repeats another says of it."""

from __future__ import annotations

from dataclasses import dataclass

from provcap.model.comparison import Verdict


@dataclass(frozen=True, slots=True)
class Origin:
    """An earlier run that this one repeats."""

    run: str  #: its id
    record: str  #: digest of its run.json, as the crate had it that was rerun


@dataclass(frozen=True, slots=True)
class Assessment:
    """How close a result came to that of the run which was repeated."""

    verdict: Verdict
    first: str | None = None  #: digest of the file in the repeated run
    size_bytes: int | None = None  #: of the file in the repeated run
    second: str | None = None  #: digest of the file in this run
    limits: str | None = None  #: digest of the limits that were held against it; None: bytes had to agree
