"""Tables: CSV, TSV and Parquet. Columns by name, rows by key or else by position, cells as numbers where they are."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from provcap.compare.cells import Spread, as_number
from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Unmeasured, Unreadable, differs, reading
from provcap.model import Measure

MAX_BYTES: Final = 8 << 30  #: of a table in memory


@dataclass(frozen=True, slots=True)
class Table:
    """Arrow columns of one length by name; `types` by column; None: all are text, and numbers are read from it."""

    columns: dict[str, Any]
    rows: int
    types: dict[str, str] | None = None


def read_delimited(place: Path, side: str) -> Table:
    """CSV or TSV with a header; every cell as its text."""
    with reading(side, "table"):
        import pyarrow
        from pyarrow import csv as arrow

        if place.stat().st_size > MAX_BYTES:
            raise Unmeasured(f"larger than {MAX_BYTES} bytes")
        with open(place, encoding="utf-8-sig", newline="") as stream:
            start = stream.readline(1 << 20)
        if not start.strip():
            raise ValueError("it has no header")
        delimiter = max("\t,;", key=start.count)  # the first of equals: a tab
        width = len(next(csv.reader([start], delimiter=delimiter)))
        types = {f"f{i}": pyarrow.string() for i in range(width)}
        found = arrow.read_csv(
            place,
            arrow.ReadOptions(autogenerate_column_names=True),
            arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
        columns = [found.column(i).combine_chunks() for i in range(found.num_columns)]
        return Table(
            dict(zip(_unique([str(c[0]) for c in columns]), [c[1:] for c in columns], strict=True)), found.num_rows - 1
        )


def read_parquet(place: Path, side: str) -> Table:
    """Parquet, with the types of its columns."""
    with reading(side, "Parquet"):
        from pyarrow import parquet

        file = parquet.ParquetFile(place)
        groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > MAX_BYTES:
            raise Unmeasured(f"larger than {MAX_BYTES} bytes in memory")
        found = file.read()
        names = _unique(found.column_names)
        columns = dict(zip(names, [c.combine_chunks() for c in found.columns], strict=True))
        return Table(columns, found.num_rows, {n: str(t) for n, t in zip(names, found.schema.types, strict=True)})


def _unique(names: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def measure(first: Table, second: Table, options: Options) -> Measured:
    """rows_unmatched: rows of either side without a partner; for each column what `Spread` measures."""
    shared = [n for n in first.columns if n in second.columns and not _ignored(n, options)]
    apart = [sorted(n for n in t.columns if n not in shared and not _ignored(n, options)) for t in (first, second)]
    found = [differs("columns", "only_in_one", *(", ".join(names) or "none" for names in apart))]
    types = [{n: t.types.get(n) for n in shared} if t.types else {} for t in (first, second)]
    found.append(differs("column types", "types", *types))
    renamed = {name: _renamed(first, name, options) for name in options.renamings if name in first.columns}
    absent = [n for n in options.key if n not in shared]
    if absent:
        raise Unreadable(f"the key {absent[0]} is not a column of both")
    key = [n for n in _key(options) if n in shared]
    one: Sequence[int]
    other: Sequence[int]
    if key:
        one, other = _matched(_keys(first, key, renamed), _keys(second, key, {}))
    else:
        one = other = range(min(first.rows, second.rows))
    found.append(Measure("rows_unmatched", first.rows + second.rows - 2 * len(one), about="rows"))
    where = ""
    for name in shared:
        if name in key:
            continue
        left = renamed.get(name) or first.columns[name]
        spread, row = _column(left, second.columns[name], one, other, options, name, first.types is None)
        found += spread.measures(f"column {name}")
        if row is not None and not where:
            where = f"first in column {name}, row {row + 1}"
    return Measured(tuple(found), where)


def _ignored(name: str, options: Options) -> bool:
    return any(fnmatchcase(f"column {name}", pattern) for pattern in options.ignore)


def _key(options: Options) -> tuple[str, ...]:
    """The columns that tell a row: as the limits say, else those that name a label and its series."""
    if options.key:
        return options.key
    return tuple(dict.fromkeys(c for label, series in options.series.items() for c in (*series, label)))


def _renamed(table: Table, name: str, options: Options) -> list[str]:
    """Column `name` of the first side with the labels of the second; a label without a partner is like none there."""
    known, columns = options.renamings[name], options.series[name]
    rows = _texts(table, [*columns, name]) if all(c in table.columns for c in columns) else []
    found = []
    for *series, label in rows:
        number = as_number(label)
        names: Mapping[int, int] | None = known.get(tuple(series))
        if names is None or number is None or number == 0:
            found.append(label)
        else:
            found.append(str(names.get(int(number), f"{label} (without partner)")))
    return found or [str(v) for v in table.columns[name].to_pylist()]


def _texts(table: Table, names: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*([str(v) for v in table.columns[n].to_pylist()] for n in names), strict=True))


def _keys(table: Table, key: Sequence[str], renamed: Mapping[str, list[str]]) -> list[tuple[object, ...]]:
    """The key of each row; the n-th row with one key is another one than the first."""
    seen: Counter[tuple[str, ...]] = Counter()
    columns = [renamed.get(n) or [str(v) for v in table.columns[n].to_pylist()] for n in key]
    found: list[tuple[object, ...]] = []
    for row in zip(*columns, strict=True):
        seen[row] += 1
        found.append((*row, seen[row]))
    return found


def _matched(first: list[tuple[object, ...]], second: list[tuple[object, ...]]) -> tuple[list[int], list[int]]:
    place = {key: i for i, key in enumerate(second)}
    pairs = [(i, place[key]) for i, key in enumerate(first) if key in place]
    return [i for i, _ in pairs], [j for _, j in pairs]


def _column(
    first: Any, second: Any, one: Sequence[int], other: Sequence[int], options: Options, name: str, texts: bool
) -> tuple[Spread, int | None]:
    """How far two columns are apart, and the first row of the first side that is beyond the tolerance."""
    spread, where = Spread(options.columns.get(name, options.tolerance), texts), None
    left = first if isinstance(first, list) else first.to_pylist()
    right = second.to_pylist()
    for i, j in zip(one, other, strict=True):
        a, b = left[i], right[j]
        if a == b and type(a) is type(b):
            continue
        if spread.add(a, b) and where is None:
            where = i
    return spread, where


def _is_delimited(seen: Glimpse) -> bool:
    return seen.ends(".csv", ".tsv", ".tab") and not seen.entries


PARQUET: Final = Comparator(
    "parquet",
    lambda s: s.begins(b"PAR1") or s.ends(".parquet", ".pq"),
    lambda a, b, options: measure(read_parquet(a, "first"), read_parquet(b, "second"), options),
)
DELIMITED: Final = Comparator(
    "table",
    _is_delimited,
    lambda a, b, options: measure(read_delimited(a, "first"), read_delimited(b, "second"), options),
)
