"""When nothing can excuse a difference: the same image on the same CPU model, and nothing drawn without a seed."""

from __future__ import annotations

from typing import Final

from provcap import codec, digest, questions
from provcap.model import Job, Run

DEMAND: Final = "same image, same CPU model, same inputs and no unseeded randomness, so identical is demanded"
_UNSURE: Final = {"unseeded-randomness", "randomness-unseen", "interpreter-unseen"}


class Demand:
    """For two runs: which of their results have to be identical."""

    def __init__(self, first: Run, second: Run) -> None:
        self._first, self._second = _Ways(first), _Ways(second)

    def of(self, path: str) -> str:
        """Why the file at `path` has to be identical, or nothing.

        Every job on its way, in both runs, must be known to have had the same image digest, CPU model, command or
        script, parameters, seeds and files from outside, and must not have drawn randomness that nobody seeded.
        """
        way = self._first.to(path)
        return DEMAND if way and way == self._second.to(path) else ""


class _Ways:
    """For each file of a run, a digest of all that could make a difference on the way to it."""

    def __init__(self, run: Run) -> None:
        self.images = {image.id: image.digest for image in run.images}
        self.cpus = {hardware.id: hardware.cpu_model for hardware in run.hardware}
        self.scripts = {source.path: source.digest for source in run.workflow.sources}
        self.unsure = {gap.subject for gap in run.gaps if gap.slug in _UNSURE}
        self.made = questions.producers(run)
        self.known: dict[str, str | None] = {}

    def to(self, path: str) -> str | None:
        """The digest for the file at `path`; None when something is not known, or drawn without a seed."""
        maker = self.made.get(path)
        if maker is None:
            return None
        waiting = [maker]
        while waiting:  # every job after those that it read from; a loop is cut where it closes
            job = waiting[-1]
            before = [self.made[a.path] for a in job.read if a.path in self.made]
            unknown = [j for j in before if j.id not in self.known]
            if unknown and job.id not in self.known:
                self.known[job.id] = None
                waiting += unknown
                continue
            waiting.pop()
            self.known[job.id] = self._way(job, [self.known[j.id] for j in before])
        return self.known[maker.id]

    def _way(self, job: Job, before: list[str | None]) -> str | None:
        image, cpu = self.images.get(job.image or ""), self.cpus.get(job.hardware or "")
        code = self.scripts.get(job.script) if job.script else job.command
        outside = sorted((a.path, a.digest or "") for a in job.read if a.path not in self.made)
        unseeded = any(draw.kind == "unseeded" for draw in job.randomness)
        if unseeded or f"job:{job.id}" in self.unsure or not (image and cpu and code):
            return None
        if None in before or any(not found for _, found in outside):
            return None
        seeds = sorted((d.source, d.value or "", d.process, d.order) for d in job.randomness)
        text = codec.dumps([job.label, image, cpu, code, job.params, seeds, outside, sorted(filter(None, before))])
        return digest.of_bytes(text.encode("utf-8", "surrogateescape"))
