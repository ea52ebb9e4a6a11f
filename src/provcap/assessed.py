"""The verdicts on a rerun's results, kept in its run's folder: they are found when the run has ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provcap import codec, store
from provcap.model import Assessment, Gap

FORMAT = "provcap.assessments/1"
NAME = "assessments.json"


def keep(folder: Path, assessments: Sequence[Assessment]) -> None:
    """Write the verdicts into the run's `folder`, where `provcap.collect` finds them. Raises OSError."""
    content = {"assessments": codec.encode(tuple(assessments))}
    store.write_atomic(folder / NAME, (codec.stamp(FORMAT, content) + "\n").encode("utf-8", "surrogateescape"))


def kept(folder: Path, gaps: list[Gap]) -> list[dict[str, Any]]:
    """The verdicts in `folder` as plain values; none when there are none, with a Gap when they cannot be read."""
    path = folder / NAME
    if not path.is_file():
        return []
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        found: list[dict[str, Any]] = content["assessments"]
        for plain in found:
            codec.decode(Assessment, plain)
    except Exception as error:  # whatever somebody left there: the run itself can be read
        gaps.append(Gap("damaged-record", "run", f"{NAME} cannot be read: {str(error)[:200]}"))
        return []
    return found
