"""The file of an image while it is read, and where what was found of it is kept: in ``.provcap/images/``."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from provcap import codec, digest, embed, store
from provcap.bioimage.found import Unreadable
from provcap.bioimage.reader import OTHER, PICTURES, TIFF, ZARR, suffix
from provcap.errors import DamagedRecord
from provcap.model import Artifact

_LARGEST: Final = 4 << 20  #: bytes of what is kept of one image, beside its OME-XML


def is_image(artifact: Artifact, pictures: bool = False) -> bool:
    """Whether it is called as images are; PNG and JPEG only with `pictures`."""
    end = suffix(artifact.path)
    files = (*TIFF, *OTHER, *PICTURES) if pictures else (*TIFF, *OTHER)
    return (artifact.kind == "directory" and end in ZARR) or (artifact.kind == "file" and end in files)


def place(files: Path, name: str, end: str) -> Path:
    """Where something about the image with the digest `name` is kept; `end` says what."""
    return store.home(files) / "images" / (name.removeprefix("sha256:") + end)


def recall(path: Path, form: str) -> dict[str, Any]:
    """What was kept at `path` in the format `form`; nothing when there is none, or none that can be read."""
    with contextlib.suppress(OSError, ValueError, DamagedRecord):
        if path.stat().st_size <= _LARGEST:
            plain = codec.loads(path.read_bytes())
            return plain if isinstance(plain, dict) and plain.get("format") == form else {}
    return {}


def keep(path: Path, form: str, **found: Any) -> None:
    """Keep `found` for `recall`; in a directory that cannot be written it is found anew."""
    with contextlib.suppress(OSError):
        store.write_atomic(path, json.dumps({"format": form, **found}, sort_keys=True).encode())


def text(files: Path | None, name: str | None, end: str) -> bytes | None:
    """The text with the digest `name` that was kept; None when there is none, or it is another one by now."""
    with contextlib.suppress(OSError):
        data = place(files, name, end).read_bytes() if files is not None and name is not None else b""
        return data if digest.of_bytes(data) == name else None
    return None


@contextlib.contextmanager
def reading(files: Path, artifact: Artifact) -> Iterator[Path]:
    """The image, as the run recorded it. Raises Unreadable when it is not that, before or after the block."""
    path = _inside(files, artifact.path)
    before = list(_state(path))
    _verify(artifact, path, files)
    yield path
    if list(_state(path)) != before:
        raise Unreadable("it was changed while it was read")


def _inside(files: Path, path: str) -> Path:
    """Where the image is; absolute paths are inputs from elsewhere, which the run has read where they are."""
    if "\0" in path:
        raise Unreadable("its name is none")
    found = files / PurePosixPath(path)
    if not found.exists():
        raise Unreadable("it is not there any more")
    return found


def _verify(artifact: Artifact, path: Path, files: Path) -> None:
    try:
        now = digest.of_tree(path)[0] if artifact.kind == "directory" else digest.of_file(path)
    except OSError as error:
        raise Unreadable(f"its file cannot be read: {error.strerror or error}") from None
    if artifact.digest not in (now, embed.known_as(files, now)):
        raise Unreadable("it is no longer what the run recorded")


def _state(path: Path) -> Iterator[tuple[str, int, int]]:
    """What tells that nothing was changed, without reading it."""
    yield from (_entry(str(path)),)
    for folder, _, names in os.walk(path) if path.is_dir() else ():
        yield from (_entry(os.path.join(folder, name)) for name in sorted(names))


def _entry(path: str) -> tuple[str, int, int]:
    try:
        info = os.lstat(path)
    except OSError:
        return path, -1, -1
    return path, info.st_size, info.st_mtime_ns
