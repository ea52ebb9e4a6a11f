"""The content of an OME-Zarr image → a small picture of it (https://ngff.openmicroscopy.org, versions 0.4 and 0.5)."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any, Final

from provcap.bioimage.codecs import runs_programs
from provcap.report.pixels import DECODED, METRES, PIXELS, Thumbnail, Unreadable, draw

SUFFIX: Final = ".zarr"


def thumbnail(data: bytes, suffix: str, largest: int, label: bool) -> Thumbnail:  # noqa: ARG001 - as pixels.thumbnail
    """A picture of at most `largest` pixels a side of the OME-Zarr whose files are in the zip `data`: of its smallest
    resolution that has as many. `label`: integers in it number objects. Raises Unreadable."""
    import zarr

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        read = zarr.core.buffer.cpu.Buffer.from_bytes
        files: dict[str, Any] = {name: read(archive.read(name)) for name in archive.namelist()}
    root = zarr.open(store=zarr.storage.MemoryStore(files), mode="r")
    attributes: dict[str, Any] = dict(root.attrs)
    said: dict[str, Any] = attributes.get("ome", attributes)
    if not isinstance(root, zarr.Group) or not said.get("multiscales"):
        raise Unreadable("it is no OME-Zarr image: it names no multiscales")
    multiscale = said["multiscales"][0]
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in multiscale.get("axes") or ()]
    letters = "".join(str(axis["name"])[:1].upper() for axis in axes)
    if not {"Y", "X"} <= set(letters) or len(set(letters)) < len(letters):
        raise Unreadable("its axes are not named, or not Y and X")
    levels = [(dataset, _array(root, dataset["path"], len(letters))) for dataset in multiscale["datasets"]]
    y, x = letters.index("Y"), letters.index("X")
    fitting = [pair for pair in levels if max(pair[1].shape[y], pair[1].shape[x]) >= largest]
    dataset, level = min(fitting or levels[:1], key=lambda pair: pair[1].size)
    if level.shape[y] * level.shape[x] > PIXELS or level.nbytes > DECODED:
        raise Unreadable(f"it has {level.shape[x]} × {level.shape[y]} pixels, and no smaller copy of them")
    full = levels[0][1].shape
    notes = [f"{full[x]} × {full[y]} pixels, {level.dtype}", *_reduced(full[x], level.shape[x])]
    metres = _metres(multiscale, dataset, x, axes[x].get("unit"))
    names = [str(channel.get("label") or "") for channel in (said.get("omero") or {}).get("channels", ())]
    return draw(level[...], letters, largest, label or "image-label" in said, notes, names, metres)


def _array(root: Any, path: str, dimensions: int) -> Any:
    """The array at `path`, when its codecs are harmless and its axes those that are named."""
    import zarr

    found = root[path]
    if not isinstance(found, zarr.Array) or found.ndim != dimensions:
        raise Unreadable(f"{path} is no array with {dimensions} axes")
    if runs_programs(found):
        raise Unreadable("its codec is pickle, which runs programs")
    return found


def _reduced(full: int, shown: int) -> list[str]:
    return [f"shown from its copy with {shown} pixels across"] if shown < full else []


def _metres(multiscale: dict[str, Any], dataset: dict[str, Any], x: int, unit: str | None) -> float | None:
    """Width of a pixel of `dataset`: the product of the scales (NGFF 0.4 and 0.5, "coordinateTransformations")."""
    width = METRES.get(str(unit))
    scales = [
        transformation["scale"][x]
        for transformation in (
            *dataset.get("coordinateTransformations", ()),
            *multiscale.get("coordinateTransformations", ()),
        )
        if transformation.get("type") == "scale" and "scale" in transformation
    ]
    found = math.prod(map(float, scales)) * width if scales and width else 0.0
    return found if 0 < found < math.inf else None
