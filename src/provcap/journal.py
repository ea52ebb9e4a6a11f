"""Reading what capture wrote: events and records, torn last lines and all; and gathering many record files into one."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from provcap import codec, digest, regular, store
from provcap.model import Gap

SHIPPED = "provcap-record:"  #: begins a line of a job's log that brings a record home
CLOCK_SLACK_S = 60  #: by which clocks differ, and a process may seem younger than what it wrote
MAX_PARCEL = 64 << 20  #: bytes of one record and its environment, unpacked
EVENT_FORMAT, RECORD_FORMAT, ENVIRONMENT_FORMAT = "provcap.event/1", "provcap.record/1", "provcap.environment/1"


def read_lines(path: Path, expected: str, gaps: list[Gap]) -> Iterator[dict[str, Any]]:
    """The entries of the journal at `path`, as `entries` gives them; none when there is no such file."""
    try:
        content = regular.read(path, links=True)
    except FileNotFoundError:
        return
    except OSError as error:
        gaps.append(Gap("damaged-record", f"file:{path.name}", f"it cannot be read: {error.strerror}"))
        return
    yield from entries(content, path.name, expected, gaps)


def entries(content: bytes, name: str, expected: str, gaps: list[Gap]) -> Iterator[dict[str, Any]]:
    """The entries with the format `expected` in the `content` of the journal `name`.

    A torn last line is what a killed writer leaves, or one that is just at work; any other line that cannot be read is
    damage. Both are left out, with a Gap.
    """
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            entry = codec.loads(line)
            if isinstance(entry, dict) and entry.get("format") == expected:
                yield entry
                continue
            problem = "it is not a " + expected
        except (ValueError, RecursionError):
            if number == len(lines):
                message = "its last line was torn, as when its writer is killed, and was left out"
                gaps.append(Gap("torn-record", f"file:{name}", message))
                continue
            problem = "it is not JSON"
        gaps.append(Gap("damaged-record", f"file:{name}", f"line {number} was left out: {problem}"))


def last_written(folder: Path) -> float:
    """When something was last written to a journal of the run in `folder`, in seconds of the epoch; 0.0 for none.

    Moved on by CLOCK_SLACK_S: on a shared file system the times are another machine's.
    """
    written = [0.0]
    for path in (folder / "events.jsonl", folder / "records.jsonl", *record_files(folder)):
        with contextlib.suppress(OSError):
            written.append(path.stat().st_mtime + CLOCK_SLACK_S)
    return max(written)


def is_going_on(folder: Path) -> bool:
    """Whether the run in `folder` has no end yet and its main process is alive on this machine."""
    events = list(read_lines(folder / "events.jsonl", EVENT_FORMAT, []))
    start = next((e for e in events if e.get("event") == "run_started"), {})
    return not any(e.get("event") == "run_ended" for e in events) and is_alive(start) is True


def is_alive(start: dict[str, Any]) -> bool | None:
    """Whether the main process of the run that began with the event `start` is alive; None on another machine.

    A Snakemake with its process number that is younger than the run is another one: in containers they repeat.
    """
    if start.get("hostname") != os.uname().nodename:
        return None
    try:
        place = Path(f"/proc/{int(start['pid'])}")
        told = datetime.fromisoformat(start["time"]).timestamp()
        return b"snakemake" in (place / "cmdline").read_bytes() and _began(place) < told + CLOCK_SLACK_S
    except (OSError, KeyError, ValueError, TypeError, IndexError):
        return False


def _began(place: Path) -> float:
    """When the process at `place` in /proc began, in seconds of the epoch (proc(5): field 22 of stat, btime)."""
    ticks = int((place / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[19])
    (booted,) = (line.split()[1] for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    return int(booted) + ticks / os.sysconf("SC_CLK_TCK")


def read_records(folder: Path, gaps: list[Gap]) -> dict[str, dict[str, Any]]:
    """The last record of every attempt of the run in `folder`, by id; one that has only begun says so.

    What has been gathered is read last: who gathers at this moment writes there before it removes anything.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in [*record_files(folder), folder / "records.jsonl"]:
        for entry in read_lines(path, RECORD_FORMAT, gaps):
            known = found.get(str(entry.get("id")))
            if entry.get("event") in ("begin", "end") and (known is None or known["event"] == "begin"):
                found[str(entry.get("id"))] = entry
    return {name: found[name] for name in sorted(found)}


def record_files(folder: Path) -> list[Path]:
    """The record files that have not been gathered, in the order of their names."""
    try:
        names = os.listdir(folder / "records")
    except OSError:  # gathered, and removed
        return []
    return [folder / "records" / name for name in sorted(names) if name.endswith(".jsonl")]


def gather(folder: Path) -> None:
    """Append all record files to ``records.jsonl`` and remove them: a run leaves few files behind.

    Only for a run that has ended. A file whose writer still has an open attempt stays, and so does a damaged one. What
    is gathered is written before anything is removed, so that neither a crash in between nor somebody else who gathers
    at the same time loses a line; one that is there already is not written again: all who gather write the same.
    """
    done: list[Path] = []
    lines: list[bytes] = []
    for path in record_files(folder):
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # gathered by somebody else
            continue
        damage: list[Gap] = []
        found = list(entries(content, path.name, RECORD_FORMAT, damage))
        ended = {e["id"] for e in found if e.get("event") == "end"}
        if not damage and all(e.get("id") in ended for e in found) and content.endswith(b"\n"):
            done.append(path)
            lines += [_line(e) for e in found if e["event"] == "end"]
    if done:
        target = folder / "records.jsonl"
        before = target.read_bytes() if target.exists() else b""
        known = before.splitlines(keepends=True)
        store.write_atomic(target, b"".join(dict.fromkeys([*known, *lines])))
        for path in done:
            path.unlink(missing_ok=True)
    if not record_files(folder):  # notes between the processes of a run that has ended
        for note in (folder / "environments").glob("*.ref"):
            note.unlink(missing_ok=True)
        for name in ("shell", "records", "digests", "environments/commands"):
            shutil.rmtree(folder / name, ignore_errors=True)


def _line(entry: dict[str, Any]) -> bytes:
    rest = {key: value for key, value in entry.items() if key != "format"}
    return (codec.stamp(RECORD_FORMAT, rest) + "\n").encode("utf-8", "surrogateescape")


def unship(folder: Path, logs: Iterable[Path]) -> int:
    """Take the records in the job logs `logs` into the run's `folder`; how many there were.

    A log is somebody's text: what is no parcel is passed over, and one that would unpack to more than MAX_PARCEL is
    refused. Raises OSError when a log cannot be read.
    """
    count = 0
    for log in logs:
        lines = []
        with log.open("r", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                parcel = _unpack(line)
                if parcel is None:
                    continue
                lines.append(_line(parcel["record"]))
                if isinstance(parcel.get("environment"), str):
                    content = parcel["environment"].encode()
                    name = digest.of_bytes(content).removeprefix("sha256:")
                    store.write_atomic(folder / "environments" / f"{name}.json", content)
        if lines:
            name = digest.of_bytes(b"".join(lines))[7:19]
            store.write_atomic(folder / "records" / f"shipped-{name}.jsonl", b"".join(lines))
            count += len(lines)
    return count


def _unpack(line: str) -> dict[str, Any] | None:
    _, found, packed = line.partition(SHIPPED)
    if not found:
        return None
    try:
        inflater = zlib.decompressobj()
        content = inflater.decompress(base64.b64decode(packed.strip(), validate=True), MAX_PARCEL)
        parcel = codec.loads(content) if not inflater.unconsumed_tail else None
    except (ValueError, zlib.error, RecursionError):
        return None
    if not isinstance(parcel, dict) or not isinstance(parcel.get("record"), dict):
        return None
    return parcel if isinstance(parcel["record"].get("id"), str) else None


def read_environments(folder: Path, gaps: list[Gap]) -> dict[str, dict[str, Any]]:
    """The environments of the run, by digest."""
    found = {}
    for path in sorted((folder / "environments").glob("*.json")):
        try:
            content = codec.loads(path.read_bytes())
            if content.pop("format") != ENVIRONMENT_FORMAT:
                raise ValueError("unknown format")
            found["sha256:" + path.stem] = content
        except (OSError, ValueError, KeyError, AttributeError) as error:
            gaps.append(Gap("damaged-record", f"file:{path.name}", f"the environment cannot be read: {error}"))
    return found
