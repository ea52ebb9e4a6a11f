"""Results that were up to date: several invocations that together made a result are one history."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from provcap import codec, embed, questions, store
from provcap.errors import DamagedRecord
from provcap.model import Gap, Job

OUTSIDE = "standing-"  #: begins the id of a job that no recorded run ran
Recorded = Callable[[Path], tuple[tuple[Job, ...], list[Gap]]]  #: the attempts of a run, and what is not known of it

_PLAIN = (
    "rule kind wildcards params threads group command script inputs outputs logs benchmark conda_env env_modules"
).split()


def standing(
    events: list[dict[str, Any]], ran: list[Job], folder: Path, gaps: list[Gap], recorded: Recorded
) -> list[Job]:
    """The attempts of earlier runs that made what was up to date, or what `ran` read and nobody in this run made.

    Snakemake names the first; the second are not in its plan (the parts of an earlier ``--batch``, say) and are known
    by path and digest. What no recorded run made has a Gap; what is not known of an earlier attempt is not
    known now. `recorded` reads the attempts of a run, and its Gaps, from its records.
    """
    wanted = [e for e in events if e.get("event") == "up_to_date"]
    made = {artifact.path for job in ran for artifact in job.made}
    if not wanted and all(artifact.path in made for job in ran for artifact in job.read):
        return []
    earlier, unknown = _earlier_producers(folder, recorded)
    jobs: dict[str, Job] = {}
    for entry in wanted:
        paths = [o["path"] for o in entry.get("outputs", ())]
        made_by = {earlier[p].id: earlier[p] for p in paths if p in earlier}
        if made_by and len([p for p in paths if p in earlier]) == len(paths):
            for job in made_by.values():
                jobs[job.id] = replace(job, status="up_to_date")
            continue
        job_id = OUTSIDE + codec.short_id([entry["rule"], entry.get("wildcards", {}), paths])
        gaps.append(
            Gap("made-outside-capture", f"job:{job_id}", f"no recorded run made the results of {entry['rule']}")
        )
        plain = {k: entry[k] for k in _PLAIN if k in entry}
        jobs[job_id] = codec.decode(Job, {**plain, "id": job_id, "run": folder.name, "status": "up_to_date"})
    found = _with_makers(ran, list(jobs.values()), earlier, folder.absolute().parents[2])
    subjects = {f"job:{job.id}" for job in found}
    gaps += [gap for gap in unknown if gap.subject in subjects]
    return found


def _with_makers(ran: list[Job], found: list[Job], earlier: dict[str, Job], workdir: Path) -> list[Job]:
    """`found` and the earlier attempts that made, byte for byte or but for its lineage, what it and `ran` read."""
    made = {artifact.path for job in (*ran, *found) for artifact in job.made}
    reading = [*ran, *found]
    for job in reading:
        for artifact in job.read:
            maker = earlier.get(artifact.path)
            if maker is None or artifact.path in made or artifact.digest is None:
                continue
            same = {artifact.digest, embed.known_as(workdir, artifact.digest)}
            if any(a.path == artifact.path and a.digest in same for a in maker.made):
                maker = replace(maker, status="up_to_date")
                made.update(a.path for a in maker.made)
                reading.append(maker)
                found.append(maker)
    return found


def _history(folder: Path, recorded: Recorded) -> tuple[tuple[Job, ...], Iterable[Gap]]:
    """The attempts of the run in `folder`, and its Gaps. Of one that was killed the records are asked again: nobody may
    have collected it, or a job that outlived it may have completed its record since."""
    with contextlib.suppress(OSError, DamagedRecord):
        run = codec.load_run((folder / "run.json").read_bytes(), str(folder))
        if run.ended is not None:
            return run.jobs, run.gaps
    with contextlib.suppress(DamagedRecord):
        return recorded(folder)
    return (), ()


def _earlier_producers(folder: Path, recorded: Recorded) -> tuple[dict[str, Job], list[Gap]]:
    """For each path, the attempt that last made it in the runs before this one, collected or not; and their Gaps.

    What a run itself made counts for more than what it found up to date, which names a still earlier run's attempt.
    """
    found: dict[str, Job] = {}
    gaps: list[Gap] = []
    for other in itertools.takewhile(lambda f: f.name != folder.name, store.list_runs(folder.absolute().parents[2])):
        jobs, unknown = _history(other, recorded)
        gaps += [gap for gap in unknown if gap.subject.startswith("job:")]
        for path, job in questions.makers(jobs).items():
            if job.status != "up_to_date":
                found[path] = job
            elif not job.id.startswith(OUTSIDE):
                found.setdefault(path, job)
    return found, gaps
