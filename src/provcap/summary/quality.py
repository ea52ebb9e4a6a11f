"""What was measured of images, in words."""

from __future__ import annotations

from typing import Any

from provcap import bioimage, codec
from provcap.bioimage.measures import KINDS, channel_label, kind, value_text
from provcap.model import Quality, QualityMeasure, Run
from provcap.summary.columns import line, table

SLUGS = ("acquisition-differs", "quality-outlier", "quality-not-measured")


def of_quality(run: Run) -> str:
    """A table per image with a row for each channel; how each was found; and what differs between images."""
    gaps = [line(f"[{gap.slug}] {gap.subject}: {gap.message}") for gap in run.gaps if gap.slug in SLUGS]
    if not run.qualities:
        return "\n".join(["no image of this run was measured", *gaps])
    places = bioimage.paths(run)
    named = [(places.get(found.file, [found.file]), found) for found in run.qualities]
    parts = [_of_image(found, paths) for paths, found in sorted(named, key=lambda pair: pair[0])]
    methods = {kind(m).title: m.method for found in run.qualities for m in found.measures}
    rows = [(line(name), line(methods[name])) for name in methods]
    return "\n\n".join(part for part in (*parts, table(rows), "\n".join(gaps)) if part)


def _of_image(found: Quality, paths: list[str]) -> str:
    head = [line(", ".join(paths[:3])), line(f"  measured: {found.measured}; by {found.reader}")]
    rows: dict[str, list[QualityMeasure]] = {}
    for measure in found.measures:
        rows.setdefault(channel_label(measure), []).append(measure)
    cells = [
        (f"  channel {line(channel)}" if number == 0 else "", line(kind(measure).title), line(value_text(measure)))
        for channel, measures in rows.items()
        for number, measure in enumerate(measures)
    ]
    return "\n".join([*head, *([table(cells)] if cells else []), *(line(f"  note: {note}") for note in found.notes)])


def quality_plain(run: Run) -> dict[str, Any]:
    """The same as plain values."""
    places = bioimage.paths(run)
    every = [{"paths": places.get(found.file, []), **codec.encode(found)} for found in run.qualities]
    terms = {name: {"title": known.title, "term": known.term} for name, known in KINDS.items()}
    return {"images": every, "measures": terms, "gaps": [codec.encode(g) for g in run.gaps if g.slug in SLUGS]}
