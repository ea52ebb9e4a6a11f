"""Compare the tracks with reference tracks, by the measures of the Cell Tracking Challenge.

Source: Matula et al. 2015, doi:10.1371/journal.pone.0144959, with the challenge's weights. The reference has positions
and no outlines, so that a position stands for a reference mask.
"""

import csv
import json
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import zarr
from scipy import ndimage

WEIGHTS = {"split": 5.0, "missing": 10.0, "false": 1.0, "edge_deleted": 1.0, "edge_added": 1.5}

Vertex = tuple[int, int]
"""Track and frame."""


def read_table(path: str) -> list[dict[str, str]]:
    """Rows of a tab-separated table with a header."""
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def nearest_track(labels: np.ndarray, row: float, column: float, reach: float) -> int | None:
    """The label (axes YX, 0 is background) at a position, or the nearest within `reach` pixels."""
    here = np.clip(np.rint([row, column]).astype(int), 0, np.subtract(labels.shape, 1))
    if labels[tuple(here)]:
        return int(labels[tuple(here)])
    distance, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    if not labels.any() or distance[tuple(here)] > reach:
        return None
    return int(labels[tuple(nearest[:, here[0], here[1]])])


def matched(
    reference: list[dict[str, str]], frames: np.ndarray, offsets: list[dict[str, str]], reach: float
) -> dict[Vertex, Vertex | None]:
    """For each reference position in the frames (axes TYX, labels are tracks) the nucleus that it is on, or None.

    Positions are those of the recording; the offsets of the frames bring them into the registered frames.
    """
    found: dict[Vertex, Vertex | None] = {}
    for position in reference:
        frame = int(position["frame"])
        if frame >= len(frames):
            continue
        row = float(position["row_px"]) + int(offsets[frame]["row_offset_px"])
        column = float(position["column_px"]) + int(offsets[frame]["column_offset_px"])
        track = nearest_track(frames[frame], row, column, reach)
        found[int(position["track"]), frame] = None if track is None else (track, frame)
    return found


def edges(vertices: set[Vertex]) -> set[tuple[Vertex, Vertex]]:
    """Each vertex with the next one of its track, over gaps, too."""
    return {(a, b) for a, b in pairwise(sorted(vertices)) if a[0] == b[0]}


def errors(match: dict[Vertex, Vertex | None], nuclei: set[Vertex]) -> dict[str, int]:
    """How often each operation is needed to make the reference out of the nuclei.

    A nucleus with n reference positions on it takes n - 1 splits. Edges of the tracks are those between nuclei that
    have exactly one reference position: one that the reference has not is deleted, one of the reference that is not
    there is added.
    """
    on = Counter(vertex for vertex in match.values() if vertex is not None)
    partner = {vertex: position for position, vertex in match.items() if vertex is not None and on[vertex] == 1}
    wanted = edges(set(match))
    there = {(partner[a], partner[b]) for a, b in edges(set(partner))}
    return {
        "split": sum(count - 1 for count in on.values()),
        "missing": sum(vertex is None for vertex in match.values()),
        "false": len(nuclei - set(on)),
        "edge_deleted": len(there - wanted),
        "edge_added": len(wanted - there),
    }


def scores(match: dict[Vertex, Vertex | None], nuclei: set[Vertex]) -> dict[str, Any]:
    """DET, LNK and TRA (0..1, 1 is perfect), precision and recall of detection, part of the links that are right.

    Each of the three is 1 less the weighted errors, by those of an empty result at most. Raises ValueError for a
    reference without positions or without links.
    """
    wanted = edges(set(match))
    if not wanted:
        raise ValueError("the reference has no track of two positions in these frames")
    found = errors(match, nuclei)
    cost = {name: WEIGHTS[name] * count for name, count in found.items()}
    detection = cost["split"] + cost["missing"] + cost["false"]
    linking = cost["edge_deleted"] + cost["edge_added"]
    empty = {"DET": WEIGHTS["missing"] * len(match), "LNK": WEIGHTS["edge_added"] * len(wanted)}
    empty["TRA"] = empty["DET"] + empty["LNK"]
    total = {"DET": detection, "LNK": linking, "TRA": detection + linking}
    hit = len({vertex for vertex in match.values() if vertex is not None})
    return {name: 1 - min(total[name], empty[name]) / empty[name] for name in total} | {
        "detection_precision": hit / len(nuclei) if nuclei else 0.0,
        "detection_recall": hit / len(match),
        "correct_links": 1 - found["edge_added"] / len(wanted),
        "errors": found,
        "reference_positions": len(match),
        "reference_links": len(wanted),
        "nuclei": len(nuclei),
    }


def main(job: Any) -> None:
    """Write the scores as JSON."""
    frames = zarr.open_group(job.input.tracked, mode="r")["labels/nuclei/0"][:]
    nuclei = {(int(row["track"]), int(row["frame"])) for row in read_table(job.input.tracks)}
    match = matched(read_table(job.input.reference), frames, read_table(job.input.drift), job.params.reach)
    result = scores(match, nuclei)
    with open(job.output[0], "w", encoding="utf-8") as report:
        json.dump(result, report, indent=2)
        report.write("\n")
    print(f"TRA {result['TRA']:.4f}, DET {result['DET']:.4f}, LNK {result['LNK']:.4f}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
