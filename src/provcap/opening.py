"""RUN, as a user names it: an id, the beginning of one, ``latest``, a directory or a crate."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from provcap import codec, collect, embed, journal, questions, store, unpack
from provcap.errors import DamagedRecord, RunNotFound
from provcap.model import Run

IN_CRATE = "provenance/run.json"  #: where a crate keeps its run
METADATA = "ro-crate-metadata.json"
MAX_BYTES = 4 << 30  #: of a run.json inside a zip: more is an attack or a mistake
MAX_METADATA_BYTES = 512 << 20  #: of the metadata of another engine's crate


@dataclass(frozen=True, slots=True)
class Opened:
    """A Run and where it came from."""

    run: Run
    folder: Path | None = None  #: the run's folder below .provcap, when it was opened there
    files: Path | None = None  #: the directory that its paths are relative to, when there is one
    crate: Path | None = None
    going_on: bool = False  #: its Snakemake is still at work: what is told is what is known by now


def open_run(name: str, workdir: Path, foreign: bool = False) -> Opened:
    """The run called `name`, seen from `workdir`. With `foreign`, also what the crate of another engine tells of one,
    which is less; without, such a crate is refused. Raises RunNotFound or DamagedRecord, or ProvcapError.
    """
    path = workdir / name
    if name != "latest" and path.is_file():
        return _open_zip(path, foreign)
    if name != "latest" and path.is_dir():
        return _open_directory(path, foreign)
    if "/" in name or name.endswith(".zip"):
        raise RunNotFound(
            "unknown-run", f"there is no file or directory {name}", "RUN is an id, latest, a directory or a crate"
        )
    return _open_folder(store.find_run(workdir, name))


def folder_of(name: str, workdir: Path) -> Path | None:
    """The folder with the collected run called `name`, without reading it; None for a crate, or when there is none."""
    path = workdir / name
    with contextlib.suppress(RunNotFound):
        if (path / IN_CRATE).is_file():
            return None
        folder = path if path.is_dir() else store.find_run(workdir, name)
        folder = folder if (folder / "run.json").is_file() else store.find_run(folder, "latest")
        return folder if (folder / "run.json").is_file() else None
    return None


def _open_directory(path: Path, foreign: bool) -> Opened:
    if (path / "bagit.txt").is_file() and not (path / METADATA).exists():
        path /= "data"  # a bag (RFC 8493) has the crate there
    if (path / IN_CRATE).is_file():
        return Opened(_load(path / IN_CRATE), files=path, crate=path)
    if (path / "events.jsonl").is_file() or (path / "run.json").is_file():
        return _open_folder(path)
    if (path / METADATA).is_file():
        if foreign and (path / METADATA).stat().st_size <= MAX_METADATA_BYTES:
            return _foreign(unpack.read_metadata(path, path), path)
        raise RunNotFound(
            "foreign-crate",
            f"the crate {path} was not written by provcap: it has no {IN_CRATE}",
            "provcap check works on any crate",
        )
    return _open_folder(store.find_run(path, "latest"))


def _open_folder(folder: Path) -> Opened:
    collected = (folder / "run.json").is_file()
    run = _load(folder / "run.json") if collected else collect.join(folder)
    workdir = folder.absolute().parents[2] if folder.absolute().parent.name == "runs" else Path(run.workdir)
    run = with_embeddings(run, workdir)
    return Opened(run, folder=folder, files=workdir, going_on=not collected and journal.is_going_on(folder))


def with_embeddings(run: Run, workdir: Path) -> Run:
    """`run` with what is noted of its outputs: with their lineage in them they have other digests."""
    noted = embed.notes(workdir)
    made = {(artifact.path, artifact.digest) for artifact in questions.outputs(run)} if noted else set()
    known = tuple(one for one in noted if (one.path, one.file) in made)
    return replace(run, embeddings=known) if known else run


def _load(path: Path) -> Run:
    try:
        return codec.load_run(path.read_bytes(), str(path))
    except OSError as error:
        raise DamagedRecord(
            "damaged-record", f"{path} cannot be read: {error.strerror}", "check its permissions"
        ) from error


def _foreign(entities: dict[str, dict[str, Any]], crate: Path) -> Opened:
    from provcap import importing

    return Opened(importing.as_run(entities, str(crate)), crate=crate)


def _open_zip(path: Path, foreign: bool) -> Opened:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n == IN_CRATE or n.endswith("/" + IN_CRATE)]
            described = [n for n in archive.namelist() if n == METADATA or n.endswith("/" + METADATA)]
            if not names and described and foreign:
                metadata = archive.getinfo(min(described, key=lambda n: (n.count("/"), n)))
                if metadata.file_size <= MAX_METADATA_BYTES:
                    return _foreign(unpack.entities_in(archive.read(metadata), path), path)
            if not names:
                raise RunNotFound(
                    "foreign-crate",
                    f"{path} holds no {IN_CRATE}: it is no crate of provcap",
                    "provcap check works on any crate",
                )
            info = archive.getinfo(min(names, key=len))
            if info.file_size > MAX_BYTES:
                raise DamagedRecord(
                    "too-large", f"{info.filename} in {path} claims {info.file_size} bytes", "it is not read"
                )
            return Opened(codec.load_run(archive.read(info), f"{path}:{info.filename}"), crate=path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DamagedRecord("damaged-crate", f"{path} cannot be read as a zip: {error}", "fetch it again") from error
