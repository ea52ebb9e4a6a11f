"""What a workflow needs of its images and what they have, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provcap import codec
from provcap.bioimage.declared import limit_text
from provcap.bioimage.judging import sentence, unmatched, verdicts
from provcap.model import Dependence, Judgement
from provcap.model.dependence import Met
from provcap.summary.columns import counted, line

_STATES: tuple[Met, ...] = ("met", "violated", "unknown")


def of_dependences(needs: Iterable[Dependence], shown: Iterable[str] = ("violated", "unknown")) -> str:
    """A line for each value that is not as needed or not known, one for each need that means no image, and a sum."""
    every = list(needs)
    wanted = set(shown)
    lines = [_line(need, j) for need in every for j in need.judgements if j.verdict in wanted]
    lines += [_unmatched(need) for need in every if not need.judgements]
    counts = verdicts(every)
    images = len({judgement.path for need in every for judgement in need.judgements})
    told = ", ".join(f"{counts[state]} {state}" for state in _STATES)
    return "\n".join([*map(line, lines), f"{counted(counts.total(), 'value')} of {counted(images, 'image')}: {told}"])


def _line(need: Dependence, judgement: Judgement) -> str:
    warned = " (a warning)" if judgement.verdict == "violated" and need.if_violated == "warn" else ""
    return f"{judgement.verdict}{warned}: {judgement.path}: {sentence(need, judgement)}"


def _unmatched(need: Dependence) -> str:
    return f"unknown: line {need.line}: no image is one of {unmatched(need)}"


def dependences_plain(needs: Iterable[Dependence]) -> list[dict[str, Any]]:
    """The same as plain values, all judgements included."""
    return [{"judgements": [], **codec.encode(need), "limit": limit_text(need)} for need in needs]
