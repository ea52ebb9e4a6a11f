"""Who made this file, from what, with what."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from provcap import questions
from provcap.errors import ProvcapError
from provcap.model import Gap, Job, Run


def recorded_path(run: Run, given: str, here: Path) -> str:
    """The path by which `run` knows the file that the user calls `given` in the directory `here`.

    Raises ProvcapError with the nearest known names.
    """
    known = set(paths(run))
    candidates = names(run.workdir, given, here)
    for candidate in candidates:
        if candidate in known:
            return candidate
    source = next((s for s in run.workflow.sources if s.path in candidates or s.place in candidates), None)
    if source:
        message = f"no job read or made {given}: it is part of the workflow ({source.role}), {source.digest}"
        raise ProvcapError("part-of-the-workflow", message, "which job ran a script: provcap show --jobs, --job ID")
    told = [gap.message for gap in run.gaps if gap.subject in {f"file:{candidate}" for candidate in candidates}]
    if told:
        raise ProvcapError("unknown-file", f"who made {given} is not known: {told[0]}", "all gaps: provcap show")
    raise ProvcapError("unknown-file", f"the run {run.id} has no record of {given}", perhaps(given, known))


def paths(run: Run) -> Iterable[str]:
    """Every file that a job of `run` read, made or logged to; some more than once."""
    return (path for job in run.jobs for path in _met(job))


def perhaps(given: str, known: Iterable[str]) -> str:
    """What a person may do who meant one of the `known` files with `given`."""
    near = difflib.get_close_matches(given, set(known), n=3, cutoff=0.6)
    return f"perhaps {', '.join(near)}" if near else "files stand in: provcap show"


def names(workdir: str, given: str, here: Path) -> tuple[str, ...]:
    """What a run in `workdir` may call the file that the user calls `given` in `here`, likely ones first."""
    absolute = os.path.normpath(here / given)
    return given, os.path.normpath(given), os.path.relpath(absolute, workdir), absolute


def chain(run: Run, path: str) -> list[tuple[int, Job]]:
    """The attempts that led to `path`, nearest first, each with its distance in steps."""
    made = questions.producers(run)
    first = made.get(path)
    queue, found = [(0, first)] if first else [], dict[str, tuple[int, Job]]()
    for depth, job in queue:
        if job.id in found:
            continue
        found[job.id] = (depth, job)
        queue += [(depth + 1, made[a.path]) for a in job.read if a.path in made]
    return list(found.values())


def history(run: Run, path: str) -> Run:
    """Of `run`, only what tells of the file at `path`: the attempts that led to it, or else those that met it."""
    jobs = {job.id for _, job in chain(run, path)} or {job.id for job in run.jobs if path in _met(job)}
    return with_jobs(run, [job for job in run.jobs if job.id in jobs], run.gaps)


def with_jobs(run: Run, jobs: Sequence[Job], gaps: Iterable[Gap]) -> Run:
    """`run` with only these `jobs`, and those of `gaps` that are about them, their files or the run as a whole."""
    subjects = subjects_of(jobs)
    return replace(run, jobs=tuple(jobs), gaps=tuple(gap for gap in gaps if gap.subject in subjects))


def subjects_of(jobs: Iterable[Job]) -> set[str]:
    """What a gap can be about when it is about one of `jobs`, its files, or the run as a whole."""
    found = {"run"}
    for job in jobs:
        found |= {f"job:{job.id}", f"environment:{job.environment}", f"image:{job.image}"}
        found |= {f"file:{path}" for path in _met(job)}
    return found


def _met(job: Job) -> set[str]:
    return {a.path for a in (*job.read, *job.made, *job.logs)}


def origins(run: Run, path: str) -> list[str]:
    """The files from outside of the run that `path` goes back to, by path."""
    made = questions.producers(run)
    return sorted({a.path for _, job in chain(run, path) for a in job.read if a.path not in made})
