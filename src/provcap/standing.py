"""Results that were up to date: several invocations that together made a result are one history."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from provcap import codec, embed
from provcap.history import OUTSIDE, History, Recorded, history
from provcap.model import Artifact, Gap, Job

_NAMED = 5  #: files that are named

_PLAIN = (
    "rule kind wildcards params threads group command script inputs outputs logs benchmark conda_env env_modules"
).split()


@dataclass
class _Present:
    """What this run knows of files that it did not make itself."""

    workdir: Path
    sizes: dict[str, int]  #: as Snakemake's main process found them
    read: dict[str, set[str]]  #: the digests under which its jobs read them

    def is_other(self, artifact: Artifact, maker: Job) -> bool:
        """Whether it is proved that what is there is not what `maker` left: by the digest under which a job read it, or
        by its size. A later time proves nothing."""
        if artifact.kind == "directory":
            inside = [member for member in maker.members if member.path.startswith(artifact.path + "/")]
            return self._has_other_digest(artifact) or any(map(self._has_other_digest, inside))
        return self._has_other_digest(artifact) or self._has_other_size(artifact)

    def _has_other_digest(self, artifact: Artifact) -> bool:
        digests = self.read.get(artifact.path, ()) if artifact.digest else ()
        others = [found for found in digests if found != artifact.digest]
        return any(embed.known_as(self.workdir, found) != artifact.digest for found in others)

    def _has_other_size(self, artifact: Artifact) -> bool:
        size = self.sizes.get(artifact.path, artifact.size_bytes)
        if size == artifact.size_bytes or artifact.size_bytes is None:
            return False
        with_lineage = (artifact.path, artifact.digest, size)
        return all((note.path, note.file, note.size_bytes) != with_lineage for note in embed.notes(self.workdir))

    def taken_over(self, maker: Job) -> Job:
        """`maker` with what is still there as it made it, or gone."""

        def kept(made: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
            return tuple(artifact for artifact in made if not self.is_other(artifact, maker))

        outputs, members, more = kept(maker.outputs), kept(maker.members), kept(maker.undeclared_outputs)
        return replace(maker, status="up_to_date", outputs=outputs, members=members, undeclared_outputs=more)


def standing(
    events: list[dict[str, Any]], ran: list[Job], folder: Path, gaps: list[Gap], recorded: Recorded
) -> list[Job]:
    """The attempts of earlier runs that made what was up to date, or what `ran` read and nobody in this run made.

    Snakemake names the first; the second are not in its plan (the parts of an earlier ``--batch``, say) and are known
    by path and digest. What no recorded run made, or what was changed since, has a Gap; what is not known of an
    earlier attempt is not known now. `recorded` reads the attempts of a run, and its Gaps, from its records.
    """
    tried = {(job.rule, *sorted(job.wildcards.items())) for job in ran}
    wanted = [e for e in events if e.get("event") == "up_to_date"]
    wanted = [e for e in wanted if (e["rule"], *sorted(e.get("wildcards", {}).items())) not in tried]
    made = {artifact.path for job in ran for artifact in job.made}
    if not wanted and all(artifact.path in made for job in ran for artifact in job.read):
        return []
    earlier = history(folder, recorded)
    present = _present(wanted, ran, made, folder.absolute().parents[2])
    jobs: dict[str, Job] = {}
    for entry in wanted:
        outside: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for output in entry.get("outputs", ()):
            maker, why = _maker(output["path"], earlier, present)
            if maker is not None:
                jobs[maker.id] = present.taken_over(maker)
            else:
                outside[why].append(output)
        if not entry.get("outputs"):
            outside[""] = []
        if outside:
            job = _made_outside(entry, list(itertools.chain(*outside.values())), folder.name)
            jobs[job.id] = job
            gaps += [
                Gap("made-outside-capture", f"job:{job.id}", _message(entry, why, outside[why])) for why in outside
            ]
    found = _with_makers(ran, list(jobs.values()), earlier, present)
    subjects = {f"job:{job.id}" for job in found}
    gaps += [gap for about, gap in earlier.gaps if about & subjects]
    return found


def _present(wanted: list[dict[str, Any]], ran: list[Job], made: set[str], workdir: Path) -> _Present:
    """What `ran` read, and the sizes that the events noted, of all that is not `made` in this run."""
    outputs = [output for entry in wanted for output in entry.get("outputs", ())]
    sizes = {o["path"]: o["size_bytes"] for o in outputs if "size_bytes" in o and o["path"] not in made}
    read: dict[str, set[str]] = defaultdict(set)
    for job in ran:
        for artifact in job.read:
            if artifact.digest and artifact.path not in made:
                read[artifact.path].add(artifact.digest)
    return _Present(workdir, sizes, read)


def _maker(path: str, earlier: History, present: _Present) -> tuple[Job | None, str]:
    """The attempt that made what is at `path`; or none, and why, as the end of a sentence."""
    left, maker = earlier.left.get(path), earlier.makers.get(path)
    if left is not None:
        ended = "failed" if left.status == "failed" else "was lost"
        return None, f" since an attempt at them {ended} in run {left.run}"
    if maker is None:
        return None, ""
    if any(a.path == path and present.is_other(a, maker) for a in maker.made):
        return None, f" as they are: they were changed since run {maker.run} made them"
    return maker, ""


def _message(entry: dict[str, Any], why: str, outputs: list[dict[str, Any]]) -> str:
    if not why and len(outputs) == len(entry.get("outputs", ())):
        return f"no recorded run made the results of {entry['rule']}"
    paths = [output["path"] for output in outputs]
    named = ", ".join(paths[:_NAMED]) + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
    return f"no recorded run made these results of {entry['rule']}{why}: {named}"


def _made_outside(entry: dict[str, Any], outputs: list[dict[str, Any]], run: str) -> Job:
    """The job of which is known what the workflow says, and nothing of the attempt that made its `outputs`."""
    job_id = OUTSIDE + codec.short_id([entry["rule"], entry.get("wildcards", {}), [o["path"] for o in outputs]])
    plain = {k: entry[k] for k in _PLAIN if k in entry}
    return codec.decode(Job, {**plain, "outputs": outputs, "id": job_id, "run": run, "status": "up_to_date"})


def _with_makers(ran: list[Job], found: list[Job], earlier: History, present: _Present) -> list[Job]:
    """`found` and the earlier attempts that made, byte for byte or but for its lineage, what it and `ran` read."""
    made = {artifact.path for job in (*ran, *found) for artifact in job.made}
    reading, taken = [*ran, *found], {job.id for job in found}
    for job in reading:
        for artifact in job.read:
            maker = earlier.makers.get(artifact.path)
            if maker is None or maker.id in taken or artifact.path in made or artifact.digest is None:
                continue
            same = {artifact.digest, embed.known_as(present.workdir, artifact.digest)}
            if any(a.path == artifact.path and a.digest in same for a in maker.made):
                maker = present.taken_over(maker)
                made.update(a.path for a in maker.made)
                taken.add(maker.id)
                reading.append(maker)
                found.append(maker)
    return found
