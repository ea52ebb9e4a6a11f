"""Asking ``sacct`` what Slurm counted for jobs, and reading its answer.

An *entry* is what it says of one job, or of one of the times that Slurm put it into its queue again: ``id`` (a number),
``name`` (in an array ``PARENT_TASK``), ``cluster``, ``node``, ``partition``, and ``accounting``, the fields of
`provcap.model.Accounting`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

LIMIT_S = 30  #: for each call: a database that hangs must not hold up the end of a run
BATCH = 8000  #: ids in one call: Linux takes 128 KiB in one argument, and an id has at most 16 characters here
ID = re.compile(r"\d{1,10}(_\d{1,5})?")
Entry = dict[str, Any]

_FIELDS = (
    "JobID JobIDRaw Cluster State ExitCode ElapsedRaw MaxRSS TotalCPU AllocTRES NodeList Partition Submit Start End "
    "TimelimitRaw"
).split()
_SEPARATOR = "\x1f"


def identity(entry: Entry) -> tuple[str, ...]:
    """Tells entries apart; a requeued job keeps its id and is submitted again."""
    return (entry.get("cluster", ""), entry["id"], entry["accounting"].get("submitted", ""))


def ask(ids: Sequence[str], cluster: str) -> Iterator[Entry]:
    """What sacct says of the jobs `ids` of `cluster` (empty: the one that sacct asks by itself).

    One call for every BATCH of ids. Raises OSError when there is no sacct, subprocess.SubprocessError when it fails
    or takes longer than LIMIT_S.
    """
    for first in range(0, len(ids), BATCH):
        yield from parse(_answer(ids[first : first + BATCH], cluster))


def _answer(ids: Sequence[str], cluster: str) -> str:
    command = ["sacct", "--parsable2", "--noheader", "--noconvert", "--duplicates", f"--delimiter={_SEPARATOR}"]
    command += [f"--format={','.join(_FIELDS)}", f"--jobs={','.join(ids)}"]
    command += [f"--clusters={cluster}"] if re.fullmatch(r"[\w.-]+", cluster) else []
    # SLURM_TIME_FORMAT: sacct writes local times without a zone; %s are seconds since 1970 (man sacct)
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("SACCT_", "SLURM_")) or k == "SLURM_CONF"}
    done = subprocess.run(
        command,
        env={**plain, "SLURM_TIME_FORMAT": "%s", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout


def parse(text: str) -> list[Entry]:
    """The entries in the answer of sacct: a row of the job, followed by rows of its steps, whose memory it has not."""
    found: dict[tuple[str, ...], Entry] = {}
    current: Entry | None = None
    for line in text.splitlines():
        values = line.split(_SEPARATOR)
        if len(values) != len(_FIELDS):
            continue
        row = dict(zip(_FIELDS, values, strict=True))
        step = "." in row["JobIDRaw"]
        if not step:
            current = _entry(row) if ID.fullmatch(row["JobID"]) and row["JobIDRaw"].isdigit() else None
            if current is not None:
                found[identity(current)] = current
        elif current is not None and row["JobIDRaw"].startswith(current["id"] + "."):
            memory = _bytes(row["MaxRSS"])
            counted = current["accounting"]
            if memory:
                counted["max_rss_bytes"] = max(memory, counted.get("max_rss_bytes", 0))
            if row["State"].startswith("OUT_OF_ME") and counted["state"] == "FAILED":
                counted["state"] = "OUT_OF_MEMORY"  # a step was killed for it, and its batch script failed of that
    return list(found.values())


def _entry(row: dict[str, str]) -> Entry:
    granted = dict(pair.split("=", 1) for pair in row["AllocTRES"].split(",") if "=" in pair)
    counted = {
        "state": row["State"].split(" ")[0],  # "CANCELLED by 1000"
        "exit_code": _exit_code(row["ExitCode"]),
        "elapsed_s": _number(row["ElapsedRaw"]),
        "cpu_s": _seconds(row["TotalCPU"]),
        "cpus": _number(granted.get("cpu", "")),
        "memory_bytes": _bytes(granted.get("mem", "")),
        "gpus": _number(granted.get("gres/gpu", "")),
        "time_limit_s": (lambda minutes: minutes and minutes * 60)(_number(row["TimelimitRaw"])),
        "submitted": _time(row["Submit"]),
        "started": _time(row["Start"]),
        "ended": _time(row["End"]),
    }
    node = "" if row["NodeList"] == "None assigned" else row["NodeList"]
    plain = {"name": row["JobID"], "cluster": row["Cluster"], "node": node, "partition": row["Partition"]}
    accounting = {key: value for key, value in counted.items() if value is not None}
    return {"id": row["JobIDRaw"], **{k: v for k, v in plain.items() if v}, "accounting": accounting}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _bytes(text: str) -> int | None:
    """``176820K``, ``1.50G``, ``181063680``; in powers of 1024 (man sacct, --units)."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)([KMGTP]?)(?:n|c|B|iB)?", text)
    return round(float(match[1]) * 1024 ** " KMGTP".index(match[2] or " ")) if match else None


def _seconds(text: str) -> float | None:
    """``[days-[hours:]]minutes:seconds.milliseconds``."""
    match = re.fullmatch(r"(?:(?:(\d{1,6})-)?(\d{1,6}):)?(\d{1,6}):(\d{1,6}(?:\.\d{1,6})?)", text)
    if not match:
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
    return round(((days * 24 + hours) * 60 + minutes) * 60 + float(match[4]), 3)


def _exit_code(text: str) -> int | None:
    """``code:signal`` as Job.exit_code has it: negative when a signal ended it."""
    code, _, number = text.partition(":")
    if not (code.isascii() and code.isdigit() and number.isascii() and number.isdigit()):
        return None
    return -int(number) if int(number) and not int(code) else int(code)


def _time(text: str) -> str | None:
    seconds = _number(text)
    if not seconds or seconds > 1 << 36:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
