"""What checking a crate finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a crate, or worth knowing."""

    level: Level  #: error: it is not what it claims to be; warning: a recommendation is not followed
    slug: str  #: the kind, a paragraph in docs/messages.md
    subject: str  #: the @id or path that it is about
    message: str  #: one sentence for a person
