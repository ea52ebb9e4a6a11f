"""Take the drift out of a recording."""

import csv
import sys
from typing import Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec


def read_offsets(path: str) -> list[tuple[int, int]]:
    """Rows and columns, in whole pixels, by which each frame is to be moved."""
    with open(path, newline="", encoding="utf-8") as table:
        rows = csv.DictReader(table, delimiter="\t")
        return [(int(row["row_offset_px"]), int(row["column_offset_px"])) for row in rows]


def moved(frame: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The frame (axes CYX) moved by whole pixels: grey levels stay as measured, what comes in from outside is 0."""
    height, width = frame.shape[1:]
    result = np.zeros_like(frame)
    to = np.s_[:, max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
    of = np.s_[:, max(-rows, 0) : height - max(rows, 0), max(-columns, 0) : width - max(columns, 0)]
    if abs(rows) < height and abs(columns) < width:
        result[to] = frame[of]
    return result


def main(job: Any) -> None:
    """Write the moved frames (axes TCYX) with the metadata of the recording."""
    recording = zarr.open_group(job.input.recording, mode="r")
    offsets = read_offsets(job.input.drift)
    pixels = np.stack([moved(frame, *offset) for frame, offset in zip(recording["0"][:], offsets, strict=True)])
    image = zarr.create_group(job.output[0], zarr_format=3, attributes=dict(recording.attrs))
    chunks = (1, 1, *pixels.shape[2:])
    image.create_array("0", data=pixels, chunks=chunks, compressors=ZstdCodec(level=5), dimension_names=list("tcyx"))
    print(f"{sum(any(offset) for offset in offsets)} of {len(offsets)} frames moved")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
