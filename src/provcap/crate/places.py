"""Where in the crate a file of the run goes, and what it is called there."""

from __future__ import annotations

import hashlib
import itertools
import mimetypes
import posixpath
import re
from pathlib import PurePosixPath
from typing import Final

from provcap.crate.draft import escape

_FORMATS: Final = {
    ".cfg": "text/plain", ".csv": "text/csv", ".czi": "image/vnd.zeiss.czi", ".dat": "application/octet-stream",
    ".fasta": "text/x-fasta", ".fastq": "text/x-fastq", ".gz": "application/gzip", ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5", ".ini": "text/plain", ".ipynb": "application/x-ipynb+json", ".jl": "text/x-julia",
    ".json": "application/json", ".jsonl": "application/jsonl", ".jsonld": "application/ld+json",
    ".log": "text/plain", ".lock": "text/plain", ".md": "text/markdown", ".npy": "application/x-npy",
    ".npz": "application/x-npz", ".onnx": "application/x-onnx", ".parquet": "application/vnd.apache.parquet",
    ".pl": "text/x-perl", ".provn": "text/provenance-notation", ".py": "text/x-python", ".r": "text/x-r",
    ".rmd": "text/x-rmarkdown", ".rs": "text/x-rust", ".sh": "text/x-shellscript", ".smk": "text/x-snakemake",
    ".sqlite": "application/vnd.sqlite3", ".tif": "image/tiff", ".tiff": "image/tiff", ".toml": "application/toml",
    ".trig": "application/trig", ".tsv": "text/tab-separated-values", ".ttl": "text/turtle", ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xz": "application/x-xz", ".yaml": "application/yaml", ".yml": "application/yaml", ".zst": "application/zstd",
}  # fmt: skip
_VALID: Final = re.compile(r"\w*/\w[\w.-]*(?:\+\w[\w.-]*)?(?:;\w+=[^;]+)*")
_BUILT_IN: Final = mimetypes.MimeTypes(filenames=())  # not /etc/mime.types: every machine must write the same crate


def media_type(path: str, known: str | None = None) -> str:
    """The encodingFormat of `path`: what is `known` when that is a media type, else guessed from the name."""
    if known and _VALID.fullmatch(known):
        return known
    name = PurePosixPath(path)
    if name.name.lower() == "snakefile":
        return "text/x-snakemake"
    found = _FORMATS.get(name.suffix.lower()) or _BUILT_IN.guess_type(f"x{name.suffix}", strict=True)[0]
    return found if found and _VALID.fullmatch(found) else "application/octet-stream"


def file_id(place: str) -> str:
    """The @id of the file at `place`, as ro-crate-py makes it and roc-validator resolves it."""
    return escape(place)


def inside(path: str) -> str:
    """`path` as a path that cannot leave the crate: outside the work directory means below ``external/``.

    Backslashes become underscores, as some systems take them for slashes, and bytes that are not UTF-8 become question
    marks, as neither JSON nor zip can hold them.
    """
    clean = posixpath.normpath(path.encode("utf-8", "replace").decode().replace("\\", "_"))
    parts = [part for part in clean.split("/") if part]
    if clean.startswith("/") or ".." in parts:
        return "/".join(["external", *("__" if part == ".." else part for part in parts)])
    return clean


class Places:
    """The paths of a crate that are taken. First come, first served, so ask in a fixed order."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, path: str) -> str:
        """A free place for what the run calls `path`: that path itself when it can be."""
        place = wanted = inside(path)
        base = posixpath.basename(wanted)
        name = base if base.strip(".") else "file"  # "." and "/" are no names for a file
        for turn in itertools.count():
            if posixpath.basename(place) == name and self._free(place):
                break
            mark = hashlib.sha256(f"{turn}{path}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
            # a file may itself be called "external"
            place = f"external/{mark}/{name}" if turn == 0 else f"external-{mark}/{name}"
        self._files.add(place)
        self._folders.update(str(parent) for parent in PurePosixPath(place).parents)
        return place

    def _free(self, place: str) -> bool:
        parents = (str(parent) for parent in PurePosixPath(place).parents)
        return place not in self._files and place not in self._folders and not any(p in self._files for p in parents)
