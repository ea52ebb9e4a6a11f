"""What the metadata of a crate, of whatever engine, says of the crate as a whole (RO-Crate 1.1, "Root Data Entity")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from provcap.deposit.description import Funding, Related
from provcap.deposit.told import Told, clean, date, every, licence, line, organization, person, relation, words
from provcap.importing.naming import Entities, Entity, has_type, is_sound, refs
from provcap.model import Agent, Organization

_FUNDER_KEYS: Final = ("funding", "funder")


def read(entities: Entities) -> Told:
    """What the root says. An account that ran a workflow is no creator: nobody said so."""
    root = entities.get("./", {})
    told = Told("the crate")
    told.title = _text(entities, root.get("name"))
    told.description = next(filter(None, (clean(v) for v in every(root.get("description")))), None)
    told.publication_date = next(filter(None, (date(v) for v in every(root.get("datePublished")))), None)
    told.license = next(_licences(entities, root.get("license")), None)
    told.publisher = _text(entities, root.get("publisher"))
    told.keywords = _keywords(entities, root.get("keywords"))
    language = _text(entities, root.get("inLanguage"))
    told.language = language if language and len(language) == 3 and language.isalpha() else None
    told.version = _text(entities, root.get("version"))
    told.creators = tuple(_creators(entities, root, told))
    told.funding = tuple(_funding(entities, root))
    told.related = tuple(_related(entities, root))
    if (
        told.license is None
        and root.get("license")
        and not has_type(entities.get("#licence-not-stated", {}), {"CreativeWork"})
    ):
        told.notes.append("the crate's licence is none that SPDX lists, so the archive would not know it")
    return told


def _resolved(entities: Entities, value: Any) -> Any:
    """The entity that `value` refers to, `value` itself when it says something, or None. One step, never a chain."""
    if isinstance(value, dict):
        if "@value" in value:
            return value["@value"]
        name = value.get("@id")
        if is_sound(name):
            return {**value, **entities.get(name, {}), "@id": name}
    return value


def _text(entities: Entities, value: Any) -> str | None:
    for item in every(value):
        found = _resolved(entities, item)
        text = line(found.get("name") if isinstance(found, dict) else found)
        if text:
            return text
    return None


def _keywords(entities: Entities, value: Any) -> tuple[str, ...]:
    found = [_resolved(entities, item) for item in every(value)]
    plain = [item.get("name") if isinstance(item, dict) else item for item in found]
    return words(plain[0] if len(plain) == 1 else plain)


def _licences(entities: Entities, value: Any) -> Iterator[str]:
    for item in every(value):
        entity = _resolved(entities, item)
        stated = [entity.get(k) for k in ("@id", "identifier", "url", "name")] if isinstance(entity, dict) else [entity]
        yield from filter(None, map(licence, stated))


def _creators(entities: Entities, root: Entity, told: Told) -> Iterator[Agent]:
    """Those in ``author``, or else in ``creator``."""
    seen: set[str] = set()
    for value in every(root.get("author") or root.get("creator")):
        entity = _resolved(entities, value)
        if not isinstance(entity, dict):
            entity = {"name": entity, "@id": ""}
        identifier = entity.get("@id")
        if str(identifier).startswith("#user/"):
            continue
        found = _group(entity) or person(_name(entity), _orcid(entity), _affiliation(entities, entity), told)
        key = (found.id or found.name) if found else ""
        if found and key not in seen:
            seen.add(key)
            yield found


def _group(entity: Entity) -> Agent | None:
    """An organisation that is an author, by its ROR; without one it looks like a person to an archive."""
    made = organization(entity.get("name"), entity.get("@id"), entity.get("url"))
    return Agent(made.name, made.id) if made and made.id and not has_type(entity, {"Person"}) else None


def _name(entity: Entity) -> Any:
    family, given = line(entity.get("familyName"), 200), line(entity.get("givenName"), 200)
    return f"{family}, {given}" if family and given else entity.get("name") or family


def _orcid(entity: Entity) -> str | None:
    candidates = (entity.get("@id"), entity.get("identifier"), entity.get("sameAs"))
    return next((c for c in candidates if isinstance(c, str) and "orcid" in c.lower()), None)


def _affiliation(entities: Entities, entity: Entity) -> Organization | None:
    for value in every(entity.get("affiliation")):
        found = _resolved(entities, value)
        if isinstance(found, dict):
            made = organization(found.get("name"), found.get("@id"), found.get("url"))
        else:
            made = organization(found, None)
        if made:
            return made
    return None


def _funding(entities: Entities, root: Entity) -> Iterator[Funding]:
    """Grants with their funders, and funders without a grant."""
    for key in _FUNDER_KEYS:
        for value in every(root.get(key)):
            entity = _resolved(entities, value)
            if not isinstance(entity, dict):
                entity = {"name": entity}
            if not has_type(entity, {"Grant", "MonetaryGrant"}):
                made = organization(entity.get("name"), entity.get("@id"))
                if made:
                    yield Funding(made.name, made.id)
                continue
            funders = (_resolved(entities, f) for f in every(entity.get("funder") or entity.get("sponsor")))
            payer = next((f for f in funders if isinstance(f, dict)), {})
            made = organization(payer.get("name"), payer.get("@id"))
            url = relation(entity.get("url") or entity.get("@id"), "References")
            if made:
                number, title = line(entity.get("identifier"), 100), line(entity.get("name"))
                yield Funding(
                    made.name, made.id, number, title, url.identifier if url and url.scheme == "url" else None
                )


def _related(entities: Entities, root: Entity) -> Iterator[Related]:
    """What the crate cites, is based on, and reads from elsewhere; papers about it."""
    kinds = (("citation", "Cites"), ("isBasedOn", "IsDerivedFrom"), ("subjectOf", "IsDescribedBy"))
    for key, kind in kinds:
        for value in every(root.get(key)):
            entity = _resolved(entities, value)
            stated = [entity.get(k) for k in ("@id", "identifier", "url")] if isinstance(entity, dict) else [entity]
            yield from list(filter(None, (relation(s, kind) for s in stated)))[:1]
    for name in _read_elsewhere(entities):
        found = relation(name, "IsDerivedFrom", "Dataset")
        if found:
            yield found


def _read_elsewhere(entities: Entities) -> list[str]:
    """Identifiers of what actions read, where they lead out of the crate: an @id, or a DOI or SWHID beside it."""
    found: dict[str, None] = {}
    made = {name for e in entities.values() for name in refs(e, "result")}
    read = {name for e in entities.values() if has_type(e, {"CreateAction"}) for name in refs(e, "object")}
    for name in sorted(read - made):
        entity = entities.get(name, {})
        if not has_type(entity, {"File", "Dataset", "MediaObject", "CreativeWork"}):
            continue
        for stated in (entity.get("identifier"), entity.get("sameAs"), name):
            link = relation(stated, "IsDerivedFrom")
            if link and (link.scheme in ("doi", "swh") or stated == name):
                found[str(stated)] = None
                break
    return list(found)[:200]
