"""HTTP with an archive: patient with what passes, strict with where the token goes.

The token stands in one header of requests to the archive's own host, and nowhere else: not in a URL, a message, a
repr or a file. TLS is always verified; without TLS only this machine is spoken to.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urljoin

from provcap import __version__
from provcap.deposit.address import is_loopback, origin, refuse_unsafe
from provcap.deposit.answers import (
    LONGEST_PAUSE_S,
    Passing,
    Refused,
    Unreachable,
    decoded,
    interrupted,
    is_unmade,
    judge,
    reason,
)

if TYPE_CHECKING:
    import requests

__all__ = ["Body", "Refused", "Stream", "Transport", "Unreachable", "interrupted"]

TIMEOUTS_S: Final = (15.0, 120.0)  #: to connect, and between two pieces of an answer
TRIES: Final = 7
FIRST_PAUSE_S: Final = 0.5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGAIN: Final = "the same command goes on where it stopped"


T = TypeVar("T")


class Stream(Protocol):
    """Bytes to send, whose number is known before."""

    def __len__(self) -> int: ...
    def read(self, count: int = -1, /) -> bytes:
        """The next bytes."""

    def close(self) -> None:
        """Give it back."""


Body = Stream | bytes


class Transport:
    """Requests to one archive. `token` may be None where reading is free for all."""

    def __init__(
        self,
        base: str,
        token: str | None = None,
        scheme: Callable[[str], tuple[str, str]] = lambda token: ("Authorization", f"Bearer {token}"),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`scheme` makes the header, name and value, that carries the token. Raises ProvcapError for an unsafe URL."""
        import requests

        refuse_unsafe(base)
        self.base = base.rstrip("/")
        self._origin = origin(base)
        self._token = token
        self._header = scheme(token) if token else None
        self._pause = pause
        self._session = requests.Session()
        self._session.trust_env = not is_loopback(self._origin[1])  # what stays here goes to no proxy
        self._session.headers["User-Agent"] = f"provcap/{__version__}"

    def __repr__(self) -> str:
        return f"Transport({self.base!r})"

    def call(
        self,
        method: str,
        where: str,
        *,
        plain: Any = None,
        again: bool = True,
        accept: str = "application/json",
        body: Callable[[], Body] | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int = TRIES,
    ) -> Any:
        """The decoded JSON that the archive answers; None for an empty answer.

        `where` is a URL or a path below the archive's. `plain` goes as JSON; else what `body` opens, anew for each try.
        Without `again` the request is not repeated when it may have been carried out. Raises Refused, Unreachable.
        """
        extra = {"Accept": accept, **(headers or {})}
        if plain is not None:
            text = json.dumps(plain).encode()
            body, extra["Content-Type"] = (lambda: text), "application/json"

        def once() -> Any:
            with self._sent(method, where, extra, body) as response:
                return decoded(response)

        return self.patiently(once, f"{method} {self._shown(where)}", again, tries)

    @contextlib.contextmanager
    def stream(
        self, where: str, headers: Mapping[str, str] | None = None, put: Callable[[], Body] | None = None
    ) -> Iterator[requests.Response]:
        """The answer to one GET, or PUT, unread; raises Refused and Unreachable, is not repeated (see `patiently`)."""
        with self._sent("PUT" if put else "GET", where, {"Accept": "*/*", **(headers or {})}, put) as response:
            yield response

    def patiently(self, work: Callable[[], T], what: str, again: bool = True, tries: int = TRIES) -> T:
        """What `work` returns, tried again with growing pauses while the trouble is one that passes.

        Without `again` only where the archive said that it did nothing (429).
        """
        wait = FIRST_PAUSE_S
        for attempt in range(1, tries + 1):
            try:
                return work()
            except Passing as trouble:
                may = again or trouble.undone
                if attempt == tries or not may:
                    said = f"{what}: {trouble.message}" + (f" ({attempt} times)" if attempt > 1 else "")
                    raise Unreachable("archive-unreachable", said, _AGAIN, trouble.undone) from None
                pause = wait * random.uniform(0.75, 1.25) if trouble.wait is None else trouble.wait  # noqa: S311
            self._pause(min(pause, LONGEST_PAUSE_S))
            wait *= 2
        raise AssertionError

    @contextlib.contextmanager
    def _sent(
        self, method: str, where: str, headers: Mapping[str, str], body: Callable[[], Body] | None
    ) -> Iterator[requests.Response]:
        """The answer to one request, redirects of GET followed; raises Passing or Refused."""
        import requests

        url = where if "://" in where else f"{self.base}/{where.lstrip('/')}"
        with contextlib.ExitStack() as stack:
            try:
                for _ in range(6):
                    response = self._one(method, url, headers, body, stack)
                    target = response.headers.get("Location")
                    if response.status_code not in _REDIRECTS or target is None:
                        break
                    url = _following(method, url, urljoin(url, target))
                else:
                    raise Refused("archive-refused", f"{self._shown(url)} redirects in a circle", "", 310)
                judge(response, f"{method} {self._shown(url)}")
                yield response
            except Refused as error:
                self._silence(error)
                raise
            except requests.exceptions.SSLError:
                message = f"{self._shown(url)}: its TLS certificate is not valid"
                raise Refused(
                    "archive-refused", message, "is the URL right? it is never spoken to unverified", 0
                ) from None
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                raise Passing(reason(error), undone=is_unmade(error)) from None
            except requests.RequestException as error:
                raise Refused("archive-refused", f"{self._shown(url)}: {type(error).__name__}", "", 0) from None

    def _one(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Callable[[], Body] | None,
        stack: contextlib.ExitStack,
    ) -> requests.Response:
        refuse_unsafe(url)
        own = [self._header] if self._header is not None and origin(url) == self._origin else []
        data = body() if body is not None else None
        if data is not None and not isinstance(data, bytes):
            stack.enter_context(contextlib.closing(data))
        # an `auth` that does nothing: without one, requests would look for a password in ~/.netrc
        return stack.enter_context(
            self._session.request(
                method,
                url,
                headers={**headers, **dict(own)},
                data=data,
                auth=lambda request: request,
                allow_redirects=False,
                stream=True,
                timeout=TIMEOUTS_S,
                verify=True,
            )
        )

    def _silence(self, error: Refused) -> None:
        """Take the token out of `error`, should the archive have said it."""
        if self._token is not None and self._token in json.dumps([error.message, error.answer], default=str):
            error.message = error.message.replace(self._token, "…")
            error.answer = None
            error.args = (error.message,)

    def _shown(self, where: str) -> str:
        """`where` for people: without query, which may hold a signature."""
        url = where if "://" in where else f"{self.base}/{where.lstrip('/')}"
        return url.split("?")[0].split("#")[0]


def _following(method: str, url: str, target: str) -> str:
    """Where a redirect leads, if it may be followed."""
    there, here = origin(target), origin(url)
    if method != "GET":
        message = f"{here[1]} sends {method} on to {there[1]}, where nothing is sent to unasked"
        raise Refused("archive-refused", message, f"if that is the archive: --url {there[0]}://{there[1]}/…", 307)
    if (there[0] == "http" and here[0] == "https") or (is_loopback(there[1]) and not is_loopback(here[1])):
        raise Refused("archive-refused", f"{here[1]} sends on to an unsafe place", "ask the archive", 307)
    return target
