"""A Description in the words of InvenioRDM (https://inveniordm.docs.cern.ch/reference/metadata/).

Every server has its own vocabularies: of licences, of organisations, of kinds of relation. One that lacks a term would
refuse the whole draft, so it is asked for each term before, and gets plain text instead where it has a place for it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from provcap.deposit.answers import Refused
from provcap.deposit.description import Description, Funding, Related
from provcap.model import Agent

Knows = Callable[[str, str], bool]  #: has the vocabulary ("licenses", "affiliations", …) this id?
Say = Callable[[str], None]
Plain = dict[str, Any]

#: schemes of identifiers that InvenioRDM knows; what is in another goes as a URL
_SCHEMES: Final = frozenset({"doi", "url", "handle", "urn", "isbn", "issn", "arxiv", "ark", "pmid", "purl", "rrid"})
_RESOLVERS: Final = {
    "swh": "https://archive.softwareheritage.org/",
    "orcid": "",
    "ror": "",
    "pidinst": "https://hdl.handle.net/",
}
_TYPES: Final = {"ComputationalNotebook": "software-computationalnotebook", "JournalArticle": "publication-article"}


def marker(crate: str) -> str:
    """The alternate identifier by which a draft of the crate with the digest `crate` is found again."""
    return f"hash://sha256/{crate.removeprefix('sha256:')}"


def metadata(said: Description, crate: str, knows: Knows, say: Say) -> Plain:
    """The ``metadata`` of a record; `say` hears what the server has no place for."""
    plain: Plain = {
        "title": said.title,
        "resource_type": {"id": _resource_type(said.resource_type, knows, say) or "dataset"},
        "publication_date": said.publication_date[:10],
        "creators": [_creator(agent, knows) for agent in said.creators],
        "description": paragraphs(said.description),
        "publisher": said.publisher,
        "version": said.version,
        "subjects": [{"subject": word} for word in dict.fromkeys(said.keywords)],
        "rights": [_licence(said.license, knows)] if said.license else [],
        "identifiers": [{"identifier": marker(crate), "scheme": "other"}],
        "related_identifiers": list(_related(said.related, knows, say)),
        "funding": [_funding(award, knows) for award in said.funding],
    }
    if said.language and knows("languages", said.language):
        plain["languages"] = [{"id": said.language}]
    _describe_further(plain, said, knows)
    return {key: value for key, value in plain.items() if value}


def paragraphs(text: str) -> str:
    """Plain text as HTML, the only thing that the field holds."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    return "".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in parts if part)


def _describe_further(plain: Plain, said: Description, knows: Knows) -> None:
    """Methods and technical notes in their own fields, or below the description where the server has no such."""
    software = "Software: " + "; ".join(said.software) if said.software else ""
    technical = "\n\n".join(text for text in (said.technical, software) if text)
    for kind, heading, text in (("methods", "Methods", said.methods), ("technical-info", "Technical notes", technical)):
        if not text:
            continue
        if knows("descriptiontypes", kind):
            more = plain.setdefault("additional_descriptions", [])
            more.append({"description": paragraphs(text), "type": {"id": kind}})
        else:
            plain["description"] += f"<h3>{heading}</h3>{paragraphs(text)}"


def _creator(agent: Agent, knows: Knows) -> Plain:
    """An organisation, by its ROR, or a person; of several words the last is taken for the family name, unless a comma
    says otherwise."""
    own = _ror(agent.id)
    if own:
        found = {"scheme": "ror", "identifier": own}
        return {"person_or_org": {"type": "organizational", "name": agent.name, "identifiers": [found]}}
    family, comma, given = agent.name.partition(",")
    if not comma:
        given, _, family = agent.name.strip().rpartition(" ")
    person = {"type": "personal", "family_name": family.strip(), "given_name": given.strip()}
    plain: Plain = {"person_or_org": {k: v for k, v in person.items() if v}}
    if agent.id and "orcid.org/" in agent.id:
        found = {"scheme": "orcid", "identifier": agent.id.rstrip("/").rpartition("/")[2]}
        plain["person_or_org"]["identifiers"] = [found]
    if agent.affiliation is not None:
        ror = _ror(agent.affiliation.id)
        known = ror is not None and knows("affiliations", ror)
        plain["affiliations"] = [{"id": ror} if known else {"name": agent.affiliation.name}]
    return plain


def _ror(url: str | None) -> str | None:
    return url.rstrip("/").rpartition("/")[2] if url and "ror.org/" in url else None


def _licence(name: str, knows: Knows) -> Plain:
    if "://" in name:
        return {"title": {"en": name}, "link": name}
    identifier = name.lower()
    if knows("licenses", identifier):
        return {"id": identifier}
    return {"title": {"en": name}, "link": f"https://spdx.org/licenses/{name}.html"}


def _resource_type(general: str, knows: Knows, say: Say | None) -> str | None:
    """The id of a DataCite resourceTypeGeneral; None when the server has none such."""
    found = _TYPES.get(general, general.lower())
    if knows("resourcetypes", found):
        return found
    if say is not None:
        say(f"the archive has no resource type {general!r}: it is called a dataset")
    return None


def _related(works: Iterable[Related], knows: Knows, say: Say) -> Iterable[Plain]:
    left: dict[str, list[str]] = {}
    for work in works:
        relation = work.relation.lower()
        if not knows("relationtypes", relation):
            left.setdefault(work.relation, []).append(work.identifier)
            continue
        identifier, scheme = work.identifier, work.scheme
        if scheme not in _SCHEMES:
            identifier, scheme = _RESOLVERS.get(scheme, "") + identifier, "url"
        plain: Plain = {"identifier": identifier, "scheme": scheme, "relation_type": {"id": relation}}
        kind = _resource_type(work.resource_type, knows, None) if work.resource_type else None
        yield {**plain, "resource_type": {"id": kind}} if kind else plain
    for name, identifiers in left.items():
        say(f"the archive knows no relation {name!r}, so it is not told of {', '.join(identifiers)}")


def _funding(award: Funding, knows: Knows) -> Plain:
    ror = _ror(award.funder_id)
    funder = {"id": ror} if ror and knows("funders", ror) else {"name": award.funder}
    found: Plain = {}
    if award.award:
        found["number"] = award.award
    if award.title or award.award:  # a new award must have a title
        found["title"] = {"en": award.title or award.award}
    if award.url:
        found["identifiers"] = [{"identifier": award.url, "scheme": "url"}]
    return {"funder": funder, **({"award": found} if found.get("number") else {})}


def answered(answer: Any) -> Plain:
    """`answer`, when it is a record or draft. Raises Refused."""
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise Refused("archive-refused", "the archive does not answer like InvenioRDM", "is the URL right?", 0)
    return answer


def identifiers_of(plain: Plain) -> list[str]:
    """The alternate identifiers of a record."""
    found = (plain.get("metadata") or {}).get("identifiers") or ()
    return [str(entry.get("identifier")) for entry in found]


def doi_of(plain: Any) -> str | None:
    """The DOI of a record, reserved or registered."""
    found = ((plain.get("pids") or {}).get("doi") or {}).get("identifier") if isinstance(plain, dict) else None
    return str(found) if found else None


def complaints(answer: Any) -> list[str]:
    """One line per field of what a server says against a draft."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    lines = []
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            said = error.get("messages")
            words = "; ".join(map(_one_line, said if isinstance(said, list) else [said]))
            field = _one_line(error.get("field", "")).removeprefix("metadata.")
            lines.append(f"{field}: {words}" if field else words)
    if not lines and isinstance(answer, dict) and answer.get("message"):
        lines.append(_one_line(answer["message"]))
    return list(dict.fromkeys(lines))


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())[:300]
