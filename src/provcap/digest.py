"""``sha256:…`` of files and directory trees.

The digest of a tree is the SHA-256 of its listing: for every file below the directory, sorted by the bytes of its
path, one line ``<kind> <sha256 hex> <path>\\0`` with the POSIX path relative to the directory. `kind` is ``f`` for a
file and ``l`` for a symbolic link (whose target text is hashed instead of what it points to). An empty directory
counts as ``d`` with the hash of nothing. Names, order of creation, times and permissions play no other part.
"""

from __future__ import annotations

import hashlib
import os
import stat as stat_module
import threading
from pathlib import Path

BLOCK = 1 << 20  #: bytes read at once; larger blocks were not faster
SIDE_FILES = {".snakemake_timestamp"}  #: Snakemake's own marker inside directory() outputs

_known: dict[tuple[str, int, int, int], str] = {}
_lock = threading.Lock()


def of_bytes(content: bytes) -> str:
    """Digest of `content`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def of_file(path: str | os.PathLike[str]) -> str:
    """Digest of the file at `path`, remembered in this process by (path, size, mtime_ns, inode).

    Raises OSError when it cannot be read, and never opens anything but a regular file (a FIFO would block).
    """
    info = os.stat(path)
    if not stat_module.S_ISREG(info.st_mode):
        raise OSError(f"not a regular file: {os.fspath(path)}")
    key = (os.path.abspath(path), info.st_size, info.st_mtime_ns, info.st_ino)
    with _lock:
        known = _known.get(key)
    if known:
        return known
    with open(path, "rb", buffering=0) as stream:
        found = "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
    after = os.stat(path)
    if (after.st_size, after.st_mtime_ns, after.st_ino) == key[1:]:
        with _lock:
            _known[key] = found
    return found


def of_tree(root: str | os.PathLike[str]) -> tuple[str, int]:
    """Digest and total size in bytes of the directory tree at `root`; see the module's text for the definition."""
    lines: list[tuple[bytes, bytes]] = []
    total = 0
    base = Path(root)
    for folder, folders, names in os.walk(base):
        links = [d for d in folders if os.path.islink(os.path.join(folder, d))]
        if not folders and not names and folder != str(base):
            lines.append(_line("d", hashlib.sha256().hexdigest(), os.path.relpath(folder, base)))
        for name in sorted({*names, *links} - SIDE_FILES):
            path = os.path.join(folder, name)
            kind, hexdigest, size = _entry(path)
            total += size
            lines.append(_line(kind, hexdigest, os.path.relpath(path, base)))
    listing = hashlib.sha256()
    for _, line in sorted(lines):
        listing.update(line)
    return "sha256:" + listing.hexdigest(), total


def _entry(path: str) -> tuple[str, str, int]:
    info = os.lstat(path)
    if stat_module.S_ISLNK(info.st_mode):
        return "l", hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest(), 0
    if not stat_module.S_ISREG(info.st_mode):
        return "s", hashlib.sha256().hexdigest(), 0
    return "f", of_file(path).removeprefix("sha256:"), info.st_size


def _line(kind: str, hexdigest: str, relative: str) -> tuple[bytes, bytes]:
    name = os.fsencode(Path(relative).as_posix())
    return name, f"{kind} {hexdigest} ".encode() + name + b"\0"
