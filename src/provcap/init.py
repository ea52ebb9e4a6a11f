"""What somebody else's project needs: Snakemake profiles to be captured, a provcap.yaml and a deposit.yaml to fill in;
and a workflow to begin with, where there is no project yet.

The files lie in the package, in ``starter/``, as they are written; those of a new workflow in ``starter/new/``.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal

import yaml

from provcap.errors import ProvcapError

ABOUT = "provcap.yaml"
FILLED_IN = {ABOUT: ABOUT, "deposit.yaml": "config/deposit.yaml"}  #: where each goes when it is new
_NEW: Final = "new/"
_RENAMED: Final = {"gitignore": ".gitignore"}  #: a name with a dot would not get into the package
_TITLE: Final = "# title: What was found, in one line"
LONGEST: Final = 200  #: characters of a name


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one file: ``path`` is relative to the project."""

    path: str
    state: Literal["written", "same", "kept"]  #: "kept": another one was there, and stays


def find(project: Path) -> Path:
    """`project`, when it is a directory. Raises ProvcapError."""
    if not project.is_dir():
        raise ProvcapError("no-such-directory", f"{project} is not a directory", "make it first")
    return project


def place(project: Path) -> list[Placed]:
    """Write what is missing into `project`; nothing that is there is changed.

    Raises ProvcapError before anything is written when a folder of ours cannot be there, OSError when the disk refuses.
    """
    texts = dict(_starter())
    for name, new in FILLED_IN.items():
        places = (name, f"config/{name}")  # where `provcap.config` looks
        known = next((place for place in places if os.path.lexists(project / place)), new)
        texts[known] = texts.pop(name)
    for path in texts:
        for folder in reversed(Path(path).parents):
            there = project / folder
            if os.path.lexists(there) and not there.is_dir():
                raise ProvcapError("no-such-directory", f"{there} is no directory", "move it away, or name another DIR")
    return [_place(project, path, content) for path, content in sorted(texts.items())]


def begin(project: Path, name: str | None = None) -> list[Placed]:
    """Write a new workflow, and what `place` would, into `project`, which is empty or not there yet.

    `name` is its title; without one its README bears the name of the directory, and the crate no title.
    Raises ProvcapError before anything is written, OSError when the disk refuses.
    """
    if os.path.lexists(project) and not project.is_dir():
        raise ProvcapError("no-such-directory", f"{project} is no directory", "name another DIR")
    if project.is_dir() and next(project.iterdir(), None) is not None:
        raise ProvcapError("not-empty", f"{project} is not empty", "name a new DIR, or for a project: provcap init")
    heading = _fit(os.path.basename(os.path.abspath(project)) or "workflow" if name is None else name)
    texts = dict(_starter())
    for source, target in FILLED_IN.items():
        texts[target] = texts.pop(source)
    texts |= {_RENAMED.get(path, path): content for path, content in _starter(_NEW)}
    texts["README.md"] = texts["README.md"].replace(b"{name}", _markdown(heading).encode(), 1)
    if name is not None:
        title = yaml.safe_dump({"title": heading}, allow_unicode=True, width=10 * LONGEST).rstrip("\n")
        texts[ABOUT] = texts[ABOUT].replace(_TITLE.encode(), title.encode(), 1)
    project.mkdir(parents=True, exist_ok=True)
    return [_place(project, path, content) for path, content in sorted(texts.items())]


def _fit(name: str) -> str:
    """`name` in one line. Raises ProvcapError when it is empty, too long, or has characters that no text has."""
    line = name.strip()
    odd = any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in line)
    if not line or odd or len(line) > LONGEST:
        problem = f"{line[:LONGEST]!r} cannot be the name of a workflow"
        raise ProvcapError("bad-name", problem, f"--name TEXT: one line of at most {LONGEST} characters")
    return line


def _markdown(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-!|&~])", r"\\\1", text)


def _place(project: Path, path: str, content: bytes) -> Placed:
    target = project / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            stream.write(content)
        return Placed(path, "written")
    except FileExistsError:
        same = target.is_file() and target.read_bytes() == content
        return Placed(path, "same" if same else "kept")


def _starter(folder: str = "") -> Iterator[tuple[str, bytes]]:
    """Path and content of each file of the starter, or of a `folder` in it that is no part of the rest."""

    def below(entries: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
        for entry in entries.iterdir():
            if entry.is_dir():
                inside = f"{prefix}{entry.name}/"
                if inside != _NEW and not entry.name.startswith(("__", ".")):
                    yield from below(entry, inside)
            elif not entry.name.startswith("."):
                yield prefix + entry.name, entry.read_bytes()

    root = resources.files("provcap") / "starter"
    return below(root / folder if folder else root, "")
