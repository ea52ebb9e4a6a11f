"""Which files of a run belong to which part of its study, and which images they were made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath
from typing import Final, Literal

from provcap import questions
from provcap.crate.places import media_type
from provcap.matching import files_of
from provcap.model import Artifact, Job, Run
from provcap.model.study import AnalyzedData, Annotations, ImageData, Study

Kind = Literal["images", "annotations", "analysis"]
MOST_SOURCES: Final = 1000  #: images that a row of the file list names as its sources
_NO_IMAGE: Final = re.compile(r"(?:text/|application/(?:json|jsonl|yaml|toml|xml|x-ipynb|pdf|vnd)).*|image/svg.*")


@dataclass(frozen=True, slots=True)
class Component:
    """A row of one of the sheets, with its files."""

    id: str  #: of its bia:Dataset in the crate
    kind: Kind
    about: ImageData | Annotations | AnalyzedData
    files: tuple[Artifact, ...]  #: by path
    annotated: Mapping[str, frozenset[str]]  #: the images that a file annotates, as the sheet has it, by path

    @property
    def name(self) -> str:
        """What the sheet calls it."""
        return self.about.id


def components(run: Run, study: Study) -> tuple[list[Component], list[str]]:
    """The components with their files, and sentences on what is wrong with the files that the sheets name.

    A file with annotations is one of these, whatever else names it; an image is one although an analysis made it.
    """
    known = _known(run)
    taken: set[str] = set()
    found, wrong = [], []
    for kind, sheet, rows in _rows(study):
        mine: dict[str, str] = {}
        for number, about in enumerate(rows, 1):
            where = f"{sheet} {about.id!r}, Files"
            meant = _meant(run, known, about)
            paths = sorted({path for some in meant.values() for path in some})
            wrong += [f"{where}: {p!a} is also of {mine[p]!r}, and a file belongs to one" for p in paths if p in mine]
            wrong += [f"{where}: {p!a} means no file that the run left" for p, some in meant.items() if not some]
            if kind == "images" and not meant:
                wrong.append(f"{where}: nothing says which files these are")
            own = [path for path in paths if path not in taken and path not in mine]
            mine |= dict.fromkeys(own, about.id)
            files = tuple(known[path] for path in own)
            found.append(Component(f"#{kind}-{number}", kind, about, files, _annotated(about, meant)))
        taken |= mine.keys()
    wrong += _strange(found)
    order = ("images", "annotations", "analysis")
    return sorted(found, key=lambda component: order.index(component.kind)), wrong


def _rows(study: Study) -> Iterator[tuple[Kind, str, Sequence[ImageData | Annotations | AnalyzedData]]]:
    """In the order in which they take their files."""
    yield "annotations", "Annotations", study.annotations
    yield "images", "Image data", study.image_data
    yield "analysis", "Analyzed data", study.analyses


def _meant(
    run: Run, known: Mapping[str, Artifact], about: ImageData | Annotations | AnalyzedData
) -> dict[str, list[str]]:
    """The paths of `known` that belong to `about`, by the pattern or path that means them."""
    patterns = [file.file for file in about.files] if isinstance(about, Annotations) else about.files
    found = {}
    for pattern in patterns:  # of annotations there may be ten thousand, each a path
        exact = [pattern] if pattern in known else None
        found[pattern] = exact or [a.path for a in files_of(run, [pattern]) if a.path in known]
    return found


def _annotated(
    about: ImageData | Annotations | AnalyzedData, meant: Mapping[str, list[str]]
) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for file in about.files if isinstance(about, Annotations) else ():
        for path in meant[file.file]:
            found[path] = found.get(path, frozenset()) | {file.source_image}
    return found


def _strange(found: Sequence[Component]) -> Iterator[str]:
    """What is annotated and is no image of the submission."""
    images = {a.path for component in found if component.kind != "analysis" for a in component.files if is_image(a)}
    for component in found:
        for path in sorted({p for of in component.annotated.values() for p in of} - images):
            yield f"Annotation files of {component.name!r}, Source image: {path!a} is in no Image data"


def _known(run: Run) -> dict[str, Artifact]:
    """The files and directories that are there when the run has ended, as they were last, by path."""
    found = {a.path: a for a in questions.external_inputs(run)} | {a.path: a for a in questions.outputs(run)}
    lasting = {p: a for p, a in found.items() if a.kind in ("file", "directory") and not questions.is_transient(a)}
    inside = {p for p in lasting if any(_is_tree(lasting.get(str(up))) for up in PurePosixPath(p).parents)}
    return {path: lasting[path] for path in sorted(lasting) if path not in inside}


def _is_tree(artifact: Artifact | None) -> bool:
    return artifact is not None and artifact.kind == "directory"


def is_image(artifact: Artifact) -> bool:
    """Whether it can be one of the images of a component: not a table, nor a text."""
    return artifact.kind == "directory" or not _NO_IMAGE.fullmatch(media_type(artifact.path, artifact.media_type))


def sources(run: Run, images: Iterable[str], wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each path of `wanted` that the run made, the nearest of `images` that it was made of, by path.

    Where these are more than `MOST_SOURCES`, none is named: the provenance crate names them.
    """
    made, listed = questions.producers(run), frozenset(images)
    behind: dict[str, frozenset[str] | None] = {}  # of a job; None: too many to name
    for job in _in_order(run, made):
        found: set[str] | None = set()
        for path in {_listed(a.path, listed) for a in job.read}:
            maker = made.get(path)
            more = frozenset((path,)) if path in listed else behind.get(maker.id, frozenset()) if maker else frozenset()
            found = None if found is None or more is None or len(found | more) > MOST_SOURCES else found | more
        behind[job.id] = None if found is None else frozenset(found)
    there = {path: behind.get(made[path].id) or frozenset() for path in wanted if path in made}
    return {path: tuple(sorted(found - {path})) for path, found in there.items()}


def _in_order(run: Run, made: Mapping[str, Job]) -> list[Job]:
    """The attempts, each after those whose results it read; as they started when a record knows no such order."""
    jobs = {job.id: job for job in run.jobs}
    read = {job.id: {made[a.path].id for a in job.read if a.path in made} - {job.id} for job in run.jobs}
    try:
        return [jobs[identifier] for identifier in TopologicalSorter(read).static_order() if identifier in jobs]
    except CycleError:
        return list(run.jobs)


def _listed(path: str, listed: frozenset[str]) -> str:
    """The image that `path` lies in, or `path`."""
    return next((str(up) for up in PurePosixPath(path).parents if str(up) in listed), path)
