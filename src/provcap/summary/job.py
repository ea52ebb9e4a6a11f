"""One attempt, and the way back from a file."""

from __future__ import annotations

from provcap import lineage, questions
from provcap.bioimage.weights.saying import Known
from provcap.errors import ProvcapError
from provcap.model import Job, Run
from provcap.summary.columns import size, table
from provcap.summary.run import file_rows, gaps
from provcap.summary.things import accounting_line, machine_line, software, usage_line

NOTHING = "nothing: no job on the way read a file from outside; what a job fetches from a network is not recorded"


def find_job(run: Run, name: str) -> Job:
    """The attempt whose id begins with `name`, or the only one of that rule. Raises ProvcapError."""
    hits = [job for job in run.jobs if job.id.startswith(name)] or [j for j in run.jobs if name in (j.rule, j.label)]
    if len(hits) != 1:
        count = f"{len(hits)} attempts of {run.id} answer" if hits else f"no attempt of {run.id} answers"
        raise ProvcapError("unknown-job", f"{count} to {name!r}", "ids stand in: provcap show --jobs")
    return hits[0]


def of_job(run: Run, job: Job) -> str:
    """All that is known of one attempt."""
    parts = [table([(k, v) for k, v in _facts(run, job) if v])]
    parts += [
        table(file_rows(role, files))
        for role, files in (
            ("inputs", job.inputs),
            ("read undeclared", job.undeclared_inputs),
            ("outputs", job.outputs),
            ("left undeclared", job.undeclared_outputs),
            ("logs", job.logs),
        )
    ]
    parts += [table(_tools(job)), table(_ledger(job)), table(_imports(run, job))]
    parts += ["models loaded\n" + "\n".join("  " + Known(run).told(load) for load in job.loads)] if job.loads else []
    if job.log_tail:
        parts.append("end of its log\n" + "\n".join("  " + line for line in job.log_tail.splitlines()))
    about = questions.gaps_of(
        run, [f"job:{job.id}", f"environment:{job.environment}", *(f"file:{a.path}" for a in job.outputs)]
    )
    if about:
        parts.append("not known\n" + gaps(about))
    return "\n\n".join(p for p in parts if p)


def _facts(run: Run, job: Job) -> list[tuple[str, str | None]]:
    image = next((i for i in run.images if i.id == job.image), None)
    environment = next((e for e in run.environments if e.id == job.environment), None)
    machine = next((h for h in run.hardware if h.id == job.hardware), None)
    usage = job.usage
    return [
        ("job", f"{job.id}  {job.label}  {job.status.replace('_', ' ')}, attempt {job.attempt}"),
        ("run", job.run if job.run != run.id else None),
        ("when", f"{job.started} to {job.ended or '?'}" if job.started else None),
        ("command", job.command),
        ("script", job.script or ("Python in the Snakefile (run:)" if job.kind == "run" else None)),
        ("params", ", ".join(f"{k}={v!r}" for k, v in job.params.items())),
        ("threads", str(job.threads) if job.threads else None),
        ("resources", ", ".join(f"{k}={v}" for k, v in sorted(job.resources.items()))),
        ("image", f"{image.reference}  {image.digest or 'digest unknown'}" if image else job.image),
        ("software", software(environment) if environment else None),
        ("conda", job.conda_env),
        ("modules", " ".join(job.env_modules)),
        ("machine", machine_line(machine) if machine else None),
        ("allocation", ", ".join(f"{k}={v}" for k, v in sorted(job.allocation.items()))),
        ("accounting", accounting_line(job.accounting) if job.accounting else None),
        ("variables", ", ".join(f"{k}={v}" for k, v in sorted(job.variables.items()))),
        ("used", usage_line(usage) if usage else None),
        ("limits", ", ".join(f"{k}={v}" for k, v in sorted(job.limits.items()))),
        ("network", job.network),
        ("file system", job.filesystem),
        ("redacted", ", ".join(f"{n} {rule}" for rule, n in sorted(job.redactions.items()))),
        ("error", job.error),
    ]


def _tools(job: Job) -> list[tuple[str, ...]]:
    rows = [("  " + t.name, t.path, " ".join(filter(None, (t.package, t.version)))) for t in job.tools]
    return [("commands", "", ""), *rows] if rows else []


def _ledger(job: Job) -> list[tuple[str, ...]]:
    """The randomness ledger: declared and observed seeds, and what drew its own."""
    rows = [("  " + d.kind, d.source, (d.value or "?")[:40], d.where or "") for d in job.randomness]
    return [("randomness", "", "", ""), *rows] if rows else []


def _imports(run: Run, job: Job, most: int = 40) -> list[tuple[str, ...]]:
    found = next((i for i in run.imports if i.id == job.imports), None)
    modules = [m for m in found.modules if m.version] if found else []
    rows = [("  " + m.name, m.version or "", "from the host!" if m.from_host else "") for m in modules[:most]]
    if len(modules) > most:
        rows.append((f"  … and {len(modules) - most} more", "", ""))
    return [("imported", "", ""), *rows] if rows else []


def of_file(run: Run, path: str) -> str:
    """Who made the file, from what, with what: the attempt that made it, then the way back to the run's inputs."""
    chain = lineage.chain(run, path)
    if not chain:
        return _without_maker(run, path)
    maker = chain[0][1]
    made = next(a for a in maker.made if a.path == path)
    rows = [("", job.label, job.status.replace("_", " "), _read(job)) for _, job in chain]
    origins = lineage.origins(run, path)
    parts = [
        f"{path}\n  {made.digest or 'not hashed'}, {size(made.size_bytes)}",
        *(f"  with its lineage in it since: {one.embedded}" for one in run.embeddings if one.path == path),
        of_job(run, maker),
        "the way back\n" + table([("", "job", "status", "read"), *rows]),
        "from\n" + ("\n".join(f"  {origin}" for origin in origins) or f"  {NOTHING}"),
    ]
    return "\n\n".join(parts)


def _read(job: Job, most: int = 4) -> str:
    paths = [a.path for a in job.read]
    return ", ".join(paths[:most]) + (f", … {len(paths) - most} more" if len(paths) > most else "")


def _without_maker(run: Run, path: str) -> str:
    """A file that no successful attempt made: from outside, or what a failed one left."""
    seen = [(job, a) for job in run.jobs for a in (*job.made, *job.read, *job.logs) if a.path == path]
    digest = next((a.digest for _, a in seen if a.digest), None)
    unwritten = bool(seen) and all(a.kind == "missing" for _, a in seen)
    lines = [f"{path}", f"  {digest or ('not written' if unwritten else 'not hashed')}"]
    makers = [job for job in run.jobs if any(a.path == path and a.kind != "missing" for a in job.made)]
    meant = [job for job in run.jobs if job not in makers and any(a.path == path for a in job.made)]
    readers = sorted({job.label for job in run.jobs if any(a.path == path for a in job.read)})
    loggers = [job.label for job in run.jobs if any(a.path == path for a in job.logs)]
    if makers:
        lines += [f"  left by {job.id} {job.label}, attempt {job.attempt}, which {job.status}" for job in makers]
    elif meant:
        lines += [f"  never made: {j.id} {j.label}, attempt {j.attempt}, which {j.status}, should have" for j in meant]
    elif loggers:
        lines.append(f"  the log of {', '.join(loggers)}")
    else:
        lines.append("  came from outside of this run")
    return "\n".join(lines + ([f"  read by {', '.join(readers)}"] if readers else []))
