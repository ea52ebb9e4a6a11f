"""Why two runs differ, in about ten lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from provcap.explain import Difference, Divergence, Explanation
from provcap.summary.columns import counted, line

SHOWN = 6  #: causes of one divergence, and divergences
DIFF_LINES = 12  #: of a unified diff
_WIDE = 60


def of_explanation(found: Explanation, everything: bool = False) -> str:
    """Which results differ, where that began, and what differs there; with `everything` no list is cut."""
    lines = [f"{found.first}  →  {found.second}", _results(found)]
    limit = len(found.divergences) if everything else SHOWN
    for divergence in found.divergences[:limit]:
        lines += _divergence(divergence, everything)
    if len(found.divergences) > limit:
        lines.append(f"and {len(found.divergences) - limit} more places (--all lists them)")
    if found.downstream:
        verb = "differs" if len(found.downstream) == 1 else "differ"
        lines.append(f"{counted(len(found.downstream), 'step')} behind {verb} as well: what was read there does")
    for title, others in (
        ("differs at those steps, too, and may have added to it", found.added),
        ("differs elsewhere, without effect on any byte", found.without_effect),
    ):
        if others and everything:
            lines.append(f"{title}:")
            lines += [f"  {told(e.difference)}  ({_steps(e.steps)})" for e in others]
        elif others:
            lines.append(f"{title}: {len(others)} more (--all)")
    return "\n".join(line(text) for text in lines if text)


def _results(found: Explanation) -> str:
    parts = []
    if found.differing:
        shown = ", ".join(found.differing[:3]) + (" …" if len(found.differing) > 3 else "")
        total = len(found.differing) + len(found.same) + len(found.unknown)
        parts.append(f"{len(found.differing)} of {total} results differ: {shown}")
    elif found.same:
        many = f"all {len(found.same)} results have" if len(found.same) > 1 else "the only result has"
        parts.append(f"{many} the same bytes")
    if found.unknown:
        parts.append(f"{len(found.unknown)} have no digest to compare")
    return "; ".join(parts) or "neither run has results"


def _divergence(divergence: Divergence, everything: bool) -> list[str]:
    lines = [f"first diverges: {_steps(divergence.steps)}"]
    if not divergence.causes:
        lines.append("  nothing that was recorded differs there: look for randomness that nobody seeded or that is not")
        lines.append(
            "  seen (C++ generators, GPU), clocks, order of threads; provcap rerun --vary tries what it depends on"
        )
        lines += [f"  unlikely: {told(d)}" for d in divergence.unlikely[:SHOWN]]
    limit = len(divergence.causes) if everything else SHOWN
    for cause in divergence.causes[:limit]:
        lines.append(f"  {told(cause)}")
        lines += [f"    {line}" for line in _diff(cause.detail, everything)]
    if len(divergence.causes) > limit:
        counts = Counter(d.kind for d in divergence.causes[limit:])
        lines.append("  and " + ", ".join(f"{n} × {kind}" for kind, n in counts.items()) + " (--all lists them)")
    return lines


def _diff(detail: str, everything: bool) -> list[str]:
    lines = detail.splitlines()[2:]  # without the two lines of file names
    if everything or len(lines) <= DIFF_LINES:
        return lines
    return [*lines[:DIFF_LINES], f"… {len(lines) - DIFF_LINES} more lines (--all)"]


def told(difference: Difference) -> str:
    """One difference in one line."""
    text = f"{difference.kind} {line(difference.name)}" if difference.kind != difference.name else str(difference.kind)
    if difference.first is not None or difference.second is not None:
        text += f": {_value(difference.first)} → {_value(difference.second)}"
    return text + (f" ({line(difference.note)})" if difference.note else "")


def _value(value: str | None) -> str:
    if value is None:
        return "none"
    if value.startswith("sha256:") and len(value) > 19:
        return value[:19] + "…"
    clean = line(value)
    return clean if len(clean) <= _WIDE else clean[:_WIDE] + "…"


def _steps(labels: Sequence[str]) -> str:
    """Steps by rule: `segment(tile=A)`, or `segment (6 jobs)` when there are many."""
    if len(labels) <= 2:
        return line(", ".join(labels))
    rules = Counter(label.split("(", 1)[0] for label in labels)
    return line(", ".join(f"{rule} ({n} jobs)" if n > 1 else rule for rule, n in rules.items()))
