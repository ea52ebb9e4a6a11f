"""A file in parts, for archives that limit the size of one, and the way back.

``NAME.part-001``, ``NAME.part-002``, … joined in this order are NAME. ``NAME.parts-sha256.txt`` has the SHA-256 of each
and of NAME, as ``sha256sum -c`` reads them; ``NAME.parts-readme.txt`` says to people what to do.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from provcap import progress, store
from provcap.errors import ProvcapError

_BLOCK: Final = 1 << 20
_LIST: Final = ".parts-sha256.txt"
_README: Final = ".parts-readme.txt"
_MAX_LIST: Final = 4 << 20  #: bytes of a list that somebody else may have made
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^/\\\x00-\x1f]+)")
_AGAIN: Final = "fetch the parts again"


def amount(size: int) -> str:
    """Bytes in the units in which archives state their limits (SI)."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def lists_of(name: str) -> tuple[str, str]:
    """The names of the two files that come with the parts of `name`."""
    return name + _LIST, name + _README


def whole_of(key: str) -> str | None:
    """The name of the file of which `key` is a part or a list; None when it is neither."""
    match = re.fullmatch(r"(.+)\.part-[0-9]{3,}", key)
    if match is not None:
        return match[1]
    return next((key.removesuffix(end) for end in (_LIST, _README) if key.endswith(end)), None)


def sizes(name: str, size: int, most: int) -> list[tuple[str, int]]:
    """Name and size of each part of a file of `size` bytes of which none has more than `most`."""
    count = max(1, -(-size // most))
    return [(part_name(name, n), min(most, size - (n - 1) * most)) for n in range(1, count + 1)]


def part_name(name: str, number: int) -> str:
    """``NAME.part-001`` for the first."""
    return f"{name}.part-{number:03d}"


def how_many(name: str, count: int, most: int) -> str:
    """The plan in a sentence."""
    return (
        f"{name} is larger than a file may be, so it goes in {count} parts of up to {amount(most)}, with the checksums "
        f"of all in {name}{_LIST} and how to join them in {name}{_README}"
    )


def split(whole: Path, name: str, folder: Path, most: int) -> tuple[Path, ...]:
    """Write the parts of `whole`, which is to be called `name`, and the two lists, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths, lines, all_of_it = [], [], hashlib.sha256()
    with open(whole, "rb") as source:
        for part, size in progress.over(sizes(name, whole.stat().st_size, most), "cutting into parts"):
            paths.append(folder / part)
            one = hashlib.sha256()
            with open(folder / part, "wb") as target:
                left = size
                while left and (block := source.read(min(_BLOCK, left))):
                    target.write(block)
                    one.update(block)
                    all_of_it.update(block)
                    left -= len(block)
            lines.append(f"{one.hexdigest()}  {part}\n")
    lines.append(f"{all_of_it.hexdigest()}  {name}\n")
    listed, readme = (folder / text for text in lists_of(name))
    listed.write_text("".join(lines), "utf-8")
    readme.write_text(_readme(name, len(paths)), "utf-8")
    return (*paths, listed, readme)


def _readme(name: str, count: int) -> str:
    first, last = part_name(name, 1), part_name(name, count)
    return (
        f"{name} was too large for one file here, so it is in {count} parts, {first} to {last}.\n\n"
        f"Linux, macOS:  cat '{name}'.part-* > '{name}' && sha256sum -c '{name}{_LIST}'\n"
        f'Windows:       copy /b "{name}.part-*" "{name}"\n'
        "With provcap:  provcap fetch DOI gets and joins them, from Zenodo and other archives on InvenioRDM.\n"
    )


def join(folder: Path) -> tuple[Path, ...]:
    """Put together every file that lies in `folder` in parts; parts and lists go when all is verified.

    Returns the files that were made. Raises ProvcapError (``damaged-parts``) when a part is missing or another one.
    """
    made = []
    for listed in sorted(folder.glob("*" + _LIST)):
        name = listed.name.removesuffix(_LIST)
        found = _read(listed, name)
        made.append(_joined(folder, name, found))
        for place in (*list(found)[:-1], *lists_of(name)):
            (folder / place).unlink(missing_ok=True)
    return tuple(made)


def _read(listed: Path, name: str) -> dict[str, str]:
    """SHA-256 by name: the parts in their order, and last the whole."""
    try:
        if listed.is_symlink() or listed.stat().st_size > _MAX_LIST:
            raise ValueError("it is no list of parts")
        matches = [_LINE.fullmatch(line) for line in listed.read_text("utf-8").splitlines()]
        found = {match[2]: match[1] for match in matches if match is not None}
    except (OSError, ValueError) as error:
        raise ProvcapError("damaged-parts", f"{listed} cannot be read: {error}", _AGAIN) from error
    wanted = [*(part_name(name, n) for n in range(1, len(matches))), name]
    if None in matches or len(matches) < 2 or list(found) != wanted:
        raise ProvcapError("damaged-parts", f"{listed} is not a list of the parts of {name}", _AGAIN)
    return found


def _joined(folder: Path, name: str, found: dict[str, str]) -> Path:
    target, work = folder / name, folder / f".{name}.joining"
    store.refuse_existing(target)
    work.unlink(missing_ok=True)
    whole = hashlib.sha256()
    try:
        with open(work, "xb") as stream:
            for part, expected in list(found.items())[:-1]:
                one = hashlib.sha256()
                if (folder / part).is_symlink():
                    raise OSError("it is a link")
                with open(folder / part, "rb") as source:
                    for block in iter(lambda s=source: s.read(_BLOCK), b""):  # type: ignore[misc]
                        one.update(block)
                        whole.update(block)
                        stream.write(block)
                if one.hexdigest() != expected:
                    raise ProvcapError("damaged-parts", f"{folder / part} is not what {name}{_LIST} says", _AGAIN)
        if whole.hexdigest() != found[name]:
            raise ProvcapError("damaged-parts", f"the parts of {name} do not make what {name}{_LIST} says", _AGAIN)
        os.rename(work, target)
    except OSError as error:
        raise ProvcapError("damaged-parts", f"{name} cannot be joined: {error}", _AGAIN) from error
    finally:
        work.unlink(missing_ok=True)
    return target
