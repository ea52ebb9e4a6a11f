"""A run of a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from provcap.model.acquisition import Acquisition
from provcap.model.dependence import Dependence
from provcap.model.embedding import Embedding
from provcap.model.files import Gap, Source
from provcap.model.job import Job
from provcap.model.machine import Hardware
from provcap.model.people import About
from provcap.model.quality import Quality
from provcap.model.rerun import Assessment, Origin
from provcap.model.software import Environment, Image, Imports
from provcap.model.study import Study
from provcap.model.weights import Weights


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
class Run:
    """One invocation of Snakemake, with all that is known of it."""

    id: str
    status: Literal["succeeded", "failed", "lost"]
    workdir: str
    workflow: Workflow
    started: str
    ended: str | None = None
    command: tuple[str, ...] = ()
    executor: str | None = None  #: Snakemake's executor plugin: "local", "slurm" …
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
    rerun_of: str | None = None  #: id of the run that this one repeats
    origins: tuple[Origin, ...] = ()  #: that run, the one which it repeated, and so on to the first
    assessments: tuple[Assessment, ...] = ()  #: how close its results came to those of `rerun_of`, by path
    acquisitions: tuple[Acquisition, ...] = ()  #: of its images, once their files were looked at; by digest
    study: Study | None = None  #: what people say of sample and imaging, once a sheet was put into the run
    weights: tuple[Weights, ...] = ()  #: models that it used or made, once their files were looked at; by digest
    dependences: tuple[Dependence, ...] = ()  #: what the workflow says that it needs of its images, and what was found
    qualities: tuple[Quality, ...] = ()  #: what was measured of the images that it read; by digest
    embeddings: tuple[Embedding, ...] = ()  #: outputs in whose place the same image with its lineage in it was put
