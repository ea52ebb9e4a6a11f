"""Draw an example image: discs on noise. Replace it by an image of yours."""

import hashlib
import sys
import uuid
from typing import Any

import numpy as np
import tifffile
from skimage.draw import disk


def drawn(size: int, discs: int, radius: int, rng: np.random.Generator) -> np.ndarray:
    """An image (uint8, axes YX) with as many discs, which may overlap, at random places."""
    grey = rng.normal(20, 4, (size, size))
    for row, column in rng.uniform(radius, size - radius, (discs, 2)):
        rows, columns = disk((row, column), radius, shape=grey.shape)
        grey[rows, columns] += 100 * rng.uniform(0.7, 1.3)
    return np.clip(grey, 0, 255).astype(np.uint8)


def main(job: Any) -> None:
    """Write the image as OME-TIFF; an equal image is an equal file."""
    settings = job.params
    image = drawn(settings.size, settings.discs, settings.radius, np.random.default_rng(settings.seed))
    size = settings.pixel_size_um
    ome = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size}
    ome |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm", "Channel": {"Name": "discs"}}
    ome["UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(image.tobytes()).hexdigest()))
    tifffile.imwrite(job.output[0], image, ome=True, metadata=ome, photometric="minisblack", software=False)
    print(f"{settings.discs} discs")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
