"""Estimate how far the field of view drifted from frame to frame, from the shifts of its blocks.

Nuclei move by themselves: the drift is the shift on which most blocks agree (RANSAC, Fischler and Bolles 1981,
doi:10.1145/358669.358692). The shift of a block is that of the highest cross-correlation, to a fraction of a pixel
(Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156).
"""

import csv
import sys
from typing import Any

import numpy as np
import zarr
from skimage.measure import ransac
from skimage.registration import phase_cross_correlation

COLUMNS = ["frame", "row_drift_px", "column_drift_px", "row_offset_px", "column_offset_px", "agreeing_blocks", "blocks"]


class Translation:
    """The mean of shifts (rows and columns, in pixels), as RANSAC wants a model."""

    def __init__(self, shift: np.ndarray) -> None:
        self.shift = shift

    @classmethod
    def from_estimate(cls, shifts: np.ndarray) -> "Translation":
        """The mean of `shifts` (shape (blocks, 2))."""
        return cls(shifts.mean(axis=0))

    def residuals(self, shifts: np.ndarray) -> np.ndarray:
        """Distance of each shift from the mean, in pixels."""
        distances: np.ndarray = np.hypot(*(shifts - self.shift).T)
        return distances


def block_shifts(before: np.ndarray, after: np.ndarray, block_size: int, upsampling: int) -> np.ndarray:
    """Shift (rows, columns; shape (blocks, 2)) that brings each block of `after` (axes YX) onto that of `before`.

    Blocks are tapered to their edges (Hann), which would correlate with themselves otherwise. Grey levels enter by
    their square roots, so that the brightest nucleus does not decide alone. Raises ValueError for frames that are
    smaller than two blocks.
    """
    size = min(block_size, *before.shape)
    taper = np.outer(np.hanning(size), np.hanning(size))
    places = [range(0, length - size + 1, max(size // 2, 1)) for length in before.shape]
    shifts = []
    for top in places[0]:
        for left in places[1]:
            here = np.s_[top : top + size, left : left + size]
            pair = [(np.sqrt(frame[here]) - np.sqrt(frame[here]).mean()) * taper for frame in (before, after)]
            shifts.append(phase_cross_correlation(*pair, upsample_factor=upsampling, normalization=None)[0])
    if len(shifts) < 2:
        raise ValueError(f"blocks of {block_size} pixels are too large for frames of shape {before.shape}")
    return np.array(shifts)


def consensus(shifts: np.ndarray, residual: float, trials: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """The shift on which most blocks agree to `residual` pixels, and how many do; (0, 0) and none if no two do."""
    model, agree = ransac(shifts, Translation, min_samples=2, residual_threshold=residual, max_trials=trials, rng=rng)
    return (np.zeros(2), 0) if agree is None or agree.sum() < 2 else (model.shift, int(agree.sum()))


def main(job: Any) -> None:
    """Write drift and offset of each frame from the first: an offset, in whole pixels, takes the drift back."""
    settings = job.params
    frames = zarr.open_group(job.input[0], mode="r")["0"][:, settings.channel].astype(float)
    rng = np.random.default_rng(settings.seed)
    back, rows = np.zeros(2), [["0", "0", "0", "0", "0", "", ""]]
    for frame in range(1, len(frames)):
        shifts = block_shifts(frames[frame - 1], frames[frame], settings.block_size, settings.upsampling)
        shift, agreeing = consensus(shifts, settings.residual, settings.trials, rng)
        back = back + shift
        drift, offset = -back + 0.0, np.rint(back).astype(int)
        rows.append([str(frame), *(f"{d:.4f}" for d in drift), *map(str, offset), str(agreeing), str(len(shifts))])
    with open(job.output[0], "w", newline="", encoding="utf-8") as table:
        csv.writer(table, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *rows])
    print(f"drift of the last frame: {-back[0]:.2f} rows, {-back[1]:.2f} columns")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
