"""Measure the objects, and the mean of their areas with its bootstrap confidence interval."""

import csv
import json
import sys
from typing import Any

import numpy as np
import tifffile
from skimage import measure

COLUMNS = ["object", "row_px", "column_px", "area_px"]


def percentile_interval(
    areas: np.ndarray, resamples: int, confidence_level: float, rng: np.random.Generator
) -> list[float]:
    """Bounds of the bootstrap percentile interval of the mean. Source: Efron 1979, doi:10.1214/aos/1176344552."""
    means = rng.choice(areas, (resamples, areas.size)).mean(axis=1)
    tail = (1 - confidence_level) / 2
    return [float(bound) for bound in np.quantile(means, [tail, 1 - tail])]


def main(job: Any) -> None:
    """Write a row for each object, and the summary as JSON. Raises ValueError where there is no object."""
    settings = job.params
    objects = measure.regionprops(tifffile.imread(job.input[0]))
    if not objects:
        raise ValueError("no objects: their mean area is undefined")
    rows = [[one.label, *(f"{place:.3f}" for place in one.centroid), int(one.area)] for one in objects]
    with open(job.output.table, "w", newline="", encoding="utf-8") as table:
        csv.writer(table, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *rows])
    areas = np.array([one.area for one in objects], dtype=float)
    rng = np.random.default_rng(settings.seed)
    interval = percentile_interval(areas, settings.resamples, settings.confidence_level, rng)
    summary = {"objects": len(objects), "mean_area_px": float(areas.mean()), "interval_px": interval}
    summary |= {"confidence_level": settings.confidence_level, "resamples": settings.resamples, "seed": settings.seed}
    with open(job.output.summary, "w", encoding="utf-8") as report:
        json.dump(summary, report, indent=2)
        report.write("\n")
    print(f"{len(objects)} objects")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
