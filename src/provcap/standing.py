"""Results that were up to date: several invocations that together made a result are one history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from provcap import codec, questions, store
from provcap.errors import DamagedRecord
from provcap.model import Gap, Job

_PLAIN = (
    "rule kind wildcards params threads group command script inputs outputs logs benchmark conda_env env_modules"
).split()


def standing(events: list[dict[str, Any]], folder: Path, gaps: list[Gap]) -> list[Job]:
    """Jobs whose results were up to date: the attempt of an earlier run that made them, when it is known."""
    wanted = [e for e in events if e.get("event") == "up_to_date"]
    if not wanted:
        return []
    earlier = _earlier_producers(folder)
    jobs: dict[str, Job] = {}
    for entry in wanted:
        paths = [o["path"] for o in entry.get("outputs", ())]
        made_by = {earlier[p].id: earlier[p] for p in paths if p in earlier}
        if made_by and len([p for p in paths if p in earlier]) == len(paths):
            for job in made_by.values():
                jobs[job.id] = replace(job, status="up_to_date")
            continue
        job_id = "standing-" + codec.short_id([entry["rule"], entry.get("wildcards", {}), paths])
        gaps.append(
            Gap("made-outside-capture", f"job:{job_id}", f"no recorded run made the results of {entry['rule']}")
        )
        plain = {k: entry[k] for k in _PLAIN if k in entry}
        jobs[job_id] = codec.decode(Job, {**plain, "id": job_id, "run": folder.name, "status": "up_to_date"})
    return list(jobs.values())


def _earlier_producers(folder: Path) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for other in store.list_runs(folder.parents[2]):
        if other.name >= folder.name:
            break
        try:
            run = codec.load_run((other / "run.json").read_bytes(), str(other))
        except (OSError, DamagedRecord):
            continue
        found.update(questions.producers(run))
    return found
