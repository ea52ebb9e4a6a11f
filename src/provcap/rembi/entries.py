"""What both kinds of sheet are read into: entries of modules, each text with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from provcap.rembi.fields import Field, Module
from provcap.rembi.modules import MODULES

LONGEST: Final = 32_767  #: characters of a cell, as Excel has it
MOST: Final = 20_000  #: entries of a sheet, and rows of a module
PROBLEMS: Final = 500  #: that are told
COMMENT: Final = "#"  #: begins the first cell of a row that is for reading only
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a sheet, and where: ``Specimen!C4``."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and where it stands."""

    text: str
    where: str


@dataclass(slots=True)
class Entry:
    """A line of a module."""

    module: Module
    where: str
    cells: dict[str, Cell] = field(default_factory=dict)  #: by attribute; empty ones, too

    def text(self, attribute: str) -> str:
        """What stands there; empty when nothing does."""
        cell = self.cells.get(attribute)
        return cell.text if cell else ""

    def place(self, attribute: str) -> str:
        """Where it stands, or should."""
        cell = self.cells.get(attribute)
        return cell.where if cell else self.where


def plain(word: str) -> str:
    """`word` without what people write in different ways."""
    return re.sub(r"[\s_*-]+", " ", word).strip().casefold()


def near(word: str, known: Iterable[str]) -> str:
    """What may have been meant by a `word` that is none of the `known` ones; empty when nothing is near."""
    names = {plain(name): name for name in known}
    found = difflib.get_close_matches(plain(word)[:100], list(names), 1)
    return f": did you mean {names[found[0]]}?" if found else ""


def module_named(word: str) -> Module | None:
    """The module that is called so."""
    return next((m for m in MODULES if plain(word) == plain(m.title)), None)


def field_named(module: Module, word: str) -> Field | None:
    """The field of `module` that is called so."""
    return next((f for f in module.fields if plain(f.name) == plain(word)), None)


def clean(text: str, where: str, problems: list[Problem]) -> Cell:
    """The Cell of a text, of bounded length and without control characters."""
    bare = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(bare) > LONGEST:
        problems.append(Problem(where, f"{len(bare)} characters: a cell has at most {LONGEST}"))
        return Cell(bare[:LONGEST], where)
    if _CONTROLS.search(bare):
        problems.append(Problem(where, "it has control characters, which nobody can read: type it anew"))
        return Cell(_CONTROLS.sub("", bare), where)
    return Cell(bare, where)


class Unreadable(ValueError):
    """The sheet as a whole cannot be read; the message says why."""
