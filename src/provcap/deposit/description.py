"""What an archive is told about a crate, in the words that archives share (DataCite Metadata Schema 4.5,
doi:10.14454/g8e5-6293)."""

from __future__ import annotations

from dataclasses import dataclass

from provcap.model import Agent


@dataclass(frozen=True, slots=True)
class Related:
    """Something that the crate is related to."""

    identifier: str  #: a DOI, a URL, a SWHID, …
    scheme: str  #: ``doi``, ``url``, ``swh``, …
    relation: str  #: DataCite relationType in its spelling, like ``IsDerivedFrom``
    resource_type: str | None = None  #: DataCite resourceTypeGeneral, like ``Software``


@dataclass(frozen=True, slots=True)
class Funding:
    """An award."""

    funder: str
    funder_id: str | None = None  #: a ROR URL
    award: str | None = None  #: its number
    title: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """The metadata of one deposit."""

    title: str
    creators: tuple[Agent, ...]  #: an organisation among them has its ROR as id
    description: str  #: plain text
    publication_date: str  #: ISO 8601 date
    license: str | None = None  #: an SPDX identifier
    publisher: str | None = None
    keywords: tuple[str, ...] = ()
    methods: str | None = None  #: plain text, as `provcap methods` writes it
    technical: str | None = None  #: plain text: what is in the crate, and how to check and rerun it
    software: tuple[str, ...] = ()  #: names with versions
    related: tuple[Related, ...] = ()
    funding: tuple[Funding, ...] = ()
    resource_type: str = "Dataset"  #: DataCite resourceTypeGeneral
    language: str | None = None  #: ISO 639-3
    version: str | None = None
