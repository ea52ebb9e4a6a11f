"""A process that reads images: ``python -m provcap.bioimage.reader``, a line of JSON on stdin and stdout for each.

Its parent has the clock, and it limits its own processor time.
"""

from __future__ import annotations

import importlib
import json
import resource
import threading
from pathlib import PurePath
from typing import IO, Any, Final

from provcap.apart import Apart, serve
from provcap.bioimage.found import Unreadable

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


class Reader(Apart):
    """The process, seen from the other side."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__("provcap.bioimage.reader")
        self._seconds = seconds
        self._left = 0

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
            self.end()
        self._left = (self._left or IMAGES) - 1
        process, stdin, stdout = self.process()
        clock = threading.Timer(self._seconds, process.kill)
        clock.start()
        try:
            stdin.write(json.dumps(question).encode() + b"\n")
            stdin.flush()
            line = stdout.readline(ANSWER)
        except OSError:
            line = b""
        finally:
            clock.cancel()
        if not line.endswith(b"\n"):
            self.end()
            raise Unreadable("reading it took too much memory or time")
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            raise Unreadable(answer["problem"])
        return answer


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


if __name__ == "__main__":
    serve(_serve)
