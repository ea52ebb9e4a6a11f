"""People, and what they say of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
class Term:
    """A term of an ontology that a rule, or a format of files, stands for; from ``terms.yaml``."""

    of: Literal["rule", "format"]
    subject: str  #: the name of the rule, or the end of the names of such files, with its dot
    iri: str
    name: str | None = None  #: as people call it; not looked up


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
    terms: tuple[Term, ...] = ()
