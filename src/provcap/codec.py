"""Model ⇄ JSON: sorted, stable, versioned.

``"format": "provcap.run/1"`` is always the first key. Fields at their default are left out, unknown fields of a newer
minor writer are ignored, so a file can be read by older and newer versions.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from provcap import model
from provcap.errors import DamagedRecord

RUN_FORMAT = "provcap.run/1"
MAKE_ANEW = "make it anew from the records: provcap collect RUN"
MOST = sys.float_info.max  #: of a number in a field: beyond it, nobody can reckon with it
T = TypeVar("T")


def short_id(value: Any) -> str:
    """Twelve hex digits that stand for `value` wherever it is written."""
    return hashlib.sha256(dumps(value).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def dumps(value: Any) -> str:
    """One line of JSON with sorted keys; the C encoder does the work."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def loads(content: bytes) -> Any:
    """The JSON value in `content`, in which bytes of names that are not UTF-8 stand as they are. Raises ValueError."""
    plain = json.loads(content.decode("utf-8", "surrogateescape"), parse_constant=_no_number, parse_float=_finite)
    return whole(plain, content)


def whole(plain: T, content: bytes) -> T:
    """`plain`, which was read from `content`; ValueError when it has halves of characters, which no file can hold."""
    if b"\\ud" in content or b"\\uD" in content:
        json.dumps(plain, ensure_ascii=False).encode("utf-8", "surrogateescape")
    return plain


def _no_number(name: str) -> typing.NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def stamp(name: str, entry: dict[str, Any]) -> str:
    """One line of JSON that says first which format it has."""
    rest = dumps(entry)[1:]
    return f'{{"format":{json.dumps(name)}' + ("," if entry else "") + rest


def encode(value: Any) -> Any:
    """A dataclass of the model, or a tuple of them, as plain JSON values without defaults."""
    if dataclasses.is_dataclass(value):
        plain = {}
        for name, default in _defaults(type(value)):  # type: ignore[arg-type]
            item = getattr(value, name)
            if item != default:
                plain[name] = encode(item)
        return plain
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def decode(cls: type[T], plain: dict[str, Any]) -> T:
    """The dataclass `cls` from what `encode` made.

    Raises DamagedRecord when a field is missing or has another shape.
    """
    try:
        return _decoder(cls)(plain)  # type: ignore[no-any-return, arg-type]
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise DamagedRecord("damaged-record", f"not a valid {cls.__name__}: {error}") from error


def dump_run(run: model.Run) -> str:
    """The text of run.json: one line per job, environment and file, so that it can be searched and compared."""
    plain = encode(run)
    lines = [f'"format":{json.dumps(RUN_FORMAT)}']
    for key in sorted(plain):
        value = plain[key]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            items = ",\n ".join(map(dumps, value))
            lines.append(f'"{key}":[\n {items}\n]')
        else:
            lines.append(f'"{key}":{dumps(value)}')
    return "{" + ",\n".join(lines) + "}\n"


def load_run(text: str | bytes, where: str = "run.json") -> model.Run:
    """The Run in the text of a run.json; `where` names it in errors."""
    try:
        plain = loads(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise DamagedRecord("damaged-record", f"{where} is not JSON: {error}", MAKE_ANEW) from error
    found = plain.get("format") if isinstance(plain, dict) else None
    if found != RUN_FORMAT:
        raise DamagedRecord(
            "unknown-format", f"{where} says format {found!r}, this version reads {RUN_FORMAT!r}", "update provcap"
        )
    try:
        return decode(model.Run, plain)
    except DamagedRecord as error:
        raise DamagedRecord(error.slug, f"{where} is {error.message}", MAKE_ANEW) from error


@functools.cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    def default(f: dataclasses.Field[Any]) -> Any:
        if f.default_factory is not dataclasses.MISSING:
            return f.default_factory()
        return f.default

    return tuple((f.name, default(f)) for f in dataclasses.fields(cls))


@functools.cache
def _decoder(hint: Any) -> Callable[[Any], Any]:
    """A function that makes a value of the type `hint` from JSON; built once per type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        item = _decoder(args[0])
        return lambda plain: tuple(item(x) for x in _expect(list, plain))
    if origin in (types.UnionType, typing.Union):
        known = [a for a in args if dataclasses.is_dataclass(a)]
        if known:
            inner = _decoder(known[0])  # type: ignore[arg-type]
            return lambda plain: None if plain is None else inner(plain)
        words = [w for a in args if typing.get_origin(a) is typing.Literal for w in typing.get_args(a)]
        if words:
            return _literal((*words, None))
        return _check(tuple(t for a in args if (t := typing.get_origin(a) or a) is not type(None)), optional=True)
    if dataclasses.is_dataclass(hint):
        return _dataclass_decoder(typing.cast(type, hint))
    if origin is typing.Literal:
        return _literal(args)
    if origin is dict:
        value = _decoder(args[1])
        return lambda plain: {key: value(x) for key, x in _expect(dict, plain).items()}
    return _check((hint,)) if isinstance(hint, type) else lambda plain: plain


def _dataclass_decoder(cls: type) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    fields = {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(cls)}

    def decode_dataclass(plain: Any) -> Any:
        return cls(**{key: fields[key](value) for key, value in _expect(dict, plain).items() if key in fields})

    return decode_dataclass


def _expect(kind: type, plain: Any) -> Any:
    if not isinstance(plain, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(plain).__name__}")
    return plain


def _literal(allowed: tuple[Any, ...]) -> Callable[[Any], Any]:
    def decode_literal(plain: Any) -> Any:
        if plain not in allowed:
            raise ValueError(f"{plain!r} is none of {', '.join(map(str, allowed))}")
        return plain

    return decode_literal


def _check(kinds: tuple[Any, ...], optional: bool = False) -> Callable[[Any], Any]:
    accepted = (*kinds, int) if float in kinds else kinds
    counted = dict not in kinds  # a value of a workflow may be any number

    def check(plain: Any) -> Any:
        if plain is None and optional:
            return None
        if not isinstance(plain, accepted) or (isinstance(plain, bool) and bool not in accepted):
            raise TypeError(f"expected {kinds[0].__name__}, found {type(plain).__name__}")
        if counted and type(plain) is int and abs(plain) > MOST:
            raise ValueError("a number is too large")
        return plain

    return check
