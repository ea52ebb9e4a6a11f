"""The file of an image while it is read, and where what was found of it is kept: in ``.provcap/images/``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from provcap import digest, embed, store
from provcap.bioimage.found import Unreadable
from provcap.model import Artifact


def place(files: Path, name: str, end: str) -> Path:
    """Where something about the image with the digest `name` is kept; `end` says what."""
    return store.home(files) / "images" / (name.removeprefix("sha256:") + end)


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
