"""Figure of the outlined nuclei, of their areas and of the score."""

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
from skimage import measure


def outlines(labels: np.ndarray) -> dict[int, np.ndarray]:
    """Outline of each nucleus (shape (points, 2), axes XY, pixels) of a label image (axes YX) by its number."""
    found = {}
    for nucleus in measure.regionprops(labels):
        # A rim of background closes the outline; the mask is 0 or 1, so its border is at one half.
        border = measure.find_contours(np.pad(nucleus.image, 1).astype(float), 0.5)[0] - 1
        found[nucleus.label] = (border + nucleus.bbox[:2])[:, ::-1]
    return found


def draw(axes: Axes, image: np.ndarray, lines: dict[str, list[np.ndarray]], width: float) -> None:
    """Draw an image (axes YX) from its 0.5th to its 99.5th percentile, and outlines by their colour."""
    low, high = np.percentile(image, [0.5, 99.5])
    axes.imshow(image, cmap="gray", vmin=low, vmax=high)
    for colour, group in lines.items():
        axes.add_collection(LineCollection(group, colors=colour, linewidths=width))
    axes.set_axis_off()


def draw_areas(axes: Axes, areas: list[float], median: dict[str, Any], bins: int, colour: str) -> None:
    """Draw the histogram of the areas in µm², the median and its interval."""
    axes.hist(areas, bins=bins, color="0.6", edgecolor="white", linewidth=0.4)
    axes.axvspan(*median["interval_um2"], color=colour, alpha=0.4, linewidth=0)
    axes.axvline(median["median_area_um2"], color=colour, linewidth=1.5)
    axes.set(xlabel="area of the nucleus in µm²", ylabel="nuclei")
    axes.set_title(f"median {median['median_area_um2']:.1f} µm²", loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def partners(labels: np.ndarray, truth: np.ndarray, iou: float) -> set[int]:
    """Numbers of the nuclei in `labels` that have a partner in `truth` (both axes YX) with a greater IoU."""
    matched = set()
    for nucleus in measure.regionprops(labels):
        below = truth[nucleus.slice][nucleus.image]
        for other, shared in zip(*np.unique(below[below > 0], return_counts=True), strict=True):
            union = nucleus.area + np.count_nonzero(truth == other) - shared
            if shared / union > iou:
                matched.add(nucleus.label)
    return matched


def judged(labels: np.ndarray, truth: np.ndarray, iou: float, settings: Any) -> dict[str, list[np.ndarray]]:
    """Outlines by colour: found and in the truth; found and not in the truth; in the truth and not found."""
    known, found = partners(truth, labels, iou), partners(labels, truth, iou)
    lines: dict[str, list[np.ndarray]] = {
        colour: [] for colour in (settings.missed_colour, settings.wrong_colour, settings.found_colour)
    }
    for label, line in outlines(truth).items():
        if label not in known:
            lines[settings.missed_colour].append(line)
    for label, line in outlines(labels).items():
        lines[settings.found_colour if label in found else settings.wrong_colour].append(line)
    return lines


def read_json(path: str) -> dict[str, Any]:
    """The document."""
    with open(path, encoding="utf-8") as report:
        document: dict[str, Any] = json.load(report)
        return document


def main(job: Any) -> None:
    """Write the figure as PNG without the software's name, so that equal figures are equal files."""
    settings, given = job.params, job.input
    with open(given.nuclei, newline="", encoding="utf-8") as table:
        areas = [float(row["area_um2"]) for row in csv.DictReader(table, delimiter="\t")]
    score = read_json(given.score)
    size = (settings.width_in, settings.height_in)
    figure, axes = plt.subplot_mosaic("aab;aac", figsize=size, layout="constrained")
    found = list(outlines(tifffile.imread(given.labels)).values())
    draw(axes["a"], tifffile.imread(given.image), {settings.found_colour: found}, 0.8)
    axes["a"].set_title(f"{len(found)} nuclei found by the network", loc="left")
    draw_areas(axes["b"], areas, read_json(given.median), settings.bins, settings.wrong_colour)
    labels, truth = tifffile.imread(given.scored_labels), tifffile.imread(given.truth)
    draw(axes["c"], tifffile.imread(given.scored), judged(labels, truth, score["iou"], settings), 0.8)
    axes["c"].set_title(f"found by threshold: F1 {score['f1']:.3f}", loc="left")
    figure.savefig(job.output[0], dpi=settings.dpi, metadata={"Software": None})
    print(f"{len(found)} nuclei drawn")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
