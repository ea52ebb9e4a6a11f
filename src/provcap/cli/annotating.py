"""Verbs for what people say of sample and imaging: template, annotate."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from provcap import codec, store
from provcap.cli.arguments import ANSWER, COMMON, Verbs, with_images
from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.opening import Opened, open_run

if TYPE_CHECKING:
    from provcap.rembi import Filled


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    template = verbs.add_parser("template", parents=[COMMON], help="a sheet to fill in: sample, imaging, images")
    template.add_argument("template", choices=["rembi", "mifa"], metavar="rembi|mifa", help="mifa: with annotations")
    template.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help=".xlsx, .csv or .tsv")
    template.add_argument("--run", metavar="RUN", help="with what is known of this run already")
    template.set_defaults(verb=cmd_template)
    annotate = verbs.add_parser("annotate", parents=[COMMON, ANSWER], help="put a filled sheet into a run")
    annotate.add_argument("run", nargs="?", default="latest", metavar="RUN", help="an id, or the beginning of one")
    annotate.add_argument("sheet", type=Path, metavar="SHEET", help="study.xlsx, study.csv or study.tsv")
    annotate.set_defaults(verb=cmd_annotate)


def cmd_template(options: argparse.Namespace) -> int:
    from provcap import rembi

    output = options.output
    if output.suffix.lower() not in rembi.KINDS:
        raise ProvcapError("bad-sheet", f"{output} is no kind of sheet", "name a file that ends in .xlsx, .csv or .tsv")
    store.refuse_existing(output)
    known = _known(open_run(options.run, options.directory)) if options.run else None
    store.write_atomic(output, rembi.write(options.template, output.suffix.lower(), known, output.name))
    print(output)
    return 0


def _known(opened: Opened) -> dict[str, list[dict[str, str]]]:
    """What is known of the run already."""
    from provcap import rembi
    from provcap.report.methods import methods

    run = with_images(opened)
    return rembi.prefilled(run, methods(run))


def cmd_annotate(options: argparse.Namespace) -> int:
    from provcap import rembi, summary
    from provcap.bioimage.contradicting import held_against_files

    opened = open_run(options.run, options.directory)
    folder = rembi.place(opened, options.run)
    filled = rembi.read(options.sheet, rembi.now())
    for note in filled.notes:
        print(summary.line(f"note: {note}"), file=sys.stderr)
    if filled.study is None:
        return _refused(options, filled)
    run = held_against_files(rembi.put(folder, opened.run, filled.study, filled.content), opened.files)
    _warn(run)
    print(codec.dumps(codec.encode(run.study)) if options.json else summary.screen(summary.of_study(run)))
    return 0


def _refused(options: argparse.Namespace, filled: Filled) -> int:
    """Tell all that is wrong; nothing was stored."""
    from provcap import summary

    for problem in filled.problems:
        print(summary.line(f"error: {problem.where}: {problem.message} [bad-sheet]"), file=sys.stderr)
    found = summary.counted(len(filled.problems), "mistake")
    print(f"hint: {found}; nothing was put into the run: mend the sheet and annotate again", file=sys.stderr)
    if options.json:
        print(json.dumps({"problems": [asdict(problem) for problem in filled.problems]}))
    return 2


def _warn(run: Run) -> None:
    from provcap import summary

    for gap in run.gaps:
        if gap.slug in ("no-such-image", "sheet-contradicts-image"):
            print(summary.line(f"warning: {gap.message} [{gap.slug}]"), file=sys.stderr)
