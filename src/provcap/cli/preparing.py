"""Verbs for what comes before a run: preflight."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from provcap.cli.arguments import ANSWER, COMMON, Verbs, with_images
from provcap.errors import ProvcapError
from provcap.opening import open_run


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    check = verbs.add_parser(
        "preflight", parents=[COMMON, ANSWER], help="whether the images are as the workflow says that it needs them"
    )
    check.add_argument(
        "-s", "--snakefile", type=Path, metavar="FILE", help="the workflow (default: as Snakemake looks)"
    )
    check.add_argument(
        "--suggest",
        nargs="?",
        const="latest",
        metavar="RUN",
        help="draft an acquisition.yaml from what a run was given",
    )
    check.set_defaults(verb=cmd_preflight)


def cmd_preflight(options: argparse.Namespace) -> int:
    from provcap import summary
    from provcap.bioimage import preflight

    if options.suggest:
        return _suggest(options)
    found = preflight.preflight(options.directory, options.snakefile)
    print(summary.line(f"{found.source}: {summary.counted(found.images, 'image')} looked at"), file=sys.stderr)
    if options.json:
        plain = summary.dependences_plain(found.dependences)
        print(json.dumps({"source": str(found.source), "ok": not found.stops, "dependences": plain}))
    else:
        print(summary.of_dependences(found.dependences))
    return 1 if found.stops else 0


def is_ready(words: Sequence[str], here: Path) -> bool:
    """Whether the images for Snakemake, called with `words` in `here`, are as they have to be; what is not is told."""
    from provcap import summary
    from provcap.bioimage import preflight
    from provcap.bioimage.judging import verdicts

    named = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    named.add_argument("-s", "--snakefile", type=Path)
    named.add_argument("-d", "--directory", type=Path, default=Path())
    try:
        said, _ = named.parse_known_args(list(words))
    except argparse.ArgumentError as error:
        raise ProvcapError("unknown-argument", str(error), "see: snakemake --help") from None
    snakefile = here / said.snakefile if said.snakefile else preflight.usual_snakefile(here)
    found = preflight.preflight(here / said.directory, snakefile)
    if set(verdicts(found.dependences)) - {"met"}:
        print(summary.of_dependences(found.dependences), file=sys.stderr)
    if found.stops:
        told = f"error: the images are not as {found.source} says that they have to be; nothing was run [preflight]"
        print(summary.line(told), file=sys.stderr)
        print(
            "hint: without --preflight it runs all the same, and the record says what is not as needed", file=sys.stderr
        )
    return not found.stops


def _suggest(options: argparse.Namespace) -> int:
    from provcap.bioimage import candidates

    opened = open_run(options.suggest, options.directory)
    found = candidates.candidates(with_images(opened), opened.files)
    if options.json:
        print(json.dumps([candidates.plain(one) for one in found]))
    elif found:
        print(candidates.draft(found), end="")
    if not found:
        print("provcap: no parameter of the run equals a value of the acquisition of its images", file=sys.stderr)
    return 0
