"""What comparing costs: 10,000 small identical files beside hashing alone, and a large image beside its size.

    benchmarks/compare.py [--files 10000] [--image-mib 2048] [--rounds 3] [--json]

Directories: `compare` of two trees beside `digest.of_tree` of both, alternately; ratio of the medians, limit 1.5.
Image: two uncompressed TIFF (uint16) that differ in one pixel, with a limit; time, and peak memory (mapped files count
in it) beside that of a pair of 4 MiB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 1.5


def trees(root: Path, count: int) -> tuple[Path, Path]:
    """Two directories with the same `count` files of 1 KiB, 100 in each folder."""
    for side in ("first", "second"):
        for i in range(count):
            place = root / side / f"{i // 100:04}" / f"{i:06}.txt"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(f"{i}\n".encode() * 128)
    return root / "first", root / "second"


def in_process(code: str, *words: str) -> dict[str, float]:
    """What `code` prints as JSON, run by a process of its own, so that nothing is remembered."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


COMPARE = """
import json, resource, sys, time
from pathlib import Path
from provcap.compare import compare
from provcap.compare.limits import Entry, Limits
start = time.perf_counter()
limits = Limits((Entry("**", "a benchmark", limits={"max_abs": 9.0}),))
found = compare(Path(sys.argv[1]), Path(sys.argv[2]), limits)
seconds = time.perf_counter() - start
assert found.ok, found.verdicts[:3]
print(json.dumps({"s": seconds, "kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "n": len(found.verdicts)}))
"""

HASH = """
import json, sys, time
from provcap import digest
start = time.perf_counter()
for root in sys.argv[1:]:
    digest.of_tree(root)
print(json.dumps({"s": time.perf_counter() - start}))
"""

IMAGE = """
import sys
import numpy as np, tifffile
from pathlib import Path
mib, root = int(sys.argv[1]), Path(sys.argv[2])
side = int((mib * 2**20 / 2) ** 0.5)
for name, change in (("a.tif", 0), ("b.tif", 5)):
    image = tifffile.memmap(root / name, shape=(side, side), dtype="uint16", bigtiff=True)
    for row in range(0, side, 256):
        image[row : row + 256] = np.add.outer(np.arange(row, min(row + 256, side)), np.arange(side)) % 4000
    image[side // 2, side // 2] += change
    image.flush()
"""


def directories(count: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        sides = [str(p) for p in trees(Path(folder), count)]
        hashing, comparing = [], []
        for _ in range(rounds):
            hashing.append(in_process(HASH, *sides)["s"])
            comparing.append(in_process(COMPARE, *sides)["s"])
    one, other = statistics.median(hashing), statistics.median(comparing)
    return {"files": count, "hash_s": one, "compare_s": other, "ratio": other / one}


def image(mib: int) -> dict[str, float]:
    found = {}
    for size in (4, mib):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-c", IMAGE, str(size), folder], check=True)
            found[size] = in_process(COMPARE, f"{folder}/a.tif", f"{folder}/b.tif")
    return {
        "mib": mib,
        "s": found[mib]["s"],
        "peak_mib": found[mib]["kib"] / 1024,
        "small_peak_mib": found[4]["kib"] / 1024,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--image-mib", type=int, default=2048, help="0: no image")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {"directories": directories(options.files, options.rounds)}
    if options.image_mib:
        found["image"] = image(options.image_mib)
    if options.json:
        print(json.dumps(found))
    else:
        for name, figures in found.items():
            print(name, ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    return 0 if found["directories"]["ratio"] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
