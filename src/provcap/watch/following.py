"""Reading only what has been appended, from as few files as can be: many eyes on a network file system cost it dear.

A look opens the file of events, and the record file of each process that has an attempt open. A file with nothing open
is looked at again after as long as it has been quiet, at most MOST_QUIET_S. Files are opened for each look, as that is
when an NFS client asks its server whether there is more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provcap import codec, journal
from provcap.errors import DamagedRecord
from provcap.watch.state import Snapshot, State

BLOCK = 4 << 20  #: bytes read at once
MOST_QUIET_S = 60.0  #: a record file without an open attempt is looked at again after that time at the latest


class Tail:
    """The whole lines that are appended to the file at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = 0  # up to where whole lines have been read
        self._inode = 0

    def read(self) -> Iterator[bytes]:
        """The lines since the last call; all of them again when the file was replaced or has become shorter."""
        try:
            stream = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would be waited for
        except OSError:  # not yet there, or gathered
            return
        try:
            info = os.fstat(stream)
            if info.st_ino != self._inode or info.st_size < self._place:
                self._place, self._inode = 0, info.st_ino
            rest: list[bytes] = []
            while block := os.pread(stream, BLOCK, self._place + sum(map(len, rest))):
                *whole, left = block.split(b"\n")
                if whole:
                    whole[0] = b"".join(rest) + whole[0]
                    self._place += sum(map(len, whole)) + len(whole)
                    rest = []
                    yield from whole
                rest.append(left)
        finally:
            os.close(stream)


class _Records:
    """The record file of one process, and when it is worth a look."""

    def __init__(self, path: Path, now: float) -> None:
        self.tail = Tail(path)
        self.open: set[str] = set()  # attempts that have begun and not ended
        self.changed = self.due = now

    def read(self, now: float) -> Iterator[dict[str, Any]]:
        if self.open or now >= self.due:
            for entry in _entries(self.tail, journal.RECORD_FORMAT):
                (self.open.add if entry.get("event") == "begin" else self.open.discard)(str(entry.get("id")))
                self.changed = now
                yield entry
            self.due = now + min(MOST_QUIET_S, now - self.changed)


class Follower:
    """Follows the run in `folder`. Raises DamagedRecord when there is nothing of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = State(folder.name)
        self._events = Tail(folder / "events.jsonl")
        self._gathered = Tail(folder / "records.jsonl")
        self._files: dict[str, _Records] = {}
        self._listed: object = None
        self._gone = 0  # looks in a row at which the main process was dead and nothing new was there
        if not any((folder / name).exists() for name in ("events.jsonl", "records", "records.jsonl")):
            raise DamagedRecord("damaged-record", f"{folder} has no records of a run", "other runs: provcap list")

    def look(self) -> Snapshot:
        """Read what is new, and tell how the run stands now."""
        new = self._read()
        alive = journal.is_alive(self.state.start) if self.state.start else True
        if alive is False and not self.state.ended:
            new += self._read()  # it may have told its end before it went
            self._gone = 0 if new else self._gone + 1
        return self.state.snapshot(time.time(), main_gone=alive is False and self._gone > 0)

    def _read(self) -> int:
        """Take in what is new; how many entries that was."""
        count = 0
        for entry in _entries(self._events, journal.EVENT_FORMAT):
            self.state.take_event(entry)
            count += 1
        now = time.monotonic()
        self._list(now)
        sources = [(name, records.read(now)) for name, records in self._files.items()]
        for name, entries in [*sources, ("", _entries(self._gathered, journal.RECORD_FORMAT))]:
            for entry in entries:
                self.state.take_record(entry, name.rsplit("-", 3)[0])
                count += 1
        return count

    def _list(self, now: float) -> None:
        """Look for new record files, if the folder says that something has changed in it."""
        folder = self.folder / "records"
        try:
            changed = os.stat(folder).st_mtime_ns
            if changed == self._listed:
                return
            names = {name for name in os.listdir(folder) if name.endswith(".jsonl") and not name.startswith(".")}
        except OSError:  # not yet there, or gathered
            names, changed = set(), -1
        for name in sorted(names - self._files.keys()):
            self._files[name] = _Records(folder / name, now)
        for name in self._files.keys() - names:
            del self._files[name]
        # times of folders have a coarse step: one that has changed just now may change again unseen
        self._listed = changed if time.time() - changed / 1e9 > 1 else None


def _entries(tail: Tail, expected: str) -> Iterator[dict[str, Any]]:
    for line in tail.read():
        try:
            entry = codec.loads(line)
        except (ValueError, RecursionError):
            continue  # `collect` tells of damage
        if isinstance(entry, dict) and entry.get("format") == expected:
            yield entry
