"""Segment the nuclei of a tile in its denoised haematoxylin density."""

import hashlib
import sys
import uuid
from typing import Any

import numpy as np
import tifffile
from scipy import ndimage
from skimage import filters, measure, morphology, segmentation


def nuclear_mask(
    density: np.ndarray, block_size: int, contrast: float, minimum_density: float, opening_radius: int
) -> np.ndarray:
    """Mask (bool, axes YX) of what is denser than its surroundings, opened and with its holes filled.

    `density` is the haematoxylin density (axes YX, >= 0); `block_size` (odd) and `opening_radius` are in
    pixels, the others in units of density.
    """
    local_mean = filters.threshold_local(density, block_size, method="gaussian")
    mask = (density > local_mean + contrast) & (density > minimum_density)
    return ndimage.binary_fill_holes(morphology.opening(mask, morphology.disk(opening_radius)))


def split_touching(mask: np.ndarray, distance_sigma: float, marker_depth: float) -> np.ndarray:
    """Labels (int32, axes YX, 0 is background) of the mask's objects, parted at their necks.

    Watershed of the smoothed distance transform, in which the maxima that stand out by `marker_depth` are the
    markers; both numbers are in pixels. Source: Vincent and Soille 1991, doi:10.1109/34.87344.
    """
    distance = filters.gaussian(ndimage.distance_transform_edt(mask), distance_sigma)
    markers = measure.label(morphology.h_maxima(distance, marker_depth))
    return segmentation.watershed(-distance, markers, mask=mask)


def owned_nuclei(labels: np.ndarray, core: list[int], window: list[int], minimum_area: int) -> np.ndarray:
    """Labels (uint16, axes YX, consecutive from 1) of the whole nuclei whose centroid is in the tile's core.

    `core` and `window` are top, left, bottom and right in pixels of the micrograph; the labels cover the
    window. Nuclei cut by the window's edge and those of less than `minimum_area` pixels are dropped.
    Raises OverflowError for more nuclei than uint16 can number.
    """
    top, left, bottom, right = core
    owned = np.zeros(labels.shape, dtype=np.uint16)
    count = 0
    for nucleus in measure.regionprops(segmentation.clear_border(labels)):
        row, column = nucleus.centroid[0] + window[0], nucleus.centroid[1] + window[1]
        if nucleus.area >= minimum_area and top <= row < bottom and left <= column < right:
            count += 1
            owned[nucleus.slice][nucleus.image] = count
    return owned


def ome_metadata(labels: np.ndarray, pixel_size_um: float | None) -> dict[str, Any]:
    """OME-XML metadata of a label image (axes YX); equal images have equal UUIDs and files."""
    digest = hashlib.sha256(labels.tobytes()).hexdigest()
    metadata: dict[str, Any] = {"axes": "YX", "Channel": {"Name": "Nuclei"}}
    metadata["UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{digest} {pixel_size_um}"))
    if pixel_size_um is not None:
        metadata |= {"PhysicalSizeX": pixel_size_um, "PhysicalSizeXUnit": "µm"}
        metadata |= {"PhysicalSizeY": pixel_size_um, "PhysicalSizeYUnit": "µm"}
    return metadata


def main(job: Any) -> None:
    """Write the label image of the tile's nuclei as OME-TIFF (uint16, axes YX, 0 is background)."""
    settings = job.params
    mask = nuclear_mask(
        tifffile.imread(job.input[0]),
        settings.block_size,
        settings.contrast,
        settings.minimum_density,
        settings.opening_radius,
    )
    candidates = split_touching(mask, settings.distance_sigma, settings.marker_depth)
    labels = owned_nuclei(candidates, settings.core, settings.window, settings.minimum_area)
    ome = ome_metadata(labels, settings.pixel_size_um)
    tifffile.imwrite(job.output[0], labels, ome=True, metadata=ome, photometric="minisblack", software=False)
    print(f"{labels.max()} nuclei of {candidates.max()} candidates")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
