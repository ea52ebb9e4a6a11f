"""The gate: nothing secret or personal leaves unseen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provcap.redact.finding import Allowed, Find, blocking

__all__ = ["Allowed", "Find", "blocking", "scan"]


def scan(root: Path, allow: Sequence[Allowed] = ()) -> tuple[Find, ...]:
    """What in the unpacked crate in the directory `root` should perhaps not leave, by place.

    Finds that `allow` covers are among them and block no more.
    """
    raise NotImplementedError
