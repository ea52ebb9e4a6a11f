"""Label images: the same objects, whatever their numbers. 0 is background and stays it.

Everything is read off one sparse table: how many pixels are a in the first and b in the second image.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provcap.compare import arrays, images
from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Unreadable, differs, glimpse, number
from provcap.compare.pixels import Part, blocks
from provcap.model import Measure


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The contingency table: pixels[i] pixels are first[i] here and second[i] there. Each pair stands once."""

    first: Any
    second: Any
    pixels: Any

    def areas(self) -> tuple[dict[int, int], dict[int, int]]:
        """Pixels of each object of the first and of the second image; without the background."""
        return _sums(self.first, self.pixels), _sums(self.second, self.pixels)


def _sums(labels: Any, pixels: Any) -> dict[int, int]:
    import numpy as np

    known, index = np.unique(labels, return_inverse=True)
    sums = np.bincount(index, weights=pixels).astype(np.int64)
    return {int(k): int(n) for k, n in zip(known, sums, strict=True) if k != 0}


@contextlib.contextmanager
def read(place: Path, side: str) -> Iterator[tuple[list[Part], dict[str, Any]]]:
    """The planes of a label image of any type, and what it says of the physical world. Raises Unreadable."""
    seen = glimpse(place.name, place)
    if images.is_zarr(seen):
        yield images.read_zarr(place, side)
    elif images.is_tiff(seen):
        with images.open_tiff(place, side, ome=images.OME_TIFF.recognises(seen)) as opened:
            yield opened
    elif arrays.NPY.recognises(seen):
        yield arrays.read_npy(place, side), {}
    else:
        yield images.read_raster(place, side), {}


def overlaps(pairs: Sequence[tuple[Path, Path]]) -> Overlaps:
    """The table over all planes of all `pairs` of images. Raises Unreadable, also when shapes differ."""
    import numpy as np

    tables = []
    for first, second in pairs:
        with read(first, "first") as (one, _), read(second, "second") as (other, _):
            shapes = [[part.shape for part in parts] for parts in (one, other)]
            if shapes[0] != shapes[1]:
                raise Unreadable(f"the shapes differ: {shapes[0][:3]} and {shapes[1][:3]}")
            tables += [table for left, right in zip(one, other, strict=True) for table in _tables(left, right)]
    if not tables:
        return Overlaps(*(np.zeros(0, np.int64) for _ in range(3)))
    return _merged(*(np.concatenate(column) for column in zip(*tables, strict=True)))


def _tables(first: Part, second: Part) -> Iterator[tuple[Any, Any, Any]]:
    """One table for each block. Runs of equal pixels are counted first, as label images are made of them."""
    import numpy as np

    for part, side in ((first, "first"), (second, "second")):
        if np.dtype(part.dtype).kind not in "biu":
            raise Unreadable.as_type(side, "label image", f"it holds {part.dtype}")
    left, right = first.load(), second.load()
    for index in blocks(first.shape, 8):
        one = np.asarray(left[index]).reshape(-1).astype(np.int64)
        other = np.asarray(right[index]).reshape(-1).astype(np.int64)
        if not one.size:
            continue
        starts = np.flatnonzero(np.r_[True, (one[1:] != one[:-1]) | (other[1:] != other[:-1])])
        lengths = np.diff(np.r_[starts, one.size])
        found = _merged(one[starts], other[starts], lengths)
        yield found.first, found.second, found.pixels


def _merged(first: Any, second: Any, pixels: Any) -> Overlaps:
    import numpy as np

    ones, one = np.unique(first, return_inverse=True)
    others, other = np.unique(second, return_inverse=True)
    codes, index = np.unique(one.astype(np.int64) * len(others) + other, return_inverse=True)
    sums = np.bincount(index, weights=pixels).astype(np.int64)
    return Overlaps(ones[codes // len(others)], others[codes % len(others)], sums)


def renaming(table: Overlaps) -> dict[int, int]:
    """For each object of the first side its partner: the one with which its IoU exceeds 0.5; there is at most one."""
    one, other = table.areas()
    rows = zip(table.first.tolist(), table.second.tolist(), table.pixels.tolist(), strict=True)
    return {a: b for a, b, shared in rows if a and b and 2 * shared > one[a] + other[b] - shared}


def measure(first: Path, second: Path, names: Mapping[int, int] | None = None) -> Measured:
    """Measures of one pair under the renaming `names` of the series that it belongs to; None: under its own.

    pixels_differ: pixels whose label is another one after the renaming; matched_iou: mean IoU of the objects that have
    a partner, [0, 1]; unmatched: objects of either side without one (Caicedo et al. 2019,
    doi:10.1038/s41592-019-0612-7); adjusted_rand: [-1, 1] over all pixels (Hubert and Arabie 1985,
    doi:10.1007/BF01908075); objects_apart: difference of the counts.
    """
    with read(first, "first") as (one, meant), read(second, "second") as (other, other_meant):
        shapes = [str([part.shape for part in parts]) for parts in (one, other)]
    metadata = images.physical(meant, other_meant)
    if shapes[0] != shapes[1]:
        return Measured((differs("shape", "shape", *shapes), metadata))
    table = overlaps([(first, second)])
    return Measured(
        (differs("shape", "shape", 0, 0), *_measures(table, renaming(table) if names is None else names), metadata)
    )


def _measures(table: Overlaps, names: Mapping[int, int]) -> list[Measure]:
    one, other = table.areas()
    same, ious = 0, []
    for a, b, shared in zip(table.first.tolist(), table.second.tolist(), table.pixels.tolist(), strict=True):
        if (a == 0 and b == 0) or (a and b and names.get(a) == b):
            same += shared
            iou = shared / (one[a] + other[b] - shared) if a else 0.0
            ious += [iou] if iou > 0.5 else []
    total = int(table.pixels.sum()) if len(table.pixels) else 0
    mean = sum(ious) / len(ious) if ious else float(not one and not other)
    return [
        Measure("pixels_differ", total - same, "px", about="labels"),
        Measure("matched_iou", number(mean), None, "larger", "labels"),
        Measure("unmatched", len(one) + len(other) - 2 * len(ious), about="labels"),
        Measure("adjusted_rand", number(_adjusted_rand(table)), None, "larger", "labels"),
        Measure("objects_apart", abs(len(one) - len(other)), about="labels"),
    ]


def _adjusted_rand(table: Overlaps) -> float:
    """Hubert and Arabie 1985, eq. 5, with every label, background included, as a cluster of pixels."""
    import numpy as np

    def pairs(counts: Any) -> float:
        counts = np.asarray(counts, dtype=np.float64)
        return float((counts * (counts - 1) / 2).sum())

    rows = np.bincount(np.unique(table.first, return_inverse=True)[1], weights=table.pixels)
    columns = np.bincount(np.unique(table.second, return_inverse=True)[1], weights=table.pixels)
    both, one, other = pairs(table.pixels), pairs(rows), pairs(columns)
    every = pairs([table.pixels.sum()])
    expected = one * other / every if every else 0.0
    largest = (one + other) / 2
    return (both - expected) / (largest - expected) if largest != expected else 1.0


def _measure(first: Path, second: Path, _: Options) -> Measured:
    return measure(first, second)


def _never(_: Glimpse) -> bool:
    """No file says of itself that its pixels are labels: the limits do."""
    return False


LABELS: Final = Comparator("labels", _never, _measure)
