"""One of the two runs, with what is asked of it again and again."""

from __future__ import annotations

import contextlib
import functools
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from provcap import codec, digest, store
from provcap.model import Artifact, Job, Run, Source
from provcap.opening import IN_CRATE, Opened
from provcap.questions import as_made
from provcap.taken_over import beginning, workflow_in

MAX_BYTES = 1 << 20  #: of a text that is read to be shown


@dataclass(frozen=True, slots=True)
class Side:
    """A run, what its jobs made, and the texts of its workflow."""

    run: Run
    made: frozenset[str]  #: every path that a job of it made
    sources: dict[str, Source]  #: by path
    text: Callable[[Source], str | None]  #: a source as it was run; None where no copy was kept
    earlier: Callable[[str], dict[str, Source] | None]  #: the sources of an earlier run by its id, where it is at hand

    def sources_of(self, job: Job) -> dict[str, Source] | None:
        """The sources that `job` ran with, by path: those of an earlier run when its results were up to date."""
        return self.sources if job.run == self.run.id else self.earlier(job.run)

    def outside(self, job: Job) -> dict[str, str | None]:
        """Digest by path of what `job` read and no job of the run made."""
        return {p: d for p, d in contents(job.read).items() if p not in self.made}

    def inside(self, job: Job) -> dict[str, str | None]:
        """Digest by path of what `job` read and another job of the run made."""
        return {p: d for p, d in contents(job.read).items() if p in self.made}


def contents(artifacts: Iterable[Artifact]) -> dict[str, str | None]:
    """Digest by path of what was there."""
    return {a.path: a.digest for a in artifacts if a.kind in ("file", "directory")}


def side(opened: Opened) -> Side:
    """The run that was opened, as a Side."""
    run = as_made(opened.run)
    made = frozenset(artifact.path for job in run.jobs for artifact in job.made)
    return Side(run, made, {s.path: s for s in run.workflow.sources}, reader(opened), _earlier(opened))


def _earlier(opened: Opened) -> Callable[[str], dict[str, Source] | None]:
    @functools.cache
    def sources(name: str) -> dict[str, Source] | None:
        start = beginning(opened.folder.parent / name) if opened.folder is not None else {}
        found = workflow_in(start).get("sources")
        return {s["path"]: codec.decode(Source, s) for s in found} if found else None

    return sources


def reader(opened: Opened) -> Callable[[Source], str | None]:
    """Gives the text of a source of the run, as it was run: from the work directory's store or from the crate."""

    def read(source: Source) -> str | None:
        wanted = source.kept or source.digest
        with contextlib.suppress(OSError, KeyError, ValueError, zipfile.BadZipFile, RuntimeError):
            data = _content(opened, source.path, wanted)
            if data is not None and digest.of_bytes(data) == wanted:
                return data.decode("utf-8", "replace")
        return None

    return read


def _content(opened: Opened, path: str, wanted: str) -> bytes | None:
    if opened.crate is not None and opened.crate.is_file():
        with zipfile.ZipFile(opened.crate) as archive:
            record = next(n for n in archive.namelist() if n == IN_CRATE or n.endswith("/" + IN_CRATE))
            info = archive.getinfo(record.removesuffix(IN_CRATE) + path)
            return archive.read(info) if info.file_size <= MAX_BYTES else None
    root = opened.files
    place = store.source_path(root, wanted) if root and opened.crate is None else (root or opened.crate)
    if place is None:
        return None
    if opened.crate is not None:
        place = place / path
        if not place.resolve().is_relative_to(opened.crate.resolve()):
            return None
    return place.read_bytes() if place.is_file() and place.stat().st_size <= MAX_BYTES else None
