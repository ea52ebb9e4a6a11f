"""Reading what capture wrote: events and records, torn last lines and all; and gathering many record files into one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provcap import codec, store
from provcap.model import Gap

EVENT_FORMAT, RECORD_FORMAT, ENVIRONMENT_FORMAT = "provcap.event/1", "provcap.record/1", "provcap.environment/1"


def read_lines(path: Path, expected: str, gaps: list[Gap]) -> Iterator[dict[str, Any]]:
    """The entries of a journal with the format `expected`.

    A torn last line is what a killed writer leaves and is skipped; any other line that cannot be read is a Gap.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        gaps.append(Gap("damaged-record", f"file:{path.name}", f"it cannot be read: {error.strerror}"))
        return
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            entry = json.loads(line)
            if isinstance(entry, dict) and entry.get("format") == expected:
                yield entry
                continue
            problem = "it is not a " + expected
        except (ValueError, RecursionError):
            if number == len(lines):
                continue
            problem = "it is not JSON"
        gaps.append(Gap("damaged-record", f"file:{path.name}", f"line {number} was left out: {problem}"))


def read_records(folder: Path, gaps: list[Gap]) -> dict[str, dict[str, Any]]:
    """The last record of every attempt of the run in `folder`, by id; one that has only begun says so."""
    found: dict[str, dict[str, Any]] = {}
    for path in [folder / "records.jsonl", *record_files(folder)]:
        for entry in read_lines(path, RECORD_FORMAT, gaps):
            known = found.get(str(entry.get("id")))
            if known is None or known["event"] == "begin":
                found[str(entry.get("id"))] = entry
    return found


def record_files(folder: Path) -> list[Path]:
    """The record files that have not been gathered, in the order of their names."""
    return sorted((folder / "records").glob("*.jsonl"))


def gather(folder: Path) -> None:
    """Append all record files to ``records.jsonl`` and remove them: a run leaves few files behind.

    Only for a run that has ended. A file whose writer still has an open attempt stays. What is gathered is written
    before anything is removed, so that a crash in between leaves lines twice, never lost.
    """
    done: list[Path] = []
    lines: list[bytes] = []
    for path in record_files(folder):
        content = path.read_bytes()
        entries = list(read_lines(path, RECORD_FORMAT, []))
        ended = {e["id"] for e in entries if e.get("event") == "end"}
        if all(e.get("id") in ended for e in entries) and content.endswith(b"\n"):
            done.append(path)
            lines += [_line(e) for e in entries if e["event"] == "end"]
    if done:
        target = folder / "records.jsonl"
        before = target.read_bytes() if target.exists() else b""
        store.write_atomic(target, before + b"".join(lines))
        for path in done:
            path.unlink()
    for name in ("shell", "records"):
        with contextlib.suppress(OSError):
            (folder / name).rmdir()


def _line(entry: dict[str, Any]) -> bytes:
    rest = {key: value for key, value in entry.items() if key != "format"}
    return (codec.stamp(RECORD_FORMAT, rest) + "\n").encode("utf-8", "surrogateescape")


def read_environments(folder: Path, gaps: list[Gap]) -> dict[str, dict[str, Any]]:
    """The environments of the run, by digest."""
    found = {}
    for path in sorted((folder / "environments").glob("*.json")):
        try:
            content = json.loads(path.read_bytes())
            if content.pop("format") != ENVIRONMENT_FORMAT:
                raise ValueError("unknown format")
            found["sha256:" + path.stem] = content
        except (OSError, ValueError, KeyError, AttributeError) as error:
            gaps.append(Gap("damaged-record", f"file:{path.name}", f"the environment cannot be read: {error}"))
    return found
