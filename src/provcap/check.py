"""Is a crate whole, and what it claims to be?

Three questions: does it keep to its profiles, does it contain what it lists and nothing else, and can the record of
the run in it be read. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import unquote

from provcap import codec, digest, progress, unpack
from provcap.crate import conformance
from provcap.crate import profile_0_5 as profile
from provcap.errors import DamagedRecord

Level = Literal["error", "warning", "note"]
RUN_FILE: Final = "provenance/run.json"
METADATA: Final = "ro-crate-metadata.json"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a crate, or worth knowing."""

    level: Level  #: error: it is not what it claims to be; warning: a recommendation is not followed
    slug: str  #: the kind, a paragraph in docs/messages.md
    subject: str  #: the @id or path that it is about
    message: str  #: one sentence for a person


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found, errors first."""

    findings: tuple[Finding, ...] = ()
    profile: str | None = None  #: what it was checked against, in roc-validator's words; None when it was not

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not any(finding.level == "error" for finding in self.findings)


def check(crate: Path) -> Findings:
    """Examine the crate at `crate`, a directory or a zip.

    Raises ProvcapError when it is no crate, or a damaged or dangerous one.
    """
    with unpack.opened(Path(crate)) as root:
        entities = unpack.read_metadata(root, Path(crate))
        name, found = _conformance(root, entities)
        found += _listed(root, entities)
        found += _unlisted(root, entities)
        found += _record(root)
    ordered = sorted(dict.fromkeys(found), key=lambda f: (_ORDER[f.level], f.slug, f.subject, f.message))
    return Findings(tuple(ordered), name)


def _conformance(root: Path, entities: dict[str, dict[str, Any]]) -> tuple[str | None, list[Finding]]:
    if not conformance.is_installed():
        message = "roc-validator is not installed, so nobody asked whether the crate keeps to its profiles"
        return None, [Finding("warning", "conformance-unchecked", "./", message)]
    name = conformance.profile_of(_references(entities["./"].get("conformsTo")))
    levels: dict[bool, Level] = {True: "error", False: "warning"}
    try:
        with progress.step("asking roc-validator"):
            issues = conformance.validate(root, name)
    except Exception as error:  # it is foreign code on foreign data, and its exceptions are not documented
        return name, [Finding("error", "conformance-unchecked", "./", f"roc-validator gave up: {error}")]
    return name, [
        Finding(levels[issue.required], "not-conformant", issue.subject or "./", f"{issue.message} ({issue.check})")
        for issue in issues
    ]


def _references(value: Any) -> list[str]:
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


def _listed(root: Path, entities: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """What the metadata says is in the crate: is it, and is it the same?"""
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
            yield from _file(path, entity)


def _file(path: Path, entity: dict[str, Any]) -> Iterator[Finding]:
    size, known, stated = path.stat().st_size, entity.get("contentSize"), entity.get("sha256")
    if known is not None and str(known) != str(size):
        yield Finding("error", "size-differs", entity["@id"], f"it has {size} bytes, the crate says {known}")
    if stated is None:
        yield Finding("note", "no-digest", entity["@id"], "the crate does not say which SHA-256 this file has")
    elif digest.of_file(path) != f"sha256:{stated}":
        message = f"it has {digest.of_file(path)}, the crate says sha256:{stated}"
        yield Finding("error", "digest-differs", entity["@id"], message)


def _directory(path: Path, entity: dict[str, Any], entities: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    if not path.is_dir():
        yield Finding("error", "file-missing", entity["@id"], "the crate lists this directory and does not contain it")
        return
    for identifier in _references(entity.get("identifier")):
        value = entities.get(identifier, {})
        if value.get("propertyID") == profile.OWN + "treeDigest" and digest.of_tree(path)[0] != value.get("value"):
            message = f"its tree has {digest.of_tree(path)[0]}, the crate says {value.get('value')}"
            yield Finding("error", "digest-differs", entity["@id"], message)


def _unlisted(root: Path, entities: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Files that no entity names, neither themselves nor a directory that they are in."""
    data = {i: _place(i) for i, entity in entities.items() if _is_data(entity)}
    named = {place for place in data.values() if place is not None} | {METADATA, "ro-crate-preview.html"}
    folders = {data[i] for i in data if "Dataset" in _types(entities[i])} - {None}
    for folder, inner, names in os.walk(root):
        below = Path(folder).relative_to(root)
        inner[:] = sorted(d for d in inner if (below / d).as_posix() not in folders)
        for name in sorted(names):
            place = (below / name).as_posix()
            if place not in named:
                yield Finding("note", "file-unlisted", place, "the crate contains this file and says nothing of it")


def _record(root: Path) -> Iterator[Finding]:
    """Can provcap read its own record of the run?"""
    path = root / RUN_FILE
    if not path.is_file():
        yield Finding("note", "no-record", RUN_FILE, "the crate has no record by provcap to compare or rerun it from")
        return
    try:
        codec.load_run(path.read_bytes(), RUN_FILE)
    except DamagedRecord as error:
        yield Finding("error", error.slug, RUN_FILE, error.message)
