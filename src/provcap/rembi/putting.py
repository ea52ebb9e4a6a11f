"""A Study into a run that has ended: its journals and their seal stay as they are."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

from provcap import annotated, codec, collect, store
from provcap.errors import ProvcapError
from provcap.model import Run, Study
from provcap.opening import Opened


def place(opened: Opened, name: str) -> Path:
    """The folder of the run, which was called `name`. Raises ProvcapError when it cannot be annotated."""
    if opened.folder is None:
        hint = "annotate the run that it came from, and pack it again: provcap annotate, provcap crate"
        raise ProvcapError("already-a-crate", f"{name} is a crate, which is not changed any more", hint)
    if opened.going_on:
        hint = "annotate it when it has ended"
        raise ProvcapError("still-running", f"the run {opened.run.id} is still going on", hint)
    return opened.folder


def now() -> str:
    """The time, as runs write it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def put(folder: Path, run: Run, study: Study, sheet: bytes) -> Run:
    """Keep `study` and its sheet in the run's `folder`; the run with it. What an earlier sheet said is replaced; one
    that is there already, word for word, stays with its time. Raises OSError.
    """
    before = run.study
    if before is not None and replace(before.sheet, annotated=study.sheet.annotated) == study.sheet:
        study = replace(study, sheet=before.sheet)
    annotated.keep(folder, study, sheet)
    if not (folder / "run.json").exists():
        return collect.collect(folder)
    run = annotated.with_study(run, study)
    store.write_atomic(folder / "run.json", codec.dump_run(run).encode("utf-8", "surrogateescape"))
    return run
