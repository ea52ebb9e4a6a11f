"""The layout of ``.provcap/``: names, atomic writes, finding runs.

.provcap/
├── .gitignore                  written with the first record
├── probe/<id>/                 the staged probe, the same files for every run that used that version
├── sources/<sha256>            the workflow's files as they were when a run began
├── order/<run id>              only where a clock stepped back: after which run that run stands
├── images/<sha256>.json       what image files say of themselves, by their digest; <sha256>.ome.xml: their OME-XML
├── embedded/<sha256>.json      which output has its lineage inside, by the digest of what is there now
├── deposits/<key>.json         how far the deposit of a crate in an archive is
└── runs/<run id>/
    ├── events.jsonl            what the main process planned and saw
    ├── records/<writer>.jsonl  one file per process that ran jobs; a line when an attempt begins, one when it ends
    ├── records.jsonl           the same lines after `collect` has gathered them
    ├── environments/<sha256>.json
    ├── seal.json               the ends of hash chains over events and records, once the run has ended
    ├── study.json              what a sheet says of sample and imaging, with sheet-<sha256>.xlsx, the sheet itself
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
BELOW, MAX_LOOKED = 4, 1000  #: levels and directories that are searched for runs
_serial = itertools.count()
_token = os.urandom(4).hex()


def unique() -> str:
    """A name that no other process has: hosts may share their name, and containers their process numbers."""
    return f"{os.uname().nodename.replace('/', '_')}-{os.getpid()}-{_token}"


def home(workdir: str | os.PathLike[str]) -> Path:
    """The folder that holds all records of the work directory `workdir`."""
    return Path(workdir) / FOLDER


def run_folder(workdir: str | os.PathLike[str], run_id: str) -> Path:
    """The folder of one run."""
    return home(workdir) / "runs" / run_id


def list_runs(workdir: str | os.PathLike[str]) -> list[Path]:
    """The folders of the runs in `workdir`, oldest first: by their ids, which begin with their time, and by what
    `put_in_order` noted."""
    runs = home(workdir) / "runs"
    try:
        found = [p for p in runs.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []
    noted = _order(workdir)
    return sorted(found, key=lambda p: noted.get(p.name, (p.name, 0, "")))


def keep_out_of_git(workdir: str | os.PathLike[str]) -> None:
    """Tell git to leave the records alone, once: who wants them in it removes the file. Raises OSError."""
    if not home(workdir).exists():
        write_atomic(home(workdir) / ".gitignore", b"*\n")


def put_in_order(workdir: str | os.PathLike[str], run_id: str) -> None:
    """Note that the run `run_id`, which begins now, is later than all that are there.

    Its id says so already, unless the clock has stepped back. Then the note names the run with the highest id, which
    it follows, and its place among all that do; two that begin at once may get the same place. Raises OSError.
    """
    highest = max((p.name for p in list_runs(workdir) if p.name != run_id), default="")
    if highest > run_id:
        places = [place for after, place, _ in _order(workdir).values() if after == highest]
        text = f"{highest} {max(places, default=0) + 1}\n"
        write_atomic(home(workdir) / "order" / run_id, text.encode("utf-8", "surrogateescape"))


def _order(workdir: str | os.PathLike[str]) -> dict[str, tuple[str, int, str]]:
    """For each run with a note: the run that it follows, its place after that one, its own id."""
    found = {}
    with contextlib.suppress(OSError):
        for note in (home(workdir) / "order").iterdir():
            with contextlib.suppress(OSError, ValueError):
                after, place = note.read_text("utf-8", "surrogateescape").rsplit(None, 1)
                found[note.name] = (after, int(place), note.name)
    return found


def workdirs_below(folder: str | os.PathLike[str]) -> list[Path]:
    """The directories with recorded runs, at most BELOW levels below `folder`, of MAX_LOOKED that are looked at."""
    found: list[Path] = []
    level = [Path(folder)]
    looked = 0
    for _ in range(BELOW):
        following: list[Path] = []
        for parent in level:
            with contextlib.suppress(OSError), os.scandir(parent) as entries:
                names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and e.name[:1] != ".")
                following += [parent / name for name in names]
        level = following[: MAX_LOOKED - looked]
        looked += len(level)
        found += [path for path in level if list_runs(path)]
    return found


def find_run(workdir: str | os.PathLike[str], name: str) -> Path:
    """The folder of the run called `name` in `workdir`: an id, the beginning of one, or ``latest``.

    A rerun puts its work directory some levels below the one that the user named: where `workdir` has no runs and one
    directory below has, that one is meant. Raises RunNotFound.
    """
    below = [] if list_runs(workdir) else workdirs_below(workdir)
    runs = list_runs(below[0] if len(below) == 1 else workdir)
    if not runs:
        here = Path(workdir).absolute()
        if below:
            hint = f"there are some in: {', '.join(map(str, below[:5]))} (-d DIR)"
            raise RunNotFound("no-runs", f"no recorded run in {here} itself", hint)
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

    Raises OSError. The temporary name is unique per process, thread and call: writers never meet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{unique()}-{threading.get_ident()}-{next(_serial)}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def write_durable(path: Path, content: bytes) -> None:
    """As `write_atomic`, and it stays when the machine stops: for what must be there before something else is."""
    write_atomic(path, content)
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make what was renamed in `folder` durable, on file systems that let it. Never raises."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
