"""A TIFF file as its parts: where its first description stands, where its pixels are, what one changed entry means.

TIFF 6.0 (Adobe, 1992) and BigTIFF. A longer description goes to the end of the file and the entry of its tag is
pointed there: sixteen bytes in the middle change, and nothing moves.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provcap.embed.annotation import Left

DESCRIPTION: Final = 270
_SEGMENTS: Final = ((273, 279), (324, 325))  #: where strips, tiles are, and how long
_SUBIFDS: Final = 330
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
PAGES: Final = 1_000_000  #: of a file, with all resolutions
LISTS: Final = 512 << 20  #: bytes of tables that are read of a file
LONGEST: Final = 128 << 20  #: bytes of a description
BLOCK: Final = 4 << 20

Entry = tuple[int, int, int]  #: type, number of values, place of the entry in the file


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that points to what was added at the end of a file of `size` bytes."""

    size: int
    place: int
    old: bytes  #: number of values and value, as they were
    new: bytes
    tail: bytes


class Tiff:
    """An open TIFF file. Raises Left where it cannot be followed."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._read_so_far = 0
        self.size = os.fstat(descriptor).st_size
        head = self.bytes_at(0, min(16, self.size))
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(self.order + "H", head[2:4])[0] if self.order and len(head) >= 8 else 0
        if version not in (42, 43) or (version == 43 and (len(head) < 16 or head[4:8] != self._pack("HH", 8, 0))):
            raise Left("it is no TIFF")
        self.big = version == 43
        self.first = self._offset(8 if self.big else 4)

    def _pack(self, form: str, *values: int) -> bytes:
        return struct.pack(self.order + form, *values)

    def _offset(self, place: int) -> int:
        found = struct.unpack(self.order + ("Q" if self.big else "I"), self.bytes_at(place, 8 if self.big else 4))
        return int(found[0])

    def bytes_at(self, place: int, count: int) -> bytes:
        """`count` bytes from `place`. Raises Left when the file ends before."""
        if place < 0 or count < 0 or place + count > self.size:
            raise Left("it is damaged: it points beyond its end")
        data = os.pread(self.descriptor, count, place)
        while len(data) < count:
            more = os.pread(self.descriptor, count - len(data), place + len(data))
            if not more:
                raise Left("it became shorter while it was read")
            data += more
        return data

    def directory(self, place: int) -> tuple[dict[int, Entry], int]:
        """The entries of the directory at `place`, the first of each tag, and the place of the next one or 0."""
        head, width = (8, 20) if self.big else (2, 12)
        (count,) = struct.unpack(self.order + ("Q" if self.big else "H"), self.bytes_at(place, head))
        self._spend(count * width)
        table = self.bytes_at(place + head, count * width)
        found: dict[int, Entry] = {}
        form = struct.Struct(self.order + ("HHQ" if self.big else "HHI"))
        for number in range(count):
            tag, kind, values = form.unpack_from(table, number * width)
            found.setdefault(tag, (kind, values, place + head + number * width))
        return found, self._offset(place + head + count * width)

    def _spend(self, count: int) -> None:
        self._read_so_far += count
        if self._read_so_far > LISTS:
            raise Left(f"its tables are larger than {LISTS >> 20} MiB")

    def value(self, entry: Entry) -> bytes:
        """The bytes of the values of `entry`."""
        kind, count, place = entry
        length = _SIZES.get(kind, 0) * count
        self._spend(length)
        inside = place + (12 if self.big else 8)
        return self.bytes_at(inside if length <= (8 if self.big else 4) else self._offset(inside), length)

    def numbers(self, entry: Entry) -> tuple[int, ...]:
        """The values of `entry`, which are integers without a sign."""
        if entry[0] not in _INTEGERS:
            raise Left("it is damaged: a place in it is no number")
        return struct.unpack(f"{self.order}{entry[1]}{_INTEGERS[entry[0]]}", self.value(entry))

    def pages(self) -> Iterator[dict[int, Entry]]:
        """The directories: each of the chain, followed by those of its other resolutions (SubIFDs). Each once: those
        of the resolutions may also be a chain."""
        seen: set[int] = set()
        queue = [self.first]
        while queue:
            place = queue.pop()
            if place == 0 or place in seen:
                continue
            if len(seen) >= PAGES:
                raise Left(f"it has more than {PAGES} pages")
            seen.add(place)
            entries, following = self.directory(place)
            yield entries
            queue.append(following)
            if _SUBIFDS in entries:
                queue += reversed(self.numbers(entries[_SUBIFDS]))

    def segments(self) -> Iterator[tuple[int, int]]:
        """Place and length of each strip and tile, in the order of `pages` and of their own tables."""
        for entries in self.pages():
            for places, lengths in _SEGMENTS:
                if places in entries and lengths not in entries:
                    raise Left("it does not say how long its strips are")
                if places in entries:
                    yield from zip(self.numbers(entries[places]), self.numbers(entries[lengths]), strict=False)

    def pixels(self) -> str:
        """Digest of the strips and tiles as they are stored, one after the other."""
        whole, left = hashlib.sha256(), 2 * self.size
        start = end = 0
        for place, length in self.segments():
            left -= length
            if left < 0:
                raise Left("it is damaged: its strips are longer than itself")
            if place != end or end - start >= BLOCK:
                self._hash(whole, start, end)
                start = place
            end = place + length
        self._hash(whole, start, end)
        return "sha256:" + whole.hexdigest()

    def _hash(self, whole: hashlib._Hash, start: int, end: int) -> None:
        for place in range(start, end, BLOCK):
            whole.update(self.bytes_at(place, min(BLOCK, end - place)))

    def description(self, change: Change | None = None) -> bytes:
        """The first description without the zeros behind it; empty without one. With `change`, as it was before."""
        if not self.first:
            return b""
        entry = self.directory(self.first)[0].get(DESCRIPTION)
        if entry is None or entry[0] not in (1, 2, 7):
            return b""
        count = entry[1]
        if change is not None:
            count, place = struct.unpack(self.order + ("QQ" if self.big else "II"), change.old)
            return self.bytes_at(place, min(count, LONGEST)).rstrip(b"\0")
        if count > LONGEST:
            raise Left(f"its description is larger than {LONGEST >> 20} MiB")
        return self.value(entry).rstrip(b"\0")

    def change(self, description: bytes, size: int) -> Change:
        """What puts `description` at the end of the first `size` bytes of the file. Raises Left."""
        entry = self.directory(self.first)[0][DESCRIPTION]
        width = 8 if self.big else 4
        tail = b"\0" * (-size % width) + description + b"\0"
        start, count = size + (-size % width), len(description) + 1
        if not self.big and size + len(tail) > 0xFFFFFFFF:
            raise Left("it is a classic TIFF of 4 GiB, in which nothing more has room")
        place = entry[2] + 4
        return Change(
            size, place, self.bytes_at(place, 2 * width), self._pack("QQ" if self.big else "II", count, start), tail
        )
