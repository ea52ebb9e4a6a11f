"""Runs in SQLite and Parquet."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from provcap import store
from provcap.errors import ProvcapError
from provcap.export.tables import Row, Table, ddl, rows, tables
from provcap.model import Run

APPLICATION: Final = 0x70726F76  #: "prov", the application_id of our databases
BATCH: Final = 10_000  #: rows that are held at a time


def sql(path: Path, runs: Iterable[Run]) -> int:
    """Load `runs` into the database at `path`, a new one or one of ours; returns how many it then holds.

    A run that is there already is replaced, so loading twice is loading once. Each run is loaded whole or not at all.
    Raises ProvcapError (``other-database``) when the file is something else or was made for another model.
    """
    runs = iter(runs)
    first = list(itertools.islice(runs, 1))  # where there is no run, no database is made
    new = not path.exists() or path.stat().st_size == 0
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            _create(connection) if new else _recognise(connection, path)
            for run in itertools.chain(first, runs):
                _load(connection, run)
            return int(connection.execute("SELECT COUNT(*) FROM run").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise ProvcapError("other-database", f"{path} cannot be written: {error}", "name a new file") from error


def _definition() -> str:
    return ddl() + "\n" + files("provcap.export").joinpath("views.sql").read_text("utf-8")


def _version() -> int:
    return int.from_bytes(hashlib.sha256(_definition().encode()).digest()[:4], "big") >> 1


def _create(connection: sqlite3.Connection) -> None:
    marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {_version()};"
    connection.executescript(f"BEGIN; {_definition()} {marks} COMMIT;")


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if found[0] != APPLICATION:
        raise ProvcapError("other-database", f"{path} is no database that provcap made", "name a new file")
    if found[1] != _version():
        raise ProvcapError(
            "other-database", f"{path} has the tables of another version of provcap", "load the runs into a new file"
        )


def _load(connection: sqlite3.Connection, run: Run) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM run WHERE id = ?", (run.id,))
        for name, batch in _batches(rows(run)):
            marks = ", ".join("?" * len(batch[0]))
            connection.executemany(f'INSERT OR IGNORE INTO "{name}" VALUES ({marks})', batch)  # noqa: S608 names are ours
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _batches(found: Iterable[Row]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for name, row in found:
        waiting[name].append(row)
        if name == "run" or len(waiting[name]) >= BATCH:
            yield name, waiting.pop(name)
    yield from waiting.items()


def parquet(folder: Path, runs: Iterable[Run]) -> None:
    """Write each table of `runs` as a Parquet file into the new directory `folder`. Raises TargetExists."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ProvcapError("not-installed", "Parquet needs pyarrow", "pip install 'provcap[export]'") from error
    store.refuse_existing(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        sql(Path(scratch, "runs.sqlite"), runs)
        Path(scratch, "tables").mkdir()
        with contextlib.closing(sqlite3.connect(Path(scratch, "runs.sqlite"))) as connection:
            for table in tables().values():
                _write(connection, table, Path(scratch, "tables", f"{table.name}.parquet"))
        os.rename(Path(scratch, "tables"), folder)


def _write(connection: sqlite3.Connection, table: Table, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet as pq

    kinds = {"INTEGER": pa.int64(), "REAL": pa.float64(), "TEXT": pa.string()}
    schema = pa.schema([(column.name, kinds[column.kind]) for column in table.all_columns])
    order = ", ".join(column.name for column in table.keys) or "id"
    found = connection.execute(f'SELECT * FROM "{table.name}" ORDER BY {order}')  # noqa: S608 names are ours
    with pq.ParquetWriter(path, schema) as writer:
        while batch := found.fetchmany(BATCH):
            columns = [list(values) for values in zip(*batch, strict=True)]
            arrays = [
                pa.array(map(_fitting, v, [f.type] * len(v)), f.type) for v, f in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _fitting(value: Any, kind: Any) -> Any:
    """SQLite keeps what does not fit a column's type as it is, or nearly; Parquet cannot."""
    allowed: dict[str, type | tuple[type, ...]] = {"string": str, "int64": int, "double": (int, float)}
    if value is None or isinstance(value, allowed[str(kind)]):
        return value
    return str(value) if str(kind) == "string" else None
