"""The verb that compares: compare."""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

from provcap import codec, store
from provcap.cli.arguments import ANSWER, COMMON, Verbs
from provcap.errors import ProvcapError
from provcap.model import Comparison
from provcap.opening import IN_CRATE, METADATA, Opened, open_run

USUAL = "config/tolerance.yaml"  #: where limits are looked for, to be told of, never to be used unasked


def add(verbs: Verbs) -> None:
    """Add it to the command line."""
    compare = verbs.add_parser("compare", parents=[COMMON, ANSWER], help="how far apart are two runs, or their files?")
    what = "a run, crate, directory or file"
    compare.add_argument("first", metavar="A", help=f"the reference: {what}")
    compare.add_argument("second", metavar="B", help=what)
    compare.add_argument("--limits", type=Path, metavar="FILE", help="how far apart they may be (default: not a byte)")
    compare.add_argument("--all", action="store_true", help="every output of the runs, not the results alone")
    compare.set_defaults(verb=cmd_compare)


def cmd_compare(options: argparse.Namespace) -> int:
    from provcap import compare, summary

    limits = compare.load(options.limits) if options.limits else None
    first, second = (named(name, options.directory) for name in (options.first, options.second))
    found = compare.compare(first, second, limits, everything=options.all)
    plain = {"ok": found.ok, **codec.encode(found)}
    print(codec.stamp("provcap.comparison/1", plain) if options.json else summary.of_comparison(found))
    if not options.limits and not found.ok:
        _hint(first, found)
    return 0 if found.ok else 1


def named(name: str, workdir: Path) -> Opened | Path:
    """The run or crate called `name`; a Path when it is a file or directory that holds no run. Raises ProvcapError."""
    path = workdir / name
    if name == "latest" or not path.exists():
        return open_run(name, workdir)
    holds = (IN_CRATE, METADATA, "events.jsonl", "run.json")
    has_run = any((path / n).is_file() for n in holds) or store.list_runs(path) or len(store.workdirs_below(path)) == 1
    if path.is_dir() and not has_run:
        return path
    try:
        return open_run(name, workdir, foreign=True) if path.is_dir() or zipfile.is_zipfile(path) else path
    except ProvcapError as error:
        if error.slug == "foreign-crate" or (error.slug in ("damaged-crate", "damaged-metadata") and path.is_file()):
            return path
        raise


def _hint(first: Opened | Path, found: Comparison) -> None:
    """Say that there are limits which nobody asked for: what is allowed is for the reader to decide."""
    root = first if isinstance(first, Path) else first.files
    if root and (root / USUAL).is_file() and any(v.verdict == "different" for v in found.verdicts):
        print(f"hint: bytes had to agree; the author's limits: --limits {root / USUAL}", file=sys.stderr)
