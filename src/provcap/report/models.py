"""The trained models of a run, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provcap.bioimage.weights.saying import Known, library_text, origin_text, place_text, settings_text, tensor_text
from provcap.model import Load, Run, Weights

ROWS: Final = 60  #: models in the table, and loads
NAMED: Final = 6  #: loads in the text


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model."""

    name: str
    found: Weights
    origin: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadRow:
    """What a rule loaded, and how; the same of several jobs once."""

    rules: tuple[str, ...]
    name: str
    library: str
    providers: tuple[str, ...]
    place: str | None
    settings: str
    digest: str | None
    origin: str | None


@dataclass(frozen=True, slots=True)
class Models:
    """Both tables, and how many rows they leave out."""

    rows: tuple[ModelRow, ...]
    loads: tuple[LoadRow, ...]
    models: int
    more_loads: int


def models(run: Run) -> Models:
    """By name; loads in the order of the jobs."""
    known = Known(run)
    rows = sorted((_row(known, found) for found in run.weights), key=lambda row: row.name)
    loads = load_rows(run)
    return Models(tuple(rows[:ROWS]), loads[:ROWS], len(rows), max(len(loads) - ROWS, 0))


def _row(known: Known, found: Weights) -> ModelRow:
    sides = (tuple(map(tensor_text, side)) for side in (found.inputs, found.outputs))
    return ModelRow(known.name(found), found, origin_text(found), *sides)


def load_rows(run: Run) -> tuple[LoadRow, ...]:
    """What was loaded how, each once, with the rules that did."""
    rules: dict[tuple[object, ...], dict[str, None]] = {}
    loads: dict[tuple[object, ...], Load] = {}
    for job in run.jobs:
        for load in job.loads:
            key = (load.digest or load.path, load.library, load.version, load.providers, settings_text(load))
            loads.setdefault(key, load)
            rules.setdefault(key, {})[job.rule] = None
    known = Known(run)
    return tuple(_loaded(known, load, tuple(rules[key])) for key, load in loads.items())


def _loaded(known: Known, load: Load, rules: tuple[str, ...]) -> LoadRow:
    found = known.of(load)
    name = (known.name(found) if found else None) or load.path or "a model given as bytes"
    origin = origin_text(found) if found else None
    library, place = library_text(load), place_text(load)
    return LoadRow(rules, name, library, load.providers, place, settings_text(load), load.digest, origin)
