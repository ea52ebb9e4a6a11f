"""Which paths a pattern means: ``*``, ``?``, ``[…]`` within a name, ``**`` for any directories, ``{name}`` like ``*``.

The same answer for the paths of a record and for what lies in a directory.
"""

from __future__ import annotations

import fnmatch
import functools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from provcap.bioimage.reader import OTHER, TIFF, ZARR, suffix

LONGEST: Final = 500  #: characters of a pattern
LOOKED: Final = 200_000  #: names that are looked at for one pattern
DEEPEST: Final = 50  #: directories in each other
_States = frozenset[int]


class TooMany(ValueError):
    """A pattern means more than can be looked through."""


def problem(pattern: str) -> str | None:
    """Why `pattern` is none; None when it is one."""
    if not pattern.strip("./") or len(pattern) > LONGEST or "\0" in pattern:
        return f"a pattern should have 1 to {LONGEST} characters"
    if ".." in pattern.split("/"):
        return "a pattern should not go upwards (..)"
    return None


def fits(path: str, pattern: str) -> bool:
    """Whether `pattern` means the image `path`: a file of a format that says something of its acquisition, unless the
    pattern itself ends in a suffix."""
    parts = _parts(pattern)
    states = _start(parts)
    for name in _names(path):
        states = _step(states, name, parts)
    return len(parts) in states and _is_meant(path, parts)


def find(folder: Path, pattern: str) -> list[str]:
    """The images below `folder` that `pattern` means, relative to it unless the pattern is absolute; sorted.

    Raises TooMany.
    """
    parts = _parts(pattern)
    base = Path("/") if pattern.startswith("/") else folder
    start = parts[1:] if pattern.startswith("/") else parts
    found = sorted(_walk(str(base), "", _start(start), start, [LOOKED]))
    return [path for path in (pattern[:1] * pattern.startswith("/") + p for p in found) if _is_meant(path, parts)]


def _walk(base: str, below: str, states: _States, parts: Sequence[str], left: list[int]) -> Iterator[str]:
    """Only into directories that can hold what is meant; a Zarr is an image and not gone into."""
    try:
        with os.scandir(os.path.join(base, below)) as entries:
            names = [(e.name, e.is_dir(), e.is_symlink()) for e in entries if _count(left)]
    except OSError:
        return
    for name, is_directory, is_link in names:
        after = _step(states, name, parts)
        if name.startswith(".") and not any(s < len(parts) and parts[s].startswith(".") for s in states):
            continue  # .git, .snakemake, .provcap
        path = f"{below}/{name}" if below else name
        is_zarr = is_directory and suffix(name) in ZARR
        if len(parts) in after and (not is_directory or is_zarr):
            yield path
        elif is_directory and not is_zarr and below.count("/") < DEEPEST:
            if is_link:  # followed where it is named, not where ** leads: it may lead in a circle
                after = _step(frozenset(s for s in states if s < len(parts) and parts[s] != "**"), name, parts)
            if after - {len(parts)}:
                yield from _walk(base, path, after, parts, left)


def _count(left: list[int]) -> bool:
    left[0] -= 1
    if left[0] < 0:
        raise TooMany(f"more than {LOOKED} files lie where it leads")
    return True


def _names(path: str) -> list[str]:
    """The names in a path; the first of an absolute one is empty."""
    return [name for n, name in enumerate(path.split("/")) if (name or n == 0) and name != "."]


@functools.lru_cache(maxsize=1000)
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\{\w+\}", "*", name) for name in _names(pattern))


def _start(parts: Sequence[str]) -> _States:
    return _closure({0}, parts)


def _closure(states: set[int], parts: Sequence[str]) -> _States:
    """With all that is reached when ``**`` stands for no directory."""
    found = set(states)
    for state in sorted(states):
        while state < len(parts) and parts[state] == "**":
            state += 1
            found.add(state)
    return frozenset(found)


def _step(states: _States, name: str, parts: Sequence[str]) -> _States:
    """How much of the pattern may be used up after `name`."""
    after: set[int] = set()
    for state in states:
        if state < len(parts):
            if parts[state] == "**":
                after.add(state)
            elif fnmatch.fnmatchcase(name, parts[state]):
                after.add(state + 1)
    return _closure(after, parts)


def _is_meant(path: str, parts: Sequence[str]) -> bool:
    named = parts[-1] != "**" and "." in PurePosixPath(parts[-1]).name.strip("*?")
    return named or suffix(path) in (*TIFF, *ZARR, *OTHER)
