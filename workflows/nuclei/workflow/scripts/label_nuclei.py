"""Part the foreground into nuclei."""

import hashlib
import sys
import uuid
from typing import Any

import numpy as np
import ome_types
import tifffile
from scipy import ndimage
from skimage import filters, measure, morphology, segmentation


def deep_maxima(distance: np.ndarray, mask: np.ndarray, depth: float) -> np.ndarray:
    """Labels (int32, axes YX, 0 is none) of the maxima in the mask that stand out by `depth`, object by object."""
    markers = np.zeros(mask.shape, dtype=np.int32)
    count = 0
    for thing in measure.regionprops(measure.label(mask)):
        # A rim of background, so that a maximum beside the edge of the image stands out, too.
        own = np.pad(np.where(thing.image, distance[thing.slice], 0), 1)
        found = measure.label(morphology.h_maxima(own, depth)[1:-1, 1:-1])
        markers[thing.slice][found > 0] = found[found > 0] + count
        count += found.max()
    return markers


def split_touching(mask: np.ndarray, opening_radius: int, distance_sigma: float, marker_depth: float) -> np.ndarray:
    """Labels (int32, axes YX, 0 is background) of the opened and filled mask's objects, parted at their necks.

    Watershed of the smoothed distance transform, in which the maxima that stand out by `marker_depth` are the
    markers; all lengths are in pixels. Source: Vincent and Soille 1991, doi:10.1109/34.87344.
    """
    opened = ndimage.binary_fill_holes(morphology.opening(mask, morphology.disk(opening_radius)))
    distance = filters.gaussian(ndimage.distance_transform_edt(opened), distance_sigma)
    markers = deep_maxima(distance, opened, marker_depth)
    return segmentation.watershed(-distance, markers, mask=opened)


def kept_nuclei(labels: np.ndarray, minimum_area: int, whole: bool) -> np.ndarray:
    """Labels (uint16, axes YX, consecutive from 1) of at least `minimum_area` pixels, if `whole` none cut by the edge.

    Raises OverflowError for more nuclei than uint16 can number.
    """
    kept = np.zeros(labels.shape, dtype=np.uint16)
    count = 0
    for nucleus in measure.regionprops(segmentation.clear_border(labels) if whole else labels):
        if nucleus.area >= minimum_area:
            count += 1
            kept[nucleus.slice][nucleus.image] = count
    return kept


def pixel_size_um(path: str) -> float | None:
    """Edge length of a pixel by the image's OME-XML, None if not stated; raises ValueError unless it is square."""
    xml = tifffile.TiffFile(path).ome_metadata
    pixels = ome_types.from_xml(xml).images[0].pixels if xml else None
    if pixels is None or pixels.physical_size_x is None:
        return None
    size, height = pixels.physical_size_x, pixels.physical_size_y
    units = {pixels.physical_size_x_unit.value, pixels.physical_size_y_unit.value}
    if height is None or abs(size - height) > 1e-3 * size or units != {"µm"}:
        raise ValueError(f"pixels of {size} x {height} in {units}: this workflow knows square ones, in µm")
    return size


def ome_metadata(labels: np.ndarray, size_um: float | None) -> dict[str, Any]:
    """OME-XML metadata of a label image (axes YX); equal images have equal UUIDs and files."""
    digest = hashlib.sha256(labels.tobytes()).hexdigest()
    metadata: dict[str, Any] = {"axes": "YX", "Channel": {"Name": "Nuclei"}}
    metadata["UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{digest} {size_um}"))
    if size_um is not None:
        metadata |= {"PhysicalSizeX": size_um, "PhysicalSizeXUnit": "µm"}
        metadata |= {"PhysicalSizeY": size_um, "PhysicalSizeYUnit": "µm"}
    return metadata


def main(job: Any) -> None:
    """Write the label image as OME-TIFF (uint16, axes YX, 0 is background)."""
    settings = job.params.settings
    lengths = (settings["opening_radius"], settings["distance_sigma"], settings["marker_depth"])
    candidates = split_touching(tifffile.imread(job.input.foreground) > 0, *lengths)
    labels = kept_nuclei(candidates, settings["minimum_area"], settings["whole"])
    ome = ome_metadata(labels, pixel_size_um(job.input.image))
    options: dict[str, Any] = {"photometric": "minisblack", "compression": "zlib", "software": False}
    tifffile.imwrite(job.output[0], labels, ome=True, metadata=ome, **options)
    print(f"{labels.max()} nuclei of {candidates.max()} candidates")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
