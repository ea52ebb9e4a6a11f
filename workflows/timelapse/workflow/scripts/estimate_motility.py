"""Mean squared displacement of the nuclei, with its bootstrap confidence interval.

Source: Qian et al. 1991, doi:10.1016/S0006-3495(91)82125-7.
"""

import csv
import json
import sys
from typing import Any

import numpy as np


def read_tracks(path: str, shortest: int) -> list[np.ndarray]:
    """Place (row, column) of each nucleus in each frame from its first to its last, NaN where it was lost.

    One array of shape (frames, 2) for each track of at least `shortest` frames.
    """
    places: dict[int, dict[int, tuple[float, float]]] = {}
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            found = places.setdefault(int(row["track"]), {})
            found[int(row["frame"])] = (float(row["row_px"]), float(row["column_px"]))
    tracks = []
    for found in places.values():
        track = np.full((max(found) - min(found) + 1, 2), np.nan)
        for frame, place in found.items():
            track[frame - min(found)] = place
        if len(track) >= shortest:
            tracks.append(track)
    return tracks


def squared_displacements(tracks: list[np.ndarray], longest_lag: int) -> np.ndarray:
    """Mean over each track, for lags of 1 to `longest_lag` frames (px²; shape (tracks, lags)), NaN without a pair."""
    means = np.full((len(tracks), longest_lag), np.nan)
    for index, track in enumerate(tracks):
        for lag in range(1, min(longest_lag, len(track) - 1) + 1):
            squares = ((track[lag:] - track[:-lag]) ** 2).sum(axis=1)
            if not np.isnan(squares).all():
                means[index, lag - 1] = np.nanmean(squares)
    return means


def percentile_interval(
    means: np.ndarray, resamples: int, confidence_level: float, rng: np.random.Generator
) -> np.ndarray:
    """Bounds of the bootstrap percentile interval of the mean over tracks (shape (2, lags)).

    Whole tracks are drawn with replacement: what one nucleus does is not independent from frame to frame. Source: Efron
    1979, doi:10.1214/aos/1176344552.
    """
    drawn = rng.integers(len(means), size=(resamples, len(means)))
    tail = (1 - confidence_level) / 2
    bounds: np.ndarray = np.nanquantile(np.nanmean(means[drawn], axis=1), [tail, 1 - tail], axis=0)
    return bounds


def main(job: Any) -> None:
    """Write mean squared displacement and interval by lag as JSON. Raises ValueError where no track is long enough."""
    settings = job.params
    tracks = read_tracks(job.input[0], settings.shortest_track)
    if not tracks:
        raise ValueError(f"no track has {settings.shortest_track} frames: motility: shortest_track asks for them")
    means = squared_displacements(tracks, min(settings.longest_lag, max(map(len, tracks)) - 1))
    rng = np.random.default_rng(settings.seed)
    lower, upper = percentile_interval(means, settings.resamples, settings.confidence_level, rng)
    average = np.nanmean(means, axis=0)
    lags = [
        {"lag_frames": i + 1, "msd_px2": float(average[i]), "interval_px2": [float(lower[i]), float(upper[i])]}
        for i in range(len(average))
    ]
    result = {
        "tracks": len(tracks),
        "confidence_level": settings.confidence_level,
        "resamples": settings.resamples,
        "seed": settings.seed,
        "pixel_size_um": settings.pixel_size_um,
        "frame_interval_s": settings.frame_interval_s,
        "lags": lags,
    }
    with open(job.output[0], "w", encoding="utf-8") as report:
        json.dump(result, report, indent=2)
        report.write("\n")
    print(f"{len(tracks)} tracks, {len(lags)} lags")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
