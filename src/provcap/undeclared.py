"""Whose files are those that no rule names by themselves: new ones, opened ones, and those inside of directories?"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from provcap import codec, journal, store
from provcap.capture.newfiles import parents
from provcap.model import Artifact, Gap, Job
from provcap.questions import delivered


def attribute(
    jobs: list[Job], records: dict[str, dict[str, Any]], gaps: list[Gap], beside: Sequence[Job] = ()
) -> list[Job]:
    """The jobs with their undeclared inputs and outputs.

    A new file belongs to the one job that ran when it was last changed and that has outputs in its directory (or, for
    the work directory itself, to the one job that ran). When several did, nobody can tell, and a Gap says so. `beside`
    are the jobs of other runs that wrote to the same directory: what they made or may have made is seen there.
    """
    declared = _declared(jobs)
    theirs = _declared(beside)
    made: dict[str, list[Artifact]] = defaultdict(list)
    for path, entry in sorted(_new_files(records).items()):
        if path in declared or path in theirs:
            continue
        owners = [job for job in jobs if _could_make(job, path, entry["changed"])]
        strangers = [job for job in beside if _could_make(job, path, entry["changed"])]
        if len(strangers) == 1 and not owners:
            continue
        if len(owners) == 1 and not strangers:
            artifact = codec.decode(Artifact, {key: value for key, value in entry.items() if key != "changed"})
            made[owners[0].id].append(artifact)
        else:
            count = len(owners) + len(strangers)
            message = f"no rule names it, and {count} jobs that could have made it ran when it was last changed"
            gaps.append(Gap("undeclared-output", f"file:{path}", message))
    for job_id, artifacts in made.items():
        for artifact in artifacts:
            gaps.append(
                Gap("undeclared-output", f"job:{job_id}", f"{artifact.path}, which no rule names, is new since it ran")
            )
    opened = _opened(records, declared, gaps)
    return with_members([_with(job, made[job.id], opened[job.id]) for job in jobs])


def _with(job: Job, made: list[Artifact], opened: list[Artifact]) -> Job:
    """`job` with what it made and opened besides; of one of an earlier run that is known already."""
    return replace(
        job,
        undeclared_outputs=tuple(made) or job.undeclared_outputs,
        undeclared_inputs=tuple(opened) or job.undeclared_inputs,
    )


def runs_beside(folder: Path, jobs: list[Job], records: dict[str, dict[str, Any]]) -> list[Path]:
    """The folders of other runs that may have written to the directory of the run in `folder` while new files appeared
    there."""
    changed = [entry["changed"] for entry in _new_files(records).values()]
    began = [datetime.fromisoformat(job.started).timestamp() for job in jobs if job.started]
    if not changed or not began:
        return []
    last = max(changed)[:19].replace("-", "").replace(":", "")  # as run ids begin
    others = [path for path in store.list_runs(folder.absolute().parents[2]) if path.name != folder.name]
    return [path for path in others if path.name[:15] <= last and journal.last_written(path) >= min(began)]


def with_members(jobs: list[Job]) -> list[Job]:
    """The jobs, each with the files that others read from inside its directory() outputs.

    Snakemake knows such files by the directory alone; without this the way back from a result would end there.
    """
    made = {a.path for job in jobs for a in job.made}
    folders = {a.path: job.id for job in jobs if delivered(job) for a in job.outputs if a.kind == "directory"}
    members: dict[str, dict[str, Artifact]] = defaultdict(dict)
    for job in jobs if folders else ():
        for artifact in job.read:
            owner = next((folders[p] for p in parents(artifact.path) if p in folders), None)
            if owner not in (None, job.id) and artifact.path not in made and artifact.kind != "missing":
                members[str(owner)][artifact.path] = replace(artifact, name=None, flags=())
    return [replace(job, members=_sorted(members[job.id])) if job.id in members else job for job in jobs]


def _sorted(found: dict[str, Artifact]) -> tuple[Artifact, ...]:
    return tuple(found[path] for path in sorted(found))


def _new_files(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["path"]: entry for record in records.values() for entry in record.get("new_files", ())}


def _declared(jobs: Iterable[Job]) -> set[str]:
    found = {a.path for job in jobs for a in (*job.inputs, *job.outputs, *job.logs)}
    return found | {job.benchmark for job in jobs if job.benchmark}


def _could_make(job: Job, path: str, changed: str) -> bool:
    if job.started is None or job.status in ("up_to_date", "cached"):
        return False
    if not job.started[:22] <= changed[:22] or (job.ended is not None and changed[:22] > job.ended):
        return False
    folder = os.path.dirname(path)
    return folder == "" or folder in {os.path.dirname(a.path) for a in job.outputs}


def _opened(records: dict[str, dict[str, Any]], declared: set[str], gaps: list[Gap]) -> dict[str, list[Artifact]]:
    """Files that a job read and its rule does not name as inputs."""
    found: dict[str, list[Artifact]] = defaultdict(list)
    for job_id, record in records.items():
        for entry in record.get("undeclared_inputs", ()):
            found[job_id].append(codec.decode(Artifact, entry))
            known = "another rule's file" if entry["path"] in declared else "which no rule names"
            gaps.append(Gap("undeclared-input", f"job:{job_id}", f"it read {entry['path']}, {known}"))
    return found
