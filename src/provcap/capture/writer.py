"""One append-only record file per process: no two processes ever write to the same file.

Appending to a file shared by several hosts is not atomic on NFS, and a lock may outlive its owner; a file that only
one process writes needs neither. A process that is killed leaves at most one torn last line, which readers skip.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provcap import codec, digest, regular, store

RECORD_FORMAT = "provcap.record/1"


@contextlib.contextmanager
def appending(path: Path, make: bool = True) -> Iterator[int]:
    """A descriptor that appends to `path`. Raises OSError.

    With `make` it is made with its folders if need be, else FileNotFoundError is raised when it is not there.

    It is open for one write only: a file that is held open cannot be removed on NFS, nor its file system unmounted,
    and a job may want either.
    """
    flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT if make else 0)
    try:
        stream = regular.opened(path, flags)
    except FileNotFoundError:
        if not make:
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = regular.opened(path, flags)
    try:
        yield stream
    finally:
        os.close(stream)


class Writer:
    """Appends the records of this process to ``records/<host>-<pid>-<token>-<start>.jsonl`` of a run's folder.

    The token is random: processes of containers, or of nodes that were cloned, may agree in all the rest.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"{store.unique()}-{time.time_ns()}"
        self._lock = threading.Lock()
        self._count = 0
        self._torn = False  # whether the last line was not written whole

    def new_id(self) -> str:
        """The id of a new attempt: derived from the name of this process's file and its number in it."""
        with self._lock:
            self._count += 1
            number = self._count
        return digest.of_bytes(f"{self.folder.name}/{self.name}/{number}".encode())[7:19]

    def append(self, record: dict[str, Any]) -> None:
        """Append one record as a line. Raises OSError when the directory is full, read-only or gone."""
        line = (codec.stamp(RECORD_FORMAT, record) + "\n").encode("utf-8", "surrogateescape")
        with self._lock:
            line = b"\n" * self._torn + line
            self._torn = True
            with appending(self.folder / "records" / f"{self.name}.jsonl") as stream:
                while line:
                    line = line[os.write(stream, line) :]
            self._torn = False
