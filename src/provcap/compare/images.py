"""Images: TIFF, OME-TIFF, OME-Zarr, PNG and JPEG. Pixels and what they mean in space, not how they are stored."""

from __future__ import annotations

import contextlib
import functools
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from provcap.bioimage.codecs import is_cut, runs_programs
from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Unmeasured, Unreadable, differs, reading
from provcap.compare.pixels import Part, compare_parts
from provcap.model import Measure

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAX_XML: Final = 64 << 20
_MAX_ARRAYS: Final = 10_000
#: of OME's Pixels and Channel elements: what the numbers mean. Model: https://www.openmicroscopy.org/Schemas/OME/
_PHYSICAL: Final = {
    "Pixels": (
        "PhysicalSizeX", "PhysicalSizeXUnit", "PhysicalSizeY", "PhysicalSizeYUnit", "PhysicalSizeZ",
        "PhysicalSizeZUnit", "TimeIncrement", "TimeIncrementUnit", "Type", "SignificantBits",
    ),
    "Channel": ("Name", "Color", "EmissionWavelength", "EmissionWavelengthUnit", "ExcitationWavelength", "Fluor"),
    "Plane": ("DeltaT", "ExposureTime", "PositionX", "PositionY", "PositionZ"),
    "Objective": ("NominalMagnification", "LensNA", "Immersion"),
}  # fmt: skip


@contextlib.contextmanager
def open_tiff(place: Path, side: str, ome: bool) -> Iterator[tuple[list[Part], dict[str, Any]]]:
    """The planes of a TIFF and what it says of the physical world, as long as it is open."""
    what = "OME-TIFF" if ome else "TIFF"
    with contextlib.ExitStack() as stack:
        with reading(side, what):
            import tifffile

            tiff = stack.enter_context(tifffile.TiffFile(place, _multifile=False))  # no files that it names
            text = tiff.ome_metadata or ""
            if ome and not text:
                raise ValueError("it has no OME-XML")
            parts = [part for number, series in enumerate(tiff.series) for part in _parts(series, number, side, what)]
            if not parts:
                raise ValueError("it has no image")
            meaning = _ome(text) if ome else _resolution(tiff)
        yield parts, meaning


def _parts(series: Any, number: int, side: str, what: str) -> Iterator[Part]:
    """One part for each page, which is a view of the file when that can be mapped into memory."""
    page = series.keyframe
    shape, dtype, colours = tuple(page.shape), str(page.dtype), page.axes.endswith("S")
    mapped = series.dataoffset is not None and series.size and series.size % page.size == 0

    @functools.cache
    def planes() -> Any:
        file = series.parent
        kind = file.byteorder + series.dtype.char
        return file.filehandle.memmap_array(kind, series.shape, series.dataoffset).reshape(-1, *shape)

    def load(index: int) -> Any:
        with reading(side, what):
            return planes()[index] if mapped else series.pages[index].asarray()

    for index in range(series.size // page.size if mapped else len(series.pages)):
        if mapped or series.pages[index] is not None:
            yield Part(f"series {number}, page {index}", shape, dtype, functools.partial(load, index), colours)


def _resolution(tiff: Any) -> dict[str, Any]:
    tags = tiff.pages.first.tags
    return {name: str(tags[name].value) for name in ("XResolution", "YResolution", "ResolutionUnit") if name in tags}


def _ome(text: str) -> dict[str, Any]:
    """What OME-XML says of the physical world, in the order of its elements; no ids, dates or programs.

    Raises ValueError.
    """
    if len(text) > _MAX_XML or re.search(r"<!(DOCTYPE|ENTITY)", text):
        raise ValueError("its OME-XML is too large, or declares entities")
    from xml.etree import ElementTree

    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for element in ElementTree.fromstring(text).iter():  # noqa: S314 - no entities, see above
        name = element.tag.rpartition("}")[2]
        if name in _PHYSICAL:
            counts[name] = counts.get(name, -1) + 1
            for key in _PHYSICAL[name]:
                if key in element.attrib:
                    found[f"{name} {counts[name]} {key}"] = _value(element.attrib[key])
    for name in ("PhysicalSizeX", "PhysicalSizeY", "PhysicalSizeZ"):
        for i in range(counts.get("Pixels", -1) + 1):
            if f"Pixels {i} {name}" in found:
                found.setdefault(f"Pixels {i} {name}Unit", "µm")  # the default of the schema
    return found


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def physical(first: dict[str, Any], second: dict[str, Any]) -> Measure:
    """The Measure of what two images say of the physical world."""
    apart = [key for key in sorted({*first, *second}) if first.get(key) != second.get(key)]
    about = "physical metadata"
    if not apart:
        return differs(about, "metadata", 0, 0)
    told = " and ".join(str(side.get(apart[0], "not given")) for side in (first, second))
    more = f" (and {len(apart) - 1} more)" if len(apart) > 1 else ""
    return Measure("metadata", f"{apart[0]} {told}{more}", direction="same", about=about)


def _measure_tiff(first: Path, second: Path, ome: bool) -> Measured:
    with open_tiff(first, "first", ome) as (one, meant), open_tiff(second, "second", ome) as (other, other_meant):
        found, where = compare_parts(one, other)
        return Measured((*found, physical(meant, other_meant)), where)


def read_raster(place: Path, side: str) -> list[Part]:
    """The frames of a PNG or JPEG. A palette becomes RGB. Raises Unmeasured when values would be cut."""
    with reading(side, "PNG or JPEG"), warnings.catch_warnings():
        import numpy as np
        from PIL import Image

        warnings.simplefilter("error", Image.DecompressionBombWarning)
        parts = []
        with Image.open(place, formats=("PNG", "JPEG")) as image:
            if is_cut(image):
                raise Unmeasured(f"the {side} has 16 bits a channel, which Pillow cuts to 8")
            for frame in range(getattr(image, "n_frames", 1)):
                image.seek(frame)
                shown = image.convert("RGBA") if image.mode in ("P", "PA") else image
                pixels = np.asarray(shown)
                parts.append(Part.of(f"frame {frame}", pixels, pixels.ndim == 3))
    return parts


def _measure_raster(first: Path, second: Path, _: Options) -> Measured:
    found, where = compare_parts(read_raster(first, "first"), read_raster(second, "second"))
    return Measured(tuple(found), where)


def read_zarr(place: Path, side: str) -> tuple[list[Part], dict[str, Any]]:
    """The arrays of a Zarr and the multiscale metadata of its groups (axes, units, scale, channels)."""
    with reading(side, "Zarr"):
        import zarr

        root = zarr.open(store=str(place), mode="r")
        members = [("", root)]
        if isinstance(root, zarr.Group):
            members += list(root.members(max_depth=None))
        if len(members) > _MAX_ARRAYS:
            raise Unreadable(f"the {side} has {len(members)} arrays and groups, more than {_MAX_ARRAYS}")
        parts, meaning = [], {}
        for name, member in sorted(members, key=lambda m: m[0]):
            if isinstance(member, zarr.Array):
                if runs_programs(member):
                    raise ValueError("its codec is pickle, which runs programs")
                parts.append(Part.of(name or "array", _Reading(member, side)))
            attributes: dict[str, Any] = dict(member.attrs)
            for key, value in {**attributes, **attributes.get("ome", {})}.items():
                if key in ("multiscales", "omero", "plate", "well", "image-label", "coordinateTransformations"):
                    meaning.update(_flat(f"{name} {key}".strip(), value))
        if not parts:
            raise ValueError("it has no array")
    return parts, meaning


class _Reading:
    """A Zarr array whose chunks may be damaged: they are read when they are asked for."""

    def __init__(self, array: Any, side: str) -> None:
        self._array, self._side = array, side
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, index: Any) -> Any:
        with reading(self._side, "Zarr"):
            return self._array[index]


_NO_MEANING: Final = {"version", "uuid", "rdefs", "window", "_creator", "id", "metadata"}


def _flat(path: str, value: Any) -> dict[str, Any]:
    """`value` as leaves by their path, without versions, ids and settings of viewers."""
    if isinstance(value, dict):
        return {k: v for key in value if key not in _NO_MEANING for k, v in _flat(f"{path}/{key}", value[key]).items()}
    if isinstance(value, list):
        return {k: v for i, item in enumerate(value) for k, v in _flat(f"{path}/{i}", item).items()}
    return {path: float(value) if isinstance(value, int) and not isinstance(value, bool) else value}


def _measure_zarr(first: Path, second: Path, _: Options) -> Measured:
    one, meant = read_zarr(first, "first")
    other, other_meant = read_zarr(second, "second")
    found, where = compare_parts(one, other)
    return Measured((*found, physical(meant, other_meant)), where)


def _is_ome_tiff(seen: Glimpse) -> bool:
    return is_tiff(seen) and seen.ends(".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf")


def is_tiff(seen: Glimpse) -> bool:
    """Whether it is a TIFF, or is called one."""
    return seen.begins(*_TIFF) or (not seen.entries and seen.ends(".tif", ".tiff"))


def is_zarr(seen: Glimpse) -> bool:
    """Whether it is a directory that holds Zarr."""
    return bool({"zarr.json", ".zgroup", ".zarray"} & seen.entries)


OME_ZARR: Final = Comparator("ome-zarr", is_zarr, _measure_zarr)
OME_TIFF: Final = Comparator("ome-tiff", _is_ome_tiff, lambda a, b, _: _measure_tiff(a, b, ome=True))
TIFF: Final = Comparator("tiff", is_tiff, lambda a, b, _: _measure_tiff(a, b, ome=False))
RASTER: Final = Comparator(
    "raster",
    lambda s: s.begins(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff") or s.ends(".png", ".jpg", ".jpeg"),
    _measure_raster,
)
