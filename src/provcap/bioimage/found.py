"""What a reader finds in an image, piece by piece: each value with its place in the file."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

LONGEST: Final = 500  #: characters of a text
LENGTH_UM: Final = {
    "angstrom": 1e-4, "å": 1e-4, "Å": 1e-4, "\u212b": 1e-4, "picometer": 1e-6, "pm": 1e-6, "nanometer": 1e-3,
    "nm": 1e-3, "micrometer": 1.0, "micron": 1.0, "microns": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0,
    "millimeter": 1e3, "mm": 1e3, "centimeter": 1e4, "cm": 1e4, "meter": 1e6, "m": 1e6, "inch": 25400.0, "in": 25400.0,
}  # fmt: skip
TIME_S: Final = {
    "nanosecond": 1e-9, "ns": 1e-9, "microsecond": 1e-6, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "millisecond": 1e-3,
    "ms": 1e-3, "msec": 1e-3, "second": 1.0, "sec": 1.0, "s": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0,
    "h": 3600.0, "day": 86400.0, "d": 86400.0,
}  # fmt: skip


class Unreadable(ValueError):
    """The image is not read; the message says why."""


@dataclass(slots=True)
class Found:
    """The fields of an Acquisition as JSON values, the first that was found of each."""

    values: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    metadata: str = ""  #: the text of the OME-XML

    def put(self, name: str, value: Any, origin: str) -> None:
        """Set the field `name`, when `value` says something; `origin` is where in the file it stands."""
        value = text(value) if isinstance(value, str) else value
        if value is not None and value != "" and value != [] and value != {}:
            self.values.setdefault(name, value)
            self.origin.setdefault(name, origin[:LONGEST])

    def length(self, name: str, value: object, unit: str, origin: str) -> None:
        """Set the field `name`, in µm, from a length above zero in `unit`."""
        self._scaled(name, value, unit, LENGTH_UM, origin)

    def time(self, name: str, value: object, unit: str, origin: str) -> None:
        """Set the field `name`, in seconds, from a time above zero in `unit`."""
        self._scaled(name, value, unit, TIME_S, origin)

    def _scaled(self, name: str, value: object, unit: str, table: dict[str, float], origin: str) -> None:
        amount = positive(value)
        factor = factor_of(unit, table)
        if amount is None or name in self.values:
            return
        if factor is None:
            self.note(
                f"{origin} is {amount:g} in {unit.strip()[:40] or 'no unit'}, which is no length or time that is known"
            )
            return
        size = amount * factor
        if positive(size):
            self.put(
                name, amount if factor == 1.0 else float(f"{size:.12g}"), f"{origin}, {amount:.12g} {unit.strip()}"
            )

    def note(self, words: str) -> None:
        """Say what was found odd, or left out."""
        if words[:LONGEST] not in self.notes and len(self.notes) < 20:
            self.notes.append(str(text(words)))


def factor_of(unit: str, table: dict[str, float]) -> float | None:
    """Of `LENGTH_UM` or `TIME_S`. Capitals count in symbols, Mm is no mm and Ms no ms; in words they do not."""
    plain = unit.strip()
    return table.get(plain.lower() if len(plain) > 3 else plain)


def positive(value: object) -> float | None:
    """`value` when it is a finite number above zero."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def text(value: object) -> str | None:
    """`value` as a text of bounded length that any file can hold; None when it says nothing."""
    if value is None:
        return None
    clean = str(value).encode("utf-8", "replace").decode().replace("\0", "").strip()
    return clean[:LONGEST] or None


def joined(*parts: object) -> str | None:
    """The `parts` that say something, each once: manufacturer and model, say."""
    told = [word for part in parts if (word := text(part))]
    kept = [word for n, word in enumerate(told) if word not in told[:n]]
    return text(" ".join(kept))
