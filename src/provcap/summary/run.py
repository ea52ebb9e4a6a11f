"""A run, and many runs, in words and columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from provcap import questions
from provcap.model import Artifact, Gap, Job, Run
from provcap.summary.columns import line, seconds, size, table
from provcap.summary.things import machine_line, software

GOING_ON = "going on"
_UNENDED = ("end-unknown", "run-unfinished")  #: gaps that are none before the end


def of_run(run: Run, going_on: bool = False) -> str:
    """What ran, in one screen; with `going_on`, its Snakemake is still at work."""
    if going_on:
        run = replace(run, gaps=tuple(gap for gap in run.gaps if gap.slug not in _UNENDED))
    parts = [table(_head(run, going_on)), table(_rules(run, going_on), right=(1, 2, 3, 4, 5))]
    failed = [job for job in run.jobs if _failed(job, going_on)]
    if failed:
        parts.append("failed\n" + "\n".join(map(_failure, failed)))
    parts.append(table(file_rows("inputs", questions.external_inputs(run))))
    parts.append(table(file_rows("outputs", questions.final_outputs(run))))
    if run.gaps:
        parts.append(f"not known ({len(run.gaps)})\n" + gaps(run.gaps[:12]) + ("\n  …" if len(run.gaps) > 12 else ""))
    return "\n\n".join(p for p in parts if p)


def _failed(job: Job, going_on: bool) -> bool:
    """Whether the attempt failed; one without an end is not lost while the run goes on."""
    return job.status == "failed" or (job.status == "lost" and not going_on)


def _failure(job: Job) -> str:
    """What went wrong, with the end of the log."""
    tail = (job.log_tail or "").splitlines()[-3:]
    first = f"  {job.id}  {job.label}, attempt {job.attempt}: {job.error or job.status}"
    return "\n".join([first, *(f"      | {line}" for line in tail)])


def gaps(found: Iterable[Gap]) -> str:
    """A line per gap."""
    return "\n".join(f"  [{g.slug}] {g.subject}: {g.message}" for g in found)


def _head(run: Run, going_on: bool) -> list[tuple[str, str]]:
    flow = run.workflow
    version = f" (git {flow.commit[:12]}{', with changes' if flow.dirty else ''})" if flow.commit else ""
    foreign = any(gap.slug == "foreign-crate" for gap in run.gaps)
    engine = "" if foreign else f", Snakemake {run.snakemake_version or '?'}"
    status = GOING_ON if going_on else run.status
    rows = [
        ("run", f"{run.id}  {status}  " + (f"{run.started[:19].replace('T', ' ')} UTC" if run.started else "")),
        ("workflow", f"{flow.snakefile}{version}{engine}"),
        ("command", " ".join(run.command)),
        ("where", "" if foreign else f"{run.workdir}, started on {run.hostname or '?'} by {run.user or '?'}"),
        ("attempts", _attempts(run, going_on)),
    ]
    rows += [("machine", machine_line(machine)) for machine in run.hardware]
    rows += [("image", f"{i.reference}  {i.digest or 'digest unknown'}") for i in run.images]
    rows += [("software", software(e)) for e in run.environments]
    return rows


def _attempts(run: Run, going_on: bool) -> str:
    """How the attempts ended; what was kept without running is none, and told apart."""
    ended = Counter(GOING_ON if going_on and j.status == "lost" else j.status for j in questions.executed(run))
    kept = Counter(j.status.replace("_", " ") for j in run.jobs if not questions.ran(j))
    states, others = (", ".join(f"{n} {status}" for status, n in sorted(c.items())) for c in (ended, kept))
    told = f"{ended.total()}: {states}" if ended else "none"
    return f"{told}; not run: {others}" if kept else told


def _rules(run: Run, going_on: bool) -> list[tuple[str, ...]]:
    if not run.jobs:
        return []
    rows: list[tuple[str, ...]] = [("rule", "attempts", "failed", "wall", "CPU", "memory, at least")]
    names = dict.fromkeys([s.rule for s in run.steps] + [j.rule for j in run.jobs])
    for name in names:
        jobs = [job for job in run.jobs if job.rule == name]
        ran = [job for job in jobs if questions.ran(job)]
        used = [job.usage for job in ran if job.usage]
        memory = max((u.max_rss_bytes or 0 for u in used), default=0)
        cpu = sum((u.cpu_user_s or 0) + (u.cpu_system_s or 0) for u in used)
        failed = sum(_failed(job, going_on) for job in jobs)
        wall = sum(u.wall_s or 0 for u in used)
        rows.append(
            (name, str(len(ran)), str(failed or ""), seconds(wall), seconds(cpu), size(memory) if memory else "")
        )
    return rows


def digest_text(artifact: Artifact) -> str:
    """Its digest, or why it has none."""
    return artifact.digest or ("not written" if artifact.kind == "missing" else "not hashed")


def file_rows(title: str, artifacts: Sequence[Artifact], most: int = 20) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(title, "", "")]
    rows += [
        ("  " + line(a.path), "" if a.kind == "missing" else size(a.size_bytes), digest_text(a)[:23])
        for a in artifacts[:most]
    ]
    if len(artifacts) > most:
        rows.append((f"  … and {len(artifacts) - most} more", "", ""))
    return rows if artifacts else []


def of_runs(runs: Iterable[Run], going_on: Container[str] = ()) -> str:
    """One line per run; `going_on` has the ids of those whose Snakemake is still at work."""
    rows = [("run", "status", "jobs", "failed", "command")]
    for run in runs:
        failed = sum(_failed(job, run.id in going_on) for job in run.jobs)
        status = GOING_ON if run.id in going_on else run.status
        rows.append((run.id, status, str(len(run.jobs)), str(failed or ""), " ".join(run.command)[:80]))
    return table(rows, right=(2, 3))


def of_jobs(run: Run) -> str:
    """One line per attempt."""
    rows = [("job", "status", "attempt", "wall", "rule")]
    for job in run.jobs:
        rows.append(
            (job.id, job.status, str(job.attempt), seconds(job.usage.wall_s if job.usage else None), line(job.label))
        )
    return table(rows, right=(2, 3))


def packages(run: Run) -> str:
    """Every package of every environment, as its manager calls it."""
    parts = []
    for environment in run.environments:
        rows = [(p.manager, p.name, p.version, p.origin or "") for p in environment.packages]
        parts.append(software(environment) + "\n" + table(rows))
    return "\n\n".join(parts)
