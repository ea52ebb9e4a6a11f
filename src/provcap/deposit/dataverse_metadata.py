"""A Description as Dataverse's citation block (native API, "Create a Dataset in a Dataverse Collection").

Required by Dataverse itself: title, author, contact e-mail, description and subject; an installation may ask for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from provcap.deposit.description import Description, Related
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError
from provcap.model import Agent

Plain = dict[str, Any]
OTHER_ID_AGENCY: Final = "provcap"
#: of the related works that Dataverse has a field for, those that are papers
_PAPERS: Final = {"JournalArticle", "ConferencePaper", "Preprint", "Text", "Report", "Book", "DataPaper"}
_PARTICLES: Final = {"von", "van", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "zu", "ter"}


def require(settings: Settings) -> None:
    """Raise ProvcapError (``deposit-not-described``) when what only Dataverse wants is not said."""
    missing = [key for key, value in (("contact", settings.contact), ("subjects", settings.subjects)) if not value]
    if missing:
        raise ProvcapError(
            "deposit-not-described",
            f"Dataverse needs to know: {' and '.join(missing)}",
            "say it in config/deposit.yaml: contact, an e-mail address, and subjects, from Dataverse's list",
        )


def version(said: Description, settings: Settings, marker: str, licences: Iterable[Mapping[str, Any]]) -> Plain:
    """The ``datasetVersion``; `marker` stands for the crate, `licences` are those that the server knows."""
    plain: Plain = {"metadataBlocks": {"citation": {"fields": fields(said, settings, marker)}}}
    known = licence(said.license, licences)
    if known:
        return {**plain, "license": known}
    if said.license:
        plain["termsOfUse"] = f"{said.license}, https://spdx.org/licenses/{said.license}.html"
    return plain


def licence(name: str | None, known: Iterable[Mapping[str, Any]]) -> Plain | None:
    """The server's licence that SPDX calls `name`: by its identifier there, or its name without spaces and dashes."""
    if name is None:
        return None
    for entry in known:
        stated = [entry.get("rightsIdentifier"), entry.get("name"), str(entry.get("shortDescription", "")).rstrip(".")]
        if any(isinstance(text, str) and _squeezed(text) == _squeezed(name) for text in stated):
            return {"name": entry.get("name"), "uri": entry.get("uri")}
    return None


def _squeezed(text: str) -> str:
    return text.lower().replace(" ", "").replace("-", "")


def _fields(said: Description, settings: Settings, marker: str) -> Iterable[Plain]:
    require(settings)
    first = said.creators[0]
    yield _one("title", said.title)
    yield _many("otherId", [{"otherIdAgency": OTHER_ID_AGENCY, "otherIdValue": marker}])
    yield _many("author", [_author(agent) for agent in said.creators])
    place = first.affiliation.name if first.affiliation else None
    contact = {"datasetContactName": inverted(first.name), "datasetContactEmail": settings.contact}
    yield _many("datasetContact", [{**contact, "datasetContactAffiliation": place}])
    texts = [said.description, said.methods, said.technical]
    yield _many("dsDescription", [{"dsDescriptionValue": text} for text in texts if text])
    yield {"typeName": "subject", "typeClass": "controlledVocabulary", "multiple": True, "value": [*settings.subjects]}
    yield _many("keyword", [{"keywordValue": word} for word in said.keywords])
    yield _many("publication", [_paper(other) for other in said.related if _is_paper(other)])
    others = [f"{other.relation}: {_link(other)}" for other in said.related if not _is_paper(other)]
    yield _one("relatedMaterial", others)
    awards = [{"grantNumberAgency": f.funder, "grantNumberValue": f.award} for f in said.funding]
    yield _many("grantNumber", awards)
    yield _one("distributionDate", said.publication_date)
    yield _many("software", [_software(text) for text in said.software])
    yield _one("kindOfData", ["workflow run", "RO-Crate"])


def _one(name: str, value: str | list[str]) -> Plain:
    return {"typeName": name, "typeClass": "primitive", "multiple": isinstance(value, list), "value": value}


def _many(name: str, entries: Iterable[Mapping[str, str | None]]) -> Plain:
    vocabularies = {"authorIdentifierScheme", "publicationIDType"}
    found = [
        {
            key: {
                "typeName": key,
                "typeClass": "controlledVocabulary" if key in vocabularies else "primitive",
                "multiple": False,
                "value": value,
            }
            for key, value in entry.items()
            if value
        }
        for entry in entries
    ]
    return {"typeName": name, "typeClass": "compound", "multiple": True, "value": found}


def fields(said: Description, settings: Settings, marker: str) -> list[Plain]:
    """The fields of the citation block that have a value."""
    return [field for field in _fields(said, settings, marker) if field["value"]]


def inverted(name: str) -> str:
    """A person's name as ``Family, Given``; of several words the last is the family name, with the particles before."""
    if "," in name or " " not in name.strip():
        return name.strip()
    words = name.split()
    cut = len(words) - 1
    while cut > 1 and words[cut - 1].lower() in _PARTICLES:
        cut -= 1
    return f"{' '.join(words[cut:])}, {' '.join(words[:cut])}"


def _author(agent: Agent) -> dict[str, str | None]:
    known = agent.id is not None and "orcid.org/" in agent.id
    return {
        "authorName": agent.name if "ror.org/" in (agent.id or "") else inverted(agent.name),
        "authorAffiliation": agent.affiliation.name if agent.affiliation else None,
        "authorIdentifierScheme": "ORCID" if known else None,
        "authorIdentifier": (agent.id or "").rpartition("/")[2] if known else None,
    }


def _is_paper(other: Related) -> bool:
    return other.scheme == "doi" and (other.resource_type in _PAPERS or other.relation in ("Cites", "IsDescribedBy"))


def _link(other: Related) -> str:
    resolvers: dict[str, Callable[[str], str]] = {
        "doi": lambda text: f"https://doi.org/{text}",
        "swh": lambda text: f"https://archive.softwareheritage.org/{text}",
        "handle": lambda text: f"https://hdl.handle.net/{text}",
    }
    return resolvers.get(other.scheme, str)(other.identifier)


def _paper(other: Related) -> dict[str, str | None]:
    return {
        "publicationCitation": f"{other.relation}: {_link(other)}",
        "publicationIDType": "doi",
        "publicationIDNumber": other.identifier,
        "publicationURL": _link(other),
    }


def _software(text: str) -> dict[str, str | None]:
    name, _, number = text.rpartition(" ")
    return {"softwareName": name, "softwareVersion": number} if name else {"softwareName": text}
