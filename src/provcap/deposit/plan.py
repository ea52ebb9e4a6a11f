"""Which files an archive will get, decided before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from provcap.deposit.archive import Item, Limits


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent, in words and in files."""

    crate: Path  #: as the user named it: a zip or a directory
    name: str  #: what the archive's files are called after
    layout: Literal["zip", "files", "parts"]
    files: tuple[tuple[str, int], ...]  #: key and size in bytes; an estimate while `exact` is False
    notes: tuple[str, ...]  #: sentences: what is done, and why
    part_bytes: int | None = None  #: size of a part, when it is split
    exact: bool = True  #: False: a zip will be made, of which only an upper bound of the size is known

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(size for _, size in self.files)


def plan(crate: Path, root: Path, limits: Limits) -> Plan:
    """What goes to an archive with `limits` of the crate that the user named `crate` and that lies unpacked in `root`.

    Nothing is written, nothing is hashed. Raises ProvcapError (``deposit-too-large``, ``bad-key``) when the archive
    would not take it.
    """
    raise NotImplementedError


def items(planned: Plan, root: Path, scratch: Path, changed: bool = False) -> tuple[Item, ...]:
    """The files themselves, as `planned`; what has to be made (a zip, parts) is made in `scratch`, the same bytes each
    time.

    With `changed`, `root` is not what lies in `planned.crate` any more (the DOI was written into it), so a zip is made
    of it again.
    """
    raise NotImplementedError
