"""The values of an image's pixels, in a few numbers. This alone reads pixels, and only of images that are not large."""

from __future__ import annotations

import math
from typing import Any

from provcap.bioimage.found import Found


def intensities(image: Any, found: Found, most: int, samples: int | None = None, has_ends: bool = True) -> None:
    """Put those of `image`, which has shape, dtype and a way to its values, into `found`; `most` bytes of pixels are
    read, more are told to be left out. Complex values and such are left out, too.

    Of the samples of a pixel the first `samples` count, all by default. Without `has_ends` it is not told what is at
    the ends of the range: which one means light is not known.
    """
    import numpy as np

    size = math.prod(int(side) for side in image.shape) * int(image.dtype.itemsize)
    if size > most:
        why = "were not asked for" if most == 0 else f"were not measured: its pixels take {size / 2**20:.4g} MiB"
        found.note(f"intensities {why}")
        return
    if image.dtype.kind not in "uifb" or not size:
        found.note(f"intensities were not measured: its values are of type {image.dtype}")
        return
    try:
        values = image.asarray() if hasattr(image, "asarray") else image[...]
    except Exception as error:  # a codec that is not there, or data that are no such
        found.note(f"intensities were not measured: its pixels cannot be read ({type(error).__name__})")
        return
    axes = str(found.values.get("axes", ""))
    if samples is not None and len(axes) == values.ndim and "S" in axes:
        values = values.take(range(min(samples, values.shape[axes.index("S")])), axis=axes.index("S"))
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        found.note("it has no finite value")
        return
    told = {"minimum": float(finite.min()), "maximum": float(finite.max())}
    told["mean"] = float(f"{finite.mean(dtype=np.float64):.10g}")  # the last digits depend on the processor
    if values.dtype.kind in "uib" and has_ends:
        told |= _ends(finite, values.dtype, found.values.get("significant_bits"))
    if all(map(math.isfinite, told.values())):
        channels = _saturated(values, axes, told.get("highest"))
        found.put("intensities", told | ({"saturated": channels} if channels else {}), "pixels")
    if finite.size < values.size:
        found.note(f"{values.size - finite.size} of its values are not finite")


def _ends(values: Any, kind: Any, bits: int | None) -> dict[str, float]:
    """The ends of the range, and the fraction of values there: with 12 significant bits white is 4095."""
    import numpy as np

    least, most = 0 if kind.kind == "b" else int(np.iinfo(kind).min), highest(values, kind, bits)
    if most is None:
        return {}
    fraction = {"at_lowest": float((values == least).mean()), "at_highest": float((values == most).mean())}
    return {"lowest": float(least), "highest": float(most), **fraction}


def _saturated(values: Any, axes: str, most: float | None) -> list[float]:
    """The fraction of the values at `most` in each channel, and of an image with three samples in each colour of each
    channel, one channel after the other. One channel in four can be useless where all together look well."""
    if most is None or len(axes) != values.ndim or any(axes.count(axis) > 1 for axis in "CS"):
        return []
    sizes = dict(zip(axes, values.shape, strict=True))
    channels, samples = sizes.get("C", 1), sizes.get("S", 1)
    if channels * samples == 1 or samples not in (1, 3):
        return []
    fractions = (values == most).mean(axis=tuple(n for n, axis in enumerate(axes) if axis not in "CS"))
    ordered = fractions.T if 0 <= axes.find("S") < axes.find("C") else fractions
    return [float(f"{fraction:.9g}") for fraction in ordered.ravel()]


def highest(values: Any, kind: Any, bits: int | None) -> int | None:
    """The highest value of the range of the type `kind`, or of its significant `bits` where no value is beyond them.

    None of signed values with fewer bits than their type: whether the sign is one of them, writers do not agree on.
    """
    import numpy as np

    if kind.kind == "b":
        return 1
    if bits and 0 < bits < kind.itemsize * 8:
        if kind.kind == "i":
            return None
        if values.max() < 2**bits:
            return int(2**bits - 1)
    return int(np.iinfo(kind).max)
