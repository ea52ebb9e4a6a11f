"""Writing the files of a crate, as a directory or as a zip, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from provcap import progress
from provcap.crate.packing import Content
from provcap.errors import ProvcapError
from provcap.seal.manifest import Seen, compose

_BLOCK: Final = 1 << 20
Moment = tuple[int, int, int, int, int, int]  #: of a zip: year to second
#: not worth compressing again
STORED: Final = {".gz", ".xz", ".zst", ".bz2", ".zip", ".png", ".jpg", ".jpeg", ".sif", ".parquet", ".npz"}


def is_zip(target: Path) -> bool:
    """Whether `target` is to be a zip file."""
    return target.suffix.lower() == ".zip"


def write_all(target: Path, contents: dict[str, Content], folders: set[str], date: str) -> None:
    """Write everything and its manifest beside `target` first and rename it at the end.

    `date` is the time that zip entries get.

    Raises ProvcapError when a file changes while it is copied.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        if is_zip(target):
            _write_zip(work / "crate.zip", contents, folders, date)
            os.rename(work / "crate.zip", target)
        else:
            _write_tree(work / "crate", contents, folders)
            os.rename(work / "crate", target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_tree(root: Path, contents: dict[str, Content], folders: set[str]) -> None:
    root.mkdir()
    seen: dict[str, Seen] = {}
    for folder in sorted(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for place in progress.over(sorted(contents), "packing files"):
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as stream:
            seen[place] = _copy(contents[place], stream.write, place)
        if contents[place].executable:
            path.chmod(path.stat().st_mode | 0o111)
    for place, data in compose(seen).items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(data)


def _write_zip(path: Path, contents: dict[str, Content], folders: set[str], date: str) -> None:
    """The same contents make the same bytes: sorted names, one date, fixed permissions."""
    when = _zip_date(date)
    holding = {str(parent) for place in contents for parent in PurePosixPath(place).parents}
    seen: dict[str, Seen] = {}
    with zipfile.ZipFile(path, "x", allowZip64=True) as archive:
        places = sorted([*contents, *(f"{folder}/" for folder in folders - holding)])
        for place in progress.over(places, "packing files"):
            if place.endswith("/"):
                archive.writestr(entry(place, when), b"")
            else:
                seen[place] = _add(archive, place, contents[place], when)
        for place, data in compose(seen).items():  # last, as it has the digests of all others
            _add(archive, place, Content(data=data), when)


def entry(place: str, when: Moment, executable: bool = False) -> zipfile.ZipInfo:
    """What a zip says of the file at `place`, or of the directory when that ends with a slash: nothing of who wrote it;
    whether it is compressed depends on the name alone."""
    info = zipfile.ZipInfo(place, when)
    info.create_system = 3  # Unix, so that the permissions mean something
    if place.endswith("/"):
        info.external_attr = (0o40755 << 16) | 0x10
        return info
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    stored = PurePosixPath(place).suffix.lower() in STORED
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    return info


def _add(archive: zipfile.ZipFile, place: str, content: Content, when: Moment) -> Seen:
    info = entry(place, when, content.executable)
    # force_zip64 as the size is not known beforehand; always, so that it cannot differ between two writes
    with archive.open(info, "w", force_zip64=True) as stream:
        return _copy(content, stream.write, place)


def _zip_date(date: str) -> Moment:
    year, month, day = (int(part) for part in date[:10].split("-"))
    hour, minute, second = (int(part) for part in date[11:19].split(":"))
    return (year, month, day, hour, minute, second) if year >= 1980 else (1980, 1, 1, 0, 0, 0)


def _copy(content: Content, write: Callable[[bytes], object], place: str) -> Seen:
    seen = Seen()
    if content.path is None:
        write(content.data)
        seen.update(content.data)
        return seen
    with open(content.path, "rb", buffering=0) as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            seen.update(block)
            write(block)
    if content.digest not in (None, f"sha256:{seen.sha256}"):
        raise ProvcapError(
            "changed-while-packing",
            f"{content.path} changed while it was copied to {place}",
            "wait until it is finished",
        )
    return seen
