"""The lineage as names and values for people: programs that show key-value pairs of an image show these."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from provcap.embed.annotation import commit

MOST: Final = 100  #: wildcards and parameters
LONGEST: Final = 255  #: signs of a name or value; longer values stand in the lineage itself


def pairs(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What the lineage `told` says, as pairs in the order to be shown."""
    job = _mapping(told.get("job"))
    wildcards = [(f"Wildcard {name}", _text(value)) for name, value in _mapping(job.get("wildcards")).items()]
    params = [(f"Parameter {name}", _text(value)) for name, value in _mapping(job.get("params")).items()]
    every = [*wildcards, *params]
    kept = [(name, value) for name, value in every if len(name) <= LONGEST and len(value) <= LONGEST][:MOST]
    left = [("Parameters that are not shown here", str(len(every) - len(kept)))] if len(kept) < len(every) else []
    return [*((name, value[:LONGEST]) for name, value in _of_the_run(told, job) if value), *kept, *left]


def _of_the_run(told: dict[str, Any], job: dict[str, Any]) -> Iterator[tuple[str, str]]:
    workflow = _mapping(told.get("workflow"))
    yield "Made by", _text(job.get("rule", ""))
    yield "Made", _text(job.get("ended", ""))
    yield "Workflow", _text(workflow.get("repository") or workflow.get("snakefile", ""))
    yield "Commit", _text(commit(workflow) or "")
    yield "Run", _text(job.get("run") or told.get("run", ""))
    yield "Recorded in", _text(told.get("run", "")) if job.get("run") else ""
    yield "Crate", _text(told.get("identifier", ""))
    yield "Record of the job", _text(job.get("record", ""))
    yield "Image as recorded", _text(told.get("recorded", ""))


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
