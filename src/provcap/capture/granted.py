"""What a job was granted of the machine: processors, memory, the work directory's file system, a network, and where the
batch system sent it.

As in `hardware`, `root` is the folder that stands for ``/``.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ALLOCATION = "PROVCAP_ALLOCATION"  #: what the first Snakemake of a batch job knew, in the environment of those below it
_SLURM = {  #: variables of sbatch's and srun's environment (man sbatch, "OUTPUT ENVIRONMENT VARIABLES")
    "job_id": "SLURM_JOB_ID",
    "array_job_id": "SLURM_ARRAY_JOB_ID",
    "array_task_id": "SLURM_ARRAY_TASK_ID",
    "cluster": "SLURM_CLUSTER_NAME",
    "partition": "SLURM_JOB_PARTITION",
    "node": "SLURMD_NODENAME",
    "account": "SLURM_JOB_ACCOUNT",
    "qos": "SLURM_JOB_QOS",
    "cpus": "SLURM_CPUS_ON_NODE",
    "memory_mb": "SLURM_MEM_PER_NODE",
    "memory_mb_per_cpu": "SLURM_MEM_PER_CPU",
    "gpus": "SLURM_JOB_GPUS",
}
_UNLIMITED = 1 << 60  #: cgroup v1 writes the largest multiple of the page size for "no limit"


@functools.cache
def here(workdir: Path) -> dict[str, Any]:
    """``limits`` of this process and ``filesystem`` of `workdir`, read once per process: neither changes."""
    return {"limits": limits(), "filesystem": filesystem(workdir)}


def limits(root: str = "", affinity: int | None = None) -> dict[str, Any]:
    """``cpus`` (a number of cores, with fractions) and ``memory_bytes`` that this process may use.

    The smallest value of its cgroup and of all above it, as far as they are seen from here (Linux
    Documentation/admin-guide/cgroup-v2.rst, cpu.max and memory.max; cgroup-v1, cpu.cfs_quota_us and
    memory.limit_in_bytes), and of the processors that its affinity allows, which a cpuset or Slurm sets.
    """
    cpus = [float(affinity if affinity is not None else len(os.sched_getaffinity(0)))]
    memory = []
    for folder in _groups(root):
        quota, _, period = (_read(folder, "cpu.max") or _legacy_quota(folder)).partition(" ")
        if quota.isdigit() and period.isdigit():
            cpus.append(int(quota) / int(period))
        most = _read(folder, "memory.max") or _read(folder, "memory.limit_in_bytes")
        if most.isdigit() and int(most) < _UNLIMITED:
            memory.append(int(most))
    least = round(min(cpus), 3)
    found: dict[str, Any] = {"cpus": int(least) if least == int(least) else least}
    if memory:
        found["memory_bytes"] = min(memory)
    return found


def _groups(root: str) -> Iterator[Path]:
    """The folders of this process's cgroups and of those above them."""
    top = Path(root or "/", "sys/fs/cgroup")
    for line in _read(Path(root or "/", "proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        mounts = [top] if not controllers else [top / controllers, *(top / c for c in controllers.split(","))]
        mounts += [] if controllers else [top / "unified"]  # where v1 holds the controllers
        for mount in mounts:
            if mount.is_dir():
                inside = Path(path.strip("/"))
                yield from (mount / p for p in (inside, *inside.parents))
                break


def _legacy_quota(folder: Path) -> str:
    return f"{_read(folder, 'cpu.cfs_quota_us')} {_read(folder, 'cpu.cfs_period_us')}"


def filesystem(path: Path, root: str = "") -> str | None:
    """The type of the file system that `path` lies on, from /proc/self/mountinfo (proc(5)); None when unknown."""
    full, best, found = os.path.realpath(path) if not root else str(path), -1, None
    for line in _read(Path(root or "/", "proc/self/mountinfo")).splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4])
        inside = full == point or full.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # a later mount covers an earlier one at the same place
            best, found = len(point), right.split(" ")[0]
    return found


def network(root: str = "") -> str | None:
    """Whether this process had a network: "open" when a route or an address of an interface other than lo is there.

    The same question as prologue.sh asks inside a container; None where /proc/net cannot be read.
    """
    routes, addresses = (_read(Path(root or "/", "proc/net", name)) for name in ("route", "if_inet6"))
    if not routes:
        return None
    names = {line.split()[0] for line in routes.splitlines()[1:] if line.split()} - {"lo"}
    fields = [line.split() for line in addresses.splitlines()]
    names |= {f[5] for f in fields if len(f) == 6 and f[5] != "lo" and f[3] not in ("10", "20")}
    return "open" if names else "closed"


def allocation() -> dict[str, str]:
    """What the batch system calls this job and node, and granted it; empty outside of one.

    Snakemake removes most of Slurm's variables before it starts the process that runs the job: they are handed on.
    """
    if not os.environ.get(_SLURM["job_id"]):
        return {}
    found = {key: os.environ[name] for key, name in _SLURM.items() if os.environ.get(name)}
    try:
        before = json.loads(os.environ.get(ALLOCATION, "{}"))
    except ValueError:
        before = {}
    if not isinstance(before, dict) or before.get("job_id") != found["job_id"]:
        before = {}  # of the job that this one was submitted from
    return {"system": "slurm", **{k: str(v) for k, v in before.items() if k in _SLURM}, **found}


def hand_on() -> None:
    """Keep `allocation` for the processes below this one."""
    found = allocation()
    if found:
        os.environ[ALLOCATION] = json.dumps(found)


def _read(first: Path, *parts: str) -> str:
    try:
        return Path(first, *parts).read_text("utf-8", "replace").strip()
    except OSError:
        return ""
