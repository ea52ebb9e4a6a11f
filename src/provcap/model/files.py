"""Files, and what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    role: Literal["snakefile", "include", "script", "config", "profile", "other"]
    place: str  #: absolute path on the machine that ran it
    kept: str | None = None  #: digest of the copy that was kept, when secrets were replaced in it
