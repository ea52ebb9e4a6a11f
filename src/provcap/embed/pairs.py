"""The lineage as names and values for people: programs that show key-value pairs of an image show these."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

MOST: Final = 100  #: pairs
LONGEST: Final = 255  #: signs of a name or value; longer values stand in the lineage itself


def pairs(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What the lineage `told` says, as pairs in the order to be shown."""
    found = ((name, value if isinstance(value, str) else json.dumps(value)) for name, value in _found(told))
    return [(name, value) for name, value in found if 0 < len(value) <= LONGEST and len(name) <= LONGEST][:MOST]


def _found(told: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    job, workflow = _mapping(told.get("job")), _mapping(told.get("workflow"))
    yield "Made by", job.get("rule", "")
    for name, value in _mapping(job.get("wildcards")).items():
        yield f"Wildcard {name}", value
    for name, value in _mapping(job.get("params")).items():
        yield f"Parameter {name}", value
    yield "Made", job.get("ended", "")
    yield "Workflow", workflow.get("repository") or workflow.get("snakefile", "")
    yield "Commit", workflow.get("commit", "")
    yield "Run", told.get("run", "")
    yield "Crate", told.get("identifier", "")
    yield "Record of the job", job.get("record", "")
    yield "Image as recorded", told.get("recorded", "")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
