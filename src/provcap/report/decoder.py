"""A process that decodes images for the page: ``python -m provcap.report.decoder``, frames on stdin and stdout.

A frame is a line of JSON that ends with the number of bytes which follow it.
"""

from __future__ import annotations

import json
import resource
from typing import IO, Any

from provcap.apart import Apart, serve
from provcap.report import ngff, pixels
from provcap.report.pixels import Thumbnail, Unreadable

SECONDS = 60  #: of processor time for all pictures of a page


class Decoder(Apart):
    """The process, seen from the other side."""

    def __init__(self) -> None:
        super().__init__("provcap.report.decoder")

    def thumbnail(self, data: bytes, suffix: str, largest: int, label: bool) -> Thumbnail:
        """As `pixels.thumbnail`. Raises Unreadable, also when the process did not survive the file."""
        _, stdin, stdout = self.process()
        try:
            _write(stdin, {"suffix": suffix, "largest": largest, "label": label}, data)
            answer, picture = _read(stdout)
        except (OSError, EOFError):
            self.end()
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


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    serve(_serve)
