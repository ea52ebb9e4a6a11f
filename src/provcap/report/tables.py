"""The first rows of small tables, and small texts, among the results of a run."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import PurePosixPath

from provcap.drawing.diagram import size_text
from provcap.model import Artifact, Run
from provcap.questions import final_outputs
from provcap.report.shelf import Shelf

TABLES, ROWS, COLUMNS, CELL = 6, 8, 16, 60
TEXTS, TEXT = 4, 4000  #: texts that are shown; bytes of one
LARGEST = 16 << 20  #: bytes of a table: all of it is read for its checksum
HEAD = 1 << 16  #: bytes of it that rows are taken from
SEPARATORS = {".csv": ",", ".tsv": "\t"}
TEXTUAL = (".md", ".txt", ".json", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows of a table; the first of them are the headings."""

    path: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]  #: by column: whether all shown cells are numbers
    note: str


@dataclass(frozen=True, slots=True)
class Text:
    """A small text."""

    path: str
    content: str


def tables(run: Run, shelf: Shelf) -> tuple[Table, ...]:
    """The tables among the results."""
    found: list[Table] = []
    for artifact in _results(run, tuple(SEPARATORS), 2 * TABLES):
        data = shelf.read(artifact, LARGEST) if len(found) < TABLES else None
        table = _table(artifact, data) if data else None
        if table:
            found.append(table)
    return tuple(found)


def texts(run: Run, shelf: Shelf) -> tuple[Text, ...]:
    """The small texts among the results, whole."""
    found: list[Text] = []
    for artifact in _results(run, TEXTUAL, 2 * TEXTS):
        if len(found) < TEXTS and 0 < (artifact.size_bytes or 0) <= TEXT:
            data = shelf.read(artifact, TEXT)
            if data:
                found.append(Text(artifact.path, data.decode("utf-8", "replace")))
    return tuple(found)


def _results(run: Run, suffixes: tuple[str, ...], most: int) -> list[Artifact]:
    found = (a for a in final_outputs(run) if PurePosixPath(a.path).suffix.lower() in suffixes and a.kind == "file")
    return list(found)[:most]


def _table(artifact: Artifact, data: bytes) -> Table | None:
    text = data[:HEAD].decode("utf-8-sig", "replace")
    cut = len(data) > HEAD
    separator = SEPARATORS[PurePosixPath(artifact.path).suffix.lower()]
    if separator == "," and ";" in text.split("\n", 1)[0] and "," not in text.split("\n", 1)[0]:
        separator = ";"
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return None
    lines = [line for line in (lines[:-1] if cut else lines) if line]
    if len(lines) < 2:
        return None
    width = max(map(len, lines[: ROWS + 1]))
    shown = [
        [_cell(c) for c in line[:COLUMNS]] + [""] * (min(width, COLUMNS) - len(line)) for line in lines[: ROWS + 1]
    ]
    columns = tuple(zip(*shown[1:], strict=True))
    more = f"the first {len(shown) - 1} of {len(lines) - 1:,} rows" if len(lines) > ROWS + 1 else "all rows"
    if cut:
        more = f"the first {len(shown) - 1} rows of {size_text(len(data))}"
    if width > COLUMNS:
        more += f", the first {COLUMNS} of {width:,} columns"
    numeric = tuple(all(map(_is_number, column)) for column in columns)
    return Table(artifact.path, tuple(shown[0]), tuple(map(tuple, shown[1:])), numeric, more)


def _cell(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CELL else line[: CELL - 1] + "…"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text
    return True
