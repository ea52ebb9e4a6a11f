"""Total-variation denoising of the haematoxylin density, in which the nuclei are found."""

import sys
from typing import Any

import numpy as np
import tifffile
from skimage.restoration import denoise_tv_chambolle


def denoise(density: np.ndarray, weight: float) -> np.ndarray:
    """Density (float32, axes YX) with less total variation; the larger the weight, the smoother.

    Source: Chambolle 2004, doi:10.1023/B:JMIV.0000011325.36760.1e.
    """
    return denoise_tv_chambolle(density, weight=weight).astype(np.float32)


def main(job: Any) -> None:
    """Write the denoised first channel of a stack of stains (axes CYX) as TIFF (float32, axes YX)."""
    haematoxylin = tifffile.imread(job.input[0])[0]
    denoised = denoise(haematoxylin, job.params.weight)
    tifffile.imwrite(job.output[0], denoised, photometric="minisblack", software=False, metadata=None)
    print(f"standard deviation of the density {haematoxylin.std():.4f}, denoised {denoised.std():.4f}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
