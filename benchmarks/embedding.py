#!/usr/bin/env python3
"""How long it takes to put the lineage into a large OME-TIFF, as a copy and in place, beside cp and beside hashing.

embedding.py [--mebibytes N] [--rounds N] [--folder DIR] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

from provcap import digest, embed

SIDE = 2048  #: pixels of a plane, 16 bits each
TOLD = {"run": "20261121T090000-000000", "job": {"id": "0" * 12, "rule": "segment", "params": {"sigma": 1.5}}}


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Seconds of a call, on the wall and of processors; nothing is remembered of files."""
    digest._known.clear()
    began, before = time.perf_counter(), _cpu()
    function()
    return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measured(folder: Path, mebibytes: int, rounds: int) -> dict[str, list[float]]:
    """Medians in seconds, on the wall and of processors."""
    path, copy = folder / "large.ome.tif", folder / "copy.ome.tif"
    planes = max(1, (mebibytes << 20) // (2 * SIDE * SIDE))
    plane = np.random.default_rng(1).integers(0, 4096, (SIDE, SIDE), dtype="u2")
    tifffile.imwrite(path, (plane for _ in range(planes)), shape=(planes, SIDE, SIDE), dtype="u2", ome=True)
    known = digest.of_file(path)

    def embedded(target: Path) -> None:
        embed.write(path, target, known, dict(TOLD), lambda _: b"")

    def cp() -> None:
        subprocess.run(["cp", path, copy], check=True)
        with copy.open("rb") as stream:
            os.fsync(stream.fileno())

    steps: dict[str, Callable[[], object]] = {
        "cp_and_fsync": cp,
        "sha256_of_file": lambda: digest.of_file(path),
        "copy": lambda: embedded(copy),
        "in_place": lambda: embedded(path),
        "in_place_again": lambda: embedded(path),
        "show": lambda: embed.look(path),
    }
    original = folder / "original.ome.tif"
    os.link(path, original)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            copy.unlink(missing_ok=True)
            times[name].append(timed(step))
        path.unlink()
        os.link(original, path)
    return {name: [round(statistics.median(t), 2) for t in zip(*all_, strict=True)] for name, all_ in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mebibytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are written (default: the system's)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = measured(Path(folder), options.mebibytes, options.rounds)
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:16} {wall:6.2f} s, {cpu:.2f} s CPU" for name, (wall, cpu) in found.items()))


if __name__ == "__main__":
    main()
