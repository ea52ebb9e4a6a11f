"""How far long work has come: told here, shown by whoever wants to. Nobody does, unless the command line says so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

T = TypeVar("T")
Advance = Callable[[float], None]  #: called with what has been done since the last call
Show = Callable[[str, float | None], AbstractContextManager[Advance]]

MANY = 100  #: items between two calls of Advance
_show: Show | None = None


@contextlib.contextmanager
def shown(show: Show) -> Iterator[None]:
    """Let `show` know of all steps in this process, until the end of the block."""
    global _show
    before, _show = _show, show
    try:
        yield
    finally:
        _show = before


@contextlib.contextmanager
def step(what: str, total: float | None = None) -> Iterator[Advance]:
    """A step of the work, called `what`, with as many units to do as `total` says, if anybody knows."""
    if _show is None:
        yield _nobody
    else:
        with _show(what, total) as advance:
            yield advance


def over(items: Collection[T], what: str) -> Iterator[T]:
    """`items` one after the other, as a step."""
    if _show is None:
        yield from items
        return
    with step(what, len(items)) as advance:
        for number, item in enumerate(items):
            if number % MANY == 0 or len(items) < MANY * MANY:
                advance(MANY if len(items) >= MANY * MANY else 1)
            yield item


def _nobody(_: float) -> None:
    pass
