"""From the outputs back to the first steps that diverge.

A step diverges first when its results differ although everything that other steps gave to it is the same, byte by
byte: the reason lies in the step itself, or in files that came from outside. What differs at steps behind it may have
added to the result, and what differs at steps whose results are the same had no effect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from provcap.explain.difference import UNLIKELY, Difference
from provcap.explain.pairs import Pair, pair, same
from provcap.explain.side import Side, contents, side
from provcap.explain.step import differences
from provcap.model import Run
from provcap.opening import Opened
from provcap.questions import fell_short, final_outputs


@dataclass(frozen=True, slots=True)
class Divergence:
    """Steps that diverge first, and for the same reasons."""

    steps: tuple[str, ...]  #: as a person calls them: rule and wildcards
    rules: tuple[str, ...]
    outputs: tuple[str, ...]  #: the files that differ there
    causes: tuple[Difference, ...]  #: empty: nothing that was recorded differs
    unlikely: tuple[Difference, ...] = ()  #: differs there as well, and seldom changes a result


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Something that differs at steps which did not diverge first."""

    difference: Difference
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the second run gave something else than the first."""

    first: str  #: ids of the runs
    second: str
    same: tuple[str, ...] = ()  #: final outputs with the same bytes
    differing: tuple[str, ...] = ()  #: final outputs with other bytes, or that only one run has
    unknown: tuple[str, ...] = ()  #: final outputs of which one run has no digest
    divergences: tuple[Divergence, ...] = ()
    downstream: tuple[str, ...] = ()  #: steps that differ because what they read does
    added: tuple[Elsewhere, ...] = ()  #: what differs at steps downstream and may have added to the result
    without_effect: tuple[Elsewhere, ...] = ()  #: what differs at steps that gave the same bytes

    @property
    def alike(self) -> bool:
        """Whether all results are known to have the same bytes."""
        return bool(self.same) and not (self.differing or self.unknown)


def explain(first: Opened, second: Opened) -> Explanation:
    """Why the results of two runs differ."""
    a, b = side(first), side(second)
    pairs = _wanted(a.run, b.run, pair(a.run, b.run))
    found = {id(p): differences(a, b, p) for p in pairs}
    apart = [p for p in pairs if _diverges(p)]
    starts = [p for p in apart if _same_inside(a, b, p)]
    begun = {id(p) for p in starts}
    behind = [p for p in apart if id(p) not in begun]
    met = {id(p) for p in apart}
    calm = [p for p in pairs if id(p) not in met]
    causes = {d for p in starts for d in found[id(p)]}
    return Explanation(
        a.run.id,
        b.run.id,
        *_results(a.run, b.run),
        _divergences(starts, found),
        tuple(p.label for p in behind),
        _elsewhere(behind, found, causes),
        _elsewhere(calm, found, set()),
    )


def _results(a: Run, b: Run) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    left, right = ({x.path: x.digest for x in final_outputs(run)} for run in (a, b))
    equal: list[str] = []
    differing: list[str] = []
    unknown: list[str] = []
    for path in sorted(left.keys() | right.keys()):
        if path in left and path in right and None in (left[path], right[path]):
            unknown.append(path)
        else:
            (equal if left.get(path) == right.get(path) else differing).append(path)
    return tuple(equal), tuple(differing), tuple(unknown)


def _wanted(a: Run, b: Run, pairs: list[Pair]) -> list[Pair]:
    """The steps that lead to final outputs of either run, found from the outputs back; others take no part."""
    makers: list[dict[str, list[Pair]]] = [defaultdict(list), defaultdict(list)]
    for p in pairs:
        for which, job in enumerate((p.first, p.second)):
            for artifact in job.made if job else ():
                makers[which][artifact.path].append(p)
    waiting = [p for which, run in enumerate((a, b)) for x in final_outputs(run) for p in makers[which][x.path]]
    waiting += [p for p in pairs if any(j is not None and fell_short(j) for j in (p.first, p.second))]
    met: dict[int, Pair] = {}
    while waiting:
        p = waiting.pop()
        if id(p) in met:
            continue
        met[id(p)] = p
        for which, job in enumerate((p.first, p.second)):
            for artifact in job.read if job else ():
                waiting += makers[which].get(artifact.path, ())
    return [p for p in pairs if id(p) in met]


def _made(p: Pair) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Digest by path of what either attempt made, as far as it is known of both."""
    left, right = (contents(job.outputs if job else ()) for job in (p.first, p.second))
    unknown = {path for made in (left, right) for path, found in made.items() if found is None}
    return {k: v for k, v in left.items() if k not in unknown}, {k: v for k, v in right.items() if k not in unknown}


def _diverges(p: Pair) -> bool:
    return not same(*_made(p))


def _same_inside(a: Side, b: Side, p: Pair) -> bool:
    """Whether everything that other steps of the runs gave to this one is the same."""
    if p.first is None or p.second is None:
        return True
    left, right = a.inside(p.first), b.inside(p.second)
    return all(left[path] == right[path] for path in left.keys() & right.keys()) or same(left, right)


def _divergences(starts: Iterable[Pair], found: dict[int, tuple[Difference, ...]]) -> tuple[Divergence, ...]:
    groups: dict[tuple[Difference, ...], list[Pair]] = defaultdict(list)
    for p in starts:
        groups[found[id(p)]].append(p)
    return tuple(
        Divergence(
            tuple(p.label for p in pairs),
            tuple(dict.fromkeys(p.rule for p in pairs)),
            tuple(sorted(path for p in pairs for path in _changed(*_made(p)))),
            tuple(d for d in reasons if d.kind not in UNLIKELY),
            tuple(d for d in reasons if d.kind in UNLIKELY),
        )
        for reasons, pairs in groups.items()
    )


def _changed(left: dict[str, str | None], right: dict[str, str | None]) -> list[str]:
    return [path for path in left.keys() | right.keys() if left.get(path) != right.get(path)]


def _elsewhere(
    pairs: list[Pair], found: dict[int, tuple[Difference, ...]], known: set[Difference]
) -> tuple[Elsewhere, ...]:
    """What differs at `pairs` and is not among `known`, each with its steps."""
    steps: dict[Difference, list[str]] = defaultdict(list)
    for p in pairs:
        for difference in found[id(p)] if p.first and p.second else ():
            if difference not in known:
                steps[difference].append(p.label)
    return tuple(Elsewhere(d, tuple(steps[d])) for d in sorted(steps, key=lambda d: d.rank))
