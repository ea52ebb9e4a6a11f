"""The files of a run, read only when they still are what the run made."""

from __future__ import annotations

import itertools
import os
import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from provcap import digest
from provcap.model import Artifact
from provcap.opening import IN_CRATE

LARGEST = 64 << 20  #: bytes of a file that is read for a picture or a table
MANY = 5_000  #: files of a directory
TOO_LARGE = "it is too large for this page"
GONE = "it is not there any more, or cannot be read"
_UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError)
IN_ALL = 512 << 20  #: bytes that are read for one page


@dataclass(slots=True)
class Shelf:
    """A directory, or a zip with a crate, that paths of the run are relative to; None when there is neither."""

    place: Path | None
    left: int = IN_ALL
    withheld: Collection[str] = ()  #: paths that are not shown
    embedded: Mapping[tuple[str, str], str] = field(default_factory=dict)  #: path and digest now to the recorded one
    refused: dict[str, str] = field(default_factory=dict)  #: path to the reason why it was not shown

    def tree(self, artifact: Artifact) -> dict[str, bytes] | None:
        """The files of the directory `artifact` by their paths in it, or None with a reason in `refused`."""
        files, problem = self._tree(artifact)
        if problem:
            self.refused[artifact.path] = problem
        return files

    def _tree(self, artifact: Artifact) -> tuple[dict[str, bytes] | None, str]:
        problem = self._forbidden(artifact, LARGEST)
        if problem:
            return None, problem
        files: dict[str, bytes] = {}
        try:
            for name in itertools.islice(self._names(artifact.path), MANY + 1):
                data = self._content(f"{artifact.path}/{name}", LARGEST)
                if data is None or len(files) == MANY:
                    return None, TOO_LARGE if data is not None else GONE
                files[name] = data
                self.left -= len(data)
        except _UNREADABLE:
            return None, GONE
        if not self._is(artifact, digest.of_contents(files)):
            return None, "it is no longer what the run made" if files else GONE
        return files, ""

    def _names(self, folder: str) -> Iterator[str]:
        """The paths of the files below `folder`, relative to it, without those that Snakemake put there."""
        return (name for name in self._every_name(folder) if os.path.basename(name) not in digest.SIDE_FILES)

    def _every_name(self, folder: str) -> Iterator[str]:
        if self.place is None:
            return
        if self.place.is_file():
            with zipfile.ZipFile(self.place) as archive:
                start = _root(archive) + folder + "/"
                names = [name for name in archive.namelist() if name.startswith(start) and not name.endswith("/")]
            yield from (name.removeprefix(start) for name in names)
            return
        base = os.path.join(self.place, folder)
        for here, _, files in os.walk(base):
            yield from (os.path.relpath(os.path.join(here, name), base) for name in files)

    def read(self, artifact: Artifact, largest: int = LARGEST) -> bytes | None:
        """The content of `artifact`, or None with a reason in `refused`. Nothing outside `place` is ever read."""
        data, problem = self._read(artifact, largest)
        if problem:
            self.refused[artifact.path] = problem
        return data

    def _read(self, artifact: Artifact, largest: int) -> tuple[bytes | None, str]:
        problem = self._forbidden(artifact, largest)
        if problem:
            return None, problem
        try:
            data = self._content(artifact.path, largest)
        except _UNREADABLE:
            data = None
        if data is None:
            return None, GONE
        self.left -= len(data)
        if not self._is(artifact, digest.of_bytes(data)):
            return None, "it is no longer what the run made"
        return data, ""

    def _is(self, artifact: Artifact, found: str) -> bool:
        return artifact.digest in (found, self.embedded.get((artifact.path, found)))

    def _forbidden(self, artifact: Artifact, largest: int) -> str:
        """Why `artifact` is not even looked at; empty when it is."""
        path = PurePosixPath(artifact.path)
        if artifact.path in self.withheld:
            return "it was left out"
        if artifact.digest is None:
            return "its checksum was not recorded"
        if path.is_absolute() or ".." in path.parts or "\0" in artifact.path:
            return "it lies outside of the work directory"
        return TOO_LARGE if (artifact.size_bytes or 0) > min(largest, self.left) else ""

    def _content(self, path: str, largest: int) -> bytes | None:
        if self.place is None:
            return None
        if self.place.is_file():
            with zipfile.ZipFile(self.place) as archive:
                info = archive.getinfo(_root(archive) + path)
                return archive.read(info) if info.file_size <= min(largest, self.left) else None
        root_folder = os.path.realpath(self.place)
        real = os.path.realpath(os.path.join(root_folder, path))
        if os.path.commonpath([root_folder, real]) != root_folder:
            return None
        with open(os.open(real, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            about = os.fstat(stream.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > min(largest, self.left):
                return None
            return stream.read(about.st_size)


def _root(archive: zipfile.ZipFile) -> str:
    """What the names of the crate's files in `archive` begin with."""
    return min((n for n in archive.namelist() if n.endswith(IN_CRATE)), key=len).removesuffix(IN_CRATE)
