"""Files that a job left beside its outputs and that no rule names: results that the record would otherwise lose."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAX_ENTRIES = 5_000  #: a directory with more is not looked through for every job: that would take milliseconds
MAX_FOUND = 100  #: per job
_OURS = {".snakemake", ".provcap", ".snakemake_timestamp"}


class Watched:
    """What is known to lie in each directory, so that a job pays for new names only."""

    def __init__(self, workdir: Path) -> None:
        self.workdir = str(workdir)
        self._names: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def before(self, outputs: Iterable[str]) -> list[str]:
        """Look at the directories of `outputs` (relative paths) before the job; the directories that can be watched."""
        folders = {self.workdir, *(os.path.dirname(os.path.join(self.workdir, path)) for path in outputs)}
        found = []
        for folder in sorted(folders):
            with self._lock:
                known = folder in self._names
            names = None if known else _names(folder)
            if known or names is not None:
                with self._lock:
                    self._names.setdefault(folder, names or set())
                found.append(folder)
        return found

    def after(self, folders: Iterable[str], since: float) -> dict[str, float]:
        """What is new in `folders` and was changed since the time `since`: its change time by relative path.

        Both in seconds of the epoch. A name is told once per process: to the first job that ends after it appeared,
        which need not be the one that made it. Which one did is settled when all records are there.
        """
        found: dict[str, float] = {}
        for folder in folders:
            names = _names(folder)
            if names is None:
                continue
            with self._lock:
                new = names - self._names.get(folder, set())
                self._names[folder] = names
            for name in sorted(new - _OURS):
                path = os.path.join(folder, name)
                try:
                    changed = os.lstat(path).st_ctime
                    if changed >= since - 0.1:  # file times step behind the clock
                        found[os.path.relpath(path, self.workdir)] = changed
                except OSError:
                    continue
        return found


def _names(folder: str) -> set[str] | None:
    """The names in `folder`; none when it does not exist yet, None when there are too many."""
    try:
        names = set(os.listdir(folder))
    except OSError:
        return set()
    return names if len(names) <= MAX_ENTRIES else None


@dataclass(frozen=True, slots=True)
class Declared:
    """Paths that rules name, and the folders above them."""

    paths: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()

    @classmethod
    def of(cls, paths: Iterable[str]) -> Declared:
        """Those of `paths`."""
        named = frozenset(paths)
        return cls(named, frozenset(parent for folder in {os.path.dirname(p) for p in named} for parent in _up(folder)))

    def covers(self, path: str) -> bool:
        """Whether `path` is declared, or holds or lies in something that is."""
        return path in self.paths or path in self.above or not self.paths.isdisjoint(parents(path))


def parents(path: str) -> list[str]:
    """The folders above `path`, nearest first."""
    return _up(os.path.dirname(path))


def _up(folder: str) -> list[str]:
    found = []
    while folder and folder != "/":
        found.append(folder)
        folder = os.path.dirname(folder)
    return found
