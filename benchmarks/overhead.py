#!/usr/bin/env python3
"""What capture costs: the same workflow with and without, in turn, and the medians of wall and CPU time.

    overhead.py [--scenario trivial|apptainer|all] [--rounds N] [--jobs N] [--quick] [--json]

The two are run alternately, so that a machine that slows down does so for both. CPU time is that of Snakemake and all
its jobs (getrusage of the children). Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIF = ROOT / "containers/ihc/ihc.sif"
SNAKEMAKE = [sys.executable, "-P", "-m", "snakemake", "--quiet", "all"]


@dataclass(frozen=True)
class Scenario:
    """A workflow, how it is run, and what the project promises of it."""

    name: str
    snakefile: str
    arguments: tuple[str, ...]
    jobs: int
    max_ratio: float  #: of wall time
    max_cpu_ms: float | None = None  #: added per job


def scenarios(jobs: int | None, quick: bool) -> dict[str, Scenario]:
    """The scenarios at full size, with `jobs` jobs, or small enough for a smoke test."""
    many, few = jobs or (60 if quick else 500), jobs or (4 if quick else 40)
    target = "rule all:\n    default_target: True\n    input: expand('out/{{n}}', n=range({jobs}))\n"
    target += "rule one:\n    output: 'out/{{n}}'\n"
    trivial = target.format(jobs=many) + "    shell: 'echo {wildcards.n} > {output}'\n"
    contained = (
        f"container: '{SIF}'\n" + target.format(jobs=few) + "    shell: 'sleep 2; echo {wildcards.n} > {output}'\n"
    )
    cores = str(os.cpu_count() or 1)
    return {
        "trivial": Scenario("trivial shell jobs", trivial, ("--cores", cores), many, 1.15, 8),
        "apptainer": Scenario("2 s in Apptainer", contained, ("--cores", "4", "--use-singularity"), few, 1.02),
    }


def run_once(scenario: Scenario, capture: bool) -> tuple[float, float]:
    """Run the scenario in a fresh directory: wall and CPU seconds."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as scratch:
        Path(scratch, "Snakefile").write_text(scenario.snakefile, encoding="utf-8")
        command = [*SNAKEMAKE, *scenario.arguments, *(["--logger", "provcap"] if capture else [])]
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("PROVCAP", "SNAKEMAKE", "PYTHONDONT"))}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=scratch, env=variables, capture_output=True, text=True, check=False)
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode or len(os.listdir(Path(scratch, "out"))) != scenario.jobs:
            raise RuntimeError(f"{scenario.name} failed:\n{done.stderr}")
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(scenario: Scenario, rounds: int) -> dict[str, object]:
    """Medians over `rounds` pairs; the ratio is the median of the pairs' ratios."""
    for capture in (False, True):  # bytecode and page cache
        run_once(scenario, capture)
    walls: dict[bool, list[float]] = {False: [], True: []}
    cpus: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds):
        for capture in (False, True) if number % 2 == 0 else (True, False):
            wall, cpu = run_once(scenario, capture)
            walls[capture].append(wall)
            cpus[capture].append(cpu)
            print(
                f"{scenario.name}: round {number + 1}, capture {capture}: {wall:.2f} s, CPU {cpu:.2f} s",
                file=sys.stderr,
            )
    added = [(b - a) / scenario.jobs * 1000 for a, b in zip(cpus[False], cpus[True], strict=True)]
    return {
        "scenario": f"{scenario.jobs} {scenario.name}",
        "rounds": rounds,
        "wall_without_s": statistics.median(walls[False]),
        "wall_with_s": statistics.median(walls[True]),
        "ratio": statistics.median(b / a for a, b in zip(walls[False], walls[True], strict=True)),
        "max_ratio": scenario.max_ratio,
        "cpu_added_ms_per_job": statistics.median(added),
        "max_cpu_ms": scenario.max_cpu_ms,
    }


def show(found: list[dict[str, object]]) -> None:
    """The results as a table."""
    print(
        f"{platform.node()}: {os.cpu_count()} CPUs, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'scenario':<28}{'without':>10}{'with':>10}{'ratio':>8}{'limit':>7}{'CPU/job':>10}{'limit':>7}")
    for row in found:
        limit = f"{row['max_cpu_ms']} ms" if row["max_cpu_ms"] else ""
        print(
            f"{row['scenario']:<28}{row['wall_without_s']:>8.2f} s{row['wall_with_s']:>8.2f} s{row['ratio']:>8.3f}"
            f"{row['max_ratio']:>7}{row['cpu_added_ms_per_job']:>7.1f} ms{limit:>7}"
        )


def main() -> int:
    """Command line; 0 when all limits are kept, 1 when one is not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", choices=["trivial", "apptainer", "all"], default="all")
    parser.add_argument("--rounds", type=int, help="pairs of runs (5; 1 with --quick)")
    parser.add_argument("--jobs", type=int, help="jobs in a run (500 trivial ones, 40 in Apptainer)")
    parser.add_argument("--quick", action="store_true", help="small: shows that it works, the figures mean little")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.scenario != "trivial":
        subprocess.run([ROOT / "containers/build", "ihc", "--sif"], check=True, stdout=sys.stderr)
    known = scenarios(options.jobs, options.quick)
    chosen = list(known.values()) if options.scenario == "all" else [known[options.scenario]]
    found = [compare(one, options.rounds or (1 if options.quick else 5)) for one in chosen]
    print(json.dumps(found, indent=1)) if options.json else show(found)
    kept = all(
        row["ratio"] <= row["max_ratio"] and row["cpu_added_ms_per_job"] <= (row["max_cpu_ms"] or float("inf"))
        for row in found
    )
    return 0 if kept or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
