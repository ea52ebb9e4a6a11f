"""Text by its lines, and bytes when nothing better is known."""

from __future__ import annotations

import operator
from collections import Counter
from pathlib import Path
from typing import Final

from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Unmeasured, reading
from provcap.compare.scrubbing import TooSlow, scrubbed
from provcap.model import Measure

MAX_BYTES: Final = 1 << 30
BLOCK: Final = 1 << 20


def read_text(place: Path, side: str) -> str:
    """The text with ``\\n`` as line end, without byte-order mark. Raises Unreadable when it holds NUL."""
    with reading(side, "text"):
        if place.stat().st_size > MAX_BYTES:
            raise Unmeasured(f"larger than {MAX_BYTES} bytes")
        text = place.read_bytes().decode("utf-8-sig", "surrogateescape")
        if "\0" in text:
            raise ValueError("it holds NUL bytes")
    return text.replace("\r\n", "\n").removesuffix("\n")


def clean(texts: list[str], options: Options) -> list[str]:
    """`texts` without what the limits scrub. Raises Unmeasured when that takes too long."""
    try:
        return scrubbed(texts, options.scrubs)
    except TooSlow as error:
        raise Unmeasured(str(error)) from error


def _measure(first: Path, second: Path, options: Options) -> Measured:
    """lines_differ: lines of either side that the other lacks; when only their order differs, lines out of place."""
    one, other = (t.split("\n") for t in clean([read_text(first, "first"), read_text(second, "second")], options))
    alone = Counter(one)
    alone.subtract(other)
    count = sum(abs(n) for n in alone.values()) or sum(map(operator.ne, one, other))
    line = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return Measured((Measure("lines_differ", count),), f"first in line {line + 1}" if count else "")


def _measure_bytes(first: Path, second: Path, _: Options) -> Measured:
    """bytes_differ: places with another byte, and the difference of the sizes."""
    count, start, where = 0, 0, None
    with open(first, "rb") as one, open(second, "rb") as other:
        while True:
            a, b = one.read(BLOCK), other.read(BLOCK)
            if not a and not b:
                break
            if a != b:
                apart = list(map(operator.ne, a, b))
                count += sum(apart) + abs(len(a) - len(b))
                if where is None:
                    where = start + (apart.index(True) if True in apart else min(len(a), len(b)))
            start += BLOCK
    return Measured((Measure("bytes_differ", count, "B"),), f"first at byte {where}" if where is not None else "")


def _is_text(seen: Glimpse) -> bool:
    return not seen.entries and (seen.is_text or seen.ends(".txt", ".log", ".md"))


TEXT: Final = Comparator("text", _is_text, _measure)
BYTES: Final = Comparator("bytes", lambda seen: not seen.entries, _measure_bytes)
