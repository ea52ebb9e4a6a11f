"""Median area of the nuclei with its bootstrap confidence interval."""

import csv
import json
import sys
from typing import Any

import numpy as np


def read_areas(path: str) -> np.ndarray:
    """Area of each nucleus of the table in µm² (float64, shape (nuclei,))."""
    with open(path, newline="", encoding="utf-8") as table:
        return np.array([float(row["area_um2"]) for row in csv.DictReader(table, delimiter="\t")])


def percentile_interval(
    areas: np.ndarray, resamples: int, confidence_level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Bounds of the bootstrap percentile interval of the median, in the unit of the areas (shape (nuclei,)).

    Each resample draws as many nuclei as there are, with replacement. Source: Efron 1979,
    doi:10.1214/aos/1176344552. Raises ValueError without nuclei.
    """
    if areas.size == 0:
        raise ValueError("no nuclei: their median area is undefined")
    medians = [np.median(rng.choice(areas, areas.size)) for _ in range(resamples)]
    tail = (1 - confidence_level) / 2
    lower, upper = np.quantile(medians, [tail, 1 - tail])
    return float(lower), float(upper)


def main(job: Any) -> None:
    """Write the median, its interval and what they rest on as JSON."""
    areas = read_areas(job.input[0])
    settings = job.params
    rng = np.random.default_rng(settings.seed)
    lower, upper = percentile_interval(areas, settings.resamples, settings.confidence_level, rng)
    result = {
        "nuclei": int(areas.size),
        "median_area_um2": float(np.median(areas)),
        "interval_um2": [lower, upper],
        "confidence_level": settings.confidence_level,
        "resamples": settings.resamples,
        "seed": settings.seed,
    }
    with open(job.output[0], "w", encoding="utf-8") as report:
        report.write(json.dumps(result, indent=2) + "\n")
    print(f"median area of {areas.size} nuclei: {result['median_area_um2']:.4g} µm²")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
