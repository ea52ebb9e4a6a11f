"""The files of a run, read only when they still are what the run made."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from provcap import digest
from provcap.model import Artifact
from provcap.opening import IN_CRATE

LARGEST = 64 << 20  #: bytes of a file that is read for a picture or a table
IN_ALL = 512 << 20  #: bytes that are read for one page


@dataclass(slots=True)
class Shelf:
    """A directory, or a zip with a crate, that paths of the run are relative to; None when there is neither."""

    place: Path | None
    left: int = IN_ALL
    withheld: Collection[str] = ()  #: paths that are not shown
    refused: dict[str, str] = field(default_factory=dict)  #: path to the reason why it was not shown

    def read(self, artifact: Artifact, largest: int = LARGEST) -> bytes | None:
        """The content of `artifact`, or None with a reason in `refused`. Nothing outside `place` is ever read."""
        data, problem = self._read(artifact, largest)
        if problem:
            self.refused[artifact.path] = problem
        return data

    def _read(self, artifact: Artifact, largest: int) -> tuple[bytes | None, str]:
        path = PurePosixPath(artifact.path)
        if artifact.path in self.withheld:
            return None, "it was left out"
        if artifact.digest is None:
            return None, "its checksum was not recorded"
        if path.is_absolute() or ".." in path.parts or "\0" in artifact.path:
            return None, "it lies outside of the work directory"
        if (artifact.size_bytes or 0) > min(largest, self.left):
            return None, "it is too large for this page"
        try:
            data = self._content(str(path), largest)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            data = None
        if data is None:
            return None, "it is not there any more, or cannot be read"
        self.left -= len(data)
        if digest.of_bytes(data) != artifact.digest:
            return None, "it is no longer what the run made"
        return data, ""

    def _content(self, path: str, largest: int) -> bytes | None:
        if self.place is None:
            return None
        if self.place.is_file():
            with zipfile.ZipFile(self.place) as archive:
                root = min((n for n in archive.namelist() if n.endswith(IN_CRATE)), key=len).removesuffix(IN_CRATE)
                info = archive.getinfo(root + path)
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
