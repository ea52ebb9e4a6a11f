"""Verbs that ask whether a result comes out again, and if not, why: rerun, diff."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from provcap.cli.arguments import ANSWER, COMMON, Verbs
from provcap.cli.depositing import brought
from provcap.opening import open_run

if TYPE_CHECKING:
    from provcap.rerun import Manner, Plan

VARY = ("threads", "seed", "locale", "timezone", "cpu-flags")


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    _add_rerun(verbs.add_parser("rerun", parents=[ANSWER], help="repeat the run in a crate, and judge the results"))
    diff = verbs.add_parser("diff", parents=[COMMON, ANSWER], help="why two runs gave different results")
    diff.add_argument("first", metavar="RUN_A", help="an id, the beginning of one, latest, a directory or a crate")
    diff.add_argument("second", metavar="RUN_B", help="the same")
    diff.add_argument("--all", action="store_true", help="no list cut short; what differs without effect as well")
    diff.set_defaults(verb=cmd_diff)


def _add_rerun(rerun: argparse.ArgumentParser) -> None:
    more = rerun.add_argument
    more(
        "crate",
        metavar="CRATE|DOI|URL",
        help="a zip, a directory, a BagIt bag, or a record to fetch it from; its workflow is code that will run",
    )
    more("-C", "--into", type=Path, default=Path(), metavar="DIR", help="an empty or new directory (default: here)")
    more("--dry-run", action="store_true", help="say what would be run and what is missing; nothing is written")
    more("--only", nargs="+", default=[], metavar="RULE|FILE", help="these results, and what leads to them")
    more("--cores", type=int, metavar="N", help="default: all of this machine")
    more("--profile", metavar="P", help="a Snakemake profile, to run it otherwise (on a cluster)")
    more("--from", dest="folders", nargs="+", default=[], type=Path, metavar="DIR", help="where missing files may be")
    more("--limits", metavar="FILE", help="how far a result may be from the original (default: not a byte)")
    more("--replay-randomness", action="store_true", help="give unseeded generators the entropy of the original run")
    more("--vary", nargs="+", choices=VARY, metavar="WHAT", help=f"what do results depend on? ({', '.join(VARY)})")
    more("--debug", action="store_true", help="show tracebacks")
    rerun.set_defaults(verb=cmd_rerun)


def cmd_rerun(options: argparse.Namespace) -> int:
    from provcap import rerun

    rerun.refuse_filled(options.into, Path(options.crate))
    with brought(options.crate, options.into, options.dry_run) as crate:
        return _rerun(options, crate, _manner(options))


def _rerun(options: argparse.Namespace, crate: Path, manner: Manner) -> int:
    from provcap import rerun
    from provcap.rerun import telling

    with rerun.planned(crate, options.into, options.only, options.folders) as plan:
        if options.dry_run:
            print(json.dumps(rerun.describe(plan)) if options.json else telling.of_plan(plan))
            return 1 if plan.missing else 0
        _warn(plan)
        if options.vary:
            return _vary(options, plan, manner)
        done = rerun.carry_out(plan, manner, _say)
    print(json.dumps(asdict(done.comparison)) if options.json else telling.of_verdicts(done.comparison))
    _say(f"recorded in {done.folder}; why something differs: provcap diff {crate} {done.workdir}")
    return 0 if done.comparison.ok else 1


def _vary(options: argparse.Namespace, plan: Plan, manner: Manner) -> int:
    from provcap.rerun import telling, vary

    how = {"only": options.only, "folders": options.folders}
    trials, found = vary.vary(plan.root, options.into, options.vary, manner, _say, **how)
    answer = {
        "trials": [{**asdict(t), "workdir": str(t.workdir)} for t in trials],
        "results": [asdict(d) for d in found],
    }
    print(json.dumps(answer) if options.json else telling.of_dependence(trials, found))
    return 1 if any(d.on for d in found) or any(t.problem for t in trials) else 0


def _manner(options: argparse.Namespace) -> Manner:
    from provcap import compare
    from provcap.rerun import Manner

    limits = compare.load(Path(options.limits)) if options.limits else None
    return Manner(options.cores, options.profile, options.replay_randomness, limits)


def _warn(plan: Plan) -> None:
    _say(
        f"{plan.run.workflow.snakefile} is a program of somebody else and runs with your rights; look first: --dry-run"
    )
    for words in plan.command.left:
        _say(f"left behind of the original command: {words}")


def _say(text: str) -> None:
    from provcap.summary import screen

    print(screen(f"provcap: {text}"), file=sys.stderr, flush=True)


def cmd_diff(options: argparse.Namespace) -> int:
    from provcap import explain, summary

    found = explain.explain(open_run(options.first, options.directory), open_run(options.second, options.directory))
    print(json.dumps(asdict(found)) if options.json else summary.of_explanation(found, options.all))
    return 0 if found.alike else 1
