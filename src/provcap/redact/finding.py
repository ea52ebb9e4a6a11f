"""What the gate found, and what somebody allowed."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Find:
    """Something in a crate that should perhaps not leave the building."""

    rule: str  #: what looked for it, like "email"; each has a paragraph in docs/publishing.md
    place: str  #: "path", "path:line" or "path!member" for what lies in another file
    what: str  #: a shortened, masked excerpt: never a secret in full
    reason: str  #: a sentence for a person
    blocks: bool = True  #: whether the crate must not leave with it; False: told only, or allowed
    because: str | None = None  #: why it was allowed

    @property
    def path(self) -> str:
        """The file of the crate in which it is, without line and member."""
        return self.file or self.place

    file: str = ""  #: the path in the crate


@dataclass(frozen=True, slots=True)
class Allowed:
    """Finds that somebody lets pass, and why."""

    rule: str  #: the name of a rule, or "*"
    where: str  #: a pattern for the path in the crate, like "results/*.csv"; a ``*`` crosses folders
    because: str

    def covers(self, find: Find) -> bool:
        """Whether it is about `find`."""
        return self.rule in ("*", find.rule) and (
            fnmatch.fnmatchcase(find.path, self.where) or fnmatch.fnmatchcase(find.place, self.where)
        )


def reason_for(find: Find, allowed: Iterable[Allowed]) -> str | None:
    """Why `find` may pass, or None."""
    return next((entry.because for entry in allowed if entry.covers(find)), None)


def blocking(finds: Sequence[Find]) -> tuple[Find, ...]:
    """Those that keep the crate from leaving."""
    return tuple(find for find in finds if find.blocks)
