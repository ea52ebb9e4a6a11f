"""Cut an RGB micrograph into overlapping tiles."""

import sys
from typing import Any

import numpy as np
import tifffile
from skimage import io


def read_rgb(path: str) -> np.ndarray:
    """RGB image of the file (uint8, axes YXS); an alpha channel is dropped.

    Raises ValueError for an image that is not 8-bit colour.
    """
    image = io.imread(path)
    if image.ndim != 3 or image.shape[2] not in (3, 4) or image.dtype != np.uint8:
        raise ValueError(f"{path}: 8-bit RGB expected, got {image.dtype} of shape {image.shape}")
    return image[..., :3]


def cut(image: np.ndarray, window: list[int]) -> np.ndarray:
    """Part of the image (axes YXS) in the window (top, left, bottom, right in pixels), clipped to the image.

    Raises ValueError for a window that lies outside.
    """
    top, left, bottom, right = window
    tile = image[top:bottom, left:right]
    if tile.size == 0:
        raise ValueError(f"window {window} lies outside the image of shape {image.shape[:2]}")
    return tile


def main(job: Any) -> None:
    """Write one RGB TIFF (uint8, axes YXS) for each window."""
    image = read_rgb(job.input[0])
    for path, window in zip(job.output, job.params.windows, strict=True):
        tile = np.ascontiguousarray(cut(image, window))
        tifffile.imwrite(path, tile, photometric="rgb", software=False, metadata=None)
        print(f"{path}: {tile.shape[0]} x {tile.shape[1]} pixels")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
