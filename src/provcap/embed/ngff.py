"""The annotation in an OME-Zarr: an attribute of its root group, and an RO-Crate beside it.

NGFF 0.4 keeps attributes in ``.zattrs`` (and once more in ``.zmetadata``), 0.5 in ``zarr.json``. The texts of these
files stay byte for byte but for our member. ``ro-crate-metadata.json`` in the root is what the NGFF challenge of 2024
agreed on (https://github.com/ome/ome2024-ngff-challenge).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provcap import digest, store
from provcap.embed import annotation, members
from provcap.embed.annotation import KEY, Left, Placed

CRATE: Final = "ro-crate-metadata.json"
OURS: Final = "ro_crate"  #: in the annotation: digest of the RO-Crate as it was written
#: what is no pixel, beside the zarr.json of groups; the OME-XML of bioformats2raw is among it
METADATA: Final = frozenset((b".zattrs", b".zgroup", b".zmetadata", CRATE.encode(), b"METADATA.ome.xml"))
#: each file that holds attributes of the root group, and where in it
_PLACES: Final = {".zmetadata": ("metadata", ".zattrs"), ".zattrs": (), "zarr.json": ("attributes",)}
_IMAGES: Final = ("multiscales", "bioformats2raw.layout", "plate", "well")
_LARGEST: Final = 64 << 20  #: bytes of one of these files
Listing = Mapping[bytes, tuple[str, str]]
Describe = Callable[[dict[str, Any]], bytes]  #: gives the RO-Crate for what is told


@dataclass(frozen=True, slots=True)
class Group:
    """The root group of an OME-Zarr: those of its files that are changed, as they are."""

    root: Path
    texts: dict[str, str]
    crate: bytes | None  #: its RO-Crate

    @property
    def has_foreign_crate(self) -> bool:
        """Whether its RO-Crate is not, byte for byte, the one that was put there with the annotation."""
        told = self.attributes().get(KEY)
        ours = told.get(OURS) if isinstance(told, dict) else None
        return self.crate is not None and digest.of_bytes(self.crate) != ours

    def attributes(self) -> dict[str, Any]:
        """The attributes of the root group."""
        for name in ("zarr.json", ".zattrs"):
            if name in self.texts:
                plain = json.loads(self.texts[name])
                for step in _PLACES[name]:
                    plain = plain.get(step)
                return plain if isinstance(plain, dict) else {}
        return {}


def opened(root: Path) -> Group:
    """The group at `root`. Raises Left when it is no OME-Zarr image, or one that cannot be read."""
    found = {name: data for name in (*_PLACES, CRATE) if (data := _content(root / name)) is not None}
    crate = found.pop(CRATE, None)
    try:
        group = Group(root, {name: data.decode() for name, data in found.items()}, crate)
        attributes = group.attributes()
    except (ValueError, AttributeError, RecursionError):
        raise Left("its attributes are no JSON that can be read") from None
    inner = attributes.get("ome")
    if not any(name in part for part in (attributes, inner if isinstance(inner, dict) else {}) for name in _IMAGES):
        raise Left("it is no OME-Zarr image: it names no multiscales")
    return group


def _content(path: Path) -> bytes | None:
    try:
        info = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(info.st_mode) or info.st_size > _LARGEST:
        raise Left(f"its {path.name} is no file, or too large")
    return path.read_bytes()


def lineage(group: Group) -> dict[str, Any] | None:
    """The annotation of `group`. Raises Left when it has one that cannot be read."""
    found = group.attributes().get(KEY)
    if found is None:
        return None
    if len(json.dumps(found)) > annotation.LARGEST:
        raise Left(f"the annotation in it has more than {annotation.LARGEST} bytes")
    return annotation.checked(found)


def recorded(group: Group, listing: Listing) -> str:
    """Digest of the tree without what is ours in it."""
    entries = dict(listing)
    for name, text in _originals(group).items():
        entries[name.encode()] = _entry(text.encode())
    if group.crate is not None and not group.has_foreign_crate:
        entries.pop(CRATE.encode(), None)
    return digest.of_listing(entries)


def _originals(group: Group) -> dict[str, str]:
    return {name: members.take(text, _PLACES[name], KEY) for name, text in group.texts.items()}


def _entry(data: bytes) -> tuple[str, str]:
    return "f", digest.of_bytes(data).removeprefix("sha256:")


def pixels(root: Path, listing: Listing) -> str:
    """Digest of the chunks and of what says how to read them, as that of a tree of these files alone. Raises Left."""
    return digest.of_listing({name: entry for name, entry in listing.items() if not _is_aside(root, name)})


def _is_aside(root: Path, name: bytes) -> bool:
    """Whether the file says nothing of the pixels; of an array, type, shape and codecs are as much as its chunks."""
    last = name.rpartition(b"/")[2]
    if last != b"zarr.json" or name == last:
        return last in METADATA or name == last == b"zarr.json"
    try:
        plain = json.loads(_content(root / os.fsdecode(name)) or b"")
    except (ValueError, RecursionError):
        return False
    return isinstance(plain, dict) and plain.get("node_type") == "group"


def write(
    source: Path, target: Path, known: str, told: dict[str, Any], describe: Describe,
    before: Callable[[Placed, str], None] | None,
) -> Placed:  # fmt: skip
    """Put the image at `source`, recorded as `known`, with `told` in it at `target`; see `ometiff.write`.

    Several files change, so `before` is called with each state that a kill could leave, the last being the whole.
    """
    group = opened(source)
    listing, size = digest.listing(source)
    _check(group, listing, known)
    told = {**told, "recorded": known, "pixels": pixels(source, listing)}
    steps = _steps(group, told, describe)
    sizes = {**{name: len(text.encode()) for name, text in group.texts.items()}, CRATE: len(group.crate or b"")}
    placed, entries = Placed(digest.of_listing(listing), size), dict(listing)
    for name, data in steps:
        entries.pop(name.encode(), None)
        if data is not None:
            entries[name.encode()] = _entry(data)
        size += len(data or b"") - sizes.get(name, 0)
        sizes[name] = len(data or b"")
        placed = Placed(digest.of_listing(entries), size)
        if before is not None:
            before(placed, told["pixels"])
    if before is not None and not steps:
        before(placed, told["pixels"])
    _copy(source, target, steps) if source != target else _replace(source, steps)
    return placed


def _check(group: Group, listing: Listing, known: str) -> None:
    """Raises Left when the tree is not the recorded one, with our annotation or without any."""
    if digest.of_listing(listing) == known:
        if _originals(group) != group.texts:
            raise Left("it carries the lineage of another run, which its job put there")
    elif recorded(group, listing) != known:
        without = {name: entry for name, entry in listing.items() if name != CRATE.encode()}
        if group.has_foreign_crate and recorded(group, without) == known:
            raise Left(f"its {CRATE} was changed or put there since: keep it elsewhere, and embed again")
        raise Left("it is no longer what the run recorded")
    if any(kind == "l" for kind, _ in listing.values()):  # in a copy they lead elsewhere, or nowhere
        raise Left("it has symbolic links")


def _steps(group: Group, told: dict[str, Any], describe: Describe) -> list[tuple[str, bytes | None]]:
    """What is written in turn; None takes the file away. Raises Left.

    Our RO-Crate is there only while the annotation has its digest: so after each, what is ours is told from the rest.
    """
    crate = None if group.has_foreign_crate else describe(told)
    value = annotation.text(told if crate is None else {**told, OURS: digest.of_bytes(crate)}).decode()
    try:
        texts = {
            name: members.put(text, _PLACES[name], KEY, value).encode()
            for name, text in group.texts.items()
            if name != ".zmetadata" or ".zattrs" in json.loads(text).get("metadata", {})
        }
    except (ValueError, AttributeError, RecursionError):
        raise Left("its attributes are no JSON that can be written to") from None
    steps: list[tuple[str, bytes | None]] = []
    if crate != group.crate and crate is not None and group.crate is not None:
        steps.append((CRATE, None))
    steps += [(name, data) for name, data in texts.items() if data != group.texts[name].encode()]
    return [*steps, (CRATE, crate)] if crate is not None and crate != group.crate else steps


def _copy(source: Path, target: Path, steps: Sequence[tuple[str, bytes | None]]) -> None:
    scratch = target.with_name(f".{target.name}.{store.unique()}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copytree(source, scratch, symlinks=True)
        _replace(scratch, steps)
        os.rename(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    store.sync(target.parent)


def _replace(root: Path, steps: Sequence[tuple[str, bytes | None]]) -> None:
    """Write or take away files below `root`, each at once, and leave all times as they were."""
    stamp = os.stat(root)
    for name, data in steps:
        if data is None:
            (root / name).unlink()
        else:
            _put(root, name, data, stamp)
    store.sync(root)
    os.utime(root, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def _put(root: Path, name: str, data: bytes, stamp: os.stat_result) -> None:
    path, before = root / name, None
    with contextlib.suppress(OSError):
        before = os.stat(path)
    scratch = root.parent / f".{root.name}.{name}.{store.unique()}.tmp"  # the tree never has a file of its own
    try:
        scratch.write_bytes(data)
        if before is not None:
            os.chmod(scratch, before.st_mode & 0o7777)
        told = before or stamp
        os.utime(scratch, ns=(told.st_atime_ns, told.st_mtime_ns))
        with open(scratch, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
