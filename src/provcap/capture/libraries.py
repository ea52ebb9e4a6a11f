"""The native libraries that a job's processes had loaded, each with its digest as far as it can be known."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any, Final

from provcap import digest
from provcap.capture import fence

MAX_PATH: Final = 4000


def told(entries: Iterable[list[Any]], here: bool) -> list[dict[str, Any]]:
    """Each library once; one that the process did not hash is hashed here when this host has the very same file.

    An entry is path, size, mtime in ns, inode and digest. R cannot tell size, time and inode: its files are hashed when
    the job ran `here`, in no container.
    """
    found: dict[str, dict[str, Any]] = {}
    for path, size, changed, inode, known in entries:
        if not isinstance(path, str) or not path.startswith("/") or found.get(path, {}).get("digest"):
            continue
        entry = {"path": path[:MAX_PATH]}
        value = known if isinstance(known, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", known) else None
        if value is None and (here or inode is not None):
            identity = None if inode is None else (size, changed, inode)
            value = fence.attempt(functools.partial(same, path, identity), None)
        found[path] = entry | ({"digest": value} if value else {})
    return [found[path] for path in sorted(found)]


def same(path: str, identity: tuple[int, int, int] | None) -> str | None:
    """The digest of `path` if it is the file that the process had, by size, time and inode as far as they are known."""
    try:
        key = digest.key_of(path)
    except OSError:
        return None
    return digest.of_file(path) if identity in (None, key[1:]) else None
