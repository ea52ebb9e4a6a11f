"""Reading ``.snakemake/metadata``: one JSON file for each output, named by the base64 of its path.

Snakemake 7 to 9 write the same fields (``snakemake/persistence``). A name that is longer than a file's may be is cut
into directories, all but the last part with an ``@`` in front. Nothing that a record says is trusted: of its fields,
those of another type are left out, and what stands in them is never unpickled.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provcap.errors import ProvcapError
from provcap.importing.naming import is_sound
from provcap.model import Gap

MAX_RECORDS: Final = 1_000_000
MAX_BYTES: Final = 16 << 20  #: of one record
MAX_PARTS: Final = 64  #: of a name that was cut: a path of 12,000 bytes
LAST: Final = 253_402_300_799  #: seconds since the epoch: the end of the year 9999
_CHECKSUM: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Record:
    """What Snakemake noted of one output."""

    path: str  #: as the rule names it; of a file in a storage, its query
    rule: str
    inputs: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    params: tuple[str, ...] = ()  #: ``repr`` of each, sorted; without their names
    shellcmd: str | None = None
    code: str | None = None
    container: str | None = None
    conda: str | None = None  #: the text of its environment file
    software: str | None = None  #: MD5 of the software deployments; before format 6, perhaps of some that were off
    format: int = 0  #: of the record; Snakemake 7 has none, 8 and 9.0 have 5
    started: float | None = None
    ended: float | None = None  #: the time of the output when the job had ended
    incomplete: bool = False
    job: int | None = None  #: the same for the outputs of one job; may be that of another in another invocation
    checksums: tuple[tuple[str, str], ...] = ()  #: of small inputs when the job had ended, by path


def read(root: Path, gaps: list[Gap]) -> list[Record]:
    """The records below `root`, a ``metadata`` directory, by path; those that cannot be read have a Gap.

    Raises ProvcapError when there is no such directory, or too much in it.
    """
    if not root.is_dir():
        raise ProvcapError("no-metadata", f"there is no directory {root}", "name the directory where Snakemake ran")
    found = []
    for number, (name, place) in enumerate(_files(root)):
        if number >= MAX_RECORDS:
            raise ProvcapError("too-large", f"{root} holds more than {MAX_RECORDS} records", "import a part of them")
        try:
            found.append(_record(_path(name), _content(place)))
        except (ValueError, OSError, RecursionError) as error:
            shown = os.fsencode(os.path.relpath(place, root)).decode("ascii", "backslashreplace")
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            message = f"Snakemake's record {_short(shown)} is left out: {_short(reason)}"
            gaps.append(Gap("post-hoc-unread", f"file:{_short(shown)}", message))
    return sorted(found, key=lambda record: record.path)


def marked(root: Path) -> list[str]:
    """The outputs of which Snakemake noted below `root`, an ``incomplete`` directory, that their job had begun."""
    found = []
    for number, (name, _) in enumerate(_files(root)):
        if number < MAX_RECORDS:
            try:
                found.append(_path(name))
            except ValueError:
                continue
    return sorted(found)


def _files(root: Path) -> Iterator[tuple[str, str]]:
    """Every file below `root` with its joined name; links are not followed."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        parts = [part for part in os.path.relpath(folder, root).split(os.sep) if part != "."]
        if len(parts) >= MAX_PARTS:
            folders.clear()
        for name in sorted(names):
            yield "".join([*(part.removeprefix("@") for part in parts), name]), os.path.join(folder, name)


def _path(name: str) -> str:
    """The path that `name` is the base64 of. Raises ValueError."""
    try:
        path = base64.b64decode(name.encode("ascii"), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("its name is no base64 of a path") from error
    if not path or "\0" in path:
        raise ValueError("its name stands for no path")
    return path


def _content(place: str) -> Any:
    with open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        about = os.fstat(stream.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no regular file")
        if about.st_size > MAX_BYTES:
            raise ValueError(f"it has {about.st_size} bytes, more than {MAX_BYTES}")
        return json.loads(stream.read(MAX_BYTES).decode("utf-8"))


def _record(path: str, plain: Any) -> Record:
    """The record of `path`. Raises ValueError when it is no object, or names no rule."""
    if not isinstance(plain, dict):
        raise ValueError("it is no JSON object")
    rule = _text(plain.get("rule"))
    if not rule:
        raise ValueError("it names no rule")
    number, version = plain.get("job_hash"), plain.get("record_format_version")
    return Record(
        path=path,
        rule=rule,
        inputs=_texts(plain.get("input")),
        logs=_texts(plain.get("log")),
        params=_texts(plain.get("params")),
        shellcmd=_text(plain.get("shellcmd")),
        code=_text(plain.get("code")),
        container=_text(plain.get("container_img_url")),
        conda=_decoded(plain.get("conda_env")),
        software=_text(plain.get("software_stack_hash")),
        format=version if isinstance(version, int) else 0,
        started=_time(plain.get("starttime")),
        ended=_time(plain.get("endtime")),
        incomplete=plain.get("incomplete") is True,
        job=number if isinstance(number, int) and not isinstance(number, bool) else None,
        checksums=_checksums(plain.get("input_checksums")),
    )


def _text(value: Any) -> str | None:
    return value if is_sound(value) else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for item in value if (text := _text(item))) if isinstance(value, list) else ()


def _time(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and math.isfinite(value) and 0 < value <= LAST else None


def _decoded(value: Any) -> str | None:
    try:
        return _text(base64.b64decode(value, validate=True).decode("utf-8")) if isinstance(value, str) else None
    except (binascii.Error, UnicodeError):
        return None


def _checksums(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        return ()
    known = ((path, _CHECKSUM.fullmatch(text)) for path, text in value.items() if _text(path) and isinstance(text, str))
    return tuple(sorted((path, "sha256:" + match[1]) for path, match in known if match))


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "…"
