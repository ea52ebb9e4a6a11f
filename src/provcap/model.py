"""What a run is: frozen values.

Nothing here reads or writes. Times are ISO 8601 strings in UTC with milliseconds (``2026-11-21T09:00:30.123+00:00``),
so that they sort as text. Digests are ``"sha256:<hex>"``. Paths are POSIX paths relative to the run's work directory,
absolute only when they lie outside it. An unknown value is None or empty, and has a `Gap` where a reader would miss it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Status = Literal["succeeded", "failed", "cached", "up_to_date", "lost"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that provcap does not know, and says so."""

    slug: str  #: the kind, a paragraph in docs/messages.md
    subject: str  #: what it is about: "run", "job:<id>", "file:<path>", "environment:<id>", "image:<id>"
    message: str  #: one sentence for a person


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or directory as one job met it."""

    path: str
    kind: Literal["file", "directory", "pipe", "service", "missing"] = "file"
    digest: str | None = None  #: of the content; for a directory the tree digest of `provcap.digest`
    size_bytes: int | None = None  #: for a directory, the sum over its files
    media_type: str | None = None
    name: str | None = None  #: the name that the rule gives it (``input.image``), if any
    flags: tuple[str, ...] = ()  #: Snakemake's: temp, protected, pipe, touch, ensure …
    query: str | None = None  #: where it came from, when a storage provider fetched it


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the workflow itself: Snakefile, include, script, configuration."""

    path: str  #: relative to the workflow's root; absolute when outside
    digest: str
    size_bytes: int
    role: Literal["snakefile", "include", "script", "config", "other"]
    place: str  #: absolute path on the machine that ran it


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package, as its own manager describes it."""

    name: str
    version: str
    manager: Literal["pypi", "conda", "deb", "apk", "rpm", "cran"]
    origin: str | None = None  #: URL, VCS commit, channel or section it came from, when that is recorded
    architecture: str | None = None
    editable: bool = False


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that the environment offers first on its PATH."""

    language: str
    version: str
    path: str
    build: str | None = None  #: compiler and build date as it reports them


@dataclass(frozen=True, slots=True)
class Library:
    """A native library that a process had loaded. Its digest tells a rebuilt one under an old version."""

    path: str
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """A module or R package that a process really imported, apart from what is merely installed."""

    name: str  #: top-level name
    version: str | None = None
    distribution: str | None = None  #: the package that it belongs to, as its manager calls it
    from_host: bool = False  #: found on the host although the job ran in a container


@dataclass(frozen=True, slots=True)
class Imports:
    """What the interpreters of a job imported and loaded; shared by all jobs with the same."""

    id: str
    modules: tuple[Module, ...] = ()
    libraries: tuple[Library, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A command-line program that a job's shell command names."""

    name: str
    path: str  #: where the job's PATH led
    package: str | None = None  #: the installed package that owns the file
    version: str | None = None  #: of that package


@dataclass(frozen=True, slots=True)
class Draw:
    """An event in the randomness ledger of a job: a seed that was set, or entropy that an unseeded source drew."""

    source: str  #: "random", "numpy.random", "numpy.random.Generator", "torch", "tensorflow", "R", "PYTHONHASHSEED" …
    kind: Literal["declared", "seeded", "unseeded"]  #: in params or environment; by a call; nobody set it
    value: str | None = None  #: the seed, or the entropy that was drawn; what replay needs to give it back
    where: str | None = None  #: "script.py:12", or the parameter's name
    process: int = 0  #: the number of the interpreter process in the job, in the order of their start
    order: int = 0  #: the number of the event in that process


@dataclass(frozen=True, slots=True)
class Environment:
    """The software that a job could see: everything that was installed where it ran."""

    id: str  #: digest of the content below
    os_name: str | None = None  #: PRETTY_NAME of os-release
    os_id: str | None = None
    os_version: str | None = None
    interpreters: tuple[Interpreter, ...] = ()
    packages: tuple[Package, ...] = ()
    libraries: tuple[str, ...] = ()  #: linear algebra that numpy and R are linked with, in their own words
    collector: str | None = None  #: what read it: "python 3.11.2" or "sh"
    probe: str | None = None  #: digest of the probe that read it


@dataclass(frozen=True, slots=True)
class Image:
    """A container image, as referred to and as it was on disk."""

    id: str  #: its digest, or its reference when the digest is unknown
    reference: str  #: as the workflow names it
    kind: Literal["sif", "docker", "sandbox"] = "sif"
    path: str | None = None  #: the image file that ran
    digest: str | None = None  #: sha256 of the SIF file, or the image id of a Docker image
    size_bytes: int | None = None
    labels: dict[str, str] = field(default_factory=dict)


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
class Job:
    """One attempt at one job."""

    id: str
    run: str  #: the run in which it was executed; an up-to-date result names an earlier one
    rule: str
    status: Status
    attempt: int = 1
    kind: str = "shell"  #: shell, script, notebook, wrapper, run, cwl, template_engine
    wildcards: dict[str, str] = field(default_factory=dict)
    params: dict[str, JSON] = field(default_factory=dict)
    threads: int | None = None
    resources: dict[str, JSON] = field(default_factory=dict)
    group: str | None = None
    command: str | None = None
    script: str | None = None  #: path of the Source that it ran
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    logs: tuple[Artifact, ...] = ()
    benchmark: str | None = None
    image: str | None = None  #: Image.id
    environment: str | None = None  #: Environment.id
    hardware: str | None = None  #: Hardware.id
    conda_env: str | None = None
    env_modules: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)  #: allow-listed, as seen inside the job
    imports: str | None = None  #: Imports.id
    tools: tuple[Tool, ...] = ()
    randomness: tuple[Draw, ...] = ()
    undeclared_inputs: tuple[Artifact, ...] = ()  #: opened below the work directory, and no input of the rule
    undeclared_outputs: tuple[Artifact, ...] = ()  #: new beside the outputs, and no output of any rule
    limits: dict[str, JSON] = field(default_factory=dict)  #: granted by the cgroup: cpus, memory_bytes
    filesystem: str | None = None  #: type of the work directory's file system
    network: Literal["open", "closed"] | None = None  #: whether an interface but loopback was up in the job
    redactions: dict[str, int] = field(default_factory=dict)  #: how often which rule replaced a secret in this record
    allocation: dict[str, str] = field(default_factory=dict)  #: what the batch system calls it: system, job_id, node
    started: str | None = None
    ended: str | None = None
    usage: Usage | None = None
    exit_code: int | None = None  #: negative: killed by that signal
    error: str | None = None
    log_tail: str | None = None  #: last lines of the log of a failed attempt

    @property
    def label(self) -> str:
        """Rule and wildcards, as a person would name the job."""
        inner = ", ".join(f"{k}={v}" for k, v in sorted(self.wildcards.items()))
        return f"{self.rule}({inner})" if inner else self.rule


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that took part in the run."""

    rule: str
    source: str | None = None  #: path of the Source that defines it
    line: int | None = None
    description: str | None = None  #: the rule's docstring
    script: str | None = None  #: path of the Source that it runs


@dataclass(frozen=True, slots=True)
class Workflow:
    """The workflow that was run."""

    snakefile: str  #: path of the main Source
    sources: tuple[Source, ...] = ()
    repository: str | None = None  #: URL of the git remote, without user information
    commit: str | None = None
    dirty: bool | None = None  #: tracked or untracked files of the workflow differed from the commit


@dataclass(frozen=True, slots=True)
class Organization:
    name: str
    id: str | None = None  #: ROR URL
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """A person."""

    name: str
    id: str | None = None  #: ORCID URL
    affiliation: Organization | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What people say of the run; from ``provcap.yaml``."""

    title: str | None = None
    description: str | None = None
    license: str | None = None  #: SPDX identifier or URL
    keywords: tuple[str, ...] = ()
    authors: tuple[Agent, ...] = ()
    publisher: Organization | None = None
    operator: Agent | None = None  #: who ran it; not known from the authors, nor from the name of an account


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation of Snakemake, with all that is known of it."""

    id: str
    status: Literal["succeeded", "failed", "lost"]
    workdir: str
    workflow: Workflow
    started: str
    ended: str | None = None
    command: tuple[str, ...] = ()
    snakemake_version: str | None = None
    provcap_version: str | None = None
    python_version: str | None = None
    user: str | None = None
    hostname: str | None = None
    targets: tuple[str, ...] = ()  #: the files that were asked for, by name or by a target rule
    steps: tuple[Step, ...] = ()
    jobs: tuple[Job, ...] = ()
    environments: tuple[Environment, ...] = ()
    imports: tuple[Imports, ...] = ()
    images: tuple[Image, ...] = ()
    hardware: tuple[Hardware, ...] = ()
    about: About = field(default_factory=About)
    gaps: tuple[Gap, ...] = ()
    log: str | None = None  #: Snakemake's own log file
    errors: tuple[str, ...] = ()  #: what Snakemake reported of the run as a whole
    rerun_of: str | None = None
