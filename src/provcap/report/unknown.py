"""What is not known, in plain words: the gaps of a run by kind, each with its paragraph of docs/messages.md."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources

from provcap.model import Gap, Run

SHOWN = 12  #: messages of one kind


@dataclass(frozen=True, slots=True)
class Unknown:
    """All gaps of one kind."""

    slug: str
    count: int
    meaning: str  #: what it means and what to do; empty when the documentation has no paragraph
    messages: tuple[tuple[str, int, str], ...]  #: what was said, of how many subjects, and the first of these


def unknowns(run: Run) -> tuple[Unknown, ...]:
    """The gaps of `run`, by slug."""
    kinds: dict[str, list[Gap]] = {}
    for gap in run.gaps:
        kinds.setdefault(gap.slug, []).append(gap)
    labels = {f"job:{job.id}": job.label for job in run.jobs}
    return tuple(_unknown(slug, kinds[slug], labels) for slug in sorted(kinds))


def _unknown(slug: str, gaps: list[Gap], labels: dict[str, str]) -> Unknown:
    said: dict[str, list[str]] = {}
    for gap in gaps:
        said.setdefault(gap.message, []).append(labels.get(gap.subject, gap.subject))
    rows = tuple((message, len(of), of[0]) for message, of in list(said.items())[:SHOWN])
    return Unknown(slug, len(gaps), paragraphs().get(slug, ""), rows)


@functools.cache
def paragraphs() -> dict[str, str]:
    """The paragraph of each slug. A slug that stands twice has the first: gaps stand before findings and errors."""
    text = resources.files("provcap.report").joinpath("explanations.txt").read_text("utf-8")
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        for slugs, words in re.findall(r"((?:\*\*[a-z-]+\*\*(?:, )?)+)((?:(?!\*\*).)*)", " ".join(block.split())):
            for slug in re.findall(r"\*\*([a-z-]+)\*\*", slugs):
                found.setdefault(slug, re.sub(r"\[([^\]]+)\]\(([^)]*)\)", r"\1 (`docs/\2`)", words).strip())
    return found
