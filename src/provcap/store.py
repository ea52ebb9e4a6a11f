"""The layout of ``.provcap/``: names, atomic writes, finding runs.

.provcap/
├── probe/<id>/                 the staged probe, the same files for every run that used that version
├── sources/<sha256>            the workflow's files as they were when a run began
└── runs/<run id>/
    ├── events.jsonl            what the main process planned and saw
    ├── records/<writer>.jsonl  one file per process that ran jobs; a line when an attempt begins, one when it ends
    ├── records.jsonl           the same lines after `collect` has gathered them
    ├── environments/<sha256>.json
    └── run.json                everything above, joined
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from pathlib import Path

from provcap import digest
from provcap.errors import RunNotFound, TargetExists

FOLDER = ".provcap"
_serial = itertools.count()


def home(workdir: str | os.PathLike[str]) -> Path:
    """The folder that holds all records of the work directory `workdir`."""
    return Path(workdir) / FOLDER


def run_folder(workdir: str | os.PathLike[str], run_id: str) -> Path:
    """The folder of one run."""
    return home(workdir) / "runs" / run_id


def list_runs(workdir: str | os.PathLike[str]) -> list[Path]:
    """The folders of the runs in `workdir`, oldest first (run ids begin with their time)."""
    runs = home(workdir) / "runs"
    try:
        return sorted(p for p in runs.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError:
        return []


def find_run(workdir: str | os.PathLike[str], name: str) -> Path:
    """The folder of the run called `name` in `workdir`: an id, the beginning of one, or ``latest``.

    Raises RunNotFound.
    """
    runs = list_runs(workdir)
    if not runs:
        here = Path(workdir).absolute()
        above = next((p for p in here.parents if list_runs(p)), None)
        hint = (
            f"perhaps you mean: provcap … -d {above}"
            if above
            else "record one with: provcap run -- <snakemake arguments>"
        )
        raise RunNotFound("no-runs", f"no recorded run in {here}", hint)
    if name == "latest":
        return runs[-1]
    hits = [p for p in runs if p.name.startswith(name)]
    if len(hits) == 1:
        return hits[0]
    problem = f"{len(hits)} runs begin with {name!r}" if hits else f"no run is called {name!r}"
    raise RunNotFound("unknown-run", f"{problem} in {Path(workdir).absolute()}", "see: provcap list")


def refuse_existing(target: Path) -> None:
    """Raise TargetExists when something is at `target` that writing there would destroy; an empty directory is not."""
    if target.is_dir() and not target.is_symlink() and target.suffix != ".zip" and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise TargetExists("target-exists", f"{target} exists already", "remove it or choose another name")
    if not target.absolute().parent.is_dir():
        raise TargetExists(
            "no-such-directory", f"the directory {target.absolute().parent} does not exist", "make it first"
        )


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees all of it or what was there before.

    Raises OSError. The temporary name is unique per host, process, thread and call: writers never meet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unique = f"{os.uname().nodename}-{os.getpid()}-{threading.get_ident()}-{next(_serial)}"
    temporary = path.with_name(f".{path.name}.{unique}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def keep_source(workdir: str | os.PathLike[str], content: bytes) -> str:
    """Keep a copy of a workflow file, once per content; return its digest."""
    name = digest.of_bytes(content)
    path = source_path(workdir, name)
    if not path.exists():
        write_atomic(path, content)
    return name


def source_path(workdir: str | os.PathLike[str], name: str) -> Path:
    """Where the workflow file with the digest `name` is kept."""
    return home(workdir) / "sources" / name.removeprefix("sha256:")
