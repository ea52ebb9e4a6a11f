"""The command line: one short function per verb. The only place that prints and that knows exit codes.

stdout is the answer, stderr the talk. Exit code 0: done, or the same; 1: different, or gaps that --strict forbids;
2: trouble. `provcap run` ends with Snakemake's own exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from provcap import __version__, codec, store
from provcap.errors import ProvcapError
from provcap.model import Gap, Run
from provcap.opening import Opened, open_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options, more = _parser().parse_known_args(words)
    try:
        if more:
            hint = (
                "Snakemake's arguments come after --: provcap run --crate FILE -- --cores 4"
                if options.verb is cmd_run
                else ""
            )
            raise ProvcapError(
                "unknown-argument", f"{more[0]} is no argument of provcap", hint or "see: provcap VERB --help"
            )
        code: int = options.verb(options)
        sys.stdout.flush()
        return code
    except ProvcapError as error:
        if options.debug:
            raise
        print(f"error: {error.message} [{error.slug}]", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("error: interrupted [interrupted]", file=sys.stderr)
        return 2
    except OSError as error:
        if options.debug:
            raise
        print(f"error: {error.strerror or error}: {error.filename or ''} [system]", file=sys.stderr)
        return 2


def cmd_run(options: argparse.Namespace) -> int:
    from provcap import launch

    if options.crate:
        store.refuse_existing(Path(options.crate))
    code, folder = launch.run_snakemake(_after_dashes(options.arguments), options.directory)
    if options.crate and folder is None:
        print("provcap: nothing was run, so there is no crate", file=sys.stderr)
    elif options.crate and folder is not None:
        from provcap import bundle

        opened = open_run(str(folder), options.directory)
        _packed(bundle.write_crate(opened.run, opened.files, Path(options.crate)), Path(options.crate))
    return code


def cmd_collect(options: argparse.Namespace) -> int:
    from provcap import collect, journal

    folder = (
        Path(options.run)
        if Path(options.run, "events.jsonl").is_file()
        else store.find_run(options.directory, options.run)
    )
    if options.logs:
        count = journal.unship(folder, map(Path, options.logs))
        print(f"provcap: {count} records found in {len(options.logs)} logs", file=sys.stderr)
    run = collect.collect(folder)
    print(codec.dump_run(run) if options.json else folder / "run.json")
    return _strict(options, run.gaps)


def cmd_list(options: argparse.Namespace) -> int:
    from provcap import summary

    runs: list[Run] = []
    for folder in store.list_runs(options.directory):
        try:
            runs.append(open_run(str(folder.absolute()), options.directory).run)
        except ProvcapError as error:
            print(f"warning: {folder.name}: {error.message} [{error.slug}]", file=sys.stderr)
    if options.json:
        print(json.dumps([{"id": r.id, "status": r.status, "started": r.started, "command": r.command} for r in runs]))
    else:
        print(summary.of_runs(runs))
    return 0


def cmd_show(options: argparse.Namespace) -> int:
    opened = open_run(options.run, options.directory)
    if opened.going_on:
        print("note: this run is still going on; what has begun and not ended is called lost", file=sys.stderr)
    print(_shown(options, opened))
    return _strict(options, opened.run.gaps)


def _shown(options: argparse.Namespace, opened: Opened) -> str:
    from provcap import lineage, summary

    run = opened.run
    if options.file:
        path = lineage.recorded_path(run, options.file, options.directory)
        jobs = [job for _, job in lineage.chain(run, path)]
        if options.json:
            return json.dumps(
                {"path": path, "made_by": [codec.encode(j) for j in jobs], "from": lineage.origins(run, path)}
            )
        return summary.of_file(run, path)
    if options.job:
        job = summary.find_job(run, options.job)
        return codec.dumps(codec.encode(job)) if options.json else summary.of_job(run, job)
    if options.json:
        return codec.dump_run(run)
    return summary.of_jobs(run) if options.jobs else summary.packages(run) if options.software else summary.of_run(run)


def cmd_prov(options: argparse.Namespace) -> int:
    from provcap import drawing, graph, lineage

    run = open_run(options.run, options.directory).run
    if options.format == "svg":
        content = drawing.draw(run)
    else:
        path = lineage.recorded_path(run, options.file, options.directory) if options.file else None
        content = graph.serialise(graph.document(run, path), options.format)
    if options.output:
        _new_file(Path(options.output), content)
    else:
        sys.stdout.buffer.write(content)
    return 0


def cmd_crate(options: argparse.Namespace) -> int:
    from provcap import bundle
    from provcap.crate.policy import Policy

    opened = open_run(options.run, options.directory)
    if opened.crate is not None:
        raise ProvcapError(
            "already-a-crate", f"{options.run} is a crate already", "copy it, or name the run that it came from"
        )
    if opened.going_on:
        raise ProvcapError("still-running", f"the run {opened.run.id} is still going on", "pack it when it has ended")
    target = Path(options.output or f"{opened.run.id}.crate.zip")
    policy = Policy(inputs=not options.without_inputs, intermediates=options.with_intermediates)
    gaps = bundle.write_crate(opened.run, opened.files, target, policy)
    _packed(gaps, target)
    print(target)
    return _strict(options, (*opened.run.gaps, *gaps))


def cmd_check(options: argparse.Namespace) -> int:
    from provcap import check, summary

    findings = check.check(Path(options.crate))
    print(json.dumps(asdict(findings)) if options.json else summary.of_findings(options.crate, findings))
    if any(f.level == "warning" and f.slug == "not-conformant" for f in findings.findings):
        print("hint: who, what and under which licence is said in provcap.yaml, see docs/crate.md", file=sys.stderr)
    return 0 if findings.ok else 1


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


def _packed(gaps: Sequence[Gap], target: Path) -> None:
    from provcap import summary

    if gaps:
        print(f"{target}: not known while packing ({len(gaps)})\n{summary.gaps(gaps)}", file=sys.stderr)


def _strict(options: argparse.Namespace, gaps: Sequence[Gap]) -> int:
    if options.strict and gaps:
        print(f"error: {len(gaps)} gaps, and --strict allows none [strict]", file=sys.stderr)
        return 1
    return 0


def _new_file(path: Path, content: bytes) -> None:
    store.refuse_existing(path)
    store.write_atomic(path, content)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="provcap", description="Provenance of Snakemake runs: W3C PROV and RO-Crate.")
    parser.add_argument("--version", action="version", version=f"provcap {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "-d", "--directory", type=_directory, default=Path(), metavar="DIR", help="the work directory (default: here)"
    )
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    answer = argparse.ArgumentParser(add_help=False)
    answer.add_argument("--json", action="store_true", help="the answer as JSON")
    strict = argparse.ArgumentParser(add_help=False)
    strict.add_argument("--strict", action="store_true", help="exit 1 when anything is not known")
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument(
        "run",
        nargs="?",
        default="latest",
        metavar="RUN",
        help="an id, the beginning of one, latest, a directory or a crate",
    )

    run = verbs.add_parser("run", parents=[common], help="run Snakemake with capture on")
    run.add_argument("--crate", metavar="FILE", help="pack the run into this crate when it has ended")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- SNAKEMAKE-ARGUMENTS")
    run.set_defaults(verb=cmd_run)
    collect = verbs.add_parser(
        "collect", parents=[named, common, answer, strict], help="join the records of a run, after a crash"
    )
    collect.add_argument("--from", dest="logs", nargs="+", metavar="LOG", help="job logs of nodes without shared files")
    collect.set_defaults(verb=cmd_collect)
    listing = verbs.add_parser("list", parents=[common, answer], help="the recorded runs")
    listing.set_defaults(verb=cmd_list)
    show = verbs.add_parser("show", parents=[named, common, answer, strict], help="what ran; who made a file")
    what = show.add_mutually_exclusive_group()
    what.add_argument("--file", metavar="PATH", help="who made this file, from what, with what")
    what.add_argument("--job", metavar="ID", help="all that is known of one job")
    what.add_argument("--jobs", action="store_true", help="one line per job")
    what.add_argument("--software", action="store_true", help="every package of every environment")
    show.set_defaults(verb=cmd_show)
    prov = verbs.add_parser("prov", parents=[named, common], help="the run as W3C PROV")
    prov.add_argument(
        "-f", "--format", default="provn", choices=["provn", "json", "xml", "turtle", "trig", "jsonld", "svg"]
    )
    prov.add_argument("-o", "--output", metavar="FILE", help="default: stdout")
    prov.add_argument("--file", metavar="PATH", help="only what led to this file")
    prov.set_defaults(verb=cmd_prov)
    crate = verbs.add_parser("crate", parents=[named, common, strict], help="the run as an RO-Crate")
    crate.add_argument(
        "-o", "--output", metavar="TARGET", help="a name that ends in .zip, or a directory (default: RUN.crate.zip)"
    )
    crate.add_argument("--without-inputs", action="store_true", help="refer to the inputs, do not pack them")
    crate.add_argument("--with-intermediates", action="store_true", help="pack the files between the steps, too")
    crate.set_defaults(verb=cmd_crate)
    check = verbs.add_parser("check", parents=[common, answer], help="is this crate whole and valid? (offline)")
    check.add_argument("crate", metavar="CRATE")
    check.set_defaults(verb=cmd_check)
    doctor = verbs.add_parser("doctor", parents=[common, answer], help="what works here")
    doctor.set_defaults(verb=cmd_doctor)
    return parser


def _directory(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a directory")
    return Path(text)
