"""Which files an archive will get, decided before anything is sent.

A crate that is a zip goes as this zip, with its metadata and its page beside it, so that people can look into it
without unpacking. A directory goes file by file, and as a zip where the archive would not take so many files, or one of
their names. What is larger than one file may be goes in parts (`provcap.deposit.parts`).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from provcap import digest, progress
from provcap.deposit import parts
from provcap.deposit.archive import Item, Limits
from provcap.deposit.zipping import PREVIEW, files_of, upper_bound, write_zip
from provcap.errors import ProvcapError
from provcap.opening import METADATA

Layout = Literal["zip", "files", "parts"]
_LIST_BYTES: Final = 4096  #: of both, at most, without the lines of the parts


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent, in words and in files."""

    crate: Path  #: as the user named it: a zip or a directory
    name: str  #: what the archive's files are called after
    layout: Layout
    files: tuple[tuple[str, int], ...]  #: key and size in bytes; upper bounds while `exact` is False
    notes: tuple[str, ...]  #: sentences: what is done, and why
    limits: Limits
    whole: str | None = None  #: key of the zip, in parts or not
    exact: bool = True  #: False: a zip will be made, of which only an upper bound of the size is known

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(size for _, size in self.files)


def plan(crate: Path, root: Path, limits: Limits) -> Plan:
    """What goes to an archive with `limits` of the crate that the user named `crate` and that lies unpacked in `root`.

    Nothing is written, nothing is hashed. Raises ProvcapError (``deposit-too-large``, ``bad-key``, ``unsafe-crate``)
    when the archive would not take it.
    """
    files = files_of(root)
    zipped = crate.is_file()
    name = _name(crate)
    if limits.layout == "as-it-is" and zipped:
        key = _key(crate.name, limits)
        sizes = ((key, crate.stat().st_size),)
        return _fitting(Plan(crate, name, "zip", sizes, ("the zip as it is",), limits, key), files)
    if limits.layout in ("as-it-is", "tree") or not zipped:
        why = _why_no_files(files, limits)
        if why is None:
            note = f"{len(files)} files, each under its path in the crate"
            return Plan(crate, name, "files", tuple(sorted(files.items())), (note,), limits)
    else:
        why = "the crate is a zip"
    return _fitting(_as_zip(crate, name, files, limits, why), files)


def _name(crate: Path) -> str:
    resolved = crate.resolve().name
    return resolved[:-4] if crate.is_file() and resolved.lower().endswith(".zip") else resolved or "crate"


def _key(name: str, limits: Limits) -> str:
    """`name`, or what is left of it when the archive does not allow it."""
    if limits.key_pattern is None or re.fullmatch(limits.key_pattern, name):
        return name
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-200:].lstrip("._-") or "crate.zip"


def _why_no_files(files: dict[str, int], limits: Limits) -> str | None:
    """Why the files of a crate cannot go one by one; None when they can."""
    if limits.files is not None and len(files) > limits.files:
        return f"the crate has {len(files)} files, and the archive takes {limits.files}"
    if limits.key_pattern is not None:
        bad = next((key for key in sorted(files) if not re.fullmatch(limits.key_pattern, key)), None)
        if bad is not None:
            return f"the archive does not allow the name {bad[:100]!a}"
    large = [key for key, size in sorted(files.items()) if limits.file_bytes is not None and size > limits.file_bytes]
    if large:
        return f"{large[0][:100]!a} is larger than a file may be in the archive"
    if limits.total_bytes is not None and sum(files.values()) > limits.total_bytes:
        return f"its files are more than {parts.amount(limits.total_bytes)}"
    if limits.unpacks_zips and any(key.lower().endswith(".zip") for key in files):
        return "the archive would unpack a zip inside it"
    return None


def _as_zip(crate: Path, name: str, files: dict[str, int], limits: Limits, why: str) -> Plan:
    exact = crate.is_file()
    size = crate.stat().st_size if exact else upper_bound(files)
    key = _key(f"{name}.zip", limits)
    notes = [f"one zip, {key}, as {why}"]
    split = limits.file_bytes is not None and size > limits.file_bytes
    if limits.unpacks_zips and not (split and exact):
        notes.append("it goes inside another zip, as the archive unpacks what it gets: inside, it stays one file")
    beside = [(place, files[place]) for place in (METADATA, PREVIEW) if place in files and limits.layout == "beside"]
    if beside:
        notes.append(f"beside it {' and '.join(place for place, _ in beside)}, to look into it without unpacking")
    if split and limits.file_bytes is not None:
        cut = parts.sizes(key, size, limits.file_bytes)
        if exact:
            notes.append(parts.how_many(key, len(cut), limits.file_bytes))
            lists = [(listed, _LIST_BYTES + 200 * len(cut)) for listed in parts.lists_of(key)]
            return Plan(crate, name, "parts", (*cut, *lists, *beside), tuple(notes), limits, key)
        notes.append(f"should it be larger than {parts.amount(limits.file_bytes)}, it goes in parts of that size")
    return Plan(crate, name, "zip", ((key, size), *beside), tuple(notes), limits, key, exact)


def _fitting(planned: Plan, files: dict[str, int]) -> Plan:
    """`planned`, when it keeps the archive's limits; what is only bounded is looked at again when it is there."""
    limits = planned.limits
    for key, _ in planned.files:
        if limits.key_pattern is not None and not re.fullmatch(limits.key_pattern, key):
            raise ProvcapError("bad-key", f"the archive does not allow the name {key[:100]!a}", "rename the crate")
    if limits.files is not None and len(planned.files) > limits.files:
        raise _too_large(f"it would be {len(planned.files)} files, and it takes {limits.files}", limits, files)
    if planned.exact and limits.total_bytes is not None and planned.total_bytes > limits.total_bytes:
        size, most = parts.amount(planned.total_bytes), parts.amount(limits.total_bytes)
        raise _too_large(f"it has {size}, and the archive takes {most}", limits, files)
    return planned


def _too_large(why: str, limits: Limits, files: dict[str, int]) -> ProvcapError:
    largest = sorted(files.items(), key=lambda item: -item[1])[:3]
    named = ", ".join(f"{key[:80]!a} ({parts.amount(size)})" for key, size in largest)
    hint = (
        f"its largest files are {named}; provcap crate --without-inputs refers to inputs by checksum instead of "
        "packing them; or ask the archive for more, and say under limits in deposit.yaml what it grants"
    )
    return ProvcapError("deposit-too-large", f"the crate does not fit: {why} ({limits.source})", hint)


def items(planned: Plan, root: Path, scratch: Path, changed: bool = False) -> tuple[Item, ...]:
    """The files themselves, as `planned`; what has to be made (a zip, parts) is made in `scratch`, the same bytes each
    time.

    With `changed`, `root` is not what lies in `planned.crate` any more (the DOI was written into it), so a zip is made
    of it again. Raises ProvcapError as `plan` does.
    """
    files = files_of(root)
    if planned.layout == "files":
        found = {key: root / key for key in files}
    else:
        key = planned.whole or ""
        whole = planned.crate if planned.crate.is_file() and not changed else scratch / key
        if whole.parent == scratch:
            scratch.mkdir(parents=True, exist_ok=True)
            write_zip(root, whole)
        limit = planned.limits.file_bytes
        if limit is not None and whole.stat().st_size > limit:
            found = {path.name: path for path in parts.split(whole, key, scratch, limit)}
        else:
            found = {key: whole}
        if planned.limits.layout == "beside":
            found |= {place: root / place for place in (METADATA, PREVIEW) if place in files}
    sizes = tuple((key, os.stat(path).st_size) for key, path in sorted(found.items()))
    _fitting(Plan(planned.crate, planned.name, planned.layout, sizes, (), planned.limits, planned.whole), files)
    made = progress.over(sizes, "hashing files")
    return tuple(Item(key, found[key], size, digest.of_file(found[key])) for key, size in made)
