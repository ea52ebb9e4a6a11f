"""Texts of cells → values in their normal form; ValueError with a sentence that says what is wrong."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from provcap import identifiers


def release(text: str) -> str:
    """A day, as ``2026-11-21``."""
    try:
        return datetime.date.fromisoformat(text).isoformat() if len(text) == 10 else _no_day(text)
    except ValueError:
        return _no_day(text)


def moment(text: str) -> str:
    """A day, or a day with a time (ISO 8601)."""
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return _no_day(text)
    return text if len(text) >= 10 else _no_day(text)


def _no_day(text: str) -> str:
    raise ValueError(f"{text[:40]!r} is no date, which is written year-month-day: 2026-11-21")


def year(text: str) -> str:
    """A year of publication."""
    if not re.fullmatch(r"(?:1[89]|20)[0-9]{2}", text):
        raise ValueError(f"{text[:40]!r} is no year of publication")
    return text


def pubmed(text: str) -> str:
    """The number of a paper in PubMed."""
    bare = re.sub(r"^(?:https?://pubmed\.ncbi\.nlm\.nih\.gov/|PMID:?\s*)", "", text, flags=re.I).rstrip("/")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", bare):
        raise ValueError(f"{text[:40]!r} is no PubMed ID, which is a number")
    return bare


def protocol(text: str) -> str:
    """A DOI, or the URL of a protocol."""
    try:
        return identifiers.doi(text)
    except ValueError:
        if re.match(r"(?:doi:|10\.|https?://(?:dx\.)?doi\.org)", text, re.I):
            raise
        return identifiers.url(text)


def names_licence(text: str) -> bool:
    """Whether `text` can be the name or the address of a licence: a URL, one of Creative Commons, or a word as the SPDX
    list has them, which is not asked."""
    if re.fullmatch(r"https?://\S+", text) or re.fullmatch(r"CC0|CC(?:[ _-][A-Z0-9.]+)+", text, re.I):
        return True
    return bool(re.fullmatch(r"[A-Za-z0-9.+-]+", text)) and (
        bool(re.search(r"[0-9-]", text)) or text.isupper() or text in ("Zlib", "Unlicense")
    )


def at_least(length: int) -> Callable[[str], str]:
    """A text of at least `length` characters, as REMBI wants it of titles."""

    def read(text: str) -> str:
        if len(text) < length:
            raise ValueError(f"it has {len(text)} characters, and REMBI wants {length} or more: say what it is about")
        return text

    return read


def pattern(text: str) -> str:
    """A path of the run, in which ``*``, ``?`` and ``**`` stand for others."""
    if "\\" in text:
        raise ValueError("paths are written with /, not with \\")
    return text.removeprefix("./")
