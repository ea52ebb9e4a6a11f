"""The second law of the probe: nothing of ours ever fails a job; a failure becomes a Gap."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


def attempt(function: Callable[[], T], default: U) -> T | U:
    """What `function` returns, or `default` when it raises anything that a program may raise."""
    try:
        return function()
    except Exception:
        _tell()
        return default


@contextlib.contextmanager
def fenced(gaps: list[dict[str, Any]], slug: str, subject: str) -> Iterator[None]:
    """Let no exception out; note what failed as a Gap in `gaps`."""
    try:
        yield
    except Exception as error:
        _tell()
        gaps.append({"slug": slug, "subject": subject, "message": f"{type(error).__name__}: {error}"[:500]})


def _tell() -> None:
    """With PROVCAP_DEBUG set, the traceback on stderr; else silence."""
    if os.environ.get("PROVCAP_DEBUG"):
        with contextlib.suppress(Exception):
            traceback.print_exc(file=sys.stderr)
