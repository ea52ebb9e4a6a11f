"""Find the nuclei's pixels with a neural network, tile by tile."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else ONNX Runtime writes a file into the home, and reports its use

import numpy as np
import ome_types
import onnxruntime
import tifffile

Tile = tuple[slice, slice]


def starts(length: int, tile: int, border: int) -> list[int]:
    """First pixels of tiles along an axis of at least a tile's length: every pixel is in one, its border left aside.

    The last tile ends with the axis; at the ends of the axis there is no border.
    """
    return [*range(0, length - tile, tile - 2 * border), length - tile]


def tiles(shape: tuple[int, int], tile: tuple[int, int], border: int) -> Iterator[tuple[Tile, Tile]]:
    """For each tile its place in an image of that shape, and the part of the image that is taken from it."""
    for top in starts(shape[0], tile[0], border):
        for left in starts(shape[1], tile[1], border):
            place, kept = [], []
            for first, length, size in zip((top, left), tile, shape, strict=True):
                last = first + length
                place.append(slice(first, last))
                kept.append(slice(first + border if first else 0, last - border if last < size else size))
            yield (place[0], place[1]), (kept[0], kept[1])


def scaled(plane: np.ndarray, by_bit_depth: bool) -> np.ndarray:
    """The network's input (float32): of whole numbers, the part of the greatest that the data type holds."""
    largest = np.iinfo(plane.dtype).max if by_bit_depth and plane.dtype.kind in "ui" else 1
    return plane.astype(np.float32) / np.float32(largest)


def open_network(path: str, threads: int) -> onnxruntime.InferenceSession:
    """The network on the CPU, which gives the same numbers for the same tile each time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def probabilities(plane: np.ndarray, session: Any, manifest: dict[str, Any], wanted: int) -> np.ndarray:
    """Probability (float32, 0..1, axes YX) of the class number `wanted` for each pixel of the scaled plane.

    An image smaller than a tile is mirrored at its lower and right edge.
    """
    tile, border = (manifest["tile_height"], manifest["tile_width"]), manifest["border"]
    missing = [(0, max(0, length - size)) for length, size in zip(tile, plane.shape, strict=True)]
    padded = np.pad(plane, missing, mode="symmetric")
    found = np.zeros(padded.shape, dtype=np.float32)
    name = session.get_inputs()[0].name
    for (rows, columns), kept in tiles(padded.shape, tile, border):
        (answer,) = session.run(None, {name: padded[None, rows, columns, None]})  # axes NYXC
        inside = tuple(slice(k.start - p.start, k.stop - p.start) for k, p in zip(kept, (rows, columns), strict=True))
        found[kept] = answer[0, ..., wanted][inside]
    return found[: plane.shape[0], : plane.shape[1]]


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


def check_pixel_size(found_um: float | None, wanted_um: float | None, rtol: float) -> None:
    """Raise ValueError unless the image has the pixel size that the network was made for."""
    if wanted_um is None:
        return
    if found_um is None or abs(found_um - wanted_um) > rtol * wanted_um:
        raise ValueError(f"the network was made for pixels of {wanted_um} µm, the image has {found_um}")


def main(job: Any) -> None:
    """Write the mask of the nuclei (uint8, axes YX, 0 or 1)."""
    settings = job.params
    check_pixel_size(pixel_size_um(job.input.image), settings.pixel_size_um, settings.pixel_size_rtol)
    with open(job.input.manifest, encoding="utf-8") as report:
        manifest = json.load(report)
    session = open_network(job.input.weights, job.threads)
    wanted = manifest["classes"].index(settings.wanted)
    plane = tifffile.imread(job.input.image)
    found = probabilities(scaled(plane, manifest["scale_by_bit_depth"]), session, manifest, wanted)
    mask = (found > settings.probability).astype(np.uint8)
    tifffile.imwrite(job.output[0], mask, software=False, metadata=None)
    print(f"{mask.mean():.4f} of the pixels are {settings.wanted}; {job.threads} threads, {session.get_providers()}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
