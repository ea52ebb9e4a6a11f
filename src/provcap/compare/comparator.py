"""What a comparator is: it recognises a type of file, and measures how far two of them are apart. It never decides."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provcap.model import Measure

HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What tells the type of a file: its name, and how it begins."""

    name: str  #: in lower case
    head: bytes = b""  #: the first 4096 bytes
    entries: frozenset[str] = frozenset()  #: the names in it, when it is a directory

    def ends(self, *suffixes: str) -> bool:
        """Whether the name has one of `suffixes`."""
        return self.name.endswith(suffixes)

    def begins(self, *starts: bytes) -> bool:
        """Whether the content has one of `starts`."""
        return self.head.startswith(starts)

    @property
    def is_text(self) -> bool:
        """Whether it looks like UTF-8 text."""
        if b"\0" in self.head or self.entries:
            return False
        try:
            self.head[: len(self.head) - 3 if len(self.head) == HEAD_BYTES else None].decode()
        except UnicodeDecodeError as error:
            return error.start >= len(self.head) - 6 and len(self.head) == HEAD_BYTES
        return True


def glimpse(path: str, place: Path) -> Glimpse:
    """What `place`, which is called `path`, looks like. Raises OSError."""
    if place.is_dir():
        return Glimpse(path.lower(), entries=frozenset(os.listdir(place)))
    with open(place, "rb") as stream:
        return Glimpse(path.lower(), stream.read(HEAD_BYTES))


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be from the one that it should be: ``atol + rtol * |first|``."""

    rtol: float = 0.0
    atol: float = 0.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the limits say about how to measure."""

    tolerance: Tolerance = Tolerance()
    columns: Mapping[str, Tolerance] = field(default_factory=dict)
    key: tuple[str, ...] = ()  #: columns by which rows belong together
    scrubs: tuple[tuple[str, str], ...] = ()  #: pattern and replacement
    ignore: tuple[str, ...] = ()  #: aspects, and paths inside a document, that do not count; with ``*``
    renamings: Mapping[str, Mapping[tuple[str, ...], Mapping[int, int]]] = field(default_factory=dict)
    #: for a column that holds labels: for the text of the series' own columns, label of the first → of the second
    series: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: for such a column: the columns that say which series a row belongs to
    inner: Callable[[str, Path, Path, Options], Measured] | None = None  #: measures what lies in a container
    notes: tuple[str, ...] = ()  #: what the limits ask for and was not possible
    depth: int = 0  #: how many containers it lies in


@dataclass(frozen=True, slots=True)
class Measured:
    """What a comparator answers.

    Measures with the same `about` belong together, and the first of them decides when the limits name none: it has to
    be 0 (direction "smaller") or None ("same"). The rest is for information.
    """

    measures: tuple[Measure, ...]
    where: str = ""  #: where the first difference is, or the largest; one sentence


class Unreadable(Exception):
    """A side is not what it should be; the text is a reason for a person."""

    @classmethod
    def as_type(cls, side: str, what: str, why: str) -> Unreadable:
        """`side` is "first" or "second", `what` the type in words."""
        return cls(f"the {side} cannot be read as {what}: {why}")


class Unmeasured(Exception):
    """It cannot be measured here: a library is missing, or it would take too long."""


@dataclass(frozen=True, slots=True)
class Comparator:
    """A type of file, how to know it, and how to measure two of its kind.

    `measure` gets the two places and the options. It raises Unreadable or Unmeasured; what else a library raises on
    damaged data is caught by the caller and taken for Unreadable.
    """

    name: str
    recognises: Callable[[Glimpse], bool]
    measure: Callable[[Path, Path, Options], Measured]


@contextmanager
def reading(side: str, what: str) -> Iterator[None]:
    """Turn whatever a library raises while it reads `side` into Unreadable. ImportError becomes Unmeasured."""
    try:
        yield
    except (Unreadable, Unmeasured):
        raise
    except ImportError as error:
        raise Unmeasured(f"{error.name or error} is not installed") from error
    except Exception as error:  # libraries for damaged data raise anything
        raise Unreadable.as_type(side, what, _one_line(error)) from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"


def number(value: float) -> float | int | str:
    """`value` as a Measure holds it: what is not finite becomes text."""
    value = value.item() if hasattr(value, "item") else value
    return value if math.isfinite(value) else str(float(value))


def differs(about: str, name: str, first: object, second: object) -> Measure:
    """The Measure of something that is the same or is not."""
    same = type(first) is type(second) and first == second
    return Measure(name, None if same else f"{_short(first)} and {_short(second)}", direction="same", about=about)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
