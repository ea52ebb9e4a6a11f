"""A file of another format → fields of an Acquisition, by bioio and its reader for that format, when they are there.

bioio is no dependency: it is large, and each format needs a reader of its own (``pip install bioio bioio-czi``).
"""

from __future__ import annotations

import importlib.metadata
import warnings
from pathlib import PurePath
from typing import Any

from provcap.bioimage import ome
from provcap.bioimage.found import Found, Unreadable
from provcap.bioimage.intensities import intensities


class _Image:
    """A `BioImage` as `intensities` wants it."""

    def __init__(self, image: Any, shape: tuple[int, ...]) -> None:
        self._image = image
        self.shape, self.dtype = shape, image.dtype

    def asarray(self) -> Any:
        return self._image.data.reshape(self.shape)


def read(path: str, most: int) -> Found:
    """What the file at `path` says; its intensities when its pixels take at most `most` bytes. Raises Unreadable."""
    image = opened(path)
    found = Found()
    package = _package(image)
    found.put("reader", libraries(image), "reader")
    found.put("format", PurePath(path).suffix.lstrip(".").upper(), "file")
    sizes = list(zip(image.dims.order, image.dims.shape, strict=True))
    kept = [(axis, int(size)) for axis, size in sizes if size > 1 or axis in "YX"]
    found.put("axes", "".join(axis for axis, _ in kept), "bioio")
    found.put("shape", [size for _, size in kept], "bioio")
    found.put("data_type", str(image.dtype), "bioio")
    found.put("images", len(image.scenes), "bioio")
    _metadata(image, package, found)
    intensities(_Image(image, tuple(size for _, size in kept)), found, most)
    return found


def opened(path: str) -> Any:
    """The `BioImage`. Raises Unreadable."""
    try:
        import bioio
    except ImportError:
        raise Unreadable("bioio is not installed, with its reader for this format") from None
    from bioio_base.exceptions import UnsupportedFileFormatError

    try:
        return bioio.BioImage(path)
    except UnsupportedFileFormatError:
        suffix = PurePath(path).suffix.lower()
        raise Unreadable(f"no reader of bioio for {suffix} is installed") from None


def libraries(image: Any) -> str:
    """bioio and its reader for the format of the `image`, with versions."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("bioio", _package(image)))


def _package(image: Any) -> str:
    return type(image.reader).__module__.split(".")[0].replace("_", "-")


def _metadata(image: Any, package: str, found: Found) -> None:
    """What the reader makes of the format's own metadata: it is in OME's terms, and no OME-XML of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ome.describe(image.ome_metadata, found)
    except Exception as error:  # readers raise whatever they like
        found.note(f"{package} cannot tell its metadata in OME's terms: {type(error).__name__}")
        sizes = image.physical_pixel_sizes
        for axis in "XY":
            found.length(f"pixel_size_{axis.lower()}_um", getattr(sizes, axis), "µm", "physical_pixel_sizes")
    found.origin = {
        name: place if place in ("bioio", "reader", "file", "pixels") else f"{place}, as {package} tells it"
        for name, place in found.origin.items()
    }
    if found.values.get("writer", "").startswith(("nd2 ", "bioio")):  # the reader itself, not who wrote the file
        del found.values["writer"], found.origin["writer"]
