"""The content of an image file → a small picture of it, with all that was done to it in words.

Arrays are (Y, X) or (Y, X, 3), axis order as tifffile names it. Runs in a process of its own (`decoder`): decoders of
image formats are where hostile files do harm.
"""

from __future__ import annotations

import colorsys
import io
import math
import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from provcap.bioimage.codecs import is_cut
from provcap.bioimage.found import LENGTH_UM

PIXELS = 50_000_000  #: of a plane; more are not decoded
DECODED = 512 << 20  #: bytes of a decoded series
CHANNELS = 4  #: drawn side by side
STRETCH = (0.5, 99.5)  #: percentiles that become black and white
METRES = {unit: micrometres / 1e6 for unit, micrometres in LENGTH_UM.items()}
JPEG_FROM = 150_000  #: bytes of a PNG from which on a photograph is better a JPEG
TRANSPARENCY = {1, 2}  #: values of TIFF's ExtraSamples
JPEGS = {6, 7, 33007, 34892}  #: TIFF compressions whose YCbCr tifffile decodes to RGB


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture."""

    media_type: str
    data: bytes
    width: int
    height: int
    notes: tuple[str, ...]
    metres: float | None = None  #: width of one pixel of the small picture, when the file tells


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the samples of an image stand for; unless more is said, each for a channel in which 0 is black."""

    colours: bool = False  #: the first three for red, green and blue
    inverted: bool = False  #: 0 for white
    palette: Any = None  #: (N, 3), the colour that each number stands for
    more: str = ""  #: what samples besides red, green and blue are


class Unreadable(ValueError):
    """The file is not shown; the message says why."""


def thumbnail(data: bytes, suffix: str, largest: int, label: bool) -> Thumbnail:
    """A picture of at most `largest` pixels a side. `label`: integers in it number objects. Raises Unreadable."""
    if suffix in (".tif", ".tiff"):
        return _of_tiff(data, largest, label)
    return _of_picture(data, largest, label)


def _of_picture(data: bytes, largest: int, label: bool) -> Thumbnail:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
        if image.width * image.height > PIXELS:
            raise Unreadable(f"it has {image.width} × {image.height} pixels")
        notes = [f"{image.width} × {image.height} pixels", *(["values cut from 16 to 8 bits"] if is_cut(image) else [])]
        shown = ImageOps.exif_transpose(image)
        if shown.mode.startswith(("I", "F")) or (label and shown.mode == "L" and image.format == "PNG"):
            import numpy as np

            notes += ["transparency left out"] if shown.has_transparency_data else []
            return draw(np.asarray(shown), "YX", largest, label, notes, [], None)
        if shown.has_transparency_data:
            shown = shown.convert("RGBA")
            notes += ["white where it is transparent"] if any(shown.getchannel("A").histogram()[:255]) else []
            shown = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown)
        shown = shown.convert("L" if shown.mode in ("1", "L") else "RGB")
        shown.thumbnail((largest, largest), Image.Resampling.LANCZOS, reducing_gap=3.0)
        return _encoded(shown, tuple(notes), None)


def _of_tiff(data: bytes, largest: int, label: bool) -> Thumbnail:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        series = tif.series[0]
        full = dict(zip(series.axes, series.shape, strict=True))
        if not {"Y", "X"} <= set(full):
            raise Unreadable(f"its axes are {series.axes}")
        fitting = [le for le in series.levels if max(_sides(le)) >= largest]
        level = fitting[-1] if fitting else series.levels[0]
        sides = _sides(level)
        if sides[0] * sides[1] > PIXELS or level.size * level.dtype.itemsize > DECODED:
            raise Unreadable(f"it has {full['X']} × {full['Y']} pixels, and no smaller copy of them")
        notes = [f"{full['X']} × {full['Y']} pixels, {level.dtype}"]
        array, names, metres = level.asarray(), _channel_names(tif), _pixel_width(tif)
        meaning = _meaning(level, notes)
    metres = metres * full["X"] / sides[1] if metres else None
    return draw(array, level.axes, largest, label, notes, names, metres, meaning)


def _meaning(level: Any, notes: list[str]) -> Meaning:
    """What the samples of a TIFF stand for (TIFF 6.0, PhotometricInterpretation, ColorMap and ExtraSamples)."""
    from tifffile import PHOTOMETRIC as KINDS

    page = level.keyframe
    kind, several = page.photometric, page.samplesperpixel > 1
    if kind == KINDS.RGB or (kind == KINDS.YCBCR and page.compression in JPEGS):
        clear = page.extrasamples and set(page.extrasamples) <= TRANSPARENCY
        return Meaning(colours=True, more="transparency" if clear else "samples besides red, green and blue")
    if kind == KINDS.PALETTE and page.colormap is not None and not several:
        colours = page.colormap.T
        notes.append("in the colours of its palette" + (", that of its first page" if len(level.pages) > 1 else ""))
        return Meaning(palette=(colours >> 8 if colours.max() > 255 else colours).astype("uint8"))
    if kind not in (KINDS.MINISBLACK, KINDS.MINISWHITE):
        notes.append(f"values of {getattr(kind, 'name', kind)}, not turned into colours")
    if several and TRANSPARENCY & set(page.extrasamples[-1:]):
        notes.append("the last channel is transparency")
    return Meaning(inverted=kind == KINDS.MINISWHITE)


def draw(
    array: Any,
    axes: str,
    largest: int,
    label: bool,
    notes: list[str],
    names: list[str],
    metres: float | None,
    meaning: Meaning = Meaning(),
) -> Thumbnail:
    """A picture of `array`, whose axes are named as tifffile does (of Y, X, C, S, Z and others, a letter each).

    `names` are those of its channels, `metres` the width of one of its pixels. Raises Unreadable.
    """
    planes = _planes(array, axes, notes, names, meaning)
    if meaning.palette is not None:
        return _finished([meaning.palette[plane] for plane in planes], largest, notes, metres, smooth=not label)
    if len(planes) == 1 and planes[0].ndim == 2 and label and planes[0].dtype.kind in "uib":
        return _finished([_coloured(planes[0], notes)], largest, notes, metres, smooth=False)
    return _finished(planes, largest, notes, metres, inverted=meaning.inverted)


def _sides(level: Any) -> tuple[int, int]:
    shape = dict(zip(level.axes, level.shape, strict=True))
    return shape.get("Y", 0), shape.get("X", 0)


def _planes(array: Any, axes: str, notes: list[str], names: list[str], meaning: Meaning) -> list[Any]:
    """Planes to draw: of every axis but Y, X, C and S one, the middle of Z and the first of all others; samples (S)
    that are not colours are channels."""
    import numpy as np

    for axis in [a for a in axes if a not in "YXCS"]:
        place, position = axes.index(axis), 0
        number = array.shape[place]
        if axis == "Z":
            position = number // 2
        if number > 1:
            notes.append(f"plane {position + 1} of {number} along {axis}")
        array, axes = np.take(array, position, axis=place), axes.replace(axis, "", 1)
    colours = meaning.colours and "S" in axes and array.shape[axes.index("S")] >= 3
    array = np.transpose(array, [axes.index(a) for a in sorted(axes, key=("CYXS" if colours else "CSYX").index)])
    array = array.reshape(-1, *array.shape[-3 if colours else -2 :])
    if len(array) > 1:
        shown = min(len(array), CHANNELS)
        told = f": {', '.join(names[:shown])}" if len(names) == len(array) and all(names) else ""
        notes.append(f"channels 1 to {shown} of {len(array)}, from left to right{told}")
    if colours and array.shape[3] > 3:
        notes.append(f"{meaning.more} left out")
    return [plane[..., :3] if colours else plane for plane in array[:CHANNELS]]


def _grey(plane: Any, ranges: list[tuple[float, float]]) -> Any:
    """8-bit values: those of the plane, or stretched between two percentiles, which `ranges` then gives."""
    import numpy as np

    if plane.dtype == np.uint8:
        return plane
    if plane.dtype.kind == "b":
        return plane.astype(np.uint8) * 255
    values = np.abs(plane) if plane.dtype.kind == "c" else plane.astype(np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise Unreadable("it has no finite value")
    low, high = np.percentile(finite, STRETCH)
    if low == high:
        low, high = finite.min(), finite.max()
    ranges.append((low, high))
    scaled = np.nan_to_num((values - low) / ((high - low) or 1.0), nan=0.0, posinf=1.0, neginf=0.0)
    return (np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)


def _coloured(plane: Any, notes: list[str]) -> Any:
    """A colour per number, black for 0; neighbours differ, as hues go round by the golden ratio."""
    import numpy as np

    turn = (math.sqrt(5) - 1) / 2
    table = [(0.0, 0.0, 0.0)] + [
        colorsys.hsv_to_rgb(n * turn % 1.0, 0.55 + 0.3 * (n % 2), 0.95 - 0.12 * (n % 3)) for n in range(1, 1021)
    ]
    colours = (np.array(table) * 255).astype(np.uint8)
    number = np.unique(plane)
    notes.append(f"a label image: {int((number != 0).sum())} numbers, each in a colour of its own, 0 black")
    whole = plane.astype(np.int64)
    return colours[np.where(whole == 0, 0, (whole - 1) % 1020 + 1)]


def _finished(
    planes: list[Any],
    largest: int,
    notes: list[str],
    metres: float | None,
    smooth: bool = True,
    inverted: bool = False,
) -> Thumbnail:
    from PIL import Image

    ranges: list[tuple[float, float]] = []
    shown = [_grey(plane, ranges) for plane in planes]
    if inverted:
        shown, ranges = [255 - plane for plane in shown], [(high, low) for low, high in ranges]
        notes.append("0 is white, as the file says")
    if ranges:
        each = " of each" if len(ranges) > 1 else ""
        told = ", ".join(f"{black:.4g} to {white:.4g}" for black, white in ranges)
        notes.append(f"contrast{each} stretched, from black to white: {told}")
    way = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    images = [Image.fromarray(array) for array in shown]
    width, height = images[0].size
    factor = min(1.0, largest / max(width, height))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    if size != images[0].size:
        images = [image.resize(size, way) for image in images]
    if len(images) > 1:
        strip = Image.new(images[0].mode, ((size[0] + 4) * len(images) - 4, size[1]), "white")
        for number, image in enumerate(images):
            strip.paste(image, (number * (size[0] + 4), 0))
        images = [strip]
    return _encoded(images[0], tuple(notes), metres * width / size[0] if metres else None)


def _encoded(image: Any, notes: tuple[str, ...], metres: float | None) -> Thumbnail:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    kind = "image/png"
    if stream.tell() > JPEG_FROM:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=86, optimize=True)
        kind = "image/jpeg"
    return Thumbnail(kind, stream.getvalue(), image.width, image.height, notes, metres)


def _ome(tif: Any, name: str) -> list[Any]:
    """The elements of the first image in the file's OME-XML that are called `name`."""
    if not tif.ome_metadata:
        return []
    elements = list(ElementTree.fromstring(tif.ome_metadata).iter())  # noqa: S314 - expat bounds it, and so does decoder
    images = [e for e in elements if e.tag.rsplit("}", 1)[-1] == "Image"][:1]
    return [e for image in images for e in image.iter() if e.tag.rsplit("}", 1)[-1] == name]


def _channel_names(tif: Any) -> list[str]:
    return [element.get("Name") or "" for element in _ome(tif, "Channel")]


def _pixel_width(tif: Any) -> float | None:
    """Metres per pixel along X: from OME-XML (PhysicalSizeX, in µm when no unit is given) or from ImageJ's tags."""
    width, unit = None, "µm"
    for pixels in _ome(tif, "Pixels"):
        width, unit = _number(pixels.get("PhysicalSizeX")), pixels.get("PhysicalSizeXUnit") or unit
    if not tif.ome_metadata and tif.imagej_metadata and "XResolution" in tif.pages[0].tags:
        over, under = tif.pages[0].tags["XResolution"].value
        width = under / over if over else None
        unit = re.sub(r"\\u00[bB]5", "µ", str(tif.imagej_metadata.get("unit", "")))
    found = METRES.get(unit.strip()) if width else None
    return width * found if width and found and width * found > 0 else None


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None
