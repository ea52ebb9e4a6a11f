"""Does a crate contain what its metadata lists, and nothing else?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from provcap import digest, progress
from provcap.check.finding import Finding
from provcap.crate import profile_0_5 as profile
from provcap.seal.manifest import BLOCKS, MANIFEST, SIGNATURE

Entities = dict[str, dict[str, Any]]
METADATA: Final = "ro-crate-metadata.json"
UNNAMED: Final = frozenset({METADATA, "ro-crate-preview.html", MANIFEST, SIGNATURE, BLOCKS})  #: need no entity
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def references(value: Any) -> list[str]:
    """The @ids in the value of a property, which may be one reference or several."""
    values = value if isinstance(value, list) else [value]
    return [v["@id"] for v in values if isinstance(v, dict) and isinstance(v.get("@id"), str)]


def _place(identifier: str) -> str | None:
    """The path in the crate that `identifier` stands for; None when it is a fragment or on the web."""
    if "#" in identifier or _SCHEME.match(identifier):
        return None
    return os.fsdecode(unquote(identifier, errors="surrogateescape")).removeprefix("./").rstrip("/")


def _types(entity: dict[str, Any]) -> list[Any]:
    found = entity.get("@type", [])
    return found if isinstance(found, list) else [found]


def _is_data(entity: dict[str, Any]) -> bool:
    return bool({"File", "Dataset"} & {t for t in _types(entity) if isinstance(t, str)}) and entity["@id"] != "./"


def listed(root: Path, entities: Entities, known: Mapping[str, str]) -> Iterator[Finding]:
    """What the metadata says is in the crate: is it, and is it the same? `known` are digests of files, by place."""
    for identifier, entity in progress.over(entities.items(), "comparing checksums"):
        place = _place(identifier)
        if place is None or not _is_data(entity):
            continue
        path = root / place
        if "\0" in place:
            yield Finding("error", "file-missing", identifier, "no file can have this name")
        elif not path.resolve().is_relative_to(root.resolve()):
            yield Finding("error", "leads-outside", identifier, "it names something outside the crate")
        elif "Dataset" in _types(entity):
            yield from _directory(path, entity, entities)
        elif not path.is_file():
            yield Finding("error", "file-missing", identifier, "the crate lists this file and does not contain it")
        else:
            yield from _file(path, entity, known.get(place))


def _file(path: Path, entity: dict[str, Any], found: str | None) -> Iterator[Finding]:
    size, known, stated = path.stat().st_size, entity.get("contentSize"), entity.get("sha256")
    if known is not None and str(known) != str(size):
        yield Finding("error", "size-differs", entity["@id"], f"it has {size} bytes, the crate says {known}")
    if stated is None:
        yield Finding("note", "no-digest", entity["@id"], "the crate does not say which SHA-256 this file has")
    elif (found := found or digest.of_file(path)) != f"sha256:{stated}":
        message = f"it has {found}, the crate says sha256:{stated}"
        yield Finding("error", "digest-differs", entity["@id"], message)


def _directory(path: Path, entity: dict[str, Any], entities: Entities) -> Iterator[Finding]:
    if not path.is_dir():
        yield Finding("error", "file-missing", entity["@id"], "the crate lists this directory and does not contain it")
        return
    for identifier in references(entity.get("identifier")):
        value = entities.get(identifier, {})
        if value.get("propertyID") == profile.OWN + "treeDigest" and digest.of_tree(path)[0] != value.get("value"):
            message = f"its tree has {digest.of_tree(path)[0]}, the crate says {value.get('value')}"
            yield Finding("error", "digest-differs", entity["@id"], message)


def named_in(entities: Entities) -> set[str]:
    """The places of the files and directories that the crate says it contains."""
    found = (_place(identifier) for identifier, entity in entities.items() if _is_data(entity))
    return {place for place in found if place is not None}


def unlisted(root: Path, entities: Entities) -> Iterator[Finding]:
    """Files that no entity names, neither themselves nor a directory that they are in."""
    data = {i: _place(i) for i, entity in entities.items() if _is_data(entity)}
    named = named_in(entities) | UNNAMED
    folders = {data[i] for i in data if "Dataset" in _types(entities[i])} - {None}
    for folder, inner, names in os.walk(root):
        below = Path(folder).relative_to(root)
        inner[:] = sorted(d for d in inner if (below / d).as_posix() not in folders)
        for name in sorted(names):
            place = (below / name).as_posix()
            if place not in named:
                yield Finding("note", "file-unlisted", place, "the crate contains this file and says nothing of it")


def places(root: Path) -> Iterator[str]:
    """The places of all files of the crate in `root`."""
    for folder, inner, names in os.walk(root):
        inner.sort()
        for name in sorted(names):
            yield Path(folder, name).relative_to(root).as_posix()
