"""Convert a recording from TIFF to OME-Zarr (NGFF 0.5, https://ngff.openmicroscopy.org/0.5)."""

import sys
from typing import Any

import numpy as np
import tifffile
import zarr
from zarr.codecs import ZstdCodec

Channels = list[dict[str, str]]
"""Name and colour (six hexadecimal digits) of each channel."""


def read_recording(path: str, axes: str, frames: int, channels: int) -> np.ndarray:
    """The first `frames` of the recording (axes TCYX). Raises ValueError if it is not as it was said to be."""
    pixels = tifffile.imread(path)
    if pixels.ndim != len(axes):
        raise ValueError(f"{path}: axes {axes} expected, got an array of shape {pixels.shape}")
    if "C" not in axes:
        pixels, axes = pixels[:, np.newaxis], "TCYX"
    pixels = np.moveaxis(pixels, axes.index("T"), 0)
    if pixels.shape[0] < frames or pixels.shape[1] != channels:
        raise ValueError(f"{path}: {frames} frames of {channels} channels expected, it has {pixels.shape[:2]}")
    return np.ascontiguousarray(pixels[:frames])


def axis_metadata(
    pixel_size_um: float | None, frame_interval_s: float | None
) -> tuple[list[dict[str, str]], list[float]]:
    """The axes TCYX and their scales. An axis has a unit only if its scale is known; else its scale is 1."""
    time = {"name": "t", "type": "time"} | ({"unit": "second"} if frame_interval_s else {})
    space = {"type": "space"} | ({"unit": "micrometer"} if pixel_size_um else {})
    axes = [time, {"name": "c", "type": "channel"}, {"name": "y", **space}, {"name": "x", **space}]
    size = float(pixel_size_um or 1.0)
    return axes, [float(frame_interval_s or 1.0), 1.0, size, size]


def ome_metadata(
    pixels: np.ndarray, channels: Channels, pixel_size_um: float | None, frame_interval_s: float | None
) -> dict[str, Any]:
    """The value of the key "ome" of an image of one resolution (axes TCYX)."""
    axes, scale = axis_metadata(pixel_size_um, frame_interval_s)
    dataset = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    shown = []
    for index, channel in enumerate(channels):
        lowest, highest = int(pixels[:, index].min()), int(pixels[:, index].max())
        window = {"min": lowest, "max": highest, "start": lowest, "end": highest}
        shown.append({"label": channel["name"], "color": channel["colour"], "window": window, "active": True})
    return {
        "version": "0.5",
        "multiscales": [{"name": "recording", "axes": axes, "datasets": [dataset]}],
        "omero": {"channels": shown},
    }


def main(job: Any) -> None:
    """Write the recording (axes TCYX), a chunk for each plane."""
    settings = job.params
    pixels = read_recording(job.input[0], settings.axes, settings.frames, len(settings.channels))
    ome = ome_metadata(pixels, settings.channels, settings.pixel_size_um, settings.frame_interval_s)
    image = zarr.create_group(job.output[0], zarr_format=3, attributes={"ome": ome})
    chunks = (1, 1, *pixels.shape[2:])
    image.create_array("0", data=pixels, chunks=chunks, compressors=ZstdCodec(level=5), dimension_names=list("tcyx"))
    print(f"{pixels.dtype} of shape {pixels.shape} (TCYX)")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
