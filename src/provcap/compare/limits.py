"""How far results may be apart, and why: ``tolerance.yaml``. docs/comparing.md has the schema and an example."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from provcap import config, digest
from provcap.compare.comparator import Options, Tolerance
from provcap.errors import BadConfig

FORMAT: Final = "provcap.limits/1"
MAX_BYTES: Final = 1 << 20
_HINT: Final = "the schema is in docs/comparing.md"
_SHARED: Final = {"pattern", "because", "even_on_same_machine", "limits", "ignore", "allow_unchecked"}
_FILES: Final = _SHARED | {"as", "rtol", "atol", "columns", "key", "scrub"}
_LABELS: Final = _SHARED | {"tables"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table that uses the labels of a series as keys."""

    pattern: str
    key: str  #: the column that holds the labels


@dataclass(frozen=True, slots=True)
class Entry:
    """What the limits say about the files that match a pattern."""

    pattern: str
    because: str
    comparator: str | None = None  #: instead of the one that the content suggests
    limits: Mapping[str, float] = field(default_factory=dict)  #: by name of the measure
    options: Options = field(default_factory=Options)
    even_on_same_machine: bool = False
    allow_unchecked: bool = False
    tables: tuple[Table, ...] = ()

    def matches(self, path: str) -> dict[str, str] | None:
        """The values of the pattern's wildcards in `path`, or None."""
        return match(self.pattern, path)


@dataclass(frozen=True, slots=True)
class Limits:
    """All entries; the first that matches a path counts."""

    entries: tuple[Entry, ...] = ()
    digest: str | None = None

    def entry(self, path: str) -> Entry | None:
        """What holds for `path`."""
        return next((entry for entry in self.entries if entry.matches(path) is not None), None)


def match(pattern: str, path: str) -> dict[str, str] | None:
    """The wildcards of `pattern` in `path`, or None.

    ``*`` and ``{name}`` stand for text without ``/``, ``**/`` for any directories, ``?`` for one character.
    """
    found = re.fullmatch(_regex(pattern), path, re.DOTALL)
    return found.groupdict() if found else None


def wildcards(pattern: str) -> tuple[str, ...]:
    """The names in braces."""
    return tuple(dict.fromkeys(re.findall(r"\{(\w+)\}", pattern)))


def _regex(pattern: str) -> str:
    plain = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    seen: set[str] = set()
    parts = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\{\w+\}|.", pattern, re.DOTALL):
        if len(token) > 2 and token[0] == "{":
            name = token[1:-1]
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)")
            seen.add(name)
        else:
            parts.append(plain.get(token) or re.escape(token))
    return "".join(parts)


def load(path: Path) -> Limits:
    """The limits in the file at `path`. Raises BadConfig with the file and the place in its message."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise _Wrong(f"larger than {MAX_BYTES} bytes")
        plain = config.parse(content.decode("utf-8"))
        _mapping(plain, "the file")
        if plain.get("format") != FORMAT:
            raise _Wrong(f"format should be {FORMAT}")
        _known(plain, {"format", "files", "labels"}, "the file")
        labels = [_label_entry(e, f"labels[{i}]") for i, e in enumerate(_list(plain, "labels", "the file"))]
        files = [_file_entry(e, f"files[{i}]") for i, e in enumerate(_list(plain, "files", "the file"))]
    except OSError as error:
        raise BadConfig("bad-limits", f"{path} cannot be read: {error.strerror}", _HINT) from error
    except (ValueError, yaml.YAMLError, RecursionError, _Wrong) as error:
        raise BadConfig("bad-limits", f"{path}: {config.problem(error)}", _HINT) from error
    return Limits((*labels, *files), digest.of_bytes(content))


class _Wrong(Exception):
    """Something in the file is not as the schema wants it; names the place."""


def _file_entry(plain: Any, where: str) -> Entry:
    entry = _shared(plain, _FILES, where)
    comparator = plain.get("as")
    if comparator is not None and not isinstance(comparator, str):
        raise _Wrong(f"{where}: as should name a comparator")
    columns = _mapping(plain.get("columns", {}), f"{where}: columns")
    options = replace(
        entry.options,
        tolerance=_tolerance(plain, where),
        columns={str(k): _column(v, f"{where}: columns: {k}") for k, v in columns.items()},
        key=_texts(plain, "key", where),
        scrubs=tuple(_scrub(s, f"{where}: scrub[{i}]") for i, s in enumerate(_list(plain, "scrub", where))),
    )
    return replace(entry, comparator=comparator, options=options)


def _label_entry(plain: Any, where: str) -> Entry:
    entry = _shared(plain, _LABELS, where)
    tables = []
    for i, table in enumerate(_list(plain, "tables", where)):
        place = f"{where}: tables[{i}]"
        _known(_mapping(table, place), {"pattern", "key"}, place)
        tables.append(Table(_text(table, "pattern", place), _text(table, "key", place)))
        _pattern(tables[-1].pattern, place)
    return replace(entry, comparator="labels", tables=tuple(tables))


def _shared(plain: Any, known: set[str], where: str) -> Entry:
    _known(_mapping(plain, where), known, where)
    limits = _mapping(plain.get("limits", {}), f"{where}: limits")
    pattern = _text(plain, "pattern", where)
    _pattern(pattern, where)
    return Entry(
        pattern=pattern,
        because=" ".join(_text(plain, "because", where).split()),
        limits={str(k): _number(v, f"{where}: limits: {k}") for k, v in limits.items()},
        options=Options(ignore=_texts(plain, "ignore", where)),
        even_on_same_machine=_flag(plain, "even_on_same_machine", where),
        allow_unchecked=_flag(plain, "allow_unchecked", where),
    )


def _pattern(text: str, where: str) -> None:
    try:
        re.compile(_regex(text))
    except re.error as error:
        raise _Wrong(f"{where}: pattern: {error}") from error


def _scrub(plain: Any, where: str) -> tuple[str, str]:
    _known(_mapping(plain, where), {"pattern", "with"}, where)
    pattern, instead = _text(plain, "pattern", where), plain.get("with", "")
    if not isinstance(instead, str):
        raise _Wrong(f"{where}: with should be a text")
    try:
        re.compile(pattern)
    except re.error as error:
        raise _Wrong(f"{where}: {error}") from error
    return pattern, instead


def _column(plain: Any, where: str) -> Tolerance:
    _known(_mapping(plain, where), {"rtol", "atol"}, where)
    return _tolerance(plain, where)


def _tolerance(plain: dict[str, Any], where: str) -> Tolerance:
    found = {name: _number(plain.get(name, 0.0), f"{where}: {name}") for name in ("rtol", "atol")}
    if min(found.values()) < 0:
        raise _Wrong(f"{where}: rtol and atol cannot be negative")
    return Tolerance(**found)


def _known(plain: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in plain if key not in known)
    if unknown:
        raise _Wrong(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} should be a mapping of keys to values")
    return value


def _list(plain: dict[str, Any], key: str, where: str) -> list[Any]:
    value = plain.get(key, [])
    if not isinstance(value, list):
        raise _Wrong(f"{where}: {key} should be a list")
    return value


def _texts(plain: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = plain.get(key, [])
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _Wrong(f"{where}: {key} should be a text or a list of texts")
    return tuple(value)


def _text(plain: dict[str, Any], key: str, where: str) -> str:
    value = plain.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{where}: {key} is missing, or is no text")
    return value


def _flag(plain: dict[str, Any], key: str, where: str) -> bool:
    value = plain.get(key, False)
    if not isinstance(value, bool):
        raise _Wrong(f"{where}: {key} should be true or false")
    return value


def _number(value: Any, where: str) -> float:
    """YAML 1.1 takes ``1e-6`` for text: it is a number here all the same."""
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise _Wrong(f"{where} should be a number")
    return found
