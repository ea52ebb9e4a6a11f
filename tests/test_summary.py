"""What `provcap show` says of a run in one screen."""

from __future__ import annotations

from dataclasses import replace

from provcap import summary
from provcap.model import Run
from tests.conftest import read_run


def _kept(run: Run, *rules: str) -> Run:
    """`run` as if the results of `rules` had been up to date."""
    jobs = tuple(replace(j, status="up_to_date") if j.rule in rules else j for j in run.jobs)
    return replace(run, jobs=jobs)


def test_what_was_up_to_date_is_no_attempt() -> None:
    """Attempts are those of this run; what did not have to run is told apart, and counted for no rule."""
    run = read_run("succeeded")
    first, *others = dict.fromkeys(job.rule for job in run.jobs)
    kept = sum(job.rule == first for job in run.jobs)
    ran = len(run.jobs) - kept
    lines = [line.split() for line in summary.of_run(_kept(run, first)).splitlines()]
    assert f"attempts {ran}: {ran} succeeded; not run: {kept} up to date".split() in lines
    assert next(line for line in lines if line[:1] == [first])[1] == "0"
    assert next(line for line in lines if line[:1] == [others[0]])[1] != "0"
    told = summary.of_run(_kept(run, first, *others))
    assert f"attempts none; not run: {len(run.jobs)} up to date".split() in [line.split() for line in told.splitlines()]
    assert "not run" not in summary.of_run(run)
