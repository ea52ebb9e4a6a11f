"""What one source says of a crate: ``deposit.yaml``, the crate itself, CITATION.cff or ``.zenodo.json``.

All texts in it were cleaned and bounded: sources may come from strangers.
"""

from __future__ import annotations

import contextlib
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final

from provcap import identifiers
from provcap.deposit.description import Funding, Related
from provcap.model import Agent, Organization

LINE: Final = 500  #: characters of a title or name
TEXT: Final = 20_000  #: of a description
MANY: Final = 1000  #: creators, keywords, relations at most
_TAG: Final = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,2000}|!--[^<>]{0,2000}--)>")
_HIDDEN: Final = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C, 0x200B, 0x200E, 0x200F, 0xFEFF}
_DATE: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_CREATIVE: Final = re.compile(r"https?://creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)", re.I)


@dataclass(slots=True)
class Told:
    """None or empty where the source says nothing."""

    source: str
    title: str | None = None
    description: str | None = None
    license: str | None = None  #: an SPDX identifier
    publisher: str | None = None
    publication_date: str | None = None
    language: str | None = None
    version: str | None = None
    resource_type: str | None = None
    creators: tuple[Agent, ...] = ()
    keywords: tuple[str, ...] = ()
    funding: tuple[Funding, ...] = ()
    related: tuple[Related, ...] = ()
    notes: list[str] = field(default_factory=list)  #: sentences on what could not be used


def merged(sources: Iterable[Told]) -> Told:
    """For each field what the first source that says something says; relations of all."""
    known = list(sources)
    found = Told("all")
    for name in (f.name for f in fields(Told) if f.name not in ("source", "notes", "related")):
        setattr(found, name, next((getattr(t, name) for t in known if getattr(t, name)), getattr(found, name)))
    first: dict[tuple[str, str], Related] = {}
    for other in (r for t in known for r in t.related):
        first.setdefault((other.identifier, other.relation), other)
    found.related = tuple(first.values())
    found.notes = [note for t in known for note in t.notes]
    return found


def line(value: Any, most: int = LINE) -> str | None:
    """`value` as one clean line; None when it is no text, or nothing is left of it."""
    text = clean(value, most * 8)
    joined = " ".join(text.split()) if text else ""
    return (joined if len(joined) <= most else joined[: most - 1].rstrip() + "…") or None


def clean(value: Any, most: int = TEXT) -> str | None:
    """`value` as plain text without HTML, control and hidden characters; None when it is no text.

    Of more than `most` characters the rest goes, before any work is done on it.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    cut = len(text) > 2 * most
    text = text[: 2 * most].replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(3):  # what was escaped twice is found, too
        plain = html.unescape(_TAG.sub(" ", text))
        if plain == text:
            break
        text = plain
    text = unicodedata.normalize("NFC", "".join(c for c in text if _is_visible(c)))
    text = re.sub(r"[ \t]+", " ", text).strip()
    if len(text) > most or (cut and text):
        text = text[: most - 1].rstrip() + "…"
    return text or None


def _is_visible(character: str) -> bool:
    if character in "\n\t":
        return True
    code = ord(character)
    return code not in _HIDDEN and unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")


def date(value: Any) -> str | None:
    """The ISO date at the beginning of `value`, if there is one."""
    match = _DATE.match(str(value)[:10]) if isinstance(value, str) or hasattr(value, "isoformat") else None
    return match.group() if match else None


def words(value: Any) -> tuple[str, ...]:
    """Keywords: a list of them, or one text with commas or semicolons."""
    if isinstance(value, str):
        value = re.split(r"[,;]", value[:TEXT])
    found = (line(item, 100) for item in every(value))
    return tuple(dict.fromkeys(word for word in found if word))[:100]


def every(value: Any) -> Iterator[Any]:
    """What a property that may have one value or several has, at most `MANY`."""
    yield from (value[:MANY] if isinstance(value, list) else () if value is None else (value,))


def licence(value: Any) -> str | None:
    """The SPDX identifier of a licence given as such, by the URL of SPDX, Creative Commons or OSI, or as ``CC BY 4.0``;
    None for any other."""
    text = line(value, 300)
    if not text:
        return None
    match = _CREATIVE.match(text)
    if match:
        zero = match[1].lower() == "publicdomain"
        name = f"CC0-{match[3]}" if zero and match[2] == "zero" else f"CC-{match[2]}-{match[3]}"
        return spdx(name)
    bare = re.sub(r"https?://(?:www\.)?(?:spdx\.org/licenses|opensource\.org/licenses?)/", "", text, flags=re.I)
    bare = re.sub(r"\.(?:html|json)$|/$", "", bare)
    return spdx(bare) or spdx(re.sub(r"\s+", "-", re.sub(r"^CC\s+", "CC-", bare, flags=re.I)))


def spdx(name: str) -> str | None:
    """`name` as the SPDX licence list spells it; None when it is not on it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,80}", name) or name.lower().startswith("licenseref-"):
        return None
    try:
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
    except ImportError:  # before packaging 24.2
        return name
    try:
        return str(canonicalize_license_expression(name))
    except InvalidLicenseExpression:
        return None


def person(name: Any, orcid: Any, affiliation: Organization | None, told: Told) -> Agent | None:
    """A creator; one whose ORCID is wrong goes without it, and `told` notes that."""
    clear = line(name, 300)
    if clear is None:
        return None
    found = None
    if isinstance(orcid, str) and orcid:
        try:
            found = identifiers.orcid(orcid)
        except ValueError as error:
            told.notes.append(f"{told.source}: {clear} goes without ORCID: {error}")
    return Agent(clear, found, affiliation)


def organization(name: Any, ror: Any, url: Any = None) -> Organization | None:
    """An affiliation; its ROR only when that is one."""
    clear = line(name, 300)
    if clear is None:
        return None
    stated = [text for text in (ror, url) if isinstance(text, str)]
    rors, homes = _each(identifiers.ror, stated), _each(identifiers.url, stated)
    found = next(iter(rors), None)
    home = next((h for h in homes if "ror.org/" not in h), None)
    return Organization(clear, found, home)


def _each(read: Callable[[str], str], texts: Iterable[str]) -> list[str]:
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(read(text))
    return found


def relation(identifier: Any, kind: str, resource_type: str | None = None) -> Related | None:
    """`identifier` in its normal form; None when it is none that a stranger could follow."""
    if not isinstance(identifier, str):
        return None
    try:
        scheme, normal = identifiers.recognise(identifier)
    except ValueError:
        return None
    return Related(normal, scheme, kind, resource_type)
