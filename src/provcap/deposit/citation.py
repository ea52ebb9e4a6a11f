"""CITATION.cff (1.2.0, doi:10.5281/zenodo.5171937) and ``.zenodo.json`` (Zenodo's deposit metadata): what the authors
of a workflow say of it to those who cite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from provcap import config
from provcap.deposit.description import Funding, Related
from provcap.deposit.settings import schema
from provcap.deposit.told import Told, clean, date, every, licence, line, organization, person, relation, words
from provcap.errors import BadConfig
from provcap.model import Agent

CFF: Final = "CITATION.cff"
ZENODO: Final = ".zenodo.json"
_TYPES: Final = {"dataset": "Dataset", "software": "Software", "image": "Image"}
#: identifiers of funders in the old deposit API of Zenodo, before the :: of a grant
_FUNDERS: Final = {"10.13039/501100000780": ("European Commission", "https://ror.org/00k4n6c32")}


def read(folders: list[Path]) -> list[Told]:
    """What the first CITATION.cff and the first .zenodo.json in `folders` say, in this order of precedence."""
    found = []
    for name, parse in ((CFF, _cff), (ZENODO, _zenodo)):
        path = next((f / name for f in folders if (f / name).is_file() and not (f / name).is_symlink()), None)
        if path is not None:
            found.append(parse(path))
    return found


def _cff(path: Path) -> Told:
    """Of the workflow: its version and date are not those of the crate, and its DOI is one that the crate cites."""
    told = Told(CFF)
    try:
        plain = config.read(path, "see docs/depositing.md")
    except BadConfig as error:
        told.notes.append(f"{error.message}: not used")
        return told
    told.title = line(plain.get("title"))
    told.description = clean(plain.get("abstract"))
    told.license = next(filter(None, map(licence, every(plain.get("license")))), None)
    told.keywords = words(plain.get("keywords"))
    authors = (_cff_person(a, told) for a in every(plain.get("authors")) if isinstance(a, dict))
    told.creators = tuple(a for a in authors if a is not None)
    told.related = tuple(_cff_related(plain))
    return told


def _cff_person(plain: dict[str, Any], told: Told) -> Agent | None:
    family = " ".join(filter(None, (line(plain.get("name-particle"), 50), line(plain.get("family-names"), 200))))
    given = line(plain.get("given-names"), 200)
    suffix = line(plain.get("name-suffix"), 20)
    full = " ".join(filter(None, (f"{family}, {given}" if family and given else family or given, suffix)))
    affiliation = organization(plain.get("affiliation"), None)
    return person(full or plain.get("name") or plain.get("alias"), plain.get("orcid"), affiliation, told)


def _cff_related(plain: dict[str, Any]) -> Iterator[Related]:
    kind = "IsCompiledBy" if plain.get("type", "software") == "software" else "IsDescribedBy"
    stated = [plain.get("doi"), *(i.get("value") for i in every(plain.get("identifiers")) if isinstance(i, dict))]
    for identifier in stated:
        found = relation(identifier, kind, "Software" if kind == "IsCompiledBy" else None)
        if found and found.scheme in ("doi", "swh"):
            yield found
    for reference in every(plain.get("references")):
        found = relation(reference.get("doi"), "References") if isinstance(reference, dict) else None
        if found:
            yield found


def _zenodo(path: Path) -> Told:
    told = Told(ZENODO)
    try:
        if path.stat().st_size > config.MAX_BYTES:
            raise ValueError(f"larger than {config.MAX_BYTES} bytes")
        plain = json.loads(path.read_bytes())
        if not isinstance(plain, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        told.notes.append(f"{path}: {' '.join(str(error).split())[:200]}: not used")
        return told
    told.title = line(plain.get("title"))
    told.description = clean(plain.get("description"))
    stated = plain.get("license")
    told.license = licence(stated.get("id") if isinstance(stated, dict) else stated)
    told.keywords = words(plain.get("keywords"))
    told.publication_date = date(plain.get("publication_date"))
    stated = plain.get("upload_type")
    told.resource_type = _TYPES.get(stated) if isinstance(stated, str) else None
    stated = plain.get("language")
    told.language = stated if isinstance(stated, str) and len(stated) == 3 and stated.isalpha() else None
    told.creators = tuple(_people(plain, told))
    told.funding = tuple(_grants(plain))
    told.related = tuple(_related(plain))
    return told


def _people(plain: dict[str, Any], told: Told) -> Iterator[Agent]:
    for author in every(plain.get("creators")):
        if isinstance(author, dict):
            affiliation = organization(author.get("affiliation"), None)
            found = person(author.get("name"), author.get("orcid"), affiliation, told)
            if found:
                yield found


def _grants(plain: dict[str, Any]) -> Iterator[Funding]:
    for grant in every(plain.get("grants")):
        stated = line(grant.get("id"), 200) if isinstance(grant, dict) else None
        if stated:
            funder, _, number = stated.rpartition("::")
            # a bare number is one of the European Commission, as Zenodo documents it
            name, ror = _FUNDERS.get(funder or "10.13039/501100000780", (funder, None))
            yield Funding(name, ror, number)


def _related(plain: dict[str, Any]) -> Iterator[Related]:
    known = schema()["$defs"]["related"]["properties"]["relation"]["enum"]
    for other in every(plain.get("related_identifiers")):
        stated = line(other.get("relation"), 40) if isinstance(other, dict) else None
        kind = next((k for k in known if stated and k.lower() == stated.lower()), None)
        found = relation(other.get("identifier"), kind) if kind else None
        if found:
            yield found
