"""What the head node of a cluster pays for each job, counted in the main process."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from provcap.opening import open_run

from . import workflows

#: Snakemake's command, which then tells which files below .provcap it opened or listed; its jobs are other processes
COUNTED = """
import atexit, json, sys
told, found = sys.argv.pop(1), []
events = ("open", "os.listdir", "os.scandir")
sys.addaudithook(lambda name, args: found.append(str(args[0])) if name in events else None)
atexit.register(lambda: open(told, "w").write(json.dumps([f for f in found if ".provcap" in f])))
from snakemake.cli import main
main()
"""
SNAKEFILE = """
rule all:
    input: expand("out/{n}", n=range(config["jobs"]))
rule one:
    output: "out/{n}"
    shell: "echo {wildcards.n} > {output}"
"""
SUBMIT = "sh -c 'sh $0 >/dev/null 2>&1 & echo $!'"  # as a scheduler does: it takes the job and comes back


def opened(workdir: Path, jobs: int) -> list[str]:
    """What the main process opened or listed below .provcap while it ran `jobs` jobs elsewhere."""
    workflows.write(workdir, SNAKEFILE)
    command = [sys.executable, "-P", "-c", COUNTED, str(workdir / "told"), "--config", f"jobs={jobs}", "-j", "2"]
    command += ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", SUBMIT]
    done = workflows.run([*command, "--seconds-between-status-checks", "1", "--logger", "provcap"], workdir)
    assert done.returncode == 0, done.stderr
    assert [j.status for j in open_run("latest", workdir).run.jobs] == ["succeeded"] * jobs
    return list(json.loads((workdir / "told").read_text()))


@pytest.mark.slow
def test_head_node_appends_once_per_job_and_opens_nothing_else(tmp_path: Path) -> None:
    """Until the run is joined in its end, six more jobs cost the main process six more opened files: its own journal."""
    few, many = opened(tmp_path / "few", 2), opened(tmp_path / "many", 8)
    appended = [sum(path.endswith("events.jsonl") for path in paths) for paths in (few, many)]
    assert 0 < appended[1] - appended[0] <= 6
    records = [sum("/records/" in path for path in paths) for paths in (few, many)]
    assert records == [2 * 2, 8 * 2]  # each job's process has a file: read in the end, and gathered into one
    known = ("events.jsonl", "/records/", "/environments")  # of environments as many as were probed at once
    others = [sum(not any(part in path for part in known) for path in paths) for paths in (few, many)]
    assert others[1] - others[0] < 3  # half of what a file for each job would be


@pytest.mark.slow
def test_files_that_stay_do_not_grow_with_the_jobs(tmp_path: Path) -> None:
    """A run of twelve jobs leaves no more files in .provcap than one of two."""
    left = []
    for jobs in (2, 12):
        workdir = workflows.write(tmp_path / str(jobs), SNAKEFILE)
        assert workflows.snakemake(workdir, "--config", f"jobs={jobs}").returncode == 0
        left.append(sum(len(files) for _, _, files in os.walk(workdir / ".provcap")))
    assert left[0] == left[1]
