"""Giving recorded entropy back, so that a job without a seed makes the same bytes again.

The file that PROVCAP_REPLAY names in Snakemake's environment::

    {"format": "provcap.replay/1", "jobs": [{"rule": …, "wildcards": {…}, "attempt": 1, "draws": [Draw, …]}, …]}

For each job that it knows, what its Python and R processes shall draw is put beside the file that the job's shell
tells, where they look for it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from provcap import codec, store
from provcap.model import Run

FORMAT = "provcap.replay/1"
VARIABLE = "PROVCAP_REPLAY"

_read: dict[str, dict[str, Any]] = {}


def replay_file(run: Run) -> dict[str, Any]:
    """The entropy that the jobs of `run` drew, as the content of a replay file."""
    jobs = []
    for job in run.jobs:
        draws = [{k: v for k, v in asdict(d).items() if v is not None} for d in job.randomness if replayable(asdict(d))]
        if draws:
            jobs.append({"rule": job.rule, "wildcards": job.wildcards, "attempt": job.attempt, "draws": draws})
    return {"format": FORMAT, "jobs": jobs}


def replayable(draw: dict[str, Any]) -> bool:
    """Whether `draw` is entropy that can be given back."""
    return draw["kind"] == "unseeded" and draw["value"] is not None and draw["source"] != "PYTHONHASHSEED"


def hand_out(told: Path, facts: dict[str, Any]) -> None:
    """Put what the job of `facts` shall draw beside `told`, if PROVCAP_REPLAY says something of it.

    Raises OSError or ValueError when the file cannot be read.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return
    if name not in _read:
        content = json.loads(Path(name).read_bytes())
        if content.get("format") != FORMAT:
            raise ValueError(f"{name} is no {FORMAT} file")
        _read[name] = content
    same = [
        job
        for job in _read[name]["jobs"]
        if job["rule"] == facts.get("rule") and job.get("wildcards", {}) == facts.get("wildcards", {})
    ]
    # of several attempts, the one with this number; else the last, which is the one that made the results
    chosen = [j for j in same if j.get("attempt", 1) == facts.get("attempt", 1)] or same
    if chosen:
        _hand_out(told, chosen[-1]["draws"])


def _hand_out(told: Path, draws: list[dict[str, Any]]) -> None:
    processes: dict[int, list[dict[str, Any]]] = {}
    for draw in sorted(draws, key=lambda d: (d.get("process", 0), d.get("order", 0))):
        processes.setdefault(draw.get("process", 0), []).append({"where": None, **draw})
    python = [p for p in processes.values() if any(d["source"] != "R" for d in p)]
    if python:
        store.write_atomic(told.with_name(told.name + ".replay"), codec.dumps(python).encode())
    seeds = [d["value"] for p in processes.values() for d in p if d["source"] == "R"]
    if seeds:
        store.write_atomic(told.with_name(told.name + ".R.replay"), "".join(f"{s}\n" for s in seeds).encode())
