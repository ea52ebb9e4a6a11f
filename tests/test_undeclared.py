"""Files that a job left and no rule names; and what the user switched off."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from provcap import collect, digest, store
from provcap.capture import settings
from tests import workflows

LEAVES = """
rule all:
    input: "out/a.txt", "out/b.txt"
rule a:
    output: "out/a.txt"
    shell: "echo a > {output}; echo extra > out/extra.tsv; mkdir -p out/plots; echo p > out/plots/p.svg; echo r > root.txt"
rule b:
    input: "out/a.txt"
    output: "out/b.txt"
    log: "out/b.log"
    benchmark: "out/b.tsv"
    shell: "cp {input} {output}; echo log > {log}"
"""


def test_new_files_beside_the_outputs_are_told(tmp_path: Path) -> None:
    """What a job left in the directories of its outputs, or in the work directory, is an undeclared output with its
    digest; logs, benchmarks and other rules' files are not."""
    workdir = workflows.write(tmp_path, LEAVES)
    assert workflows.snakemake(workdir).returncode == 0
    run = workflows.latest(workdir)
    made, copied = run.jobs
    assert {a.path: a.kind for a in made.undeclared_outputs} == {
        "out/extra.tsv": "file",
        "out/plots": "directory",
        "root.txt": "file",
    }
    extra = next(a for a in made.undeclared_outputs if a.path == "out/extra.tsv")
    assert extra.digest == digest.of_bytes(b"extra\n")
    assert copied.undeclared_outputs == ()
    assert len([g for g in run.gaps if g.slug == "undeclared-output"]) == 3


def test_nobody_is_blamed_when_several_could_have_done_it(tmp_path: Path) -> None:
    """Two jobs that run at once in one directory: a new file is told, and belongs to neither."""
    rule = "rule {n}:\n    output: 'o/{n}'\n    shell: 'sleep 1; touch o/new-{n}; sleep 1; touch {{output}}'\n"
    workdir = workflows.write(
        tmp_path, "rule all:\n    input: 'o/x', 'o/y'\n" + rule.format(n="x") + rule.format(n="y")
    )
    assert workflows.snakemake(workdir).returncode == 0
    run = workflows.latest(workdir)
    assert [job.undeclared_outputs for job in run.jobs] == [(), ()]
    assert {g.subject for g in run.gaps if g.slug == "undeclared-output"} == {"file:o/new-x", "file:o/new-y"}


def test_what_another_run_leaves_meanwhile_is_not_ours(tmp_path: Path) -> None:
    """Two runs at once in one directory: what the rules of one name is nothing new of the other's; what no rule names
    and either may have made belongs to neither, and what only one can have made to that one."""
    rule = "rule {n}:\n    output: 'o/{n}'\n    shell: 'until [ -e {m} ]; do sleep 0.1; done; touch o/new-{n} {{output}}; {more}'\n"
    text = rule.format(n="long", m="o/short", more="sleep 1") + rule.format(n="short", m="go", more="")
    workdir = workflows.write(tmp_path, text)
    command = [sys.executable, "-P", "-m", "snakemake", "--nolock", "--cores", "1"]
    children = []
    for name in ("long", "short"):
        words = [*command, f"o/{name}", "--logger", "provcap"]
        children.append(subprocess.Popen(words, cwd=workdir, env=workflows.QUIET))
    while len(list(workdir.glob(".provcap/runs/*/records/*.jsonl"))) < 2:
        assert [child.poll() for child in children] == [None, None]
        time.sleep(0.1)
    (workdir / "go").touch()
    assert [child.wait(60) for child in children] == [0, 0]
    for folder in store.list_runs(workdir):
        run = collect.collect(folder)
        (job,) = run.jobs
        assert {a.path for a in job.undeclared_outputs} <= ({"o/new-long"} if job.rule == "long" else set())
        told = {g.subject for g in run.gaps if g.slug == "undeclared-output"} - {f"job:{job.id}"}
        assert "file:o/new-short" in told
        assert told <= {"file:o/new-short", "file:o/new-long", "file:go"}


def test_settings_are_read_and_misspelt_ones_told() -> None:
    """PROVCAP_OFF names hooks, alone or for one rule; a word that names none is a Gap."""
    found = settings.read({"PROVCAP_OFF": "python, segment:shell,typo", "PROVCAP_HASH_MAX_BYTES": "10"})
    assert found.is_off("python", "any")
    assert found.is_off("shell", "segment")
    assert not found.is_off("shell", "other")
    assert found.hash_max_bytes == 10
    assert [g["slug"] for g in settings.gaps(found)] == ["switched-off", "switched-off", "bad-setting"]


@pytest.mark.parametrize("way", ["variable", "setting"])
def test_hooks_that_are_off_leave_gaps(tmp_path: Path, way: str) -> None:
    """With hashing off for one rule and the shell hook off for all, records lack them, and the run says so."""
    workdir = workflows.write(tmp_path, LEAVES)
    words = "shell,a:hash,new-files"
    if way == "variable":
        done = workflows.snakemake(workdir, PROVCAP_OFF=words)
    else:
        done = workflows.snakemake(workdir, "--logger-provcap-off", words)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    made, copied = run.jobs
    assert (made.outputs[0].digest, made.environment, made.variables) == (None, None, {})
    assert copied.outputs[0].digest == digest.of_bytes(b"a\n")
    assert {g.slug for g in run.gaps} >= {"switched-off", "not-hashed-by-policy"}
    assert not made.undeclared_outputs


def test_large_files_are_left_unhashed_by_policy(tmp_path: Path) -> None:
    """Above the limit a file has its size and no digest, and a Gap says why."""
    workdir = workflows.write(tmp_path, LEAVES)
    assert workflows.snakemake(workdir, PROVCAP_HASH_MAX_BYTES="1").returncode == 0
    run = workflows.latest(workdir)
    assert (run.jobs[0].outputs[0].digest, run.jobs[0].outputs[0].size_bytes) == (None, 2)
    assert "not-hashed-by-policy" in {g.slug for g in run.gaps}


CHECKPOINT = """
rule all:
    input: "total.txt"
checkpoint split:
    output: directory("parts")
    shell: "mkdir parts; for i in 1 2; do echo $i > parts/$i.txt; done"
rule one:
    input: "parts/{i}.txt"
    output: "done/{i}.txt"
    shell: "cp {input} {output}"
def done(wildcards):
    import os
    folder = checkpoints.split.get().output[0]
    return [f"done/{n}" for n in sorted(os.listdir(folder)) if n.endswith(".txt")]
rule total:
    input: done
    output: "total.txt"
    shell: "cat {input} > {output}"
"""


def test_way_back_goes_through_directories(tmp_path: Path) -> None:
    """A file that a checkpoint made inside its directory() output was made by it, not brought from outside."""
    from provcap import lineage, questions

    workdir = workflows.write(tmp_path, CHECKPOINT)
    assert workflows.snakemake(workdir).returncode == 0
    run = workflows.latest(workdir)
    assert [a.path for j in run.jobs if j.rule == "split" for a in j.members] == ["parts/1.txt", "parts/2.txt"]
    assert questions.external_inputs(run) == ()
    assert {job.rule for _, job in lineage.chain(run, "total.txt")} == {"total", "one", "split"}
    assert lineage.origins(run, "total.txt") == []
    assert workflows.provcap(workdir, "crate", "-o", "c.zip").returncode == 0
    checked = workflows.provcap(workdir, "check", "c.zip")
    assert checked.returncode == 0, checked.stdout
