"""The manifest of a crate: the SHA-256 of each file, and of each block of the large ones.

``manifest-sha256.txt`` is what ``sha256sum -c`` reads. It has every file of the crate but itself and its signature, so
whoever signs it has signed the crate. ``provenance/blocks-sha256.txt``, itself in the manifest, says where in a large
file the first wrong byte is.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

MANIFEST: Final = "manifest-sha256.txt"
SIGNATURE: Final = "manifest-sha256.txt.sig"
BLOCKS: Final = "provenance/blocks-sha256.txt"
BLOCK: Final = 1 << 20  #: bytes
MAX_LIST_BYTES: Final = 1 << 30  #: of a manifest that somebody else may have made
_ESCAPES: Final = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))


@dataclass(slots=True)
class Seen:
    """The digests of a stream of bytes, as far as it has been seen."""

    size: int = 0
    _whole: hashlib._Hash = field(default_factory=hashlib.sha256)
    _block: hashlib._Hash = field(default_factory=hashlib.sha256)
    _blocks: list[str] = field(default_factory=list)

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        self._whole.update(data)
        view = memoryview(data)
        while len(view):
            room = BLOCK - self.size % BLOCK
            part, view = view[:room], view[room:]
            self._block.update(part)
            self.size += len(part)
            if self.size % BLOCK == 0:
                self._blocks.append(self._block.hexdigest())
                self._block = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of all bytes, in hex."""
        return self._whole.hexdigest()

    @property
    def blocks(self) -> list[str]:
        """Of each block, the last of which may be short."""
        return [*self._blocks, *([self._block.hexdigest()] if self.size % BLOCK else [])]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A file that is not what the manifest says."""

    kind: Literal["changed", "missing", "unlisted", "unreadable"]
    place: str
    message: str


def measure(path: Path) -> Seen:
    """The digests of the file at `path`. Raises OSError."""
    seen = Seen()
    with open(path, "rb", buffering=0) as stream:
        for data in iter(lambda: stream.read(BLOCK), b""):
            seen.update(data)
    return seen


def compose(seen: Mapping[str, Seen]) -> dict[str, bytes]:
    """The text of the two lists for files by place: the blocks first, as the manifest has their digest."""
    large = [(place, s) for place, s in sorted(seen.items()) if s.size > BLOCK]
    lines = [_line(value, f"{n * BLOCK} {place}") for place, s in large for n, value in enumerate(s.blocks)]
    blocks = "".join(lines).encode()
    own = Seen()
    own.update(blocks)
    text = "".join(_line(s.sha256, place) for place, s in sorted({**seen, BLOCKS: own}.items()))
    return {BLOCKS: blocks, MANIFEST: text.encode()}


def _line(value: str, name: str) -> str:
    """As GNU sha256sum writes it: a name with a line end is escaped, and the line begins with a backslash."""
    clean = name
    for raw, escaped in _ESCAPES:
        clean = clean.replace(raw, escaped)
    return f"{chr(92) if clean != name else ''}{value}  {clean}\n"


def _parse(data: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Digest and name of each line. Raises ValueError for anything that `compose` would not have written."""
    for number, line in enumerate(data.decode().split("\n")[:-1] if data else (), 1):
        bare = line.removeprefix("\\")
        value, gap, name = bare[:64], bare[64:66], bare[66:]
        for raw, escaped in _ESCAPES if bare != line else ():
            name = name.replace(escaped, "\0" if raw == "\\" else raw)
        name = name.replace("\0", "\\")
        if not name or gap != "  " or _line(value, name) != line + "\n" or set(value) - set("0123456789abcdef"):
            raise ValueError(f"line {number} of {where} is not a line of a manifest")
        yield value, name
    if data and not data.endswith(b"\n"):
        raise ValueError(f"the last line of {where} is torn")


def read(root: Path) -> dict[str, str] | None:
    """What the crate in `root` says of itself: SHA-256 in hex by place; None when it has no manifest.

    Raises ValueError when that cannot be read as one.
    """
    data = _small(root / MANIFEST)
    if data is None:
        return None
    found = [(name, value) for value, name in _parse(data, MANIFEST)]
    if found != sorted(dict(found).items()):
        raise ValueError(f"{MANIFEST} is not sorted, or names a file twice")
    odd = next((name for name, _ in found if name != PurePosixPath(name).as_posix() or not _stays(name)), None)
    if odd is not None:
        raise ValueError(f"{MANIFEST} names {odd!a}, which is no plain path in the crate")
    return dict(found)


def _stays(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _small(path: Path) -> bytes | None:
    try:
        info = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_LIST_BYTES:
        raise ValueError(f"{path.name} is no regular file, or larger than {MAX_LIST_BYTES} bytes")
    return path.read_bytes()


def verify(
    root: Path,
    listed: Mapping[str, str],
    files: Callable[[], Iterator[str]],
    told: Callable[[str], None] = lambda _: None,
) -> tuple[list[Wrong], dict[str, str]]:
    """What in the crate in `root` is not as `listed`, and the SHA-256 of each file that was read, by place.

    `files` gives the places of all regular files; `told` hears of each file before it is read. Raises nothing for
    hostile names: whatever leads outside the crate is missing.
    """
    wrong: list[Wrong] = []
    hashes: dict[str, str] = {}
    try:
        blocks = _blocks(root)
    except ValueError as error:
        wrong.append(Wrong("unreadable", BLOCKS, str(error)))
        blocks = {}
    for place, expected in listed.items():
        told(place)
        path = root / place
        try:
            if "\0" in place or not path.resolve().is_relative_to(root.resolve()):
                raise OSError
            seen = measure(path)
        except (OSError, ValueError):
            wrong.append(Wrong("missing", place, f"{MANIFEST} lists this file and the crate does not contain it"))
            continue
        hashes[place] = f"sha256:{seen.sha256}"
        if seen.sha256 != expected:
            message = (
                f"it has sha256:{seen.sha256}, {MANIFEST} says sha256:{expected}; {where(seen, blocks.get(place))}"
            )
            wrong.append(Wrong("changed", place, message))
    outside = set(files()) - set(listed) - {MANIFEST, SIGNATURE}
    wrong += [Wrong("unlisted", place, f"{MANIFEST} does not list it") for place in sorted(outside)]
    return wrong, hashes


def _blocks(root: Path) -> dict[str, dict[int, str]]:
    """The digests of blocks by place and offset; empty where there is no list. Raises ValueError."""
    found: dict[str, dict[int, str]] = {}
    for value, name in _parse(_small(root / BLOCKS) or b"", BLOCKS):
        offset, _, place = name.partition(" ")
        found.setdefault(place, {})[int(offset)] = value
    return found


def renew(root: Path, place: str) -> dict[str, bytes]:
    """The text of the two lists of the crate in `root` when only the file at `place` has changed; empty when it has
    none. Raises ValueError and OSError."""
    listed, blocks = read(root), _blocks(root)
    if listed is None:
        return {}
    seen = measure(root / place)
    blocks[place] = {n * BLOCK: value for n, value in enumerate(seen.blocks)} if seen.size > BLOCK else {}
    lines = [_line(v, f"{at} {name}") for name, known in sorted(blocks.items()) for at, v in sorted(known.items())]
    text = "".join(lines).encode()
    listed |= {place: seen.sha256, BLOCKS: hashlib.sha256(text).hexdigest()}
    return {BLOCKS: text, MANIFEST: "".join(_line(v, name) for name, v in sorted(listed.items())).encode()}


def where(seen: Seen, known: Mapping[int, str] | None) -> str:
    """As near as the digests tell, where the first wrong byte is. Offsets count from 0."""
    if not known:
        return f"the first wrong byte is somewhere in its {seen.size} bytes"
    for number, value in enumerate(seen.blocks):
        offset = number * BLOCK
        if known.get(offset) != value:
            last = min(offset + BLOCK, seen.size) - 1
            return f"the first wrong byte is one of bytes {offset} to {last}"
    return f"it ends at byte {seen.size}, too early"
