"""What the verbs have in common: arguments that several take, and what they do with an answer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from provcap import store
from provcap.model import Gap, Run
from provcap.opening import Opened

Verbs = Any  #: what argparse's add_subparsers gives back; its class has no public name


def _directory(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a directory")
    return Path(text)


def _bare() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(add_help=False)


COMMON = _bare()
COMMON.add_argument(
    "-d", "--directory", type=_directory, default=Path(), metavar="DIR", help="the work directory (default: here)"
)
COMMON.add_argument("--debug", action="store_true", help="show tracebacks")
ANSWER = _bare()
ANSWER.add_argument("--json", action="store_true", help="the answer as JSON")
STRICT = _bare()
STRICT.add_argument("--strict", action="store_true", help="exit 1 when anything is not known")
NAMED = _bare()
NAMED.add_argument(
    "run",
    nargs="?",
    default="latest",
    metavar="RUN",
    help="an id, the beginning of one, latest, a directory or a crate",
)


def strict(options: argparse.Namespace, gaps: Sequence[Gap]) -> int:
    """The exit code when the answer has `gaps`."""
    if options.strict and gaps:
        from provcap.summary import counted

        print(f"error: {counted(len(gaps), 'gap')}, and --strict allows none [strict]", file=sys.stderr)
        return 1
    return 0


def with_images(opened: Opened, made: bool = False) -> Run:
    """The run with what its images say, where its files are at hand; a crate has that in its record. With `made` the
    images that it made are measured, too."""
    from provcap import bioimage

    files = opened.files if opened.crate is None and not opened.going_on else None
    run = bioimage.described(opened.run, files)
    return bioimage.measured(run, files, made=True) if made else run


def with_models(opened: Opened) -> Run:
    """The run with what its trained models say, where their files are at hand."""
    from provcap.bioimage.weights.weighing import weighed

    return weighed(opened.run, opened.files if opened.crate is None and not opened.going_on else None)


def with_dependences(opened: Opened) -> Opened:
    """The run with what its images say, when its workflow says what it needs of them: nobody should miss that."""
    from provcap import bioimage

    return replace(opened, run=with_images(opened)) if bioimage.statement(opened.run) else opened


def new_file(path: Path, content: bytes) -> None:
    """Write the answer to `path`. Raises TargetExists."""
    store.refuse_existing(path)
    store.write_atomic(path, content)
