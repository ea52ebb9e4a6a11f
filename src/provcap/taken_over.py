"""Results that a run took over from an earlier one, and whether the workflow has changed since that made them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from provcap import journal
from provcap.model import Gap, Job

_PARTS = ("snakefile", "include", "script")  #: roles of sources that decide what comes out
#: of other sources, which scripts may import or run
_CODE = frozenset(".py .r .rmd .jl .sh .bash .pl .rb .smk .ipynb .m .ijm .groovy .lua .awk .c .cpp .java .rs".split())
_NAMED = 5  #: files that are named


def changed(workflow: dict[str, Any], jobs: Iterable[Job], folder: Path) -> Iterator[Gap]:
    """A Gap for each earlier run whose results the run in `folder` took over, when files of the `workflow` were others
    then: Snakemake does not look into what a script imports, and can be told to look at nothing but times."""
    made = Counter(job.run for job in jobs if job.status == "up_to_date" and job.run != folder.name)
    for run, number in sorted(made.items()):
        before = workflow_of(folder.parent / run)
        now = _sources(workflow)
        other = sorted(path for path, digest in _sources(before).items() if now.get(path, digest) != digest)
        if other:
            named = ", ".join(other[:_NAMED]) + (f" and {len(other) - _NAMED} more" if len(other) > _NAMED else "")
            commit = f" at commit {str(before['commit'])[:12]}" if before.get("commit") else ""
            what = "the results of 1 job were" if number == 1 else f"the results of {number} jobs were"
            message = f"{what} made{commit} by run {run} and were up to date; since then these have changed"
            yield Gap("made-by-other-sources", "run", f"{message}: {named}")


def workflow_of(folder: Path) -> dict[str, Any]:
    """What the run in `folder` recorded of its workflow when it began; nothing when that is lost."""
    events = journal.read_lines(folder / "events.jsonl", journal.EVENT_FORMAT, [])
    start = next((event for event in events if event.get("event") == "run_started"), {})
    found = start.get("workflow")
    return found if isinstance(found, dict) else {}


def _sources(workflow: dict[str, Any]) -> dict[str, str]:
    """Digests of the files that decide what comes out, by path."""
    every = workflow.get("sources") or ()
    return {s["path"]: s["digest"] for s in every if s.get("role") in _PARTS or _is_code(s["path"])}


def _is_code(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in _CODE
