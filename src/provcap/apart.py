"""A process of its own for what may break on a file: ``python -m MODULE``, which reads questions and writes answers.

Limits on memory and time are the system's, so that a file which breaks a library costs what would have been known of
it and nothing else.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from types import TracebackType
from typing import IO, Final, Self

MEMORY: Final = 4 << 30  #: bytes of address space


class Apart:
    """The process, seen from the other side. Started when the first answer is asked for."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.end()

    def process(self) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
        """The process with what it reads and what it writes."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process, self._process.stdin, self._process.stdout

    def end(self) -> None:
        """Kill it; the next one that is asked for is new."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()  # closes the pipes, too
            self._process = None


def serve(answers: Callable[[IO[bytes], IO[bytes]], None]) -> None:
    """In that process: `answers` reads questions from the first stream and writes to the second."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    stdout = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break the answers
    answers(sys.stdin.buffer, stdout)
