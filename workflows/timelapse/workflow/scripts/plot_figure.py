"""Figure: tracked nuclei in the first and the last frame, and how far they moved."""

import csv
import json
import sys
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import zarr
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from skimage import measure

Tracks = dict[int, list[tuple[int, float, float]]]
"""Frame, row and column (pixels) of each nucleus by its track, in order of the frames."""


def read_tracks(path: str) -> Tracks:
    """The tracks of the table."""
    tracks: Tracks = {}
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            place = (int(row["frame"]), float(row["row_px"]), float(row["column_px"]))
            tracks.setdefault(int(row["track"]), []).append(place)
    return tracks


def colour(track: int) -> Any:
    """The colour of a track, the same in every frame."""
    return plt.get_cmap("tab20")((track - 1) % 20)


def draw_frame(axes: Axes, image: np.ndarray, labels: np.ndarray, tracks: Tracks, frame: int, brightest: float) -> None:
    """Draw a frame (axes YX), the outlines of its nuclei (labels, axes YX), and where these came from until then."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=brightest)
    height, width = image.shape
    for one in measure.regionprops(labels):
        outline = measure.find_contours(np.pad(one.image, 1).astype(float), 0.5)[0] - 1 + one.bbox[:2]
        axes.plot(outline[:, 1], outline[:, 0], color=colour(one.label), linewidth=1.0)
        past = np.array([place[1:] for place in tracks[one.label] if place[0] <= frame])
        axes.plot(past[:, 1], past[:, 0], color="white", linewidth=0.8)
        text = axes.text(*one.centroid[::-1], str(one.label), color="white", fontsize=7, ha="center", va="center")
        text.set_path_effects([withStroke(linewidth=1.5, foreground="black")])
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=f"frame {frame}")
    axes.set_axis_off()


def draw_motility(axes: Axes, motility: dict[str, Any]) -> None:
    """Draw the mean squared displacement and its interval by lag, in µm² and s if their sizes are known."""
    size, interval = motility["pixel_size_um"], motility["frame_interval_s"]
    lags = np.array([one["lag_frames"] for one in motility["lags"]]) * (interval or 1)
    mean = np.array([one["msd_px2"] for one in motility["lags"]]) * (size or 1) ** 2
    bounds = np.array([one["interval_px2"] for one in motility["lags"]]) * (size or 1) ** 2
    axes.fill_between(lags, bounds[:, 0], bounds[:, 1], color="0.85", linewidth=0)
    axes.plot(lags, mean, color="0.2", marker="o", markersize=4)
    axes.set(xlabel=f"lag ({'s' if interval else 'frames'})", ylim=(0, None))
    axes.set_ylabel(f"mean squared displacement ({'µm²' if size else 'px²'})")
    level = f"{motility['confidence_level']:.0%} interval"
    axes.set_title(f"{motility['tracks']} nuclei, mean and {level}", loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def main(job: Any) -> None:
    """Write the figure as PNG without the software's name, so that equal figures are equal files."""
    settings = job.params
    image = zarr.open_group(job.input.tracked, mode="r")
    frames, labels = image["0"][:, settings.channel], image["labels/nuclei/0"][:]
    tracks = read_tracks(job.input.tracks)
    with open(job.input.motility, encoding="utf-8") as report:
        motility = json.load(report)
    brightest = float(np.quantile(frames, settings.brightest))
    figure, axes = plt.subplots(ncols=3, figsize=(settings.width_in, settings.height_in), layout="constrained")
    for panel, frame in zip(axes, (0, len(frames) - 1), strict=False):
        draw_frame(panel, frames[frame], labels[frame], tracks, frame, brightest)
    draw_motility(axes[2], motility)
    figure.savefig(job.output[0], dpi=settings.dpi, metadata={"Software": None})
    print(f"{len(tracks)} tracks drawn")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
