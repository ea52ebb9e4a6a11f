"""What is known today of the files that Snakemake's records name: there, unchanged, hashed now."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Literal

from provcap import digest
from provcap.importing.records import Record
from provcap.model import Artifact, Gap

SLACK_S: Final = 0.002  #: what a file's time may lose when it becomes a number in JSON, and more


class Evidence:
    """The files of a directory, as later than the records that speak of them.

    A file whose time is later than the end of its job may be another by now. It is believed only when a later job
    noted its checksum, which Snakemake does for small inputs. `gaps` has what was not believed.
    """

    def __init__(self, directory: Path, records: list[Record], outside: bool) -> None:
        self.gaps: list[Gap] = []
        self._root = os.path.realpath(directory)
        self._outside = outside
        self._noted: dict[str, set[str]] = {}
        self._hashed: dict[str, tuple[str, int] | None] = {}
        for record in records:
            for path, checksum in record.checksums:
                self._noted.setdefault(self._name(path), set()).add(checksum)

    def output(self, record: Record) -> Artifact | None:
        """The output of `record` as the job made it, or None when nothing may be said of it."""
        return self._artifact(record.path, None if record.incomplete else record.ended, None)

    def input(self, record: Record, path: str) -> Artifact | None:
        """The input `path` of the job of `record`, with the checksum that was noted when the job had ended."""
        return self._artifact(path, record.ended, dict(record.checksums).get(path))

    def log(self, record: Record, path: str) -> Artifact | None:
        """The log `path` of the job of `record`. Snakemake notes the time of outputs alone; a log may be later."""
        return self._artifact(path, None if record.ended is None else record.ended + 1, None)

    def _artifact(self, path: str, ended: float | None, noted: str | None) -> Artifact | None:
        if "://" in path:
            return Artifact(path, digest=noted, query=path, flags=("storage",))
        place, name = os.path.join(self._root, path), self._name(path)
        if not self._outside and not self._is_inside(place):
            self._gap("post-hoc-outside", name, "it lies outside of the directory, so it was left out: see --outside")
            return None
        kind, changed = self._look(place)
        if kind is None:
            return Artifact(name, digest=noted)
        trusted = ended is not None and changed <= ended + SLACK_S
        found = self._hash(place, kind)
        if found is None:
            self._gap("not-hashed", name, "it cannot be read")
            return Artifact(name, kind, noted)
        if noted not in (None, found[0]) or not (trusted or found[0] in self._noted.get(name, ())):
            message = "it was changed, or touched, after the job: the checksum of what is there now says nothing"
            self._gap("post-hoc-changed", name, message)
            return Artifact(name, kind, noted)
        return Artifact(name, kind, *found)

    def _gap(self, slug: str, path: str, message: str) -> None:
        self.gaps.append(Gap(slug, f"file:{path}", message))

    def _name(self, path: str) -> str:
        place = os.path.join(self._root, path)
        return os.path.relpath(place, self._root) if self._is_below(place) else path

    def _is_below(self, place: str) -> bool:
        return os.path.normpath(place).startswith(self._root + os.sep)

    def _is_inside(self, place: str) -> bool:
        """Whether `place`, and what it leads to, lies below the directory."""
        return self._is_below(place) and os.path.realpath(place).startswith(self._root + os.sep)

    def _look(self, place: str) -> tuple[Literal["file", "directory"] | None, float]:
        """Whether a file or directory is at `place`, and when the newest in it was changed."""
        try:
            about = os.stat(place)
        except (OSError, ValueError):
            return None, 0.0
        if stat.S_ISREG(about.st_mode):
            return "file", about.st_mtime
        if not stat.S_ISDIR(about.st_mode):
            return None, 0.0
        times = [os.lstat(os.path.join(f, n)).st_mtime for f, _, names in os.walk(place) for n in names]
        return "directory", max(times, default=about.st_mtime)

    def _hash(self, place: str, kind: str) -> tuple[str, int] | None:
        if place not in self._hashed:
            try:
                size = os.stat(place).st_size
                found = digest.of_tree(place) if kind == "directory" else (digest.of_file(place), size)
                self._hashed[place] = found
            except OSError:
                self._hashed[place] = None
        return self._hashed[place]
