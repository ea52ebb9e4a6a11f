"""What earlier runs in a work directory tell of its files: who made them last, and what is not known of that."""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provcap import codec, questions, store
from provcap.errors import DamagedRecord
from provcap.model import Gap, Job

OUTSIDE = "standing-"  #: begins the id of a job that no recorded run ran
Recorded = Callable[[Path], tuple[tuple[Job, ...], list[Gap]]]  #: the attempts of a run, and what is not known of it

#: gaps of a file that say what is not known of it as the attempt met it
_OF_FILES = frozenset(("input-changed", "not-hashed", "not-hashed-by-policy", "file-missing"))


@dataclass
class History:
    """What the runs before one tell of each path."""

    makers: dict[str, Job] = field(default_factory=dict)  #: the attempt that last made it
    #: a later attempt at it that fell short: Snakemake removed what was there
    left: dict[str, Job] = field(default_factory=dict)
    #: each with the subjects of the jobs that it is about
    gaps: list[tuple[set[str], Gap]] = field(default_factory=list)


def history(folder: Path, recorded: Recorded) -> History:
    """What the runs before this one, collected or not, tell of each path.

    What a run itself made counts for more than what it found up to date, which names a still earlier run's attempt.
    """
    found = History()
    every = store.list_runs(folder.absolute().parents[2])
    names = {other.name for other in every}
    for other in itertools.takewhile(lambda f: f.name != folder.name, every):
        jobs, unknown = _of(other, recorded)
        found.gaps += _about(unknown, [job for job in jobs if job.run == other.name or job.run not in names])
        for path, job in questions.makers(jobs).items():
            if job.status != "up_to_date":
                found.makers[path] = job
            elif not job.id.startswith(OUTSIDE):
                found.makers.setdefault(path, job)
        for job in jobs:
            if questions.fell_short(job):
                found.left.update({a.path: job for a in job.outputs if "update" not in a.flags})
            elif job.status != "up_to_date":
                for artifact in job.made:
                    found.left.pop(artifact.path, None)
    return found


def _of(folder: Path, recorded: Recorded) -> tuple[tuple[Job, ...], Sequence[Gap]]:
    """The attempts of the run in `folder`, and its Gaps. Of one that was killed the records are asked again: nobody may
    have collected it, or a job that outlived it may have completed its record since."""
    with contextlib.suppress(OSError, DamagedRecord):
        run = codec.load_run((folder / "run.json").read_bytes(), str(folder))
        if run.ended is not None:
            return run.jobs, run.gaps
    with contextlib.suppress(DamagedRecord):
        return recorded(folder)
    return (), ()


def _about(unknown: Sequence[Gap], jobs: list[Job]) -> Iterator[tuple[set[str], Gap]]:
    """The gaps about a job, or about a file as one of `jobs` met it; each with the subjects of these jobs."""
    met: dict[str, set[str]] = defaultdict(set)
    if any(gap.slug in _OF_FILES for gap in unknown):
        for job in jobs:
            for artifact in (*job.read, *job.made, *job.logs):
                met[f"file:{artifact.path}"].add(f"job:{job.id}")
    for gap in unknown:
        if gap.subject.startswith("job:"):
            yield {gap.subject}, gap
        elif gap.slug in _OF_FILES and gap.subject in met:
            yield met[gap.subject], gap
