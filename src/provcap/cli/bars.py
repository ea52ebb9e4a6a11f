"""Bars of progress on stderr: only on a terminal, only for work that takes more than a second, gone when it is done."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from provcap import progress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

DELAY_S = 1.0


@contextlib.contextmanager
def on_stderr() -> Iterator[None]:
    """Show the steps of the work in the block, if there is anybody to see them."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    bars = Bars()
    try:
        with progress.shown(bars.step):
            yield
    finally:
        bars.close()


class _Step:
    def __init__(self, what: str, total: float | None) -> None:
        self.what = what
        self.total = total
        self.done = 0.0
        self.task: TaskID | None = None


class Bars:
    """A bar for each step that is open, from DELAY_S on; nothing is drawn, nor rich imported, for quicker work."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._open: list[_Step] = []
        self._drawn: Progress | None = None
        self._lock = threading.RLock()
        self._timer = threading.Timer(DELAY_S, self._draw)
        self._timer.daemon = True
        self._timer.start()

    @contextlib.contextmanager
    def step(self, what: str, total: float | None) -> Iterator[progress.Advance]:
        """See `progress.step`."""
        step = _Step(what, total)
        with self._lock:
            self._open.append(step)
        if time.monotonic() - self._began > DELAY_S:
            self._draw()
        try:
            yield lambda done: self._advance(step, done)
        finally:
            self._end(step)

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if not self._open:
                return
            if self._drawn is None:
                columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn())
                # stdout is the answer: it must not be led to the terminal with the bars
                self._drawn = Progress(
                    *columns,
                    TimeElapsedColumn(),
                    console=Console(stderr=True),
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._drawn.start()
            for step in self._open:
                if step.task is None:
                    step.task = self._drawn.add_task(step.what, total=step.total, completed=step.done)  # type: ignore[arg-type]

    def _advance(self, step: _Step, done: float) -> None:
        step.done += done
        with self._lock:
            if self._drawn is not None and step.task is not None:
                self._drawn.update(step.task, completed=step.done)

    def _end(self, step: _Step) -> None:
        with self._lock:
            self._open.remove(step)
            if self._drawn is not None and step.task is not None:
                self._drawn.remove_task(step.task)
            if not self._open:
                self._erase()

    def _erase(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._timer.cancel()
        with self._lock:
            self._erase()
