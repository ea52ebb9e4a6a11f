"""Questions that have a name: SPARQL files beside this one, each with a line on what it answers.

A file begins with comments: what it answers; ``argument: FILE`` when it needs one, bound to ``?FILE``; and
``competency question N`` when it answers one of the eleven of the Workflow Run RO-Crate profiles
(https://www.researchobject.org/workflow-run-crate/requirements, doi:10.1371/journal.pone.0309210).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_SUFFIX: Final = ".rq"


@dataclass(frozen=True, slots=True)
class Named:
    """A question by name."""

    name: str
    summary: str
    text: str  #: SPARQL, without the prefixes that every query has
    arguments: tuple[str, ...] = ()
    competency: int | None = None  #: number of the competency question that it answers


def named() -> dict[str, Named]:
    """Every named question, in the order of the alphabet."""
    folder = files("provcap.query").joinpath("named")
    found = sorted((e for e in folder.iterdir() if e.name.endswith(_SUFFIX)), key=lambda e: e.name)
    return {q.name: q for q in (_read(e.name.removesuffix(_SUFFIX), e.read_text("utf-8")) for e in found)}


def _read(name: str, text: str) -> Named:
    head = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    arguments = [line.removeprefix("argument:").strip() for line in head if line.startswith("argument:")]
    number = next((m for line in head if (m := re.fullmatch(r"competency question (\d+)", line))), None)
    return Named(name, head[0], text, tuple(arguments), int(number[1]) if number else None)
