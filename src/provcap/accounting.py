"""What Slurm counted for the jobs of a run: ``sacct``, asked once for all of them, never once per job.

The answer is kept in the run's folder as ``accounting.json``, so that the run can be collected again, and elsewhere.
"""

from __future__ import annotations

import json
import math
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from provcap import codec, questions, sacct, store
from provcap.errors import DamagedRecord
from provcap.model import Accounting, Gap, Job

FORMAT = "provcap.accounting/1"
SLACK_S = 600  #: by which the clocks of a node and of Slurm may differ
_GOING_ON = {"PENDING", "RUNNING", "RESIZING", "SUSPENDED", "CONFIGURING", "COMPLETING", "STOPPED"}
_WHY = {
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled",
    "DEADLINE": "it reached its deadline",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it used more memory than it was granted",
    "PREEMPTED": "another job took its place",
    "REQUEUED": "Slurm put it back into its queue",
    "TIMEOUT": "it ran longer than its time limit",
}

Known = dict[str, list[sacct.Entry]]  #: by Slurm's job id, and by PARENT_TASK in an array: what sacct said
Answer = tuple[Known, str]  #: and why it does not say more


def kept(folder: Path, _: Iterable[Job] = ()) -> Answer:
    """What an earlier `ask` kept in the run's `folder`, and why it does not know more."""
    try:
        plain = json.loads((folder / "accounting.json").read_bytes())
        if plain["format"] != FORMAT:
            return {}, f"accounting.json says format {plain['format']!r}"
        return _by_name(map(_sound, plain["jobs"])), str(plain.get("problem", ""))
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, LookupError, TypeError, RecursionError, DamagedRecord) as error:
        return {}, f"accounting.json cannot be read: {error}"


def ask(folder: Path, jobs: Iterable[Job]) -> Answer:
    """`kept`, after sacct was asked for the Slurm jobs of `jobs` whose end is not known yet.

    Raises OSError when the answer cannot be written.
    """
    known, problem = kept(folder)
    sent = {j.allocation["job_id"]: j.allocation.get("cluster", "") for j in jobs if _is_slurm(j)}
    open_ids = sorted(name for name in sent if not any(_is_final(entry) for entry in known.get(name, ())))
    if not open_ids:
        return known, problem
    entries = {sacct.identity(entry): entry for several in known.values() for entry in several}
    problem = ""
    try:
        for cluster in sorted({sent[name] for name in open_ids}):
            ids = [name for name in open_ids if sent[name] == cluster]
            entries.update((sacct.identity(e), e) for e in sacct.ask(ids, cluster))
    except FileNotFoundError:
        problem = "there is no sacct here"
    except subprocess.TimeoutExpired:
        problem = f"sacct did not answer within {sacct.LIMIT_S} s"
    except (OSError, subprocess.SubprocessError) as error:
        problem = f"sacct failed: {(getattr(error, 'stderr', '') or str(error)).strip()[:300]}"
    plain = {"jobs": [entries[key] for key in sorted(entries)], **({"problem": problem} if problem else {})}
    store.write_atomic(folder / "accounting.json", (codec.stamp(FORMAT, plain) + "\n").encode("utf-8", "replace"))
    return _by_name(entries.values()), problem


def _by_name(entries: Iterable[sacct.Entry]) -> Known:
    found: Known = defaultdict(list)
    for entry in entries:
        for name in {entry["id"], entry["name"]}:
            found[name].append(entry)
    return dict(found)


def account(jobs: Iterable[Job], known: Answer, gaps: list[Gap]) -> list[Job]:
    """`jobs` with what Slurm counted for them, and for one that Slurm ended, why.

    An attempt that began and did not end has failed when Slurm says that its job did. What Slurm does not know, or not
    yet, has a Gap.
    """
    entries, problem = known
    members: dict[str, list[Job]] = defaultdict(list)
    found: list[Job] = []
    missing = set()
    for job in jobs:
        name = job.allocation.get("job_id", "")
        entry = _entry_of(job, entries.get(name, ())) if _is_slurm(job) else None
        if entry is None:
            missing |= {name} if _is_slurm(job) else set()
            found.append(job)
            continue
        counted = codec.decode(Accounting, entry["accounting"])
        allocation = {**{k: entry[k] for k in ("partition", "node") if entry.get(k)}, **job.allocation}
        found.append(replace(job, accounting=counted, allocation=allocation))
        members[name].append(found[-1])
    if missing:
        message = f"of {len(missing)} Slurm jobs sacct did not say how they ended"
        advice = problem or "ask again with provcap collect"
        gaps.append(Gap("accounting-unknown", "run", f"{message} ({_some(missing)}): {advice}"))
    return [_explained(job, members[job.allocation["job_id"]]) if job.accounting else job for job in found]


def _sound(entry: sacct.Entry) -> sacct.Entry:
    """`entry`, read from a file; raises DamagedRecord, LookupError, TypeError or ValueError when it is none."""
    counted = codec.decode(Accounting, entry["accounting"])
    for moment in filter(None, (counted.submitted, counted.started, counted.ended)):
        if datetime.fromisoformat(moment).tzinfo is None:
            raise ValueError(f"{moment} has no time zone")
    if not all(isinstance(entry.get(key, ""), str) for key in ("id", "name", "cluster", "node", "partition")):
        raise TypeError("an entry's names are no texts")
    return {"name": entry["id"], **entry}


def _is_slurm(job: Job) -> bool:
    return job.allocation.get("system") == "slurm" and bool(sacct.ID.fullmatch(job.allocation.get("job_id", "")))


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:5]) + (", …" if len(names) > 5 else "")


def _is_final(entry: sacct.Entry) -> bool:
    return isinstance(entry.get("accounting"), dict) and entry["accounting"].get("state") not in _GOING_ON


def _entry_of(job: Job, entries: Iterable[sacct.Entry]) -> sacct.Entry | None:
    """The entry of the very job that `job` ran in: ids come back in years, on other clusters, and in a requeue."""
    fitting = [entry for entry in entries if _is_final(entry) and _same_place(job.allocation, entry)]
    far = [(_seconds_between(job, entry["accounting"]), entry) for entry in fitting]
    near = [(-seconds, sacct.identity(entry), entry) for seconds, entry in far if seconds <= SLACK_S]
    return max(near, key=lambda found: found[:2])[2] if near else None  # of two that fit, the one submitted later


def _same_place(allocation: dict[str, str], entry: sacct.Entry) -> bool:
    cluster, node, nodes = allocation.get("cluster"), allocation.get("node"), entry.get("node", "")
    elsewhere = bool(node and nodes and "[" not in nodes and node not in nodes.split(","))
    return not elsewhere and (not cluster or entry.get("cluster") in (None, cluster))


def _seconds_between(job: Job, counted: dict[str, str]) -> float:
    """How far the attempt began outside of the Slurm job; one that left no record is known by its submission."""
    first, last = ("started", "ended") if "node" in job.allocation else ("submitted", None)
    if not job.started or first not in counted:
        return 0.0
    began, start = datetime.fromisoformat(job.started), datetime.fromisoformat(counted[first])
    if last is None:
        return max(0.0, (began - start).total_seconds())
    end = datetime.fromisoformat(counted.get(last, counted[first]))
    return max(0.0, (start - began).total_seconds(), (began - end).total_seconds())


def _explained(job: Job, members: list[Job]) -> Job:
    """`job` with the reason why Slurm ended it, unless it had ended before and another of its Slurm job followed."""
    counted = job.accounting
    assert counted is not None
    followed = job.ended is not None and any(m.started and m.started >= job.ended for m in members if m is not job)
    if counted.state == "COMPLETED" or not questions.fell_short(job) or (job.status == "failed" and followed):
        return job
    why = _WHY.get(counted.state)
    if why is None and (counted.max_rss_bytes or 0) > (counted.memory_bytes or math.inf):
        why = f"it used {counted.max_rss_bytes} bytes of memory, and {counted.memory_bytes} were granted"
    if counted.state == "TIMEOUT" and counted.time_limit_s is not None:
        why = f"{why} of {counted.time_limit_s:g} s"
    if why is None and job.status == "failed" and job.error:
        return job  # FAILED says no more than its own record
    code = "" if counted.exit_code in (0, None) else f"exit code {counted.exit_code}"
    said = f"Slurm: {counted.state}" + (f", {why or code}" if why or code else "")
    ended = job.ended or (max(counted.ended, job.started or "") if counted.ended else None)
    return replace(job, status="failed", ended=ended, error=f"{said}\n{job.error}" if job.error else said)
