"""What the image files of a run say of their acquisition, for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from provcap import bioimage
from provcap.bioimage.facts import Core, channel_text, core_fields, intensities_text, lens_text, pixel_text, size_text
from provcap.model import Acquisition, Run
from provcap.questions import external_inputs

ROWS, KINDS = 60, 6  #: images in the table; ways of acquisition in the text
CHANNELS = 8  #: of an image that are named


@dataclass(frozen=True, slots=True)
class ImageFileRow:
    """An image file."""

    paths: tuple[str, ...]
    read: bool  #: and not made by the run
    found: Acquisition
    size: str
    pixel: str | None
    lens: str | None
    channels: tuple[str, ...]
    intensities: str | None
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """The table, and how many images it leaves out."""

    rows: tuple[ImageFileRow, ...]
    more: int
    core: tuple[Core, ...]
    images: int


@dataclass(frozen=True, slots=True)
class AcquiredFact:
    """Images that the run read and that say the same of their acquisition."""

    number: int
    microscope: str | None
    lens: str | None
    pixel: str | None
    interval_s: float | None
    channels: tuple[str, ...]
    dates: tuple[str, ...]  #: the first and the last day, or the only one
    unknown: tuple[str, ...]  #: of microscope, objective, pixel, channels and date


def image_files(run: Run) -> ImageFiles:
    """Inputs first, by path."""
    places = bioimage.paths(run)
    inputs = {artifact.digest for artifact in external_inputs(run)}
    rows = [_row(found, tuple(places.get(found.file, ())), found.file in inputs) for found in run.acquisitions]
    rows.sort(key=lambda row: (not row.read, row.paths))
    return ImageFiles(tuple(rows[:ROWS]), max(len(rows) - ROWS, 0), core_fields(run), len(rows))


def _row(found: Acquisition, paths: tuple[str, ...], read: bool) -> ImageFileRow:
    words = {"microscope": "microscope", "objective": "objective", "pixel": "pixel size", "date": "date"}
    unknown = tuple(word for name, word in words.items() if name in _unknown(found))
    channels = tuple(channel_text(channel) for channel in found.channels[:CHANNELS])
    return ImageFileRow(
        paths, read, found, size_text(found), pixel_text(found), lens_text(found), channels,
        intensities_text(found), unknown,
    )  # fmt: skip


def _unknown(found: Acquisition) -> tuple[str, ...]:
    told = {
        "microscope": found.microscope,
        "objective": lens_text(found),
        "pixel": pixel_text(found),
        "channels": found.channels,
        "date": found.acquired,
    }
    return tuple(name for name, value in told.items() if not value)


def acquired_facts(run: Run) -> tuple[tuple[AcquiredFact, ...], int]:
    """How the images that the run read were acquired, the most frequent way first, and how many ways are left out."""
    inputs = {artifact.digest for artifact in external_inputs(run)}
    groups: dict[tuple[object, ...], list[Acquisition]] = {}
    for found in run.acquisitions:
        if found.file in inputs:
            key = (found.microscope, lens_text(found), pixel_text(found), found.channels, found.acquired is None)
            groups.setdefault(key, []).append(found)
    ordered = sorted(groups.values(), key=lambda group: -len(group))
    return tuple(_fact(group) for group in ordered[:KINDS]), max(len(ordered) - KINDS, 0)


def _fact(group: Sequence[Acquisition]) -> AcquiredFact:
    first = group[0]
    days = sorted({found.acquired[:10] for found in group if found.acquired})
    steps = Counter(found.time_increment_s for found in group)
    return AcquiredFact(
        number=len(group),
        microscope=first.microscope,
        lens=lens_text(first),
        pixel=pixel_text(first),
        interval_s=first.time_increment_s if len(steps) == 1 else None,
        channels=tuple(channel_text(channel) for channel in first.channels[:CHANNELS]),
        dates=tuple(dict.fromkeys([*days[:1], *days[-1:]])),
        unknown=_unknown(first),
    )
