"""Files as a job met them: size, type, digest. Never opens what is not a regular file or directory."""

from __future__ import annotations

import contextlib
import mimetypes
import os
import re
import stat as stat_module
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provcap import codec, digest, store

LARGE = 64 << 20  #: bytes from which on it pays to look whether another process has hashed the file

_MORE_TYPES = {  # what the mimetypes module does not know on every system; IANA names where registered
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".log": "text/plain",
    ".vcf": "text/plain",  # mimetypes takes it for a visiting card; the genomics one has no registered type
    ".bed": "text/plain",
    ".sam": "text/plain",
    ".gff": "text/plain",
    ".gtf": "text/plain",
    ".fa": "text/plain",
    ".fasta": "text/plain",
    ".fastq": "text/plain",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
    ".parquet": "application/vnd.apache.parquet",
    ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".gz": "application/gzip",
    ".smk": "text/x-snakemake",
    ".py": "text/x-python",
    ".r": "text/x-r",
    ".sh": "text/x-shellscript",
    ".onnx": "application/onnx",
    ".ipynb": "application/x-ipynb+json",
    ".zarr": "application/vnd.zarr",
}


def media_type(path: str) -> str | None:
    """The media type that the name of `path` suggests, or None."""
    suffix = os.path.splitext(path)[1].lower()
    return _MORE_TYPES.get(suffix) or mimetypes.types_map.get(suffix)


def describe(use: dict[str, Any], place: str, hashing: bool = True, shared: Path | None = None) -> dict[str, Any]:
    """The artifact of `use` (path, name, flags as the rule says) as it lies at `place` now.

    `shared` is a folder in which processes share the digests of large files. Raises OSError when a file that is there
    cannot be read.
    """
    found = {key: value for key, value in use.items() if value}
    flags = use.get("flags", ())
    if "pipe" in flags or "service" in flags:
        return {**found, "kind": "pipe" if "pipe" in flags else "service"}
    try:
        info = os.stat(place)
    except (FileNotFoundError, NotADirectoryError):
        return {**found, "kind": "missing"}
    if stat_module.S_ISDIR(info.st_mode):
        found["kind"] = "directory"
        if hashing:
            found["digest"], found["size_bytes"] = digest.of_tree(place)
    elif stat_module.S_ISREG(info.st_mode):
        found["size_bytes"] = info.st_size
        if hashing:
            found["digest"] = digest_of(place, shared)
    else:
        return {**found, "kind": "pipe"}
    kind = media_type(use["path"])
    return {**found, "media_type": kind} if kind else found


def keys(workdir: Path, uses: Iterable[dict[str, Any]]) -> dict[str, digest.Key]:
    """What tells the content of each regular file among `uses` apart, by path; one look at each, no reading."""
    found = {}
    for use in uses:
        with contextlib.suppress(OSError):
            found[use["path"]] = digest.key_of(workdir / use["path"])
    return found


def has_changed(key: digest.Key) -> bool:
    """Whether the file of `key` is there and another one, or has another content or time, than when `key` was made."""
    try:
        return digest.key_of(key[0]) != key
    except OSError:
        return False


def as_before(use: dict[str, Any], key: digest.Key) -> dict[str, Any]:
    """The artifact of `use` as it was when `key` was made; its digest only if somebody had hashed it before."""
    found = {name: value for name, value in use.items() if value}
    found.update(kind="file", size_bytes=key[1], media_type=media_type(use["path"]), digest=digest.recall(key))
    return {name: value for name, value in found.items() if value is not None}


def changed_gap(artifact: dict[str, Any]) -> dict[str, Any]:
    """The Gap of an input that was changed while its job ran; `artifact` is what it was before."""
    known = "the checksum is that of before" if "digest" in artifact else "nobody knows its checksum of before"
    message = f"it was changed while the job that reads it ran: {known}"
    return {"slug": "input-changed", "subject": f"file:{artifact['path']}", "message": message}


def digest_of(place: str, shared: Path | None = None) -> str:
    """The digest of the file at `place`. A large one is hashed once for all processes of a run. Raises OSError."""
    key = digest.key_of(place)
    if shared is None or key[1] < LARGE:
        return digest.of_file(place)
    note = shared / codec.short_id(list(key))
    with contextlib.suppress(OSError):
        known = note.read_text("ascii", "replace")
        if re.fullmatch(r"sha256:[0-9a-f]{64}", known):
            digest.remember(key, known)
            return known
    found = digest.of_file(place)
    if digest.recall(key) == found:  # it did not change while it was read
        with contextlib.suppress(OSError):
            store.write_atomic(note, found.encode())
    return found


def tail(path: str, limit: int = 4096, lines: int = 30) -> str:
    """The last `lines` lines of a text file, at most `limit` bytes of it. Raises OSError."""
    info = os.stat(path)
    if not stat_module.S_ISREG(info.st_mode):
        return ""
    with open(path, "rb") as stream:
        stream.seek(max(0, info.st_size - limit))
        text = stream.read(limit).decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-lines:])
