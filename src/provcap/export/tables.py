"""The tables of a database of runs, derived from the model, so that no field can be forgotten.

A dataclass of the model becomes a table, its plain fields columns of the same names. A single inner dataclass becomes
columns with its field's name in front (``usage_wall_s``); a tuple of them another table, whose rows say in which run
(``run_id``), of what (``owner``, empty: of the run itself), in which ``field`` and at which ``position``
they stand; a dict, or a tuple of texts, a column with JSON. What is shared by its digest - environments, images,
machines, imports - is kept once, however many runs had it.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from provcap import codec, model

#: names of tables that are not those of the dataclasses
NAMES: Final = {model.Artifact: "file", model.Agent: "author"}
SHARED: Final = frozenset({model.Environment, model.Imports, model.Image, model.Hardware})
KINDS: Final = {bool: "INTEGER", int: "INTEGER", float: "REAL"}  #: of columns; all others are TEXT
LARGEST: Final = (1 << 63) - 1  #: integer of SQLite and Parquet; others are kept as text
Row = tuple[str, tuple[Any, ...]]  #: name of the table, values in the order of its columns


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how to get it from a value of its dataclass, by the names of fields."""

    name: str
    kind: str  #: INTEGER, REAL or TEXT
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A dataclass as a table."""

    name: str
    columns: tuple[Column, ...]  #: of the fields of the dataclass
    children: tuple[tuple[tuple[str, ...], type], ...]  #: path of fields, and the dataclass of its items
    keys: tuple[Column, ...]  #: where a row stands; none: its id says it

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Keys first."""
        return self.keys + self.columns


@functools.cache
def tables() -> dict[type, Table]:
    """The table of every dataclass that a run holds, the run's first."""
    found: dict[type, Table] = {}
    _add(model.Run, (), found)
    return found


def _add(cls: type, keys: tuple[Column, ...], found: dict[type, Table]) -> None:
    columns: list[Column] = []
    children: list[tuple[tuple[str, ...], type]] = []
    _walk(cls, (), columns, children)
    found[cls] = Table(NAMES.get(cls, cls.__name__.lower()), tuple(columns), tuple(children), keys)
    place = (Column("owner", "TEXT"), Column("field", "TEXT"), Column("position", "INTEGER"))
    within = () if cls in SHARED or (keys and keys[0].name == "owner") else (Column("run_id", "TEXT"),)
    for _, item in children:
        if item not in found:
            _add(item, () if item in SHARED else within + place, found)


def _walk(
    cls: Any, above: tuple[str, ...], columns: list[Column], children: list[tuple[tuple[str, ...], type]]
) -> None:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        path, hint = (*above, field.name), _without_none(hints[field.name])
        item = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
        if dataclasses.is_dataclass(item):
            children.append((path, typing.cast(type, item)))
        elif dataclasses.is_dataclass(hint):
            _walk(hint, path, columns, children)
        else:
            columns.append(Column("_".join(path), KINDS.get(hint, "TEXT"), path))


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        return inner[0] if len(inner) == 1 else str
    return hint


def ddl() -> str:
    """CREATE TABLE statements."""
    return "\n".join(map(_create, tables().values()))


def _create(table: Table) -> str:
    kinds = {"run_id": "TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE"}
    lines = [f'"{c.name}" {kinds.get(c.name, c.kind + " NOT NULL")}' for c in table.keys]
    lines += [f'"{c.name}" {c.kind}' for c in table.columns]
    lines.append(f"PRIMARY KEY ({', '.join(c.name for c in table.keys) or 'id'})")
    return f'CREATE TABLE "{table.name}" (\n  ' + ",\n  ".join(lines) + "\n) WITHOUT ROWID;"


def rows(run: model.Run) -> Iterator[Row]:
    """Every row of `run`, its own first."""
    yield from _rows(run, (), str(plain(run.id)), "")


def _rows(value: Any, keys: tuple[Any, ...], run_id: str | None, owner: str) -> Iterator[Row]:
    """The row of `value` and those of all that it holds; `run_id` is None within what runs share."""
    table = tables()[type(value)]
    yield table.name, keys + tuple(plain(_get(value, column.path)) for column in table.columns)
    within = () if run_id is None else (run_id,)
    for path, item in table.children:
        for position, child in enumerate(_get(value, path) or ()):
            named = str(plain(child.id)) if getattr(child, "id", None) is not None else str(position)
            if item in SHARED:
                yield from _rows(child, (), None, named)
            else:
                yield from _rows(child, (*within, owner, "_".join(path), position), run_id, named)


def _get(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if value is None:
            return None
        value = getattr(value, name)
    return value


def plain(found: Any) -> Any:
    """What SQLite and Parquet can hold: JSON for tuples and dicts, no lone surrogates, no integers beyond 64 bits."""
    if isinstance(found, int) and not -LARGEST <= found <= LARGEST:
        return str(found)
    if found is None or isinstance(found, bool | int | float):
        return found
    text = found if isinstance(found, str) else codec.dumps(codec.encode(found))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
