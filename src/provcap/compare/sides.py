"""What is compared: the results of a run, the files of a directory, or one file; each as things under a path."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from provcap import digest, importing, questions, unpack
from provcap.errors import ProvcapError
from provcap.model import Artifact, Run
from provcap.opening import IN_CRATE, Opened

_NOT_RESULTS: Final = {".provcap", ".snakemake", ".git"}
_ZARR: Final = ("zarr.json", ".zgroup", ".zarray")


@dataclass(frozen=True, slots=True)
class Thing:
    """A file or directory of one side."""

    path: str
    digest: str | None = None  #: what a run recorded of it, else that of the file at hand
    place: str | None = None  #: where its content is, when that is what it should be
    problem: str = ""  #: why there is no place
    directory: bool = False
    embedded: str | None = None  #: digest of what is at hand, when that is what was recorded with its lineage in it


class Side:
    """One of the two that are compared. `files` has the place of each thing that is at hand."""

    def __init__(self, name: str, files: dict[str, str], run: Run | None = None) -> None:
        self.name = name
        self.run = run
        self.files = files
        self._made = {a.path: a for a in questions.outputs(run)} if run else {}
        self._digests: dict[str, str] = {}  #: of regular files, by their place

    def results(self, everything: bool) -> list[str]:
        """The paths to compare: of a run the results, or every output; of a directory all files."""
        if self.run is None:
            return sorted(self.files)
        found = questions.outputs(self.run) if everything else questions.final_outputs(self.run)
        return [a.path for a in found if a.kind in ("file", "directory")]

    def known(self) -> Iterable[str]:
        """Every path that `thing` can answer for."""
        return self._made if self.run else self.files

    def hash_ahead(self, paths: Iterable[str]) -> None:
        """Hash the files at `paths` in parallel, before they are asked for one by one."""
        self._digests |= digest.of_files(self.files[p] for p in paths if p in self.files)

    def thing(self, path: str) -> Thing | None:
        """What this side has at `path`."""
        place = self.files.get(path)
        if self.run is None:
            return self._at_hand(path, place) if place else None
        artifact = self._made.get(path)
        if artifact is None or artifact.kind not in ("file", "directory"):
            return None
        return self._recorded(artifact, place)

    def _at_hand(self, path: str, place: str) -> Thing:
        found = self._digests.get(place)
        if found:
            return Thing(path, found, place)
        try:
            directory = os.path.isdir(place)
            return Thing(path, digest.of_tree(place)[0] if directory else digest.of_file(place), place, "", directory)
        except OSError as error:
            return Thing(path, problem=f"{path} of {self.name} cannot be read: {error.strerror or error}")

    def _recorded(self, artifact: Artifact, place: str | None) -> Thing:
        directory = artifact.kind == "directory"
        if place is None:
            return Thing(artifact.path, artifact.digest, problem=f"{self.name} does not have it", directory=directory)
        found = self._at_hand(artifact.path, place)
        if found.problem or artifact.digest in (None, found.digest):
            return found
        if self.run is not None and found.digest and questions.is_now(self.run, artifact, found.digest):
            return replace(found, digest=artifact.digest, embedded=found.digest)  # what was made counts
        problem = f"it changed since {self.name} recorded it"
        return Thing(artifact.path, artifact.digest, problem=problem, directory=directory)


def open_side(given: Opened | Path, stack: ExitStack) -> Side:
    """The side that is `given`; a zipped crate is unpacked for as long as `stack` lives. Raises ProvcapError."""
    if isinstance(given, Path):
        if not given.exists():
            raise ProvcapError("nothing-there", f"there is nothing at {given}", "name a run, crate, directory or file")
        return Side(str(given), dict(_walk(str(given))) if given.is_dir() else {given.name: str(given)})
    run = given.run
    if given.crate is not None:
        root = stack.enter_context(unpack.opened(given.crate))
        return Side(run.id, _in_crate(run, root, given.crate), run)
    root = given.files or Path(run.workdir)
    places = {a.path: os.path.join(root, a.path) for a in questions.outputs(run)}
    return Side(run.id, {path: place for path, place in places.items() if _is_there(place)}, run)


def is_single(given: Opened | Path) -> bool:
    """Whether `given` is one thing: a file, or a directory that is Zarr."""
    return isinstance(given, Path) and (not given.is_dir() or _is_zarr(given))


def _is_there(place: str | Path) -> bool:
    try:
        mode = os.stat(place).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _in_crate(run: Run, root: Path, crate: Path) -> dict[str, str]:
    """Where in the crate at `root` each output of `run` is, as its metadata tells; nothing outside of it counts."""
    entities = unpack.read_metadata(root, crate)
    called: dict[str, list[dict[str, Any]]] = defaultdict(list)
    foreign = {} if (root / IN_CRATE).is_file() else importing.names(entities)
    for identifier, path in foreign.items():
        called[path].append(entities[identifier])
    for identifier, entity in entities.items() if not foreign else ():
        if entity.get("@type") in ("File", "Dataset") and "://" not in identifier:
            called[str(entity.get("alternateName") or unquote(identifier).rstrip("/"))].append(entity)
    found = {}
    inner = root.resolve()
    for artifact in questions.outputs(run):
        for entity in called.get(_readable(artifact.path), []):
            place = root / unquote(entity["@id"])
            if _is_there(place) and place.resolve().is_relative_to(inner) and _is_version(run, entity, artifact):
                found[artifact.path] = str(place)
    return found


def _is_version(run: Run, entity: dict[str, Any], artifact: Artifact) -> bool:
    """Whether `entity` is the version that `artifact` is, as a crate may have several versions of one path."""
    stated = entity.get("sha256")
    return not stated or questions.is_now(run, artifact, f"sha256:{stated}")


def _readable(text: str) -> str:
    """`text` as crates write it: what is not UTF-8 is spelled out."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _walk(root: str) -> Iterator[tuple[str, str]]:
    """Files below `root`, and directories that hold Zarr, which are one thing; records of runs are passed over."""
    if _is_zarr(root):
        yield os.path.basename(os.path.abspath(root)), root
        return
    for folder, folders, names in os.walk(root):
        below = os.path.relpath(folder, root)
        start = "" if below == "." else f"{below}/"
        for name in list(folders):
            place = os.path.join(folder, name)
            if name in _NOT_RESULTS:
                folders.remove(name)
            elif _is_zarr(place):
                folders.remove(name)
                yield start + name, place
        for name in names:
            if name not in digest.SIDE_FILES:
                yield start + name, os.path.join(folder, name)


def _is_zarr(folder: str | Path) -> bool:
    return any(os.path.isfile(os.path.join(folder, name)) for name in _ZARR)


def files_below(thing: Thing) -> dict[str, str] | None:
    """The files in the directory `thing`, by their whole path; None when it is Zarr, which is one thing."""
    if thing.place is None or not os.path.isdir(thing.place) or _is_zarr(thing.place):
        return None
    return {f"{thing.path}/{path}": place for path, place in _walk(thing.place)}
