"""An image and its lineage, whichever of the two formats it has."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from provcap import digest
from provcap.embed import ngff, ometiff
from provcap.embed.annotation import Left, Placed

TIFF: Final = (".tif", ".tiff")
ZARR: Final = (".zarr",)


@dataclass(frozen=True, slots=True)
class Found:
    """What an image tells of itself, and whether that still holds."""

    lineage: dict[str, Any]  #: as it stands in the image: anybody may have written it
    same_file: bool  #: without the annotation it is, byte for byte, what was recorded
    same_pixels: bool | None  #: its stored pixels are those of the time of embedding; None: they cannot be read


def is_image(path: str | os.PathLike[str]) -> bool:
    """Whether the name is that of a format in which a lineage can stand."""
    return PurePath(path).suffix.lower() in (*TIFF, *ZARR)


def _is_tree(path: Path) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise Left(f"it cannot be read: {error.strerror or error}") from None
    tree = PurePath(path).suffix.lower() in ZARR
    if not (stat.S_ISDIR(mode) if tree else stat.S_ISREG(mode)):
        raise Left("it is a directory" if stat.S_ISDIR(mode) else "it is no directory" if tree else "it is no file")
    return tree


def look(path: Path) -> Found | None:
    """What the image at `path` tells of itself; None when it has no annotation. Raises Left."""
    try:
        if _is_tree(path):
            group = ngff.opened(path)
            told = ngff.lineage(group)
            if told is None:
                return None
            listing, _ = digest.listing(path)
            same_file = _is(told, ngff.recorded(group, listing))
            return Found(told, same_file, _same(told, lambda: ngff.pixels(path, listing)))
        with ometiff.opened(path) as tiff:
            told = ometiff.lineage(tiff)
            if told is None:
                return None
            same_file = _is(told, ometiff.recorded(tiff, told))
            return Found(told, same_file, _same(told, tiff.pixels))
    except OSError as error:
        raise Left(f"it cannot be read: {error.strerror or error}") from None


def _is(told: dict[str, Any], recorded: str | None) -> bool:
    return recorded is not None and told.get("recorded") == recorded


def _same(told: dict[str, Any], pixels: Callable[[], str]) -> bool | None:
    if isinstance(told.get("pixels"), str):
        with contextlib.suppress(Left):
            return bool(told["pixels"] == pixels())
    return None


def recorded(path: Path) -> str | None:
    """Digest of the image at `path` without the annotation in it; None when it has none that can be taken out."""
    try:
        if _is_tree(path):
            group = ngff.opened(path)
            return ngff.recorded(group, digest.listing(path)[0])
        with ometiff.opened(path) as tiff:
            told = ometiff.lineage(tiff)
            return None if told is None else ometiff.recorded(tiff, told)
    except (Left, OSError):
        return None


def write(
    source: Path,
    target: Path,
    known: str,
    told: dict[str, Any],
    describe: ngff.Describe,
    before: Callable[[Placed, str], None] | None = None,
) -> Placed:
    """Put the image at `source`, which was recorded as `known`, with `told` in it at `target`; both may be the same.

    `describe` gives the RO-Crate for an OME-Zarr. `before` is called with what is about to stand at `target`, and the
    digest of its pixels; of an OME-Zarr also with what a kill may leave there. Raises Left.
    """
    try:
        if source == target and source.is_symlink():
            raise Left("it is a symbolic link")
        if _is_tree(source):
            return ngff.write(source, target, known, told, describe, before)
        return ometiff.write(source, target, known, told, before)
    except OSError as error:
        raise Left(f"it cannot be written: {error.strerror or error}") from None
