"""What an archive's answer means: done, refused, or trouble that may be over in a moment."""

from __future__ import annotations

import contextlib
import email.utils
import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from provcap.errors import ProvcapError

if TYPE_CHECKING:
    import requests

MAX_ANSWER: Final = 64 << 20  #: bytes of an answer that is not a file
ANSWER_S: Final = 300.0  #: for the whole of such an answer
LONGEST_PAUSE_S: Final = 120.0  #: whatever Retry-After says
_PASSING: Final = frozenset({429, 500, 502, 503, 504})


class Unreachable(ProvcapError):
    """The archive did not answer as it should. Whether it did what it was asked to is not known, unless `undone`."""

    def __init__(self, slug: str, message: str, hint: str, undone: bool) -> None:
        super().__init__(slug, message, hint)
        self.undone = undone


class Refused(ProvcapError):
    """The archive answered that it will not do it: `status` is that of HTTP, `answer` the decoded JSON or None."""

    def __init__(self, slug: str, message: str, hint: str, status: int, answer: Any = None) -> None:
        super().__init__(slug, message, hint)
        self.status = status
        self.answer = answer


class Passing(Exception):
    """Trouble that may be over in a moment; `wait` seconds if the archive says so, `undone` when nothing was done."""

    def __init__(self, message: str, wait: float | None = None, undone: bool = False) -> None:
        super().__init__(message)
        self.message, self.wait, self.undone = message, wait, undone


def interrupted(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """`blocks`, of an answer that may break off: that passes, so `patiently` tries again."""
    import requests

    try:
        yield from blocks
    except requests.RequestException as error:
        raise Passing(reason(error)) from None


def judge(response: requests.Response, what: str) -> None:
    """Raise what the status of `response` means."""
    status = response.status_code
    if status in _PASSING:
        raise Passing(f"the archive answers {status}", retry_after(response), undone=status == 429)
    if status < 300 or status == 416:
        return
    with contextlib.suppress(Passing):
        answer = decoded(response, lenient=True)
        said = answer.get("message") if isinstance(answer, dict) else None
        text = f"{what}: {status}" + (f", {' '.join(str(said).split())[:300]}" if said else "")
        if status in (401, 403):
            hint = "is the token still valid, is it one of this archive, and does it allow writing?"
            raise Refused("archive-forbids", text, hint, status, answer)
        raise Refused("archive-refused", text, "", status, answer)
    raise Refused("archive-refused", f"{what}: {status}", "", status)


def retry_after(response: requests.Response) -> float | None:
    """Seconds that the archive asks to wait (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text[:9]), LONGEST_PAUSE_S)
    with contextlib.suppress(ValueError, TypeError):
        when = email.utils.parsedate_to_datetime(text)
        return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    return None


def decoded(response: requests.Response, lenient: bool = False) -> Any:
    """The JSON in `response`; a torn one passes, an endless one does not."""
    until = time.monotonic() + ANSWER_S
    data = bytearray()
    for block in interrupted(response.iter_content(1 << 16)):
        data += block
        if len(data) > MAX_ANSWER or time.monotonic() > until:
            raise Passing("its answer does not end")
    if not data:
        return None
    if not lenient and response.headers.get("Content-Type", "").startswith("text/html"):
        message = f"{response.url.split('?')[0]} is a page for people, not the interface of an archive"
        raise Refused("archive-refused", message, "is the URL right?", response.status_code)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        if lenient:
            return None
        raise Passing("its answer is not JSON, or only half of it") from None


def is_unmade(error: Exception) -> bool:
    """Whether there never was a connection, so nothing can have been done."""
    import requests
    import urllib3

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, urllib3.exceptions.NewConnectionError)


def reason(error: Exception) -> str:
    """What went wrong, in words of ours: those of the library may contain anything."""
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "the connection broke, or cannot be made"
