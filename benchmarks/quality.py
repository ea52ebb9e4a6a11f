#!/usr/bin/env python3
"""How long images are measured: one 2048 × 2048 plane, a stack of 64 MiB, and the images of a run.

quality.py [--rounds N] [--run DIRECTORY] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

from provcap import bioimage
from provcap.bioimage.acquiring import PIXELS
from provcap.bioimage.reader import Reader
from provcap.opening import open_run


def stacks(folder: Path) -> dict[str, Path]:
    """A plane, a time series of two channels, and a file that costs as much as any."""
    random = np.random.default_rng(0)
    made = {}
    for name, axes, shape in (
        ("plane 2048 × 2048, 16 bits", "YX", (2048, 2048)),
        ("64 MiB: 8 time points × 1024 × 2048 × 2 channels, 16 bits", "TCYX", (8, 2, 1024, 2048)),
        ("64 MiB: 8192 × 8192, 8 bits", "YX", (8192, 8192)),
    ):
        data = random.integers(90, 200, shape).astype("u1" if "8 bits" in name else "u2")
        made[name] = folder / f"{len(made)}.ome.tif"
        tifffile.imwrite(made[name], data, ome=True, metadata={"axes": axes}, tile=(512, 512))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run", type=Path, help="a work directory: how long its images take, all of them")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, Reader() as reader:
        made = stacks(Path(folder))
        reader.measure(str(made["plane 2048 × 2048, 16 bits"]), PIXELS, {})  # the libraries are loaded
        for name, path in made.items():
            times = []
            for _ in range(options.rounds):
                began = time.perf_counter()
                reader.measure(str(path), PIXELS, {})
                times.append(time.perf_counter() - began)
            found[name] = statistics.median(times)
    if options.run:
        opened = open_run("latest", options.run)
        for path in options.run.glob(".provcap/images/*.quality.json"):
            path.unlink()
        run = bioimage.described(opened.run, options.run)
        began = time.perf_counter()
        number = len(bioimage.measured(run, options.run, made=True).qualities)
        found[f"{number} images of {options.run}, with the start of a process"] = time.perf_counter() - began
    print(json.dumps(found) if options.json else "\n".join(f"{t:8.2f} s  {name}" for name, t in found.items()))


if __name__ == "__main__":
    main()
