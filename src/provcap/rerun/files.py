"""The files that a rerun needs: where the crate has them, and how they come to their places."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provcap import digest
from provcap.crate.places import inside
from provcap.errors import ProvcapError
from provcap.model import Artifact, Run
from provcap.questions import external_inputs
from provcap.rerun.layout import Layout

MAX_SEARCHED = 100_000  #: files in a folder that is searched


@dataclass(frozen=True, slots=True)
class Needed:
    """One file or directory that has to be there before the rerun begins."""

    path: str  #: as the original run called it
    target: Path  #: where it goes
    digest: str | None  #: of its content; None: the run did not hash it
    origin: Path | None = None  #: where it is now; None: nobody has it
    origin_name: str = ""  #: "crate", "this machine", or the folder that was searched
    tree: bool = False
    vital: bool = True  #: False: the rerun can be tried without it
    why: str = ""  #: what is other about it: secrets were replaced in it


class Shelf:
    """The crate's files by digest, and folders in which a person says that more of them may be."""

    def __init__(self, root: Path, folders: Sequence[Path] = ()) -> None:
        self.root = root
        self._folders = folders
        self._known: dict[str, Path] | None = None
        self._sizes: dict[int, list[Path]] | None = None

    def find(self, wanted: str, size: int | None = None) -> tuple[Path, str] | None:
        """A file with the digest `wanted`, and where it was found; `size` in bytes spares reading others."""
        if self._known is None:
            self._known = {}
            for path in _files(self.root):
                self._known.setdefault(digest.of_file(path), path)
        if wanted in self._known:
            return self._known[wanted], "crate"
        for path in self._of_size(size) if size is not None else ():
            if digest.of_file(path) == wanted:
                return path, str(path.parent)
        return None

    def at(self, path: str) -> Path:
        """Where the crate keeps what the run called `path`, if it kept it under its own name."""
        return self.root / inside(path)

    def _of_size(self, size: int) -> list[Path]:
        if self._sizes is None:
            self._sizes = {}
            for folder in self._folders:
                for path in _files(folder):
                    self._sizes.setdefault(path.stat().st_size, []).append(path)
        return self._sizes.get(size, [])


def _files(root: Path) -> Iterator[Path]:
    """Regular files below `root`, no links; at most MAX_SEARCHED."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path
                count += 1
                if count >= MAX_SEARCHED:
                    return


def needed(run: Run, layout: Layout, shelf: Shelf) -> list[Needed]:
    """Everything that the rerun reads and does not make, with where it is."""
    found = [*_sources(run, layout, shelf), *_inputs(run, layout, shelf)]
    unique: dict[Path, Needed] = {}
    for item in found:
        if item.target in unique and unique[item.target].digest != item.digest:
            message = f"the record wants two files at {item.path!a}"
            raise ProvcapError("unsafe-path", message, "it is not a record that provcap writes; do not trust it")
        unique.setdefault(item.target, item)
    return list(unique.values())


def _sources(run: Run, layout: Layout, shelf: Shelf) -> Iterable[Needed]:
    for source in run.workflow.sources:
        hit = shelf.find(source.kept or source.digest, source.size_bytes)
        vital = source.role in ("snakefile", "include", "script", "config")
        why = "secrets were replaced in the kept copy" if source.kept else ""
        where, name = hit or (None, "")
        yield Needed(
            source.path, layout.place(source.place), source.kept or source.digest, where, name, vital=vital, why=why
        )


def _inputs(run: Run, layout: Layout, shelf: Shelf) -> Iterable[Needed]:
    rules = {a.path for job in run.jobs for a in job.inputs}
    for artifact in external_inputs(run):
        if artifact.query or artifact.kind not in ("file", "directory"):  # Snakemake fetches it itself
            continue
        target = layout.place(artifact.path)
        if target == layout.workdir or artifact.path.split("/")[0] in (".snakemake", ".provcap"):
            continue
        where, name = _find(artifact, layout, shelf) or (None, "")
        tree = artifact.kind == "directory"
        yield Needed(artifact.path, target, artifact.digest, where, name, tree, vital=artifact.path in rules)


def _find(artifact: Artifact, layout: Layout, shelf: Shelf) -> tuple[Path, str] | None:
    """The input in the crate, in the folders to search, or where the original run read it, if it is still the same."""
    own = shelf.at(artifact.path)
    if artifact.kind == "directory":
        same = own.is_dir() and artifact.digest in (None, digest.of_tree(own)[0])
        return (own, "crate") if same else None
    if artifact.digest is None:
        return (own, "crate") if own.is_file() else None
    hit = shelf.find(artifact.digest, artifact.size_bytes)
    if hit is None:
        here = Path(os.path.join(layout.original, artifact.path))
        try:
            fits = stat.S_ISREG(os.stat(here).st_mode) and here.stat().st_size == artifact.size_bytes
            hit = (here, "this machine") if fits and digest.of_file(here) == artifact.digest else None
        except (OSError, ValueError):
            hit = None
    return hit


def put(item: Needed) -> None:
    """Bring the file to its place. Raises ProvcapError when it has another content than it should."""
    assert item.origin is not None
    item.target.parent.mkdir(parents=True, exist_ok=True)
    if item.tree:
        shutil.copytree(item.origin, item.target, symlinks=False, dirs_exist_ok=True)
        found = digest.of_tree(item.target)[0]
    else:
        with open(item.origin, "rb") as source, open(item.target, "xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        if os.stat(item.origin).st_mode & 0o100:
            item.target.chmod(0o755)
        found = digest.of_file(item.target)
    if item.digest not in (None, found):
        message = f"{item.path!a} has {found}, the record says {item.digest}"
        raise ProvcapError("damaged-crate", message, "get the crate again where it came from")
