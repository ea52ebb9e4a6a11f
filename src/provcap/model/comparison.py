"""What a comparison of two runs, crates, directories or files says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["identical", "equivalent", "different", "missing", "unchecked"]
Direction = Literal["smaller", "larger", "same"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured number: how far the second file is from the first in one respect."""

    name: str  #: "max_abs", "psnr", "rows_missing" …
    value: float | int | str | None = (
        None  #: what is not finite is text, ``inf`` or ``nan``, as JSON has no such numbers
    )
    unit: str | None = None  #: None: a count, or dimensionless
    direction: Direction = (
        "smaller"  #: what is better; "same": value is None when both agree, else says how they differ
    )
    about: str = "content"  #: the aspect that it measures: "pixels", "physical metadata", "column area" …
    limit: float | str | None = None  #: what judge() held it against; None: it is for information
    kept: bool | None = None  #: whether it keeps the limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one file or directory."""

    path: str  #: as the run recorded it, or relative to the directory
    verdict: Outcome
    comparator: str | None = None  #: what measured it; None: digests were enough
    measures: tuple[Measure, ...] = ()
    reason: str = ""  #: one sentence for a person
    because: str | None = None  #: why the limit that made it equivalent is right, or unchecked allowed
    allowed: bool = False  #: unchecked, and the limits allow that here


@dataclass(frozen=True, slots=True)
class Comparison:
    """All verdicts, by path. The first side is the reference."""

    first: str  #: id of the run, or name of the directory or file
    second: str
    verdicts: tuple[Verdict, ...] = ()
    limits_digest: str | None = None  #: of the limits file; None: bytes had to agree

    @property
    def ok(self) -> bool:
        """Whether every file is identical, equivalent, or unchecked where that is allowed. Nothing compared is not."""
        return bool(self.verdicts) and all(
            v.verdict in ("identical", "equivalent") or (v.verdict == "unchecked" and v.allowed) for v in self.verdicts
        )
