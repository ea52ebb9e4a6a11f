"""Fraction of DAB-positive nuclei with its bootstrap confidence interval."""

import csv
import json
import sys
from typing import Any

import numpy as np


def read_positive(path: str) -> np.ndarray:
    """Whether each nucleus of the table is DAB-positive (bool, shape (nuclei,))."""
    with open(path, newline="", encoding="utf-8") as table:
        positive = [row["dab_positive"] == "1" for row in csv.DictReader(table, delimiter="\t")]
    return np.array(positive, dtype=bool)


def percentile_interval(
    positive: np.ndarray, resamples: int, confidence_level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Bounds of the bootstrap percentile interval of the fraction of true values (each in 0..1).

    `positive` is a bool array of shape (nuclei,). Each resample draws as many nuclei as there are, with
    replacement. Source: Efron 1979, doi:10.1214/aos/1176344552. Raises ValueError without nuclei.
    """
    if positive.size == 0:
        raise ValueError("no nuclei: the fraction of positive ones is undefined")
    fractions = [rng.choice(positive, positive.size).mean() for _ in range(resamples)]
    tail = (1 - confidence_level) / 2
    lower, upper = np.quantile(fractions, [tail, 1 - tail])
    return float(lower), float(upper)


def main(job: Any) -> None:
    """Write the fraction, its interval and what they rest on as JSON."""
    positive = read_positive(job.input[0])
    settings = job.params
    rng = np.random.default_rng(settings.seed)
    lower, upper = percentile_interval(positive, settings.resamples, settings.confidence_level, rng)
    result = {
        "nuclei": int(positive.size),
        "dab_positive": int(positive.sum()),
        "fraction": float(positive.mean()),
        "interval": [lower, upper],
        "confidence_level": settings.confidence_level,
        "resamples": settings.resamples,
        "seed": settings.seed,
    }
    with open(job.output[0], "w", encoding="utf-8") as report:
        report.write(json.dumps(result, indent=2) + "\n")
    print(f"{positive.sum()} of {positive.size} nuclei are positive")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
