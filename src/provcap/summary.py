"""A run in words and columns for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from provcap import lineage, questions
from provcap.check import Findings
from provcap.errors import ProvcapError
from provcap.model import Artifact, Environment, Gap, Hardware, Job, Run, Usage


def table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns; those whose numbers are in `right` are flush right."""
    cells = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
    lines = []
    for row in cells:
        parts = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    """A duration as a person says it."""
    if value is None:
        return "?"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def size(value: int | None) -> str:
    """Bytes in binary units."""
    if value is None:
        return "?"
    amount = float(value)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError


def of_run(run: Run) -> str:
    """What ran, in one screen."""
    parts = [table(_head(run)), table(_rules(run), right=(1, 2, 3, 4, 5))]
    failed = [job for job in run.jobs if job.status in ("failed", "lost")]
    if failed:
        parts.append(
            "failed\n"
            + "\n".join(f"  {job.id}  {job.label}, attempt {job.attempt}: {job.error or job.status}" for job in failed)
        )
    parts.append(table(_files("inputs", questions.external_inputs(run))))
    parts.append(table(_files("outputs", questions.final_outputs(run))))
    if run.gaps:
        parts.append(f"not known ({len(run.gaps)})\n" + gaps(run.gaps[:12]) + ("\n  …" if len(run.gaps) > 12 else ""))
    return "\n\n".join(p for p in parts if p)


def gaps(found: Iterable[Gap]) -> str:
    """A line per gap."""
    return "\n".join(f"  [{g.slug}] {g.subject}: {g.message}" for g in found)


def _head(run: Run) -> list[tuple[str, str]]:
    count = Counter(job.status for job in run.jobs)
    states = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in sorted(count.items()))
    flow = run.workflow
    version = f" (git {flow.commit[:12]}{', with changes' if flow.dirty else ''})" if flow.commit else ""
    rows = [
        ("run", f"{run.id}  {run.status}  {run.started[:19].replace('T', ' ')} UTC"),
        ("workflow", f"{flow.snakefile}{version}, Snakemake {run.snakemake_version or '?'}"),
        ("command", " ".join(run.command)),
        ("where", f"{run.workdir}, started on {run.hostname or '?'} by {run.user or '?'}"),
        ("jobs", f"{len(run.jobs)}: {states}" if run.jobs else "none"),
    ]
    rows += [("machine", _machine(machine)) for machine in run.hardware]
    rows += [("image", f"{i.reference}  {i.digest or 'digest unknown'}") for i in run.images]
    rows += [("software", software(e)) for e in run.environments]
    return rows


def _machine(machine: Hardware) -> str:
    cpus = f"{machine.cpus_logical or '?'} CPUs, {size(machine.memory_bytes)}"
    return f"{machine.hostname}: {machine.cpu_model or '?'}, {cpus}, kernel {machine.kernel or '?'}"


def _used(usage: Usage) -> str:
    cpu = (usage.cpu_user_s or 0) + (usage.cpu_system_s or 0)
    memory = f", {size(usage.max_rss_bytes)} memory" if usage.max_rss_bytes else ""
    return f"{seconds(usage.wall_s)} wall, {seconds(cpu)} CPU{memory}"


def software(environment: Environment) -> str:
    """An environment in one line."""
    count = Counter(p.manager for p in environment.packages)
    kinds = ", ".join(f"{n} {manager}" for manager, n in sorted(count.items())) or "no"
    languages = "".join(f"{i.language} {i.version}, " for i in environment.interpreters)
    return f"{environment.os_name or 'unknown system'}: {languages}{kinds} packages  [{environment.id[7:19]}]"


def _rules(run: Run) -> list[tuple[str, ...]]:
    if not run.jobs:
        return []
    rows: list[tuple[str, ...]] = [("rule", "jobs", "failed", "wall", "CPU", "peak memory")]
    names = dict.fromkeys([s.rule for s in run.steps] + [j.rule for j in run.jobs])
    for name in names:
        jobs = [job for job in run.jobs if job.rule == name]
        used = [job.usage for job in jobs if job.usage]
        memory = max((u.max_rss_bytes or 0 for u in used), default=0)
        cpu = sum((u.cpu_user_s or 0) + (u.cpu_system_s or 0) for u in used)
        failed = sum(job.status in ("failed", "lost") for job in jobs)
        wall = sum(u.wall_s or 0 for u in used)
        rows.append(
            (name, str(len(jobs)), str(failed or ""), seconds(wall), seconds(cpu), size(memory) if memory else "")
        )
    return rows


def _files(title: str, artifacts: Sequence[Artifact], most: int = 20) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(title, "", "")]
    rows += [("  " + a.path, size(a.size_bytes), (a.digest or "not hashed")[:23]) for a in artifacts[:most]]
    if len(artifacts) > most:
        rows.append((f"  … and {len(artifacts) - most} more", "", ""))
    return rows if artifacts else []


def of_runs(runs: Iterable[Run]) -> str:
    """One line per run."""
    rows = [("run", "status", "jobs", "failed", "command")]
    for run in runs:
        failed = sum(job.status in ("failed", "lost") for job in run.jobs)
        rows.append((run.id, run.status, str(len(run.jobs)), str(failed or ""), " ".join(run.command)[:80]))
    return table(rows, right=(2, 3))


def of_job(run: Run, job: Job) -> str:
    """All that is known of one attempt."""
    image = next((i for i in run.images if i.id == job.image), None)
    environment = next((e for e in run.environments if e.id == job.environment), None)
    machine = next((h for h in run.hardware if h.id == job.hardware), None)
    usage = job.usage
    facts: list[tuple[str, str | None]] = [
        ("job", f"{job.id}  {job.label}  {job.status.replace('_', ' ')}, attempt {job.attempt}"),
        ("run", job.run if job.run != run.id else None),
        ("when", f"{job.started} to {job.ended or '?'}" if job.started else None),
        ("command", job.command),
        ("script", job.script),
        ("params", ", ".join(f"{k}={v!r}" for k, v in job.params.items())),
        ("threads", str(job.threads) if job.threads else None),
        ("resources", ", ".join(f"{k}={v}" for k, v in sorted(job.resources.items()))),
        ("image", f"{image.reference}  {image.digest or 'digest unknown'}" if image else job.image),
        ("software", software(environment) if environment else None),
        ("conda", job.conda_env),
        ("modules", " ".join(job.env_modules)),
        ("machine", _machine(machine) if machine else None),
        ("allocation", ", ".join(f"{k}={v}" for k, v in sorted(job.allocation.items()))),
        ("variables", ", ".join(f"{k}={v}" for k, v in sorted(job.variables.items()))),
        ("used", _used(usage) if usage else None),
        ("limits", ", ".join(f"{k}={v}" for k, v in sorted(job.limits.items()))),
        ("network", job.network),
        ("file system", job.filesystem),
        ("redacted", ", ".join(f"{n} {rule}" for rule, n in sorted(job.redactions.items()))),
        ("error", job.error),
    ]
    parts = [table([(k, v) for k, v in facts if v])]
    parts += [
        table(_files(role, files))
        for role, files in (
            ("inputs", job.inputs),
            ("read undeclared", job.undeclared_inputs),
            ("outputs", job.outputs),
            ("left undeclared", job.undeclared_outputs),
            ("logs", job.logs),
        )
    ]
    parts += [table(_tools(job)), table(_ledger(job)), table(_imports(run, job))]
    if job.log_tail:
        parts.append("end of its log\n" + "\n".join("  " + line for line in job.log_tail.splitlines()))
    about = questions.gaps_of(
        run, [f"job:{job.id}", f"environment:{job.environment}", *(f"file:{a.path}" for a in job.outputs)]
    )
    if about:
        parts.append("not known\n" + gaps(about))
    return "\n\n".join(p for p in parts if p)


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


def find_job(run: Run, name: str) -> Job:
    """The attempt whose id begins with `name`. Raises ProvcapError."""
    hits = [job for job in run.jobs if job.id.startswith(name)]
    if len(hits) != 1:
        raise ProvcapError(
            "unknown-job",
            f"{len(hits)} jobs of {run.id} have an id that begins with {name!r}",
            "ids stand in: provcap show --jobs",
        )
    return hits[0]


def of_jobs(run: Run) -> str:
    """One line per attempt."""
    rows = [("job", "status", "attempt", "wall", "rule")]
    for job in run.jobs:
        rows.append((job.id, job.status, str(job.attempt), seconds(job.usage.wall_s if job.usage else None), job.label))
    return table(rows, right=(2, 3))


def of_file(run: Run, path: str) -> str:
    """Who made the file, from what, with what: the attempt that made it, then the way back to the run's inputs."""
    chain = lineage.chain(run, path)
    if not chain:
        readers = sorted({job.label for job in run.jobs if any(a.path == path for a in job.read)})
        artifact = next((a for job in run.jobs for a in job.read if a.path == path), None)
        digest = artifact.digest if artifact else None
        return f"{path}\n  {digest or 'not hashed'}\n  came from outside of this run; read by {', '.join(readers)}"
    maker = chain[0][1]
    made = next(a for a in maker.made if a.path == path)
    rows = [("", job.label, job.status.replace("_", " "), ", ".join(a.path for a in job.read)) for _, job in chain]
    parts = [
        f"{path}\n  {made.digest or 'not hashed'}, {size(made.size_bytes)}",
        of_job(run, maker),
        "the way back\n" + table([("", "job", "status", "read"), *rows]),
        "from\n" + "\n".join(f"  {origin}" for origin in lineage.origins(run, path)),
    ]
    return "\n\n".join(parts)


def packages(run: Run) -> str:
    """Every package of every environment, as its manager calls it."""
    parts = []
    for environment in run.environments:
        rows = [(p.manager, p.name, p.version, p.origin or "") for p in environment.packages]
        parts.append(software(environment) + "\n" + table(rows))
    return "\n\n".join(parts)


def of_findings(crate: str, findings: Findings) -> str:
    """What is wrong with a crate, worst first, and the verdict in the last line."""
    count = Counter(f.level for f in findings.findings)
    lines = [f"{f.level}: {f.subject}: {f.message} [{f.slug}]" for f in findings.findings]
    counted = ", ".join(f"{count[level]} {level}s" for level in ("error", "warning", "note"))
    if not findings.ok:
        verdict = "is not whole or not valid"
    else:
        verdict = (
            f"is whole and a valid {findings.profile}" if findings.profile else "is whole; its profile was not checked"
        )
    return "\n".join([*lines, f"{crate} {verdict} ({counted})"])
