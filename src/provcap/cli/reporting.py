"""Verbs that tell a person about a run: report, methods."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provcap import codec, store
from provcap.cli.arguments import COMMON, NAMED, STRICT, Verbs, new_file, strict, with_dependences, with_images
from provcap.errors import DamagedRecord
from provcap.model import Comparison
from provcap.opening import open_run

LARGEST = 64 << 20  #: bytes of a comparison


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    report = verbs.add_parser("report", parents=[NAMED, COMMON, STRICT], help="the run as a page to read (HTML)")
    report.add_argument("-o", "--output", metavar="FILE.html", help="default: RUN.html")
    report.add_argument("--compare", metavar="FILE.json", help="what provcap compare --json said, to show it as well")
    report.add_argument("--against", metavar="RUN", help="show why the results differ from those of this run or crate")
    report.set_defaults(verb=cmd_report)
    methods = verbs.add_parser("methods", parents=[NAMED, COMMON, STRICT], help="the run as a text for a paper")
    methods.add_argument("--language", default="en", metavar="LANGUAGE", help="en (the default) or de")
    methods.add_argument("-o", "--output", metavar="FILE", help="default: stdout")
    methods.set_defaults(verb=cmd_methods)


def cmd_report(options: argparse.Namespace) -> int:
    from provcap import explain, report

    opened = with_dependences(open_run(options.run, options.directory))
    other = open_run(options.against, options.directory) if options.against else None
    target = Path(options.output or f"{opened.run.id}.html")
    store.refuse_existing(target)
    if opened.going_on:
        print("note: this run is still going on; the page says what is known by now", file=sys.stderr)
    comparison = _comparison(Path(options.compare)) if options.compare else None
    found = explain.explain(other, opened) if other else None
    new_file(target, report.page(with_images(opened), opened.files or opened.crate, comparison, found))
    print(target)
    return strict(options, opened.run.gaps)


def cmd_methods(options: argparse.Namespace) -> int:
    from provcap import report

    run = with_images(open_run(options.run, options.directory))
    content = report.methods(run, options.language).encode()
    if options.output:
        new_file(Path(options.output), content)
    else:
        sys.stdout.buffer.write(content)
    return strict(options, run.gaps)


def _comparison(path: Path) -> Comparison:
    import json

    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST} bytes")
        plain = json.loads(path.read_bytes())
        if not isinstance(plain, dict):
            raise ValueError("not an object")
        return codec.decode(Comparison, plain)
    except (OSError, ValueError, RecursionError) as error:
        problem = f"{path} is no comparison: {error}"
        raise DamagedRecord("damaged-comparison", problem, "write it with: provcap compare … --json") from error
