"""A Slurm of its own for tests that end jobs and nodes: short delays, memory limits that are enforced.

It stands beside the machine's Slurm (other ports, another name), and counts into the same database. Needs root, as
slurmctld and slurmd do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NAME = "provcaptest"
CONFIGURATION = """
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=6
SlurmdParameters=config_overrides
FirstJobId={first}
KillWait=2
JobRequeue=0
SchedulerParameters=sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
PropagateResourceLimits=NONE
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
NodeName={host} NodeAddr=127.0.0.1 CPUs=9 RealMemory=6000 State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    """The running cluster; `variables` lead Snakemake and Slurm's commands to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, os.uname().nodename.split(".")[0]
        programs = folder / "bin"
        for made in (folder / "state", folder / "spool", programs):
            made.mkdir()
        self.configuration = folder / "slurm.conf"
        # ids of their own: the database keeps those of earlier tests
        values = {"name": NAME, "host": self.host, "folder": folder, "first": 1000 + int(time.time()) % 60_000_000}
        self.configuration.write_text(CONFIGURATION.format(**values))
        srun = programs / "srun"  # inside a job, Snakemake removes SLURM_CONF before it calls srun
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.configuration} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        self.variables = {"SLURM_CONF": str(self.configuration), "PATH": f"{programs}:{os.environ['PATH']}"}

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands says."""
        done = subprocess.run(command, env={**os.environ, **self.variables}, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def start(self) -> None:
        """Start the daemons that do not run, and wait until the node takes jobs."""
        for daemon, option in (("slurmctld", ["-i"]), ("slurmd", [])):
            if not self._alive(daemon):
                log = (self.folder / f"{daemon}.out").open("wb")
                subprocess.run(
                    [daemon, *option],
                    env={**os.environ, **self.variables},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    check=True,
                )
        wait(lambda: self.ask("sinfo", "-h", "-o", "%T") in ("idle", "mixed"), 60)

    def kill_node(self) -> None:
        """The node dies: its daemon and all that it runs, at once."""
        pids = [int((self.folder / "slurmd.pid").read_text())]
        pids += [pid for pid in _pids() if str(self.folder) in _environment(pid) and pid != os.getpid()]
        for pid in pids:
            if b"slurmctld" not in _command(pid) and b"--executor\0slurm\0" not in _command(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it, and all jobs; a slurmctld that waits for its dead node gets no more than ten seconds."""
        self.ask("scancel", "--user", "root")
        for daemon in ("slurmd", "slurmctld"):
            if self._alive(daemon):
                pid = int((self.folder / f"{daemon}.pid").read_text())
                os.kill(pid, signal.SIGTERM)
                with contextlib.suppress(AssertionError, ProcessLookupError):
                    wait(lambda pid=pid: not _command(pid), 10)  # type: ignore[misc]
                    continue
                os.kill(pid, signal.SIGKILL)

    def _alive(self, daemon: str) -> bool:
        try:
            return daemon.encode() in _command(int((self.folder / f"{daemon}.pid").read_text()))
        except (OSError, ValueError):
            return False


def wait(done: Callable[[], bool], seconds: float) -> None:
    """Wait until `done`, at most so many `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.5)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster in `folder` as long as the block lasts; skips the test where none can be."""
    if os.geteuid() != 0 or not shutil.which("slurmctld") or not shutil.which("slurmd"):
        pytest.skip("slurm: starting slurmctld and slurmd needs root and both of them")
    for kind in (
        ["cluster", NAME],
        ["account", "none", f"cluster={NAME}"],
        ["user", "root", "account=none", f"cluster={NAME}"],
    ):
        subprocess.run(["sacctmgr", "-i", "add", *kind], capture_output=True, timeout=60, check=False)
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
