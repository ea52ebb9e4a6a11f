"""What was measured of the images of a run, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provcap import bioimage
from provcap.bioimage.measures import KINDS, channel_label, kind, value_text
from provcap.model import Gap, Quality, QualityMeasure, Run

ROWS: Final = 60  #: of the table
SLUGS: Final = ("acquisition-differs", "quality-outlier")
_COLUMNS: Final = tuple(name for name in KINDS if not name.startswith("drift"))


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and its part of the largest one in its column, from 0 to 1."""

    text: str
    part: float | None


@dataclass(frozen=True, slots=True)
class QualityRow:
    """A channel of an image."""

    paths: tuple[str, ...]
    channel: str
    cells: tuple[Cell | None, ...]  #: one for each column
    apart: bool  #: something of the image stands apart from the others


@dataclass(frozen=True, slots=True)
class QualityTable:
    """The table, its columns with how they were found, and what stands below it."""

    columns: tuple[tuple[str, str, str], ...]  #: head, what it is, how it was found
    rows: tuple[QualityRow, ...]
    more: int
    images: int  #: that were measured
    lines: tuple[str, ...]  #: which part was measured, drift and notes, by image
    warnings: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class QualityFact:
    """What the methods text says of the images that the run began with."""

    images: int
    saturated: float | None  #: percent, of the channel that has most
    noise: tuple[float, float] | None  #: DN, lowest and highest
    drift: float | None  #: pixels, the largest between two time points


def quality_table(run: Run) -> QualityTable:
    """One row for each channel, by path of its image."""
    places = bioimage.paths(run)
    named = sorted(((tuple(places.get(q.file, [q.file])), q) for q in run.qualities), key=lambda pair: pair[0])
    largest: dict[str, float] = {}
    for quality in run.qualities:
        for measure in quality.measures:
            largest[measure.name] = max(largest.get(measure.name, 0.0), measure.value)
    odd = {gap.subject for gap in run.gaps if gap.slug == "quality-outlier"}
    rows = [row for paths, quality in named for row in _rows(paths, quality, largest, odd)]
    methods = {m.name: m.method for q in run.qualities for m in q.measures}
    columns = tuple((KINDS[name].head, KINDS[name].title, methods.get(name, "")) for name in _COLUMNS)
    lines = tuple(line for paths, quality in named[:ROWS] for line in _lines(paths, quality))
    warnings = tuple(gap for gap in run.gaps if gap.slug in SLUGS)
    images = sum(bool(quality.measures) for quality in run.qualities)
    return QualityTable(columns, tuple(rows[:ROWS]), max(len(rows) - ROWS, 0), images, lines, warnings)


def _rows(paths: tuple[str, ...], found: Quality, largest: dict[str, float], odd: set[str]) -> list[QualityRow]:
    channels: dict[str, dict[str, QualityMeasure]] = {}
    for measure in found.measures:
        if measure.name in _COLUMNS:
            channels.setdefault(channel_label(measure), {})[measure.name] = measure
    apart = any(f"file:{path}" in odd for path in paths)
    return [
        QualityRow(paths, channel, tuple(_cell(measures.get(name), largest) for name in _COLUMNS), apart)
        for channel, measures in channels.items()
    ]


def _cell(measure: QualityMeasure | None, largest: dict[str, float]) -> Cell | None:
    if measure is None:
        return None
    most = 1.0 if measure.unit == "1" else largest[measure.name]
    part = measure.value / most if most > 0 else 0.0
    return Cell(value_text(measure), min(max(part, 0.0), 1.0))


def _lines(paths: tuple[str, ...], found: Quality) -> list[str]:
    drifts = (f"{kind(m).title}: {value_text(m)}" for m in found.measures if m.name not in _COLUMNS)
    return ["; ".join([f"{paths[0]}: measured was {found.measured}", *drifts, *found.notes])]


def quality_fact(run: Run) -> QualityFact | None:
    """None when nothing was measured of the images that the run read."""
    wanted = set(bioimage.sources(run))
    every = [q for q in run.qualities if q.file in wanted and q.measures]
    if not every:
        return None
    values: dict[str, list[float]] = {}
    for quality in every:
        for measure in quality.measures:
            if measure.unit != "µm":
                values.setdefault(measure.name, []).append(measure.value)
    saturated, noise, drift = (values.get(n) for n in ("saturated_fraction", "noise_sigma", "drift_largest"))
    return QualityFact(
        images=len(every),
        saturated=_short(100 * max(saturated)) if saturated else None,
        noise=(_short(min(noise)), _short(max(noise))) if noise else None,
        drift=_short(max(drift)) if drift else None,
    )


def _short(value: float) -> float:
    return float(f"{value:.3g}")
