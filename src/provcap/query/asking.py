"""Asking in a process of its own, which is stopped when it takes too long and cannot take all memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provcap.errors import ProvcapError

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may cost."""

    seconds: float = 300.0  #: reading the crates included
    memory_bytes: int = 4 << 30  #: of address space
    rows: int = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of an answer, in the order of the query's ORDER BY, else sorted."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(default=())
    complete: bool = True  #: False: there are more rows than the limit


def ask(
    graphs: Mapping[str, Path],
    query: str,
    bindings: Mapping[str, str],
    limits: Limits,
    contexts: Mapping[str, str] | None = None,
) -> Answer:
    """The answer to `query` over the union of `graphs` (base IRI to metadata file).

    `bindings` are texts for variables of the query. Raises ProvcapError: query-too-slow, query-too-large, bad-query,
    query-refused, unknown-context, damaged-metadata.
    """
    task = {
        "graphs": {base: str(path.absolute()) for base, path in graphs.items()},
        "query": query,
        "bindings": dict(bindings),
        "rows": limits.rows,
        "memory": limits.memory_bytes,
        "contexts": dict(contexts or {}),
    }
    reply = _reply(task, limits)
    if "error" in reply:
        raise ProvcapError(*reply["error"])
    return Answer(tuple(reply["columns"]), tuple(map(tuple, reply["rows"])), reply["complete"])


def _reply(task: dict[str, Any], limits: Limits) -> dict[str, Any]:
    command: Sequence[str] = (sys.executable, "-m", "provcap.query.worker")
    with tempfile.TemporaryFile() as answer:  # a pipe that nobody reads in time would stop the worker
        try:
            subprocess.run(
                command,
                input=json.dumps(task).encode(),
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ProvcapError(
                "query-too-slow",
                f"no answer within {limits.seconds:g} s, so the question was stopped",
                "ask for less, or allow more: --timeout SECONDS",
            ) from error
        answer.seek(0)
        try:
            return dict(json.load(answer))
        except ValueError as error:
            raise ProvcapError(
                "query-too-large",
                f"the question ended without an answer, most likely for want of memory "
                f"({limits.memory_bytes >> 20} MiB allowed)",
                "ask for less, or allow more: --memory MIB",
            ) from error
