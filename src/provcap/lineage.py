"""Who made this file, from what, with what."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from provcap import questions
from provcap.errors import ProvcapError
from provcap.model import Job, Run


def recorded_path(run: Run, given: str, here: Path) -> str:
    """The path by which `run` knows the file that the user calls `given` in the directory `here`.

    Raises ProvcapError with the nearest known names.
    """
    known = {a.path for job in run.jobs for a in (*job.read, *job.made, *job.logs)}
    absolute = os.path.normpath(here / given)
    inside = os.path.relpath(absolute, run.workdir)
    for candidate in (given, os.path.normpath(given), inside, absolute):
        if candidate in known:
            return candidate
    told = [gap.message for gap in run.gaps if gap.subject in (f"file:{given}", f"file:{inside}")]
    if told:
        raise ProvcapError("unknown-file", f"who made {given} is not known: {told[0]}", "all gaps: provcap show")
    near = difflib.get_close_matches(given, known, n=3, cutoff=0.6)
    hint = f"perhaps {', '.join(near)}" if near else "files stand in: provcap show"
    raise ProvcapError("unknown-file", f"the run {run.id} has no record of {given}", hint)


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


def origins(run: Run, path: str) -> list[str]:
    """The files from outside of the run that `path` goes back to, by path."""
    made = questions.producers(run)
    return sorted({a.path for _, job in chain(run, path) for a in job.read if a.path not in made})
