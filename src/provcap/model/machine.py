"""Machines, and what jobs use of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor of a machine."""

    model: str
    driver: str | None = None
    cuda: str | None = None  #: highest CUDA version of the driver
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine that ran jobs."""

    id: str
    hostname: str | None = None
    architecture: str | None = None
    cpu_model: str | None = None
    cpus_logical: int | None = None
    cpus_physical: int | None = None
    memory_bytes: int | None = None
    kernel: str | None = None
    os_name: str | None = None
    microarchitecture: str | None = None  #: psABI level that the CPU's flags reach: "x86-64-v3"
    flags: tuple[str, ...] = ()  #: instruction-set flags as the kernel lists them, sorted
    sockets: int | None = None
    hypervisor: str | None = None
    gpus: tuple[Gpu, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used. CPU times are exact (wait4); memory is the largest sample."""

    wall_s: float | None = None
    cpu_user_s: float | None = None
    cpu_system_s: float | None = None
    max_rss_bytes: int | None = None  #: at least this much: the highest sum of resident memory that was sampled


@dataclass(frozen=True, slots=True)
class Accounting:
    """What the batch system counted for the job that it ran; attempts that ran in one such job share all of it.

    Its memory and CPU time include the Snakemake that ran the attempt there.
    """

    state: str  #: as Slurm calls it: COMPLETED, FAILED, CANCELLED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL …
    exit_code: int | None = None  #: negative: killed by that signal
    elapsed_s: float | None = None
    cpu_s: float | None = None
    max_rss_bytes: int | None = None  #: the highest of its steps, as sampled by Slurm
    cpus: int | None = None  #: granted
    memory_bytes: int | None = None  #: granted
    gpus: int | None = None  #: granted
    time_limit_s: float | None = None
    submitted: str | None = None
    started: str | None = None
    ended: str | None = None
