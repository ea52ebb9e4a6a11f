"""What the image files of a run say of their acquisition, in words."""

from __future__ import annotations

from typing import Any

from provcap import bioimage, codec
from provcap.bioimage.facts import channel_text, core_fields, intensities_text, lens_text, pixel_text, size_text
from provcap.model import Acquisition, Run
from provcap.summary.columns import line, table
from provcap.summary.dependence import dependences_plain, of_dependences

NOT_KNOWN = "not known"
SLUGS = ("image-not-read", "acquisition-differs")


def of_images(run: Run) -> str:
    """An entry per image, and of how many each field of the OME model is known."""
    needs = [f"what the workflow depends on\n{of_dependences(run.dependences)}"] if run.dependences else []
    if not run.acquisitions:
        gaps = [f"  {gap.subject}: {gap.message}" for gap in run.gaps if gap.slug == "image-not-read"]
        return "\n".join(["no image of this run says anything of its acquisition", *gaps, *needs])
    places = bioimage.paths(run)
    named = [(places.get(found.file, [found.file]), found) for found in run.acquisitions]
    parts = [_of_image(found, paths) for paths, found in sorted(named, key=lambda pair: pair[0])]
    rows = [
        ("field of the OME model (of channels: of each)", "images"),
        *((c.name, f"{c.known} of {len(parts)}") for c in core_fields(run)),
    ]
    gaps = [line(f"[{gap.slug}] {gap.subject}: {gap.message}") for gap in run.gaps if gap.slug in SLUGS]
    return "\n\n".join([*parts, table(rows, right=(1,)), *needs, *gaps])


def _of_image(found: Acquisition, paths: list[str]) -> str:
    rows = [
        ("  format", f"{found.format}, read by {found.reader}"),
        ("  size", f"{size_text(found)}, {found.data_type or NOT_KNOWN}"),
        ("  pixel size", pixel_text(found) or NOT_KNOWN),
        ("  objective", lens_text(found) or NOT_KNOWN),
        ("  microscope", found.microscope or NOT_KNOWN),
        ("  acquired", found.acquired or NOT_KNOWN),
        ("  written by", found.writer or NOT_KNOWN),
        *(("  channel", channel_text(channel)) for channel in found.channels),
        ("  intensities", intensities_text(found) or "not measured"),
        *(("  note", note) for note in found.notes),
    ]
    step = [("  time step", f"{found.time_increment_s:.6g} s")] if found.time_increment_s else []
    return "\n".join([line(", ".join(paths[:3])), table([(a, line(b)) for a, b in (*rows[:3], *step, *rows[3:])])])


def images_plain(run: Run) -> dict[str, Any]:
    """The same as plain values."""
    places = bioimage.paths(run)
    every = [{"paths": places.get(a.file, []), **codec.encode(a)} for a in run.acquisitions]
    core = [{"field": c.name, "ome": c.ome, "known": c.known, "of": len(every)} for c in core_fields(run)]
    gaps = [codec.encode(gap) for gap in run.gaps if gap.slug in SLUGS]
    needs = dependences_plain(run.dependences)
    return {"images": every, "ome_fields": core, "dependences": needs, "gaps": gaps}
