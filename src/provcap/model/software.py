"""Software: what is installed, what is imported, what an image is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
