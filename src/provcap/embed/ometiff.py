"""The annotation in an OME-TIFF: a longer description at the end of the file, and what undoes it in the annotation."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from provcap import digest, store
from provcap.embed import annotation, xml
from provcap.embed.annotation import Left, Placed
from provcap.embed.pairs import pairs
from provcap.embed.tiff import BLOCK, Change, Tiff

_UNDO: Final = "undo"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Tiff]:
    """The TIFF at `path`. Raises Left."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield Tiff(descriptor)
    except RecursionError:
        raise Left("it is nested too deep") from None
    finally:
        os.close(descriptor)


def lineage(tiff: Tiff) -> dict[str, Any] | None:
    """The annotation in `tiff`. Raises Left when it has one that cannot be read."""
    description = tiff.description()
    found = xml.payload(description) if xml.is_ome(description) else None
    return None if found is None else annotation.read(found)


def recorded(tiff: Tiff, told: dict[str, Any]) -> str | None:
    """Digest of `tiff` without the annotation `told`, as it was before; None when that cannot be undone, or when more
    than the annotation has come since."""
    change = _change(tiff, told)
    return _digest(tiff, change) if change is not None and _says_no_more(tiff, change) else None


def _says_no_more(tiff: Tiff, change: Change) -> bool:
    """Whether the description in force is the one from before `change` but for annotations of ours."""
    with contextlib.suppress(Left):
        before = xml.annotated(tiff.description(change), b"")
        return xml.without(tiff.description()) == xml.without(before)
    return False


def _change(tiff: Tiff, told: dict[str, Any]) -> Change | None:
    undo = told.get(_UNDO)
    with contextlib.suppress(KeyError, TypeError, ValueError):
        size, place, old = undo["size"], undo["place"], bytes.fromhex(undo["bytes"])  # type: ignore[index]
        fits = type(size) is type(place) is int and 0 < place < place + len(old) <= size <= tiff.size
        if fits and len(old) == (16 if tiff.big else 8):
            return Change(size, place, old, tiff.bytes_at(place, len(old)), b"")
    return None


def _digest(tiff: Tiff, change: Change) -> str:
    """Of the file with what the change calls `old` in its place, and its tail."""
    whole = hashlib.sha256()
    for block in _blocks(tiff, change.size, change.place, change.old):
        whole.update(block)
    whole.update(change.tail)
    return "sha256:" + whole.hexdigest()


def _blocks(tiff: Tiff, size: int, place: int, instead: bytes) -> Iterator[bytes]:
    """The first `size` bytes of the file with `instead` at `place`."""
    for start in range(0, size, BLOCK):
        block = tiff.bytes_at(start, min(BLOCK, size - start))
        if start < place + len(instead) and place < start + len(block):
            changed = bytearray(block)
            first, last = max(place, start), min(place + len(instead), start + len(block))
            changed[first - start : last - start] = instead[first - place : last - place]
            block = bytes(changed)
        yield block


def write(
    source: Path, target: Path, known: str, told: dict[str, Any], before: Callable[[Placed, str], None] | None
) -> Placed:
    """Put the image at `source`, which was recorded as `known`, with `told` in it at `target`; both may be the same.

    `before` is called with what is about to stand there, and the digest of its pixels. Raises Left and OSError.
    """
    with opened(source) as tiff:
        if not xml.is_ome(tiff.description()):
            raise Left("it is a TIFF without OME-XML")
        with ThreadPoolExecutor(1) as pool:
            pixels = pool.submit(tiff.pixels)
            change = _base(tiff, source, known)
            told = {**told, "recorded": known, "pixels": pixels.result()}
        size = tiff.size if change is None else change.size
        new = tiff.change(b"", size)
        old = new.old if change is None else change.old
        told[_UNDO] = {"size": size, "place": new.place, "bytes": old.hex()}
        new = tiff.change(xml.annotated(tiff.description(change), annotation.text(told), pairs(told)), size)
        return _written(tiff, source, target, new, lambda placed: before and before(placed, told["pixels"]))


def _base(tiff: Tiff, source: Path, known: str) -> Change | None:
    """How the file becomes the recorded one: None when it is. Raises Left when it is another."""
    with contextlib.suppress(Left):
        told = lineage(tiff) or {}
        change = _change(tiff, told)
        if change is not None and told.get("recorded") == known == recorded(tiff, told):
            return change
    if digest.of_file(source) == known:
        return None
    raise Left("it is no longer what the run recorded")


def _copy(tiff: Tiff, target: int, size: int) -> None:
    """The first `size` bytes, by the file system itself where it can: Btrfs and XFS share them between both files."""
    done = 0
    with contextlib.suppress(OSError):
        while done < size and (count := os.copy_file_range(tiff.descriptor, target, size - done, done, done)):
            done += count
    while done < size:
        data = tiff.bytes_at(done, min(BLOCK, size - done))
        _put(target, data, done)
        done += len(data)


def _put(target: int, data: bytes, place: int) -> None:
    while data:
        done = os.pwrite(target, data, place)
        data, place = data[done:], place + done


def _written(tiff: Tiff, source: Path, target: Path, new: Change, before: Callable[[Placed], Any]) -> Placed:
    info = os.fstat(tiff.descriptor)
    scratch = target.with_name(f".{target.name}.{store.unique()}-{threading.get_ident()}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(scratch, "xb", buffering=0) as stream, ThreadPoolExecutor(1) as pool:
            hashed = pool.submit(_digest, tiff, Change(new.size, new.place, new.new, b"", new.tail))
            _copy(tiff, stream.fileno(), new.size)
            _put(stream.fileno(), new.new, new.place)
            _put(stream.fileno(), new.tail, new.size)
            placed = Placed(hashed.result(), new.size + len(new.tail))
            os.fchmod(stream.fileno(), info.st_mode & 0o7777)
            os.utime(stream.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))
            os.fsync(stream.fileno())
        if (now := os.stat(source)).st_mtime_ns != info.st_mtime_ns or now.st_size != info.st_size:
            raise Left("it was changed while it was read")
        before(placed)
        parent = os.stat(target.parent)
        os.replace(scratch, target)
        if source == target:  # a directory is as old as its last change, and may be a result, too
            os.utime(target.parent, ns=(parent.st_atime_ns, parent.st_mtime_ns))
    finally:
        scratch.unlink(missing_ok=True)
    store.sync(target.parent)
    return placed
