"""A filled sheet → the Study."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provcap import digest
from provcap.errors import ProvcapError
from provcap.model import Sheet, Study
from provcap.rembi import building, checking, conforming, longform, values, workbook
from provcap.rembi.entries import PROBLEMS, Problem, Unreadable
from provcap.rembi.package import MAX_BYTES

KINDS: Final = (".xlsx", ".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Filled:
    """What was read: a study, or what is wrong with the sheet."""

    study: Study | None
    content: bytes  #: of the file
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()  #: what was not read or is not clear, and is no mistake


def read(path: Path, now: str) -> Filled:
    """What the sheet at `path` says; `now` is the time at which it is put into a run.

    Raises ProvcapError when it is no sheet that can be read.
    """
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        hint = "save it as .xlsx (Excel, LibreOffice), .csv or .tsv"
        raise ProvcapError("bad-sheet", f"{path} is no sheet that provcap reads", hint)
    content = _content(path)
    problems: list[Problem] = []
    notes: list[str] = []
    try:
        workbooks = suffix == ".xlsx"
        entries = workbook.read(content, problems, notes) if workbooks else longform.read(content, problems)
    except Unreadable as error:
        hint = "provcap template rembi -o study.xlsx writes one to fill in"
        raise ProvcapError("bad-sheet", f"{path} cannot be read: {error}", hint) from error
    found = checking.check(entries, problems)
    sheet = Sheet(path.name.encode("utf-8", "replace").decode(), digest.of_bytes(content), len(content), now)
    study = None
    if not problems:
        study = building.build(found, sheet)
        problems = conforming.check(study)
        if study.license and not values.names_licence(study.license):
            what = "names no licence, by an SPDX identifier (CC-BY-4.0, CC0-1.0) or an address: archives want one"
            notes.append(f"Study, Licence: {study.license[:80]!r} {what}")
    told = tuple(dict.fromkeys(problems))[:PROBLEMS]
    return Filled(None if problems else study, content, told, tuple(notes))


def _content(path: Path) -> bytes:
    """The bytes of a regular file of a size that a sheet may have."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise ProvcapError("bad-sheet", f"{path} is no regular file", "name the sheet itself")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "provcap template rembi -o study.xlsx writes one to fill in"
        raise ProvcapError("bad-sheet", f"{path} cannot be read: {error.strerror}", hint) from error
    if len(content) > MAX_BYTES:
        hint = "it should hold some lines of text"
        raise ProvcapError("bad-sheet", f"{path} is larger than {MAX_BYTES >> 20} MiB", hint)
    return content
