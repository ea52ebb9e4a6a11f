"""The images that a run read, each measured once; what was found is kept below ``.provcap/images/`` by its digest."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from provcap import codec, progress
from provcap.bioimage import kept
from provcap.bioimage.acquiring import MOST, PIXELS
from provcap.bioimage.found import Unreadable
from provcap.bioimage.reader import Reader
from provcap.errors import DamagedRecord
from provcap.model import Acquisition, Artifact, Gap, Quality, Run
from provcap.questions import executed, external_inputs, is_transient, outputs

FORMAT: Final = "provcap.quality/3"


def measured(run: Run, files: Path | None, pixels: int = PIXELS, made: bool = False) -> Run:
    """`run` with the qualities of the images that it read, and with `made` of those that it made, too. `files` is the
    directory that its paths are relative to; without one, or with 0 `pixels`, the run is given back as it is. At most
    `pixels` bytes of an image are measured.
    """
    wanted = sources(run) | (_made(run) if made else {}) if pixels and files is not None and files.is_dir() else {}
    known = {quality.file: quality for quality in run.qualities}
    left = {name: artifact for name, artifact in wanted.items() if name not in known}
    if files is None or not left:
        return run
    told = {acquisition.file: acquisition for acquisition in run.acquisitions}
    unread = {gap.subject for gap in run.gaps if gap.slug == "image-not-read"}
    gaps = []
    if len(left) > MOST:
        gaps.append(Gap("quality-not-measured", "run", f"of {len(left)} images {MOST} were measured"))
    with Reader() as reader:
        for name, artifact in progress.over(sorted(left.items())[:MOST], "measuring images"):
            subject = f"file:{artifact.path}"
            try:
                known[name] = _kept(files, name, pixels) or _measure(files, artifact, reader, pixels, told.get(name))
            except Unreadable as error:
                if subject not in unread:  # which says why already
                    gaps.append(Gap("quality-not-measured", subject, f"the image was not measured: {error}"))
    every = sorted({*run.gaps, *gaps}, key=lambda gap: (gap.subject, gap.slug, gap.message))
    return replace(run, qualities=tuple(known[name] for name in sorted(known)), gaps=tuple(every))


def sources(run: Run) -> dict[str, Artifact]:
    """The images that the run began with, by digest: those that it read and did not make, and those that a job made
    from no file, which fetched them."""
    fetched = (artifact for job in executed(run) if not job.read for artifact in job.made if not is_transient(artifact))
    return _images((*external_inputs(run), *fetched))


def _made(run: Run) -> dict[str, Artifact]:
    return _images(artifact for artifact in outputs(run) if not is_transient(artifact))


def _images(artifacts: Any) -> dict[str, Artifact]:
    return {artifact.digest: artifact for artifact in artifacts if artifact.digest and kept.is_image(artifact, True)}


def _kept(files: Path, name: str, pixels: int) -> Quality | None:
    """What was measured of this image before, when as much of it was as now is wanted."""
    plain = kept.recall(kept.place(files, name, ".quality.json"), FORMAT)
    with contextlib.suppress(ValueError, KeyError, TypeError, DamagedRecord):
        found = codec.decode(Quality, plain["quality"])
        return found if plain["pixels"] == pixels and found.file == name else None
    return None


def _measure(files: Path, artifact: Artifact, reader: Reader, pixels: int, said: Acquisition | None) -> Quality:
    """Measure the image, and keep what was found. Raises Unreadable."""
    known: dict[str, Any] = {}
    if said is not None:
        known["bits"] = said.significant_bits
        known["pixel_um"] = [said.pixel_size_x_um, said.pixel_size_y_um]
        known["names"] = [channel.name for channel in said.channels]
    with kept.reading(files, artifact) as path:
        plain = reader.measure(str(path), pixels, known)
    try:
        found = codec.decode(Quality, {**plain, "file": artifact.digest})
    except DamagedRecord as error:
        raise Unreadable(f"its measures are none: {error.message}"[:300]) from None
    place = kept.place(files, str(artifact.digest), ".quality.json")
    kept.keep(place, FORMAT, pixels=pixels, quality=codec.encode(found))
    return found
