"""Measure the nuclei in the units of the image."""

import csv
import sys
from typing import Any

import numpy as np
import ome_types
import tifffile
from skimage import measure

COLUMNS = ["nucleus", "centroid_row_px", "centroid_column_px", "area_um2", "major_axis_um", "eccentricity"]


def pixel_size_um(path: str) -> float | None:
    """Edge length of a pixel by the image's OME-XML, None if not stated; raises ValueError unless it is square."""
    xml = tifffile.TiffFile(path).ome_metadata
    pixels = ome_types.from_xml(xml).images[0].pixels if xml else None
    if pixels is None or pixels.physical_size_x is None:
        return None
    size, height = pixels.physical_size_x, pixels.physical_size_y
    units = {pixels.physical_size_x_unit.value, pixels.physical_size_y_unit.value}
    if height is None or abs(size - height) > 1e-3 * size or units != {"µm"}:
        raise ValueError(f"pixels of {size} x {height} in {units}: this workflow knows square ones, in µm")
    return size


def measure_nuclei(labels: np.ndarray, size_um: float) -> list[list[str]]:
    """One row (as COLUMNS) for each nucleus of the labels (axes YX, 0 is background), with six significant digits.

    `size_um` is the edge length of a pixel in µm. The axis is that of the ellipse with the same second moments;
    its eccentricity is in 0..1.
    """
    rows = []
    for nucleus in measure.regionprops(labels):
        lengths = [nucleus.area * size_um**2, nucleus.axis_major_length * size_um]
        values = [*nucleus.centroid, *lengths, nucleus.eccentricity]
        rows.append([str(nucleus.label), *(f"{value:.6g}" for value in values)])
    return rows


def main(job: Any) -> None:
    """Write the table of nuclei (tab-separated, with a header); raises ValueError where the pixel size is unknown."""
    labels, size_um = tifffile.imread(job.input[0]), pixel_size_um(job.input[0])
    if size_um is None:
        raise ValueError("the micrograph does not state its pixel size, so no area can be told")
    rows = measure_nuclei(labels, size_um)
    with open(job.output[0], "w", newline="", encoding="utf-8") as table:
        csv.writer(table, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *rows])
    print(f"{len(rows)} nuclei, pixels of {size_um:.6g} µm")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
