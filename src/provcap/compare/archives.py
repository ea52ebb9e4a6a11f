"""Archives and compressed files: what is in them, one member after the other, never unpacked as a whole."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from provcap.compare.comparator import Comparator, Measured, Options, Unmeasured, differs, reading
from provcap.model import Measure

MAX_MEMBERS: Final = 100_000
MAX_BYTES: Final = 16 << 30  #: unpacked, of one archive
BLOCK: Final = 1 << 20

Open = Callable[[], IO[bytes]]


@dataclass(slots=True)
class Budget:
    """How many bytes may still be unpacked."""

    left: int

    def read(self, stream: IO[bytes]) -> bytes:
        """The next block. Raises Unmeasured when it is one too many."""
        block = stream.read(BLOCK)
        self.left -= len(block)
        if self.left < 0:
            raise Unmeasured(f"more than {MAX_BYTES} bytes when unpacked")
        return block


def _measure_compressed(first: Path, second: Path, options: Options) -> Measured:
    name = re.sub(r"\.(gz|bgz|bz2|xz)$", "", re.sub(r"\.tgz$", ".tar.gz", first.name, flags=re.I), flags=re.I)
    one, other = _opener(first, "first"), _opener(second, "second")
    if _same(one, other, Budget(MAX_BYTES)):
        return Measured((Measure("bytes_differ", 0, "B"),))
    return _inside(name, one, other, options, Budget(MAX_BYTES))


def _opener(place: Path, side: str) -> Open:
    with open(place, "rb") as stream:
        start = stream.read(6)
    kinds: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
    found = next((kind for magic, kind in kinds.items() if start.startswith(magic)), None)

    def opened() -> IO[bytes]:
        with reading(side, "a compressed file"):
            if found is None:
                raise ValueError("it is not compressed")
            stream: IO[bytes] = found(place, "rb")
            return _Guarded(stream, side, "a compressed file")  # type: ignore[return-value]

    return opened


class _Guarded:
    """A stream whose damage is found when it is read."""

    def __init__(self, stream: IO[bytes], side: str, what: str) -> None:
        self._stream, self._side, self._what = stream, side, what

    def read(self, size: int) -> bytes:
        with reading(self._side, self._what):
            return self._stream.read(size)

    def __enter__(self) -> _Guarded:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _same(first: Open, second: Open, budget: Budget) -> bool:
    with first() as one, second() as other:
        same = True
        while True:  # to the end of both, as damage further on would not be seen otherwise
            a, b = budget.read(one), budget.read(other)
            same = same and a == b
            if not a and not b:
                return same


def _inside(name: str, first: Open, second: Open, options: Options, budget: Budget) -> Measured:
    """Measure one member of both, each copied to a temporary file of its own."""
    assert options.inner
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name.rsplit("/", 1)[-1])[-100:].strip(".") or "content"
    with tempfile.TemporaryDirectory(prefix="provcap-compare-") as folder:
        places: list[Path] = []
        for side, opener in (("first", first), ("second", second)):
            place = Path(folder, side, safe)
            place.parent.mkdir()
            with opener() as source, open(place, "xb") as target:
                while block := budget.read(source):
                    target.write(block)
            places.append(place)
        return options.inner(safe, places[0], places[1], options)


Members = dict[str, Open | str]  #: a file, or what else it is


@contextlib.contextmanager
def _zip(place: Path, side: str) -> Iterator[Members]:
    with ExitStack() as stack:
        with reading(side, "zip"):
            archive = stack.enter_context(zipfile.ZipFile(place))
            entries = [info for info in archive.infolist() if not info.is_dir()]
            _few(len(entries))

        def opener(info: zipfile.ZipInfo) -> Open:
            def opened() -> IO[bytes]:
                with reading(side, "zip"):
                    return _Guarded(archive.open(info), side, "zip")  # type: ignore[return-value]

            return opened

        yield {info.filename: opener(info) for info in entries}


@contextlib.contextmanager
def _tar(place: Path, side: str) -> Iterator[Members]:
    with ExitStack() as stack:
        with reading(side, "tar"):
            archive = stack.enter_context(tarfile.open(place, "r:"))
            entries = []
            for info in archive:
                entries.append(info)
                _few(len(entries))

        def opener(info: tarfile.TarInfo) -> Open:
            def opened() -> IO[bytes]:
                stream = archive.extractfile(info)
                assert stream
                return _Guarded(stream, side, "tar")  # type: ignore[return-value]

            return opened

        yield {i.name: opener(i) if i.isreg() else f"{i.type!r} {i.linkname}" for i in entries if not i.isdir()}


def _few(count: int) -> None:
    if count > MAX_MEMBERS:
        raise Unmeasured(f"more than {MAX_MEMBERS} members")


def _measure_members(opened: Callable[[Path, str], Any]) -> Callable[[Path, Path, Options], Measured]:
    def measure(first: Path, second: Path, options: Options) -> Measured:
        """names: that both have the same members; members_differ: of which the content differs; and its measures."""
        budget = Budget(MAX_BYTES)
        with opened(first, "first") as one, opened(second, "second") as other:
            alone = [sorted(one.keys() - other.keys()), sorted(other.keys() - one.keys())]
            found = [differs("members", "only_in_one", *(", ".join(names[:5]) or "none" for names in alone))]
            where = ""
            for name in sorted(one.keys() & other.keys()):
                a, b = one[name], other[name]
                if isinstance(a, str) or isinstance(b, str):
                    found.append(
                        differs(f"{name}: kind", "kind", *(x if isinstance(x, str) else "file" for x in (a, b)))
                    )
                elif not _same(a, b, budget):
                    inner = _inside(name, a, b, options, budget)
                    found += [replace(m, about=f"{name}: {m.about}") for m in inner.measures]
                    where = where or f"first in {name}" + (f", {inner.where}" if inner.where else "")
            return Measured(tuple(found), where)

    return measure


GZIP: Final = Comparator(
    "compressed",
    lambda s: s.begins(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0") or s.ends(".gz", ".bz2", ".xz", ".tgz"),
    _measure_compressed,
)
ZIP: Final = Comparator(
    "zip", lambda s: s.begins(b"PK\x03\x04", b"PK\x05\x06") or s.ends(".zip"), _measure_members(_zip)
)
TAR: Final = Comparator("tar", lambda s: s.head[257:262] == b"ustar" or s.ends(".tar"), _measure_members(_tar))
