"""What people say of the sample and the imaging of a run, kept in its folder: a sheet is filled in when the run has
ended, and again later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final

from provcap import codec, digest, store
from provcap.matching import unmatched
from provcap.model import Gap, Run, Study

FORMAT: Final = "provcap.study/1"
NAME: Final = "study.json"


def keep(folder: Path, study: Study, sheet: bytes) -> None:
    """Write the study and the sheet that it was read from into the run's `folder`; what was there is replaced.

    Raises OSError.
    """
    store.write_atomic(folder / _kept_as(study), sheet)
    content = {"study": codec.encode(study)}
    store.write_atomic(folder / NAME, (codec.stamp(FORMAT, content) + "\n").encode("utf-8"))
    for old in folder.glob("sheet-*"):
        if old.name != _kept_as(study):
            old.unlink(missing_ok=True)


def kept(folder: Path, gaps: list[Gap]) -> Study | None:
    """The study in `folder`; None when there is none, with a Gap when it cannot be read."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        return codec.decode(Study, content["study"])
    except Exception as error:  # whatever somebody left there: the run itself can be read
        gaps.append(Gap("damaged-record", "run", f"{NAME} cannot be read: {str(error)[:200]}"))
        return None


def sheet(folder: Path, study: Study) -> bytes | None:
    """The sheet that `study` was read from, when it still is what it was."""
    try:
        content = (folder / _kept_as(study)).read_bytes()
    except OSError:
        return None
    return content if digest.of_bytes(content) == study.sheet.digest else None


def earlier(folder: Path) -> Path | None:
    """The sheet of the last run before that in `folder` which has one: what it says may hold for this run, too."""
    for other in sorted((f for f in folder.parent.iterdir() if f.name < folder.name), reverse=True):
        sheets = sorted(other.glob("sheet-*")) if (other / NAME).is_file() else []
        if sheets:
            return sheets[0]
    return None


def with_study(run: Run, study: Study | None) -> Run:
    """`run` with `study`, and with gaps for what the study says of files that the run does not have."""
    gaps = _ordered([gap for gap in run.gaps if gap.slug != "no-such-image"])
    new = replace(run, study=study, gaps=gaps)
    return replace(new, gaps=_ordered([*gaps, *unmatched(new, study)])) if study else new


def _ordered(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted(set(gaps), key=lambda gap: (gap.subject, gap.slug, gap.message)))


def _kept_as(study: Study) -> str:
    suffix = PurePath(study.sheet.name).suffix.lower()
    return f"sheet-{study.sheet.digest.removeprefix('sha256:')}{suffix if suffix.isascii() else ''}"
