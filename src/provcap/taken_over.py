"""Results that a run took over from an earlier one, and whether the workflow has changed since that made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from provcap import journal
from provcap.model import Gap, Job, Run

_RULES = ("snakefile", "include")  #: roles of sources that say what a job is
#: of other sources, which scripts may import or run
_CODE = frozenset(".py .r .rmd .jl .sh .bash .pl .rb .smk .ipynb .m .ijm .groovy .lua .awk .c .cpp .java .rs".split())
_NAMED = 5  #: files that are named


def changed(run: Run, events: Iterable[dict[str, Any]], folder: Path) -> Iterator[Gap]:
    """A Gap for each earlier run whose results the `run` in `folder` took over, when files that bear on them were
    others then: Snakemake does not look into what a script imports, and can be told to look at nothing but times."""
    now = {output["path"]: e for e in events if e.get("event") == "up_to_date" for output in e.get("outputs", ())}
    made = defaultdict(list)
    for job in run.jobs:
        if job.status == "up_to_date" and job.run != run.id:
            made[job.run].append(job)
    for name, jobs in sorted(made.items()):
        before = workflow_of(folder.parent / name)
        other = _other(before, run)
        bearing = {job.id: {p for p, role in other.items() if _bears(p, role, job, now, run)} for job in jobs}
        if any(bearing.values()):
            yield Gap("made-by-other-sources", "run", _message(name, before, list(filter(None, bearing.values()))))


def _message(name: str, before: dict[str, Any], bearing: list[set[str]]) -> str:
    files = sorted(set().union(*bearing))
    named = ", ".join(files[:_NAMED]) + (f" and {len(files) - _NAMED} more" if len(files) > _NAMED else "")
    commit = f" at commit {str(before['commit'])[:12]}" if before.get("commit") else ""
    what = "the results of 1 job were" if len(bearing) == 1 else f"the results of {len(bearing)} jobs were"
    return f"{what} made{commit} by run {name} and were up to date; since then these have changed: {named}"


def workflow_of(folder: Path) -> dict[str, Any]:
    """What the run in `folder` recorded of its workflow when it began; nothing when that is lost."""
    found = beginning(folder).get("workflow")
    return found if isinstance(found, dict) else {}


def beginning(folder: Path) -> dict[str, Any]:
    """What the run in `folder` recorded when it began; nothing when that is lost."""
    events = journal.read_lines(folder / "events.jsonl", journal.EVENT_FORMAT, [])
    return next((event for event in events if event.get("event") == "run_started"), {})


def _other(before: dict[str, Any], run: Run) -> dict[str, str]:
    """Roles of the sources that the workflow had `before` and that are others in `run`, by path."""
    now = {source.path: source for source in run.workflow.sources}
    every = [source for source in before.get("sources") or () if source["path"] in now]
    return {s["path"]: now[s["path"]].role for s in every if now[s["path"]].digest != s["digest"]}


def _bears(path: str, role: str, job: Job, now: dict[str, dict[str, Any]], run: Run) -> bool:
    """Whether what `job` made can depend on the source at `path`. Its rule's file does not, as long as that says the
    same of it `now`, and what `job` ran is told whole by that; nor does the script of another rule that it leaves
    alone."""
    if role in _RULES:
        return not _as_told(job, now, run)
    if role == "script":
        return path == job.script or _may_call(job, path, run)
    return PurePosixPath(path).suffix.lower() in _CODE


def _as_told(job: Job, now: dict[str, dict[str, Any]], run: Run) -> bool:
    """Whether the rule says of `job` what it said when that ran. Of a ``run:`` block nobody knows: it can call every
    function of its Snakefile."""
    told = next((now[artifact.path] for artifact in job.outputs if artifact.path in now), None)
    if told is None or job.kind not in ("shell", "script", "notebook", "wrapper"):
        return False
    places = {source.place: source.path for source in run.workflow.sources}
    images = {image.id: image.reference for image in run.images}
    image = images.get(str(job.image))
    return (
        told.get("kind", job.kind) == job.kind
        and told.get("command") == job.command
        and places.get(str(told.get("script")), told.get("script")) == job.script
        and told.get("params", {}) == job.params
        and [i["path"] for i in told.get("inputs", ())] == [a.path for a in job.inputs]
        and told.get("container", image) == image
        and told.get("conda_env", job.conda_env) == job.conda_env
    )


def _may_call(job: Job, path: str, run: Run) -> bool:
    """Whether `job` imported, named or may have read the script of another rule."""
    file = PurePosixPath(path)
    own = PurePosixPath(job.script or "").suffix
    imported = {m.name for found in run.imports if found.id == job.imports for m in found.modules}
    by_python = bool(imported & {file.stem, *file.parts})
    return by_python or file.name in (job.command or "") or (own != ".py" and own == file.suffix)
