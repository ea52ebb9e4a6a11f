"""Whatever is killed, whenever: what was finished is in the history, what was not is called lost, and nothing is half-read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import codec, collect, journal, questions, store
from provcap.capture.writer import Writer
from provcap.model import Run
from tests import workflows
from tests.engines import ROOT

KILLED = """
rule all:
    input: "o/last"

rule first:
    output: "o/{n}"
    wildcard_constraints: n="[0-9]"
    shell: "echo {wildcards.n} $RANDOM > {output}"

rule last:
    input: expand("o/{n}", n=range(3))
    output: "o/last"
    shell: "test -e spared || {{ kill -9 $PPID; exit 1; }}; cat {input} > {output}"
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work directory of a run whose last job killed Snakemake's main process, after three that had succeeded."""
    workdir = workflows.write(tmp_path_factory.mktemp("killed") / "work", KILLED)
    assert workflows.snakemake(workdir).returncode == -signal.SIGKILL
    (workdir / "spared").touch()
    return workdir


def copy_of(workdir: Path, place: Path) -> Path:
    """A copy of `workdir` with times as they were."""
    return Path(shutil.copytree(workdir, place, symlinks=True))


def states(run: Run) -> dict[str, int]:
    """How many attempts have each status."""
    return dict(Counter(job.status for job in run.jobs))


def test_kills_at_random_moments() -> None:
    """Main process, jobs, steps and whole nodes are killed at random moments: the history agrees with what the jobs
    themselves told (`benchmarks/kills.py` says what that means; the whole campaign has 200 kills)."""
    done = workflows.run([sys.executable, str(ROOT / "benchmarks/kills.py"), "--kills", "6", "--json"], ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert sum(report["kills"].values()) == 6
    assert report["attempts"]["succeeded"] > 10


@pytest.mark.parametrize("collected", [False, True])
def test_second_run_finds_what_the_killed_one_made(killed: Path, tmp_path: Path, collected: bool) -> None:
    """Results of a killed run that are up to date in the next one point to the attempts that made them, whether anybody
    has collected the killed run or not."""
    workdir = copy_of(killed, tmp_path / "work")
    first = collect.collect(store.find_run(workdir, "latest")) if collected else workflows.latest(workdir)
    assert (states(first), first.status) == ({"succeeded": 3, "lost": 1}, "lost")
    assert workflows.snakemake(workdir, "--unlock").returncode == 0
    assert workflows.snakemake(workdir, "--rerun-incomplete").returncode == 0
    second = workflows.latest(workdir)
    made = {a.path: (j.id, j.run, a.digest) for j in first.jobs if j.status == "succeeded" for a in j.outputs}
    assert {a.path: (j.id, j.run, a.digest) for j in second.jobs if j.status == "up_to_date" for a in j.outputs} == made
    assert "made-outside-capture" not in {g.slug for g in second.gaps}
    assert first.id != second.id


def test_job_that_outlives_snakemake(tmp_path: Path) -> None:
    """A step that ends after the main process was killed completes its record: lost at the first look, succeeded at the
    second, with its output."""
    text = "rule a:\n    output: 'a'\n    run:\n        import os, signal, time\n"
    text += "        shell_of_main = open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()\n"
    text += "        os.kill(int(shell_of_main[1]), signal.SIGKILL)\n"
    text += "        time.sleep(2)\n        open(output[0], 'w').write('late')\n"
    workdir = workflows.write(tmp_path / "work", text)
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "1", "--logger", "provcap"]
    done = subprocess.run(command, cwd=workdir, env=workflows.QUIET, stderr=subprocess.DEVNULL, check=False)
    assert done.returncode == -signal.SIGKILL
    folder = store.find_run(workdir, "latest")
    assert states(collect.collect(folder)) == {"lost": 1}
    for _ in range(100):
        time.sleep(0.2)
        run = collect.collect(folder)
        if states(run) == {"succeeded": 1}:
            break
    assert (states(run), run.status) == ({"succeeded": 1}, "lost")
    (artifact,) = run.jobs[0].outputs
    assert artifact.digest is not None
    assert collect.recorded(folder)[0] == run.jobs


def test_step_killed_alone(tmp_path: Path) -> None:
    """The writer of a step's record is killed while its job runs: Snakemake says that it failed, and so does the history."""
    text = (
        "rule a:\n    output: 'a'\n    run:\n        import os, signal\n        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    workdir = workflows.write(tmp_path / "work", text)
    assert workflows.snakemake(workdir).returncode == 1
    run = workflows.latest(workdir)
    assert (states(run), run.status) == ({"failed": 1}, "failed")
    assert "record-incomplete" in {g.slug for g in run.gaps}


def test_torn_at_any_byte(killed: Path, tmp_path: Path) -> None:
    """A file of records or events that ends at any byte: every attempt whose record is whole is there as it was, what is
    torn is told, and nothing is half-read."""
    workdir = copy_of(killed, tmp_path / "work")
    folder = store.find_run(workdir, "latest")
    (records,) = journal.record_files(folder)
    whole = {job.id: job for job in collect.join(folder).jobs}
    for path in (records, folder / "events.jsonl"):
        content = path.read_bytes()
        for length in range(len(content) - 1, 0, -97):
            path.write_bytes(content[:length])
            run = collect.join(folder)
            torn = [g for g in run.gaps if g.slug == "torn-record"]
            assert len(torn) == (content[length - 1 : length + 1].count(b"\n") == 0 and content[length] != 10), length
            ended = {e["id"] for e in map(_entry, records.read_bytes().split(b"\n")) if e.get("event") == "end"}
            found = {job.id: job for job in run.jobs}
            assert {name: found.get(name) for name in ended} == {name: whole[name] for name in ended}, length
            told = {g.subject for g in run.gaps if g.slug in ("end-unknown", "record-incomplete", "no-record")}
            assert {f"job:{name}" for name in found if name not in ended} <= told, length
        path.write_bytes(content)


def _entry(line: bytes) -> dict[str, str]:
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}


def test_events_lost(killed: Path, tmp_path: Path) -> None:
    """Without the file of events the attempts are still there, from their records, and a gap says what is missing."""
    workdir = copy_of(killed, tmp_path / "work")
    (store.find_run(workdir, "latest") / "events.jsonl").unlink()
    run = workflows.latest(workdir)
    assert (states(run), run.status) == ({"succeeded": 3, "lost": 1}, "lost")
    assert "events-lost" in {g.slug for g in run.gaps}
    assert workflows.provcap(workdir, "collect").returncode == 0


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """A record that speaks of a file whose name is not UTF-8 is read back, and so is run.json."""
    writer = Writer(store.run_folder(tmp_path, "20260101T000000-000000"))
    path = os.fsdecode(b"o/\xff")
    record = {"id": writer.new_id(), "rule": "a", "started": "2026-01-01T00:00:00.000+00:00"}
    writer.append({"event": "end", "status": "succeeded", "outputs": [{"path": path}], **record})
    run = collect.collect(writer.folder)
    assert [a.path for job in run.jobs for a in job.outputs] == [path]
    assert codec.load_run((writer.folder / "run.json").read_bytes()) == run


def test_collected_by_many_at_once(tmp_path: Path) -> None:
    """A run that several collect at the same time is whole for each of them, and afterwards."""
    workdir = workflows.write(tmp_path / "work", KILLED, spared="")
    assert workflows.snakemake(workdir).returncode == 0
    folder = store.find_run(workdir, "latest")
    expected = (folder / "run.json").read_bytes()
    lines = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    for _ in range(4):
        (folder / "records.jsonl").unlink(missing_ok=True)
        for number, line in enumerate(lines):
            store.write_atomic(folder / "records" / f"node-{number}.jsonl", line)
        with ThreadPoolExecutor(6) as pool:
            texts = list(pool.map(lambda _: codec.dump_run(collect.collect(folder)).encode(), range(6)))
        assert set(texts) == {expected}
        assert (folder / "run.json").read_bytes() == expected
        assert not journal.record_files(folder)


WRITE = """
import sys, time
time.time_ns = lambda: 0
from pathlib import Path
from provcap.capture.writer import Writer
writer = Writer(Path(sys.argv[1]))
Path(sys.argv[1], "ready").exists()
for n in range(200):
    name = writer.new_id()
    writer.append({"event": "begin", "id": name, "rule": "r", "who": sys.argv[2]})
    writer.append({"event": "end", "id": name, "rule": "r", "who": sys.argv[2], "text": "x" * (n * 37 % 5000)})
"""


def _in_namespaces(command: str) -> list[str]:
    """`command` as the first process of new mount, host name and process namespaces: its process number is the same in
    all of them."""
    return ["unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "sh", "-ec", command]


def _need_namespaces() -> None:
    if subprocess.run(_in_namespaces("hostname x"), capture_output=True, check=False).returncode:
        pytest.skip("namespaces are not permitted here")


def test_writers_on_several_hosts(tmp_path: Path) -> None:
    """Six writers, each with its own mount of the one directory, with the same process number, some with the same host
    name, all with the same clock: none writes into another's file, and every record is read back."""
    _need_namespaces()
    folder = tmp_path / "work/.provcap/runs/20260101T000000-000000"
    folder.mkdir(parents=True)
    children = []
    for number, host in enumerate(["a", "a", "a", "b", "b", "c"]):
        (tmp_path / f"mount-{number}").mkdir()
        place = f"{tmp_path}/mount-{number}"
        command = f"hostname {host}; mount --bind {tmp_path}/work {place}; exec {sys.executable} -c '{WRITE}' {place}/.provcap/runs/{folder.name} {number}"
        children.append(subprocess.Popen(_in_namespaces(command), env=workflows.QUIET))
    assert [child.wait(120) for child in children] == [0] * 6
    assert len(journal.record_files(folder)) == 6
    records = journal.read_records(folder, gaps := [])
    assert not gaps
    assert Counter(r["who"] for r in records.values()) == {str(n): 200 for n in range(6)}
    assert {r["event"] for r in records.values()} == {"end"}


def test_runs_from_several_hosts(tmp_path: Path) -> None:
    """Snakemake is started at once on two hosts with one directory, at different mount points: two runs, each with its
    own jobs only, whose paths do not depend on the mount point."""
    _need_namespaces()
    text = "rule a:\n    output: 'o/{n}'\n    shell: 'sleep 0.1; echo {wildcards.n} > {output}'\n"
    workdir = workflows.write(tmp_path / "work", text)
    children = []
    for host in "ab":
        (tmp_path / host).mkdir()
        names = " ".join(f"o/{host}{n}" for n in range(4))
        start = f"exec {sys.executable} -P -m snakemake --nolock --cores 2 {names} --logger provcap"
        command = f"hostname node; mount --bind {workdir} {tmp_path}/{host}; cd {tmp_path}/{host}; {start}"
        children.append(subprocess.Popen(_in_namespaces(command), env=workflows.QUIET, stderr=subprocess.PIPE))
    talk = [child.communicate(timeout=120)[1].decode() for child in children]
    assert [child.returncode for child in children] == [0, 0], talk
    runs = [codec.load_run((f / "run.json").read_bytes()) for f in store.list_runs(workdir)]
    assert sorted(sorted(a.path for a in questions.outputs(run)) for run in runs) == [
        [f"o/{host}{n}" for n in range(4)] for host in "ab"
    ]
    assert all(states(run) == {"succeeded": 4} for run in runs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_order_of_runs_whatever_the_clock_says(clock: list[int]) -> None:
    """However the clock jumps between runs, they are listed in the order in which they began."""
    with tempfile.TemporaryDirectory() as place:
        began = []
        for number, second in enumerate(clock):
            # what is drawn at random in the ids of two runs of one second does not follow their order either
            began.append(f"2026010{second}T000000-{'%06x' % (number * 7919 % 16777216)}")
            store.put_in_order(place, began[-1])
            store.run_folder(place, began[-1]).mkdir(parents=True)
        assert [p.name for p in store.list_runs(place)] == began
        assert store.find_run(place, "latest").name == began[-1]


def test_results_of_a_run_whose_clock_was_ahead(tmp_path: Path) -> None:
    """A run with a clock a day ahead, then one with the right clock: the second is the latest, and its up-to-date results
    point to the first."""
    ahead = "import time\n_time, _ns = time.time, time.time_ns\ntime.time = lambda: _time() + 86400\n"
    ahead += "time.time_ns = lambda: _ns() + 86400 * 10**9\n"
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(ahead)
    workdir = workflows.write(tmp_path / "work", KILLED, spared="")
    assert workflows.snakemake(workdir, "o/0", PYTHONPATH=str(tmp_path / "site")).returncode == 0
    first = workflows.latest(workdir)
    done = workflows.snakemake(workdir)
    assert done.returncode == 0, done.stderr
    second = workflows.latest(workdir)
    assert second.id < first.id
    assert [(j.run, j.id) for j in second.jobs if j.status == "up_to_date"] == [(first.id, first.jobs[0].id)]
    assert (workdir / ".provcap/order" / second.id).is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_by_the_user(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end a run in order: it has failed, and its errors say that the user wanted it."""
    text = "rule all:\n    input: 'a', 'b'\nrule one:\n    output: '{n}'\n    shell: 'touch begun; sleep 2; touch {output}'\n"
    workdir = workflows.write(tmp_path / "work", text)
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "1", "--logger", "provcap"]
    child = subprocess.Popen(command, cwd=workdir, env=workflows.QUIET, stderr=subprocess.PIPE)
    for _ in range(600):
        if (workdir / "begun").exists():
            break
        time.sleep(0.05)
    os.kill(child.pid, number)
    talk = child.communicate(timeout=60)[1].decode()
    assert child.returncode != 0
    run = workflows.latest(workdir)
    assert run.status == "failed", talk
    assert run.ended is not None
    assert len([e for e in run.errors if e.startswith("interrupted by the user: ")]) == 1, textwrap.indent(talk, "| ")


def test_attempts_without_a_record_have_ids_of_their_own(tmp_path: Path) -> None:
    """Two runs are killed before their only job could begin its record: two attempts, each with an id of its own."""
    for run_id in ("20260101T000000-000000", "20260101T000001-000000"):
        events = [
            {"event": "run_started", "time": "2026-01-01T00:00:00.000+00:00", "workdir": str(tmp_path)},
            {"event": "job_info", "time": "2026-01-01T00:00:01.000+00:00", "jobid": 1, "rule_name": "a"},
        ]
        text = "".join(codec.stamp(journal.EVENT_FORMAT, event) + "\n" for event in events)
        store.write_atomic(store.run_folder(tmp_path, run_id) / "events.jsonl", text.encode())
    jobs = [job for folder in store.list_runs(tmp_path) for job in collect.collect(folder).jobs]
    assert [job.status for job in jobs] == ["lost", "lost"]
    assert jobs[0].id != jobs[1].id
