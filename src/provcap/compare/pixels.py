"""How far two arrays of numbers are apart, block by block, so that neither has to fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provcap.compare.comparator import Unmeasured, differs, number
from provcap.model import Measure

BLOCK_BYTES: Final = 8 << 20  #: of one side, before it is converted to float64
MAX_BYTES: Final = 1 << 40  #: of an array: a file of a few bytes can claim to hold any number of zeros
WINDOW: Final = 7  #: pixels, of the structural similarity; odd


@dataclass(frozen=True, slots=True)
class Part:
    """One array of a file: a plane, a data set, a page. `load` gives what can be sliced as NumPy arrays can."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], Any]
    channels: bool = False  #: the last axis is colour, not X

    @classmethod
    def of(cls, name: str, array: Any, channels: bool = False) -> Part:
        """The part that `array` is, which is at hand already, or reads itself when it is sliced."""
        return cls(name, tuple(array.shape), str(array.dtype), lambda: array, channels)


def blocks(shape: Sequence[int], itemsize: int) -> Iterator[tuple[slice | int, ...]]:
    """Indices that cut an array of `shape` into pieces of at most BLOCK_BYTES, along the leading axes.

    Raises Unmeasured for an array of more than MAX_BYTES.
    """
    if itemsize * math.prod(shape) > MAX_BYTES:
        raise Unmeasured(f"an array of more than {MAX_BYTES} bytes")
    if not shape:
        yield ()
        return
    row = itemsize * math.prod(shape[1:])
    if row > BLOCK_BYTES and len(shape) > 1:
        for i in range(shape[0]):
            for rest in blocks(shape[1:], itemsize):
                yield (slice(i, i + 1), *rest)
        return
    step = max(1, BLOCK_BYTES // max(row, 1))
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])),)


@dataclass(slots=True)
class Tally:
    """Sums over blocks."""

    count: int = 0
    differ: int = 0
    unmatched_nan: int = 0  #: not a number, or infinite, in one and something else in the other
    max_abs: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, first: Any, second: Any) -> None:
        """Two blocks of one shape; complex numbers and records count as their parts."""
        import numpy as np

        one, other = np.asarray(first), np.asarray(second)
        self.count += one.size
        if one.dtype.kind not in "biufc" or other.dtype.kind not in "biufc":
            self.differ += int(np.count_nonzero(one != other))
            return
        if one.dtype.kind != "f" and other.dtype.kind != "f" and np.array_equal(one, other):
            self._range(one)
            return
        same = (one == other) | ((one != one) & (other != other))
        self.differ += int(one.size - np.count_nonzero(same))
        both = np.isfinite(one) & np.isfinite(other)
        self.unmatched_nan += int(np.count_nonzero(~both & ~same))
        self._range(one[np.isfinite(one)] if not both.all() else one)
        wide = (
            np.longdouble
            if max(one.dtype.itemsize, other.dtype.itemsize) >= 8 and one.dtype.kind in "iu"
            else np.float64
        )
        kind = np.complex128 if "c" in one.dtype.kind + other.dtype.kind else wide
        with np.errstate(all="ignore"):
            apart = np.abs(one.astype(kind) - other.astype(kind))[both]
        if apart.size:
            self.max_abs = max(self.max_abs, float(apart.max()))
            self.squares += float(np.square(apart, dtype=np.float64).sum())

    def _range(self, values: Any) -> None:
        if values.size and values.dtype.kind != "c":
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    @property
    def span(self) -> float:
        """Largest minus smallest finite value of the first side: the peak of the signal for PSNR and SSIM."""
        return self.high - self.low if self.high > self.low else 1.0


def measures(tally: Tally, about: str, ssim: float | None, unit: str | None = None) -> list[Measure]:
    """What `tally` counted, as measures of the aspect `about`.

    pixels_differ: how many; max_abs, rmse: in the units of the values; psnr: 10 log10(span² / mse) in dB, infinite when
    equal; ssim: [-1, 1].
    """
    if tally.unmatched_nan:
        return [
            Measure("pixels_differ", tally.differ, about=about),
            Measure("nan_differ", tally.unmatched_nan, about=f"{about} that are no numbers"),
            *[Measure(name, "nan", unit, about=about) for name in ("max_abs", "rmse")],
            *[Measure(name, "nan", direction="larger", about=about) for name in ("psnr", "ssim")],
        ]
    mse = tally.squares / tally.count if tally.count else 0.0
    psnr = 10 * math.log10(tally.span**2 / mse) if mse else math.inf
    found = [
        Measure("pixels_differ", tally.differ, about=about),
        Measure("max_abs", number(tally.max_abs), unit, about=about),
        Measure("rmse", number(math.sqrt(mse)), unit, about=about),
        Measure("psnr", number(psnr), "dB", "larger", about),
    ]
    return found if ssim is None else [*found, Measure("ssim", number(ssim), None, "larger", about)]


def compare_parts(first: Sequence[Part], second: Sequence[Part], about: str = "pixels") -> tuple[list[Measure], str]:
    """Measures over all parts of two images, and where the first difference is."""
    shapes = [[(p.name, p.shape) for p in parts] for parts in (first, second)]
    types = [sorted({p.dtype for p in parts}) for parts in (first, second)]
    found = [differs("type", "dtype", *(", ".join(t) for t in types))]
    if shapes[0] != shapes[1]:
        told = [", ".join("×".join(map(str, shape)) for _, shape in s[:3]) + f" in {len(s)}" for s in shapes]
        apart = told if told[0] != told[1] else [str(s) for s in shapes]
        return [*found, differs("shape", "shape", *apart)], ""
    tally, where = Tally(), ""
    for one, other in zip(first, second, strict=True):
        before = tally.differ
        left, right = one.load(), other.load()
        for index in blocks(one.shape, _itemsize(one)):
            tally.add(left[index], right[index])
        if tally.differ > before and not where and len(first) > 1:
            where = f"first in {one.name}"
    similar = _similarity(first, second, tally)
    return [*found, differs("shape", "shape", 0, 0), *measures(tally, about, similar)], where


def _itemsize(part: Part) -> int:
    import numpy as np

    return int(np.dtype(part.dtype).itemsize) or 1


def _similarity(first: Sequence[Part], second: Sequence[Part], tally: Tally) -> float | None:
    """Mean structural similarity of all planes; Wang et al. 2004, doi:10.1109/TIP.2003.819861. None: too small."""
    if not tally.differ:
        return 1.0
    total, count = 0.0, 0
    for one, other in zip(first, second, strict=True):
        for left, right in zip(_planes(one), _planes(other), strict=True):
            value, weight = _plane_similarity(left, right, tally.span)
            total, count = total + value, count + weight
    return total / count if count else None


def _planes(part: Part) -> Iterator[Any]:
    """Every YX plane of `part`."""
    import numpy as np

    array = part.load()
    leading = part.shape[: -3 if part.channels else -2]
    if len(part.shape) - part.channels < 2 or np.dtype(part.dtype).kind not in "biuf":
        return
    for index in np.ndindex(*leading):
        for channel in range(part.shape[-1]) if part.channels else (None,):
            yield _Plane(array, index, channel, part.shape[-3:-1] if part.channels else part.shape[-2:])


class _Plane:
    """A plane of an array, read by rows; of one channel, when its last axis is colour."""

    def __init__(self, array: Any, index: tuple[int, ...], channel: int | None, shape: tuple[int, ...]) -> None:
        self._array, self._index, self._channel, self.shape = array, index, channel, shape

    def __getitem__(self, rows: slice) -> Any:
        found = self._array[(*self._index, rows)]
        return found if self._channel is None else found[..., self._channel]


def _plane_similarity(first: Any, second: Any, span: float) -> tuple[float, int]:
    """Sum of the local similarities and their number, in strips of rows that overlap by the window.

    Local statistics are means over a square window; C1 = (0.01 span)², C2 = (0.03 span)² as in the paper.
    """
    import numpy as np
    from skimage.metrics import structural_similarity

    height, width = first.shape
    if min(height, width) < WINDOW:
        return 0.0, 0
    edge = WINDOW // 2
    step = max(1, (BLOCK_BYTES // 8) // width)
    total, count = 0.0, 0
    for start in range(edge, height - edge, step):
        rows = slice(start - edge, min(start + step, height - edge) + edge)
        one, other = (np.asarray(side[rows]) for side in (first, second))
        if np.array_equal(one, other):  # 1 everywhere, and most strips of large images are
            inside = (len(one) - 2 * edge) * (width - 2 * edge)
            total, count = total + inside, count + inside
            continue
        one, other = one.astype(np.float64), other.astype(np.float64)
        _, local = structural_similarity(  # type: ignore[no-untyped-call]
            one, other, win_size=WINDOW, data_range=span, full=True
        )
        inner = local[edge:-edge, edge:-edge]
        total, count = total + float(inner.sum()), count + inner.size
    return total, count
