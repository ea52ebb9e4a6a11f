"""`provcap watch` shows a run while it goes on, from what is appended to its records, and disturbs nobody."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import codec, journal, store, watch
from provcap.summary import line
from provcap.watch.following import Tail
from provcap.watch.state import Failure, Snapshot
from tests import workflows

RUN = "20260101T000000-000000"
NASTY = "\x1b[2J\x1b]0;title\x07[bold red]x[/bold red]\u202e\r\n\x00\udcff[/]"
START: dict[str, Any] = {"time": "2026-01-01T00:00:00.000+00:00", "planned": {"a": 4}, "hostname": "elsewhere"}


class Bench:
    """The folder of a run, written by hand as several processes would write it."""

    def __init__(self, workdir: Path) -> None:
        self.folder = store.run_folder(workdir, RUN)
        (self.folder / "records").mkdir(parents=True)

    def event(self, kind: str, **more: Any) -> None:
        self._append(self.folder / "events.jsonl", journal.EVENT_FORMAT, {"event": kind, **more})

    def record(self, host: str, kind: str, name: str, n: int = 0, **more: Any) -> None:
        path = self.folder / "records" / f"{host}-7-aaaa-1.jsonl"
        entry = {"event": kind, "id": name, "rule": "a", "wildcards": {"n": str(n)}, **more}
        self._append(path, journal.RECORD_FORMAT, entry)

    def started(self, n: int) -> None:
        self.event("job_info", jobid=n, rule_name="a", wildcards={"n": str(n)}, time=START["time"])

    def _append(self, path: Path, name: str, entry: dict[str, Any]) -> None:
        with path.open("ab") as stream:
            stream.write((codec.stamp(name, entry) + "\n").encode("utf-8", "surrogateescape"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.event("run_started", **START)
    return made


def test_states_of_jobs(bench: Bench) -> None:
    """A job waits, is submitted, runs on a node that its record names, and ends; each look sees the next step."""
    follower = watch.Follower(bench.folder)
    assert follower.look().jobs == {"waiting": 4}
    bench.started(1)
    bench.started(2)
    assert follower.look().jobs == {"waiting": 2, "submitted": 2}
    bench.record("n1", "begin", "x", 1, started=START["time"])
    bench.record("n2", "begin", "y", 2, allocation={"node": "node-2"})
    now = follower.look()
    assert (now.jobs, [node.name for node in now.nodes]) == ({"waiting": 2, "running": 2}, ["n1", "node-2"])
    bench.record("n1", "end", "x", 1, status="succeeded", usage={"max_rss_bytes": 5 << 20})
    bench.record("n2", "end", "y", 2, status="failed", error="exit code 3", log_tail="one\ntwo")
    now = follower.look()
    assert (now.jobs, now.rules[0].max_rss_bytes) == ({"waiting": 2, "succeeded": 1, "failed": 1}, 5 << 20)
    assert [(f.job, f.error, f.log_tail) for f in now.failures] == [("a(n=2)", "exit code 3", ("one", "two"))]
    bench.event("job_error", jobid=2)
    bench.started(2)
    assert follower.look().jobs == {"waiting": 2, "submitted": 1, "succeeded": 1}
    bench.event("job_finished", jobid=1)
    bench.event("run_ended", time="2026-01-01T00:01:00.000+00:00", remaining=3)
    now = follower.look()
    assert (now.status, now.jobs, now.elapsed_s) == ("failed", {"waiting": 2, "succeeded": 1, "lost": 1}, 60)


def test_only_appended_bytes_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look reads what is new and no more; when nothing is new it reads nothing, and opens no file of a process that
    has nothing open."""
    for n in range(200):
        bench.record(f"n{n}", "begin", f"x{n}", n)
        bench.record(f"n{n}", "end", f"x{n}", n, status="succeeded")
    bench.record("busy", "begin", "busy", 999)
    follower = watch.Follower(bench.folder)
    assert follower.look().jobs["succeeded"] == 200
    time.sleep(1.1)
    follower.look()  # the folder's time is settled now
    time.sleep(2.5)  # and each file has been quiet for longer than until its next look
    follower.look()
    opened: list[str] = []
    read: list[int] = []
    real_open, real_pread = os.open, os.pread

    def counted(*arguments: Any) -> bytes:
        block = real_pread(*arguments)
        read.append(len(block))
        return block

    monkeypatch.setattr(os, "open", lambda path, *a, **k: opened.append(Path(path).name) or real_open(path, *a, **k))
    monkeypatch.setattr(os, "pread", counted)
    follower.look()
    assert sorted(opened) == ["busy-7-aaaa-1.jsonl", "events.jsonl", "records.jsonl"]
    assert sum(read) == 0
    bench.record("busy", "end", "busy", 999, status="succeeded")
    assert follower.look().jobs["succeeded"] == 201
    assert 0 < sum(read) < 400


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b), max_size=12), st.data())
def test_lines_that_arrive_in_pieces(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], data: Any) -> None:
    """However the bytes of a file arrive, each whole line is read once, in order, and a torn one not before it is whole."""
    path = tmp_path_factory.mktemp("tail") / "file"
    content = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6)))
    tail, found = Tail(path), []
    for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with path.open("ab") as stream:
            stream.write(content[begin:end])
        found += list(tail.read())
    assert found == lines


def test_gathered_while_watched(bench: Bench) -> None:
    """When the record files are gathered into one between two looks, nothing is counted twice and nothing vanishes."""
    bench.record("n1", "begin", "x", 1)
    follower = watch.Follower(bench.folder)
    assert follower.look().jobs == {"waiting": 3, "running": 1}
    bench.record("n1", "end", "x", 1, status="failed", error="e")
    bench.record("n2", "begin", "y", 2)
    bench.event("run_ended", remaining=2)
    machine = {"id": "m", "hostname": "node-of-y"}
    bench.record("n2", "end", "y", 2, status="succeeded", hardware="m", machine=machine)
    journal.gather(bench.folder)
    now = follower.look()
    assert (now.jobs, now.failed_attempts) == ({"waiting": 2, "succeeded": 1, "failed": 1}, 1)
    late = watch.Follower(bench.folder).look()
    assert (late.jobs, [node.name for node in late.nodes]) == (now.jobs, ["?", "node-of-y"])


def test_main_process_gone(bench: Bench) -> None:
    """A run whose main process is dead on this machine, and whose end nobody told, is lost, and so is what had begun."""
    bench.event("run_started", **{**START, "hostname": os.uname().nodename, "pid": 2**22 + 1})
    bench.started(1)
    now = watch.Follower(bench.folder)
    now.look()
    assert (now.look().status, now.look().jobs) == ("lost", {"waiting": 3, "lost": 1})


def test_another_process_with_the_same_number(bench: Bench) -> None:
    """A Snakemake that is younger than the run is not the run's, though it has its process number."""
    command = [sys.executable, "-c", "print(flush=True); input()", "snakemake"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # its command line can be read now
        start = {"hostname": os.uname().nodename, "pid": child.pid}
        now, earlier = datetime.now(UTC), datetime.now(UTC) - timedelta(hours=1)
        assert journal.is_alive({**start, "time": now.isoformat()}) is True
        assert journal.is_alive({**start, "time": earlier.isoformat()}) is False
        child.communicate(b"\n")
    assert journal.is_alive({**start, "time": now.isoformat()}) is False
    assert journal.is_alive({**start, "hostname": "elsewhere", "time": now.isoformat()}) is None


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"[]",
        b'{"format":"provcap.record/1"}',
        b'{"format":"provcap.record/1","event":"end","wildcards":[1],"usage":7,"allocation":"x","id":{}}',
        b"[" * 10000,
    ],
)
def test_damaged_lines(bench: Bench, line: bytes) -> None:
    """A line that is no record is passed over."""
    (bench.folder / "records/x-1-a-2.jsonl").write_bytes(line + b"\n")
    bench.record("n1", "begin", "x", 1)
    assert watch.Follower(bench.folder).look().jobs["running"] == 1


def test_hostile_names_stay_text(bench: Bench) -> None:
    """Control characters, rich's markup, and what is no UTF-8, in a rule's name, a node's, an error and a log: the
    terminal gets them as text, in lines and in the picture."""
    from rich.console import Console

    bench.event("job_info", jobid=1, rule_name=NASTY, wildcards={NASTY: NASTY})
    more = {
        "rule": NASTY,
        "wildcards": {NASTY: NASTY},
        "error": NASTY,
        "log_tail": NASTY,
        "status": "failed",
        "allocation": {"node": NASTY},
    }
    bench.record("n1", "end", "x", **more)
    bench.event("error", message=NASTY)
    bench.event("run_ended", remaining=1)
    now = watch.Follower(bench.folder).look()
    console = Console(width=300, force_terminal=True, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(watch.screen(now))
    drawn = console.export_text(styles=False)
    for text in ("\n".join(watch.lines(now)), "\n".join(watch.change(None, now)), drawn):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\udc80-\udcff]", text)
        assert "[bold red]x[/bold red]" in text


@given(st.text(max_size=1000))
def test_one_line_of_any_text(text: str) -> None:
    """What a terminal is told of any text is printable, and a line of a log at most 200 characters long."""
    assert line(text).isprintable()
    failed = Failure(job="a", attempt=1, node="n", error="e", log_tail=(text,))
    now = Snapshot(run="r", status="failed", elapsed_s=1, jobs={"failed": 1}, failures=(failed,))
    (said,) = (told for told in watch.lines(now) if told.startswith("      | "))
    assert len(said) <= 8 + 200


def test_ten_thousand_jobs(tmp_path: Path) -> None:
    """The first look at 10,000 ended jobs takes some seconds, the next ones, with a change each, milliseconds."""
    bench = Bench(tmp_path)
    bench.event("run_started", **{**START, "planned": {"a": 10_001}})
    lines = []
    for n in range(10_000):
        common = {"id": f"x{n}", "rule": "a", "wildcards": {"n": str(n)}}
        lines.append(codec.stamp(journal.RECORD_FORMAT, {**common, "event": "begin"}))
        lines.append(
            codec.stamp(
                journal.RECORD_FORMAT,
                {**common, "event": "end", "status": "succeeded", "inputs": [{"path": "x" * 500}]},
            )
        )
    (bench.folder / "records/n-1-a-2.jsonl").write_text("\n".join(lines) + "\n")
    follower = watch.Follower(bench.folder)
    began = time.process_time()
    assert follower.look().jobs == {"waiting": 1, "succeeded": 10_000}
    first = time.process_time() - began
    began = time.process_time()
    for n in range(5):
        bench.record("n", "begin", f"y{n}", 10_000 + n)
        assert follower.look().jobs["running"] == n + 1
    assert first < 5
    assert (time.process_time() - began) / 5 < 0.2


TEXT = """
rule all:
    input: expand("o/{n}", n=range(4))
rule one:
    output: "o/{n}"
    log: "log/{n}"
    shell: "echo about {wildcards.n} > {log}; while ! test -e go; do sleep 0.05; done; test {wildcards.n} != BAD && touch {output}"
"""


def _until(path: Path, count: int) -> None:
    for _ in range(600):
        if len(list(path.glob("*"))) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing in {path}")


@pytest.fixture
def going(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A real run of four jobs, two at a time, that wait for a file `go`; one of them then fails."""
    workdir = workflows.write(tmp_path / "work", TEXT.replace("BAD", "2"))
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "2", "--keep-going", "--logger", "provcap"]
    child = subprocess.Popen(command, cwd=workdir, env=workflows.QUIET, stderr=subprocess.DEVNULL)
    _until(workdir / "log", 2)
    yield workdir, child
    (workdir / "go").touch()
    child.wait(60)


WATCH = [sys.executable, "-P", "-m", "provcap", "watch", "--every", "0.2"]


def test_real_run_in_lines(going: tuple[Path, subprocess.Popen[bytes]]) -> None:
    """Without a terminal: one snapshot, its JSON, then lines until the run has failed, and exit code 1."""
    workdir, _ = going
    done = workflows.provcap(workdir, "watch", "--once", "--json")
    now = json.loads(done.stdout)
    assert (done.returncode, now["status"], now["jobs"]) == (0, "running", {"waiting": 2, "running": 2})
    assert now["nodes"] == [{"name": os.uname().nodename, "running": 2, "ended": 0, "max_rss_bytes": None}]
    child = subprocess.Popen(WATCH, cwd=workdir, env=workflows.QUIET, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert "2 waiting, 2 running" in child.stdout.readline()
    (workdir / "go").touch()
    told = child.communicate(timeout=60)[0]
    assert child.returncode == 1, told
    assert "one(n=2), attempt 1" in told
    assert "      | about 2" in told
    assert "failed" in told.splitlines()[-1]
    assert "3 succeeded, 1 failed" in told.splitlines()[-1]
    assert "\x1b" not in told
    assert workflows.provcap(workdir, "watch", "--once").returncode == 1


def _in_terminal(workdir: Path) -> tuple[subprocess.Popen[bytes], int]:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        WATCH,
        cwd=workdir,
        env={**workflows.QUIET, "TERM": "xterm", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return child, ours


def _read(stream: int, until: bytes = b"\xff") -> bytes:
    found = b""
    try:
        while until not in found and select.select([stream], [], [], 60)[0]:
            found += os.read(stream, 4096)
    except OSError:  # the other side was closed
        pass
    return found


def test_ctrl_c_leaves_the_run_alone(going: tuple[Path, subprocess.Popen[bytes]]) -> None:
    """In a terminal: Ctrl-C ends the picture, gives the cursor back, says so without a traceback, and the run goes on."""
    workdir, run = going
    child, stream = _in_terminal(workdir)
    talk = _read(stream, b"running one")
    child.send_signal(signal.SIGINT)
    talk += _read(stream)
    assert child.wait(10) == 2
    assert talk.rfind(b"\x1b[?25h") > talk.rfind(b"\x1b[?25l")
    assert b"it goes on" in talk
    assert b"Traceback" not in talk
    assert run.poll() is None
    os.close(stream)


def test_watching_changes_nothing(going: tuple[Path, subprocess.Popen[bytes]]) -> None:
    """A look writes nothing below .provcap."""
    workdir, _ = going
    while not list(workdir.glob(".provcap/runs/*/environments/*.json")) or list(workdir.rglob(".probing-*")):
        time.sleep(0.1)  # the probe of the environment is at work beside the jobs
    before = {p: p.stat().st_mtime_ns for p in (workdir / ".provcap").rglob("*")}
    assert workflows.provcap(workdir, "watch", "--once").returncode == 0
    assert {p: p.stat().st_mtime_ns for p in (workdir / ".provcap").rglob("*")} == before


def test_a_run_that_goes_on_is_shown_as_such(going: tuple[Path, subprocess.Popen[bytes]]) -> None:
    """`show` and `list` call neither it nor its jobs lost, nor is it a gap that they have not ended."""
    workdir, _ = going
    told = workflows.provcap(workdir, "show").stdout
    assert "going on" in told.splitlines()[0]
    assert "attempts  2: 2 going on" in told
    assert "lost" not in told
    assert "[end-unknown]" not in told
    assert "going on" in workflows.provcap(workdir, "list").stdout


def test_the_next_run_is_waited_for(tmp_path: Path) -> None:
    """With `--next` the run that ended before is not shown, the one that begins later is, to its end; without, the user
    is told of it."""
    workdir = workflows.write(tmp_path / "work", "rule a:\n    output: 'a'\n    shell: 'touch a'\n")
    assert workflows.snakemake(workdir, "--forceall").returncode == 0
    told = workflows.provcap(workdir, "watch")
    assert (told.returncode, "watch --next" in told.stderr) == (0, True)
    command = [*WATCH, "--next"]
    child = subprocess.Popen(command, cwd=workdir, env=workflows.QUIET, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stderr is not None
    assert b"waiting for a run" in child.stderr.readline()
    assert workflows.snakemake(workdir, "--forceall").returncode == 0
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert b"1 succeeded" in out


def test_json_needs_once(tmp_path: Path) -> None:
    """`watch --json` without `--once` is refused with the way out."""
    done = workflows.provcap(tmp_path, "watch", "--json")
    assert (done.returncode, "[json-needs-once]" in done.stderr) == (2, True)
