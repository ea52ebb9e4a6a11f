"""One look through a crate: what was found so far, what it may cost, and how a find is told without giving it away."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from provcap.redact import detectors
from provcap.redact.finding import Allowed, Find, reason_for
from provcap.redact.known import Known, account
from provcap.redact.rules import BIRTH_COLUMN, REASONS, is_birth_date, spans

SHOWN: Final = 5  #: finds of one rule in one file; more are counted
MOST: Final = 10_000  #: different values of one rule in one file that are told apart
MAX_DEPTH: Final = 2  #: files in files in files
BLOCK: Final = 1 << 20  #: bytes of text at once
PART, LAP = 1 << 15, 1 << 10  #: characters that the rules are given at once, and of which parts overlap
#: what provcap makes of the record and the files: what may pass there, may pass here
DERIVED: Final = ("provenance/prov.", "provenance/statement", "provenance/gaps", "ro-crate-", "README.md")
_VISIBLE: Final = frozenset({"user-name", "host-name", "home-path", "internal-name", "private-address"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a look may cost; what goes beyond is told as ``not-scanned``."""

    file_bytes: int = 2 << 30  #: of one file that is read as text or for its texts
    member_bytes: int = 1 << 30  #: of one file inside of another, unpacked
    members: int = 20_000  #: files inside of one file
    seconds: float = 1800.0  #: for the whole crate


def mask(value: str, rule: str) -> str:
    """`value` so that its owner recognises it and nobody else learns it: its first sign or two, and its length."""
    flat = " ".join(value.split())
    if rule == "email" and "@" in flat:
        local, _, domain = flat.partition("@")
        return f"{local[:1]}…@{domain[:1]}…{domain[domain.rfind('.') :]}"
    if rule == "private-key":
        return f"{flat[:11]}… ({len(value)} characters)"
    shown = 2 if len(flat) >= 8 or (rule in _VISIBLE and len(flat) > 4) else 1 if len(flat) >= 4 else 0
    return f"{flat[:shown]}… ({len(value)} characters)"


@dataclass(slots=True)
class Look:
    """Collects finds. The same value in the same file is told once, with the number of its places."""

    known: Known
    allow: tuple[Allowed, ...] = ()
    limits: Limits = field(default_factory=Limits)
    began: float = field(default_factory=time.monotonic)
    _places: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _times: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _distinct: Counter[tuple[str, str]] = field(default_factory=Counter)
    _told: dict[tuple[str, str], str] = field(default_factory=dict)
    _clean: set[tuple[str, bool]] = field(default_factory=set)

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() - self.began > self.limits.seconds

    def note(self, file: str, place: str, rule: str, value: str) -> None:
        """`rule` found `value` at `place`, which is in the file `file` of the crate."""
        key = (file, rule, value)
        if key not in self._places:
            self._distinct[file, rule] += 1
            if self._distinct[file, rule] > MOST:
                return
            self._places[key] = place
        self._times[key] += 1

    def unseen(self, file: str, place: str, why: str) -> None:
        """What is at `place` could not be looked into."""
        self._told[file, place] = why

    def text(self, text: str, file: str, place: str, code: bool = False, line: int | None = None) -> None:
        """Look through `text`; `line` is the number of its first line, when its lines have numbers."""
        short = len(text) < 200
        if short and (text, code) in self._clean:
            return
        for begin, part in _parts(text):
            found = spans(part, self.known, code)
            if short and not found and len(self._clean) < 1_000_000:
                self._clean.add((text, code))
            for span in found:
                where = place if line is None else f"{place}:{line + text.count(chr(10), 0, begin + span.start)}"
                self.note(file, where, span.rule, part[span.start : span.end])

    def label(self, place: str) -> str:
        """`place` as it may be told: a file, too, can be called as a secret is."""
        for span in reversed(spans(place, self.known) if len(place) >= 12 else ()):
            if span.rule not in REASONS:
                place = place[: span.start] + mask(place[span.start : span.end], span.rule) + place[span.end :]
        return place

    def header(self, text: str, file: str, place: str) -> None:
        """Look at the first line of a table for a column with dates of birth."""
        first, _, rest = text.partition("\n")
        if rest.strip() and BIRTH_COLUMN.search(first.strip()):
            self.note(file, f"{place}:1", "birth-date", "a column of them")

    def json(self, value: Any, file: str, place: str, name: str = "", code: bool = False) -> None:
        """Look through a JSON value, in which a text may be a secret by its `name`."""
        stack: list[tuple[Any, str, str]] = [(value, name, place)]
        while stack:
            item, called, where = stack.pop()
            if isinstance(item, dict):
                for key, inner in item.items():
                    self.text(key, file, where, code)
                    stack.append((inner, key, f"{where}/{self.label(key[:80])}"))
            elif isinstance(item, list):
                stack += [(inner, called, f"{where}/{number}") for number, inner in enumerate(item)]
                self._options(item, file, where)
            elif isinstance(item, str):
                rule = "named-value" if detectors.is_named_secret(called, item) else account(called, item, self.known)
                if rule is not None:
                    self.note(file, where, rule, item)
                else:
                    self.text(item, file, where, code)
                    if is_birth_date(called, item):
                        self.note(file, where, "birth-date", item)

    def _options(self, words: list[Any], file: str, place: str) -> None:
        """In a command line, ``--password`` and its value are two words."""
        for number, (option, value) in enumerate(itertools.pairwise(words)):
            if isinstance(option, str) and isinstance(value, str) and detectors.is_secret_option(option, value):
                self.note(file, f"{place}/{number + 1}", "named-value", value)

    def finds(self) -> tuple[Find, ...]:
        """All finds, by file, rule and place."""
        found = [
            self._judged(Find("not-scanned", place, why, REASONS["not-scanned"], file=file))
            for (file, place), why in self._told.items()
        ]
        grouped: dict[tuple[str, str, str | None], list[str]] = {}
        passed = self._passed()
        for file, rule, value in self._places:
            because = passed.get((file, rule, value))
            if because is None and file.startswith(DERIVED):
                because = passed.get(("", rule, value))
            grouped.setdefault((file, rule, because), []).append(value)
        for (file, rule, because), values in grouped.items():
            found += self._of_rule(file, rule, values, because)
        return tuple(sorted(found, key=lambda f: (f.file, f.rule, f.place)))

    def _passed(self) -> dict[tuple[str, str, str], str]:
        """Why a value may pass in a file; under "", why it may in what is made of the crate's files."""
        passed = {}
        for (file, rule, value), place in self._places.items() if self.allow else ():
            because = reason_for(Find(rule, place, "", "", file=file), self.allow)
            if because is not None:
                passed[file, rule, value] = because
                if not file.startswith(DERIVED):
                    passed["", rule, value] = because
        return passed

    def _of_rule(self, file: str, rule: str, values: list[str], because: str | None) -> Iterable[Find]:
        why = REASONS.get(rule) or detectors.reason(rule)
        for value in values[:SHOWN]:
            times = self._times[file, rule, value]
            often = f", {times} times" if times > 1 else ""
            shown = value if value == "a column of them" else mask(value, rule)
            yield Find(rule, self._places[file, rule, value], shown + often, why, because is None, because, file)
        if len(values) > SHOWN:
            place = self._places[file, rule, values[SHOWN]]
            many = len(values) + max(self._distinct[file, rule] - MOST, 0) - SHOWN
            yield Find(rule, place, f"… and {many} others", why, because is None, because, file)

    def _judged(self, find: Find) -> Find:
        because = reason_for(find, self.allow)
        return find if because is None else replace(find, blocks=False, because=because)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """`text` in parts of about PART characters that end with a line, each with its place: most hold nothing that a rule
    must look at twice. Where lines are very long, parts overlap."""
    begin = 0
    while begin < len(text) or not begin:
        end = begin + PART
        line = text.find("\n", end, end + PART) if end < len(text) else -1
        end = line + 1 if line >= 0 else end + PART
        yield begin, text[begin:end]
        begin = end if line >= 0 or end >= len(text) else end - LAP
