"""What somebody else's project needs: Snakemake profiles to be captured, a provcap.yaml and a deposit.yaml to fill in.

The files lie in the package, in ``starter/``, as they are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from provcap.errors import ProvcapError

ABOUT = "provcap.yaml"
FILLED_IN = {ABOUT: ABOUT, "deposit.yaml": "config/deposit.yaml"}  #: where each goes when it is new


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


def _starter() -> Iterator[tuple[str, bytes]]:
    """Path and content of each file."""

    def below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
        for entry in folder.iterdir():
            if entry.is_dir():
                yield from below(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith(".yaml"):
                yield prefix + entry.name, entry.read_bytes()

    return below(resources.files("provcap") / "starter", "")
