"""Files in which files are: zip (and xlsx, docx, npz), tar, gzip, bzip2, xz. Bombs are told, not unpacked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Final

from provcap.redact.look import BLOCK, Look

_STREAMS: Final[dict[bytes, Callable[..., Any]]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
IN_MEMORY: Final = 8 << 20  #: bytes of a member; larger ones go to a temporary file


def is_box(head: bytes) -> bool:
    """Whether a file that begins with `head` has files in it."""
    return head.startswith((*_ZIP, *_STREAMS)) or head[257:262] == b"ustar"


def members(head: bytes, stream: IO[bytes], look: Look, file: str, place: str) -> Iterator[tuple[str, IO[bytes], int]]:
    """Place, content and size of each file in the box; those that cannot be unpacked are told to `look`."""
    if head.startswith(_ZIP):
        yield from _zip(stream, look, file, place)
    elif head[257:262] == b"ustar":
        yield from _tar(stream, look, file, place)
    else:
        opener = next(o for magic, o in _STREAMS.items() if head.startswith(magic))
        name = place.rpartition("/")[2].rpartition("!")[2].rpartition(".")[0] or "content"
        try:
            with opener(stream, "rb") as source:
                yield from _unpacked(source, look, file, f"{place}!{name}")
        except (OSError, EOFError, lzma.LZMAError, zlib.error):
            look.unseen(file, place, "it cannot be unpacked")


def _zip(stream: IO[bytes], look: Look, file: str, place: str) -> Iterator[tuple[str, IO[bytes], int]]:
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        look.unseen(file, place, "it is a damaged zip")
        return
    with archive:
        entries = archive.infolist()
        if archive.comment:
            look.text(archive.comment.decode("utf-8", "replace"), file, f"{place}!(comment)")
        for number, info in enumerate(entries):
            where = f"{place}!{info.filename}"
            if _enough(number, look, file, place):
                return
            if info.is_dir():
                continue
            if info.file_size > look.limits.member_bytes or info.flag_bits & 1:
                why = "it is encrypted" if info.flag_bits & 1 else f"it claims {info.file_size} bytes"
                look.unseen(file, where, why)
                continue
            try:
                with archive.open(info) as source:
                    yield from _unpacked(source, look, file, where)
            except (
                zipfile.BadZipFile,
                zlib.error,
                lzma.LZMAError,
                OSError,
                EOFError,
                NotImplementedError,
                RuntimeError,
            ):
                look.unseen(file, where, "it cannot be unpacked")


def _tar(stream: IO[bytes], look: Look, file: str, place: str) -> Iterator[tuple[str, IO[bytes], int]]:
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for number, info in enumerate(archive):
                if _enough(number, look, file, place):
                    return
                look.text(f"{info.uname} {info.gname} {info.linkname}", file, f"{place}!{info.name} (its owner)")
                source = archive.extractfile(info) if info.isreg() else None
                if source is not None:
                    yield from _unpacked(source, look, file, f"{place}!{info.name}")
    except (tarfile.TarError, OSError, EOFError):
        look.unseen(file, place, "it is a damaged tar")


def _enough(number: int, look: Look, file: str, place: str) -> bool:
    if number < look.limits.members and not look.late:
        return False
    look.unseen(file, place, f"only the first {number} files in it were looked into")
    return True


def _unpacked(source: IO[bytes], look: Look, file: str, place: str) -> Iterator[tuple[str, IO[bytes], int]]:
    """The member as a file that can be read again and again; at most ``limits.member_bytes`` of it."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as inner:
        size = 0
        while block := source.read(BLOCK):
            size += len(block)
            if size > look.limits.member_bytes or look.late:
                look.unseen(file, place, f"larger than {look.limits.member_bytes} bytes, or the time was up")
                return
            inner.write(block)
        inner.seek(0)
        yield place, inner, size
