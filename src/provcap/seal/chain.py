"""Hash chains over the journals of a run: no line of them can be changed, dropped or moved without it being seen.

Each line's link is the SHA-256 of the link before and of the line. The first link is that of the file's name. A seal
keeps the last link of each journal and marks on the way, so that it tells where a broken chain breaks. A journal may
grow after it was sealed (records that came late): then its seal grows with it, and what was sealed stays sealed.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from provcap import codec, store

FORMAT: Final = "provcap.seal/1"
SEAL: Final = "seal.json"
JOURNALS: Final = ("events.jsonl", "records.jsonl")
MARKS: Final = 1000  #: of each journal, at most twice as many
MAX_SEAL_BYTES: Final = 1 << 22


def seal(folder: Path) -> None:
    """Seal the journals of the run in `folder`, which has ended, or what they have grown by since they were sealed.

    A chain that is broken keeps its old seal: what was changed is never sealed again. Raises OSError.
    """
    try:
        known = read(folder / SEAL) or {"journals": {}, "environments": []}
    except ValueError:
        return  # `breaks` tells
    sealed = dict(known["journals"])
    for name in JOURNALS:
        if (folder / name).is_file() and (name not in sealed or _grows(folder / name, sealed[name])):
            sealed[name] = link(folder / name)
    environments = {*known["environments"], *(p.stem for p in (folder / "environments").glob("*.json"))}
    content = {"journals": sealed, "environments": sorted(environments)}
    text = (codec.stamp(FORMAT, content) + "\n").encode("utf-8", "surrogateescape")
    if not (folder / SEAL).is_file() or (folder / SEAL).read_bytes() != text:
        store.write_atomic(folder / SEAL, text)


def link(path: Path) -> dict[str, Any]:
    """The chain over the lines of the journal at `path`: how many lines and bytes, the last link, and the marks."""
    links = [*_links(path)]
    step = max(1, len(links) // MARKS)
    return {
        "lines": len(links),
        "bytes": path.stat().st_size,
        "head": links[-1] if links else _first(path.name),
        "step": step,
        "marks": [value[:16] for value in links[step - 1 :: step]],
    }


def _first(name: str) -> str:
    return hashlib.sha256(f"{FORMAT} {name}".encode()).hexdigest()


def _links(path: Path, end: int | None = None) -> Iterator[str]:
    """The link of each line of the first `end` bytes, in hex."""
    last = bytes.fromhex(_first(path.name))
    left = path.stat().st_size if end is None else end
    with open(path, "rb") as stream:
        while left > 0 and (line := stream.readline(left)):
            left -= len(line)
            last = hashlib.sha256(last + hashlib.sha256(line).digest()).digest()
            yield last.hex()


def broken_at(path: Path, sealed: dict[str, Any]) -> str | None:
    """Where in the journal at `path` the chain first differs from what was `sealed`; None when it does not.

    Raises ValueError, KeyError or TypeError when `sealed` is nothing that `link` wrote.
    """
    lines, end, step = int(sealed["lines"]), int(sealed["bytes"]), int(sealed["step"])
    if path.stat().st_size < end:
        return f"it has {path.stat().st_size} bytes, and had {end}"
    links = [*_links(path, end)]
    marks = [str(mark) for mark in sealed["marks"]]
    for number, mark in enumerate(marks):
        position = (number + 1) * step
        if position > len(links) or links[position - 1][:16] != mark:
            first = number * step + 1
            return f"line {first} is wrong" if step == 1 else f"the first wrong line is one of {first} to {position}"
    head = links[-1] if links else _first(path.name)
    if head != sealed["head"] or len(links) != lines:
        return f"the first wrong line is after line {len(marks) * step}"
    return None


def _grows(path: Path, sealed: dict[str, Any]) -> bool:
    try:
        return path.stat().st_size > int(sealed["bytes"]) and broken_at(path, sealed) is None
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        return False


def read(path: Path) -> dict[str, Any] | None:
    """The seal at `path`; None when there is none. Raises ValueError when it is damaged."""
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_SEAL_BYTES or not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError("it is too large, or no regular file")
    try:
        content = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"it is no {FORMAT}")
    names = content.setdefault("environments", [])
    if not isinstance(content.get("journals"), dict) or not isinstance(names, list):
        raise ValueError("what it seals cannot be read")
    if not all(isinstance(name, str) and re.fullmatch("[0-9a-f]{64}", name) for name in names):
        raise ValueError("it seals an environment whose name is no SHA-256")
    return content


def breaks(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and trouble of each file in `folder` that is not as it was sealed: journals and environments that are there.

    A crate may leave out the journals; what it has of them is checked.
    """
    try:
        content = read(folder / SEAL)
    except (ValueError, OSError) as error:
        yield SEAL, f"it cannot be read: {error}"
        return
    for name, sealed in sorted((content or {}).get("journals", {}).items()):
        if name not in JOURNALS:
            yield SEAL, f"it seals {name!r}, which is no journal"
        elif (folder / name).is_file():
            try:
                trouble = broken_at(folder / name, sealed)
            except (ValueError, KeyError, TypeError, IndexError, OverflowError, OSError) as error:
                yield SEAL, f"what it says of {name} cannot be read: {error!r}"
                continue
            if trouble:
                yield name, trouble
    for stem in (content or {}).get("environments", ()):
        path = folder / "environments" / f"{stem}.json"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != stem:
            yield f"environments/{stem}.json", "its content is not what its name says"
