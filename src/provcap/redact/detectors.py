"""Secrets in a text: the named rules of the capture, and the detectors of detect-secrets.

Of detect-secrets' plugins those are used that know a kind of token by its form, and the one that measures how random a
text in base64 is (> 4.5 bits per character). Left out are: what measures hexadecimal digits, as the digests of which a
crate is full look the same; public IP addresses, which are no secret; and what the capture's own rules do already.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from provcap.capture import scrub
from provcap.errors import ProvcapError

if TYPE_CHECKING:
    from provcap.redact.rules import Span

_OURS: Final = frozenset({"Secret Keyword", "Private Key", "Basic Auth Credentials", "Hex High Entropy String",
                          "Public IP (ipv4)", "JSON Web Token", "GitHub Token", "GitLab Token"})  # fmt: skip
_RANDOM: Final = "Base64 High Entropy String"
#: what each detector cannot do without: only then is it asked, as some of them are slow on hostile texts
_HINTS: Final = (
    *(
        "A3T",
        "ABIA",
        "ACCA",
        "AKIA",
        "ASIA",
        "AKC",
        "=AP",
        '"AP',
        ":AP",
        " AP",
        "AccountKey=",
        "-us",
        "npm_",
        "_authToken",
    ),
    *("T3BlbkFJ", "pypi-", "SG.", "hooks.slack", "sq0csp", "_live_"),
)
_HINTS_IN_ANY_CASE: Final = ("aws", "cloudant", "softlayer", "ibm", "cos_", "cos-", "xox")
_TELEGRAM: Final = re.compile(r"\d{8}:[\w-]{35}")
_HINT: Final = re.compile(r"[MNO][a-zA-Z\d_-]{23,25}\.[\w-]{6}\.|(?:AC|SK)[a-z0-9]{32}")
_NAMES: Final = ("pass", "secret", "token", "cred", "key", "pwd")
_QUOTED: Final = re.compile(r"([\"'])([A-Za-z0-9+/=_-]{24,512})\1")
_BARE: Final = re.compile(r"[A-Za-z0-9+/=_-]{24,512}")
_IDENTIFIER: Final = re.compile(r"(?:sha\d+|md5|swh|doi|urn|orcid|ror)[-:=]", re.I)
_HEX: Final = re.compile(r"[0-9a-fA-F-]+")
_CHANGE: Final = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[A-Z](?=[a-z])|[0-9](?=[A-Za-z])")
_RUN_ON: Final = 1000  #: characters that a detector is given at once; some take quadratic time
_LAP: Final = 200
_VERSION: Final = re.compile(r"[=<>~!]*=?\d+(?:\.\w+)+(?:[=+-]\w+)*|=.*")
#: what stands under a secret name in metadata and schemas and is none: a sentence, a reference, a URL without more
_DESCRIBED: Final = re.compile(r"\S+\s+\S+\s+\S|^#|^https?://[^@]*$")
_NEEDED: Final = {
    "private-key": ("PRIVATE KEY-----",),
    "url-userinfo": ("://", "@"),
    "github-token": ("gh", "_"),
    "gitlab-token": ("glpat-",),
    "google-key": ("AIza",),
    "slack-token": ("xox",),
    "jwt": (".eyJ",),
}
_TOKEN: Final = re.compile(r"\d|=\Z")  # "basic assumptions" are no token
_PASSWORD: Final = re.compile(r"pass(?:word|phrase|wd)|(?<![a-z])pwd(?![a-z])", re.I)  #: may be words of a language
_ENTRY: Final = re.compile(r"(?:^|\n)[ \t-]*[\"']?\Z")  #: what comes before a key in YAML
_REST: Final = re.compile(r"[^\n]*?(?=\s*(?:\n|\Z|\s#))")
#: names of what belongs to a secret and is none itself, and the shell's names of directories
_ABOUT: Final = re.compile(
    r"(?:[_-](?:type|kind|file|path|dir|name|url|uri|count|length|limit|policy|field|column|bucket|env)s?|PWD)\Z|tokeni[sz]"
)
#: what stands for a secret in examples, and calls in programs
_STANDS_FOR: Final = re.compile(r"[\W_xX]+|<[^<>]*>?|(?:your|my)[_-].*|change_?me|[\w.]+[\[(]", re.I)
_PROSE: Final = re.compile(r"[ ,]+[a-z]")
_LABELS: Final = {
    "private-key": "a private key opens whatever its public half locks",
    "url-userinfo": "a name and a password in a URL",
    "named-value": "its name says that it is a secret",
    "authorization": "a token in an Authorization header",
    "random-text": "it looks as random as a key does",
}


def reason(rule: str) -> str:
    """Why `rule` counts as a secret, in a sentence for a person."""
    return _LABELS.get(rule, f"a {rule.replace('-', ' ')} lets anybody act in your name")


def secrets(text: str, code: bool) -> Iterator[Span]:
    """The secrets in `text`; with `code`, only quoted literals under a secret name count."""
    from provcap.redact.rules import Span

    if scrub.may_have_secrets(text):
        for rule, pattern in scrub.PATTERNS.items():
            for match in pattern.finditer(text) if _may_have(rule, text) else ():
                if "<redacted:" not in match[0] and (rule != "authorization" or _TOKEN.search(match[0])):
                    yield Span(match.start(), match.end(), rule)
        patterns = (scrub.QUOTED_VALUE, scrub.NAMED_VALUE) if code else (scrub.NAMED_VALUE,)
        lower = text.lower()
        named = any(word in lower for word in _NAMES) and scrub.SECRET_NAME.search(text)
        for pattern in patterns if named else ():
            for match in pattern.finditer(text):
                value = _value(match, code and pattern is scrub.NAMED_VALUE)
                if value is not None:
                    start = match.start("value") + match["value"].index(value)
                    yield Span(start, _end(match, start + len(value)), "named-value")
    if _may_have_tokens(text):
        yield from _by_form(text)
    yield from _random(text)


def _may_have_tokens(text: str) -> bool:
    """Whether any of the library's detectors can find something in `text`."""
    lower = text.lower()
    words = any(hint in text for hint in _HINTS) or any(hint in lower for hint in _HINTS_IN_ANY_CASE)
    return words or _HINT.search(text) is not None or (":" in text and _TELEGRAM.search(text) is not None)


def _may_have(rule: str, text: str) -> bool:
    """Whether what `rule` of the capture cannot do without is in `text`; a search for a word takes next to no time."""
    return all(word in text for word in _NEEDED.get(rule, ()))


def _end(match: re.Match[str], end: int) -> int:
    """Where the value ends that is found to end at `end`: in YAML a password may be several words."""
    text, begin = match.string, match.start()
    bare = match["value"][0] not in "\"'" and match["between"].strip() == ":" and _PASSWORD.search(match["name"])
    rest = _REST.match(text, end) if bare and _ENTRY.search(text, max(0, begin - 80), begin) else None
    return end if rest is None else rest.end()


def _value(match: re.Match[str], options_only: bool) -> str | None:
    value = scrub.secret_value(match)
    if value is not None and match["value"][0] not in "\"'":
        value = value.rstrip(",}]")  # of a list or a mapping around it
    if not value or "\n" in match["between"] or _is_none(match["name"], value):
        return None  # in YAML what follows on the next line has a name of its own; tokenizers==0.19 is a package
    told = value.isalpha() and value.islower() and not match["name"].startswith("-") and "=" not in match["between"]
    if told and _PROSE.match(match.string, match.end()) and not _PASSWORD.search(match["name"]):
        return None  # "the token: it has expired"
    return None if options_only and not match["name"].startswith("--") else value


def _is_none(name: str, value: str) -> bool:
    """Whether `value` under the secret `name` is none after all: a version, a file, a placeholder."""
    return any(
        found is not None for found in (_VERSION.fullmatch(value), _ABOUT.search(name), _STANDS_FOR.fullmatch(value))
    )


def _by_form(text: str) -> Iterator[Span]:
    from provcap.redact.rules import Span

    seen = set()
    for begin in range(0, max(len(text) - _LAP, 1), _RUN_ON - _LAP):
        part = text[begin : begin + _RUN_ON]
        if not _may_have_tokens(part):
            continue
        for rule, analyse in _plugins():
            for value in analyse(part):
                if len(value) < 8 or (rule == "artifactory-credentials" and not _mixed(value)):
                    continue
                bare = value.strip(" \t\"'=:")
                for match in re.finditer(re.escape(bare), part):
                    span = Span(begin + match.start(), begin + match.end(), rule)
                    if span not in seen:
                        seen.add(span)
                        yield span


def _random(text: str) -> Iterator[Span]:
    from provcap.redact.rules import Span

    whole = _BARE.fullmatch(text)
    if whole is None and '"' not in text and "'" not in text:
        return
    for match in (whole,) if whole is not None else _QUOTED.finditer(text):
        number = 0 if whole is not None else 2
        value = match[number]
        changes = len(_CHANGE.findall(value))  # words, paths and CamelCase change seldom between kinds of letters
        if not _mixed(value) or changes < 0.28 * len(value) or _HEX.fullmatch(value) or _IDENTIFIER.match(value):
            continue
        if _entropy()(value) > 4.5:
            yield Span(match.start(number), match.end(number), "random-text")


def _mixed(text: str) -> bool:
    """Keys have small and capital letters and digits; names and numbers seldom all three."""
    return any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdigit() for c in text)


def _library() -> Any:
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    except ImportError as error:
        hint = "pip install 'provcap[deposit]'"
        raise ProvcapError("not-installed", "detect-secrets is not installed", hint) from error
    return get_mapping_from_secret_type_to_class()


@functools.cache
def _plugins() -> tuple[tuple[str, Callable[[str], Iterator[str]]], ...]:
    """The detectors that know a token by its form, by the name of their rule."""
    known = _library()
    names = sorted(set(known) - _OURS - {_RANDOM})
    return tuple((re.sub(r"\W+", "-", name.lower()).strip("-"), known[name]().analyze_string) for name in names)


@functools.cache
def _entropy() -> Callable[[str], float]:
    """Shannon's entropy in bits per character, as detect-secrets reckons it."""
    measure: Callable[[str], float] = _library()[_RANDOM](limit=4.5).calculate_shannon_entropy
    return measure


def is_named_secret(name: str, value: str) -> bool:
    """Whether `value`, a text that is kept under `name`, is a secret by its name."""
    if not name or len(name) > 200 or not scrub.SECRET_NAME.search(name) or len(value) > 10_000:
        return False
    if scrub.is_harmless(value) or _is_none(name, value):
        return False
    return _PASSWORD.search(name) is not None or not _DESCRIBED.search(value)


def is_secret_option(option: str, value: str) -> bool:
    """Whether `value` follows `option` in a command line as its secret."""
    return option.startswith("-") and "=" not in option and not value.startswith("-") and is_named_secret(option, value)
