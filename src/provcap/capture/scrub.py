"""Secrets do not reach a record: what looks like one is replaced by ``<redacted:rule>`` and counted.

Two kinds of rules. *Literals* are values that are known to be secret by the name under which they are kept, in the
environment, the configuration or a rule's params; they are replaced wherever they appear. *Patterns* are texts that
look like a secret by themselves. Rules are few and named; a gate for what is published may know more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MIN_LITERAL = 6  #: characters; shorter values appear by chance
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|private_?key|(api|access|auth|account)_?key|(?<![a-z])pwd(?![a-z])",
    re.I,
)
_WORD = r"pass(?:word|wd|phrase)|secret|token|credentials?|(?:api|access|auth|account|private)[_-]?key|pwd"
_NAME = rf"(?<![\w.-])(?>[\w.-]*?(?:{_WORD})[\w.-]*+)"  # atomic: hostile text takes linear time

PATTERNS: dict[str, re.Pattern[str]] = {
    "private-key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
    "url-userinfo": re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"),
    "github-token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "gitlab-token": re.compile(r"\bglpat-[A-Za-z0-9_-]{16,}"),
    "aws-key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "google-key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "slack-token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    "jwt": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    "url-signature": re.compile(r"(?:(?<=[?&;]sig=)|(?<=[?&;]signature=)|(?<=-signature=))(?!<)[^\s&;\"'#]{8,}", re.I),
    "authorization": re.compile(r"(?<=bearer )[^\s\"']{8,}|(?<=basic )[A-Za-z0-9+/=]{12,}", re.I),
}
#: ``--password x``, ``TOKEN=x``, ``api_key: x``: the name tells that the value is secret
NAMED_VALUE = re.compile(
    rf"(?P<name>{_NAME})(?P<between>[\"']?\s*[=:]\s*|\s+)(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';|&)]+)",
    re.I,
)
#: in program text only a quoted literal is a value; anything else is an expression
QUOTED_VALUE = re.compile(
    rf"(?P<name>{_NAME})(?P<between>[\"']?\s*[=:]\s*)(?P<value>\"[^\"\n]{{4,}}\"|'[^'\n]{{4,}}')", re.I
)
#: no secrets under a secret's name: ``max_tokens: 4096``, ``password: null``
_PLAIN = re.compile(r"\s*|none|null|true|false|~|[-+]?\d{1,5}(\.\d*)?(e[-+]?\d+)?", re.I)
_HINT = re.compile(
    r"pass|secret|token|cred|key|pwd|://|gh[pousr]_|github_|glpat|A[KS]IA|AIza|xox|eyJ|bearer|basic", re.I
)
_HINT_WORDS = (
    *(
        "pass",
        "secret",
        "token",
        "cred",
        "key",
        "pwd",
        "://",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_",
        "glpat",
    ),
    *("akia", "asia", "aiza", "xox", "eyj", "bearer", "basic"),
)


class Scrubber:
    """Replaces secrets in texts and counts what it replaced, by rule."""

    def __init__(self, literals: Iterable[str] = ()) -> None:
        self.literals = sorted({x for x in literals if len(x) >= MIN_LITERAL}, key=lambda x: (-len(x), x))
        self.counts: Counter[str] = Counter()

    def text(self, text: str, code: bool = False) -> str:
        """`text` without secrets; with `code`, it is the text of a program."""
        for literal in self.literals:
            if literal in text:
                self.counts["known-secret"] += text.count(literal)
                text = text.replace(literal, _mark("known-secret"))
        if not _HINT.search(text):
            return text
        for rule, pattern in PATTERNS.items():
            text, count = pattern.subn(_mark(rule), text)
            if count:
                self.counts[rule] += count
        if code:
            return NAMED_VALUE.sub(self._option, QUOTED_VALUE.sub(self._named, text))
        return NAMED_VALUE.sub(self._named, text)

    def _option(self, match: re.Match[str]) -> str:
        return self._named(match) if match["name"].startswith("--") else match[0]

    def _named(self, match: re.Match[str]) -> str:
        value = secret_value(match)
        if value is None:
            return match[0]
        self.counts["named-value"] += 1
        return match["name"] + match["between"] + match["value"].replace(value, _mark("named-value"))

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value without secrets; under a secret `name` a text or number is one, whatever it looks like."""
        if isinstance(value, dict):
            return {self.text(key): self.value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, name) for item in value]
        if isinstance(value, bool) or value is None or _PLAIN.fullmatch(str(value)):
            return value
        if name and SECRET_NAME.search(name) and str(value).strip():
            self.counts["named-value"] += 1
            return _mark("named-value")
        return self.text(value) if isinstance(value, str) else value


def may_have_secrets(text: str) -> bool:
    """Whether any of PATTERNS, or a secret name, can be in `text`: cheap, and right when it says no."""
    lower = text.lower()  # on megabytes, looking for words one by one takes a tenth of the time that _HINT takes
    return any(word in lower for word in _HINT_WORDS)


def is_harmless(value: str) -> bool:
    """Whether `value` is no secret under any name: nothing, a variable, an option, a small number."""
    return not value or value.startswith(("<redacted:", "$", "{", "-")) or _PLAIN.fullmatch(value) is not None


def secret_value(match: re.Match[str]) -> str | None:
    """The secret in a match of NAMED_VALUE or QUOTED_VALUE; None when what stands there is none."""
    value = match["value"].strip("\"'")
    if is_harmless(value):
        return None
    if not re.search(r"[=:]", match["between"]) and not match["name"].startswith("-"):
        return None  # two words of prose: "the token is"
    return value


def _mark(rule: str) -> str:
    return f"<redacted:{rule}>"


def secrets_in(values: Mapping[str, Any]) -> Iterator[str]:
    """The values that are kept under a secret name, at any depth."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from secrets_in(value)
        elif isinstance(value, str) and SECRET_NAME.search(str(name)) and name not in ("PWD", "OLDPWD"):
            yield value  # the shell's names of directories are none
