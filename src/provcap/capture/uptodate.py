"""The results that Snakemake's plan finds up to date, as plain values: nothing is run for them."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provcap.capture import fence
from provcap.capture.reading import job_facts, relative, runs_nothing


def standing(flow: Any, workdir: Path, known: set[Any]) -> Iterable[dict[str, Any]]:
    """The jobs of the workflow whose results were up to date, so that nothing was run for them; without those that are
    `known`, to which it adds them."""
    for job in list(flow.dag.jobs):
        if flow.dag.needrun(job):
            yield from _of_other_batches(flow, job, workdir, known)
        elif not runs_nothing(job.rule) and job.output:
            name = name_of(job.rule.name, job.wildcards_dict)
            if name not in known:
                known.add(name)
                facts = job_facts(job, workdir)
                outputs = [{**use, **_look(workdir / use["path"])} for use in facts.get("outputs", ())]
                yield {key: value for key, value in {**facts, "outputs": outputs}.items() if key != "unread"}


def name_of(rule: Any, wildcards: Any) -> tuple[Any, ...]:
    """What tells the jobs of a workflow apart."""
    return (str(rule), *sorted((str(k), str(v)) for k, v in (wildcards or {}).items()))


def _of_other_batches(flow: Any, job: Any, workdir: Path, known: set[Any]) -> Iterable[dict[str, Any]]:
    """The inputs that earlier batches (``--batch``) made: Snakemake leaves the jobs of these out of its plan."""
    if not fence.attempt(lambda: flow.dag.is_batch_rule(job.rule), False):
        return
    planned = {str(f) for files in flow.dag.dependencies[job].values() for f in files}
    for file in sorted({str(f) for f in job.input} - planned - known):
        known.add(file)
        rules = [rule for rule in flow.rules if rule.is_producer(file)]
        path = relative(file, workdir)
        if len(rules) == 1:
            yield {"rule": str(rules[0].name), "outputs": [{"path": path, **_look(workdir / path)}]}


def _look(place: Path) -> dict[str, Any]:
    """The size of the file at `place`, or that it is a directory; nothing of what is not there."""
    try:
        info = place.stat()
    except OSError:
        return {}
    if stat.S_ISDIR(info.st_mode):
        return {"kind": "directory"}
    return {"size_bytes": info.st_size} if stat.S_ISREG(info.st_mode) else {}
