"""A ``run:`` block: Python code of the workflow that Snakemake runs in a process of its own.

It is watched by the code that watches a job's Python processes (probe/python). That is put in before the block and
taken out after it, so that the next job of this process meets nothing of it. Two blocks that run in one process at the
same time cannot be told apart: the second one is not watched, and both have a Gap.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from provcap.capture import fence, replay
from provcap.capture.recorder import Attempt

#: the function that Snakemake made of a block; by file, which line of the Snakefile each of its lines was
Block = tuple[Callable[..., Any], dict[str, dict[int, int]]]

_lock = threading.Lock()
_watched: Attempt | None = None
_first: Any = None  #: the state of `random` when the hooks were put in, before the workflow was read


def remember() -> None:
    """Note the state of `random`: a block that finds another one cannot say that nobody seeded it."""
    global _first
    module = sys.modules.get("random")
    _first = module.getstate() if module is not None else None


@contextlib.contextmanager
def watching(attempt: Attempt, block: Callable[[], Block], elsewhere: bool) -> Iterator[None]:
    """Watch what this process imports, seeds and draws while `attempt` runs, if it has a ``run:`` block.

    `block` gives that block's code; with `elsewhere`, another process runs it and watches it there.
    """
    watch = None
    if attempt.facts.get("kind") == "run" and not elsewhere and not attempt.is_off("python"):
        with fence.fenced(attempt.gaps, "interpreter-unseen", f"job:{attempt.id}"):
            watch = _begin(attempt, *block())
    try:
        yield
    finally:
        if watch is not None:
            with fence.fenced(attempt.gaps, "interpreter-unseen", f"job:{attempt.id}"):
                _end(watch)


def _begin(attempt: Attempt, function: Callable[..., Any], linemaps: dict[str, dict[int, int]]) -> Any:
    """The module that watches; None when this block is not watched."""
    global _watched
    with _lock:
        other, _watched = _watched, _watched or attempt
    if other is not None:
        for one in (attempt, other):
            message = "run blocks of one process ran at the same time and cannot be told apart"
            one.gaps.append({"slug": "randomness-unseen", "subject": f"job:{one.id}", "message": message})
        return None
    try:
        return _put_in(attempt, function, linemaps)
    except BaseException:
        _watched = None
        raise


def _put_in(attempt: Attempt, function: Callable[..., Any], linemaps: dict[str, dict[int, int]]) -> Any:
    folder = attempt.recorder.staged() / "python"
    told = attempt.recorder.folder / "shell" / f"{attempt.id}.run"
    attempt.blocks.append(told)
    with fence.fenced(attempt.gaps, "not-replayed", f"job:{attempt.id}"):
        replay.hand_out(told, attempt.facts)
    watch = _watcher(folder)
    used = fence.attempt(functools.partial(modules_of, function), set())
    try:
        watch.begin(str(told), str(folder), f"run block of {attempt.facts.get('rule')}", linemaps, used, _first)
    except BaseException:
        watch.stop()
        raise
    return watch


def _end(watch: Any) -> None:
    global _watched
    try:
        watch.stop()
        watch.finish()
    finally:
        _watched = None


def _watcher(folder: Path) -> Any:
    """A module of the staged watcher that is in nobody's sys.modules."""
    spec = importlib.util.spec_from_file_location("_provcap_watch", folder / "_provcap_watch.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be loaded from")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__dict__["me"] = module
    return module


def modules_of(function: Callable[..., Any]) -> set[str]:
    """The top-level modules that the code of `function` names, itself or through functions of the same workflow.

    What stands at the top of a Snakefile is imported long before the block that uses it begins; so is what
    Snakemake itself imports.
    """
    scope: dict[str, Any] = getattr(function, "__globals__", {})
    names: set[str] = set()
    found: set[str] = set()
    todo: list[CodeType] = [function.__code__]
    while todo:
        code = todo.pop()
        todo += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        found |= {i.argval.partition(".")[0] for i in dis.get_instructions(code) if i.opname == "IMPORT_NAME"}
        for name in set(code.co_names) - names:
            names.add(name)
            value = scope.get(name)
            if isinstance(value, FunctionType) and value.__globals__ is scope:
                todo.append(value.__code__)
            owner = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(owner, str) and (isinstance(value, ModuleType) or not owner.startswith("snakemake")):
                found.add(owner.partition(".")[0])
    return found
