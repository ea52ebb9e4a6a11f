"""Put the tracked nuclei into the registered recording, as labels (NGFF 0.5, "labels")."""

import csv
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec


def renumber(frames: np.ndarray, path: str) -> np.ndarray:
    """Labels (uint16, axes TYX) numbered by their tracks, as the table at `path` has them: one number, one nucleus."""
    tracked = np.zeros_like(frames, dtype=np.uint16)
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            frame = int(row["frame"])
            tracked[frame][frames[frame] == int(row["nucleus"])] = int(row["track"])
    return tracked


def label_metadata(image: dict[str, Any]) -> dict[str, Any]:
    """The value of the key "ome" of the labels (axes TYX) of an image (axes TCYX) whose value is `image`."""
    multiscale = image["multiscales"][0]
    keep = [index for index, axis in enumerate(multiscale["axes"]) if axis["type"] != "channel"]
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    dataset = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [scale[i] for i in keep]}]}
    axes = [multiscale["axes"][i] for i in keep]
    return {
        "version": image["version"],
        "multiscales": [{"name": "nuclei", "axes": axes, "datasets": [dataset]}],
        "image-label": {"source": {"image": "../../"}},
    }


def main(job: Any) -> None:
    """Write the image with the labels "nuclei" beside its pixels."""
    frames = np.concatenate([zarr.open_array(path, mode="r")[:] for path in job.input.nuclei])
    tracked = renumber(frames, job.input.tracks)
    shutil.copytree(job.input.recording, job.output[0], ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
    image = zarr.open_group(job.output[0], mode="r+")
    version = image.attrs["ome"]["version"]
    labels = image.create_group("labels", attributes={"ome": {"version": version, "labels": ["nuclei"]}})
    nuclei = labels.create_group("nuclei", attributes={"ome": label_metadata(image.attrs["ome"])})
    chunks = (1, *tracked.shape[1:])
    nuclei.create_array("0", data=tracked, chunks=chunks, compressors=ZstdCodec(level=5), dimension_names=list("tyx"))
    print(f"{len(np.unique(tracked)) - 1} tracks in {Path(job.output[0]).name}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
