"""The long form: a CSV or TSV file with a row for each field, ``module, entry, field, value, meaning``.

One file holds the whole study, shows well what changed between two versions, and is written by programs as well. Excel
in German puts semicolons between the columns; they are read, too.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from provcap.rembi.entries import (
    COMMENT,
    LONGEST,
    MOST,
    Cell,
    Entry,
    Problem,
    Unreadable,
    clean,
    field_named,
    module_named,
    near,
    plain,
)
from provcap.rembi.modules import MODULES

HEAD: Final = ("module", "entry", "field", "value", "meaning")
_ACTS: Final = ("=", "+", "-", "@", "\t", "\r")  #: a spreadsheet takes a cell that begins so for a formula


def read(data: bytes, problems: list[Problem]) -> list[Entry]:
    """The entries in `data`; what is wrong goes to `problems`. Raises Unreadable."""
    text = _decoded(data)
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    limit = csv.field_size_limit(4 * LONGEST)
    try:
        return _entries(rows, problems)
    except csv.Error as error:
        raise Unreadable(f"row {rows.line_num}: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _decoded(data: bytes) -> str:
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"row {row} is not UTF-8 (byte 0x{data[error.start]:02x}): save it as CSV UTF-8") from error


def _entries(rows: Iterable[list[str]], problems: list[Problem]) -> list[Entry]:
    found: dict[tuple[str, str], Entry] = {}
    columns: list[str] | None = None
    for number, row in enumerate(rows, 1):
        if number > 20 * MOST:
            raise Unreadable(f"more than {20 * MOST} rows")
        if not any(cell.strip() for cell in row) or row[0].startswith(COMMENT):
            continue
        if columns is None:
            columns = [plain(cell) for cell in row]
            if missing := [name for name in HEAD[:4] if name not in columns]:
                raise Unreadable(f"row {number} should be: {','.join(HEAD)}; there is no column {missing[0]}")
            continue
        cells = {
            name: (cell, f"{_letter(n)}{number}") for n, (name, cell) in enumerate(zip(columns, row, strict=False))
        }
        _put(found, cells, number, problems)
        if len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
            where = f"{_letter(len(columns))}{number}"
            problems.append(Problem(where, "more columns than the head has: put texts with separators in quotes"))
    return [entry for entry in found.values() if any(cell.text for cell in entry.cells.values())]


def _put(
    found: dict[tuple[str, str], Entry], cells: dict[str, tuple[str, str]], number: int, problems: list[Problem]
) -> None:
    """Put a row into the entry that it belongs to."""
    word, where = cells.get("module", ("", f"A{number}"))
    module = module_named(word)
    if module is None:
        meant = near(word, [m.title for m in MODULES])
        problems.append(Problem(where, f"there is no module {word[:100]!r}{meant}"))
        return
    name, where = cells.get("field", ("", f"C{number}"))
    field = field_named(module, name)
    if field is None:
        meant = near(name, [f.name for f in module.fields])
        problems.append(Problem(where, f"{module.title} has no field {name[:100]!r}{meant}"))
        return
    order = cells.get("entry", ("", ""))[0].strip() or "1"
    entry = found.setdefault((module.key, order), Entry(module, f"{module.title} {order[:40]}"))
    text, where = cells.get("value", ("", f"D{number}"))
    where = f"{where} ({entry.where}, {field.name})"
    if field.attribute in entry.cells:
        problems.append(Problem(where, f"it stands in {entry.cells[field.attribute].where.split(' ')[0]} already"))
    entry.cells[field.attribute] = _cell(text, where, problems)


def _cell(text: str, where: str, problems: list[Problem]) -> Cell:
    if text.startswith("="):
        problems.append(Problem(where, "a formula: put in its value, or ' before it when a text begins with ="))
        return Cell("", where)
    return clean(text[1:] if text.startswith("'") and text[1:].startswith(_ACTS) else text, where, problems)


def _letter(column: int) -> str:
    return chr(ord("A") + column) if column < 26 else f"column {column + 1} of row "


def write(rows: Iterable[Sequence[str]], separator: str) -> bytes:
    """The rows as CSV or TSV, without what a spreadsheet would take for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows([f"'{cell}" if cell.startswith(_ACTS) else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")
