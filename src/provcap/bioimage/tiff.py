"""A TIFF file → fields of an Acquisition: OME-TIFF, ImageJ's, and what the tags of any other say. No pixel is read.

TIFF 6.0; ImageJ's description as `ij.io.FileInfo` has it. The resolution tags of a plain TIFF are no pixel size:
most programs put that of a screen or a printer there.
"""

from __future__ import annotations

import io
import logging
import os
from typing import IO, Any, Final

from provcap.bioimage import ome
from provcap.bioimage.found import Found, Unreadable, joined, positive, text
from provcap.bioimage.intensities import intensities

MOST_READ: Final = 128 << 20  #: bytes of headers
_LETTERS: Final = {"I": "Q"}  #: tifffile's general sequence: the file does not say what it is


class Headers(io.RawIOBase):
    """A file of which no more than `MOST_READ` bytes can be read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.left = MOST_READ

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if len(view) > self.left:
            raise Unreadable(f"its headers are larger than {MOST_READ >> 20} MiB")
        data = self._stream.read(len(view))
        self.left -= len(data)
        view[: len(data)] = data
        return len(data)


def read(path: str, most: int) -> Found:
    """What the TIFF at `path` says; its intensities when its pixels take at most `most` bytes. Raises Unreadable."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    found = Found()
    found.put("reader", f"tifffile {tifffile.__version__}", "reader")
    with open(path, "rb") as stream:
        # a file may name others beside it: only what was hashed is read
        with tifffile.TiffFile(Headers(stream), _multifile=False) as tif:  # type: ignore[arg-type]
            _describe(tif, os.path.basename(path), found)
        if found.values.get("shape"):
            stream.seek(0)
            with tifffile.TiffFile(stream, _multifile=False) as tif:
                _intensities(tif, found, most)
    return found


def _intensities(tif: Any, found: Found, most: int) -> None:
    image = first(tif)
    if missing := absent(image):
        found.note(f"intensities were not measured: {missing}")
        return
    inverted = tif.pages[0].photometric == 0  # TIFF 6.0: WhiteIsZero
    intensities(image, found, most, colours(tif.pages[0]), has_ends=not inverted)


def absent(image: Any) -> str | None:
    """What is said when planes that the description counts are not in the file; readers make them of zeros."""
    pages = [image] if hasattr(image, "photometric") else list(image.pages)
    missing = sum(page is None for page in pages)
    return f"{missing} of the {len(pages)} planes that its description counts are not in the file" if missing else None


def colours(page: Any) -> int:
    """How many of the samples of each pixel are no transparency (TIFF 6.0: ExtraSamples 1 and 2)."""
    return int(page.samplesperpixel) - sum(int(kind) in (1, 2) for kind in page.extrasamples)


def _describe(tif: Any, name: str, found: Found) -> None:
    kind = "OME-TIFF" if tif.is_ome else "ImageJ TIFF" if tif.is_imagej else "TIFF"
    found.put("format", kind, "file")
    if tif.ome_metadata:
        ome.read(tif.ome_metadata, found, _pages(tif, name))
        _name_ome_types(found)
    elif tif.is_imagej:
        _imagej(tif, found)
    page = tif.pages[0]
    tags = {name: text(page.tags[name].value) for name in ("Make", "Model", "Software") if name in page.tags}
    found.put("microscope", joined(tags.get("Make"), tags.get("Model")), "TIFF tags Make and Model")
    found.put("writer", tags.get("Software"), "TIFF tag Software")
    _structure(tif, found)
    if kind == "TIFF":
        _resolution(page, found)


def _pages(tif: Any, name: str) -> ome.Pages:
    series = first(tif)
    sizes = dict(zip(series.axes, series.shape, strict=True))
    return ome.Pages(name, int(sizes.get("X", 0)), int(sizes.get("Y", 0)), str(series.dtype))


def _name_ome_types(found: Found) -> None:
    import importlib.metadata

    try:
        found.values["reader"] += f", ome-types {importlib.metadata.version('ome-types')}"
    except importlib.metadata.PackageNotFoundError:
        return


def _structure(tif: Any, found: Found) -> None:
    """Axes, shape and data type; of a file with several images, those of the first."""
    series = first(tif)
    if series is tif.pages[0]:
        found.note("its description and its pages do not agree: what is told is the structure of its first page")
    found.put("axes", letters(series), "TIFF pages")
    found.put("shape", [int(size) for size in series.shape], "TIFF pages")
    found.put("data_type", str(series.dtype), "TIFF pages")
    found.put("images", 1 if series is tif.pages[0] else len(tif.series), "TIFF pages")


def letters(series: Any) -> str:
    """Its axes, as an Acquisition names them."""
    return "".join(_LETTERS.get(axis, axis) for axis in series.axes)


def first(tif: Any) -> Any:
    """The first image, or the first page where the description of the file cannot be followed."""
    try:
        return tif.series[0]
    except Exception:  # as many kinds as there are ways to describe it wrongly
        return tif.pages[0]


def _imagej(tif: Any, found: Found) -> None:
    told = tif.imagej_metadata or {}
    units = {"x": str(told.get("unit", ""))}
    units |= {axis: str(told.get(f"{axis}unit") or units["x"]) for axis in "yz"}  # written where it is another
    units = {axis: unit for axis, unit in units.items() if unit and unit != "pixel"}
    for axis in "xy":
        tag = tif.pages[0].tags.get(f"{axis.upper()}Resolution")
        size = _one_over(tag.value) if tag is not None else None
        if size is not None and axis in units:
            found.length(f"pixel_size_{axis}_um", size, units[axis], f"TIFF tag {axis.upper()}Resolution, ImageJ unit")
    if "z" in units and int(told.get("slices") or 1) > 1:  # one plane is at no distance from another
        found.length("pixel_size_z_um", told.get("spacing"), units["z"], "ImageJ spacing")
    if int(told.get("frames") or 1) > 1:
        found.time("time_increment_s", told.get("finterval"), str(told.get("tunit") or "s"), "ImageJ finterval")
    version = text(told.get("ImageJ"))
    found.put("writer", f"ImageJ {version}" if version else None, "ImageJ")


def _one_over(value: Any) -> float | None:
    """The inverse of a TIFF rational."""
    try:
        over, under = value
        return positive(under / over)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _resolution(page: Any, found: Found) -> None:
    tag, unit = page.tags.get("XResolution"), page.tags.get("ResolutionUnit")
    size = _one_over(tag.value) if tag is not None else None
    name = {2: "inch", 3: "centimetre"}.get(int(unit.value)) if unit is not None else None
    if size and name:
        found.note(f"its tags say {1 / size:.6g} pixels per {name}: of a printer or a microscope, they do not say")
