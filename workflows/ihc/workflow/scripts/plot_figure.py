"""Figure of the outlined nuclei beside the distribution of their DAB densities."""

import csv
import json
import sys
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import tifffile
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from skimage import io, measure

Outlines = dict[tuple[str, str], np.ndarray]
"""Outline of each nucleus (shape (points, 2), axes XY, pixels of the micrograph) by tile and number."""


def read_nuclei(path: str) -> list[dict[str, str]]:
    """Rows of the table of nuclei."""
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def outlines(labels: np.ndarray, tile: str, window: list[int]) -> Outlines:
    """Outlines of the nuclei in a label image (axes YX) whose origin is the window's top and left."""
    found = {}
    for nucleus in measure.regionprops(labels):
        # A rim of background closes the outline; the mask is 0 or 1, so its border is at one half.
        border = measure.find_contours(np.pad(nucleus.image, 1).astype(float), 0.5)[0] - 1
        border += np.add(nucleus.bbox[:2], window[:2])
        found[tile, str(nucleus.label)] = border[:, ::-1]
    return found


def draw_overlay(
    axes: Axes, image: np.ndarray, nuclei: list[dict[str, str]], found: Outlines, colours: dict[str, str]
) -> None:
    """Draw the micrograph (axes YXS) and the outlines, in the colour of "1" (positive) or "0" (negative)."""
    axes.imshow(image)
    for value, colour in colours.items():
        lines = [found[row["tile"], row["nucleus"]] for row in nuclei if row["dab_positive"] == value]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=1.0))
    axes.set_axis_off()


def bin_edges(highest: float, threshold: float, bins_below_threshold: int) -> np.ndarray:
    """Edges of equal bins from 0 past the highest value (> 0), one of which is the threshold (> 0)."""
    width = threshold / bins_below_threshold
    return np.arange(np.ceil(highest / width) + 1) * width


def draw_densities(
    axes: Axes, nuclei: list[dict[str, str]], threshold: float, bins_below: int, colours: dict[str, str]
) -> None:
    """Draw the histogram of the mean DAB densities and the threshold."""
    groups = {"1": "DAB-positive", "0": "DAB-negative"}
    values = [[float(row["dab_mean"]) for row in nuclei if row["dab_positive"] == value] for value in groups]
    labels = [f"{name} (n = {len(group)})" for name, group in zip(groups.values(), values, strict=True)]
    chosen = [colours[value] for value in groups]
    edges = bin_edges(max(map(max, filter(None, values))), threshold, bins_below)
    axes.hist(values, bins=edges, stacked=True, color=chosen, label=labels, edgecolor="white", linewidth=0.4)
    axes.axvline(threshold, color="0.2", linestyle="--", linewidth=1.0, label=f"threshold {threshold:g}")
    axes.set(xlabel="mean DAB density of the nucleus", ylabel="nuclei")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def title(fraction: dict[str, Any]) -> str:
    """The fraction of positive nuclei and its interval in words."""
    lower, upper = fraction["interval"]
    return (
        f"DAB-positive nuclei: {fraction['fraction']:.1%}\n"
        f"{fraction['confidence_level']:.0%} interval {lower:.1%} to {upper:.1%}"
    )


def main(job: Any) -> None:
    """Write the figure as PNG without the software's name, so that equal figures are equal files."""
    settings = job.params
    nuclei = read_nuclei(job.input.nuclei)
    found: Outlines = {}
    for tile, window, path in zip(settings.tiles, settings.windows, job.input.labels, strict=True):
        found |= outlines(tifffile.imread(path), tile, window)
    with open(job.input.fraction, encoding="utf-8") as report:
        fraction = json.load(report)

    colours = {"1": settings.positive_colour, "0": settings.negative_colour}
    size = (settings.width_in, settings.height_in)
    figure, (left, right) = plt.subplots(ncols=2, figsize=size, layout="constrained")
    draw_overlay(left, io.imread(job.input.micrograph)[..., :3], nuclei, found, colours)
    draw_densities(right, nuclei, settings.dab_threshold, settings.bins_below_threshold, colours)
    right.set_title(title(fraction), loc="left")
    figure.savefig(job.output[0], dpi=settings.dpi, metadata={"Software": None})
    print(f"{len(found)} nuclei drawn")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
