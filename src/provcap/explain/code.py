"""Differences in code, with the texts where they were kept."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator

from provcap.explain.difference import Difference
from provcap.explain.side import Side
from provcap.model import Job, Source

MAX_LINES = 200  #: of a unified diff
_LIBRARY = (".py", ".r", ".jl", ".sh", ".pl")


def code(first: Side, second: Side, a: Job, b: Job) -> Iterator[Difference]:
    """The command or script of the step, the code beside the script, and for ``run:`` what the Snakefile says."""
    if a.kind != b.kind:
        yield Difference("code", f"rule {b.rule}", a.kind, b.kind)
    if a.script or b.script:
        yield from _scripts(first, second, a, b)
    elif "shell" in (a.kind, b.kind):
        before, after = (_without_files(job) for job in (a, b))
        if before != after:
            detail = unified(a.command or "", b.command or "", f"shell command of {b.rule}")
            yield Difference("code", f"shell command of {b.rule}", detail=detail)
    elif a.kind == "run":
        blocks = [_block(first, a), _block(second, b)]
        if None not in blocks and blocks[0] != blocks[1]:
            detail = unified(blocks[0] or "", blocks[1] or "", f"run: of {b.rule}")
            yield Difference("code", f"run: of {b.rule}", detail=detail)


def _scripts(first: Side, second: Side, a: Job, b: Job) -> Iterator[Difference]:
    left, right = first.sources_of(a), second.sources_of(b)
    if left is None or right is None:
        return
    x, y = left.get(a.script or ""), right.get(b.script or "")
    if a.script != b.script and (x is None or y is None or x.digest != y.digest):
        yield Difference("code", "script", a.script, b.script, detail=_compared(first, x, second, y))
    elif x and y and x.digest != y.digest:
        yield Difference("code", y.path, x.digest, y.digest, detail=_compared(first, x, second, y))
    folder = posixpath.dirname(b.script or "")
    scripts = {s.path for side in (left, right) for s in side.values() if s.role == "script"}
    for path in sorted(left.keys() | right.keys()):
        beside = posixpath.dirname(path) == folder or posixpath.dirname(path).startswith(f"{folder}/")
        x, y = left.get(path), right.get(path)
        if not beside or path in scripts or not path.lower().endswith(_LIBRARY) or (x and y and x.digest == y.digest):
            continue
        note = "lies beside the script" if x and y else "lies beside the script in one of the runs"
        yield Difference(
            "code", path, x.digest if x else None, y.digest if y else None, note, _compared(first, x, second, y)
        )


def _without_files(job: Job) -> str:
    """The command without the names of its files and the values of its params: those are other differences."""
    text = job.command or ""
    paths = [(a.path, "{file}") for a in (*job.inputs, *job.outputs, *job.logs)]
    values = [(str(v), "{param}") for v in job.params.values() if isinstance(v, str | int | float) and str(v)]
    words = [(str(job.threads), "{threads}")] if job.threads else []
    for word, stands_for in sorted([*paths, *values, *words], key=lambda p: -len(p[0])):
        text = re.sub(rf"(?<![\w.]){re.escape(word)}(?![\w.])", stands_for, text)
    return text


def _block(side: Side, job: Job) -> str | None:
    """The text below ``run:`` in the rule of `job`."""
    step = next((s for s in side.run.steps if s.rule == job.rule), None)
    sources = side.sources_of(job) or {}
    source = sources.get((step.source if step else None) or side.run.workflow.snakefile)
    text = side.text(source) if source else None
    if text is None:
        return None
    lines = text.splitlines()
    name = re.compile(rf"\s*(rule|checkpoint)\s+{re.escape(job.rule)}\s*:")
    begin = next((i for i, line in enumerate(lines) if name.match(line)), None)
    if begin is None:
        return None
    return _indented(lines, next((i for i in range(begin, len(lines)) if lines[i].strip().startswith("run:")), begin))


def _indented(lines: list[str], begin: int) -> str:
    """The lines after `begin` that are indented deeper than it."""
    depth = len(lines[begin]) - len(lines[begin].lstrip())
    found = []
    for line in lines[begin + 1 :]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        found.append(line)
    return "\n".join(found).strip("\n")


def _compared(first: Side, x: Source | None, second: Side, y: Source | None) -> str:
    before, after = (side.text(source) if source else "" for side, source in ((first, x), (second, y)))
    name = (y or x).path if y or x else ""  # type: ignore[union-attr]
    return unified(before, after, name) if before is not None and after is not None else ""


def unified(before: str, after: str, name: str) -> str:
    """A unified diff of at most MAX_LINES lines."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, n=2, lineterm=""))
    cut = [f"… {len(lines) - MAX_LINES} more lines"] if len(lines) > MAX_LINES else []
    return "\n".join([*lines[:MAX_LINES], *cut])
