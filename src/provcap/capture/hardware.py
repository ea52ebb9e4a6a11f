"""The machine that this process runs on, read from the kernel's files on the host side."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any

from provcap import codec, digest


@functools.cache
def describe(proc: str = "/proc", etc: str = "/etc") -> dict[str, Any]:
    """The Hardware of this node as plain values; what the kernel does not tell is left out."""
    names = os.uname()
    found: dict[str, Any] = {"hostname": names.nodename, "architecture": names.machine, "kernel": names.release}
    found.update(_processors(_read(proc, "cpuinfo")))
    memory = re.search(r"^MemTotal:\s+(\d+) kB", _read(proc, "meminfo"), re.M)
    if memory:
        found["memory_bytes"] = int(memory[1]) * 1024
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', _read(etc, "os-release"), re.M)
    if system:
        found["os_name"] = system[1]
    return {"id": digest.of_bytes(codec.dumps(found).encode())[7:19], **found}


def _processors(cpuinfo: str) -> dict[str, Any]:
    """CPU model and counts from /proc/cpuinfo (x86 and Arm spell them differently)."""
    logical = len(re.findall(r"^processor\s*:", cpuinfo, re.M))
    model = re.search(r"^(?:model name|Model|cpu model|Hardware)\s*:\s*(.+)$", cpuinfo, re.M)
    cores = set(re.findall(r"^physical id\s*:\s*(\d+)\n(?:.+\n)*?core id\s*:\s*(\d+)$", cpuinfo, re.M))
    found: dict[str, Any] = {}
    if logical:
        found["cpus_logical"] = logical
    if cores:
        found["cpus_physical"] = len(cores)
    if model:
        found["cpu_model"] = model[1].strip()
    return found


def allocation() -> dict[str, str]:
    """What the batch system calls this job and node; empty outside of one."""
    wanted = {
        "job_id": "SLURM_JOB_ID",
        "array_task_id": "SLURM_ARRAY_TASK_ID",
        "partition": "SLURM_JOB_PARTITION",
        "node": "SLURMD_NODENAME",
        "cluster": "SLURM_CLUSTER_NAME",
    }
    found = {key: os.environ[name] for key, name in wanted.items() if os.environ.get(name)}
    return {"system": "slurm", **found} if "job_id" in found else {}


def _read(*parts: str) -> str:
    try:
        return Path(*parts).read_text("utf-8", "replace")
    except OSError:
        return ""
