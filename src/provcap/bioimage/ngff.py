"""An OME-Zarr image → fields of an Acquisition (https://ngff.openmicroscopy.org, versions 0.4 and 0.5).

Also in the layout of bioformats2raw: its first image, and the OME-XML in ``OME/METADATA.ome.xml``.
"""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import Any, Final

from provcap.bioimage import ome
from provcap.bioimage.codecs import runs_programs
from provcap.bioimage.found import Found, Unreadable, positive, text
from provcap.bioimage.intensities import intensities

METADATA: Final = "OME/METADATA.ome.xml"
LARGEST: Final = 16 << 20  #: bytes of a file of Zarr's metadata
_TYPES: Final = {"time": "T", "channel": "C"}
_NAMES: Final = {"t": "T", "time": "T", "c": "C", "channel": "C", "x": "X", "y": "Y", "z": "Z"}


def read(path: str, most: int) -> Found:
    """What the image at `path` says; its intensities when its pixels take `most` bytes at most. Raises Unreadable."""
    import zarr

    root, said = opened(path)
    found = Found()
    found.put("reader", f"zarr {zarr.__version__}", "reader")
    multiscale = said["multiscales"][0]
    version = said.get("version") or multiscale.get("version")
    found.put("format", f"OME-Zarr {version}" if text(version) else "OME-Zarr", "multiscales")
    found.put("images", images(path, root, said), "multiscales")
    _describe(root, multiscale, said, found)
    _xml(path, found)
    array = root[multiscale["datasets"][0]["path"]]
    if runs_programs(array):
        found.note("intensities were not measured: its codec is pickle, which runs programs")
    else:
        intensities(array, found, most)
    return found


def opened(path: str) -> tuple[Any, dict[str, Any]]:
    """The group of the (first) image, and what its attributes say. Raises Unreadable."""
    import zarr

    for name in (".zgroup", ".zattrs", ".zmetadata", "zarr.json"):
        _refuse_large(Path(path, name))
    root: Any = zarr.open(path, mode="r")
    said = _said(root)
    if not said.get("multiscales") and "bioformats2raw.layout" in said:
        root = root["0"]
        said = _said(root)
    if not isinstance(root, zarr.Group) or not said.get("multiscales"):
        raise Unreadable("it is no OME-Zarr image: it names no multiscales")
    return root, said


def letters(multiscale: dict[str, Any]) -> str:
    """One for each axis that it names, by its type or its name; Q where neither says what it is."""
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in multiscale.get("axes") or ()]
    return "".join(_TYPES.get(str(a.get("type"))) or _NAMES.get(str(a.get("name")).lower(), "Q") for a in axes)


def images(path: str, root: Any, said: dict[str, Any]) -> int:
    """How many there are, where `opened` gave `root` and `said`; in the layout of bioformats2raw each has a number."""
    count = len(said["multiscales"])
    while root.path and Path(path, str(count)).is_dir():
        count += 1
    return count


def _refuse_large(path: Path) -> None:
    try:
        info = os.lstat(path)
    except OSError:
        return
    if not stat.S_ISREG(info.st_mode) or info.st_size > LARGEST:
        raise Unreadable(f"its {path.name} is no file, or too large")


def _said(group: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(group.attrs)
    found = attributes.get("ome", attributes)
    return found if isinstance(found, dict) else {}


def _describe(root: Any, multiscale: dict[str, Any], said: dict[str, Any], found: Found) -> None:
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in multiscale.get("axes") or ()]
    dataset = multiscale["datasets"][0]
    array = root[dataset["path"]]
    named = letters(multiscale)
    if len(named) != array.ndim:
        found.note(f"it names {len(named)} axes and its array has {array.ndim}")
        named, axes = "Q" * array.ndim, [{} for _ in range(array.ndim)]
    found.put("axes", named, "multiscales/axes")
    found.put("shape", [int(size) for size in array.shape], "array")
    found.put("data_type", str(array.dtype), "array")
    for place, axis in enumerate(axes):
        _scale(named[place], axis, array.shape[place], _product(multiscale, dataset, place, array.ndim), found)
    channels = _listed(_mapping(said.get("omero")).get("channels"))
    names = [text(channel.get("label")) for channel in channels if isinstance(channel, dict)]
    if any(names):
        found.put("channels", [{"name": name} if name else {} for name in names[: ome.CHANNELS]], "omero/channels")
    found.put("writer", text(_mapping(multiscale.get("metadata")).get("method")), "multiscales/metadata/method")


def _scale(letter: str, axis: dict[str, Any], size: int, scale: float | None, found: Found) -> None:
    """The pixel size or time step along one axis; a scale without a unit is only a number."""
    unit, where = text(axis.get("unit")), f"multiscales/coordinateTransformations, axis {axis.get('name')}"
    if scale is None or (size <= 1 and letter in "ZT"):
        return
    if unit is None:
        if letter in "XYZ" and scale != 1.0:
            found.note(f"the scale of axis {letter} is {scale:g} and has no unit")
    elif letter in "XYZ":
        found.length(f"pixel_size_{letter.lower()}_um", scale, unit, where)
    elif letter == "T":
        found.time("time_increment_s", scale, unit, where)


def _product(multiscale: dict[str, Any], dataset: dict[str, Any], place: int, axes: int) -> float | None:
    """The product of the scales of one axis (NGFF 0.4 and 0.5, "multiscales"); None when one of them is no scale of as
    many `axes`."""
    said = (_mapping(one) for part in (dataset, multiscale) for one in _listed(part.get("coordinateTransformations")))
    scales = [_listed(one.get("scale")) for one in said if one.get("type") == "scale"]
    sizes = [positive(scale[place]) if len(scale) == axes else None for scale in scales]
    return math.prod(size for size in sizes if size) if sizes and all(sizes) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _xml(path: str, found: Found) -> None:
    """The OME-XML beside the arrays, when it is a file of its own inside the image."""
    place = Path(path, METADATA)
    if place.is_symlink() or place.parent.is_symlink() or not place.is_file():
        return
    if place.stat().st_size > ome.LARGEST:
        found.note("its OME-XML is too large and was not read")
        return
    ome.read(place.read_bytes().decode("utf-8", "replace"), found)
