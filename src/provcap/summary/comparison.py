"""The verdicts of a comparison."""

from __future__ import annotations

from collections import Counter

from provcap.model import Comparison, Outcome, Verdict
from provcap.summary.columns import line, table

SHORT = 40  #: verdicts up to which the identical ones are listed, too
_ORDER: tuple[Outcome, ...] = ("missing", "unchecked", "different", "equivalent", "identical")


def of_comparison(comparison: Comparison) -> str:
    """A line for each file, the worst first; when there are many, only for those that are not identical."""
    found = sorted(comparison.verdicts, key=lambda v: (_ORDER.index(v.verdict), v.path))
    shown = [v for v in found if v.verdict != "identical" or len(found) <= SHORT]
    rows = [
        (v.verdict, line(v.path), v.comparator or ("digest" if v.verdict == "identical" else ""), line(v.reason))
        for v in shown
    ]
    reasons = dict.fromkeys(f"  {line(v.because)}" for v in shown if v.because)
    count = Counter(v.verdict for v in found)
    counted = ", ".join(f"{count[name]} {name}" for name in reversed(_ORDER) if count[name]) or "nothing to compare"
    last = f"{line(comparison.second)} against {line(comparison.first)}: {counted}{_allowed(found)}"
    return "\n".join([*([table(rows)] if rows else []), *(["allowed because", *reasons] if reasons else []), last])


def _allowed(found: list[Verdict]) -> str:
    allowed = sum(v.allowed for v in found)
    return f" ({allowed} of the unchecked allowed)" if allowed else ""
