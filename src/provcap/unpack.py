"""Opening a crate that somebody else may have made."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from provcap import codec, progress
from provcap.errors import ProvcapError

MAX_FILES: Final = 1_000_000
MAX_BYTES: Final = 1 << 40
#: deflate cannot do better than 1032:1, honest files of zeros come near; small ones may do as they like
MAX_RATIO: Final = 200
FREE_BYTES: Final = 100 << 20
#: begins an entry of a zip's directory (APPNOTE.TXT 4.3.12); one that is found in the remarks of another is not read
_ENTRY: Final = b"PK\x01\x02"
_METADATA: Final = "ro-crate-metadata.json"
_AGAIN: Final = "get or write the crate again"


@contextmanager
def opened(crate: Path) -> Iterator[Path]:
    """The directory of `crate`; a zip is unpacked into a temporary one, after it was found harmless.

    Raises ProvcapError when there is no crate, or when the zip is damaged or means harm.
    """
    if crate.is_dir():
        yield crate
        return
    if not crate.exists():
        raise ProvcapError("no-crate", f"there is nothing at {crate}", "name a directory or a zip file")
    try:
        archive = zipfile.ZipFile(crate)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ProvcapError("damaged-zip", f"{crate} is no zip file, or not a whole one: {error}", _AGAIN) from error
    with archive, TemporaryDirectory(prefix="provcap-crate-") as folder:
        for info in progress.over(harmless(archive, crate), "unpacking"):
            _extract(archive, info, Path(folder), crate)
        yield _root(Path(folder))


def harmless(archive: zipfile.ZipFile, crate: Path) -> list[zipfile.ZipInfo]:
    """The entries of `archive`; raises ProvcapError when one could harm the machine that unpacks it."""
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise _refused(crate, f"it has {len(entries)} entries, more than {MAX_FILES}")
    packed, total = sum(i.compress_size for i in entries), sum(i.file_size for i in entries)
    if total > MAX_BYTES or (total > FREE_BYTES and total > MAX_RATIO * packed):
        raise _refused(crate, f"{packed} bytes in it would become {total}")
    seen: set[str] = set()
    for info in entries:
        name = info.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in info.orig_filename or "\0" in info.orig_filename:
            raise _refused(crate, f"its entry {info.orig_filename!r} would be written elsewhere")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refused(crate, f"its entry {name!r} is a link or a special file")
        if str(path) in seen:
            raise _refused(crate, f"it has {name!r} twice")
        if _ENTRY in info.extra or _ENTRY in info.comment:
            raise _refused(crate, f"its entry {name!r} hides others")
        if info.flag_bits & 0x1:
            raise _refused(crate, f"its entry {name!r} is encrypted")
        seen.add(str(path))
    return entries


def _refused(crate: Path, why: str) -> ProvcapError:
    return ProvcapError(
        "unsafe-zip", f"{crate} was not unpacked: {why}", "do not trust it; ask for it again where it came from"
    )


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, crate: Path) -> None:
    path = folder / info.filename
    try:
        if info.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, open(path, "xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)  # zipfile stops at the size that the entry states
        if info.external_attr >> 16 & 0o100:
            path.chmod(0o755)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ProvcapError(
            "damaged-zip", f"{info.filename!r} in {crate} cannot be unpacked: {error}", _AGAIN
        ) from error


def _root(folder: Path) -> Path:
    """Where the metadata is: many archives put everything into one directory."""
    inner = list(folder.iterdir())
    if not (folder / _METADATA).exists() and len(inner) == 1 and (inner[0] / _METADATA).is_file():
        return inner[0]
    return folder


def read_metadata(root: Path, crate: Path) -> dict[str, dict[str, Any]]:
    """The entities of the crate in the directory `root` by @id; `crate` names it in errors. Raises ProvcapError."""
    path = root / _METADATA
    if not path.is_file() or path.is_symlink():
        raise ProvcapError(
            "no-crate", f"{crate} is no RO-Crate: it has no {_METADATA}", "name the directory that has it"
        )
    try:
        return entities_in(path.read_bytes(), crate)
    except OSError as error:
        raise ProvcapError("damaged-metadata", f"{_METADATA} of {crate} cannot be read: {error}", _AGAIN) from error


def entities_in(metadata: bytes, crate: Path) -> dict[str, dict[str, Any]]:
    """The entities in the text of a crate's metadata by @id; `crate` names it in errors. Raises ProvcapError."""
    try:
        plain = codec.whole(json.loads(metadata), metadata)
        found = {entity["@id"]: entity for entity in plain["@graph"]}
        if not all(isinstance(identifier, str) for identifier in found) or "./" not in found:
            raise ValueError("it describes no root, './'")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{_METADATA} of {crate} cannot be read: {error or type(error).__name__}"
        raise ProvcapError("damaged-metadata", message, _AGAIN) from error
    return found
