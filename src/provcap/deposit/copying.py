"""Files into a folder of ours, whole or not at all, each verified after it was written."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provcap import hashing, progress
from provcap.deposit.archive import Item
from provcap.deposit.limits import PLAIN_KEY
from provcap.errors import ProvcapError, TargetExists

_BLOCK: Final = 1 << 20


def own(folder: Path, ours: bool) -> None:
    """Refuse `folder` when something lies there that no deposit of this crate put there; `ours` says that one did.

    Raises TargetExists.
    """
    if os.path.lexists(folder) and not ours and (not folder.is_dir() or folder.is_symlink() or any(folder.iterdir())):
        raise TargetExists("target-exists", f"{folder} exists already", "name a new directory for this crate")


def bring(items: Sequence[Item], base: Path, sweep: bool = False) -> None:
    """Copy `items` below `base`, each under its key; what is there with the right content stays.

    With `sweep`, what is none of `items` goes: `base` is a working directory of ours. Raises ProvcapError
    (``copy-differs``) when what was written is not what was read.
    """
    for item in items:
        if not re.fullmatch(PLAIN_KEY, item.key):
            raise ProvcapError("bad-key", f"no file can be called {item.key[:100]!a} there", "rename it in the crate")
    base.mkdir(parents=True, exist_ok=True)
    if sweep:
        _sweep(base, {item.key for item in items})
    for item in progress.over(items, "copying files"):
        target = base / item.key
        if not _has(target, item):
            _copy(item, target, base)


def _sweep(base: Path, wanted: set[str]) -> None:
    """Remove from `base` what is none of `wanted`: links first of all, so that nothing is written through one."""
    for folder, folders, names in os.walk(base, topdown=False):
        for name in (*names, *folders):
            path = Path(folder, name)
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.is_symlink() or path.relative_to(base).as_posix() not in wanted:
                path.unlink()


def _has(target: Path, item: Item) -> bool:
    try:
        return target.stat().st_size == item.size_bytes and "sha256:" + hashing.hexdigest(target) == item.digest
    except OSError:
        return False


def _copy(item: Item, target: Path, base: Path) -> None:
    if not target.parent.resolve().is_relative_to(base.resolve()) or target.is_symlink():
        raise ProvcapError("copy-failed", f"a link leads from {target} elsewhere", "take the link away")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.name[:200]}.writing")
    try:
        with open(item.path, "rb") as source, open(work, "wb") as stream:
            for block in iter(lambda: source.read(_BLOCK), b""):
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        if item.path.stat().st_mode & 0o100:
            work.chmod(0o755)
        if not _has(work, item):
            message = f"{item.path} is not what was to be copied: somebody changed it, or the disk is at fault"
            raise ProvcapError("copy-differs", message, "bring it back as it was, or pack anew what is to be deposited")
        os.replace(work, target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProvcapError(
            "copy-failed", f"{target} cannot be written: {reason}", "is there room on the disk?"
        ) from error
    finally:
        work.unlink(missing_ok=True)
