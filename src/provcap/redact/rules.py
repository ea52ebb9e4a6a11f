"""The rules of the gate for texts: what each looks for, and where in a text it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from provcap.redact import detectors
from provcap.redact.known import Known, is_ordinary

REASONS: Final = {
    "home-path": "a home directory names its owner",
    "user-name": "it is the account under which the run was started",
    "host-name": "it names a machine of yours",
    "private-address": "an address inside of your network",
    "internal-name": "a name that only your network knows",
    "email": "an e-mail address that no author publishes with this crate",
    "birth-date": "a date of birth",
    "patient-data": "it tells who was examined, or where",
    "image-person": "the image names a person",
    "image-place": "the image says where it was taken",
    "device-serial": "the serial number of a device leads to its owner",
    "document-person": "the document names its author",
    "not-scanned": "it could not be looked into, so nobody knows what is in it",
}

_START: Final = r"(?:(?<![\w.~/-])|(?<=external)|(?<=outside)|(?<=file://))"
HOME: Final = re.compile(
    rf"(?:{_START}(?:/[\w.-]{{1,32}}){{0,3}}/(?:home|homes|Users|users)/|\b[A-Za-z]:(?:\\{{1,2}}|/)Users(?:\\{{1,2}}|/))"
    r"(?P<name>(?<=\\)\w[\w .@+-]{0,63}(?=\\)|\w[\w.@+-]{0,63})"
)
_TILDE: Final = re.compile(r"(?:(?<=[\"'=:\s])|\A)~(?P<name>[a-z_][a-z0-9_.-]{1,31})(?=/)")
_QUOTED_TILDE: Final = re.compile(r"(?<=[\"'])~(?P<name>[a-z_][a-z0-9_.-]{1,31})(?=/)")
EMAIL: Final = re.compile(
    r"(?<![\w.+%/-])(?P<local>[A-Za-z0-9][\w.+%-]{0,63})@"
    r"(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?P<top>[A-Za-z]{2,24}))(?![\w-])(?!\.\w)"
)
#: RFC 2606 and 6761, and what looks like an address and is none
_NO_DOMAIN: Final = re.compile(r"(?:.*\.)?(?:example\.(?:org|com|net)|(?:invalid|example|test|localhost))", re.I)
_NO_TOP: Final = frozenset("png jpg jpeg tif tiff gif svg csv tsv json yaml yml txt py sh smk zip gz html htm".split())
_NOBODY: Final = frozenset("git noreply no-reply donotreply hg svn ssh".split())
_ADDRESS: Final = re.compile(
    r"(?<![\w.@+-])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?![\w+-])(?!\.\d)"
)
_SERVER: Final = re.compile(r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|orcid\.org)[/:]\Z", re.I)
_VERSION: Final = re.compile(r"(?:version|ver|[=<>~!]=|[<>])[\"'\s:=>]{0,6}\Z", re.I)
_INTERNAL: Final = re.compile(
    r"(?<![\w.%/\\-])(?P<before>(?:[a-z][a-z+.-]{1,12}://)?(?:[\w.+-]{1,64}@)?)"
    r"(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}"
    r"(?P<top>local|internal|lan|corp|intranet|intra|localdomain|home\.arpa))(?![\w-])(?!\.\w)(?P<after>[:(]?[/\d]?)",
    re.I,
)
_TOPS: Final = (".local", ".internal", ".lan", ".corp", ".intra", ".home.arpa")
_IN_CODE: Final = frozenset("self snakemake config params wildcards input output resources os threading this".split())
_BIRTH: Final = re.compile(
    r"(?<![A-Za-z])(?:date[ _-]?of[ _-]?birth|birth[ _-]?da(?:te|y)|dob|geburtsdatum|patientbirthdate)"
    r"[\"'\s:=,;>\t]{1,12}(?P<value>\d{4}[-./]?\d{2}[-./]?\d{2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?!\d)",
    re.I,
)
BIRTH_COLUMN: Final = re.compile(
    r"(?:^|[,;\t])[\"']?(?:date[ _-]?of[ _-]?birth|birth[ _-]?da(?:te|y)|dob|geburtsdatum)[\"']?(?=[,;\t]|$)", re.I
)
_PATIENT: Final = re.compile(
    r"Patient'?s?[ _]?(?:Name|ID|Address|MotherBirthName)(?:</[^<>]{1,40}>\s*<[^<>]{1,40}>|[\"'\s:=>]{1,8})"
    r"(?P<value>[^\s\"'<>,;()\[\]{}.=][^\"'<>,;\n()\[\]{}=]{1,80})"
)
#: what each rule cannot do without: searching for it takes a tenth of the time
_QUICK: Final = {
    "paths": re.compile(r"homes?/|sers[/\\]|~[a-z_]"),
    "addresses": re.compile(r"\b1(?:0|92|72)\.\d"),
}


class Span(NamedTuple):
    """A part of a text that a rule found."""

    start: int
    end: int
    rule: str


def spans(text: str, known: Known, code: bool = False) -> list[Span]:
    """What the rules find in `text`, in its order and without overlaps; with `code`, it is the text of a program.

    Each rule takes time linear in the length of `text`.
    """
    found = list(detectors.secrets(text, code))
    lower = text.lower()
    if _QUICK["paths"].search(text):
        found += _paths(text, code)
    found += _addresses(text, lower, known, code)
    if any(word in lower for word in ("birth", "dob", "geburt")):
        found += (Span(m.start("value"), m.end("value"), "birth-date") for m in _BIRTH.finditer(text))
    if not code and "Patient" in text:
        found += (Span(m.start("value"), m.end("value"), "patient-data") for m in _PATIENT.finditer(text))
    for rule, pattern in (("user-name", known.user), ("host-name", known.host)):
        if pattern is not None and any(name in lower for name in known.lower):
            found += (Span(m.start(), m.end(), rule) for m in pattern.finditer(text) if not _is_public(m))
    return _apart(found) if len(found) > 1 else found


def _is_public(match: re.Match[str]) -> bool:
    """Whether it is an account on a public server for code or people, which may be called the same."""
    return _SERVER.search(match.string, max(0, match.start() - 24), match.start()) is not None


def is_birth_date(name: str, value: str) -> bool:
    """Whether `value`, which is kept under `name`, is a date of birth."""
    return bool(name) and len(name) + len(value) <= 100 and _BIRTH.search(f"{name}: {value}") is not None


def _apart(found: list[Span]) -> list[Span]:
    """Of spans that overlap the first rule wins, as it is the more exact one; in the order of the text."""
    kept: list[Span] = []
    ranked = sorted(enumerate(found), key=lambda pair: (pair[1].start, pair[0]))
    end = -1
    for _, span in ranked:
        if span.start >= end:
            kept.append(span)
            end = span.end
        elif kept and span.end > end:  # a longer one that begins inside: what both cover is one thing
            kept[-1] = Span(kept[-1].start, span.end, kept[-1].rule)
            end = span.end
    return kept


def _paths(text: str, code: bool) -> Iterator[Span]:
    for pattern in (HOME, _QUOTED_TILDE if code else _TILDE):
        for match in pattern.finditer(text):
            name = match["name"].rstrip(".")
            if not is_ordinary(name):
                yield Span(match.start("name"), match.start("name") + len(name), "home-path")


def _addresses(text: str, lower: str, known: Known, code: bool) -> Iterator[Span]:
    for match in EMAIL.finditer(text) if "@" in text else ():
        if _is_mail(match) and match[0].lower() not in known.published:
            yield Span(match.start(), match.end(), "email")
    for match in _ADDRESS.finditer(text) if _QUICK["addresses"].search(text) else ():
        version = match[0] in known.versions or _VERSION.search(text, max(0, match.start() - 16), match.start())
        if not version and all(int(part) < 256 for part in match[0].split(".")):
            yield Span(match.start(), match.end(), "private-address")
    internal = any(top in lower for top in _TOPS)
    for match in _INTERNAL.finditer(text) if internal else ():
        if _is_host(match, code):
            yield Span(match.start("host"), match.end("host"), "internal-name")


def _is_mail(match: re.Match[str]) -> bool:
    local, domain = match["local"].lower(), match["domain"].lower()
    if local in _NOBODY or domain == "users.noreply.github.com" or domain.partition(".")[0].isdigit():
        return False
    return match["top"].lower() not in _NO_TOP and not _NO_DOMAIN.fullmatch(domain)


def _is_host(match: re.Match[str], code: bool) -> bool:
    """``threading.local()`` and ``config.local`` are no machines; ``nas.lan``, ``node7.local`` and any URL are."""
    host, top = match["host"].lower(), match["top"].lower()
    if match["after"].startswith("(") or host.partition(".")[0] in _IN_CODE or is_ordinary(host):
        return False
    if match["before"] or (match["after"].startswith(":") and len(match["after"]) > 1):
        return True
    if code:
        return bool(re.search(r"\d|-", host.removesuffix(top))) or top in ("lan", "corp", "home.arpa")
    return top != "local" or host.count(".") > 1 or bool(re.search(r"\d|-", host.removesuffix(top)))
