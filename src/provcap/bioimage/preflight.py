"""Whether the images in a work directory are as the workflow says that it needs them, before it is run."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from provcap import codec, progress
from provcap.bioimage import declared, patterns
from provcap.bioimage.acquiring import PIXELS
from provcap.bioimage.found import Unreadable
from provcap.bioimage.judging import judge
from provcap.bioimage.reader import OTHER, TIFF, ZARR, Reader, suffix
from provcap.errors import BadConfig, DamagedRecord, ProvcapError
from provcap.model import Acquisition, Dependence

MOST: Final = 5_000  #: images that are looked at
_SNAKEFILES: Final = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")  #: as Snakemake looks


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found before a run."""

    source: Path  #: the file that says what is needed
    dependences: tuple[Dependence, ...]  #: with their judgements
    images: int  #: that were looked at

    @property
    def stops(self) -> bool:
        """Whether something is not as it has to be."""
        return any(stops(need) for need in self.dependences)


def stops(need: Dependence) -> bool:
    """Whether what was found is an error by what `need` itself says; that no image is meant is not knowing."""
    verdicts = {judgement.verdict for judgement in need.judgements} or {"unknown"}
    violated = "violated" in verdicts and need.if_violated == "error"
    return violated or ("unknown" in verdicts and need.if_unknown == "error")


def preflight(workdir: Path, snakefile: Path | None = None) -> Preflight:
    """Hold the images in `workdir` against what is needed of them. `snakefile` is the main file of the workflow, looked
    for as Snakemake does when it is None.

    Raises ProvcapError when nothing says what is needed, BadConfig when what says it has a mistake in it.
    """
    source = find(workdir, snakefile)
    needs = declared.load(source)
    meant = {pattern: _meant(workdir, pattern, source) for need in needs for pattern in need.images}
    every = sorted({path for paths in meant.values() for path in paths})
    if len(every) > MOST:
        message = f"{len(every)} images are meant by {source}, and {MOST} are the most"
        raise ProvcapError("too-many-images", message, "narrow its patterns")
    pixels = PIXELS if any(need.name == "saturated_fraction" for need in needs) else 0
    known = _acquisitions(workdir, every, pixels)
    return Preflight(source, tuple(_judged(need, meant, known) for need in needs), len(every))


def find(workdir: Path, snakefile: Path | None = None) -> Path:
    """The file in force. Raises ProvcapError."""
    if snakefile is not None and not snakefile.is_file():
        raise ProvcapError("unknown-file", f"there is no Snakefile {snakefile}", "name it with: -s SNAKEFILE")
    flow = snakefile or usual_snakefile(workdir)
    places = declared.places(workdir, flow.absolute() if flow else None)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        looked = ", ".join(map(str, places))
        hint = (
            f"looked for: {looked}; with -s SNAKEFILE also beside the workflow. provcap preflight --suggest drafts one"
        )
        raise ProvcapError("no-dependence", "nothing says what the workflow needs of its images", hint)
    return found


def usual_snakefile(folder: Path) -> Path | None:
    """The one that Snakemake takes in `folder` when none is named."""
    return next((path for name in _SNAKEFILES if (path := folder / name).is_file()), None)


def _meant(workdir: Path, pattern: str, source: Path) -> list[str]:
    try:
        return patterns.find(workdir, pattern)
    except patterns.TooMany as error:
        raise BadConfig("bad-dependence", f"{source}: images: {pattern}: {error}", "narrow the pattern") from None


def _acquisitions(workdir: Path, paths: Iterable[str], pixels: int) -> dict[str, Acquisition | str]:
    """For each image what it says, or why that is not known."""
    found: dict[str, Acquisition | str] = {}
    with Reader() as reader:
        for path in progress.over(list(paths), "reading what images say"):
            try:
                found[path] = _read(workdir / path, reader, pixels)
            except Unreadable as error:
                found[path] = str(error)
    return found


def _read(place: Path, reader: Reader, pixels: int) -> Acquisition:
    if suffix(place.name) not in (*TIFF, *ZARR, *OTHER):
        raise Unreadable(f"files ending in {suffix(place.name) or 'nothing'} are not read")
    try:
        mode = os.stat(place).st_mode
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode) and not (stat.S_ISDIR(mode) and suffix(place.name) in ZARR):
        raise Unreadable("it is no file")
    answer = reader.read(str(place.absolute()), pixels)
    try:
        plain = {**answer["values"], "origin": answer["origin"], "notes": answer["notes"], "file": ""}
        return codec.decode(Acquisition, plain)
    except DamagedRecord as error:
        raise Unreadable(f"it says what cannot be: {error.message}"[:300]) from None


def _judged(need: Dependence, meant: dict[str, list[str]], known: dict[str, Acquisition | str]) -> Dependence:
    found = []
    for path in sorted({path for pattern in need.images for path in meant[pattern]}):
        said = known[path]
        told = (None, said) if isinstance(said, str) else (said, None)
        found.append(judge(need, path, *told))
    return replace(need, judgements=tuple(found))
