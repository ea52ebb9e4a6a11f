"""Segment what is brighter than the background."""

import hashlib
import sys
import uuid
from typing import Any

import numpy as np
import tifffile
from skimage import filters, measure


def segment(image: np.ndarray, smoothing_sigma: float, minimum_area: int) -> np.ndarray:
    """Labels (uint16, axes YX, consecutive from 1, 0 is background) of the objects of at least `minimum_area` pixels.

    Threshold after smoothing: Otsu 1979, doi:10.1109/TSMC.1979.4310076.
    """
    smooth = filters.gaussian(image.astype(float), smoothing_sigma)
    objects = measure.label(smooth > filters.threshold_otsu(smooth))
    labels = np.zeros(image.shape, dtype=np.uint16)
    large = [one for one in measure.regionprops(objects) if one.area >= minimum_area]
    for number, one in enumerate(large, start=1):
        labels[one.slice][one.image] = number
    return labels


def main(job: Any) -> None:
    """Write the label image as OME-TIFF; equal labels are an equal file."""
    settings = job.params
    labels = segment(tifffile.imread(job.input[0]), settings.smoothing_sigma, settings.minimum_area)
    ome = {"axes": "YX", "UUID": str(uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(labels.tobytes()).hexdigest()))}
    tifffile.imwrite(job.output[0], labels, ome=True, metadata=ome, photometric="minisblack", software=False)
    print(f"{labels.max()} objects")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
