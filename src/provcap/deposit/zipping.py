"""The files of an unpacked crate, and a zip of them that has the same bytes each time."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from pathlib import Path
from typing import Final

from provcap import progress
from provcap.crate.sink import entry
from provcap.errors import ProvcapError

PREVIEW: Final = "ro-crate-preview.html"
_DATE: Final = (1980, 1, 1, 0, 0, 0)  #: the first that a zip can hold (APPNOTE.TXT 4.4.6)
_ENTRY_BYTES: Final = 400  #: of an entry in file and directory, without its name, at most


def files_of(root: Path) -> dict[str, int]:
    """Size in bytes of each file below `root`, by path. Raises ProvcapError for a link or a special file."""
    found: dict[str, int] = {}
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in (*names, *(f for f in folders if os.path.islink(os.path.join(folder, f)))):
            path = Path(folder, name)
            info = path.lstat()
            place = path.relative_to(root).as_posix()
            if not stat.S_ISREG(info.st_mode):
                raise ProvcapError("unsafe-crate", f"{place!a} in the crate is a link or a special file", "take it out")
            found[place] = info.st_size
    return found


def upper_bound(files: dict[str, int]) -> int:
    """Bytes that a zip of `files` cannot exceed: deflate adds 5 bytes for each 16 KiB at worst (RFC 1951, 3.2.4)."""
    return sum(size + size // 3000 + 64 + _ENTRY_BYTES + 2 * len(os.fsencode(key)) for key, size in files.items()) + 128


def write_zip(root: Path, target: Path) -> None:
    """Pack what is below `root`, sorted, with one date and the permissions that matter; what is at `target` goes.

    Raises ProvcapError (``bad-key``) for a name that a zip cannot hold.
    """
    work = target.with_name(f".{target.name}.new")
    work.unlink(missing_ok=True)
    names = sorted(files_of(root))
    empty = sorted(
        Path(folder).relative_to(root).as_posix() + "/"
        for folder, folders, files in os.walk(root)
        if not folders and not files and Path(folder) != root
    )
    with zipfile.ZipFile(work, "x", allowZip64=True) as archive:
        for place in progress.over(sorted([*names, *empty]), "packing files"):
            _add(archive, root, place)
    os.replace(work, target)


def _add(archive: zipfile.ZipFile, root: Path, place: str) -> None:
    try:
        place.encode()
    except UnicodeEncodeError as error:
        raise ProvcapError("bad-key", f"no zip can hold the name {place!a}", "rename the file") from error
    if place.endswith("/"):
        archive.writestr(entry(place, _DATE), b"")
        return
    path = root / place
    info = entry(place, _DATE, bool(path.stat().st_mode & 0o100))
    with open(path, "rb") as source, archive.open(info, "w", force_zip64=True) as stream:
        shutil.copyfileobj(source, stream, 1 << 20)
