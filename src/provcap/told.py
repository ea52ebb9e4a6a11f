"""What Snakemake's main process said of each attempt, beside what the attempt's own record says.

A record is completed before Snakemake looks at the outputs, so only the main process knows that it then refused them
(missing, empty, wrong checksum), and that it was itself what ended a service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from provcap.model import Job
from provcap.model.job import Status

Key = tuple[Any, ...]


@dataclass(slots=True)
class Told:
    """One attempt as the main process saw it."""

    info: dict[str, Any]  #: the event that announced it
    status: Status = "lost"  #: as long as no event says how it ended
    time: str | None = None
    error: str | None = None
    allocation: dict[str, str] = field(default_factory=dict)


def key_of(rule: Any, wildcards: Any) -> Key:
    """What tells jobs apart in every process."""
    return (rule, tuple(sorted((wildcards or {}).items())))


def attempts(events: Iterable[dict[str, Any]], executor: str | None = None) -> dict[Key, list[Told]]:
    """For each job, the attempts that the main process saw, in their order; `executor` sent them to their nodes."""
    running: dict[Any, Told] = {}
    found: dict[Key, list[Told]] = defaultdict(list)
    for event in events:
        kind, jobid = event.get("event"), event.get("jobid")
        if kind == "job_info":
            running[jobid] = Told(event)
            found[key_of(event.get("rule_name"), event.get("wildcards"))].append(running[jobid])
        elif kind == "error":
            _blame(running.values(), event)
        elif kind == "job_finished" and jobid in running:
            ended = running.pop(jobid)
            ended.status, ended.time, ended.error = "succeeded", event["time"], None
        elif kind == "job_error" and jobid in running:
            ended = running.pop(jobid)
            ended.status, ended.time = "failed", event["time"]
            if event.get("external_jobid"):
                system = {"system": executor} if executor else {}
                ended.allocation = {**system, "job_id": event["external_jobid"]}
    return found


def _blame(running: Iterable[Told], event: dict[str, Any]) -> None:
    """An error that names a rule whose job is open is that job's, unless it is said to have finished later."""
    message = str(event.get("message") or "")
    for told in running:
        if f"in rule {told.info.get('rule_name')} in file" in message:
            told.status, told.time, told.error = "failed", event["time"], message


def settle(jobs: Iterable[Job], told: dict[Key, list[Told]]) -> list[Job]:
    """The recorded `jobs`, with the status that the main process gave them where it alone can know."""
    by_key: dict[Key, list[Job]] = defaultdict(list)
    for job in jobs:
        by_key[key_of(job.rule, job.wildcards)].append(job)
    settled: list[Job] = []
    for key, recorded in by_key.items():
        recorded.sort(key=lambda job: (job.attempt, job.started or "", job.id))
        said = told.get(key, [])
        if len(said) != len(recorded):  # repeated on the node, or not recorded: only the last is sure
            recorded, before = recorded[-1:], recorded[:-1]
            settled += before
            said = said[-1:]
        settled += [_settled(job, one) for job, one in zip(recorded, said, strict=False)]
        settled += recorded[len(said) :]
    return settled


def _settled(job: Job, told: Told) -> Job:
    if job.status == "succeeded" and told.status == "failed":
        lines = (told.error or "").splitlines()
        why = " ".join(line.strip() for line in lines[1:] or lines)
        return replace(job, status="failed", error=why or "Snakemake did not accept what it made")
    if job.status == "lost" and told.status != "lost":  # its record was not completed
        return replace(job, status=told.status, ended=told.time, error=told.error)
    if job.status == "failed" and told.status == "succeeded" and any("service" in a.flags for a in job.outputs):
        return replace(job, status="succeeded", error=None)
    return job
