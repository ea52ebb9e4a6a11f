"""The steps of a run: per rule what it is for, what ran, how long it took, with which parameters and software."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from provcap import questions
from provcap.drawing.diagram import duration, seconds_between, size_text
from provcap.model import Job, Run, Step
from provcap.report.wording import one_line, value_text

ATTEMPTS, FAILURES, PARAMETERS = 20, 3, 40  #: rows per rule
STATES = {
    "succeeded": "succeeded",
    "failed": "failed",
    "lost": "end unknown",
    "cached": "taken from the cache",
    "up_to_date": "up to date",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the list of attempts."""

    job: Job
    state: str
    took: str
    memory: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that did not succeed, with the end of its log."""

    job: Job
    why: str
    mended: bool  #: a later attempt at the same job succeeded


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter over all jobs of a rule."""

    name: str
    value: str | None  #: of the first job; None: not set
    different: int  #: values that it had


@dataclass(frozen=True, slots=True)
class StepRow:
    """A rule."""

    number: int
    rule: str
    anchor: str
    step: Step | None
    state: str  #: of the whole: done, failed, retried or kept
    jobs: int
    counts: str
    took: str
    memory: str
    attempts: tuple[Attempt, ...]
    failures: tuple[Failure, ...]  #: the first few
    failed: int  #: attempts that did not succeed
    parameters: tuple[Parameter, ...]
    images: tuple[str, ...]
    environments: tuple[str, ...]
    machines: tuple[str, ...]
    tools: tuple[str, ...]
    command: str | None


def order(run: Run) -> list[tuple[str, list[Job]]]:
    """The rules with their attempts, in the order in which they first began, or ended; of no time: first."""
    rules: dict[str, list[Job]] = {}
    for job in run.jobs:
        rules.setdefault(job.rule, []).append(job)
    began = {rule: [j.started or j.ended or "" for j in jobs] for rule, jobs in rules.items()}
    first = {rule: min(filter(None, times), default="") for rule, times in began.items()}
    return sorted(rules.items(), key=lambda entry: first[entry[0]])


def anchors(run: Run) -> dict[str, str]:
    """For each rule the id of its section; numbers, as rules may have any name."""
    return {rule: f"step-{number}" for number, (rule, _) in enumerate(order(run), 1)}


def step_rows(run: Run) -> tuple[StepRow, ...]:
    """A row per rule."""
    steps = {step.rule: step for step in run.steps}
    return tuple(_row(run, number, rule, jobs, steps.get(rule)) for number, (rule, jobs) in enumerate(order(run), 1))


def wall(job: Job) -> float | None:
    """Seconds that the attempt took: as measured, else between its times."""
    measured = job.usage.wall_s if job.usage else None
    return measured if measured is not None else seconds_between(job.started, job.ended)


def _row(run: Run, number: int, rule: str, jobs: list[Job], step: Step | None) -> StepRow:
    counts = Counter[str](job.status for job in jobs)
    latest = {_identity(job): job.status for job in jobs}
    bad = {"failed", "lost"}
    ran = [job for job in jobs if questions.ran(job)]
    state = "failed" if bad & set(latest.values()) else "retried" if bad & set(counts) else "done" if ran else "kept"
    times = [seconds for job in ran if (seconds := wall(job)) is not None]
    memory = max((job.usage.max_rss_bytes or 0 for job in ran if job.usage), default=0)
    failures = [job for job in jobs if job.status in bad]
    images = {image.id: image.reference for image in run.images}
    shown = sorted(jobs, key=lambda job: (job.status not in bad, -(wall(job) or 0.0)))[:ATTEMPTS]
    return StepRow(
        number=number,
        rule=rule,
        anchor=f"step-{number}",
        step=step,
        state=state,
        jobs=len(jobs),
        counts=", ".join(f"{n:,} {STATES[status]}" for status, n in sorted(counts.items(), key=lambda c: -c[1])),
        took=duration(sum(times)) if times else "",
        memory=size_text(memory) if memory else "",
        attempts=tuple(map(_attempt, shown)),
        failures=tuple(Failure(j, _why(j), latest[_identity(j)] not in bad) for j in failures[:FAILURES]),
        failed=len(failures),
        parameters=tuple(parameters(jobs)),
        images=tuple(dict.fromkeys(images.get(j.image, j.image) for j in jobs if j.image)),
        environments=tuple(dict.fromkeys(j.environment for j in jobs if j.environment)),
        machines=tuple(dict.fromkeys(j.hardware for j in jobs if j.hardware)),
        tools=tuple(dict.fromkeys(tool_text(t.name, t.package, t.version) for j in jobs for t in j.tools))[:30],
        command=next((j.command for j in jobs if j.command), None),
    )


def tool_text(name: str, package: str | None, version: str | None) -> str:
    """A program with the package that it belongs to."""
    return f"{name} ({' '.join(filter(None, (package, version)))})" if package or version else name


def parameters(jobs: Sequence[Job]) -> list[Parameter]:
    """The parameters of a rule, at most `PARAMETERS`."""
    values: dict[str, dict[str | None, None]] = {}
    texts: dict[int, str | None] = {}  # jobs often share one object
    for job in jobs:
        for name, value in job.params.items():
            if id(value) not in texts:
                texts[id(value)] = None if value is None else value_text(value)
            values.setdefault(name, {})[texts[id(value)]] = None
    return [Parameter(name, next(iter(found)), len(found)) for name, found in list(values.items())[:PARAMETERS]]


def _identity(job: Job) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(job.wildcards.items()))


def _attempt(job: Job) -> Attempt:
    seconds = wall(job)
    memory = job.usage.max_rss_bytes if job.usage else None
    return Attempt(
        job, STATES[job.status], duration(seconds) if seconds is not None else "", size_text(memory) if memory else ""
    )


def _why(job: Job) -> str:
    if job.error:
        return one_line(job.error, 400)
    if job.status == "lost":
        return "nothing says how it ended"
    if job.exit_code is not None and job.exit_code < 0:
        return f"ended by signal {-job.exit_code}"
    return f"exit code {job.exit_code}" if job.exit_code is not None else "no reason was recorded"
