"""What watching an interpreter costs: CPU time of a process with and without the hook, paired, medians in ms.

python benchmarks/interpreter_cost.py [PYTHON …]    R is measured too when there is an Rscript
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from provcap.capture import shellscope

PROGRAMS = {
    "pass": ("pass", 31),
    "numpy": ("import numpy", 11),
    "images": ("import numpy, scipy.ndimage, skimage.measure, matplotlib.pyplot", 7),
    "onnxruntime": ("import onnxruntime", 9),
    "deepcopy 1e5": ("import copy; copy.deepcopy([[n] for n in range(100000)])", 9),
    "1e5 opens": ("for n in range(100000): open('/dev/null').close()", 9),
    "1e6 stats": ("import os\nfor n in range(1000000): os.stat('/dev/null')", 5),
    "json 1e6": ("import json; json.loads(json.dumps([{'n': n} for n in range(500000)]))", 5),
    "200 generators": ("import numpy as np; [np.random.default_rng() for _ in range(200)]", 11),
}


def cpu_ms(command: list[str], variables: dict[str, str]) -> float:
    """User and system time of one process; raises RuntimeError when it fails."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PROVCAP", "R_"))}
    pid = os.posix_spawnp(command[0], command, {**clean, **variables})
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with {status}")
    return (used.ru_utime + used.ru_stime) * 1e3


def measure(name: str, command: list[str], variables: dict[str, str], pairs: int) -> None:
    """Print one line; the first pair, which fills the caches, is told apart."""
    first = cpu_ms(command, variables) - cpu_ms(command, {})
    seen = [(cpu_ms(command, {}), cpu_ms(command, variables)) for _ in range(pairs)]
    without, with_hook = (statistics.median(column) for column in zip(*seen, strict=True))
    extra = statistics.median(b - a for a, b in seen)
    print(f"{name:45} without {without:7.1f}  with {with_hook:7.1f}  paired {extra:+6.1f}  first {first:+7.1f}")


def main() -> None:
    pythons = sys.argv[1:] or [sys.executable]
    with tempfile.TemporaryDirectory() as scratch:
        workdir = Path(scratch)
        probe = shellscope.stage(workdir)
        told = workdir / ".provcap/runs/r/shell/j.0"
        told.parent.mkdir(parents=True)
        for python in pythons:
            for name, (code, pairs) in PROGRAMS.items():
                try:
                    variables = {"PROVCAP_TOLD": str(told), "PYTHONPATH": str(probe / "python")}
                    measure(f"{python[-28:]} {name}", [python, "-c", code], variables, pairs)
                except RuntimeError:
                    print(f"{python[-28:]} {name}: not there")
        if shutil.which("Rscript"):
            packages = "provcap,datasets,utils,grDevices,graphics,stats,methods"
            variables = {"PROVCAP_TOLD": str(told), "R_LIBS": str(probe / "R"), "R_DEFAULT_PACKAGES": packages}
            measure("Rscript", ["Rscript", "--vanilla", "-e", "1"], variables, 11)


if __name__ == "__main__":
    main()
