"""A process that decodes images for the page: ``python -m provcap.report.decoder``, frames on stdin and stdout.

A frame is a line of JSON that ends with the number of bytes which follow it. Limits on memory and time are the
system's, so that a file which breaks a decoder costs its own picture and nothing else.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from types import TracebackType
from typing import IO, Any, Self

from provcap.report import ngff, pixels
from provcap.report.pixels import Thumbnail, Unreadable

MEMORY, SECONDS = 4 << 30, 60  #: of address space; of processor time for all pictures of a page


class Decoder:
    """The process, seen from the other side. Started when the first picture is asked for."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()  # closes the pipes, too
            self._process = None

    def thumbnail(self, data: bytes, suffix: str, largest: int, label: bool) -> Thumbnail:
        """As `pixels.thumbnail`. Raises Unreadable, also when the process did not survive the file."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "provcap.report.decoder"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, {"suffix": suffix, "largest": largest, "label": label}, data)
            answer, picture = _read(self._process.stdout)
        except (OSError, EOFError):
            self._end()
            raise Unreadable("decoding it took too much memory or time") from None
        if "problem" in answer:
            raise Unreadable(answer["problem"])
        return Thumbnail(data=picture, **{**answer, "notes": tuple(answer["notes"])})


def _write(stream: IO[bytes], head: dict[str, Any], data: bytes) -> None:
    stream.write(json.dumps({**head, "bytes": len(data)}).encode() + b"\n")
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    head: dict[str, Any] = json.loads(line)
    wanted = head.pop("bytes")
    data = stream.read(wanted)
    if len(data) != wanted:
        raise EOFError
    return head, data


def _serve(stdin: IO[bytes], stdout: IO[bytes]) -> None:
    while True:
        try:
            head, data = _read(stdin)
        except EOFError:
            return
        try:
            small = (ngff if head["suffix"] == ngff.SUFFIX else pixels).thumbnail(data, **head)
        except ImportError as error:
            _write(stdout, {"problem": f"{error.name} is not installed"}, b"")
        except Unreadable as error:
            _write(stdout, {"problem": str(error)}, b"")
        except Exception as error:  # decoders raise whatever they like
            _write(stdout, {"problem": f"it cannot be decoded: {type(error).__name__}"}, b"")
        else:
            about = {"media_type": small.media_type, "width": small.width, "height": small.height}
            _write(stdout, {**about, "notes": small.notes, "metres": small.metres}, small.data)


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a decoder that prints must not break the frames
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
