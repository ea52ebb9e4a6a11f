"""What an image says of its lineage, and which images were given one, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from provcap.embed import Carried, Found, commit
from provcap.summary.columns import line, table

LONGEST: Final = 500  #: characters of a value
_MOST: Final = 60  #: values of a list


def of_lineage(name: str, found: Found) -> str:
    """The annotation, which anybody may have written, and whether it still holds."""
    told = found.lineage
    job, workflow = _object(told.get("job")), _object(told.get("workflow"))
    rows = [
        ("file", told.get("file")),
        ("run", told.get("run")),
        ("made in", f"the earlier run {_text(job['run'])}" if "run" in job else None),
        ("job", " ".join(_text(job[key]) for key in ("id", "rule") if key in job)),
        ("wildcards", _pairs(job.get("wildcards"))),
        ("params", _pairs(job.get("params")) or job.get("params_left_out")),
        ("made", " to ".join(_text(job[key]) for key in ("started", "ended") if key in job)),
        ("workflow", " ".join(_text(part) for part in _workflow(workflow) if part)),
        *(("software", one) for one in _software(told.get("software"))),
        ("crate", told.get("identifier")),
        ("recorded", told.get("recorded")),
        ("run record", told.get("run_record")),
        ("job record", job.get("record")),
        ("pixels", _STATES[found.same_pixels]),
        ("file as made", _SAME if found.same_file else "cannot be told: the file was changed or written anew since"),
    ]
    return "\n".join([line(name), table([(f"  {key}", _text(value)) for key, value in rows if value])])


def _workflow(told: dict[str, Any]) -> tuple[Any, ...]:
    return told.get("snakefile"), told.get("repository"), commit(told)


_SAME: Final = "the same: without its lineage the image is, byte for byte, the one that was recorded"
_STATES: Final = {
    True: "the same as when the lineage was embedded",
    False: "NOT stored as when the lineage was embedded: other values, or the same written anew",
    None: "cannot be compared",
}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    plain = line(value if isinstance(value, str) else json.dumps(value, sort_keys=True))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def _pairs(value: Any) -> str:
    pairs = list(_object(value).items())
    more = f", and {len(pairs) - _MOST} more" if len(pairs) > _MOST else ""
    return ", ".join(f"{_text(name)}={_text(item)}" for name, item in pairs[:_MOST]) + more


def _software(value: Any) -> list[str]:
    every = [_object(one) for one in value[:_MOST]] if isinstance(value, list) else []
    return [" ".join(_text(one[key]) for key in ("name", "version", "kind") if key in one) for one in every]


def of_carried(done: Sequence[Carried], in_place: bool) -> str:
    """A line for each image that has its lineage now."""
    written = [one for one in done if one.why_not is None]
    if not written:
        return "no image was given its lineage"
    if in_place:
        rows = [(one.path, f"was {one.recorded}", f"is {one.digest}") for one in written]
        return table([tuple(map(line, row)) for row in rows])
    return "\n".join(line(str(one.target)) for one in written)
