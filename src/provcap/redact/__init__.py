"""The gate: nothing secret or personal leaves unseen."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from provcap import progress
from provcap.redact import contents
from provcap.redact.finding import Allowed, Find, blocking
from provcap.redact.known import Known, of_crate
from provcap.redact.look import Limits, Look

__all__ = ["Allowed", "Find", "Known", "Limits", "blocking", "of_crate", "scan"]

STANDARD = Limits()


def scan(
    root: Path, allow: Sequence[Allowed] = (), known: Known | None = None, limits: Limits = STANDARD
) -> tuple[Find, ...]:
    """What in the unpacked crate in the directory `root` should perhaps not leave, by file, rule and place.

    Finds that `allow` covers are among them and block no more. `known` are names to look for; None: those that the
    record in the crate gives away. Raises ProvcapError when detect-secrets is not installed.
    """
    look = Look(of_crate(root) if known is None else known, tuple(allow), limits)
    for place in progress.over(_places(root), "looking for what is secret or personal"):
        clear = place.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        label = look.label(clear)
        look.text(place, clear, f"{label} (its name)")
        path = root / place
        try:
            info = os.lstat(path)
            if not stat.S_ISREG(info.st_mode):
                look.unseen(clear, clear, "a link or a special file")
                continue
            with open(path, "rb") as stream:
                contents.look_into(stream, info.st_size, look, clear, label)
        except OSError as error:
            look.unseen(clear, clear, f"it cannot be read: {error.strerror}")
    return look.finds()


def _places(root: Path) -> list[str]:
    """All files, and links to whatever, below `root`."""
    found = []
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in (*names, *links)]
    return sorted(found)
