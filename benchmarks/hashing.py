#!/usr/bin/env python3
"""How fast files are hashed: a large one beside OpenSSL's SHA-256 on memory, a tree of small ones beside one thread.

hashing.py [--mebibytes N] [--files N] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from provcap import digest

FILE_BYTES = 20_000  #: of each file in the tree


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds of a call, and how many CPUs it kept busy."""
    began, before = time.perf_counter(), _cpu()
    function()
    wall = time.perf_counter() - began
    return wall, (_cpu() - before) / wall


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def forget() -> None:
    """Digests are remembered in a process; measure without."""
    digest._known.clear()


def large_file(folder: Path, mebibytes: int, rounds: int) -> dict[str, object]:
    """Throughput on a file in the page cache, and of hashlib on the same bytes in memory."""
    block = os.urandom(1 << 20)
    path = folder / "large"
    with path.open("wb") as stream:
        for _ in range(mebibytes):
            stream.write(block)
    content = path.read_bytes()
    times: dict[str, list[float]] = {"memory": [], "file": []}
    for _ in range(rounds):
        forget()
        times["memory"].append(timed(lambda: hashlib.sha256(content).hexdigest())[0])
        times["file"].append(timed(lambda: digest.of_file(path))[0])
    ratios = [memory / file for memory, file in zip(times["memory"], times["file"], strict=True)]
    path.unlink()
    return {
        "what": f"file of {mebibytes} MiB",
        "reference": "hashlib on memory",
        "reference_s": statistics.median(times["memory"]),
        "ours_s": statistics.median(times["file"]),
        "speed": statistics.median(ratios),
        "least": 0.9,
    }


def one_thread(tree: Path) -> None:
    """The work that a tree digest cannot do without, by one thread."""
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            hashlib.sha256(path.read_bytes()).hexdigest()


def small_files(folder: Path, files: int, rounds: int) -> dict[str, object]:
    """A tree of `files` files, 100 to a directory."""
    tree = folder / "tree"
    content = os.urandom(FILE_BYTES)
    for number in range(files):
        path = tree / str(number // 100) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(number.to_bytes(8, "big") + content)
    times: dict[str, list[float]] = {"one": [], "tree": []}
    busy = []
    for _ in range(rounds):
        forget()
        times["one"].append(timed(lambda: one_thread(tree))[0])
        wall, cpus = timed(lambda: digest.of_tree(tree))
        times["tree"].append(wall)
        busy.append(cpus)
    return {
        "what": f"tree of {files} files",
        "reference": "one thread",
        "reference_s": statistics.median(times["one"]),
        "ours_s": statistics.median(times["tree"]),
        "speed": statistics.median(a / b for a, b in zip(times["one"], times["tree"], strict=True)),
        "cpus_busy": statistics.median(busy),
        "cpus": os.cpu_count(),
    }


def main() -> int:
    """Command line; 1 when the large file is hashed slower than it should be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hashing-") as scratch:
        found = [
            large_file(Path(scratch), options.mebibytes, options.rounds),
            small_files(Path(scratch), options.files, options.rounds),
        ]
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for row in found:
            more = (
                f", {row['cpus_busy']:.1f} of {row['cpus']} CPUs busy"
                if "cpus" in row
                else f", at least {row['least']}"
            )
            print(
                f"{row['what']}: {row['ours_s']:.2f} s; {row['reference']}: {row['reference_s']:.2f} s; "
                f"speed {row['speed']:.2f} x{more}"
            )
    return 0 if found[0]["speed"] >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
