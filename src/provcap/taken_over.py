"""Results that a run took over from an earlier one, and whether the workflow has changed since that made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from provcap import journal
from provcap.bearing import Bearing
from provcap.model import Gap, Run

_NAMED = 5  #: files that are named


def changed(run: Run, events: Iterable[dict[str, Any]], folder: Path) -> Iterator[Gap]:
    """A Gap for each earlier run whose results the `run` in `folder` took over, when files that bear on them were
    others then: Snakemake does not look into what a script imports, and can be told to look at nothing but times."""
    made = defaultdict(list)
    for job in run.jobs:
        if job.status == "up_to_date" and job.run != run.id:
            made[job.run].append(job)
    for name, jobs in sorted(made.items()):
        start = beginning(folder.parent / name)
        other = _other(start, run)
        if other:
            bearing = Bearing(_sources(start), run, events, folder.absolute().parents[2])
            found = [places for job in jobs if (places := bearing.on(job) & other.keys())]
            if found:
                files = sorted({other[place] for places in found for place in places})
                yield Gap("made-by-other-sources", "run", _message(name, workflow_in(start), len(found), files))


def _message(name: str, before: dict[str, Any], jobs: int, files: list[str]) -> str:
    named = ", ".join(files[:_NAMED]) + (f" and {len(files) - _NAMED} more" if len(files) > _NAMED else "")
    commit = f" at commit {str(before['commit'])[:12]}" if before.get("commit") else ""
    commit += " with changes" if commit and before.get("dirty") else ""
    what = "the results of 1 job were" if jobs == 1 else f"the results of {jobs} jobs were"
    return f"{what} made{commit} by run {name} and were up to date; since then these have changed: {named}"


def beginning(folder: Path) -> dict[str, Any]:
    """What the run in `folder` recorded when it began; nothing when that is lost."""
    events = journal.read_lines(folder / "events.jsonl", journal.EVENT_FORMAT, [])
    return next((event for event in events if event.get("event") == "run_started"), {})


def workflow_in(start: dict[str, Any]) -> dict[str, Any]:
    """The workflow in what a run recorded when it began; nothing when that is lost."""
    found = start.get("workflow")
    return found if isinstance(found, dict) else {}


def _sources(start: dict[str, Any]) -> list[dict[str, Any]]:
    return list(workflow_in(start).get("sources") or ())


def _other(start: dict[str, Any], run: Run) -> dict[str, str]:
    """By place, what is said of the sources of the earlier run that are others in `run`, or no part of its workflow.

    A work directory that was moved has all of them in other places: there, the path in the workflow tells them apart.
    """
    moved = start.get("workdir") != run.workdir
    now = {(source.path if moved else source.place): source.digest for source in run.workflow.sources}
    found = {}
    for source in _sources(start):
        digest = now.get(source["path" if moved else "place"])
        if digest != source["digest"]:
            found[source["place"]] = source["path"] + ("" if digest else " (no part of the workflow any more)")
    return found
