"""Two runs, crates, directories or files: how far apart are they, and is that within limits that somebody justified?

Cheapest question first: digests, then the comparator for the type. Comparators measure, `judge` decides.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from provcap.compare import choosing, series
from provcap.compare.comparator import Options
from provcap.compare.demand import Demand
from provcap.compare.judging import judge
from provcap.compare.limits import Entry, Limits, load
from provcap.compare.sides import Side, Thing, files_below, is_single, open_side
from provcap.errors import ProvcapError
from provcap.model import Comparison, Verdict
from provcap.opening import Opened

__all__ = ["Limits", "compare", "judge", "load"]


def compare(
    first: Opened | Path,
    second: Opened | Path,
    limits: Limits | None = None,
    *,
    only: Collection[str] | None = None,
    everything: bool = False,
) -> Comparison:
    """Compare `second` with the reference `first`; a Path is a plain file or directory.

    Of runs the results are compared by their recorded paths, with `everything` every output, with `only` those paths.
    Raises ProvcapError when a crate cannot be opened, or when a file meets a directory.
    """
    if is_single(first) != is_single(second):
        raise ProvcapError(
            "not-comparable",
            "a file can only be compared with a file",
            "name two files, or two runs, crates, directories",
        )
    with ExitStack() as stack:
        sides = (open_side(first, stack), open_side(second, stack))
        if is_single(first):
            sides[1].files = dict(zip(sides[0].files, sides[1].files.values(), strict=True))
        work = _Work(*sides, limits or Limits())
        verdicts = [v for path in _paths(*sides, only, everything) for v in work.verdicts(path)]
    return Comparison(sides[0].name, sides[1].name, tuple(verdicts), work.limits.digest)


def _paths(first: Side, second: Side, only: Collection[str] | None, everything: bool) -> list[str]:
    """What to compare. When a run meets a plain directory, the run says what its results are."""
    if only is not None:
        wanted = set(only)
    elif (first.run is None) == (second.run is None):
        wanted = {*first.results(everything), *second.results(everything)}
    else:
        wanted = set((first if first.run else second).results(everything))
    for side, other in ((first, second), (second, first)):
        side.hash_ahead(path for path in wanted if side.run or path in other.known())
    return sorted(wanted)


class _Work:
    """Both sides and what is remembered between files."""

    def __init__(self, first: Side, second: Side, limits: Limits) -> None:
        self.first, self.second, self.limits = first, second, limits
        self.series = series.All(first, second, limits)
        self.demand = Demand(first.run, second.run) if first.run and second.run else None

    def verdicts(self, path: str) -> list[Verdict]:
        """The verdict on what both sides have at `path`; on each file in it when it is a directory that differs."""
        first, second = self.first.thing(path), self.second.thing(path)
        if first is None or second is None:
            return [self._missing(path, first, second)]
        early = self._by_digest(first, second)
        if early:
            return [early]
        insides = files_below(first), files_below(second)
        if insides[0] is None or insides[1] is None:
            return [self._measured(path, first, second, path)]
        inner = (Side(self.first.name, insides[0]), Side(self.second.name, insides[1]))
        return [v for p in _paths(*inner, None, True) for v in self._inside(path, p, *inner)]

    def _inside(self, root: str, path: str, one: Side, other: Side) -> list[Verdict]:
        first, second = one.thing(path), other.thing(path)
        if first is None or second is None:
            return [self._missing(path, first, second)]
        return [self._by_digest(first, second) or self._measured(path, first, second, root)]

    def _missing(self, path: str, first: Thing | None, second: Thing | None) -> Verdict:
        if first is None and second is None:
            return Verdict(path, "missing", reason="neither side has it")
        has, lacks = (self.first, self.second) if second is None else (self.second, self.first)
        return Verdict(path, "missing", reason=f"{has.name} has it, {lacks.name} has not")

    def _by_digest(self, first: Thing, second: Thing) -> Verdict | None:
        """What can be said without looking into the files."""
        changed = [t for t in (first, second) if "changed since" in t.problem]
        if changed:
            return self._unchecked(first.path, changed[0].problem)
        now = [thing.embedded or thing.digest for thing in (first, second)]
        if now[0] and now[0] == now[1]:
            return Verdict(first.path, "identical", reason="the same bytes")
        if first.digest and first.digest == second.digest:
            reason = "the same bytes, but for the lineage that was embedded since"
            return Verdict(first.path, "identical", reason=reason)
        if first.place and second.place:
            return None
        absent = first if first.place is None else second
        if first.digest and second.digest and self.limits.entry(first.path) is None:
            reason = f"the digests differ, and no limit allows that ({absent.problem})"
            return Verdict(first.path, "different", reason=reason)
        return self._unchecked(first.path, absent.problem)

    def _unchecked(self, path: str, why: str, comparator: str | None = None) -> Verdict:
        entry = self.limits.entry(path)
        allowed = entry is not None and entry.allow_unchecked
        because = entry.because if entry and allowed else None
        return Verdict(path, "unchecked", comparator, reason=why, because=because, allowed=allowed)

    def _measured(self, path: str, first: Thing, second: Thing, recorded: str) -> Verdict:
        """Measure and judge; `recorded` is the output that `path` is, or lies in."""
        assert first.place
        assert second.place
        entry = self.limits.entry(path)
        options = self.series.options(path, entry.options if entry else Options())
        answer = self._series_or_choice(path, Path(first.place), Path(second.place), entry, options)
        if isinstance(answer, choosing.Failed):
            if answer.unchecked:
                return self._unchecked(path, answer.reason, answer.comparator)
            return Verdict(path, "different", answer.comparator, reason=answer.reason)
        demanded = self.demand.of(recorded) if self.demand else ""
        verdict = judge(path, answer.comparator, answer.measured, entry, demanded)
        return replace(verdict, reason="; ".join((verdict.reason, *options.notes)))

    def _series_or_choice(
        self, path: str, first: Path, second: Path, entry: Entry | None, options: Options
    ) -> choosing.Failed | choosing.Done:
        if entry and entry.comparator == "labels":
            return choosing.run("labels", lambda: self.series.measure(path, entry, first, second))
        return choosing.measure(path, first, second, entry.comparator if entry else None, options)
