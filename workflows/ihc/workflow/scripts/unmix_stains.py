"""Colour deconvolution of a tile into densities of haematoxylin, eosin and DAB.

Method: Ruifrok and Johnston 2001, Anal. Quant. Cytol. Histol. 23:291-299 (PMID 11531144; it has no DOI).
"""

import hashlib
import sys
import uuid
from typing import Any

import numpy as np
import tifffile
from skimage.color import rgb2hed

STAINS = ["Haematoxylin", "Eosin", "DAB"]


def stain_densities(rgb: np.ndarray) -> np.ndarray:
    """Densities of haematoxylin, eosin and DAB (float32, axes CYX) of an RGB image (uint8, axes YXS).

    A density is dimensionless and at least 0. Density 1 is a decadic optical density of 6 along the stain's
    vector, the scale of scikit-image.
    """
    return np.ascontiguousarray(np.moveaxis(rgb2hed(rgb), -1, 0), dtype=np.float32)


def ome_metadata(pixels: np.ndarray, pixel_size_um: float | None) -> dict[str, Any]:
    """OME-XML metadata of a stack of stains (axes CYX); equal images have equal UUIDs and files."""
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    metadata: dict[str, Any] = {"axes": "CYX", "Channel": {"Name": STAINS}}
    metadata["UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{digest} {pixel_size_um}"))
    if pixel_size_um is not None:
        metadata |= {"PhysicalSizeX": pixel_size_um, "PhysicalSizeXUnit": "µm"}
        metadata |= {"PhysicalSizeY": pixel_size_um, "PhysicalSizeYUnit": "µm"}
    return metadata


def main(job: Any) -> None:
    """Write the stain densities of the tile as OME-TIFF (float32, axes CYX)."""
    stains = stain_densities(tifffile.imread(job.input[0]))
    ome = ome_metadata(stains, job.params.pixel_size_um)
    tifffile.imwrite(job.output[0], stains, ome=True, metadata=ome, photometric="minisblack", software=False)
    for name, density in zip(STAINS, stains, strict=True):
        print(f"{name}: mean density {density.mean():.4f}, maximum {density.max():.4f}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
