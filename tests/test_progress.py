"""Bars of progress: on a terminal, for work that takes its time, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from provcap import progress
from tests import workflows

SLOW = """
import sys, time
from provcap import progress
from provcap.cli import bars
bars.DELAY_S = 0.2
with bars.on_stderr():
    for _ in progress.over(range(12), "counting [bold]slowly[/bold]"):
        time.sleep(float(sys.argv[1]))
    print("the answer")
"""


def in_terminal(*words: str) -> tuple[str, bytes]:
    """What SLOW writes to stdout, a pipe, and to stderr, a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", SLOW, *words]
    child = subprocess.Popen(
        command, env={**workflows.QUIET, "TERM": "xterm"}, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 4096):
            seen += block
    except OSError:  # the other side was closed
        pass
    answer = child.communicate(timeout=30)[0].decode()
    assert child.returncode == 0
    os.close(ours)
    return answer, seen


def test_bar_of_slow_work() -> None:
    """Slow work has its bar on the terminal, with its name as text and not as markup; it is wiped away in the end, the
    cursor is given back, and the answer goes to stdout alone."""
    answer, seen = in_terminal("0.1")
    assert answer == "the answer\n"
    assert b"counting [bold]slowly[/bold]" in seen
    assert b"the answer" not in seen
    assert seen.rstrip().endswith((b"\x1b[2K", b"\x1b[?25h"))
    assert seen.count(b"\x1b[?25h") == seen.count(b"\x1b[?25l") > 0


def test_no_bar_of_quick_work() -> None:
    """Quick work leaves no trace on the terminal."""
    assert in_terminal("0") == ("the answer\n", b"")


def test_no_bar_in_a_log() -> None:
    """Where stderr is no terminal, nothing is drawn, however long it takes."""
    done = workflows.run([sys.executable, "-c", SLOW, "0.1"], Path())
    assert (done.stdout, done.stderr) == ("the answer\n", "")


@pytest.mark.parametrize("count", [0, 1, 99, 20_000])
def test_steps_tell_all_that_was_done(count: int) -> None:
    """Whoever shows the steps is told of every item, in few calls when there are many, and sees the end of each step."""
    import contextlib
    from collections.abc import Iterator

    told: list[float] = []
    ended: list[tuple[str, float | None]] = []

    @contextlib.contextmanager
    def show(what: str, total: float | None) -> Iterator[progress.Advance]:
        yield told.append
        ended.append((what, total))

    with progress.shown(show):
        assert list(progress.over(range(count), "x")) == list(range(count))
    assert count <= sum(told) < count + progress.MANY
    assert len(told) <= 200
    assert ended == [("x", count)]
    with progress.step("nobody looks") as advance:
        advance(1)
    assert len(ended) == 1
