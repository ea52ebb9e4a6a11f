"""Summary of the measurements for readers, as Markdown."""

import csv
import json
import sys
from collections import Counter
from typing import Any


def count_by_tile(path: str) -> dict[str, tuple[int, int]]:
    """Number of nuclei and of DAB-positive ones by tile, for the tiles in the table of nuclei."""
    nuclei: Counter[str] = Counter()
    positive: Counter[str] = Counter()
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            nuclei[row["tile"]] += 1
            positive[row["tile"]] += int(row["dab_positive"])
    return {tile: (count, positive[tile]) for tile, count in nuclei.items()}


def summary(fraction: dict[str, Any], counts: dict[str, tuple[int, int]], dab_threshold: float) -> str:
    """The page's text: the fraction (0..1) with its interval, and a table of the tiles."""
    lower, upper = fraction["interval"]
    share = f"{fraction['dab_positive']} of {fraction['nuclei']}"
    lines = [
        "# DAB-positive nuclei",
        "",
        f"{share} nuclei have a mean DAB density above {dab_threshold:g}:",
        f"**{fraction['fraction']:.1%}** ({fraction['confidence_level']:.0%} bootstrap percentile interval "
        f"{lower:.1%} to {upper:.1%}, {fraction['resamples']} resamples, seed {fraction['seed']}).",
        "The interval holds for the nuclei of this micrograph, not for other tissue.",
        "",
        "| tile | nuclei | positive | fraction |",
        "| --- | ---: | ---: | ---: |",
    ]
    for tile, (nuclei, positive) in counts.items():
        lines.append(f"| {tile} | {nuclei} | {positive} | {positive / nuclei:.1%} |")
    return "\n".join(lines) + "\n"


def main(job: Any) -> None:
    """Write the page."""
    with open(job.input.fraction, encoding="utf-8") as report:
        fraction = json.load(report)
    counts = count_by_tile(job.input.nuclei)
    with open(job.output[0], "w", encoding="utf-8") as page:
        page.write(summary(fraction, counts, job.params.dab_threshold))
    print(f"{len(counts)} tiles with nuclei")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
