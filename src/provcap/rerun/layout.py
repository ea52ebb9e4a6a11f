"""Where in the new directory each file of the original machine goes.

The part of its directory tree that the run used is made again below the new directory, so that files find each other
by their relative paths: ``/home/ada/wf/workflow/Snakefile`` and the work directory ``/home/ada/analysis`` become
``DIR/wf/workflow/Snakefile`` and ``DIR/analysis``. Where workflow and work directory are one, DIR is it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from provcap.errors import ProvcapError
from provcap.model import Run

OUTSIDE = "outside"  #: what lay elsewhere goes below this folder, under its absolute path
MAX_LENGTH = 4000  #: of a path


@dataclass(frozen=True, slots=True)
class Layout:
    """Maps absolute paths of the original machine to places below `root`. Purely lexical: no link is followed."""

    root: Path  #: absolute
    base: str  #: the directory of the original machine that becomes `root`
    original: str  #: the work directory of the original run

    @property
    def workdir(self) -> Path:
        """The new work directory."""
        return self.place(self.original)

    def place(self, path: str) -> Path:
        """Where `path` goes: absolute, or relative to the original work directory.

        Raises ProvcapError (``unsafe-path``) when no file can have that name.
        """
        full = posixpath.normpath(posixpath.join(self.original, path))
        if "\0" in full or len(full) > MAX_LENGTH or not full.startswith("/"):
            raise ProvcapError(
                "unsafe-path", f"the record names the path {path[:200]!a}, which no file can have", "do not trust it"
            )
        full = "/" + full.lstrip("/")  # POSIX lets a path begin with two slashes
        inside = posixpath.relpath(full, self.base)
        return self.root / (OUTSIDE + full if inside.startswith("..") else inside)


def layout(run: Run, root: Path) -> Layout:
    """The layout of a rerun of `run` below `root`. Raises ProvcapError when its record names impossible directories."""
    if not run.workdir.startswith("/") or "\0" in run.workdir:
        raise ProvcapError("unsafe-path", f"the work directory {run.workdir[:200]!a} is no absolute path", "")
    original = posixpath.normpath("/" + run.workdir.lstrip("/"))
    folders = [original, *(f for f in _near(run, original))]
    return Layout(root.absolute(), posixpath.commonpath(folders), original)


def _near(run: Run, original: str) -> Iterable[str]:
    """The folders that must keep their places relative to each other."""
    for source in run.workflow.sources:
        if source.place.startswith("/") and source.role in ("snakefile", "include"):
            place = posixpath.normpath("/" + source.place.lstrip("/"))
            below = posixpath.normpath(source.path)
            root = place.removesuffix("/" + below) if not below.startswith(("/", "..")) else posixpath.dirname(place)
            yield root or "/"
    for image in run.images:
        if image.kind == "sif" and image.path and "://" not in image.reference:
            folder = posixpath.normpath(posixpath.join(original, posixpath.dirname(image.path)))
            if folder.split("/")[:2] == original.split("/")[:2]:  # one from elsewhere would drag everything along
                yield "/" + folder.lstrip("/")
