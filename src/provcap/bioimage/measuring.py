"""Measures of one plane of an image: its values as floating point numbers, axes Y and X.

Each is what its publication calls it, of this image. What a specimen adds to it cannot be told from what the
microscope adds: QUAREP-LiMi (doi:10.1038/s41592-021-01162-y) defines its measures of an instrument on images of
samples made for that, and none of them is meant here. A measure that is not defined of a plane is None. DN, digital
number, is the unit of the values (EMVA 1288).
"""

from __future__ import annotations

import math
from typing import Any, Final

SATURATED: Final = "values at the highest of the range / all values, doi:10.1083/jcb.202107093"
LAPLACIAN: Final = "variance of the Laplacian (4 neighbours), doi:10.1016/j.patcog.2012.11.011"
VARIANCE: Final = "variance / mean, doi:10.1002/jemt.20118"
NOISE: Final = "Immerkær's fast noise variance estimation, doi:10.1006/cviu.1996.0060"
BACKGROUND: Final = "half-sample mode of the values, doi:10.1016/j.csda.2005.07.011"
UNIFORMITY: Final = (
    "minimum / maximum of the plane, smoothed by a Gaussian of 1/64 of its side, doi:10.1083/jcb.202107093"
)
DRIFT: Final = "cross-correlation of successive time points, to 1/20 px, doi:10.1364/OL.33.000156"
SIDE: Final = 512  #: pixels a side, at most, of the middle of a plane in which drift is looked for
ALIKE: Final = 0.3  #: correlation below which two planes do not tell how far one moved
FLAT: Final = 0.7  #: part of the neighbouring pixels that are equal from which on the values number areas
_SAMPLE: Final = 1 << 18  #: values at most of which the mode is found
_GRID: Final = 128  #: blocks a side in which uniformity is looked at


def laplacian_variance(plane: Any) -> float | None:
    """The variance of the Laplacian, in DN²: higher when there is more fine detail, so in focus; noise is detail, too.

    LAPV ("LAP4") in Pertuz, Puig and Garcia 2013, doi:10.1016/j.patcog.2012.11.011, after Pech-Pacheco et al. 2000,
    doi:10.1109/ICPR.2000.903548. The mask is 0 1 0 / 1 -4 1 / 0 1 0, inside of the plane.
    """
    if min(plane.shape) < 3:
        return None
    middle = plane[1:-1, 1:-1]
    found = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:] - 4 * middle
    return _variance(found)


def normalized_variance(plane: Any) -> float | None:
    """The variance over the mean, in DN: of one scene higher in focus.

    Measure 11 of Sun, Duthaler and Nelson 2004, doi:10.1002/jemt.20118. Not defined where the mean is not above 0.
    """
    values = _finite(plane)
    mean = float(values.mean(dtype="f8")) if values.size else 0.0
    spread = _variance(values)
    return None if spread is None or mean <= 0 else _told(spread / mean)


def noise_sigma(plane: Any) -> float | None:
    """The standard deviation of Gaussian noise that would explain the finest detail, in DN: too high where the image
    has fine structure itself, too low where values are cut off or smoothed.

    Immerkær 1996, doi:10.1006/cviu.1996.0060: sqrt(pi/2) / 6 of the mean of |I * N| with N = 1 -2 1 / -2 4 -2 / 1 -2 1.
    """
    import numpy as np

    if min(plane.shape) < 3:
        return None
    found = _finite(np.diff(np.diff(plane, n=2, axis=0), n=2, axis=1))
    return _told(math.sqrt(math.pi / 2) / 6 * float(np.abs(found).mean(dtype="f8"))) if found.size else None


def background_mode(plane: Any) -> float | None:
    """Where the values lie closest together, in DN: the background where it takes more of the plane than anything else
    does, be it dark or bright.

    The half-sample mode, Bickel and Frühwirth 2006, doi:10.1016/j.csda.2005.07.011, of every n-th value.
    """
    import numpy as np

    values = _finite(plane)
    values = np.sort(values[:: max(1, -(-values.size // _SAMPLE))])
    while values.size > 2:
        half = -(-values.size // 2)
        widths = values[half - 1 :] - values[: values.size - half + 1]
        shortest = np.flatnonzero(widths == widths.min())  # whole numbers often tie: the first would be too low
        start = int(shortest[len(shortest) // 2])
        if half == 2 and values.size == 3 and widths[0] == widths[1]:
            return _told(float(values[1]))
        values = values[start : start + half]
    return _told(float(values.mean(dtype="f8"))) if values.size else None


def field_uniformity(plane: Any) -> float | None:
    """The lowest over the highest value of the plane after smoothing, 1 for a flat one.

    U in Faklaris et al. 2022, doi:10.1083/jcb.202107093, there of a uniform fluorescent slide and after a Gaussian of 2
    pixels; here of whatever the image shows, after a Gaussian of 1/64 of the shorter side. Values below 0 have none.
    """
    import numpy as np
    from skimage import filters

    if min(plane.shape) < 16:
        return None
    step = max(1, min(plane.shape) // _GRID)
    high, wide = (size // step for size in plane.shape)
    blocks = plane[: high * step, : wide * step].reshape(high, step, wide, step)
    known = np.isfinite(blocks)
    weight = known.mean(axis=(1, 3), dtype="f8")
    mean = np.where(known, blocks, 0).mean(axis=(1, 3), dtype="f8")
    sigma = min(high, wide) / 64
    smooth: Any = filters.gaussian
    told = {"sigma": sigma, "mode": "nearest", "preserve_range": True}
    weight = smooth(weight, **told)
    seen = weight > 0.01
    field = smooth(mean, **told)[seen] / weight[seen]
    if not field.size or field.min() < 0 or field.max() <= 0:
        return None
    return _told(float(field.min() / field.max()))


def numbers_areas(plane: Any) -> bool:
    """Whether the integers of `plane` number areas, as those of a label image or a mask do: there are two of them, or
    neighbours (4, and not both at an end of the values, where a saturated image is flat) are the same as often as
    `FLAT`. Tried: label images 0.79 to 0.95, micrographs and photographs 0.003 to 0.60. Areas of few pixels are not
    found to be such."""
    low, high = plane.min(), plane.max()
    if low == high:
        return False
    if ((plane == low) | (plane == high)).all():
        return True
    same = every = 0
    for first, second in ((plane[1:], plane[:-1]), (plane[:, 1:], plane[:, :-1])):
        equal = first == second
        some = ~(equal & ((first == low) | (first == high)))
        every += int(some.sum())
        same += int((equal & some).sum())
    return same >= FLAT * every


def shift(first: Any, second: Any) -> tuple[float, float] | None:
    """How far what `second` shows lies from where `first` shows it, along Y and X in pixels.

    The peak of the cross-correlation, found to 1/20 pixel: Guizar-Sicairos, Thurman and Fienup 2008,
    doi:10.1364/OL.33.000156. Its phase alone would be exact without noise, and with noise is off by pixels. Both
    are faded out towards their edges, which do not move. None where they correlate by less than `ALIKE`.
    """
    import numpy as np
    from skimage import registration

    pair = []
    for plane in (first, second):
        known = np.isfinite(plane)
        if not known.any():
            return None
        level = float(plane[known].mean(dtype="f8"))
        values = np.where(known, plane, level) - level
        if not np.isfinite(values).all() or not values.any():
            return None
        pair.append(values * np.outer(*(np.hanning(size + 2)[1:-1] for size in plane.shape)))
    correlate: Any = registration.phase_cross_correlation
    found, error, _ = correlate(*pair, upsample_factor=20, normalization=None)
    if not np.isfinite(found).all() or not 1 - float(error) ** 2 >= ALIKE**2:  # error² is 1 - r², ibid. eq. 1
        return None
    return 0.0 - float(found[0]), 0.0 - float(found[1])


def _finite(values: Any) -> Any:
    import numpy as np

    return values[np.isfinite(values)]


def _variance(values: Any) -> float | None:
    values = _finite(values)
    return _told(float(values.var(dtype="f8"))) if values.size else None


def _told(value: float) -> float | None:
    """`value` without the last digits, which depend on the processor; None when it is not finite."""
    return float(f"{value:.9g}") if math.isfinite(value) else None
