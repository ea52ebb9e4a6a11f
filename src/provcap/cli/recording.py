"""Verbs that make records: run, collect, doctor."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from provcap import about, codec, store
from provcap.cli import described, preparing
from provcap.cli.arguments import ANSWER, COMMON, NAMED, STRICT, Verbs, strict
from provcap.cli.packing import packed
from provcap.opening import open_run


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    run = verbs.add_parser("run", parents=[COMMON], help="run Snakemake with capture on")
    run.add_argument("--crate", metavar="FILE", help="pack the run into this crate when it has ended")
    run.add_argument("--preflight", action="store_true", help="start nothing when images are not as needed")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- SNAKEMAKE-ARGUMENTS")
    run.set_defaults(verb=cmd_run)
    collect = verbs.add_parser(
        "collect", parents=[NAMED, COMMON, ANSWER, STRICT], help="join the records of a run, after a crash"
    )
    collect.add_argument("--from", dest="logs", nargs="+", metavar="LOG", help="job logs of nodes without shared files")
    collect.set_defaults(verb=cmd_collect)
    doctor = verbs.add_parser("doctor", parents=[COMMON, ANSWER], help="what works here")
    doctor.set_defaults(verb=cmd_doctor)


def cmd_run(options: argparse.Namespace) -> int:
    from provcap import launch

    if options.crate:
        store.refuse_existing(Path(options.crate))
    words = _after_dashes(options.arguments)
    if options.preflight and not preparing.is_ready(words, options.directory):
        return 1
    code, folder = launch.run_snakemake(words, options.directory)
    if folder is not None:
        described.warn(about.read_about(folder.absolute().parents[2])[1])
    return _crated(options, code, folder) if options.crate else code


def _crated(options: argparse.Namespace, code: int, folder: Path | None) -> int:
    """Pack the run that has just ended with `code`; the exit code of it all."""
    from provcap import bundle, summary

    if folder is None:
        print("provcap: nothing was run, so there is no crate", file=sys.stderr)
        if store.list_runs(options.directory):
            print("hint: provcap crate -o FILE packs the last run", file=sys.stderr)
        return code or 1
    opened, target = open_run(str(folder), options.directory), Path(options.crate)
    packed(bundle.write_crate(opened.run, opened.files, target), target)
    failed = code != 0 or opened.run.status != "succeeded"
    told = f"the run failed; {target} is the crate of a failed run" if failed else f"crate {target}"
    print(summary.line(f"provcap: {told}"), file=sys.stderr)
    return code


def cmd_collect(options: argparse.Namespace) -> int:
    from provcap import collect, journal, summary

    folder = (
        Path(options.run)
        if Path(options.run, "events.jsonl").is_file()
        else store.find_run(options.directory, options.run)
    )
    if options.logs:
        records = summary.counted(journal.unship(folder, map(Path, options.logs)), "record")
        print(f"provcap: {records} found in {summary.counted(len(options.logs), 'log')}", file=sys.stderr)
    run = collect.collect(folder)
    described.warn(run.gaps)
    print(codec.dump_run(run) if options.json else folder / "run.json")
    return strict(options, run.gaps)


def cmd_doctor(options: argparse.Namespace) -> int:
    from provcap import doctor, summary

    checks = doctor.examine(options.directory)
    if options.json:
        print(json.dumps([asdict(c) for c in checks]))
    else:
        print(summary.table([(c.level, c.name, c.message + (f" ({c.hint})" if c.hint else "")) for c in checks]))
    return 1 if any(c.level == "error" for c in checks) else 0


def _after_dashes(words: list[str]) -> list[str]:
    return words[1:] if words[:1] == ["--"] else words
