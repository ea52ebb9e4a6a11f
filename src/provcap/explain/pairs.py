"""Which attempt of the first run answers to which of the second."""

from __future__ import annotations

from dataclasses import dataclass

from provcap.model import Job, Run
from provcap.questions import fell_short


@dataclass(frozen=True, slots=True)
class Pair:
    """The same step in both runs; one of the two is None when only the other run has it."""

    first: Job | None
    second: Job | None

    @property
    def label(self) -> str:
        """How a person calls the step."""
        job = self.second or self.first
        assert job is not None
        if self.first and self.second and self.first.rule != self.second.rule:
            return f"{self.first.label}, now {self.second.label}"
        return job.label

    @property
    def rule(self) -> str:
        """Its rule, as the second run calls it."""
        job = self.second or self.first
        assert job is not None
        return job.rule


def last_attempts(run: Run) -> list[Job]:
    """For each step the attempt that made its results; of a step that never succeeded, the last one."""
    found: dict[tuple[str, str], Job] = {}
    for job in run.jobs:
        key = job.rule, repr(sorted(job.wildcards.items()))
        if key not in found or not fell_short(job) or fell_short(found[key]):
            found[key] = job
    return list(found.values())


def pair(first: Run, second: Run) -> list[Pair]:
    """All steps of both runs: by rule and wildcards, and where a rule was renamed, by the files that it makes."""
    left, right = last_attempts(first), last_attempts(second)
    by_name = {_name(job): job for job in right}
    pairs = [Pair(job, by_name.pop(_name(job))) for job in left if _name(job) in by_name]
    met = {id(p.first) for p in pairs}
    by_path = {a.path: job for job in by_name.values() for a in job.outputs}
    for job in left:
        if id(job) in met:
            continue
        other = next((by_path[a.path] for a in job.outputs if a.path in by_path), None)
        if other is not None and _name(other) in by_name:
            pairs.append(Pair(job, by_name.pop(_name(other))))
        else:
            pairs.append(Pair(job, None))
    return pairs + [Pair(None, job) for job in by_name.values()]


def _name(job: Job) -> tuple[str, str]:
    return job.rule, repr(sorted(job.wildcards.items()))


def same(first: dict[str, str | None], second: dict[str, str | None]) -> bool:
    """Whether two sets of files hold the same: by path, or, where files were renamed, the same contents."""
    if first == second:
        return True
    left = [first[path] for path in first.keys() - second.keys()]
    right = [second[path] for path in second.keys() - first.keys()]
    shared = all(first[path] == second[path] for path in first.keys() & second.keys())
    return shared and None not in left and sorted(map(str, left)) == sorted(map(str, right))
