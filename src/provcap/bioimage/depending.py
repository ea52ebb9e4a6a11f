"""Whether the images of a run are as its workflow says that it needs them, from what was recorded.

What counts is the ``acquisition.yaml`` that was kept when the run began: later edits change no verdict.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from provcap import digest, store
from provcap.bioimage import declared, patterns
from provcap.bioimage.judging import judge, sentence, unmatched
from provcap.config import ACQUISITION
from provcap.errors import BadConfig
from provcap.model import Acquisition, Artifact, Dependence, Gap, Judgement, Run, Source
from provcap.questions import external_inputs, is_transient, outputs

MOST, GAPS = 200_000, 1000  #: judgements of one run; gaps of one need and kind
VIOLATED, UNKNOWN = "acquisition-violated", "acquisition-unknown"


def depending(run: Run, files: Path | None) -> Run:
    """`run` with its dependences and their gaps; `files` is its work directory, below which the statement was kept.

    Without a statement, or when it was judged before, the run is given back as it is.
    """
    source = None if run.dependences or files is None else statement(run)
    if source is None or files is None:
        return run
    content = _kept(files, source)
    if content is None:
        lost = "the copy that was kept of what the workflow needs of its images is not there, or is another"
        return _with(run, (), [Gap(UNKNOWN, f"file:{source.path}", lost)])
    try:
        needs = declared.parse(content, source.path)
    except BadConfig as error:
        return _with(run, (), [Gap("bad-dependence", f"file:{source.path}", error.message)])
    meant = _meant(run, needs)
    known = {acquisition.file: acquisition for acquisition in run.acquisitions}
    unread = {g.subject.removeprefix("file:"): g.message for g in run.gaps if g.slug == "image-not-read"}
    judged, left = [], MOST
    for need in needs:
        if left == 0:
            break
        images = {image.path: image for pattern in need.images for image in meant[pattern]}
        every = [images[path] for path in sorted(images)][:left]
        left -= len(every)
        judged.append(replace(need, judgements=tuple(_judged(need, a, known, unread) for a in every)))
    gaps = [gap for need in judged for gap in _gaps(need)]
    if left == 0:
        gaps.append(Gap(UNKNOWN, "run", f"no more than {MOST} values were held against what {source.path} says"))
    return _with(run, tuple(judged), gaps)


def statement(run: Run) -> Source | None:
    """The file of the workflow, or of the work directory, that says what the run needs of its images."""
    flow = run.workflow
    found = {source.place: source for source in flow.sources if Path(source.place).name == ACQUISITION}
    main = next((Path(s.place) for s in flow.sources if found and s.path == flow.snakefile), None)
    wanted = declared.places(Path(run.workdir), main) if found else ()
    return next((found[str(place)] for place in wanted if str(place) in found), None)


def _kept(files: Path, source: Source) -> bytes | None:
    """The text of the file as it was when the run began."""
    with contextlib.suppress(OSError):
        data = store.source_path(files, source.kept or source.digest).read_bytes()
        if digest.of_bytes(data) == (source.kept or source.digest):
            return data
    return None


def _meant(run: Run, needs: Iterable[Dependence]) -> dict[str, list[Artifact]]:
    """For each pattern the images that it means, of what the run read, and what it made and left."""
    every = (*external_inputs(run), *(a for a in outputs(run) if not is_transient(a)))
    files = [artifact for artifact in every if artifact.kind in ("file", "directory")]
    wanted = {pattern for need in needs for pattern in need.images}
    return {pattern: [a for a in files if _fits(run, a.path, pattern)] for pattern in wanted}


def _fits(run: Run, path: str, pattern: str) -> bool:
    """Whether `pattern` means the image at `path`, of which one may be absolute where the other is not."""
    if patterns.fits(path, pattern):
        return True
    if pattern.startswith("/"):
        return patterns.fits(os.path.normpath(os.path.join(run.workdir, path)), pattern)
    below = run.workdir.rstrip("/") + "/"
    return path.startswith(below) and patterns.fits(path.removeprefix(below), pattern)


def _judged(need: Dependence, image: Artifact, known: dict[str, Acquisition], unread: dict[str, str]) -> Judgement:
    found = judge(need, image.path, known.get(image.digest or ""), unread.get(image.path))
    return replace(found, file=image.digest)


def _gaps(need: Dependence) -> list[Gap]:
    if not need.judgements:
        return [Gap(UNKNOWN, "run", f"no image of the run is one of {unmatched(need)}")]
    gaps = []
    for slug, verdict in ((VIOLATED, "violated"), (UNKNOWN, "unknown")):
        found = [judgement for judgement in need.judgements if judgement.verdict == verdict]
        gaps += [Gap(slug, f"file:{judgement.path}", sentence(need, judgement)) for judgement in found[:GAPS]]
        if len(found) > GAPS:
            more = f"{len(found) - GAPS} more images like {found[GAPS].path}: {sentence(need, found[GAPS])}"
            gaps.append(Gap(slug, "run", more))
    return gaps


def _with(run: Run, dependences: tuple[Dependence, ...], gaps: list[Gap]) -> Run:
    every = sorted({*run.gaps, *gaps}, key=lambda gap: (gap.subject, gap.slug, gap.message))
    if not dependences and len(every) == len(run.gaps):
        return run
    return replace(run, dependences=dependences, gaps=tuple(every))
