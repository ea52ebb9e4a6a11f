"""How a run stands, from the events and records that have been read by now.

A job is what a rule makes with some wildcards, through however many attempts. What its main process said last counts
most; between two of its words the record tells, which is written where the job runs.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JobState = Literal["waiting", "submitted", "running", "succeeded", "failed", "lost"]
STATES: tuple[JobState, ...] = ("waiting", "submitted", "running", "succeeded", "failed", "lost")
MOST_FAILURES = 20  #: attempts that failed, the latest; the others are only counted
MOST_RUNNING = 8  #: of the jobs that run, those that have run longest
TAIL_LINES = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """The jobs of one rule."""

    name: str
    jobs: dict[str, int]  #: state → how many; states that no job is in are left out
    failed_attempts: int = 0
    max_rss_bytes: int | None = None  #: the highest of the attempts that have ended


@dataclass(frozen=True, slots=True)
class Node:
    """What has run where."""

    name: str
    running: int = 0
    ended: int = 0
    max_rss_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A job that runs now."""

    job: str  #: rule and wildcards
    node: str
    for_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed."""

    job: str
    attempt: int
    node: str
    error: str
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment."""

    run: str
    status: Literal["running", "succeeded", "failed", "lost"]
    elapsed_s: float
    jobs: dict[str, int]
    rules: tuple[Rule, ...] = ()
    nodes: tuple[Node, ...] = ()
    running: tuple[Running, ...] = ()  #: those that have run longest
    failures: tuple[Failure, ...] = ()  #: the latest
    failed_attempts: int = 0
    errors: tuple[str, ...] = ()  #: what Snakemake said of the run as a whole, the latest
    up_to_date: int = 0  #: jobs whose results needed nothing
    quiet_s: float = 0  #: since the last thing that was written

    @property
    def total(self) -> int:
        """How many jobs the run has, as far as it knows."""
        return sum(self.jobs.values())


@dataclass(slots=True)
class _Job:
    rule: str
    label: str
    told: list[JobState] = field(default_factory=list)  # what the main process says of each attempt that it announced
    attempts: dict[str, JobState] = field(default_factory=dict)  # what the records say of each attempt, in their order
    node: str = ""
    began: float = 0.0

    def state(self, over: bool) -> JobState:
        """`over`: nobody will tell more."""
        last = self.told[-1] if self.told else "running"
        if last == "running":
            recorded = list(self.attempts.values())
            last = recorded[-1] if recorded and len(recorded) >= len(self.told) else "submitted"
        return "lost" if over and last in ("submitted", "running") else last


class State:
    """Grows with each event and record; `snapshot` tells how things stand."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.start: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}
        self._planned: dict[str, int] = {}
        self._jobs: dict[tuple[Any, ...], _Job] = {}
        self._numbered: dict[Any, _Job] = {}
        self._failures: deque[Failure] = deque(maxlen=MOST_FAILURES)
        self._failed: Counter[str] = Counter()
        self._ended_at: Counter[str] = Counter()
        self._memory: dict[tuple[str, str], int] = defaultdict(int)
        self._errors: deque[str] = deque(maxlen=3)
        self._machines: dict[str, str] = {}  # id of a machine → its name
        self._up_to_date = 0
        self._progress: dict[str, Any] = {}
        self._last = time.time()

    def take_event(self, entry: dict[str, Any]) -> None:
        """Take in a line of ``events.jsonl``."""
        kind, job = entry.get("event"), self._numbered.get(str(entry.get("jobid")))
        self._last = _seconds(entry.get("time")) or self._last
        if kind == "run_started":
            self.start = entry
            self._planned = {str(k): v for k, v in _map(entry.get("planned")).items() if isinstance(v, int)}
        elif kind == "run_ended":
            self.ended = entry
        elif kind == "job_info":
            job = self._numbered[str(entry.get("jobid"))] = self._job(entry.get("rule_name"), entry.get("wildcards"))
            job.told.append("running")
        elif kind in ("job_finished", "job_error") and job is not None and job.told:
            job.told[-1] = "succeeded" if kind == "job_finished" else "failed"
        elif kind == "up_to_date":
            self._up_to_date += 1
        elif kind == "progress":
            self._progress = entry
        elif kind in ("error", "interrupted") and entry.get("message"):
            self._errors.append(str(entry["message"])[:2000])

    def take_record(self, entry: dict[str, Any], host: str) -> None:
        """Take in a line of a record file whose writer is on `host`, if that is known. The same line may come twice."""
        name, kind = str(entry.get("id")), entry.get("event")
        job = self._job(entry.get("rule"), entry.get("wildcards"))
        machine = _map(entry.get("machine"))
        if machine:  # the first record of a process describes it, the others name its id
            self._machines[str(machine.get("id"))] = str(machine.get("hostname") or "")
        known_as = self._machines.get(str(entry.get("hardware")))
        job.node = str(_map(entry.get("allocation")).get("node") or host or known_as or job.node or "?")
        job.began = _seconds(entry.get("started")) or job.began
        known = job.attempts.get(name)
        if kind == "begin" and known is None:
            job.attempts[name] = "running"
        elif kind == "end" and known in (None, "running"):
            job.attempts[name] = "failed" if entry.get("status") == "failed" else "succeeded"
            self._last = max(self._last, _seconds(entry.get("ended")) or 0)
            self._note(job, entry)

    def _note(self, job: _Job, entry: dict[str, Any]) -> None:
        """What is told of the ended attempts of a rule and of a node."""
        self._ended_at[job.node] += 1
        peak = _map(entry.get("usage")).get("max_rss_bytes")
        if isinstance(peak, int):
            self._memory["rule", job.rule] = max(self._memory["rule", job.rule], peak)
            self._memory["node", job.node] = max(self._memory["node", job.node], peak)
        if entry.get("status") == "failed":
            tail = tuple(str(entry.get("log_tail") or "").splitlines()[-TAIL_LINES:])
            attempt = entry.get("attempt")
            number = attempt if isinstance(attempt, int) else len(job.attempts)
            self._failed[job.rule] += 1
            self._failures.append(Failure(job.label, number, job.node, str(entry.get("error") or "failed"), tail))

    def _job(self, rule: Any, wildcards: Any) -> _Job:
        pairs = sorted((str(k), str(v)) for k, v in _map(wildcards).items())
        key = (str(rule), *pairs)
        if key not in self._jobs:
            named = ", ".join(f"{k}={v}" for k, v in pairs)
            self._jobs[key] = _Job(str(rule), f"{rule}({named})" if named else str(rule))
        return self._jobs[key]

    def snapshot(self, now: float, main_gone: bool = False) -> Snapshot:
        """How the run stands at the time `now`, in seconds of the epoch."""
        over = bool(self.ended) or main_gone
        states = [(job, job.state(over)) for job in self._jobs.values()]
        by_rule: dict[str, Counter[str]] = {rule: Counter() for rule in self._planned}
        for job, state in states:
            by_rule.setdefault(job.rule, Counter())[state] += 1
        for rule, count in self._planned.items():
            by_rule[rule]["waiting"] += max(0, count - by_rule[rule].total())
        jobs = sum(by_rule.values(), Counter[str]())
        running = [(job, max(0.0, now - job.began)) for job, state in states if state == "running"]
        began = _seconds(self.start.get("time")) or min((j.began for j, _ in states if j.began), default=now)
        return Snapshot(
            run=self.run,
            status=self._status(over, jobs),
            elapsed_s=max(0.0, (_seconds(self.ended.get("time")) or (self._last if over else now)) - began),
            jobs={state: jobs[state] for state in STATES if jobs[state]},
            rules=tuple(self._rule(name, counts) for name, counts in by_rule.items()),
            nodes=self._nodes(Counter(job.node for job, _ in running)),
            running=tuple(
                Running(j.label, j.node, s) for j, s in sorted(running, key=lambda r: -r[1])[:MOST_RUNNING] if j.began
            ),
            failures=tuple(self._failures),
            failed_attempts=self._failed.total(),
            errors=tuple(self._errors),
            up_to_date=self._up_to_date,
            quiet_s=max(0.0, now - self._last),
        )

    def _status(self, over: bool, jobs: Counter[str]) -> Literal["running", "succeeded", "failed", "lost"]:
        if not over:
            return "running"
        if not self.ended:
            return "lost"
        done = self._progress.get("done")
        complete = self.ended.get("remaining") == 0 or (done is not None and done == self._progress.get("total"))
        return "succeeded" if complete and not jobs["failed"] and not jobs["lost"] else "failed"

    def _rule(self, name: str, counts: Counter[str]) -> Rule:
        present: dict[str, int] = {state: counts[state] for state in STATES if counts[state]}
        return Rule(name, present, self._failed[name], self._memory.get(("rule", name)))

    def _nodes(self, running: Counter[str]) -> tuple[Node, ...]:
        names = sorted(running.keys() | self._ended_at.keys())
        return tuple(Node(n, running[n], self._ended_at[n], self._memory.get(("node", n))) for n in names)


def _map(value: Any) -> dict[str, Any]:
    """`value`, or nothing when it is not what it should be: a journal may be damaged."""
    return value if isinstance(value, dict) else {}


def _seconds(text: Any) -> float | None:
    """Seconds of the epoch of a time as records tell it."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
