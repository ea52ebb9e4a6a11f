"""Run → boxes and arrows: one box per rule, one per group of files that the same rules made and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Literal

from provcap import questions
from provcap.model import Artifact, Job, Run

GROUPS = 12  #: groups of files per maker; with more (each sample read by other rules) they are drawn as one
SHOWN = 34  #: characters of a text in a box

State = Literal["done", "failed", "retried", "kept", "input", "between", "result"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rule or a group of files."""

    key: tuple[str, ...]
    kind: Literal["rule", "files"]
    state: State
    title: str
    lines: tuple[str, ...]
    told: str  #: everything, for the tooltip and for those who do not see the picture


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is to be drawn; arrows are pairs of positions in `boxes`."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[int, int], ...]


def diagram(run: Run) -> Diagram:
    """The boxes and arrows of `run`, in the order in which rules first ran."""
    jobs: dict[str, list[Job]] = {}
    for job in run.jobs:
        jobs.setdefault(job.rule, []).append(job)
    groups = _file_groups(run)
    boxes = [_rule_box(rule, of) for rule, of in jobs.items()]
    rules = {rule: position for position, rule in enumerate(jobs)}
    arrows: list[tuple[int, int]] = []
    for (maker, readers), files in groups.items():
        position = len(boxes)
        boxes.append(_files_box(run, maker, readers, files))
        if maker is not None:
            arrows.append((rules[maker], position))
        arrows.extend((position, rules[reader]) for reader in readers)
    return Diagram(tuple(boxes), tuple(arrows))


def _file_groups(run: Run) -> dict[tuple[str | None, tuple[str, ...]], list[Artifact]]:
    """Files by the rule that made them and the rules that read them; logs and benchmarks are not drawn."""
    made = {path: job.rule for path, job in questions.producers(run).items()}
    files: dict[str, Artifact] = {}
    readers: dict[str, dict[str, None]] = {}
    for job in run.jobs:
        for artifact in job.read:
            readers.setdefault(artifact.path, {})[job.rule] = None
        for artifact in (*job.read, *job.made):
            if artifact.kind != "missing" and (artifact.path not in files or made.get(artifact.path) == job.rule):
                files[artifact.path] = artifact
    ordered = {path: (made.get(path), tuple(sorted(readers.get(path, ())))) for path in files}
    ordered = {path: key for path, key in ordered.items() if key[0] or key[1]}  # not what a failed attempt left
    many = {maker for maker, count in Counter(maker for maker, _ in set(ordered.values())).items() if count > GROUPS}
    merged: dict[str | None, set[str]] = {}
    for maker, of in ordered.values():
        merged.setdefault(maker, set()).update(of)
    groups: dict[tuple[str | None, tuple[str, ...]], list[Artifact]] = {}
    for path, (maker, of) in ordered.items():
        key = (maker, tuple(sorted(merged[maker])) if maker in many else of)
        groups.setdefault(key, []).append(files[path])
    return groups


def _rule_box(rule: str, jobs: list[Job]) -> Box:
    ran = [job for job in jobs if questions.ran(job)]
    counts = Counter[str](job.status for job in jobs)
    lines = [_count(len(ran), "job") + (f" · {duration(sum(map(_wall, ran)))}" if ran else "")] if ran else []
    for status, word in (
        ("failed", "failed"),
        ("lost", "lost"),
        ("cached", "from cache"),
        ("up_to_date", "up to date"),
    ):
        if counts[status]:
            lines.append(f"{counts[status]} {word}")
    last = {tuple(sorted(job.wildcards.items())): job.status for job in jobs}
    failed, broken = {"failed", "lost"}, set(last.values())
    state: State = "failed" if failed & broken else "retried" if failed & set(counts) else "done" if ran else "kept"
    return Box(("rule", rule), "rule", state, rule, (" · ".join(lines),), f"Rule {rule}: {', '.join(lines)}")


def _files_box(run: Run, maker: str | None, readers: tuple[str, ...], files: list[Artifact]) -> Box:
    wanted = set(run.targets)
    state: State = "between"
    if maker is None:
        state = "input"
    elif not readers or any(file.path in wanted for file in files):
        state = "result"
    words = {"input": "input", "result": "result", "between": ""}[state]
    if all(map(questions.is_transient, files)):
        words = "temporary"
    sizes = [file.size_bytes for file in files]
    known = sum(size for size in sizes if size is not None)
    amount = size_text(known) if None not in sizes else ""
    number = "directory" if len(files) == 1 and files[0].kind == "directory" else ""
    number = number or (_count(len(files), "file") if len(files) > 1 else "")
    line = " · ".join(filter(None, (words, number, amount)))
    title = files[0].path if len(files) == 1 else pattern(file.path for file in files)
    if title == "*":  # nothing in common
        title, number = number, ""
    origin = f"made by {maker}" if maker is not None else "there before the run"
    use = f"read by {', '.join(readers)}" if readers else "read by no job"
    return Box(("files", maker or "", *readers), "files", state, title, (line,), f"{title} ({line}): {origin}, {use}")


def pattern(paths: Iterable[str]) -> str:
    """What all `paths` begin and end with, and a star for what differs."""
    found = sorted(paths)
    start = _common(found[0], found[-1])
    end = reduce(_common, (path[len(start) :][::-1] for path in found))[::-1]
    # "results/a" and "results/ab" share "results/a": cut at the last separator, which people see as a unit
    start = start[: max(start.rfind(c) for c in "/_-.") + 1]
    end = end[min((end.find(c) for c in "/_-." if c in end), default=len(end)) :]
    return f"{start}*{end}"


def _common(one: str, other: str) -> str:
    """What both begin with."""
    differs = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(differs, min(len(one), len(other)))]


def shortened(text: str, limit: int = SHOWN) -> str:
    """`text` without its middle when it is long: names of files differ at their end."""
    text = " ".join(text.split()) or "(no name)"
    head = limit // 3
    return text if len(text) <= limit else f"{text[:head]}…{text[len(text) - limit + head + 1 :]}"


def duration(seconds: float) -> str:
    """Seconds as a person would say them."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size_text(size: float) -> str:
    """Bytes in decimal units, as discs are sold."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"


def seconds_between(started: str | None, ended: str | None) -> float | None:
    """Seconds from `started` to `ended`; None when one is unknown or they are not times."""
    try:
        found = (datetime.fromisoformat(ended or "") - datetime.fromisoformat(started or "")).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(found, 0.0)


def _wall(job: Job) -> float:
    measured = job.usage.wall_s if job.usage else None
    return (measured if measured is not None else seconds_between(job.started, job.ended)) or 0.0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", "\u202f")
