"""Identifiers of works, people, places, resources, instruments and source code: read in any common spelling, checked,
and written in one.

Every function takes a text and returns the normal form, or raises ValueError with a sentence that names what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

MAX: Final = 2048  #: characters: longer is no identifier
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DOI: Final = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/[\x21-\x7e\u00a1-\ud7ff\ue000-\U0010ffff]+")
_HANDLE: Final = re.compile(r"[0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*/[\x21-\x7e]+")
_STOCK: Final = r"[:_][0-9A-Za-z._:-]+"
#: after "RRID:", the authority as it spells itself, and what it puts after that; doi:10.12688/f1000research.6555.2 and
#: the authorities' own pages
_RRID: Final = {
    "AB": r"_[0-9]{5,}",  # antibodies
    "SCR": r"_[0-9]{6}",  # software, databases, core facilities
    "CVCL": r"_[0-9A-Z]{4}",  # cell lines
    "Addgene": r"_[0-9]+",  # plasmids
    **dict.fromkeys(("SAMN", "SAMEA", "SAMD"), r"[0-9]+"),  # biosamples
    "IMSR": r"_[A-Z]+:[0-9A-Z._-]+",  # mice of repositories
    **dict.fromkeys(
        "MGI RGD ZFIN ZIRC BDSC DGGR VDRC NXR EXRC XGSC TSC NSRRC AGSC RRRC CGC WB-STRAIN WB".split(), _STOCK
    ),
    **dict.fromkeys("FlyBase FB EMMA MMRRC CWRU NIG KCB DSMZ".split(), _STOCK),
}
_LARGE: Final = ("CVCL", "IMSR")  #: whose letters are large throughout


def doi(text: str) -> str:
    """``10.PREFIX/SUFFIX`` of a DOI, as a URL, with ``doi:``, or bare (DOI Handbook, section 2.2; doi:10.1000/182).

    DOI names ignore the case of ASCII letters, so they are written in lower case; a percent-encoded URL is decoded.
    """
    bare = _bare(text, r"(?:https?://)?(?:dx\.|www\.)?doi\.org/|(?:info:|urn:)?doi:\s*", decode=True)
    if not _DOI.fullmatch(bare):
        raise _refused(text, "a DOI", "10.5281/zenodo.1234567")
    return "".join(c.lower() if c.isascii() else c for c in bare)


def handle(text: str) -> str:
    """``PREFIX/SUFFIX`` of a Handle (RFC 3651, section 3)."""
    bare = _bare(text, r"(?:https?://)?hdl\.handle\.net/|hdl:", decode=True)
    if not _HANDLE.fullmatch(bare):
        raise _refused(text, "a Handle", "21.11157/abc")
    return bare


def orcid(text: str) -> str:
    """The URL of an ORCID iD; its last character is the check digit of ISO 7064 MOD 11-2, as ORCID documents it in
    "Structure of the ORCID Identifier"."""
    bare = _bare(text, r"(?:https?://)?(?:www\.|sandbox\.)?orcid\.org/|orcid(?:\.org)?:\s*").upper().rstrip("/")
    if not re.fullmatch(r"[0-9]{4}(-?)[0-9]{4}\1[0-9]{4}\1[0-9]{3}[0-9X]", bare):
        raise _refused(text, "an ORCID", "0000-0002-1825-0097")
    digits = bare.replace("-", "")
    if digits[15] != mod_11_2(digits[:15]):
        raise ValueError(f"{_shown(text)} is not an ORCID: its check digit is wrong, so some digit is")
    return "https://orcid.org/" + "-".join(digits[i : i + 4] for i in range(0, 16, 4))


def mod_11_2(digits: str) -> str:
    """The check character of `digits`, 0 to 9 or X (ISO/IEC 7064:2003, pure system MOD 11-2)."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


def ror(text: str) -> str:
    """The URL of a ROR ID: 0, six characters of Crockford's base 32 and two check digits (ISO/IEC 7064 MOD 97-10).

    ROR documents the form in "ROR identifier pattern". Crockford lets i and l be read as 1 and o as 0; no u.
    """
    bare = _bare(text, r"(?:https?://)?(?:www\.|dev\.|staging\.)?ror\.org/|ror:\s*").lower().rstrip("/")
    bare = bare[:1] + bare[1:7].translate(str.maketrans("ilo", "110")) + bare[7:]
    if not re.fullmatch(rf"0[{_CROCKFORD}]{{6}}[0-9]{{2}}", bare):
        raise _refused(text, "a ROR", "https://ror.org/05gq02987")
    if bare[7:] != mod_97_10(bare[:7]):
        raise ValueError(f"{_shown(text)} is not a ROR: its check digits are wrong, so some character is")
    return f"https://ror.org/{bare}"


def mod_97_10(characters: str) -> str:
    """The two check digits of a number in Crockford's base 32 (ISO/IEC 7064:2003, pure system MOD 97-10)."""
    value = 0
    for character in characters:
        value = value * 32 + _CROCKFORD.index(character)
    return f"{98 - value * 100 % 97:02d}"


def rrid(text: str) -> str:
    """``RRID:AUTHORITY_ID`` of a research resource, in the form that its authority gives (doi:10.12688/
    f1000research.6555.2). RRIDs have no check digit: a wrong number of the right form is not found."""
    bare = _bare(
        text, r"(?:https?://)?(?:www\.)?(?:scicrunch\.org/resolver/|identifiers\.org/|n2t\.net/)?rrid:\s*|rrid\s*"
    )
    for authority, rest in _RRID.items():
        if re.fullmatch(re.escape(authority) + rest, bare, re.I):
            number = bare[len(authority) :]
            return f"RRID:{authority}{number.upper() if authority in _LARGE else number}"
    raise _refused(text, "an RRID of an authority that is known here", "RRID:SCR_003070")


def pidinst(text: str) -> str:
    """The identifier of an instrument: a DOI as ``doi:…`` or a Handle as ``hdl:…`` (PIDINST white paper,
    doi:10.15497/RDA00070)."""
    try:
        return "doi:" + doi(text)
    except ValueError:
        pass
    try:
        return "hdl:" + handle(text)
    except ValueError:
        raise _refused(
            text, "a PIDINST: those are DOIs or Handles", "https://hdl.handle.net/21.T11998/0000-001A-3905-1"
        ) from None


_CORE: Final = r"swh:1:(?:snp|rel|rev|dir|cnt):[0-9a-f]{40}"
_RANGE: Final = re.compile(r"([0-9]+)(?:-([0-9]+))?")


def swhid(text: str) -> str:
    """A SWHID with its qualifiers in their canonical order (SWHID 1.2 = ISO/IEC 18670:2025, sections 4 to 6).

    The hash is lower case, as the grammar wants it. A qualifier that is unknown, twice there, or not allowed for that
    type of object is refused rather than ignored: it is a mistake of whoever wrote it.
    """
    bare = _bare(text, r"(?:https?://)?(?:archive\.softwareheritage\.org|identifiers\.org)/(?=swh:)").rstrip("/")
    core, *rest = bare.split(";")
    if not re.fullmatch(_CORE, core):
        raise _refused(text, "a SWHID", "swh:1:rev:309cf2674ee7a0749978cf8265ab91a60aea0f7d")
    found: dict[str, str] = {}
    for part in rest:
        key, separator, value = part.partition("=")
        if not separator or not value or key in found or key not in _QUALIFIERS:
            raise ValueError(
                f"{_shown(text)} is not a SWHID: its qualifier {_shown(part)} is unknown, empty or repeated"
            )
        if not _QUALIFIERS[key](value):
            raise ValueError(f"{_shown(text)} is not a SWHID: its qualifier {_shown(part)} has no such value")
        found[key] = value
    _check_context(text, core, found)
    return ";".join([core, *(f"{key}={found[key]}" for key in _QUALIFIERS if key in found)])


def _check_context(text: str, core: str, found: dict[str, str]) -> None:
    """Sections 6.1 and 6.2: which qualifier makes sense for which object."""
    kind = core[6:9]
    if {"lines", "bytes"} & set(found) and kind != "cnt":
        raise ValueError(f"{_shown(text)} is not a SWHID: lines and bytes are of contents (cnt), not of {kind}")
    if {"lines", "bytes"} <= set(found):
        raise ValueError(f"{_shown(text)} is not a SWHID: it has lines and bytes, and may have one of them")
    if {"path", "anchor"} & set(found) and kind not in ("cnt", "dir"):
        raise ValueError(
            f"{_shown(text)} is not a SWHID: path and anchor are of contents and directories, not of {kind}"
        )


def _is_range(value: str) -> bool:
    match = _RANGE.fullmatch(value)
    return match is not None and (match[2] is None or int(match[1][:20]) <= int(match[2][:20]))


def _is_url(value: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`\x00-\x1f;]+", value)) and _percents(value)


def _is_path(value: str) -> bool:
    return bool(re.fullmatch(r"/[^\s<>\"{}|\\^`\x00-\x1f;?#]*", value)) and _percents(value)


def _percents(value: str) -> bool:
    return not re.search(r"%(?![0-9A-Fa-f]{2})", value)


#: in the order that section 6 recommends
_QUALIFIERS: Final[dict[str, Callable[[str], bool]]] = {
    "origin": _is_url,
    "visit": lambda value: bool(re.fullmatch(_CORE.replace("snp|rel|rev|dir|cnt", "snp"), value)),
    "anchor": lambda value: bool(re.fullmatch(_CORE.replace("|cnt", ""), value)),
    "path": _is_path,
    "lines": _is_range,
    "bytes": _is_range,
}


def url(text: str) -> str:
    """An http or https URL without user information, as it stands."""
    bare = _bare(text, r"")
    try:
        parts = urlsplit(bare)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.username or re.search(r"[\s<>\"\\]", bare):
        raise _refused(text, "a URL", "https://example.org/data")
    return bare


def recognise(text: str) -> tuple[str, str]:
    """Scheme (``doi``, ``swh``, ``orcid``, ``ror``, ``rrid``, ``handle`` or ``url``) and normal form of an identifier.

    Raises ValueError when it is none of them.
    """
    kinds: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("swh", swhid), ("doi", doi), ("orcid", orcid), ("ror", ror), ("rrid", rrid)
    )  # fmt: skip
    for scheme, read in kinds:
        try:
            return scheme, read(text)
        except ValueError:
            continue
    if re.match(r"(?:https?://)?hdl\.handle\.net/|hdl:", text.strip(), re.I):
        return "handle", handle(text)
    if re.match(r"https?://(?:www\.|dx\.)?(?:doi\.org|orcid\.org|ror\.org)/.", text.strip(), re.I):
        raise ValueError(f"{_shown(text)} is a broken DOI, ORCID or ROR")
    if re.match(r"https?://", text.strip(), re.I):
        return "url", url(text)
    raise ValueError(f"{_shown(text)} is no DOI, SWHID, Handle, RRID, ORCID, ROR or URL")


def _bare(text: str, prefix: str, decode: bool = False) -> str:
    """`text` without `prefix`, a pattern, of which case does not matter."""
    stripped = text.strip()
    if len(stripped) > MAX:
        raise ValueError(f"{_shown(text)} is longer than any identifier")
    match = re.match(prefix, stripped, re.I) if prefix else None
    rest = stripped[match.end() :] if match else stripped
    is_web = match is not None and "/" in match.group()
    return unquote(rest) if decode and is_web else rest


def _shown(text: str) -> str:
    """`text` for a message: one line, short."""
    return repr(text if len(text) <= 100 else text[:100] + "…")


def _refused(text: str, what: str, example: str) -> ValueError:
    return ValueError(f"{_shown(text)} is not {what}, which looks like {example}")
