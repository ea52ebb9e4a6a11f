"""What the workflow needs of its images, and what they have, for a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from provcap.bioimage.declared import limit_text, need_text
from provcap.bioimage.judging import found_text, verdicts
from provcap.model import Dependence, Run

ROWS, SHOWN, NAMED = 100, 8, 4  #: needs in the table; images of one that are named there, and in the text
_ORDER: Final = ("violated", "unknown", "met")


@dataclass(frozen=True, slots=True)
class NeedRow:
    """One need."""

    what: str
    limit: str
    need: Dependence
    verdict: str  #: the worst
    met: int
    violated: int
    unknown: int
    told: tuple[tuple[str, str], ...]  #: path and what was found, of those that are not met


@dataclass(frozen=True, slots=True)
class DependenceFacts:
    """All needs of a run, in numbers, and those that are violated in words."""

    sources: tuple[str, ...]  #: paths of the files that say so
    rows: tuple[NeedRow, ...]
    more: int  #: needs beyond `rows`
    values: int
    images: int
    met: int
    violated: int
    unknown: int
    named: tuple[tuple[str, str, str], ...]  #: path, what was found, and the limit, of some that are violated


def dependence_facts(run: Run) -> DependenceFacts | None:
    """None when the workflow says nothing."""
    needs = run.dependences
    if not needs:
        return None
    every = [(need, judgement) for need in needs for judgement in need.judgements]
    counts = verdicts(needs)
    violated = [
        (j.path, f"{need_text(n)} {found_text(n, j, with_origin=False)}", limit_text(n))
        for n, j in every
        if j.verdict == "violated"
    ]
    return DependenceFacts(
        sources=tuple(dict.fromkeys(need.source for need in needs)),
        rows=tuple(map(_row, needs[:ROWS])),
        more=max(len(needs) - ROWS, 0),
        values=counts.total(),
        images=len({judgement.path for _, judgement in every}),
        met=counts["met"],
        violated=counts["violated"],
        unknown=counts["unknown"],
        named=tuple(violated[:NAMED]),
    )


def _row(need: Dependence) -> NeedRow:
    counts = Counter(judgement.verdict for judgement in need.judgements)
    worst = next((verdict for verdict in _ORDER if verdict in counts), "unknown")
    told = sorted((j for j in need.judgements if j.verdict != "met"), key=lambda j: (_ORDER.index(j.verdict), j.path))
    return NeedRow(
        what=need_text(need),
        limit=limit_text(need),
        need=need,
        verdict=worst,
        met=counts["met"],
        violated=counts["violated"],
        unknown=counts["unknown"],
        told=tuple((j.path, found_text(need, j)) for j in told[:SHOWN]),
    )
