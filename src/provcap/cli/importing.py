"""The verb that takes over what others recorded: import."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provcap import codec
from provcap.cli.arguments import COMMON, STRICT, Verbs, strict


def add(verbs: Verbs) -> None:
    """Add it to the command line."""
    take = verbs.add_parser(
        "import", parents=[COMMON, STRICT], help="a run without provcap, from what Snakemake kept of it"
    )
    take.add_argument("source", nargs="?", type=Path, metavar="DIR", help="where Snakemake ran (default: here)")
    take.add_argument("--snakefile", type=Path, metavar="FILE", help="the workflow that was run, as nothing names it")
    take.add_argument("--outside", action="store_true", help="hash files outside of DIR, too")
    take.add_argument("--json", action="store_true", help="the run as JSON")
    take.set_defaults(verb=cmd_import)


def cmd_import(options: argparse.Namespace) -> int:
    from provcap import importing
    from provcap.summary import counted

    source = options.source or options.directory
    folder, run = importing.import_run(source, options.snakefile, options.outside)
    print(codec.dump_run(run) if options.json else folder)
    note = f"{counted(len(run.jobs), 'job')}, told afterwards; {counted(len(run.gaps), 'gap')}"
    print(f"note: {note}: provcap show {run.id} -d {source}", file=sys.stderr)
    return strict(options, run.gaps)
