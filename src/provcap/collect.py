"""Events + records → Run, and the Gaps between them."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from provcap import accounting, annotated, assessed, codec, digest, journal, progress, store, surroundings, told
from provcap.about import read_about
from provcap.errors import DamagedRecord
from provcap.model import Gap, Job, Run
from provcap.seal import chain
from provcap.standing import standing
from provcap.taken_over import changed
from provcap.undeclared import attribute, runs_beside

_JOB_PLAIN = (
    "id rule status attempt kind wildcards params threads resources group command script inputs outputs logs benchmark "
    "tools randomness limits filesystem network redactions environment hardware conda_env env_modules variables "
    "allocation started ended usage exit_code error log_tail loads"
).split()


def collect(folder: Path) -> Run:
    """Join what capture wrote in the run's `folder`, write ``run.json`` there and return the Run.

    Two calls give the same bytes. Raises DamagedRecord when not even the beginning of the run can be read, OSError
    when run.json cannot be written.
    """
    run = join(folder, accounting.ask)
    store.write_atomic(folder / "run.json", codec.dump_run(run).encode("utf-8", "surrogateescape"))
    if run.ended is not None:
        journal.gather(folder)
        chain.seal(folder)
    return run


def join(folder: Path, known: Callable[[Path, list[Job]], accounting.Answer] = accounting.kept) -> Run:
    """The Run in `folder`, from events, records and what is `known` of Slurm's jobs; nothing is written."""
    gaps: list[Gap] = []
    events = list(journal.read_lines(folder / "events.jsonl", journal.EVENT_FORMAT, gaps))
    with progress.step("reading records"):
        records = journal.read_records(folder, gaps)
    start = next((e for e in events if e.get("event") == "run_started"), None) or _beginning(folder, records)
    gaps += [Gap(**g) for g in start.get("gaps", ())]
    attempts = told.attempts(events, start.get("executor"))
    jobs = _ran(folder, start, records, attempts, gaps)
    jobs += _unrecorded(attempts, records, folder.name, gaps)
    jobs = accounting.account(jobs, known(folder, jobs), gaps)
    gaps += [_uncompleted(job) for job in jobs if records.get(job.id, {}).get("event") == "begin"]
    gaps += [Gap("events-lost", "run", e["message"]) for e in events if e.get("event") == "lost"]
    gaps += [Gap("seal-broken", "run", f"{name} is not as it was sealed: {why}") for name, why in chain.breaks(folder)]
    beside = _beside(folder, jobs, records)
    jobs += standing(events, jobs, folder, gaps, recorded)
    jobs = attribute(jobs, records, gaps, beside)
    jobs.sort(key=_start)
    return _assemble(folder, start, events, records, jobs, gaps)


def recorded(folder: Path) -> tuple[tuple[Job, ...], list[Gap]]:
    """The attempts that left a record in the run's `folder`, and what is not known of them; for the history of a later
    run."""
    gaps: list[Gap] = []
    jobs, records = _read(folder, gaps)
    return tuple(sorted(attribute(jobs, records, gaps, _beside(folder, jobs, records)), key=_start)), gaps


def _read(folder: Path, gaps: list[Gap]) -> tuple[list[Job], dict[str, dict[str, Any]]]:
    """The attempts that left a record in the run's `folder`, and those records."""
    events = list(journal.read_lines(folder / "events.jsonl", journal.EVENT_FORMAT, []))
    records = journal.read_records(folder, [])
    start = next((e for e in events if e.get("event") == "run_started"), {})
    return _ran(folder, start, records, told.attempts(events, start.get("executor")), gaps), records


def _beside(folder: Path, jobs: list[Job], records: dict[str, dict[str, Any]]) -> list[Job]:
    """The attempts of other runs that went on in the same directory (``--nolock``) while this one left new files."""
    return [job for other in runs_beside(folder, jobs, records) for job in _read(other, [])[0]]


def _ran(
    folder: Path,
    start: dict[str, Any],
    records: dict[str, dict[str, Any]],
    attempts: dict[told.Key, list[told.Told]],
    gaps: list[Gap],
) -> list[Job]:
    """The jobs of the records, with the statuses that the main process gave them."""
    sources = {s["place"]: s["path"] for s in (start.get("workflow") or {}).get("sources", ())}
    every = progress.over(records.values(), "joining records")
    jobs = [_job(record, folder.name, sources, gaps) for record in every]
    return told.settle(jobs, attempts)


def _start(job: Job) -> tuple[Any, ...]:
    """What attempts are sorted by: their start, then what tells them apart."""
    return (job.started or "", job.rule, sorted(job.wildcards.items()), job.attempt, job.id)


def _beginning(folder: Path, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What its records tell of the beginning of a run that was killed before it could be told, or lost that file."""
    began = [str(record["started"]) for record in records.values() if record.get("started")]
    if not began:
        raise DamagedRecord(
            "damaged-record",
            f"{folder / 'events.jsonl'} does not say how the run began",
            "the run was stopped before its first job, or the file was damaged; other runs: provcap list",
        )
    message = "nothing says how the run began: its workflow and command are not known, only what its jobs recorded"
    gap = {"slug": "events-lost", "subject": "run", "message": message}
    return {"time": min(began), "workdir": str(folder.absolute().parents[2]), "gaps": [gap]}


def _assemble(
    folder: Path,
    start: dict[str, Any],
    events: list[dict[str, Any]],
    records: dict[str, dict[str, Any]],
    jobs: list[Job],
    gaps: list[Gap],
) -> Run:
    end = next((e for e in reversed(events) if e.get("event") == "run_ended"), None)
    status = _status(events, jobs, end)
    if status == "lost":
        gaps.append(Gap("run-unfinished", "run", "Snakemake stopped without saying how the run ended"))
    workflow = _workflow(start, gaps)
    environments = journal.read_environments(folder, gaps)
    about, more = read_about(Path(start["workdir"]))
    study = annotated.kept(folder, gaps)
    plain = {
        "id": folder.name,
        "status": status,
        "started": start["time"],
        "ended": end["time"] if end else None,
        "log": end.get("log") if end else None,
        "targets": sorted({*start.get("targets", ()), *(end or {}).get("targets", ())}),
        "workflow": workflow,
        "environments": [{"id": name, **content} for name, content in sorted(environments.items())],
        "imports": surroundings.imports(records),
        "images": surroundings.images(records),
        "hardware": surroundings.machines(records),
        "steps": _steps(start, workflow),
        "assessments": assessed.kept(folder, gaps),
        "errors": _errors(events) if status != "succeeded" else [],
        **{k: start[k] for k in _RUN_PLAIN if start.get(k) is not None},
    }
    run = codec.decode(Run, {key: value for key, value in plain.items() if value is not None})
    run = surroundings.with_earlier(replace(run, jobs=tuple(jobs)), lambda name: _earlier(folder.with_name(name)))
    gaps += [*more, *changed(run, events, folder)]
    unique = sorted(set(gaps), key=lambda g: (g.subject, g.slug, g.message))
    run = replace(run, gaps=tuple(unique), about=about)
    return annotated.with_study(run, study) if study else run


def _earlier(folder: Path) -> Run | None:
    with contextlib.suppress(OSError, DamagedRecord):
        kept = folder / "run.json"
        return codec.load_run(kept.read_bytes(), str(kept)) if kept.exists() else join(folder)
    return None


_RUN_PLAIN = (
    "workdir command executor snakemake_version provcap_version python_version user hostname rerun_of origins"
).split()


def _job(record: dict[str, Any], run_id: str, sources: dict[str, str], gaps: list[Gap]) -> Job:
    plain = {key: record[key] for key in _JOB_PLAIN if key in record}
    plain["run"] = run_id
    if "script" in plain:
        plain["script"] = sources.get(plain["script"], plain["script"])
    if record["event"] == "begin":
        plain["status"] = "lost"
    if "image" in record:
        plain["image"] = surroundings.image_id(record)
    elif record.get("container"):
        plain["image"] = record["container"]
    if "imports" in record:
        plain["imports"] = codec.short_id(record["imports"])
    gaps += [Gap(**gap) for gap in record.get("gaps", ())]
    if record.get("redactions"):
        counts = ", ".join(f"{count} {rule}" for rule, count in sorted(record["redactions"].items()))
        gaps.append(Gap("redacted", f"job:{record['id']}", f"secrets were replaced in its record: {counts}"))
    if "outputs" in plain and record.get("status") == "succeeded":
        plain["outputs"] = [_touched(artifact) for artifact in plain["outputs"]]
    for artifact in (*plain.get("outputs", ()), *record.get("inputs", ())):
        if artifact.get("kind") == "missing" and record.get("status") == "succeeded":
            gaps.append(
                Gap("file-missing", f"file:{artifact['path']}", f"it was not there when {record['rule']} had run")
            )
    return codec.decode(Job, plain)


def _touched(artifact: dict[str, Any]) -> dict[str, Any]:
    """What Snakemake makes of a ``touch()`` output that the job did not make: an empty file."""
    if artifact.get("kind") != "missing" or "touch" not in artifact.get("flags", ()):
        return artifact
    return {**artifact, "kind": "file", "digest": digest.of_bytes(b""), "size_bytes": 0}


def _uncompleted(job: Job) -> Gap:
    if job.status == "lost":
        return Gap("end-unknown", f"job:{job.id}", "the attempt began and nothing says how it ended")
    who = "Slurm" if job.accounting and (job.error or "").startswith("Slurm: ") else "Snakemake"
    message = f"its record was not completed: {job.status} is what {who} said, its files were not looked at"
    return Gap("record-incomplete", f"job:{job.id}", message)


def _unrecorded(
    attempts: dict[told.Key, list[told.Told]], records: dict[str, dict[str, Any]], run_id: str, gaps: list[Gap]
) -> list[Job]:
    """Attempts that Snakemake started and that left no record: a node that died, a hook that was not there."""
    recorded: dict[told.Key, int] = defaultdict(int)
    for record in records.values():
        recorded[told.key_of(record.get("rule"), record.get("wildcards"))] += 1
    jobs: list[Job] = []
    for key, seen in attempts.items():
        for number, one in enumerate(seen[recorded[key] :], recorded[key] + 1):
            job_id, rule = codec.short_id([run_id, one.info["jobid"], number]), one.info["rule_name"]
            message = f"{rule} left no record: {one.status} is what Snakemake said"
            gaps.append(Gap("no-record", f"job:{job_id}", message))
            jobs.append(
                Job(
                    id=job_id,
                    run=run_id,
                    rule=rule,
                    status=one.status,
                    attempt=number,
                    wildcards=one.info.get("wildcards", {}),
                    started=one.info["time"],
                    ended=one.time,
                    error=one.error,
                    allocation=one.allocation,
                )
            )
    return jobs


def _status(events: list[dict[str, Any]], jobs: list[Job], end: dict[str, Any] | None) -> str:
    last: dict[tuple[Any, ...], str] = {}
    for job in jobs:
        last[told.key_of(job.rule, job.wildcards)] = job.status
    if end is None:
        return "lost"
    complete = end.get("remaining") == 0 or _all_done(events)
    return "succeeded" if complete and not {"failed", "lost"} & set(last.values()) else "failed"


def _all_done(events: list[dict[str, Any]]) -> bool:
    progress = [e for e in events if e.get("event") == "progress"]
    return bool(progress) and progress[-1].get("done") == progress[-1].get("total")


def _errors(events: list[dict[str, Any]]) -> list[str]:
    told = [str(e["message"]) for e in events if e.get("event") in ("error", "interrupted") and e.get("message")]
    return list(dict.fromkeys(told))


def _workflow(start: dict[str, Any], gaps: list[Gap]) -> dict[str, Any]:
    found = dict(start.get("workflow") or {"snakefile": "unknown"})
    found.pop("root", None)
    changed = ", ".join(found.pop("changed", ()))
    if "commit" not in found:
        gaps.append(
            Gap(
                "workflow-unversioned",
                "run",
                "the workflow is not in a git checkout: only its files' digests tell its version",
            )
        )
    elif found.get("dirty"):
        gaps.append(
            Gap("workflow-dirty", "run", f"the workflow differed from commit {found['commit'][:12]}: {changed}")
        )
    return found


def _steps(start: dict[str, Any], workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps with the paths of Sources instead of places on the machine."""
    paths = {s["place"]: s["path"] for s in workflow.get("sources", ())}
    steps = []
    for step in start.get("steps", ()):
        steps.append({k: paths.get(v, v) if k in ("source", "script") else v for k, v in step.items()})
    return steps
