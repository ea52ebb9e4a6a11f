"""The questions that every output asks of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from provcap.model import Artifact, Gap, Job, Run


def executed(run: Run) -> Iterator[Job]:
    """The attempts that really ran something, in the order of their start."""
    return (job for job in run.jobs if ran(job))


def ran(job: Job) -> bool:
    """Whether the attempt really ran something, to whatever end."""
    return job.status == "succeeded" or fell_short(job)


def fell_short(job: Job) -> bool:
    """Whether the attempt began and did not succeed."""
    return job.status in ("failed", "lost")


def producers(run: Run) -> dict[str, Job]:
    """For each path, the attempt that last made it."""
    return makers(run.jobs)


def makers(jobs: Iterable[Job]) -> dict[str, Job]:
    """For each path, the last of `jobs`, which are in the order of their start, that made it."""
    made: dict[str, Job] = {}
    for job in jobs:
        if delivered(job):
            made.update({artifact.path: job for artifact in job.made})
    return made


def delivered(job: Job) -> bool:
    """Whether what the attempt made counts as a result."""
    return job.status in ("succeeded", "cached", "up_to_date")


def external_inputs(run: Run) -> tuple[Artifact, ...]:
    """The files that the run read and did not make, by path."""
    made = producers(run)
    found = {a.path: a for job in run.jobs for a in job.read if a.path not in made}
    return tuple(found[path] for path in sorted(found))


def final_outputs(run: Run) -> tuple[Artifact, ...]:
    """The results: files that the run made and that were asked for, or that no job read, by path."""
    read = {a.path for job in run.jobs for a in job.read} - set(run.targets)
    return tuple(a for a in outputs(run) if a.path not in read and not is_transient(a))


def outputs(run: Run) -> tuple[Artifact, ...]:
    """Every file that the run made, as the last attempt left it, by path."""
    found = {a.path: a for job in producers(run).values() for a in job.made}
    return tuple(found[path] for path in sorted(found))


def is_now(run: Run, artifact: Artifact, found: str) -> bool:
    """Whether what has the digest `found` is what `artifact` was, perhaps with its lineage embedded since."""
    return artifact.digest in (None, found) or any(
        (e.path, e.file, e.embedded) == (artifact.path, artifact.digest, found) for e in run.embeddings
    )


def as_made(run: Run) -> Run:
    """`run` as if no lineage had been embedded: what its jobs read afterwards counts as what was made."""
    made = {(one.path, one.embedded): one.file for one in run.embeddings}

    def known(artifacts: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
        return tuple(replace(a, digest=made.get((a.path, a.digest or ""), a.digest)) for a in artifacts)

    jobs = (replace(j, inputs=known(j.inputs), undeclared_inputs=known(j.undeclared_inputs)) for j in run.jobs)
    return replace(run, jobs=tuple(jobs)) if made else run


def is_transient(artifact: Artifact) -> bool:
    """Whether the artifact is gone when the run has ended: temp(), pipe() and service()."""
    return bool({"temp", "pipe", "service"} & set(artifact.flags)) or artifact.kind in ("pipe", "service")


def gaps_of(run: Run, subjects: Iterable[str]) -> tuple[Gap, ...]:
    """The gaps about any of `subjects`."""
    wanted = set(subjects)
    return tuple(gap for gap in run.gaps if gap.subject in wanted)
