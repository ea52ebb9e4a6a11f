"""The template that people fill in: a workbook with a sheet per module, or the long form as CSV or TSV."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from provcap.rembi import longform
from provcap.rembi.fields import Field, Module
from provcap.rembi.modules import NAMES, modules
from provcap.rembi.workbook import README, library

TEMPLATES: Final = tuple(NAMES)
Prefilled = Mapping[str, Sequence[Mapping[str, str]]]  #: by key of the module, texts by attribute, entry by entry
LINES: Final = 200  #: that offer values to choose from
_DAY: Final = datetime.datetime(2021, 5, 1)
_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)
_ABOUT: Final = (
    "{name}: what was imaged, how it was prepared and how the images were taken.",
    "Each sheet is a module. Row 1 has the names of the fields, with * when they are required; row 2 says what is",
    "meant. Fill in from row 3 on. A row whose first cell begins with # is for reading only. Leave empty what is not",
    "known; where something is required that nobody knows, write: not known. Sheets refer to each other by the names",
    "in their first column. Several values in a cell are separated by ; . Formulas and merged cells are not read.",
    "Ontology values have a name and, in the next column, an identifier: look it up at https://www.ebi.ac.uk/ols4.",
    "Then: provcap annotate RUN {file}",
)


def write(template: str, suffix: str, prefilled: Prefilled | None = None, name: str = "study.xlsx") -> bytes:
    """The template "rembi" or "mifa" as ".xlsx", ".csv" or ".tsv", with what is known already; `name` is that of the
    file. The same values give the same bytes. Raises ProvcapError when openpyxl is needed and not there.
    """
    known = prefilled or {}
    if suffix != ".xlsx":
        return longform.write(_rows(template, known), "\t" if suffix == ".tsv" else ",")
    openpyxl = library()
    book = openpyxl.Workbook()
    _about(book.active, template, name)
    for module in modules(template):
        _sheet(book.create_sheet(module.title), module, known.get(module.key, ()))
    book.properties.creator = "provcap"
    book.properties.created = _DAY
    file = io.BytesIO()
    book.save(file)
    return _timeless(file.getvalue())


def _rows(template: str, known: Prefilled) -> Iterator[tuple[str, ...]]:
    for module in modules(template):
        for number, values in enumerate(known.get(module.key) or [{}], 1):
            for field in module.fields:
                text = values.get(field.attribute, "")
                yield module.title, str(number), field.name, text, "" if number > 1 else field.told


def _about(sheet: Any, template: str, file: str) -> None:
    sheet.title = README
    for number, line in enumerate(_ABOUT, 1):
        _put(sheet, number, 1, line.format(name=NAMES[template], file=file))
    sheet.column_dimensions["A"].width = 120


def _sheet(sheet: Any, module: Module, entries: Sequence[Mapping[str, str]]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    for column, field in enumerate(module.fields, 1):
        head = _put(sheet, 1, column, f"{field.name} *" if field.required else field.name)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="DCE9F5" if field.required else "EEEEEE")
        meant = _put(sheet, 2, column, f"# {module.what} {field.told}" if column == 1 else field.told)
        meant.font = Font(italic=True, color="666666")
        meant.alignment = Alignment(wrap_text=True, vertical="top")
        beneath = sheet.column_dimensions[head.column_letter]
        beneath.width, beneath.number_format = field.width, "@"  # or Excel makes dates and numbers of what is typed
        _offer(sheet, head.column_letter, field)
        for row, values in enumerate(entries, 3):
            if values.get(field.attribute):
                _put(sheet, row, column, values[field.attribute])
    sheet.row_dimensions[2].height = 90
    sheet.freeze_panes = "B3"


def _put(sheet: Any, row: int, column: int, text: str) -> Any:
    """A cell that holds `text` as a text, whatever it begins with: none of it becomes a formula."""
    cell = sheet.cell(row, column)
    cell.value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "", text)[:32_767]
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))
    return cell


def _offer(sheet: Any, letter: str, field: Field) -> None:
    """Values to choose from; where several may stand in a cell, others can be typed."""
    from openpyxl.worksheet.datavalidation import DataValidation

    values = field.choices or field.suggestions
    if not values:
        return
    strict = bool(field.choices) and not field.many
    offer = DataValidation("list", formula1=f'"{",".join(values)}"', allow_blank=True, showErrorMessage=strict)
    if len(offer.formula1) > 255:  # more does not fit (ECMA-376, section 18.3.1.33)
        return
    offer.add(f"{letter}3:{letter}{LINES + 2}")
    sheet.add_data_validation(offer)


def _timeless(data: bytes) -> bytes:
    """The workbook without the time of writing."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2021-05-01T00:00:00Z", content)
            info = zipfile.ZipInfo(name, _ZIP_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, content)
    return file.getvalue()
