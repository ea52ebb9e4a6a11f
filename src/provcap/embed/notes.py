"""What was put in the place of which output: ``.provcap/embedded/`` has a note for each, by the digest of it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final

from provcap import codec, store
from provcap.errors import DamagedRecord
from provcap.model import Embedding

FOLDER: Final = "embedded"
FORMAT: Final = "provcap.embedding/1"
_LARGEST: Final = 1 << 20  #: bytes of a note


def note(files: Path, embedding: Embedding) -> None:
    """Keep `embedding` for the runs in the directory `files`, before the image is put in its place. Raises OSError."""
    text = codec.stamp(FORMAT, codec.encode(embedding)) + "\n"
    store.write_durable(_place(files, embedding.embedded), text.encode("utf-8", "surrogateescape"))


def forget(files: Path, found: str) -> None:
    """Take the note on the image with the digest `found` away: nobody saw it."""
    with contextlib.suppress(OSError):
        _place(files, found).unlink()


def known_as(files: Path | None, found: str) -> str | None:
    """The digest of the recorded image that the one with the digest `found` was made of; None when nothing says."""
    plain = re.fullmatch("sha256:[0-9a-f]{64}", found)
    noted = _read(_place(files, found)) if files is not None and plain else None
    return noted.file if noted is not None and noted.embedded == found else None


def notes(files: Path) -> list[Embedding]:
    """All that is noted for the runs in the directory `files`."""
    found = [_read(path) for path in sorted((store.home(files) / FOLDER).glob("*.json"))]
    return [one for one in found if one is not None]


def _place(files: Path, name: str) -> Path:
    return store.home(files) / FOLDER / (name.removeprefix("sha256:") + ".json")


def _read(path: Path) -> Embedding | None:
    with contextlib.suppress(OSError, ValueError, TypeError, DamagedRecord):
        if path.is_file() and path.stat().st_size <= _LARGEST:
            plain = codec.loads(path.read_bytes())
            return codec.decode(Embedding, plain) if plain["format"] == FORMAT else None
    return None
