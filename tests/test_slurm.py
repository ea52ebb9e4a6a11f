"""On a cluster: what Slurm counts is joined to the attempt, and what it ends has a reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap import accounting, codec, collect, crate, graph, sacct, store
from provcap.model import Accounting, Gap, Job, Run
from tests import conftest, slurm_cluster, workflows


def row(job_id: str, state: str, **more: str) -> str:
    """A row as sacct writes it."""
    plain = {
        "JobID": job_id,
        "JobIDRaw": job_id,
        "Cluster": "test",
        "State": state,
        "ExitCode": "0:0",
        "ElapsedRaw": "60",
        "TotalCPU": "00:02.500",
        "AllocTRES": "billing=1,cpu=2,gres/gpu=1,mem=600M,node=1",
        "NodeList": "node1",
        "Partition": "main",
        "Submit": "1795246800",
        "Start": "1795246816",
        "End": "1795246876",
        "TimelimitRaw": "5",
    }
    return sacct._SEPARATOR.join({**dict.fromkeys(sacct._FIELDS, ""), **plain, **more}.values())


def known(*rows: str) -> accounting.Answer:
    """What is known after sacct said `rows`."""
    return accounting._by_name(sacct.parse("\n".join(rows))), ""


def attempt(job_id: str = "7", status: Any = "lost", **more: Any) -> Job:
    """An attempt that ran in the Slurm job `job_id`."""
    allocation = {"system": "slurm", "job_id": job_id, "node": "node1", "cluster": "test"}
    times = {"started": "2026-11-21T07:40:20.000+00:00", **({"ended": None} if status == "lost" else {})}
    return Job(id="a", run="r", rule="a", status=status, allocation=allocation, **{**times, **more})


def test_answer_of_sacct_is_read() -> None:
    """Times, sizes, granted resources; the memory of a job is that of its largest step."""
    text = "\n".join(
        [
            row("7", "COMPLETED"),
            row("7.batch", "COMPLETED", MaxRSS="176820K"),
            row("7.0", "COMPLETED", MaxRSS="181063680"),
        ]
    )
    (entry,) = sacct.parse(text)
    assert codec.decode(Accounting, entry["accounting"]) == Accounting(
        state="COMPLETED",
        exit_code=0,
        elapsed_s=60,
        cpu_s=2.5,
        max_rss_bytes=181063680,
        cpus=2,
        memory_bytes=600 << 20,
        gpus=1,
        time_limit_s=300,
        submitted="2026-11-21T07:40:00.000+00:00",
        started="2026-11-21T07:40:16.000+00:00",
        ended="2026-11-21T07:41:16.000+00:00",
    )
    assert (entry["id"], entry["node"], entry["partition"], entry["cluster"]) == ("7", "node1", "main", "test")


def test_array_tasks_answer_to_both_their_names() -> None:
    """The task that Snakemake calls 90_1 is on its node the job 94, and neither is the job 90."""
    found, _ = known(row("90_1", "FAILED", JobIDRaw="94"), row("90_2", "COMPLETED", JobIDRaw="90"))
    states = {name: [e["accounting"]["state"] for e in entries] for name, entries in found.items()}
    assert states == {"90_1": ["FAILED"], "94": ["FAILED"], "90_2": ["COMPLETED"], "90": ["COMPLETED"]}


@given(st.text())
def test_any_answer_of_sacct_is_survived(text: str) -> None:
    """Whatever sacct writes, its answer is read without an exception."""
    rows = text.replace("|", sacct._SEPARATOR)
    sacct.parse(rows)
    for name in sacct._FIELDS:
        for entry in sacct.parse(row("7", "COMPLETED", **{name: text.replace("\n", "").replace(sacct._SEPARATOR, "")})):
            accounting._sound(json.loads(json.dumps(entry)))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("TIMEOUT", "Slurm: TIMEOUT, it ran longer than its time limit of 300 s"),
        ("OUT_OF_MEMORY", "Slurm: OUT_OF_MEMORY, it used more memory than it was granted"),
        ("NODE_FAIL", "Slurm: NODE_FAIL, its node failed"),
        ("CANCELLED by 1000", "Slurm: CANCELLED, it was cancelled"),
        ("PREEMPTED", "Slurm: PREEMPTED, another job took its place"),
    ],
)
def test_what_slurm_ended_has_failed_and_says_why(state: str, why: str) -> None:
    """An attempt without an end failed when Slurm says so, at the time and for the reason that it gives."""
    (job,) = accounting.account([attempt()], known(row("7", state)), [])
    assert (job.status, job.error, job.ended) == ("failed", why, "2026-11-21T07:41:16.000+00:00")
    own = attempt(status="failed", error="exit code 143", ended="2026-11-21T07:41:15.000+00:00")
    (job,) = accounting.account([own], known(row("7", state)), [])
    assert job.error == f"{why}\nexit code 143"


def test_a_retry_on_the_node_is_not_blamed_for_the_end_of_its_successor() -> None:
    """Only what was running when Slurm ended the job was ended by it."""
    first = attempt(status="failed", error="exit code 1", ended="2026-11-21T07:40:30.000+00:00")
    second = replace(attempt(started="2026-11-21T07:40:31.000+00:00"), id="b")
    fine = replace(first, id="c", status="succeeded", error=None)
    jobs = accounting.account([first, second, fine], known(row("7", "TIMEOUT")), [])
    assert [job.status for job in jobs] == ["failed", "failed", "succeeded"]
    assert [("TIMEOUT" in (job.error or "")) for job in jobs] == [False, True, False]


def test_ids_that_were_given_again_are_told_apart() -> None:
    """Another cluster's, another year's and another node's job 7 is not ours; of a requeued one, the right turn is."""
    others = [
        row("7", "TIMEOUT", Cluster="other"),
        row("7", "TIMEOUT", Submit="1600000000", Start="1600000000", End="1600000100"),
        row("7", "TIMEOUT", NodeList="node2"),
    ]
    gaps: list[Gap] = []
    assert accounting.account([attempt()], known(*others), gaps)[0].accounting is None
    assert [g.slug for g in gaps] == ["accounting-unknown"]
    requeued = row("7", "NODE_FAIL"), row("7", "COMPLETED", Submit="1795246900", Start="1795246910", End="1795246990")
    (job,) = accounting.account([attempt()], known(*requeued), [])
    assert job.accounting is not None
    assert job.accounting.state == "NODE_FAIL"
    restarted = row("7", "TIMEOUT", Submit="1795246700", Start="1795246700", End="1795246900"), row("7", "COMPLETED")
    (job,) = accounting.account([attempt(status="succeeded")], known(*restarted), [])
    assert job.accounting is not None
    assert job.accounting.state == "COMPLETED"


def test_one_question_for_all_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sacct is called once for 3,000 jobs, again only for those that had not ended, and then never."""
    script = tmp_path / "bin/sacct"
    script.parent.mkdir()
    calls = tmp_path / "calls"
    state = "RUNNING"

    def answering(state: str) -> None:
        rows = [row(str(n), "COMPLETED" if n else state) for n in range(3000)]
        (tmp_path / "answer").write_text("\n".join(rows) + "\n")

    script.write_text(f"#!/bin/sh\necho called >> {calls}\nexec cat {tmp_path / 'answer'}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    jobs = [replace(attempt(str(n), "succeeded"), id=str(n)) for n in range(3000)]
    for state, count, unknown in (("RUNNING", 1, 1), ("COMPLETED", 2, 0), ("COMPLETED", 2, 0)):
        answering(state)
        gaps: list[Gap] = []
        found = accounting.account(jobs, accounting.ask(tmp_path, jobs), gaps)
        assert len(calls.read_text().splitlines()) == count
        assert len([job for job in found if job.accounting is None]) == unknown
        assert len(gaps) == unknown
    assert accounting.kept(tmp_path) == accounting.ask(tmp_path, jobs)


def test_without_sacct_there_is_a_gap_and_only_for_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sacct: the gap says so. No Slurm job: nobody asks, and there is no gap and no file."""
    monkeypatch.setenv("PATH", str(tmp_path))
    gaps: list[Gap] = []
    local = Job(id="l", run="r", rule="l", status="succeeded")
    assert accounting.account([local], accounting.ask(tmp_path, [local]), gaps) == [local]
    assert (gaps, list(tmp_path.iterdir())) == ([], [])
    accounting.account([attempt()], accounting.ask(tmp_path, [attempt()]), gaps)
    assert [(g.slug, g.subject) for g in gaps] == [("accounting-unknown", "run")]
    assert "there is no sacct here" in gaps[0].message


def test_sacct_that_hangs_does_not_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer costs the time limit, once."""
    script = tmp_path / "sacct"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(sacct, "LIMIT_S", 1)
    assert accounting.ask(tmp_path, [attempt()])[1] == "sacct did not answer within 1 s"


@pytest.mark.parametrize("content", ["{", '{"format":"provcap.accounting/9"}', '{"format":"provcap.accounting/1","jobs":[7]}',
    '{"format":"provcap.accounting/1","jobs":[{"id":"7","accounting":{"state":"TIMEOUT","ended":"never"}}]}'])  # fmt: skip
def test_damaged_accounting_is_no_accounting(tmp_path: Path, content: str) -> None:
    """accounting.json that cannot be read is as none."""
    (tmp_path / "accounting.json").write_text(content)
    found, problem = accounting.kept(tmp_path)
    assert (found, bool(problem)) == ({}, True)


def test_hostile_ids_are_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a record calls a job id never becomes an option of sacct."""
    monkeypatch.setenv("PATH", str(tmp_path))
    hostile = [attempt("--help"), attempt("7; rm"), attempt("1" * 500)]
    assert accounting.ask(tmp_path, hostile) == ({}, "")


def test_every_export_carries_the_accounting(tmp_path: Path) -> None:
    """run.json, PROV and crate tell the state, the limit and the memory that Slurm counted, and where the job ran."""
    run = conftest.read_run("no-container")
    assert codec.load_run(codec.dump_run(run)) == run
    provn = graph.serialise(graph.document(run), "provn").decode()
    crate.write(run, None, tmp_path / "crate", {}, sources=lambda digest: b"")
    facts = {
        (entity["name"], entity["value"])
        for entity in json.loads((tmp_path / "crate/ro-crate-metadata.json").read_text())["@graph"]
        if entity.get("propertyID", "").endswith(("#accounting", "#allocation"))
    }
    for name, value in (
        ("state", "COMPLETED"),
        ("time_limit_s", "300"),
        ("max_rss_bytes", "181063680"),
        ("node", "node7"),
    ):
        assert (name, value) in facts
        assert name in provn
        assert value in provn


SITUATIONS = """
rule all:
    input: "fine", "oom", "cancelled", "timeout", "arr1", "arr2", "g2", "victim"
rule fine:
    output: "fine"
    shell: "echo a > {output}"
rule oom:
    output: "oom"
    shell: "python3 -c 'import time; x = bytearray(900 << 20); time.sleep(60)'; touch {output}"
rule timeout:
    output: "timeout"
    resources: runtime=1
    shell: "scontrol update jobid=$SLURM_JOB_ID endtime=now+2; sleep 100; touch {output}"  # limits are whole minutes
rule cancelled:
    output: "cancelled"
    shell: "sleep 2; scancel $SLURM_JOB_ID; sleep 100; touch {output}"
rule victim:
    output: "victim"
    shell: "touch begun; sleep 300; touch {output}"
rule arr:
    output: "arr{i}"
    shell: "echo a > {output}"
rule g1:
    output: "g1"
    group: "pair"
    shell: "echo g > {output}"
rule g2:
    input: "g1"
    output: "g2"
    group: "pair"
    shell: "cp {input} {output}"
"""


@pytest.mark.slurm
@pytest.mark.slow
def test_limits_arrays_groups_and_a_node_that_dies(tmp_path: Path) -> None:
    """What exceeds memory or time, is cancelled, or loses its node is failed and says so; what ended well is counted.

    The node's daemon and all its processes die at once, when nothing but the job `victim` is left. squeue: asking
    sacct, snakemake-executor-plugin-slurm 2.8.0 waits for ever for a job that is "CANCELLED by 0".
    """
    words = ["--executor", "slurm", "-j", "9", "--default-resources", "slurm_account=none", "runtime=5", "mem_mb=600"]
    words += ["--slurm-init-seconds-before-status-checks", "3", "--slurm-status-command", "squeue"]
    words += ["--keep-going", "--slurm-array-jobs", "arr", "--logger", "provcap"]
    (tmp_path / "slurm").mkdir()
    workdir = workflows.write(tmp_path / "work", SITUATIONS)
    with slurm_cluster.running(tmp_path / "slurm") as cluster, (tmp_path / "talk").open("wb") as talk:
        command = [sys.executable, "-P", "-m", "snakemake", *words]
        environment = {**workflows.QUIET, **cluster.variables}
        child = subprocess.Popen(command, cwd=workdir, env=environment, stdout=talk, stderr=talk)
        try:
            slurm_cluster.wait((workdir / "begun").exists, 120)
            slurm_cluster.wait(lambda: cluster.ask("squeue", "-h", "-o", "%k") == "rule_victim", 180)
            cluster.kill_node()
            code = child.wait(timeout=180)
        finally:
            child.kill()
        run = collect.collect(store.find_run(workdir, "latest"))  # squeue knows of an end before sacct does
    assert code == 1, (tmp_path / "talk").read_text()
    _expect_reasons(run, cluster)
    assert collect.collect(store.find_run(workdir, "latest")) == run


def _expect_reasons(run: Run, cluster: slurm_cluster.Cluster) -> None:
    jobs = {job.label: job for job in run.jobs}
    fine = {"fine", "arr(i=1)", "arr(i=2)", "g1", "g2"}
    assert {name: job.status for name, job in jobs.items()} == {
        **dict.fromkeys(fine, "succeeded"),
        **dict.fromkeys(("oom", "timeout", "cancelled", "victim"), "failed"),
    }
    errors = {name: job.error or "" for name, job in jobs.items()}
    assert errors["timeout"].startswith("Slurm: TIMEOUT, it ran longer than its time limit of 60 s")
    assert errors["cancelled"].startswith("Slurm: CANCELLED")
    assert errors["victim"].startswith("Slurm: NODE_FAIL, its node failed")
    assert "of memory, and 629145600 were granted" in errors["oom"] or "OUT_OF_MEMORY" in errors["oom"]
    counted = {name: job.accounting for name, job in jobs.items() if job.accounting}
    assert set(counted) == set(jobs), [g for g in run.gaps if g.slug == "accounting-unknown"]
    assert counted["g1"] == counted["g2"]
    for name in fine:
        allocation = jobs[name].allocation
        wanted = {"partition": "short", "node": cluster.host, "cluster": slurm_cluster.NAME}
        assert wanted.items() <= allocation.items()
        assert int(allocation["memory_mb"]) >= 600  # the executor adds some for an array
        assert (counted[name].state, counted[name].memory_bytes) == ("COMPLETED", int(allocation["memory_mb"]) << 20)
    assert {jobs[f"arr(i={i})"].allocation["array_task_id"] for i in (1, 2)} == {"1", "2"}
