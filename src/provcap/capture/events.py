"""What the main process planned and saw: Snakemake's log records as events, one line each in ``events.jsonl``."""

from __future__ import annotations

import getpass
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provcap import __version__, codec, digest, store
from provcap.capture import clock, fence, hooks, plain, reading, scrub, settings, sources, uptodate, writer

EVENT_FORMAT = "provcap.event/1"
RERUN_VARIABLE = "PROVCAP_RERUN"  #: names a file with ``rerun_of``, ``origins`` and ``gaps``; see provcap.rerun
MAX_HELD = 100  #: events that wait for the next one to be written with it
_JOB_FIELDS = ("jobid", "rule_name", "wildcards", "local", "threads", "reason", "is_checkpoint")


def new_run_id() -> str:
    """A run's id: its time, then a digest of process and nanosecond, so that no two runs share one."""
    now = time.time_ns()
    seed = f"{store.unique()}/{now}"
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(now / 1e9)) + "-" + digest.of_bytes(seed.encode())[7:13]


_SCRUBBED = {"command", "message", "reason", "params", "resources", "container", "script", "gaps"}
#: Ctrl-C and SIGTERM have no event of their own, only these words of the scheduler (9.0 to 9.27)
_ON_REQUEST = (
    "Terminating processes on user request",
    "Will exit after finishing currently running jobs",
    "Cancelling snakemake on user request",
)


class EventLog:
    """Writes the events of one run. Nothing is written before it is certain that jobs will run."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.folder: Path | None = None
        self._secrets: list[str] = list(scrub.secrets_in(os.environ))
        self._opening: dict[str, Any] | None = None  # run_started, to be told again if somebody removes it
        self._progress: dict[str, Any] = {}  # the last that was told: one for each job would be many
        self._known: set[Any] = set()  # jobs that were run, or told to be up to date
        self._written = False  # whether it ever was
        self._held: list[dict[str, Any]] = []  # events that wait for the next one
        self._lost = 0  # events that could not be written
        self._why = ""

    def handle(self, record: logging.LogRecord) -> None:
        """Take in one log record of Snakemake."""
        event = getattr(record, "event", None)
        name = str(getattr(event, "value", event)) if event is not None else None
        for entry in self._translate(name, record):
            self._write({"time": clock.iso(record.created), **entry})

    def _translate(self, name: str | None, record: logging.LogRecord) -> Iterator[dict[str, Any]]:
        if name == "run_info":
            yield from self._open(_planned(record))
        elif name in ("job_info", "job_error"):
            facts = {f: plain.value(getattr(record, f, None), f, []) for f in _JOB_FIELDS}
            fence.attempt(lambda: self._known.add(uptodate.name_of(facts["rule_name"], facts["wildcards"])), None)
            aux = getattr(record, "aux", None)
            if not fence.attempt(lambda: reading.runs_nothing(reading.rule_named(facts["rule_name"])), False):
                yield {"event": name, **{k: v for k, v in facts.items() if v not in (None, {}, "")}, **_aux(aux)}
        elif name == "job_finished":
            yield {"event": name, "jobid": getattr(record, "job_id", None)}
        elif name == "progress":
            yield from self._advance(record)
        elif name == "error":
            yield {
                "event": name,
                "exception": getattr(record, "exception", None),
                "message": record.getMessage()[:4000],
            }
        elif name is None and record.levelno == logging.INFO and record.getMessage().startswith(_ON_REQUEST):
            yield {"event": "interrupted", "message": "interrupted by the user: " + record.getMessage()}

    def _advance(self, record: logging.LogRecord) -> Iterator[dict[str, Any]]:
        """Progress is told when there is more or less to do than was known, and in the end."""
        before = self._progress
        self._progress = {"done": getattr(record, "done", None), "total": getattr(record, "total", None)}
        if before and before["total"] != self._progress["total"]:
            yield {"event": "progress", **self._progress}

    def _open(self, planned: dict[str, int]) -> Iterator[dict[str, Any]]:
        """The work directory is known and jobs will run: describe the run."""
        flow = reading.workflow()
        if self.folder is not None or flow is None or reading.is_touch(flow):
            return
        workdir = Path.cwd()  # Snakemake has gone there, and jobs that go elsewhere do so in processes of their own
        self._secrets += reading.secrets(flow)
        self.folder = store.run_folder(workdir, self.run_id)
        gaps: list[dict[str, Any]] = [
            {"slug": "capture-unsupported", "subject": "run", "message": f"this Snakemake has no {seam} as expected"}
            for seam in hooks.missing
        ]
        gaps += settings.gaps(settings.read())
        fence.attempt(lambda: store.keep_out_of_git(workdir), None)
        fence.attempt(lambda: store.put_in_order(workdir, self.run_id), None)
        yield {
            "event": "run_started",
            "run": self.run_id,
            "pid": os.getpid(),
            "workdir": str(workdir),
            "command": ["snakemake", *sys.argv[1:]],
            "executor": fence.attempt(lambda: reading.executor(flow), None),
            "snakemake_version": fence.attempt(reading.version, None),
            "provcap_version": __version__,
            "python_version": platform.python_version(),
            "targets": fence.attempt(lambda: reading.targets(flow, workdir), []),
            "planned": planned,
            "user": fence.attempt(getpass.getuser, None),
            "hostname": os.uname().nodename,
            **_described(flow, workdir, gaps, self._secrets),
            **_rerun(gaps),
            "gaps": gaps,
        }
        yield from self._standing(flow, workdir)

    def _standing(self, flow: Any, workdir: Path) -> Iterator[dict[str, Any]]:
        """The jobs with results that are up to date and that nobody has told of. What their params keep under a
        secret's name is a secret in all that follows."""
        found = fence.attempt(lambda: list(uptodate.standing(flow, workdir, self._known)), [])
        known = set(self._secrets)
        for facts in found:
            known.update(scrub.secrets_in(facts.get("params", {})))
        self._secrets = sorted(known)
        yield from ({"event": "up_to_date", **facts} for facts in found)

    def close(self) -> Path | None:
        """Write the last event; return the run's folder, or None when nothing was run.

        Raises OSError when nothing of the run could be written.
        """
        if self.folder is not None:
            flow, workdir = reading.workflow(), self.folder.parents[2]
            left = fence.attempt(lambda: reading.remaining(flow), None)
            targets = fence.attempt(lambda: reading.targets(flow, workdir), [])
            log = fence.attempt(lambda: reading.log_file(flow), None)
            for entry in self._standing(flow, workdir):  # a checkpoint may have added some to the plan
                self._write({"time": clock.now(), **entry})
            if self._progress:
                self._write({"event": "progress", "time": clock.now(), **self._progress})
            self._write({"event": "run_ended", "time": clock.now(), "log": log, "remaining": left, "targets": targets})
            if not self._written:
                raise OSError(self._why)
        return self.folder

    def _write(self, entry: dict[str, Any]) -> None:
        if self.folder is None:
            return  # what comes before run_info is told again in run_started
        scrubber = scrub.Scrubber([*self._secrets, *hooks.secrets()])
        clean = {key: scrubber.value(value) if key in _SCRUBBED else value for key, value in entry.items()}
        if scrubber.counts:
            clean["redactions"] = dict(scrubber.counts)
        # the job's own record tells that it finished: a write of its own for that would be one more for each job
        if clean["event"] == "job_finished" and len(self._held) < MAX_HELD:
            self._held.append(clean)
            return
        try:
            self._append([*self._held, clean])
            self._held = []
        except OSError as error:
            self._lost, self._why = self._lost + 1 + len(self._held), str(error)
            self._held = []

    def _append(self, entries: list[dict[str, Any]]) -> None:
        """Append `entries`, and before them what a reader must know of events that are missing. Raises OSError."""
        assert self.folder is not None
        path = self.folder / "events.jsonl"
        opening, self._opening = self._opening, self._opening or entries[-1]
        if self._lost:
            message = f"{self._lost} events of the run could not be written: {self._why}"
            entries = [{"event": "lost", "message": message, "time": clock.now()}, *entries]
        try:
            self._put(path, entries, make=opening is None)
        except FileNotFoundError:
            self._put(path, [self._told_again(self.folder), *entries], make=True)
        self._lost, self._written = 0, True

    def _put(self, path: Path, entries: list[dict[str, Any]], make: bool) -> None:
        text = "\n" if self._lost else ""  # the last line may be torn
        text += "".join(codec.stamp(EVENT_FORMAT, e) + "\n" for e in entries)
        with writer.appending(path, make) as stream:
            content = text.encode("utf-8", "surrogateescape")
            if os.write(stream, content) != len(content):
                raise OSError("the disk is full")

    def _told_again(self, folder: Path) -> dict[str, Any]:
        """run_started once more, when it could not be written, or was removed while the run was going on."""
        opening: dict[str, Any] = self._opening or {}
        if not self._written:
            return opening
        flow = reading.workflow()
        fence.attempt(lambda: sources.gather(folder.parents[2], reading.workflow_files(flow), self._secrets), None)
        message = "the record directory was removed while the run was going on, and what it held is lost"
        gap = {"slug": "records-removed", "subject": "run", "message": message}
        return {**opening, "gaps": [*opening.get("gaps", ()), gap]}


def _planned(record: logging.LogRecord) -> dict[str, int]:
    """How many jobs of each rule Snakemake means to run, where it says so; target rules run nothing."""

    def counted() -> dict[str, int]:
        stats = {str(rule): int(count) for rule, count in getattr(record, "stats", {}).items() if rule != "total"}
        return {rule: n for rule, n in stats.items() if not reading.runs_nothing(reading.rule_named(rule))}

    return fence.attempt(counted, {})


def _described(flow: Any, workdir: Path, gaps: list[dict[str, Any]], secrets: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with fence.fenced(gaps, "workflow-unread", "run"):
        gathered = sources.gather(workdir, reading.workflow_files(flow), secrets)
        gaps.extend(gathered.pop("gaps"))
        root = sources.root_of(str(reading.workflow_files(flow)["snakefile"][0]))
        state = sources.git_state(root, sources.versioned(gathered["sources"], workdir, root))
        found["workflow"] = {**gathered, **state, "root": str(root)}
    with fence.fenced(gaps, "workflow-unread", "run"):
        found["steps"] = reading.steps(flow)
    return found


def _rerun(gaps: list[dict[str, Any]]) -> dict[str, Any]:
    """Which run this one repeats, and what is known to be other; jobs must not inherit the variable."""
    name = os.environ.pop(RERUN_VARIABLE, None)
    found: dict[str, Any] = {}
    if name:
        with fence.fenced(gaps, "rerun-unread", "run"):
            content = json.loads(Path(name).read_bytes())
            found = {"rerun_of": content["rerun_of"], "origins": content["origins"]}
            gaps.extend(content["gaps"])
    return found


def _aux(aux: Any) -> dict[str, Any]:
    """What an executor adds to an error: the external job id."""
    return {"external_jobid": str(aux["external_jobid"])} if isinstance(aux, dict) and aux.get("external_jobid") else {}
