"""What is read of machines: recorded files of four of them, and the machine that the tests run on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from provcap.capture import granted, hardware
from provcap.codec import decode
from provcap.model import Hardware
from tests import workflows

MACHINES = Path(__file__).parent / "machines"

EXPECTED: dict[str, dict[str, Any]] = {
    "nvidia-a100": {
        "hostname": "dgx01",
        "architecture": "x86_64",
        "kernel": "5.15.0-1042-nvidia",
        "os_name": "Ubuntu 22.04.4 LTS",
        "cpu_model": "AMD EPYC 7742 64-Core Processor",
        "cpus_logical": 8,
        "cpus_physical": 4,
        "sockets": 2,
        "memory_bytes": 2113502468 * 1024,
        "microarchitecture": "x86-64-v3",
        "gpus": [{"model": "NVIDIA A100-SXM4-40GB", "driver": "535.161.08", "cuda": "12.2"}] * 2,
    },
    "arm-neoverse": {
        "hostname": "ip-10-0-0-7",
        "architecture": "aarch64",
        "cpu_model": "Neoverse-N1",
        "cpus_logical": 2,
        "cpus_physical": 2,
        "sockets": 1,
        "microarchitecture": None,
        "hypervisor": "Amazon EC2 m6g.large",
        "gpus": None,
    },
    "intel-two-sockets": {
        "cpu_model": "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
        "cpus_logical": 8,
        "cpus_physical": 4,
        "sockets": 2,
        "microarchitecture": "x86-64-v4",
        "hypervisor": None,
    },
    "amd-mi250x": {
        "cpus_logical": 4,
        "cpus_physical": 2,
        "sockets": 1,
        "hypervisor": "unnamed",
        "gpus": [
            {"model": "AMD Instinct MI250X", "driver": "6.3.6", "memory_bytes": 68702699520},
            {"model": "AMD device 0x7408", "driver": "6.3.6", "memory_bytes": 68702699520},
        ],
    },
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recorded_machines(name: str) -> None:
    """Model, counts, instruction sets, hypervisor and GPUs of a machine come from the kernel's files alone."""
    found = hardware.describe(str(MACHINES / name))
    assert {key: found.get(key) for key in EXPECTED[name]} == EXPECTED[name]
    assert found["flags"] == sorted(set(found["flags"]))
    assert decode(Hardware, found).id == found["id"]


def test_open_kernel_module_of_nvidia(tmp_path: Path) -> None:
    """The driver's version is found in the words of NVIDIA's open kernel module, too; no GPU, no entry."""
    folder = tmp_path / "proc/driver/nvidia"
    (folder / "gpus/0").mkdir(parents=True)
    (folder / "version").write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder@U16)\n"
    )
    assert "gpus" not in hardware.describe(str(tmp_path))
    (folder / "gpus/0/information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 91\n")
    hardware.describe.cache_clear()
    assert hardware.describe(str(tmp_path))["gpus"] == [
        {"model": "NVIDIA H100 80GB HBM3", "driver": "570.86.15", "cuda": "12.8"}
    ]


@pytest.mark.parametrize(
    ("name", "affinity", "expected"),
    [
        ("nvidia-a100", 8, {"cpus": 1.5, "memory_bytes": 34359738368}),  # cgroup v2: the step's, below the job's
        ("intel-two-sockets", 4, {"cpus": 4, "memory_bytes": 4294967296}),  # v1: no quota, but Slurm's cpuset
        ("arm-neoverse", 2, {"cpus": 0.5, "memory_bytes": 1073741824}),  # in a container: its cgroup is the root
        ("amd-mi250x", 4, {"cpus": 4}),  # no cgroup at all
    ],
)
def test_limits_are_the_smallest_granted(name: str, affinity: int, expected: dict[str, Any]) -> None:
    """A job's limits are the smallest of its cgroup and all above it, and what its affinity leaves."""
    assert granted.limits(str(MACHINES / name), affinity) == expected


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("nvidia-a100", "/raid/run", "xfs"),
        ("nvidia-a100", "/home", "nfs4"),
        ("nvidia-a100", "/homeless", "ext4"),
        ("intel-two-sockets", "/scratch/me", "beegfs"),  # the later mount at the same place hides the earlier
        ("arm-neoverse", "/data/two words/x", "tmpfs"),
        ("arm-neoverse", "/srv", "overlay"),
        ("amd-mi250x", "/", None),
    ],
)
def test_filesystem_of_the_longest_mount(name: str, path: str, expected: str | None) -> None:
    """A path lies on the file system of the longest mount point above it."""
    assert granted.filesystem(Path(path), str(MACHINES / name)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nvidia-a100", "open"), ("arm-neoverse", "closed"), ("intel-two-sockets", "open"), ("amd-mi250x", None)],
)
def test_network(name: str, expected: str | None) -> None:
    """Open with a route, or with a global IPv6 address alone; closed with loopback alone; unknown without the files."""
    assert granted.network(str(MACHINES / name)) == expected


def test_job_tells_what_it_was_granted(tmp_path: Path) -> None:
    """A job's record has its limits, its work directory's file system and its network; the run has the machine's flags."""
    rules = "rule a:\n    output: 'a'\n    shell: 'touch {output}'\n"
    rules += "rule b:\n    output: 'b'\n    run: open(output[0], 'w').close()\n"
    done = workflows.snakemake(workflows.write(tmp_path, rules), "a", "b")
    assert done.returncode == 0, done.stderr
    run = workflows.latest(tmp_path)
    for job in run.jobs:
        assert job.limits["cpus"] <= len(os.sched_getaffinity(0))  # type: ignore[operator]
        assert job.filesystem == granted.filesystem(tmp_path)
        assert job.network == granted.network()
    assert len(run.hardware) == 1
    assert list(run.hardware[0].flags) == hardware.describe().get("flags", [])
