"""A rule's own `benchmark:` file tells of the job alone: capture adds nothing that its figures show."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests import workflows

CPU_S, MEMORY_MIB = 2.5, 300
BURN = (
    "import time; block = bytearray(b'x') * ({memory} << 20)\n"
    "while time.process_time() < {cpu}: sum(range(10000))\n"
    "open({output}, 'w').close()\n"
)
WORKFLOW = """
rule all:
    input: expand("{name}.txt", name=["shell", "script"])
rule shell:
    output: "shell.txt"
    benchmark: "shell.tsv"
    shell: "python3 burn.py"
rule script:
    output: "script.txt"
    benchmark: "script.tsv"
    script: "script.py"
"""


def figures(workdir: Path, capture: bool) -> dict[str, dict[str, float]]:
    """The columns of the benchmark files of a fresh run, by rule: seconds and MiB."""
    code = {"memory": MEMORY_MIB, "cpu": CPU_S}
    workflows.write(
        workdir,
        WORKFLOW,
        burn__py=BURN.format(**code, output="'shell.txt'"),
        script__py=BURN.format(**code, output="snakemake.output[0]"),
    )
    done = workflows.snakemake(workdir, "--cores", "1", capture=capture)
    assert done.returncode == 0, done.stderr
    found = {}
    for rule in ("shell", "script"):
        with (workdir / f"{rule}.tsv").open(newline="") as stream:
            (row,) = csv.DictReader(stream, delimiter="\t")
        found[rule] = {name: float(row[name]) for name in ("s", "max_rss", "max_uss", "cpu_time", "mean_load")}
    return found


@pytest.mark.slow
def test_figures_are_those_without_capture(tmp_path: Path) -> None:
    """Time, CPU time and memory of a job that uses known amounts, in an environment that was never probed before."""
    without, with_capture = (figures(tmp_path / str(capture), capture) for capture in (False, True))
    for rule in without:
        one, other = without[rule], with_capture[rule]
        assert other["max_uss"] == pytest.approx(one["max_uss"], abs=8), rule  # the probe alone takes some 25 MiB
        assert other["max_rss"] == pytest.approx(one["max_rss"], abs=8), rule
        assert MEMORY_MIB < other["max_rss"] < MEMORY_MIB + 60, rule
        # psutil looks every half second, and the last look may miss what came after it
        assert other["cpu_time"] == pytest.approx(one["cpu_time"], abs=0.6), rule
        assert CPU_S - 0.6 < other["cpu_time"] < CPU_S + 0.3, rule
        assert other["s"] < one["s"] * 1.5 + 0.5, rule
    assert any(job.usage for job in workflows.latest(tmp_path / "True").jobs)
