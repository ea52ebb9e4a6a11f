"""The randomness ledger of a run in plain words: per step where its random numbers came from."""

from __future__ import annotations

from dataclasses import dataclass

from provcap.model import Job, Run
from provcap.report.rows import anchors, order
from provcap.report.wording import counted, one_line

SHOWN = 12  #: entries per step
NAMES = {
    "random": "Python's random",
    "numpy.random": "NumPy's global generator",
    "numpy.random.Generator": "a NumPy generator",
    "numpy.random.RandomState": "a NumPy RandomState",
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "R": "R",
    "PYTHONHASHSEED": "the order of Python's sets (PYTHONHASHSEED)",
    "params": "a parameter of the rule",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Draws of one kind from one source at one place, over all jobs of a step."""

    kind: str  #: declared, seeded or unseeded
    words: str
    source: str  #: as the record names it
    where: str | None
    values: str


@dataclass(frozen=True, slots=True)
class Chance:
    """A step that used randomness."""

    rule: str
    anchor: str
    unseeded: bool
    entries: tuple[Entry, ...]
    left_out: int


def chances(run: Run) -> tuple[Chance, ...]:
    """The steps with entries in their ledger, in their order; what nobody seeded first."""
    links = anchors(run)
    return tuple(_chance(rule, links[rule], entries) for rule, jobs in order(run) if (entries := _entries(jobs)))


def _chance(rule: str, anchor: str, entries: list[Entry]) -> Chance:
    rank = {"unseeded": 0, "seeded": 1, "declared": 2}
    ordered = sorted(entries, key=lambda entry: rank[entry.kind])
    unseeded = any(entry.kind == "unseeded" for entry in entries)
    return Chance(rule, anchor, unseeded, tuple(ordered[:SHOWN]), max(len(ordered) - SHOWN, 0))


def _entries(jobs: list[Job]) -> list[Entry]:
    found: dict[tuple[str, str, str | None], tuple[dict[str, None], set[str]]] = {}
    for job in jobs:
        for draw in job.randomness:
            values, of = found.setdefault((draw.kind, draw.source, draw.where), ({}, set()))
            of.add(job.id)
            if draw.value is not None:
                values[draw.value] = None
    return [_entry(key, list(values), len(of)) for key, (values, of) in found.items()]


def _entry(key: tuple[str, str, str | None], values: list[str], jobs: int) -> Entry:
    kind, source, where = key
    name = NAMES.get(source, source)
    of = f"in {counted(jobs, 'job')}"
    if kind == "unseeded":
        words, note = f"Nobody set a seed for {name}, {of}.", _entropy(values)
    elif kind == "seeded":
        words, note = f"The program set the seed of {name}, {of}.", _values(values)
    else:
        words, note = f"A seed stands in the workflow, as {name}, {of}.", _values(values)
    return Entry(kind, words, source, where, note)


def _values(values: list[str]) -> str:
    if not values:
        return "not recorded"
    shown = ", ".join(one_line(value, 40) for value in values[:3])
    return shown + (f", and {len(values) - 3} more" if len(values) > 3 else "")


def _entropy(values: list[str]) -> str:
    return "What it drew instead was recorded: a replay can give it back" if values else "What it drew was not recorded"
