"""Verbs for a project that begins: new, init."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from provcap.cli.arguments import ANSWER, Verbs

NEXT = """\
next, in {where}:
  snakemake --profile profiles/local        # or apptainer, docker, slurm: each says at its top what it needs
  provcap show                              # what ran
  provcap crate -o out.crate.zip            # the run with its results, to publish or hand on
title, licence and authors stand in {about}: fill them in"""

FIRST = """\
next:
  cd {where}
  provcap run -- --cores 1                  # run the example, recorded
  provcap show                              # what ran
  provcap crate -o out.crate.zip            # the run with its results, to publish or hand on
  provcap check out.crate.zip               # is it whole and valid?
README.md says how to make it yours; title, licence and authors stand in {about}: fill them in"""


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    init = verbs.add_parser(
        "init", parents=[ANSWER], help="put Snakemake profiles, a provcap.yaml and a deposit.yaml into a project"
    )
    init.add_argument("project", nargs="?", default=Path(), type=Path, metavar="DIR", help="default: here")
    init.add_argument("--debug", action="store_true", help="show tracebacks")
    init.set_defaults(verb=cmd_init)
    new = verbs.add_parser("new", parents=[ANSWER], help="begin a workflow of your own in an empty directory")
    new.add_argument("project", type=Path, metavar="DIR", help="is made; or is there, and empty")
    new.add_argument("--name", metavar="TEXT", help="title of the workflow, for README.md and provcap.yaml")
    new.add_argument("--debug", action="store_true", help="show tracebacks")
    new.set_defaults(verb=cmd_new)


def cmd_init(options: argparse.Namespace) -> int:
    from provcap import init

    project = init.find(options.project)
    placed = init.place(project)
    kept = [one for one in placed if one.state == "kept"]
    for one in kept:
        print(f"kept: {one.path} is there already and differs from ours; it was not touched", file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(one) for one in placed]))
    else:
        print("\n".join(f"{one.state:<8}{one.path}" for one in placed))
        about = next(one.path for one in placed if one.path.endswith(init.ABOUT))
        print(NEXT.format(where=project.absolute(), about=about), file=sys.stderr)
    return 1 if kept else 0


def cmd_new(options: argparse.Namespace) -> int:
    from provcap import init

    placed = init.begin(options.project, options.name)
    if options.json:
        print(json.dumps([asdict(one) for one in placed]))
    else:
        print("\n".join(f"{one.state:<8}{one.path}" for one in placed))
        print(FIRST.format(where=shlex.quote(str(options.project)), about=init.ABOUT), file=sys.stderr)
    return 0
