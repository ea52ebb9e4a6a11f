"""What goes wrong around a run: its jobs do not notice, and the record says what was lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from provcap import codec, collect, store
from provcap.model import Run
from tests import workflows

CHAIN = """
rule all:
    input: expand("o/{n}", n=range(6))

rule first:
    output: "o/0"
    shell: "echo 0 > {output}"

rule next:
    input: lambda w: f"o/{int(w.n) - 1}"
    output: "o/{n,[1-9]}"
    shell: "cat {input} > {output}; echo {wildcards.n} >> {output}; test -e fault-{wildcards.n}.sh && . ./fault-{wildcards.n}.sh || :"
"""
COMMAND = [sys.executable, "-P", "-m", "snakemake", "--logger", "provcap", "--cores"]


def plain_results(workdir: Path) -> dict[str, str]:
    """What CHAIN gives without capture."""
    done = workflows.snakemake(workflows.write(workdir, CHAIN), "--cores", "1", capture=False)
    assert done.returncode == 0, done.stderr
    return workflows.tree(workdir, "o")


def check_digests(run: Run, workdir: Path) -> None:
    """Each digest that the run has of a file is that of the file."""
    for job in run.jobs:
        for artifact in job.outputs:
            if artifact.digest:
                assert artifact.digest == "sha256:" + hashlib.sha256((workdir / artifact.path).read_bytes()).hexdigest()


@contextlib.contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """A file system at `place`; skips the test where mounting is not permitted."""
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is not permitted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("kilobytes", [16, 200, 300, 400])
def test_record_directory_full(tmp_path: Path, kilobytes: int) -> None:
    """A full file system below .provcap: the same results; whatever could be written can be read, and gaps tell the rest."""
    expected = plain_results(tmp_path / "plain")
    workdir = workflows.write(tmp_path / "work", CHAIN)
    with mounted(workdir / ".provcap", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs"):
        done = workflows.snakemake(workdir, "--cores", "1")
        assert done.returncode == 0, done.stderr
        assert workflows.tree(workdir, "o") == expected
        runs = store.list_runs(workdir)
        if runs and (runs[0] / "events.jsonl").exists() and (runs[0] / "events.jsonl").read_bytes():
            run = collect.join(runs[0])
            check_digests(run, workdir)
            assert len(run.jobs) == 6 or "events-lost" in {g.slug for g in run.gaps} or run.status == "lost"
        if "(see: provcap show)" not in done.stderr:
            assert "provcap: the run was not recorded as it should be: " in done.stderr


def test_record_directory_full_for_a_while(tmp_path: Path) -> None:
    """The file system fills up during the run and has room again later: the run is readable, and what is missing has gaps."""
    expected = plain_results(tmp_path / "plain")
    text = CHAIN.replace("rule next:", "rule next:\n    params: 'x' * 9000")  # more than the rest of a page
    workdir = workflows.write(tmp_path / "work", text)
    (workdir / "fault-2.sh").write_text("head -c 3000000 /dev/zero > .provcap/ballast 2>/dev/null || :\n")
    (workdir / "fault-4.sh").write_text("rm .provcap/ballast\n")
    with mounted(workdir / ".provcap", "-t", "tmpfs", "-o", "size=2m", "tmpfs"):
        done = workflows.snakemake(workdir, "--cores", "1")
        assert (done.returncode, workflows.tree(workdir, "o")) == (0, expected), done.stderr
        run = workflows.latest(workdir)
    check_digests(run, workdir)
    assert {job.label: job.status for job in run.jobs if job.status == "succeeded"}.keys() >= {"first", "next(n=5)"}
    assert {"failed"}.isdisjoint(job.status for job in run.jobs)
    assert {"events-lost", "record-incomplete", "no-record"} & {g.slug for g in run.gaps}


@pytest.mark.parametrize("when", ["from the beginning", "during the run"])
def test_record_directory_read_only(tmp_path: Path, when: str) -> None:
    """Records on a file system that is, or becomes, read-only: the same results, and a line on stderr says what is wrong."""
    expected = plain_results(tmp_path / "plain")
    workdir = workflows.write(tmp_path / "work", CHAIN)
    if when == "during the run":
        (workdir / "fault-2.sh").write_text("mount -o remount,ro .provcap\n")
    options = ["-o", "size=4m,ro" if when == "from the beginning" else "size=4m"]
    with mounted(workdir / ".provcap", "-t", "tmpfs", *options, "tmpfs"):
        done = workflows.snakemake(workdir, "--cores", "1")
        assert (done.returncode, workflows.tree(workdir, "o")) == (0, expected), done.stderr
        assert "provcap: the run was not recorded as it should be: " in done.stderr
        assert "Read-only file system" in done.stderr
        if when == "during the run":
            run = collect.join(store.list_runs(workdir)[0])
            assert run.status == "lost"
            assert {j.label: j.status for j in run.jobs}.items() >= {
                "first": "succeeded",
                "next(n=1)": "succeeded",
            }.items()


@pytest.mark.parametrize("what", [".provcap", ".provcap/runs", ".provcap/probe", ".provcap/runs/*/records"])
def test_records_deleted_during_the_run(tmp_path: Path, what: str) -> None:
    """A job removes records: the same results, what came after is recorded, and a gap stands for what is gone."""
    expected = plain_results(tmp_path / "plain")
    workdir = workflows.write(tmp_path / "work", CHAIN)
    (workdir / "fault-3.sh").write_text(f"rm -rf {what}\n")
    done = workflows.snakemake(workdir, "--cores", "1")
    assert (done.returncode, workflows.tree(workdir, "o")) == (0, expected), done.stderr
    run = workflows.latest(workdir)
    check_digests(run, workdir)
    assert {"next(n=4)", "next(n=5)"} <= {j.label for j in run.jobs if j.status == "succeeded"}
    assert {"records-removed", "no-record", "shell-unseen"} & {g.slug for g in run.gaps}
    assert run.status == "succeeded"


def test_record_directory_is_a_file(tmp_path: Path) -> None:
    """Something else is called .provcap: the same results, that file is left alone, and stderr says so."""
    workdir = workflows.write(tmp_path / "work", CHAIN)
    (workdir / ".provcap").write_text("mine\n")
    done = workflows.snakemake(workdir, "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert (workdir / ".provcap").read_text() == "mine\n"
    assert workflows.tree(workdir, "o") == plain_results(tmp_path / "plain")
    assert "provcap: the run was not recorded as it should be: " in done.stderr


def test_probe_killed(tmp_path: Path) -> None:
    """The process that looks at an environment is killed: the job runs, and the environment is a gap."""
    workdir = workflows.write(tmp_path / "work", CHAIN)
    killer = "import os, signal\nif any('collect.py' in a for a in __import__('sys').orig_argv):\n    os.kill(os.getppid(), signal.SIGKILL)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(killer)
    done = workflows.snakemake(workdir, "--cores", "1", PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert [j.status for j in run.jobs] == ["succeeded"] * 6
    assert "environment-unknown" in {g.slug for g in run.gaps}
    check_digests(run, workdir)


def test_probe_hangs(tmp_path: Path) -> None:
    """An environment whose Python never answers: the probe is ended after its time, and the job runs."""
    workdir = workflows.write(tmp_path / "work", "rule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n")
    hanging = "import sys, time\nif any('collect.py' in a for a in sys.orig_argv):\n    time.sleep(600)\n"
    limit = "import sys\nif 'snakemake' in ' '.join(sys.orig_argv):\n    import provcap.capture.process\n    provcap.capture.process.LIMIT_S = 2\n"
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(hanging + limit)
    began = time.monotonic()
    done = workflows.snakemake(workdir, PYTHONPATH=str(tmp_path / "site"))
    assert (done.returncode, (workdir / "a").read_text()) == (0, "a\n"), done.stderr
    assert time.monotonic() - began < 30
    assert "environment-unknown" in {g.slug for g in workflows.latest(workdir).gaps}


def test_clock_steps_back(tmp_path: Path) -> None:
    """The clock is set back an hour between two looks (time.time is replaced by a sitecustomize in Snakemake's process):
    durations are not negative, and no attempt is lost or doubled."""
    stepping = "import time\n_time, _ns, _start = time.time, time.time_ns, time.monotonic()\n"
    stepping += "def _back():\n    return 3600 * int((time.monotonic() - _start) / 0.3 % 2)\n"
    stepping += (
        "time.time = lambda: _time() - _back()\ntime.time_ns = lambda: _ns() - _back() * 10**9\n"
        "import logging\nlogging.time.time_ns = time.time_ns\n"
    )
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(stepping)
    text = CHAIN.replace("test -e", "sleep 0.2; test -e")
    workdir = workflows.write(tmp_path / "work", text)
    done = workflows.snakemake(workdir, "--cores", "1", PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert Counter(j.label for j in run.jobs) == Counter(["first", *(f"next(n={n})" for n in range(1, 6))])
    assert {j.status for j in run.jobs} == {"succeeded"}
    for job in run.jobs:
        assert job.started is not None
        assert job.started <= (job.ended or "")
        assert job.usage is not None
        assert 0 <= (job.usage.wall_s or 0) < 60
    check_digests(run, workdir)


def test_run_today_after_a_run_tomorrow(tmp_path: Path) -> None:
    """The clock stood a day ahead in an earlier invocation (set by a sitecustomize in its process; Snakemake itself hangs
    under libfaketime): both invocations are recorded and readable."""
    ahead = "import time\n_time, _ns = time.time, time.time_ns\ntime.time = lambda: _time() + 86400\n"
    ahead += "time.time_ns = lambda: _ns() + 86400 * 10**9\n"
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(ahead)
    workdir = workflows.write(tmp_path / "work", CHAIN)
    for variables in ({"PYTHONPATH": str(tmp_path / "site")}, {}):
        done = workflows.snakemake(workdir, "--forceall", "--cores", "1", **variables)
        assert done.returncode == 0, done.stderr
    runs = [codec.load_run((f / "run.json").read_bytes(), str(f)) for f in store.list_runs(workdir)]
    assert [sum(j.status == "succeeded" for j in run.jobs) for run in runs] == [6, 6]


def test_two_runs_in_one_directory_at_once(tmp_path: Path) -> None:
    """Two invocations with --nolock side by side: two runs, each with its own jobs and no one else's."""
    text = "rule a:\n    output: 'o/{n}'\n    shell: 'sleep 0.1; echo {wildcards.n} > {output}'\n"
    workdir = workflows.write(tmp_path / "work", text)
    sets = [[f"o/{letter}{n}" for n in range(8)] for letter in "xy"]
    children = [
        subprocess.Popen(
            [*COMMAND[:-1], "--nolock", "--cores", "2", *names],
            cwd=workdir,
            env=workflows.QUIET,
            stderr=subprocess.PIPE,
        )
        for names in sets
    ]
    talk = [child.communicate(timeout=120)[1].decode() for child in children]
    assert [child.returncode for child in children] == [0, 0], talk
    runs = [codec.load_run((f / "run.json").read_bytes(), str(f)) for f in store.list_runs(workdir)]
    assert sorted(sorted(a.path for j in run.jobs for a in j.outputs) for run in runs) == sets
    for run in runs:
        assert {(j.status, j.run) for j in run.jobs} == {("succeeded", run.id)}
        check_digests(run, workdir)


@pytest.mark.slow
def test_two_hundred_jobs_in_parallel(tmp_path: Path) -> None:
    """200 jobs at once write their records: each is there once, whole, with the digest of its file, and its environment."""
    text = "rule all:\n    input: expand('o/{n}', n=range(200))\n"
    text += (
        "rule a:\n    output: 'o/{n}'\n    shell: 'echo {wildcards.n} > {output}; touch at/{wildcards.n}; sleep 4'\n"
    )
    workdir = workflows.write(tmp_path / "work", text)
    (workdir / "at").mkdir()
    done = workflows.run([*COMMAND, "200"], workdir)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert Counter(j.wildcards["n"] for j in run.jobs) == {str(n): 1 for n in range(200)}
    assert {j.status for j in run.jobs} == {"succeeded"}
    assert all(j.environment and j.outputs[0].digest for j in run.jobs)
    check_digests(run, workdir)
    moments = [m for j in run.jobs for m in ((j.started or "", 1), (j.ended or "", -1))]
    running = highest = 0
    for _, change in sorted(moments):
        running += change
        highest = max(highest, running)
    assert highest >= 100
    assert not {g.slug for g in run.gaps} - {"not-described", "workflow-unversioned", "undeclared-output"}


def test_snakemake_killed_at_any_moment(tmp_path: Path) -> None:
    """Snakemake is killed again and again, at moments from a fixed seed: each run can be collected, twice to the same
    bytes, no attempt is claimed twice, and the history of the result is whole in the end."""
    moments = random.Random(20261121)
    text = CHAIN.replace("test -e", "sleep 0.15; test -e")
    workdir = workflows.write(tmp_path / "work", text)
    for _ in range(4):
        child = subprocess.Popen(
            [*COMMAND, "1", "--nolock", "--rerun-incomplete"],
            cwd=workdir,
            env=workflows.QUIET,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(moments.uniform(0.9, 2.2))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    done = workflows.snakemake(workdir, "--nolock", "--rerun-incomplete", "--cores", "1", "--forcerun", "next")
    assert done.returncode == 0, done.stderr
    for folder in store.list_runs(workdir):
        if not (folder / "events.jsonl").exists():
            continue  # killed before it had begun to write
        first = codec.dump_run(collect.collect(folder))
        assert codec.dump_run(collect.collect(folder)) == first
        run = codec.load_run(first.encode(), str(folder))
        assert not [label for label, n in Counter((j.label, j.attempt) for j in run.jobs).items() if n > 1]
        assert len([j for j in run.jobs if j.status == "lost"]) <= 1
    last = workflows.latest(workdir)
    check_digests(last, workdir)
    assert {j.label for j in last.jobs} == {"first", *(f"next(n={n})" for n in range(1, 6))}


def _memory_cgroup() -> Path | None:
    """A new memory cgroup of this machine, version 1 or 2; None where that is not permitted."""
    for top, limit in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        folder = top / f"provcap-test-{os.getpid()}"
        try:
            folder.mkdir()
            (folder / limit).write_text(str(40 << 20))
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            continue
        return folder
    return None


def test_job_killed_by_the_kernel_for_its_memory(tmp_path: Path) -> None:
    """The kernel kills a job that needs more memory than its cgroup has: a failed attempt that was killed by SIGKILL."""
    folder = _memory_cgroup()
    if folder is None:
        pytest.skip("no memory cgroup can be made here")
    text = f"rule a:\n    output: 'a'\n    shell: 'echo $$ > {folder}/cgroup.procs; exec {sys.executable} -S -c \"x = bytearray(1 << 28)\"'\n"
    try:
        workdir = workflows.write(tmp_path / "work", text)
        done = workflows.snakemake(workdir)
        assert done.returncode == 1
        (job,) = workflows.latest(workdir).jobs
        assert (job.status, job.exit_code) == ("failed", -9), done.stderr
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()
