"""What workflows do without meaning us: daemons, side effects, odd values. Their jobs run as without capture."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from provcap.capture import activation, environment, plain, settings
from tests import workflows

ONE = "rule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n"


def test_daemon_of_the_shells_start_file(tmp_path: Path) -> None:
    """What BASH_ENV leaves running in the background holds no job, and the environment is known."""
    workdir = workflows.write(tmp_path / "work", ONE, rc="sleep 40 &\n")
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "1", "--logger", "provcap"]
    began = time.monotonic()
    with (tmp_path / "log").open("w") as log:  # no pipe: the sleepers inherit it
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"  # no python3 that is a bash script
        variables = {**workflows.QUIET, "BASH_ENV": str(workdir / "rc"), "PATH": path}
        done = subprocess.run(command, cwd=workdir, env=variables, stdout=log, stderr=log, check=False)
    assert (done.returncode, (workdir / "a").read_text()) == (0, "a\n"), (tmp_path / "log").read_text()
    assert time.monotonic() - began < 35
    run = workflows.latest(workdir)
    assert run.jobs[0].environment
    assert "environment-unknown" not in {g.slug for g in run.gaps}


def test_environment_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ended job waits a limited time for its environment, which is then a gap; a late answer does no harm."""
    monkeypatch.setattr(environment, "WAIT_S", 0.05)
    looking: Future[dict[str, Any]] = Future()
    found = environment.awaited(looking)
    assert [gap["slug"] for gap in found["gaps"]] == ["environment-unknown"]
    assert environment.awaited(looking) is found


@pytest.mark.parametrize("limit", ["²", "9" * 5000, "-1", "1e3", "٣"])
def test_limit_that_is_no_number(limit: str) -> None:
    """A limit of bytes that is none, or has too many digits, is told as a gap and counts as not set."""
    found = settings.read({settings.MAX_BYTES_VARIABLE: limit})
    assert found.hash_max_bytes is None
    assert [gap["slug"] for gap in settings.gaps(found)] == ["bad-setting"]


def test_run_with_a_limit_that_is_no_number(tmp_path: Path) -> None:
    """The run is recorded all the same."""
    workdir = workflows.write(tmp_path / "work", ONE)
    done = workflows.snakemake(workdir, PROVCAP_HASH_MAX_BYTES="²")
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert run.jobs[0].outputs[0].digest
    assert "bad-setting" in {gap.slug for gap in run.gaps}


def test_side_effects_of_a_prefix_happen_once(tmp_path: Path) -> None:
    """A prefix that does more than activate software runs for each job and not for the probe, and a gap says so."""
    workdir = workflows.write(tmp_path / "work", "shell.prefix('echo p >> prefix.log; ')\n" + ONE)
    done = workflows.snakemake(workdir)
    assert done.returncode == 0, done.stderr
    assert (workdir / "prefix.log").read_text() == "p\n"
    run = workflows.latest(workdir)
    assert run.jobs[0].environment
    assert "prefix-not-probed" in {gap.slug for gap in run.gaps}


def test_prefix_that_activates_is_probed(tmp_path: Path) -> None:
    """What a prefix puts on the PATH is what the environment is read with."""
    snakefile = "shell.prefix('set -e; export PATH=\"$PWD/bin:$PATH\"; ')\n" + ONE
    workdir = workflows.write(tmp_path / "work", snakefile)
    (workdir / "bin").mkdir()
    (workdir / "bin/python3").write_text(f'#!/bin/sh\necho probed >> probed.log\nexec {sys.executable} "$@"\n')
    (workdir / "bin/python3").chmod(0o755)
    done = workflows.snakemake(workdir)
    assert done.returncode == 0, done.stderr
    assert (workdir / "probed.log").read_text() == "probed\n"
    assert "prefix-not-probed" not in {gap.slug for gap in workflows.latest(workdir).gaps}


@pytest.mark.parametrize(
    "text",
    [
        "set -euo pipefail; ",
        "module load a/1 b; ml c 2>/dev/null && source 'x y/activate' >/dev/null 2>&1 || exit 1\n",
        'eval "$(conda shell.bash hook)"; conda activate x; X=1 export Y="$X:z";',
        "eval `micromamba shell hook`; [ -f a ] && . ./a; if test -d b; then ulimit -n 9; fi # done",
    ],
)
def test_what_activates(text: str) -> None:
    """Prefixes as clusters need them."""
    assert activation.is_activation(text)


@pytest.mark.parametrize(
    "text",
    [
        "echo p >> log; ",
        "module load x & ",
        "module load x > log; ",
        "set -e >1; ",
        "module save x; ",
        "conda install x; ",
        'eval "$(conda shell.bash hook); rm x"; ',
        "eval rm x; ",
        'export X="$(touch a)"; ',
        'export X="$(test $(touch a))"; ',
        "X=$(conda shell hook) rm x; ",
        "X=${Y:-$(touch a)}; ",
        "export X=`touch a`; ",
        "source x | tee log; ",
        "source <(touch a); ",
        ". x <<E\nE\n",
        "$X; ",
        "module() { touch a; }; module; ",
        "source 'x",
        "export 2>/dev/null.log; ",
    ],
)
def test_what_may_do_more(text: str) -> None:
    """Whatever writes, starts or hides something else."""
    assert not activation.is_activation(text)


ODD = """
class Ends:
    def __init__(self, error):
        self.error = error

    def __str__(self):
        raise self.error

    __repr__ = __str__


rule a:
    output: "a"
    params:
        good="kept",
        ends=Ends(SystemExit(3)),
        stops=Ends(KeyboardInterrupt()),
        table={1: "a", "1": "b", "password": "hunter22222", 2: "c"},
        half="x\\ud800y",
    run:
        open(output[0], "w").write(params.good)
"""


def test_params_that_raise(tmp_path: Path) -> None:
    """A param whose text cannot be made fails no job; it alone is lost, and a gap names it. No value hides another."""
    workdir = workflows.write(tmp_path / "work", ODD)
    done = workflows.snakemake(workdir)
    assert (done.returncode, (workdir / "a").read_text()) == (0, "kept"), done.stderr
    run = workflows.latest(workdir)
    params = run.jobs[0].params
    assert (params["good"], params["ends"]) == ("kept", "<unreadable: SystemExit>")
    assert params["stops"] == "<unreadable: KeyboardInterrupt>"
    assert params["table"] == {"1": "a", "'1'": "b", "password": "<redacted:named-value>", "2": "c"}
    assert params["half"] == "x\\ud800y"
    told = [gap.message for gap in run.gaps if gap.slug == "record-incomplete"]
    assert len(told) == 1
    assert all(name in told[0] for name in ("ends", "stops"))
    assert "good" not in told[0]


def test_part_of_a_value_that_raises() -> None:
    """Only that part is lost, and the name of the whole is told once; keys that look the same stay apart."""

    class Ends:
        def __repr__(self) -> str:
            raise GeneratorExit

    unread: list[str] = []
    found = plain.value({"x": [7**9000, Ends(), {"y": Ends()}], 1.0: "a", "1.0": "b", "'1.0'": "c"}, "deep", unread)
    mark = "<unreadable: GeneratorExit>"
    assert found == {"x": [hex(7**9000), mark, {"y": mark}], "1.0": "a", "'1.0'": "b", "'1.0' (2)": "c"}
    assert unread == ["deep"]


PUT = """
import glob, os
for name in glob.glob(".provcap/runs/*/shell/*") + glob.glob(".provcap/runs/*/records/*") + glob.glob(
    ".provcap/runs/*/events.jsonl"
):
    os.unlink(name)
    {how}
open("b", "w").write("b")
"""


@pytest.mark.parametrize("how", ["os.mkfifo(name)", "os.symlink(os.path.abspath('mine'), name)"])
def test_records_that_a_job_replaces(tmp_path: Path, how: str) -> None:
    """A pipe or a link in place of records holds nobody, is not followed, and the jobs after it run."""
    snakefile = "rule all:\n    input: 'c'\n" + ONE
    snakefile += f"rule b:\n    input: 'a'\n    output: 'b'\n    shell: '{sys.executable} put.py'\n"
    snakefile += "rule c:\n    input: 'b'\n    output: 'c'\n    shell: 'echo c > {output}'\n"
    workdir = workflows.write(tmp_path / "work", snakefile, put__py=PUT.format(how=how), mine="mine\n")
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "1", "--logger", "provcap"]
    done = subprocess.run(
        command, cwd=workdir, env=workflows.QUIET, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, (workdir / "c").read_text()) == (0, "c\n"), done.stderr
    assert (workdir / "mine").read_text() == "mine\n"
