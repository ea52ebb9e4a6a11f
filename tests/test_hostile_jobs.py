"""What workflows do without meaning us: daemons, side effects, odd values. Their jobs run as without capture."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from provcap.capture import environment, settings
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
