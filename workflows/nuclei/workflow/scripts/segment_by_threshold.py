"""Find the nuclei's pixels in a fluorescence image by a local threshold."""

import sys
from typing import Any

import numpy as np
import tifffile
from skimage import filters


def foreground(image: np.ndarray, smoothing: float, block_size: int, contrast: float, background: float) -> np.ndarray:
    """Mask (uint8, axes YX, 0 or 1) of what is brighter than its surroundings and than the background.

    `image` has the axes YX; `smoothing` and `block_size` (odd) are in pixels, `contrast` is a factor to the local
    mean, `background` one to the threshold of Otsu 1979, doi:10.1109/TSMC.1979.4310076.
    """
    smooth = filters.gaussian(image.astype(np.float64), smoothing)
    local_mean = filters.threshold_local(smooth, block_size, method="gaussian")
    bright = (smooth > local_mean * contrast) & (smooth > filters.threshold_otsu(smooth) * background)
    return bright.astype(np.uint8)


def main(job: Any) -> None:
    """Write the mask of the nuclei (uint8, axes YX, 0 or 1)."""
    settings = job.params
    image = tifffile.imread(job.input[0])
    mask = foreground(image, settings.smoothing, settings.block_size, settings.contrast, settings.background)
    tifffile.imwrite(job.output[0], mask, software=False, metadata=None)
    print(f"{mask.mean():.4f} of the pixels are foreground")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
