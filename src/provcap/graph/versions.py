"""Which content of which path each job read and made.

A path is not a PROV entity: its content changes. A `Version` is one content of one path, so that a file that was made
twice is two entities with one generation each (PROV-CONSTRAINTS 24), and nothing is ever derived from itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from provcap import questions
from provcap.model import Artifact, Job, Run


@dataclass(slots=True, eq=False)
class Version:
    """One content of one path."""

    artifact: Artifact  #: as it was first met
    identity: tuple[str, ...]  #: unique in the run
    maker: int | None = None  #: position in `Run.jobs` of the attempt that made it; None: it was there before
    lasting: bool = True  #: False: its maker failed, so that Snakemake removed it
    readers: list[int] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)  #: as seen by those who met it

    @property
    def digest(self) -> str | None:
        """Its digest, when all who met it agree."""
        return next(iter(self.digests)) if len(self.digests) == 1 else None


class Link(NamedTuple):
    """A version that a job read or made."""

    version: Version
    part: Literal["input", "output", "log", "benchmark"]
    name: str | None  #: what the rule calls it


@dataclass(frozen=True, slots=True)
class History:
    """All versions of a run; lists are by the position of the job in `Run.jobs`."""

    reads: list[list[Link]]
    makes: list[list[Link]]
    versions: dict[str, list[Version]]  #: by path, in the order in which they came to be

    def latest(self, path: str) -> Version | None:
        """What the path holds in the end: what a successful attempt made last, or what was there before."""
        found = self.versions.get(path, [])
        return max(found, key=lambda v: (v.lasting, v.maker is not None, found.index(v)), default=None)


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a run that a document speaks of."""

    jobs: list[int]
    versions: list[Version]


def trace(run: Run) -> History:
    """The versions of every file of `run`, makers before readers whatever the clocks of their machines say."""
    count = len(run.jobs)
    history = History([[] for _ in range(count)], [[] for _ in range(count)], {})
    for index in _makers_first(run.jobs):
        job = run.jobs[index]
        for artifact in job.read:
            if artifact.kind != "missing":
                _read(history, index, artifact)
        history.reads[index] = _without_repeats(history.reads[index])
        for part, artifact in made_by(job):
            _make(history, index, job, part, artifact)
    return history


def made_by(job: Job) -> Iterator[tuple[Literal["output", "log", "benchmark"], Artifact]]:
    """What the job left behind, each path once."""
    seen: set[str] = set()
    parts: list[tuple[Literal["output", "log", "benchmark"], Artifact]] = [("output", a) for a in job.made]
    parts += [("log", a) for a in job.logs]
    if job.benchmark is not None and job.status == "succeeded":  # Snakemake writes it when the job is done
        parts.append(("benchmark", Artifact(job.benchmark)))
    for part, artifact in parts:
        if artifact.kind != "missing" and artifact.path not in seen:
            seen.add(artifact.path)
            yield part, artifact


def whole(run: Run, history: History) -> Scope:
    """Everything."""
    return Scope(list(range(len(run.jobs))), [v for found in history.versions.values() for v in found])


def ancestry(history: History, target: Version) -> Scope:
    """Only what led to `target`: its maker, what that read, and so on back to what was there before."""
    jobs: set[int] = set()
    versions = {target.identity: target}
    waiting = [target]
    while waiting:
        maker = waiting.pop().maker
        if maker is None or maker in jobs:
            continue
        jobs.add(maker)
        for link in history.reads[maker]:
            if link.version.identity not in versions:
                versions[link.version.identity] = link.version
                waiting.append(link.version)
    return Scope(sorted(jobs), list(versions.values()))


def _makers_first(jobs: tuple[Job, ...]) -> list[int]:
    """Positions of `jobs`, as they are but for makers that come after their readers (pipes, clocks that disagree)."""
    makers: dict[str, list[int]] = {}
    for index, job in enumerate(jobs):
        for _, artifact in made_by(job):
            makers.setdefault(artifact.path, []).append(index)
    order: list[int] = []
    entered: set[int] = set()
    for first in range(len(jobs)):
        stack = [(first, False)]
        while stack:
            index, done = stack.pop()
            if done:
                order.append(index)
            elif index not in entered:
                entered.add(index)
                stack.append((index, True))
                needed = {m for a in jobs[index].read for m in _needed(makers.get(a.path, []), index)}
                stack.extend((m, False) for m in sorted(needed - entered, reverse=True))
    return order


def _needed(makers: list[int], reader: int) -> list[int]:
    earlier = [m for m in makers if m < reader]
    return earlier[-1:] or [m for m in makers if m > reader][:1]


def _read(history: History, index: int, artifact: Artifact) -> None:
    found = history.versions.setdefault(artifact.path, [])
    version = _met(found, artifact.digest)
    if version is None:
        version = Version(artifact, _identity(found, artifact, "before"))
        found.append(version)
    if artifact.digest:
        version.digests.add(artifact.digest)
    version.readers.append(index)
    history.reads[index].append(Link(version, "input", artifact.name))


def _met(found: list[Version], digest: str | None) -> Version | None:
    """Which of the versions so far a reader met who saw `digest`: the last that it can be."""
    for version in (v for v in reversed(found) if v.lasting):
        known = version.artifact.digest
        if known == digest or (version.maker is not None and (digest is None or known is None)):
            return version
    return None


def _make(
    history: History, index: int, job: Job, part: Literal["output", "log", "benchmark"], artifact: Artifact
) -> None:
    found = history.versions.setdefault(artifact.path, [])
    lasting = part != "output" or not questions.fell_short(job)
    version = Version(artifact, _identity(found, artifact, "made", job.run, job.id, str(index)), index, lasting)
    if artifact.digest:
        version.digests.add(artifact.digest)
    found.append(version)
    history.makes[index].append(Link(version, part, artifact.name))


def _identity(found: list[Version], artifact: Artifact, *event: str) -> tuple[str, ...]:
    """Path and digest, which a reader of the PROV can work out; and how it came to be where that is not enough."""
    if artifact.digest and not found:
        return (artifact.path, artifact.digest)
    return (artifact.path, artifact.digest or "", *event)


def _without_repeats(links: list[Link]) -> list[Link]:
    """Each version once per name; a nameless mention only when there is no named one."""
    named = {id(link.version) for link in links if link.name}
    kept = {(id(link.version), link.name): link for link in links if link.name or id(link.version) not in named}
    return list(kept.values())
