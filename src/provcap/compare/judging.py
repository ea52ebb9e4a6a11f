"""The only place that says "equivalent"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from provcap.compare.comparator import Measured
from provcap.compare.limits import Entry
from provcap.model import Measure, Verdict


def judge(path: str, comparator: str, measured: Measured, entry: Entry | None, demanded: str = "") -> Verdict:
    """The verdict on two files whose bytes differ.

    Without an entry bytes have to agree. With one, every aspect that it does not ignore has to keep the limits that it
    names for the aspect, or, when it names none, to be without difference in its first measure. A limit that nothing
    was measured for is not kept. `demanded` says why identical bytes are demanded whatever the limits are, unless the
    entry says `even_on_same_machine`.
    """
    if entry is None:
        reason = f"the bytes differ, and no limit allows that: {_gist(measured)}"
        return Verdict(path, "different", comparator, measured.measures, reason)
    held = tuple(_held(m, measured.measures, entry) for m in measured.measures)
    if demanded and not entry.even_on_same_machine:
        return Verdict(path, "different", comparator, held, _sentence(f"the bytes differ: {demanded}", measured.where))
    broken = [_told(m) for m in held if m.kept is False]
    broken += [f"the limits name {name}, which is not measured here" for name in _unmeasured(held, entry)]
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        reason = _sentence("; ".join(broken[:3]) + more, measured.where)
        return Verdict(path, "different", comparator, held, reason)
    return Verdict(path, "equivalent", comparator, held, _why_equivalent(held, entry), entry.because)


def _why_equivalent(held: Iterable[Measure], entry: Entry) -> str:
    """What is apart and within the limits; that nothing is, only when nothing is."""
    apart = [_told(m) for m in held if m.kept and _is_apart(m)]
    apart += [_told(m) for m in held if m.kept is None and m.direction == "smaller" and _is_apart(m)]
    apart += [_told(m) for m in held if m.kept is None and m.direction == "same" and m.value is not None]
    more = f" and {len(apart) - 3} more" if len(apart) > 3 else ""
    left_out = ", but for what the limits leave out" if entry.options.scrubs or entry.options.ignore else ""
    return "; ".join(apart[:3]) + more or f"the content is the same{left_out}, the bytes are not"


def _gist(measured: Measured) -> str:
    """What of the content differs, for somebody who may want to set a limit."""
    leading = {m.about: m for m in reversed(measured.measures)}
    apart = {m.about for m in measured.measures if leading[m.about] is m and m.value not in (None, 0)}
    told = [_told(m) for m in measured.measures if m.about in apart]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return _sentence("; ".join(told[:3]) + more or "the content is the same", measured.where)


def _held(measure: Measure, among: Iterable[Measure], entry: Entry) -> Measure:
    """`measure` with the limit that it was held against, if it decides."""
    if _ignored(measure, entry):
        return measure
    aspect = [m for m in among if m.about == measure.about]
    named = [m for m in aspect if m.name in entry.limits]
    if measure.direction == "same":
        return replace(measure, limit="same", kept=measure.value is None)
    if measure in named:
        limit = entry.limits[measure.name]
        return replace(measure, limit=limit, kept=_keeps(measure, limit))
    if not named and measure is aspect[0]:
        return replace(measure, limit=0, kept=_keeps(measure, 0))
    return measure


def _ignored(measure: Measure, entry: Entry) -> bool:
    return any(fnmatchcase(measure.about, pattern) for pattern in entry.options.ignore)


def _keeps(measure: Measure, limit: float) -> bool:
    """Whether the value is on the right side of `limit`; what is not a number never is."""
    if measure.value is None:
        return False
    value = float(measure.value)
    return value <= limit if measure.direction == "smaller" else value >= limit


def _unmeasured(held: Iterable[Measure], entry: Entry) -> list[str]:
    found = {m.name for m in held}
    return [name for name in entry.limits if name not in found]


def _is_apart(measure: Measure) -> bool:
    return measure.direction == "larger" or measure.value not in (None, 0)


def _told(measure: Measure) -> str:
    name, about = measure.name, measure.about
    if about.endswith(name):
        name = about
    elif about != "content" and not name.startswith(about):
        name = f"{name} of {about}"
    if measure.direction == "same":
        return f"{name}: {measure.value}"
    unit = f" {measure.unit}" if measure.unit else ""
    if measure.kept is None:
        return f"{name} {shown(measure.value)}{unit}"
    if measure.kept:
        return f"{name} {shown(measure.value)}{unit}, limit {shown(measure.limit)}"
    relation = "above" if measure.direction == "smaller" else "below"
    return f"{name} {shown(measure.value)}{unit} is {relation} the limit {shown(measure.limit)}"


def shown(value: float | str | None) -> str:
    """A number as a person reads it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _sentence(main: str, more: str) -> str:
    return f"{main} ({more})" if more else main
