"""Single values: how far is one from the other? Shared by tables and documents."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from provcap.compare.comparator import Tolerance, number
from provcap.model import Measure

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,100}")
_FLOAT: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def as_number(value: Any, texts: bool = True) -> float | int | None:
    """`value` as a number, if it is one or (with `texts`) its text is one. Whole numbers stay exact."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value
    if texts and isinstance(value, str) and len(value) <= 100:
        text = value.strip()
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return None


@dataclass(slots=True)
class Spread:
    """How far the values of a column, or the numbers of a document, are apart."""

    tolerance: Tolerance
    texts: bool = False  #: texts that read as numbers are numbers
    beyond: int = 0
    max_abs: float = 0.0
    max_rel: float = 0.0

    def add(self, first: Any, second: Any) -> bool:
        """Count a pair; whether it is beyond the tolerance. What is no number has to be equal."""
        one, other = as_number(first, self.texts), as_number(second, self.texts)
        if one is None or other is None:
            return self._count(type(first) is not type(second) or first != second)
        if one == other or (one != one and other != other):
            return False
        if not (math.isfinite(one) and math.isfinite(other)):
            self.max_abs = self.max_rel = math.inf
            return self._count(True)
        apart = abs(one - other)
        self.max_abs = max(self.max_abs, float(apart))
        self.max_rel = max(self.max_rel, apart / abs(one) if one else math.inf)
        return self._count(apart > self.tolerance.atol + self.tolerance.rtol * abs(one))

    def _count(self, beyond: bool) -> bool:
        self.beyond += beyond
        return beyond

    def measures(self, about: str) -> list[Measure]:
        """beyond: values beyond the tolerance; max_abs, max_rel: largest |a - b| and |a - b| / |a| of numbers."""
        return [
            Measure("beyond", self.beyond, about=about),
            Measure("max_abs", number(self.max_abs), about=about),
            Measure("max_rel", number(self.max_rel), about=about),
        ]
