"""Segment the nuclei of a few frames: first the cells, then in each what is brightest."""

import sys
from typing import Any

import numpy as np
import zarr
from scipy import ndimage
from skimage import measure, morphology, segmentation
from zarr.codecs import ZstdCodec


def cells(
    frame: np.ndarray, cell_level: float, smoothing_sigma: float, seed_sigma: float, seed_height: float
) -> np.ndarray:
    """Labels (axes YX, 0 is background) of the cells in a frame (axes YX, grey levels).

    A watershed, on what is brighter than `cell_level`, from the maxima that stand out by `seed_height` after smoothing
    with `seed_sigma` pixels. Source: Vincent and Soille 1991, doi:10.1109/34.87344.
    """
    coarse = ndimage.gaussian_filter(frame, seed_sigma)
    seeds = measure.label(morphology.h_maxima(coarse, seed_height))
    mask = ndimage.gaussian_filter(frame, smoothing_sigma) > cell_level
    found: np.ndarray = segmentation.watershed(-coarse, seeds, mask=mask)
    return found


def nucleus(grey: np.ndarray, cell: np.ndarray, cell_level: float, fraction: float, opening_radius: int) -> np.ndarray:
    """Mask (bool, axes YX) of the nucleus in a cell: the convex hull of the largest part that is bright enough.

    `grey` is the smoothed frame in the cell's box, `cell` its mask; bright is more than `fraction` of the way from
    `cell_level` to the cell's 95th percentile. The hull takes in the nucleoli, which are dark, and stays in the cell.
    """
    bright = cell & (grey > cell_level + fraction * (np.percentile(grey[cell], 95) - cell_level))
    margin = opening_radius + 1
    # Beyond the box the mask goes on as at its border: a nucleus at the edge of the frame keeps its cut side.
    padded = np.pad(bright, margin, mode="edge")
    opened = ndimage.binary_opening(padded, morphology.disk(opening_radius))[margin:-margin, margin:-margin]
    parts = measure.label(opened)
    if parts.max() == 0:
        return np.zeros_like(cell)
    largest = parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1
    hull: np.ndarray = morphology.convex_hull_image(largest) & cell
    return hull


def segment(frame: np.ndarray, settings: Any) -> np.ndarray:
    """Labels (uint16, axes YX, consecutive from 1, 0 is background) of the nuclei in a frame (axes YX)."""
    grey = ndimage.gaussian_filter(frame, settings.smoothing_sigma)
    found = cells(frame, settings.cell_level, settings.smoothing_sigma, settings.seed_sigma, settings.seed_height)
    labels = np.zeros(frame.shape, dtype=np.uint16)
    count = 0
    for cell in measure.regionprops(found):
        mask = nucleus(
            grey[cell.slice], cell.image, settings.cell_level, settings.nucleus_fraction, settings.opening_radius
        )
        if mask.sum() >= settings.minimum_area:
            count += 1
            labels[cell.slice][mask] = count
    return labels


def main(job: Any) -> None:
    """Write the labels of the frames as a Zarr array (uint16, axes TYX)."""
    first, after = job.params.frames
    frames = zarr.open_group(job.input[0], mode="r")["0"][first:after, job.params.channel].astype(float)
    labels = np.stack([segment(frame, job.params) for frame in frames])
    zarr.create_array(job.output[0], data=labels, chunks=(1, *labels.shape[1:]), compressors=ZstdCodec(level=5))
    for index, frame in enumerate(labels):
        print(f"frame {first + index}: {frame.max()} nuclei")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
