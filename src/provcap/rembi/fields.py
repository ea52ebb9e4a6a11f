"""What a column of a sheet is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ID: Final = "_id"  #: ends the attribute of a column that holds the identifier of the value beside it


@dataclass(frozen=True, slots=True)
class Field:
    """A column: in a workbook its head, in the long form what stands under ``field``."""

    name: str
    attribute: str  #: in the model; with `ID` at its end, the identifier that belongs to the attribute
    meaning: str
    required: bool = False
    example: str = ""
    read: Callable[[str], str] | None = None  #: gives the normal form, or raises ValueError with a sentence
    many: bool = False  #: several values, with ";" between them
    commas: bool = False  #: without any ";" a "," stands between several, too
    choices: tuple[str, ...] = ()  #: nothing else is allowed
    suggestions: tuple[str, ...] = ()  #: offered, and anything else is allowed
    refers: str = ""  #: key of the module whose entries it names
    date: bool = False  #: a day or a time: elsewhere, Excel made a date of something else
    width: int = 24  #: characters

    @property
    def told(self) -> str:
        """What a person is told of it, in the template."""
        parts = ["required" if self.required else "optional", *filter(None, [self.meaning])]
        parts += ["several: with ; between them"] if self.many else []
        parts += [f"one of: {', '.join(self.choices)}"] if self.choices else []
        parts += [f"e.g. {self.example}"] if self.example else []
        return ". ".join(parts)


@dataclass(frozen=True, slots=True)
class Module:
    """A sheet."""

    key: str
    title: str
    what: str
    fields: tuple[Field, ...]
    of: str = "rembi"  #: the template that has it: "rembi" (and mifa), or "mifa" alone

    def field(self, attribute: str) -> Field:
        """The field of an attribute of the model."""
        return next(field for field in self.fields if field.attribute == attribute)
