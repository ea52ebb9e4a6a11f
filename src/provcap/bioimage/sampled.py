"""The part of an image that is measured, and its measures: the fields of a Quality.

Measured is one plane of each channel, the middle one, at up to `TIMES` time points, and drift at up to `STEPS`. When
that takes more bytes than are allowed it is a rectangle in the middle of the plane. The record says what it was.
"""

from __future__ import annotations

import importlib.metadata
import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from provcap.bioimage import measuring
from provcap.bioimage.found import positive, text
from provcap.bioimage.intensities import highest
from provcap.bioimage.planes import Planes, opened

TIMES, STEPS = 5, 50  #: time points that are measured; at which it is looked for drift
CHANNELS: Final = 16  #: that are measured
_OF_PLANE: Final[tuple[tuple[str, str, str, Callable[[Any], float | None]], ...]] = (
    ("laplacian_variance", "DN²", measuring.LAPLACIAN, measuring.laplacian_variance),
    ("normalized_variance", "DN", measuring.VARIANCE, measuring.normalized_variance),
    ("noise_sigma", "DN", measuring.NOISE, measuring.noise_sigma),
    ("background_mode", "DN", measuring.BACKGROUND, measuring.background_mode),
    ("field_uniformity", "1", measuring.UNIFORMITY, measuring.field_uniformity),
)


@dataclass(frozen=True, slots=True)
class Part:
    """What is read of an image; indices from 0."""

    times: tuple[int, ...]
    steps: tuple[int, ...]  #: time points between which drift is looked for
    channels: int  #: along axis C
    index: tuple[Any, ...]  #: for each axis: where it is fixed, or the slice that is read
    words: str


def quality(path: str, most: int, known: dict[str, Any]) -> dict[str, Any]:
    """The fields of the Quality of the image at `path`, of which `most` bytes of pixels are read for the planes and as
    much for drift. `known`: ``bits`` that are significant, ``pixel_um`` along X and Y, ``names`` of channels.

    Raises Unreadable, and what libraries raise.
    """
    with opened(path) as image:
        library = f"{image.reader}, scikit-image {importlib.metadata.version('scikit-image')}"
        found: dict[str, Any] = {"reader": library, "data_type": str(image.array.dtype), "measured": "nothing"}
        problem = _unmeasurable(image)
        if problem:
            return found | {"notes": [problem]}
        part = _part(image, most)
        if _numbers_areas(image, part):
            return found | {"notes": ["its values number areas, as those of a label image or a mask: not measured"]}
        notes: list[str] = []
        measures = [*_measures(image, part, known, notes), *_drift(image, part, known, notes)]
        return found | {"measured": part.words, "measures": measures, "notes": notes}


def _unmeasurable(image: Planes) -> str | None:
    kind, shape = image.array.dtype, image.array.shape
    if kind.kind not in "uif":
        return f"its values are of type {kind}, and were not measured"
    if not math.prod(shape):
        return "it has no pixels"
    if any(image.axes.count(axis) != 1 for axis in "YX") or any(image.axes.count(axis) > 1 for axis in "TCZS"):
        return f"it has no one plane: its axes are {image.axes}"
    return None


def _numbers_areas(image: Planes, part: Part) -> bool:
    if image.array.dtype.kind not in "ui" or "S" in image.axes:
        return False
    planes = (_samples(image, part.index, part.times[0], channel)[0] for channel in range(part.channels))
    return all(measuring.numbers_areas(plane) for plane in planes)


def _part(image: Planes, most: int) -> Part:
    sizes = dict(zip(image.axes, image.array.shape, strict=True))
    channels = min(sizes.get("C", 1), CHANNELS)
    shown = min(len(image.names) or image.samples or sizes.get("S", 1), sizes.get("S", 1))  # further: transparency
    samples = min(shown, CHANNELS)
    bytes_ = channels * samples * image.array.dtype.itemsize
    high, wide, times = sizes["Y"], sizes["X"], sizes.get("T", 1)
    shrunk = min(1.0, math.sqrt(most / (bytes_ * high * wide)))
    part = max(1, int(high * shrunk)), max(1, int(wide * shrunk))
    number = max(1, min(times, TIMES, int(most // (bytes_ * part[0] * part[1]))))
    square = min(high, measuring.SIDE) * min(wide, measuring.SIDE) * image.array.dtype.itemsize
    steps = min(times, STEPS, int(most // square))
    chosen = _spread(times, number)
    index: list[Any] = []
    words = []
    for place, axis in enumerate(image.axes):
        size = image.array.shape[place]
        if axis in "YX":
            index.append(_middle(size, part[axis == "X"]))
        else:
            index.append(slice(0, samples) if axis == "S" else size // 2)
            if axis not in "TCS" and size > 1:
                name = "plane" if axis == "Z" else "image"
                words.append(f"{name} {size // 2 + 1} of {size} along {axis}")
    if times > 1:
        points = ", ".join(str(time + 1) for time in chosen)
        words.append(f"time point{'s' * (len(chosen) > 1)} {points} of {times}")
    for name, read, there in (("channels", channels, sizes.get("C", 1)), ("samples", samples, shown)):
        if read < there:
            words.append(f"{name} 1 to {read} of {there}")
    if part != (high, wide):
        words.append(f"the {part[1]} × {part[0]} pixels in its middle")
    if image.images > 1:
        words.append(f"the first of {image.images} images")
    return Part(chosen, _spread(times, steps), channels, tuple(index), "; ".join(words) or "all of it")


def _spread(times: int, number: int) -> tuple[int, ...]:
    """`number` time points of `times`, as even as can be, from the first to the last."""
    if number < 2:
        return (0,)
    return tuple(sorted({round(step * (times - 1) / (number - 1)) for step in range(number)}))


def _middle(size: int, part: int) -> slice:
    start = (size - part) // 2
    return slice(start, start + part)


def _measures(image: Planes, part: Part, known: dict[str, Any], notes: list[str]) -> Iterator[dict[str, Any]]:
    odd = 0
    for number in range(part.channels):
        rows: dict[int, dict[str, list[float]]] = {}
        for time in part.times:
            for sample, values in enumerate(_samples(image, part.index, time, number)):
                found = rows.setdefault(sample, {})
                odd += _measure(values, known.get("bits"), found, ends=not image.inverted)
        for sample, found in rows.items():
            channel = number * len(rows) + sample + 1
            name = _name(known, image, number, sample, len(rows))
            yield from _told(found, {"channel": channel, **({"channel_name": name} if name else {})})
    if odd:
        notes.append(f"{odd} of the values are not finite, and were left out")


def _samples(image: Planes, index: tuple[Any, ...], time: int, channel: int) -> Any:
    """Planes of one time and channel, each with axes Y and X, for each sample."""
    import numpy as np

    fixed = {"T": time, "C": channel}
    values = np.asarray(image.array[tuple(fixed.get(a, i) for a, i in zip(image.axes, index, strict=True))])
    left = "".join(axis for axis in image.axes if axis in "YXS")
    if "S" not in left:
        left, values = "S" + left, values[None]
    return values.transpose([left.index(axis) for axis in "SYX"])


def _measure(values: Any, bits: int | None, found: dict[str, list[float]], ends: bool) -> int:
    """Put the measures of one plane into `found`, what is saturated where its `ends` are known; how many of its values
    are not finite."""
    import numpy as np

    if values.dtype.kind in "ui" and ends:
        most = highest(values, values.dtype, bits)
        if most is not None:
            found.setdefault("saturated_fraction", []).append(float((values == most).mean()))
    small = values.dtype.kind in "ui" and values.dtype.itemsize <= 2
    plane = values.astype("f4" if small else "f8")
    for name, _, _, measure in _OF_PLANE:
        with np.errstate(all="ignore"):
            value = measure(plane)
        if value is not None:
            found.setdefault(name, []).append(value)
    return 0 if small else int(plane.size - np.isfinite(plane).sum())


def _told(found: dict[str, list[float]], of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Over time points the median, of the fraction the mean: each has as many pixels."""
    if "saturated_fraction" in found:
        value = float(f"{statistics.fmean(found['saturated_fraction']):.9g}")
        yield {"name": "saturated_fraction", "value": value, "unit": "1", "method": measuring.SATURATED, **of}
    for name, unit, method, _ in _OF_PLANE:
        if name in found:
            yield {"name": name, "value": statistics.median(found[name]), "unit": unit, "method": method, **of}


def _name(known: dict[str, Any], image: Planes, channel: int, sample: int, samples: int) -> str | None:
    if samples > 1:
        return image.names[sample] if len(image.names) == samples else None
    names = known.get("names") or ()
    every = dict(zip(image.axes, image.array.shape, strict=True)).get("C", 1)
    return text(names[channel]) if len(names) == every else None  # those of a set of files are not those of each


def _drift(image: Planes, part: Part, known: dict[str, Any], notes: list[str]) -> Iterator[dict[str, Any]]:
    """The largest shift between successive time points, and the sum of all of them, of the first channel."""
    if len(part.steps) < 2:
        return
    index = tuple(_middle(s, min(s, measuring.SIDE)) if a in "YX" else i for a, s, i in _axes(image, part))
    before, moved = _samples(image, index, part.steps[0], 0)[0].astype("f8"), []
    for step in part.steps[1:]:
        after = _samples(image, index, step, 0)[0].astype("f8")
        shift = measuring.shift(before, after)
        if shift is None:
            notes.append(f"time point {step + 1} and the one before it are too little alike to tell a drift")
            return
        moved.append((step + 1, shift))
        before = after
    times = image.array.shape[image.axes.index("T")]
    method = measuring.DRIFT if len(part.steps) == times else f"{measuring.DRIFT}; at {len(part.steps)} of {times}"
    for scale, unit in _scales(known):
        lengths = [(math.hypot(y * scale[1], x * scale[0]), time) for time, (y, x) in moved]
        net = math.hypot(*(sum(shift[axis] for _, shift in moved) * scale[1 - axis] for axis in (0, 1)))
        largest, time = max(lengths, key=lambda pair: pair[0])
        told = {"unit": unit, "method": method, "channel": 1}
        yield {"name": "drift_largest", "value": float(f"{largest:.6g}"), "time": time, **told}
        yield {"name": "drift_net", "value": float(f"{net:.6g}"), **told}


def _axes(image: Planes, part: Part) -> Iterator[tuple[str, int, Any]]:
    return zip(image.axes, image.array.shape, part.index, strict=True)


def _scales(known: dict[str, Any]) -> Iterator[tuple[tuple[float, float], str]]:
    """Factors along X and Y, and the unit that they lead to."""
    yield (1.0, 1.0), "px"
    x, y = (positive(size) for size in known.get("pixel_um") or (None, None))
    if x and y:
        yield (x, y), "µm"
