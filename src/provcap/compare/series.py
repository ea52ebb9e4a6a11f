"""Series of label images that share one renaming, and the tables that use their labels as keys."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from provcap.compare import labels
from provcap.compare.comparator import Measured, Options, Unmeasured, Unreadable
from provcap.compare.limits import Entry, Limits, match, wildcards
from provcap.compare.sides import Side

Values = tuple[tuple[str, str], ...]  #: of the wildcards of a pattern, by name: what tells one series from another


class All:
    """The series of two sides. What is found is remembered, as many tables and images ask for it."""

    def __init__(self, first: Side, second: Side, limits: Limits) -> None:
        self._sides = (first, second)
        self._entries = [entry for entry in limits.entries if entry.comparator == "labels"]
        self._members: dict[int, dict[Values, list[str]]] = {}
        self._renamings: dict[tuple[int, Values], dict[int, int]] = {}

    def measure(self, path: str, entry: Entry, first: Path, second: Path) -> Measured:
        """Measures of the label image at `path` under the renaming of its series. Raises Unreadable or Unmeasured."""
        number = next((i for i, known in enumerate(self._entries) if known is entry), None)
        values = _values(entry.matches(path) or {})
        if number is None or path not in self._series(number).get(values, []):
            return labels.measure(first, second)  # a file inside of a directory has no series
        return labels.measure(first, second, self._renaming(number, values))

    def options(self, path: str, options: Options) -> Options:
        """`options` with what a table at `path` has to know of the series that its rows name."""
        for number, entry in enumerate(self._entries):
            for table in entry.tables:
                said = match(table.pattern, path)
                if said is None:
                    continue
                names = wildcards(entry.pattern)
                columns = tuple(name for name in names if name not in said)
                known, notes = {}, []
                for values in self._series(number):
                    told = dict(values)
                    if all(told[name] == said[name] for name in names if name in said):
                        try:
                            known[tuple(told[c] for c in columns)] = self._renaming(number, values)
                        except (Unreadable, Unmeasured) as error:
                            notes.append(f"its labels were taken as they are: {error}")
                if not known:
                    notes.append(f"its labels were taken as they are: nothing at hand is called {entry.pattern}")
                options = replace(
                    options,
                    renamings={**options.renamings, table.key: known},
                    series={**options.series, table.key: columns},
                    notes=(*options.notes, *notes[:1]),
                )
        return options

    def _series(self, number: int) -> dict[Values, list[str]]:
        """The paths of each series that both sides know, and have at hand."""
        if number not in self._members:
            found: dict[Values, list[str]] = defaultdict(list)
            for path in sorted({*self._sides[0].files} & {*self._sides[1].files}):
                values = self._entries[number].matches(path)
                if values is not None:
                    found[_values(values)].append(path)
            self._members[number] = dict(found)
        return self._members[number]

    def _renaming(self, number: int, values: Values) -> dict[int, int]:
        if (number, values) not in self._renamings:
            pairs = []
            for path in self._series(number)[values]:
                things = [side.thing(path) for side in self._sides]
                places = [Path(thing.place) for thing in things if thing and thing.place]
                if len(places) < 2:
                    raise Unmeasured(f"{path}: {next(t.problem for t in things if t and t.problem)}")
                pairs.append((places[0], places[1]))
            self._renamings[number, values] = labels.renaming(labels.overlaps(pairs))
        return self._renamings[number, values]


def _values(found: dict[str, str]) -> Values:
    return tuple(sorted(found.items()))
