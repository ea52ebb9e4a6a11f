"""A process that reads images: ``python -m provcap.bioimage.reader``, a line of JSON on stdin and stdout for each.

Limits on memory and time are the system's and its parent's, so that a file which breaks a library costs what would
have been known of it and nothing else.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import PurePath
from types import TracebackType
from typing import IO, Any, Final, Self

from provcap.bioimage.found import Unreadable

MEMORY: Final = 4 << 30  #: bytes of address space
SECONDS, IMAGES = 60, 100  #: for one image, and as many of processor time; images per process
ANSWER: Final = 80 << 20  #: bytes of what is told of one image: its OME-XML is the most of it
TIFF: Final = (".tif", ".tiff")
ZARR: Final = (".zarr",)
PICTURES: Final = (".png", ".jpg", ".jpeg")  #: are measured, and say nothing of an acquisition
OTHER: Final = (".czi", ".nd2", ".lif", ".dv", ".oib", ".oif", ".lsm", ".vsi", ".ims")
_READERS: Final = {**dict.fromkeys(TIFF, "tiff"), **dict.fromkeys(ZARR, "ngff"), **dict.fromkeys(OTHER, "other")}


def suffix(path: str) -> str:
    """The end of the name that tells the format."""
    return PurePath(path).suffix.lower()


class Reader:
    """The process, seen from the other side. Started when the first image is asked for."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._seconds = seconds
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()  # closes the pipes, too
            self._process = None

    def read(self, path: str, most: int) -> dict[str, Any]:
        """What the image at the absolute `path` says: ``values``, ``origin``, ``notes`` and ``metadata``.

        Its pixels are measured when they take at most `most` bytes. Raises Unreadable, also when the process did not
        survive the file.
        """
        return self._asked({"path": path, "most": most})

    def measure(self, path: str, most: int, known: dict[str, Any]) -> dict[str, Any]:
        """The fields of the Quality of the image at the absolute `path`, of which at most `most` bytes of pixels are
        read. `known` has what its acquisition says: ``bits``, ``pixel_um`` and ``names``. Raises Unreadable."""
        return self._asked({"path": path, "most": most, "known": known})

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the process answers."""
        if self._left == 0:
            self._end()
        self._left = (self._left or IMAGES) - 1
        process = self._process = self._process or _started()
        assert process.stdin is not None
        assert process.stdout is not None
        clock = threading.Timer(self._seconds, process.kill)
        clock.start()
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline(ANSWER)
        except OSError:
            line = b""
        finally:
            clock.cancel()
        if not line.endswith(b"\n"):
            self._end()
            raise Unreadable("reading it took too much memory or time")
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            raise Unreadable(answer["problem"])
        return answer


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "provcap.bioimage.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def describe(path: str, most: int) -> dict[str, Any]:
    """What `Reader.read` gives, read in this process. Raises Unreadable, and what libraries raise."""
    module = importlib.import_module(f"provcap.bioimage.{_READERS.get(suffix(path), 'weights.reading')}")
    found = module.read(path, most)
    return {"values": found.values, "origin": found.origin, "notes": found.notes, "metadata": found.metadata}


def _answered(asked: dict[str, Any]) -> dict[str, Any]:
    if "known" not in asked:
        return describe(asked["path"], asked["most"])
    sampled = importlib.import_module("provcap.bioimage.sampled")
    found: dict[str, Any] = sampled.quality(asked["path"], asked["most"], asked["known"])
    return found


def _serve(stdin: IO[bytes], stdout: IO[bytes]) -> None:
    for line in stdin:
        asked = json.loads(line)
        _limit_processor()
        try:
            answer = _answered(asked)
        except Unreadable as error:
            answer = {"problem": str(error)}
        except ImportError as error:
            answer = {"problem": f"{error.name} is not installed"}
        except Exception as error:  # libraries raise whatever they like
            answer = {"problem": f"it cannot be read ({type(error).__name__})"}
        stdout.write(json.dumps(answer).encode() + b"\n")
        stdout.flush()


def _limit_processor() -> None:
    """For the next image, also when the parent, which has the clock, is gone."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used) + SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break the answers
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
