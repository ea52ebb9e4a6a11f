"""Verbs that write a run in the formats of others: prov, crate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provcap.cli import described
from provcap.cli.arguments import COMMON, NAMED, STRICT, Verbs, new_file, strict, with_images
from provcap.cli.redacting import allowed
from provcap.errors import ProvcapError
from provcap.model import Gap
from provcap.opening import Opened, open_run

if TYPE_CHECKING:
    from provcap.crate.policy import Policy


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    prov = verbs.add_parser("prov", parents=[NAMED, COMMON], help="the run as W3C PROV")
    prov.add_argument(
        "-f", "--format", default="provn", choices=["provn", "json", "xml", "turtle", "trig", "jsonld", "svg", "png"]
    )
    prov.add_argument("-o", "--output", metavar="FILE", help="default: stdout")
    part = prov.add_mutually_exclusive_group()
    part.add_argument("--file", metavar="PATH", help="only what led to this file")
    part.add_argument(
        "--bundle",
        nargs="*",
        metavar="RUN",
        help="as a bundle that has a provenance itself; with a bundle for each RUN",
    )
    prov.set_defaults(verb=cmd_prov)
    crate = verbs.add_parser("crate", parents=[NAMED, COMMON, STRICT], help="the run as an RO-Crate")
    crate.add_argument(
        "-o", "--output", metavar="TARGET", help="a name that ends in .zip, or a directory (default: RUN.crate.zip)"
    )
    crate.add_argument("--without-inputs", action="store_true", help="refer to the inputs, do not pack them")
    crate.add_argument("--with-intermediates", action="store_true", help="pack the files between the steps, too")
    crate.add_argument("--with-images", action="store_true", help="pack the container images, too (large)")
    crate.add_argument(
        "--without-intensities", action="store_true", help="load no pixels of images, only their headers"
    )
    crate.add_argument("--with-journals", action="store_true", help="pack events and records, too, for the seal")
    crate.add_argument(
        "--profile", choices=["0.5", "0.6"], default="0.5", help="version of Workflow Run RO-Crate (default: 0.5)"
    )
    crate.add_argument("--public", action="store_true", help="for others: with other names, and nothing secret in it")
    crate.add_argument("--withhold", action="store_true", help="with --public, leave out data that should not leave")
    crate.add_argument("--allow", type=Path, metavar="FILE", help="what may pass (default: config/deposit.yaml)")
    crate.set_defaults(verb=cmd_crate)


def cmd_prov(options: argparse.Namespace) -> int:
    from provcap import drawing, graph, lineage

    run = with_images(open_run(options.run, options.directory))
    if options.format in ("svg", "png"):
        content = drawing.draw(run) if options.format == "svg" else drawing.png(drawing.draw(run))
    else:
        path = lineage.recorded_path(run, options.file, options.directory) if options.file else None
        others = [open_run(name, options.directory).run for name in options.bundle or ()]
        document = graph.document(run, path) if options.bundle is None else graph.bundled([run, *others])
        content = graph.serialise(document, options.format)
    if options.output:
        new_file(Path(options.output), content)
    else:
        sys.stdout.buffer.write(content)
    return 0


def cmd_crate(options: argparse.Namespace) -> int:
    opened = open_run(options.run, options.directory)
    if opened.crate is not None:
        raise ProvcapError(
            "already-a-crate", f"{options.run} is a crate already", "copy it, or name the run that it came from"
        )
    if opened.going_on:
        raise ProvcapError("still-running", f"the run {opened.run.id} is still going on", "pack it when it has ended")
    target = Path(options.output or f"{opened.run.id}.crate.zip")
    gaps = _write(opened, target, options)
    packed(gaps, target)
    described.compare(opened)
    print(target)
    return strict(options, (*opened.run.gaps, *gaps))


def _write(opened: Opened, target: Path, options: argparse.Namespace) -> tuple[Gap, ...]:
    """Write the crate, for its owner or for others; the gaps of packing."""
    from provcap import bundle, summary

    policy = _policy(options)
    if not options.public:
        if options.withhold or options.allow:
            raise ProvcapError("unknown-argument", "--withhold and --allow are for --public", "see docs/publishing.md")
        return bundle.write_crate(opened.run, opened.files, target, policy)
    if policy.journals:
        hint = "leave out --with-journals"
        raise ProvcapError("journals-not-public", "journals are sealed with all names in them", hint)
    gaps, told = bundle.write_public(opened.run, opened.files, target, policy, allowed(options), options.withhold)
    for gap in told:
        print(summary.screen(f"{target}: {gap.subject}: {gap.message}"), file=sys.stderr)
    return gaps


def _policy(options: argparse.Namespace) -> Policy:
    from provcap.bioimage.acquiring import PIXELS
    from provcap.crate.derived import PROFILES
    from provcap.crate.policy import Policy

    return Policy(
        inputs=not options.without_inputs,
        intermediates=options.with_intermediates,
        images=options.with_images,
        journals=options.with_journals,
        pixels=0 if options.without_intensities else PIXELS,
        profile=next(profile for profile in PROFILES if profile.version == options.profile),
    )


def packed(gaps: Sequence[Gap], target: Path) -> None:
    """Say what was not known while packing."""
    from provcap import summary

    if gaps:
        told = f"{target}: not known while packing ({len(gaps)})\n{summary.gaps(gaps)}"
        print(summary.screen(told), file=sys.stderr)
