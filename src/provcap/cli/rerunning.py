"""Verbs that ask whether a result comes out again, and if not, why: diff, rerun."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from provcap.cli.arguments import ANSWER, COMMON, Verbs
from provcap.opening import open_run


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    diff = verbs.add_parser("diff", parents=[COMMON, ANSWER], help="why two runs gave different results")
    diff.add_argument("first", metavar="RUN_A", help="an id, the beginning of one, latest, a directory or a crate")
    diff.add_argument("second", metavar="RUN_B", help="the same")
    diff.add_argument("--all", action="store_true", help="no list cut short; what differs without effect as well")
    diff.set_defaults(verb=cmd_diff)


def cmd_diff(options: argparse.Namespace) -> int:
    from provcap import explain, summary

    found = explain.explain(open_run(options.first, options.directory), open_run(options.second, options.directory))
    print(json.dumps(asdict(found)) if options.json else summary.of_explanation(found, options.all))
    return 0 if found.alike else 1
