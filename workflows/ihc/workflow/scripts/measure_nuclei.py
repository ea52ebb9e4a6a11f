"""Measure the nuclei of a tile: place, shape and mean stain densities."""

import csv
import sys
from typing import Any

import numpy as np
import tifffile
from skimage import measure

COLUMNS = [
    "tile",
    "nucleus",
    "centroid_row_px",
    "centroid_column_px",
    "area_px",
    "eccentricity",
    "haematoxylin_mean",
    "dab_mean",
    "dab_positive",
]


def measure_nuclei(
    stains: np.ndarray, labels: np.ndarray, tile: str, window: list[int], dab_threshold: float
) -> list[list[str]]:
    """One row (as COLUMNS) for each nucleus, numbers with six significant digits.

    `stains` has the densities of haematoxylin, eosin and DAB (axes CYX), `labels` the nuclei (axes YX, 0 is
    background). Centroids are in pixels of the micrograph, where the tile begins at the window's top, left;
    eccentricity is in 0..1; a nucleus is positive (1, else 0) if its mean DAB density exceeds the threshold.
    """
    rows = []
    for nucleus in measure.regionprops(labels, intensity_image=np.moveaxis(stains, 0, -1)):
        haematoxylin, _, dab = nucleus.intensity_mean
        centroid = np.add(nucleus.centroid, window[:2])
        values = [*centroid, nucleus.area, nucleus.eccentricity, haematoxylin, dab]
        positive = int(dab > dab_threshold)
        rows.append([tile, str(nucleus.label), *(f"{value:.6g}" for value in values), str(positive)])
    return rows


def main(job: Any) -> None:
    """Write the tile's table of nuclei (tab-separated, with a header)."""
    stains, labels = tifffile.imread(job.input.stains), tifffile.imread(job.input.labels)
    rows = measure_nuclei(stains, labels, job.wildcards.tile, job.params.window, job.params.dab_threshold)
    with open(job.output[0], "w", newline="", encoding="utf-8") as table:
        csv.writer(table, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *rows])
    print(f"{len(rows)} nuclei")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
