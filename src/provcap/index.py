"""Which jobs met which file: an index beside the run.json of a large run, so that one question does not read it all.

It is a SQLite file that is written once, under another name, and opened as immutable: no lock is ever needed. It holds
where in run.json each job stands, and is good for exactly the run.json that it was made from.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from provcap import codec, lineage, questions
from provcap.model import Gap, Job, Run
from provcap.opening import Opened, folder_of, open_run, with_embeddings

LEAST_BYTES = 8 << 20  #: a smaller run.json is read as fast as its index
NAME = "index.sqlite"
_FORMAT = "provcap.index/1"

_TABLES = """
CREATE TABLE told (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE job (number INTEGER PRIMARY KEY, start INTEGER, length INTEGER);
CREATE TABLE met (path TEXT, job INTEGER, made INTEGER);
CREATE TABLE gap (number INTEGER PRIMARY KEY, subject TEXT, content TEXT);
"""
_INDEXES = "CREATE INDEX met_path ON met (path); CREATE INDEX gap_subject ON gap (subject);"


def look_up(name: str, workdir: Path, given: str) -> tuple[Opened, str]:
    """Of the run called `name`, what `lineage.history` tells of the file that the user calls `given`, and its path.

    The first time reads the whole run; from a large one it then leaves an index. Raises as `open_run` does, and
    ProvcapError when the run does not know the file.
    """
    folder = folder_of(name, workdir)
    found = history(folder, given, workdir) if folder else None
    if folder and found:
        return Opened(with_embeddings(found[0], folder.absolute().parents[2]), folder=folder), found[1]
    opened = open_run(name, workdir, foreign=True)
    path = lineage.recorded_path(opened.run, given, workdir)
    if folder:
        build(folder, opened.run)
    return replace(opened, run=lineage.history(opened.run, path)), path


def build(folder: Path, run: Run) -> None:
    """Write the index of `run`, whose run.json lies in `folder`, unless it is small. Does nothing where it cannot."""
    source = folder / "run.json"
    try:
        stamp = _stamp(source)
        if os.stat(source).st_size >= LEAST_BYTES:
            scratch = folder / f".{NAME}.{os.uname().nodename}.{os.getpid()}"
            try:
                _write(scratch, source, run, stamp)
                if _stamp(source) == stamp:
                    os.replace(scratch, folder / NAME)
            finally:
                scratch.unlink(missing_ok=True)
    except (OSError, sqlite3.Error, UnicodeEncodeError):
        return  # a directory that is read-only or full, a path that is no text: the question takes longer then


def history(folder: Path, given: str, here: Path) -> tuple[Run, str] | None:
    """What `lineage.history` tells of the file that the user calls `given` in `here`, and its path in the run.

    None when the run in `folder` has no index, or none that fits, or when the index does not know the file.
    """
    source = folder / "run.json"
    try:
        with contextlib.closing(_open(folder / NAME)) as index, open(source, "rb") as stream:
            told = dict(index.execute("SELECT key, value FROM told"))
            if told["format"] != _FORMAT or told["stamp"] != _stamp(source):
                return None
            run = codec.decode(Run, json.loads(told["run"]))
            candidates = lineage.names(run.workdir, given, here)
            path = next((c for c in candidates if any(_rows(index, "SELECT 1 FROM met WHERE path = ?", c))), None)
            return None if path is None else (_around(index, stream, run, path), path)
    except (OSError, sqlite3.Error, KeyError, ValueError, UnicodeEncodeError):
        return None


def _stamp(source: Path) -> str:
    info = os.stat(source)
    return f"{info.st_size}/{info.st_mtime_ns}/{info.st_ino}"


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _write(path: Path, source: Path, run: Run, stamp: str) -> None:
    head = codec.dumps(codec.encode(replace(run, jobs=(), gaps=())))
    with contextlib.closing(sqlite3.connect(path)) as index, index:
        index.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        index.executemany("INSERT INTO told VALUES (?, ?)", {"format": _FORMAT, "stamp": stamp, "run": head}.items())
        places = ((number, *place) for number, place in enumerate(_job_lines(source)))
        index.executemany("INSERT INTO job VALUES (?, ?, ?)", places)
        index.executemany("INSERT INTO met VALUES (?, ?, ?)", _meetings(run.jobs))
        gaps = ((n, g.subject, codec.dumps(codec.encode(g))) for n, g in enumerate(run.gaps))
        index.executemany("INSERT INTO gap VALUES (?, ?, ?)", gaps)
        index.executescript(_INDEXES)
        if index.execute("SELECT count(*) FROM job").fetchone()[0] != len(run.jobs):
            raise OSError(f"{source} is not written a line per job")


def _job_lines(source: Path) -> Iterator[tuple[int, int]]:
    """Start and length of each job's text in run.json, which has a line per job."""
    place, inside = 0, False
    with open(source, "rb") as stream:
        for line in stream:
            if inside and line.startswith(b" "):
                yield place + 1, len(line.rstrip(b",\n")) - 1
            inside = line.startswith(b'"jobs":[') or (inside and line.startswith(b" "))
            place += len(line)


def _meetings(jobs: Iterable[Job]) -> Iterator[tuple[str, int, int]]:
    """For each file that a job met: its path, the job's number, and whether it made it."""
    for number, job in enumerate(jobs):
        for artifact in job.made:
            yield artifact.path, number, int(questions.delivered(job))
        for artifact in (*job.read, *job.logs):
            yield artifact.path, number, 0


def _rows(index: sqlite3.Connection, query: str, *values: Any) -> list[Any]:
    return index.execute(query, values).fetchall()


def _around(index: sqlite3.Connection, stream: Any, run: Run, path: str) -> Run:
    found: dict[int, Job] = {}

    def take(number: int) -> Job:
        ((start, length),) = _rows(index, "SELECT start, length FROM job WHERE number = ?", number)
        stream.seek(start)
        found[number] = codec.decode(Job, codec.loads(stream.read(length)))
        return found[number]

    queue = [path]
    asked: set[str] = set()
    for wanted in queue:
        if wanted not in asked:
            asked.add(wanted)
            query = "SELECT max(job) FROM met WHERE path = ? AND made"
            maker = _rows(index, query, wanted)[0][0]
            if maker is not None and maker not in found:
                queue += [artifact.path for artifact in take(maker).read]
    if not found:
        for (number,) in _rows(index, "SELECT DISTINCT job FROM met WHERE path = ?", path):
            take(number)
    jobs = [found[number] for number in sorted(found)]
    rows = [row for subject in lineage.subjects_of(jobs) for row in _rows(index, _GAPS, subject)]
    return replace(run, jobs=tuple(jobs), gaps=tuple(codec.decode(Gap, json.loads(text)) for _, text in sorted(rows)))


_GAPS = "SELECT number, content FROM gap WHERE subject = ?"
