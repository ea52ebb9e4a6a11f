"""The other names under which people, machines and addresses are published, the same wherever they appear.

``user-1`` stands for an account, also in ``/home/user-1``; ``host-1`` for a machine; ``host-2.invalid`` for an internal
name, as no such name can exist (RFC 6761); ``192.0.2.1`` for an address, as RFC 5737 keeps it for documents;
``email-1@redacted.invalid``. What is secret is replaced by ``<redacted:rule>``. Numbers follow the order in which
values are met, so the same run gets the same names again. None of these is a find: replacing twice changes no more.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from typing import Any, Final

from provcap.redact import detectors
from provcap.redact.contents import is_code
from provcap.redact.known import Known, account
from provcap.redact.rules import is_birth_date, spans

_KINDS: Final = {"home-path": "user", "user-name": "user", "host-name": "host", "internal-name": "host",
                 "private-address": "address", "email": "email"}  # fmt: skip
_NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")
TAKEN: Final = re.compile(r"\b(?:user|host|address|email)-\d+")


class Pseudonyms:
    """Replaces what the rules find in texts and JSON values, and counts it by rule."""

    def __init__(self, known: Known, taken: str = "") -> None:
        """`taken` is a text whose own ``user-1`` and the like are not given away a second time."""
        self.known = known
        self.counts: Counter[str] = Counter()
        self._given: dict[tuple[str, str], str] = {}
        self._taken = set(TAKEN.findall(taken))
        self._numbers = {kind: itertools.count(1) for kind in ("user", "host", "address", "email")}

    def text(self, text: str, code: bool = False) -> str:
        """`text` with other names; with `code`, it is the text of a program."""
        found = spans(text, self.known, code)
        if not found:
            return text
        parts, end = [], 0
        for span in found:
            self.counts[span.rule] += 1
            parts += [text[end : span.start], self._name(span.rule, text[span.start : span.end])]
            end = span.end
        return "".join([*parts, text[end:]])

    def value(self, value: Any, name: str = "", code: bool = False) -> Any:
        """A JSON value with other names; a text is a secret, too, when its `name` says so."""
        if isinstance(value, dict):
            return {self.text(key, code): self.value(item, key, code) for key, item in value.items()}
        if isinstance(value, list):
            items = [self.value(item, name, code) for item in value]
            for number, (option, item) in enumerate(itertools.pairwise(value), 1):
                if isinstance(option, str) and isinstance(item, str) and detectors.is_secret_option(option, item):
                    items[number] = self._secret("named-value")
            return items
        if not isinstance(value, str):
            return value
        if detectors.is_named_secret(name, value):
            return self._secret("named-value")
        rule = account(name, value, self.known)
        if rule is not None:
            self.counts[rule] += 1
            return self._name(rule, value)
        return self._secret("birth-date") if is_birth_date(name, value) else self.text(value, code)

    def content(self, data: bytes, path: str) -> bytes:
        """The text file `data`, which is called `path`, with other names; a binary one stays as it is."""
        if b"\0" in data[:1024]:
            return data
        text = data.decode("utf-8", "surrogateescape")
        if path.endswith((".json", ".jsonld", ".ipynb")):
            try:
                plain = json.loads(text)
            except (ValueError, RecursionError):
                pass
            else:
                clean = self.value(plain, code=path.endswith(".ipynb"))
                return data if clean == plain else json.dumps(clean, indent=1, ensure_ascii=False).encode() + b"\n"
        return self.text(text, is_code(path)).encode("utf-8", "surrogateescape")

    def _secret(self, rule: str) -> str:
        self.counts[rule] += 1
        return f"<redacted:{rule}>"

    def _name(self, rule: str, value: str) -> str:
        kind = _KINDS.get(rule)
        if kind is None:
            return f"<redacted:{rule}>"
        key = value.lower() if kind in ("host", "email") else value
        if rule == "host-name":  # a machine by its short name, and in full
            key = key.partition(".")[0]
        if (kind, key) not in self._given:
            self._given[kind, key] = self._next(kind)
        pseudonym = self._given[kind, key]
        return {"internal-name": f"{pseudonym}.invalid", "email": f"{pseudonym}@redacted.invalid"}.get(rule, pseudonym)

    def _next(self, kind: str) -> str:
        for number in self._numbers[kind]:
            if kind == "address" and number <= 254 * len(_NETWORKS):
                return f"{_NETWORKS[(number - 1) // 254]}.{(number - 1) % 254 + 1}"
            if f"{kind}-{number}" not in self._taken:
                return f"{kind}-{number}"
        raise AssertionError("numbers do not end")
