"""An Excel workbook → entries."""

from __future__ import annotations

import datetime
import time
import warnings
import zipfile
from collections.abc import Iterable
from typing import Any, Final

from provcap.errors import ProvcapError
from provcap.rembi import package
from provcap.rembi.entries import (
    COMMENT,
    MOST,
    Cell,
    Entry,
    Problem,
    Unreadable,
    clean,
    field_named,
    module_named,
    near,
)
from provcap.rembi.fields import Field, Module
from provcap.rembi.modules import MODULES

README: Final = "Read me"
SECONDS: Final = 20.0  #: to read a workbook: one of 13 sheets takes 0.1 s
ROWS, COLUMNS = 1 << 20, 1 << 14  #: of a sheet of Excel


def read(data: bytes, problems: list[Problem], notes: list[str]) -> list[Entry]:
    """The entries of the workbook in `data`; what is wrong goes to `problems`, what was not read to `notes`.

    Raises Unreadable, and ProvcapError when openpyxl is not there.
    """
    openpyxl = library()
    archive = package.check(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that openpyxl does not keep
            book = openpyxl.load_workbook(archive.fp, read_only=True, keep_links=False)
            return _entries(book, archive, problems, notes, time.monotonic() + SECONDS)
    except Unreadable:
        raise
    except Exception as error:  # whatever a damaged workbook makes of its parser
        raise Unreadable(f"it is no Excel workbook, or damaged: {' '.join(str(error).split())[:200]}") from error


def library() -> Any:
    """openpyxl. Raises ProvcapError when it is not there."""
    try:
        import openpyxl
    except ImportError as error:
        message = "workbooks need openpyxl, which is not installed"
        raise ProvcapError("not-installed", message, "pip install 'provcap[bioimage]', or take a .csv") from error
    return openpyxl


def _entries(
    book: Any, archive: zipfile.ZipFile, problems: list[Problem], notes: list[str], until: float
) -> list[Entry]:
    found: list[Entry] = []
    seen: set[str] = set()
    for sheet in book.worksheets:
        module = module_named(sheet.title)
        if module is None:
            meant = near(sheet.title, [m.title for m in MODULES])
            if meant:
                problems.append(Problem(sheet.title, f"no sheet of REMBI or MIFA is called so{meant}"))
            elif sheet.title != README:
                notes.append(f"the sheet {sheet.title} was not read: it is none of REMBI or MIFA")
            continue
        if module.key in seen:
            problems.append(Problem(sheet.title, f"there are two sheets {module.title}"))
        seen.add(module.key)
        for area in package.merged(archive, sheet._worksheet_path):
            problems.append(Problem(f"{module.title}!{area}", "merged cells: unmerge them and fill in each"))
        sheet.reset_dimensions()  # what the file says of its extent need not be so
        found += _rows(module, sheet.iter_rows(), problems, until)
    return found


def _rows(module: Module, rows: Iterable[Any], problems: list[Problem], until: float) -> list[Entry]:
    found: list[Entry] = []
    columns: dict[int, Field] | None = None
    for number, row in enumerate(rows, 1):
        if time.monotonic() > until:
            raise Unreadable(f"it takes more than {SECONDS:.0f} s to read: no sheet of metadata")
        if number > ROWS:
            raise Unreadable(f"the sheet {module.title} has rows that no sheet of Excel has")
        filled = [(index, cell) for index, cell in enumerate(row[:COLUMNS], 1) if cell.value is not None]
        if not filled:
            continue
        if len(found) >= MOST:
            raise Unreadable(f"the sheet {module.title} has more than {MOST} entries")
        if columns is None:
            columns = _head(module, number, filled, problems)
        elif not (filled[0][0] == 1 and str(filled[0][1].value).startswith(COMMENT)):
            entry = _entry(module, number, filled, columns, problems)
            found += [entry] if any(cell.text for cell in entry.cells.values()) else []
    return found


def _head(module: Module, number: int, filled: list[tuple[int, Any]], problems: list[Problem]) -> dict[int, Field]:
    columns: dict[int, Field] = {}
    for index, cell in filled:
        where, word = _place(module, index, number), str(cell.value)[:100]
        field = field_named(module, word)
        if field is None:
            meant = near(word, [f.name for f in module.fields])
            problems.append(Problem(where, f"{module.title} has no column {word!r}{meant}"))
        elif field in columns.values():
            problems.append(Problem(where, f"there are two columns {field.name}"))
        else:
            columns[index] = field
    return columns


def _entry(
    module: Module, number: int, filled: list[tuple[int, Any]], columns: dict[int, Field], problems: list[Problem]
) -> Entry:
    entry = Entry(module, f"{module.title}!{number}")
    for index, field in columns.items():
        entry.cells[field.attribute] = Cell("", _place(module, index, number))
    for index, cell in filled:
        where, column = _place(module, index, number), columns.get(index)
        text = _text(cell, where, problems)
        if column is not None and not column.date and isinstance(cell.value, datetime.date | datetime.time):
            what = "Excel made a date of what was typed: format the cell as text and type it again"
            problems.append(Problem(where, what))
        elif column is not None:
            entry.cells[column.attribute] = clean(text, where, problems)
        elif text.strip():
            problems.append(Problem(where, "something stands in a column without a head that is known"))
    return entry


def _place(module: Module, column: int, row: int) -> str:
    """``Specimen!C4``."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{module.title}!{letters}{row}"


def _text(cell: Any, where: str, problems: list[Problem]) -> str:
    """What a person sees in a cell that holds no formula."""
    value = cell.value
    if cell.data_type == "f":
        problems.append(Problem(where, "a formula: put in its value (copy, paste special, values)"))
        return ""
    if cell.data_type == "e":
        problems.append(Problem(where, f"the error {str(value)[:20]} of a formula"))
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
