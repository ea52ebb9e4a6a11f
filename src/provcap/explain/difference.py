"""What can differ between two attempts at the same step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "input",  # a file that the run did not make
    "model",  # a trained model, or how it was loaded
    "code",
    "parameter",
    "seed",
    "randomness",  # nobody seeded it, so that each run draws anew
    "package",
    "library",  # a native library that was rebuilt under its old name
    "interpreter",
    "tool",
    "operating system",
    "image",
    "deployment",  # conda environment, environment modules
    "threads",
    "variable",
    "processor",
    "GPU",
    "outcome",  # it failed in one run and not in the other
    "installed",  # packages that were there and that the job was not seen to use
    "engine",  # Snakemake
    "surroundings",  # machine, memory, file system, network: seldom a cause
]

#: the order in which causes are told: what a person decided first, what seldom matters last
ORDER: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]
#: told as causes only where nothing else differs
UNLIKELY = frozenset({"installed", "engine", "surroundings"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both runs."""

    kind: Kind
    name: str  #: of the parameter, package, variable, file …
    first: str | None = None  #: in the first run; None: it was not there, or is not known
    second: str | None = None
    note: str = ""
    detail: str = ""  #: more lines: a unified diff

    @property
    def rank(self) -> tuple[int, str]:
        """Sorts likely causes first."""
        return ORDER.index(self.kind), self.name


def of_values(kind: Kind, name: str, first: object, second: object, note: str = "") -> list[Difference]:
    """The Difference between two values, if there is one."""
    if first == second:
        return []
    return [Difference(kind, name, _text(first), _text(second), note)]


def of_mappings(kind: Kind, first: dict[str, object], second: dict[str, object]) -> list[Difference]:
    """The Differences between the values of two mappings, by key; a key that is missing counts as None."""
    names = sorted(first.keys() | second.keys())
    return [d for name in names for d in of_values(kind, name, first.get(name), second.get(name))]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
