"""The verb that puts the lineage into images: embed; and what `show` does with such an image."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from provcap.cli.arguments import ANSWER, COMMON, NAMED, Verbs
from provcap.errors import ProvcapError
from provcap.opening import open_run


def add(verbs: Verbs) -> None:
    """Add it to the command line."""
    verb = verbs.add_parser(
        "embed", parents=[NAMED, COMMON, ANSWER], help="put the lineage into OME-TIFF and OME-Zarr outputs"
    )
    verb.add_argument("files", nargs="*", metavar="FILE", help="only these outputs (default: all images)")
    where = verb.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", type=Path, metavar="DIR", help="for the copies (default: RUN.embedded)")
    where.add_argument("--in-place", action="store_true", help="change the outputs themselves, no copies")
    verb.add_argument("--identifier", metavar="DOI", help="of the crate that has the whole record; or its URL")
    verb.set_defaults(verb=cmd_embed)


def cmd_embed(options: argparse.Namespace) -> int:
    from provcap import carrying, embed, summary

    if embed.is_image(options.run):  # no run is called like that
        options.files, options.run = [options.run, *options.files], "latest"
    opened = open_run(options.run, options.directory)
    if opened.going_on:
        raise ProvcapError("still-running", f"the run {opened.run.id} is still going on", "embed when it has ended")
    target = None if options.in_place else options.output or Path(f"{opened.run.id}.embedded")
    done = carrying.carry(opened, options.files, options.directory, target, options.identifier)
    left = [one for one in done if one.why_not is not None]
    print(json.dumps([asdict(one) for one in done]) if options.json else summary.of_carried(done, options.in_place))
    for one in left:
        print(summary.line(f"left alone: {one.path}: {one.why_not}"), file=sys.stderr)
    return 1 if len(left) == len(done) or (options.files and left) else 0


def _is_image(path: Path) -> bool:
    from provcap import embed

    return embed.is_image(path) and path.exists()


def is_image(options: argparse.Namespace) -> bool:
    """Whether RUN is the path of an image."""
    return options.run != "latest" and _is_image(options.directory / options.run)


def show(options: argparse.Namespace) -> int:
    """Tell what the image that was named says of itself; 1 when its pixels are not those that were recorded."""
    from provcap import embed, summary

    try:
        found = embed.look(options.directory / options.run)
    except embed.Left as left:
        raise ProvcapError("no-lineage", f"{options.run}: {left}", _HINT) from None
    if found is None:
        raise ProvcapError("no-lineage", f"there is no lineage in {options.run}", _HINT)
    print(json.dumps(asdict(found)) if options.json else summary.of_lineage(options.run, found))
    return 1 if found.same_pixels is False else 0


_HINT = "provcap embed puts it there; of a file of a recorded run: provcap show --file PATH"
