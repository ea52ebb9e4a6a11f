"""An attempt at a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from provcap.model.files import Artifact
from provcap.model.machine import Accounting, Usage
from provcap.model.software import Tool
from provcap.model.weights import Load

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Status = Literal["succeeded", "failed", "cached", "up_to_date", "lost"]


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
    members: tuple[Artifact, ...] = ()  #: files inside its directory() outputs that other jobs read by their own names
    undeclared_inputs: tuple[Artifact, ...] = ()  #: opened below the work directory, and no input of the rule
    undeclared_outputs: tuple[Artifact, ...] = ()  #: new beside the outputs, and no output of any rule
    limits: dict[str, JSON] = field(default_factory=dict)  #: granted by the cgroup: cpus, memory_bytes
    filesystem: str | None = None  #: type of the work directory's file system
    network: Literal["open", "closed"] | None = None  #: whether an interface but loopback was up in the job
    redactions: dict[str, int] = field(default_factory=dict)  #: how often which rule replaced a secret in this record
    allocation: dict[str, str] = field(default_factory=dict)  #: what the batch system calls it: system, job_id, node
    accounting: Accounting | None = None  #: what the batch system counted
    started: str | None = None
    ended: str | None = None
    usage: Usage | None = None
    exit_code: int | None = None  #: negative: killed by that signal
    error: str | None = None
    log_tail: str | None = None  #: last lines of the log of a failed attempt
    loads: tuple[Load, ...] = ()  #: models that its processes loaded

    @property
    def read(self) -> tuple[Artifact, ...]:
        """What it read: the rule's inputs, and what it opened besides."""
        return self.inputs + self.undeclared_inputs

    @property
    def made(self) -> tuple[Artifact, ...]:
        """What it made: the rule's outputs, what was read out of them, and what it left besides."""
        return self.outputs + self.members + self.undeclared_outputs

    @property
    def label(self) -> str:
        """Rule and wildcards, as a person would name the job."""
        inner = ", ".join(f"{k}={v}" for k, v in sorted(self.wildcards.items()))
        return f"{self.rule}({inner})" if inner else self.rule
