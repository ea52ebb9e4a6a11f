"""The study itself: its root entity, people, grants, papers and links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from provcap.deposit import told
from provcap.deposit.bia.graph import Graph, Ref
from provcap.model import Organization, Run
from provcap.model.study import Contributor, Grant, Publication, Study
from provcap.report.wording import licence_address, web_address

UNASSIGNED: Final = "not assigned yet"  #: an accession is required as text, and known once the archive has the data
_LICENCES: Final = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
}
_ORCID: Final = re.compile(r"https://orcid\.org/[0-9]{4}(?:-[0-9]{4}){2}-[0-9]{3}[0-9X]")
_ROR: Final = re.compile(r"https://ror\.org/0[a-z0-9]{8}")


def licence(run: Run, study: Study) -> str | None:
    """Where the licence can be read, in the archive's own spelling for the two that it takes."""
    name = study.license or run.about.license
    spdx = told.licence("CC0-1.0" if name and name.upper() == "CC0" else name)  # there is one CC0, and several CC BY
    return _LICENCES.get(spdx or "") or licence_address(spdx) or web_address(name)


def contributors(run: Run, study: Study) -> tuple[Contributor, ...]:
    """Those whom the sheet names, or else ``provcap.yaml``."""
    return study.authors or tuple(
        Contributor(agent.name, agent.id, affiliation=agent.affiliation) for agent in run.about.authors
    )


def add(graph: Graph, run: Run, study: Study, parts: Iterable[Ref], accession: str | None) -> None:
    """Add the root, with `parts`."""
    graph.add(
        "./",
        "Dataset",
        "bia:Study",
        name=study.title,
        author=_people(graph, contributors(run, study)),
        description=study.description,
        license=licence(run, study),
        datePublished=study.released,
        keywords=study.keywords,
        acknowledgement=study.acknowledgements,
        fundingStatement=study.funding,
        funding=[_grant(graph, grant) for grant in study.grants],
        relatedPublication=[_paper(graph, paper) for paper in study.publications],
        seeAlso=list(_links(graph, run, study)),
        accessionId=accession or UNASSIGNED,
        hasPart=list(parts),
    )


def _people(graph: Graph, people: Iterable[Contributor]) -> list[Ref]:
    found = []
    for person in people:
        properties = {
            "name": person.name,
            "role": [person.role] if person.role else (),
            "memberOf": [_affiliation(graph, person.affiliation)] if person.affiliation else (),
        }
        types = ("Person", "bia:Contributor")
        if person.id and _ORCID.fullmatch(person.id):
            found.append(graph.add(person.id, *types, **properties))
        else:
            found.append(graph.new("contributor", *types, **properties))
    return list({ref["@id"]: ref for ref in found}.values())


def _affiliation(graph: Graph, place: Organization) -> Ref:
    types = ("Organization", "bia:Affiliation")
    identifier = place.id if place.id and _ROR.fullmatch(place.id) else graph.named("affiliation", place.name)
    return graph.add(identifier, *types, name=place.name, website=web_address(place.url))


def _grant(graph: Graph, grant: Grant) -> Ref:
    funder = graph.add(graph.named("funder", grant.funder), "bia:FundingBody", name=grant.funder)
    return graph.new("grant", "bia:Grant", identifier=grant.identifier, funder=[funder])


def _paper(graph: Graph, paper: Publication) -> Ref:
    return graph.new(
        "publication",
        "bia:Publication",
        name=paper.title,
        authorNames=paper.authors,
        doi=paper.doi,
        yearPublished=paper.year,
        pubmedId=paper.pubmed,
    )


def _links(graph: Graph, run: Run, study: Study) -> Iterator[Ref]:
    """What the sheet names, its models, and the workflow."""
    flow = run.workflow
    workflow = f"The workflow that was run{f', at commit {flow.commit}' if flow.commit else ''}"
    named = [(link.url, link.description) for link in study.links]
    named += [(url, "A model that was trained on these data") for url in study.models]
    named += [(flow.repository, workflow)] if flow.repository else []
    for url, description in named:
        if web_address(url):
            yield graph.add(url, "bia:ExternalReference", description=description)
