"""Link the nuclei of the frames to tracks."""

import csv
import sys
from typing import Any

import numpy as np
import zarr
from scipy.optimize import linear_sum_assignment
from skimage import measure

COLUMNS = ["track", "frame", "nucleus", "row_px", "column_px", "area_px"]


def overlaps(before: list[np.ndarray], now: np.ndarray) -> np.ndarray:
    """Intersection over union of each mask of `before` with each label of `now` (axes YX); shape (masks, labels)."""
    count = int(now.max())
    areas = np.bincount(now.ravel(), minlength=count + 1)[1:]
    shares = np.zeros((len(before), count))
    for index, mask in enumerate(before):
        common = np.bincount(now[mask], minlength=count + 1)[1:]
        shares[index] = common / (mask.sum() + areas - common)
    return shares


def link(frames: np.ndarray, minimum_overlap: float, maximum_gap: int) -> list[dict[int, int]]:
    """Number of the track (from 1) of each label, for each frame (axes TYX, 0 is background).

    Each frame's nuclei are assigned to the tracks so that the sum of overlaps with the last masks of these is the
    highest possible (Kuhn 1955, doi:10.1002/nav.3800020109). A track stays open for `maximum_gap` frames without a
    nucleus; a nucleus that is left over begins a track.
    """
    last: dict[int, tuple[int, np.ndarray]] = {}
    linked: list[dict[int, int]] = []
    count = 0
    for frame, labels in enumerate(frames):
        last = {track: seen for track, seen in last.items() if frame - seen[0] <= maximum_gap + 1}
        tracks = list(last)
        shares = overlaps([last[track][1] for track in tracks], labels)
        chosen = zip(*linear_sum_assignment(shares, maximize=True), strict=True)
        found = {int(j) + 1: tracks[i] for i, j in chosen if shares[i, j] >= minimum_overlap}
        for label in range(1, int(labels.max()) + 1):
            if label not in found:
                count += 1
                found[label] = count
            last[found[label]] = (frame, labels == label)
        linked.append(found)
    return linked


def main(job: Any) -> None:
    """Write a row for each nucleus (tab-separated, with a header), by track and frame; places in registered pixels."""
    frames = np.concatenate([zarr.open_array(path, mode="r")[:] for path in job.input])
    linked = link(frames, job.params.minimum_overlap, job.params.maximum_gap)
    rows = []
    for frame, labels in enumerate(frames):
        for one in measure.regionprops(labels):
            row, column = one.centroid
            rows.append((linked[frame][one.label], frame, one.label, f"{row:.3f}", f"{column:.3f}", int(one.area)))
    with open(job.output[0], "w", newline="", encoding="utf-8") as table:
        csv.writer(table, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *sorted(rows)])
    print(f"{len(rows)} nuclei in {len({row[0] for row in rows})} tracks")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
