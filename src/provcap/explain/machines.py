"""Differences in machines: what can change a number, and what seldom does."""

from __future__ import annotations

from provcap.explain.difference import Difference, of_mappings, of_values
from provcap.model import Hardware, Job, Run


def processor(first: Run, second: Run, a: Job, b: Job) -> list[Difference]:
    """Processor model, instruction-set flags, GPUs."""
    x, y = _machine(first, a), _machine(second, b)
    if x is None or y is None:
        return []
    found = of_values("processor", "model", x.cpu_model, y.cpu_model)
    found += of_values("processor", "architecture", x.architecture, y.architecture)
    gone, new = set(x.flags) - set(y.flags), set(y.flags) - set(x.flags)
    if x.flags and y.flags and (gone or new):
        found.append(Difference("processor", "flags", " ".join(sorted(gone)) or None, " ".join(sorted(new)) or None))
    gpus = [", ".join(f"{g.model} (driver {g.driver or '?'}, CUDA {g.cuda or '?'})" for g in m.gpus) for m in (x, y)]
    return found + of_values("GPU", "GPU", gpus[0] or None, gpus[1] or None)


def surroundings(first: Run, second: Run, a: Job, b: Job) -> list[Difference]:
    """Snakemake, kernel, memory, what was granted, file system, network."""
    found = of_values("engine", "Snakemake", first.snakemake_version, second.snakemake_version)
    sides = [_circumstances(run, job) for run, job in ((first, a), (second, b))]
    known = {name for name in sides[0] if sides[0][name] is not None and sides[1].get(name) is not None}
    found += of_mappings("surroundings", *({name: side[name] for name in known} for side in sides))
    return found


def _circumstances(run: Run, job: Job) -> dict[str, object]:
    machine = _machine(run, job)
    limits = {f"granted {name.replace('_', ' ')}": value for name, value in job.limits.items()}
    resources = {f"resource {n}": v for n, v in job.resources.items() if n not in ("tmpdir",)}
    return {
        "kernel": machine.kernel if machine else None,
        "processors": machine.cpus_logical if machine else None,
        "file system": job.filesystem,
        "network": job.network,
        **limits,
        **resources,
    }


def _machine(run: Run, job: Job) -> Hardware | None:
    return next((h for h in run.hardware if h.id == job.hardware), None)
