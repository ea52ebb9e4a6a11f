"""Write scikit-image's immunohistochemistry micrograph, which its package contains, to a file."""

import sys
from typing import Any

import tifffile
from skimage import data


def main(job: Any) -> None:
    """Write the colonic glands, FHL2 stained with DAB, as RGB TIFF (uint8, axes YXS, 512 x 512 pixels)."""
    micrograph = data.immunohistochemistry()
    tifffile.imwrite(job.output[0], micrograph, photometric="rgb", software=False, metadata=None)
    print(f"micrograph of {micrograph.shape[0]} x {micrograph.shape[1]} pixels")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
