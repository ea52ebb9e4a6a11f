"""Verbs that answer questions in the terminal: list, show."""

from __future__ import annotations

import argparse
import json
import sys

from provcap import codec, store
from provcap.cli import embedding
from provcap.cli.arguments import (
    ANSWER,
    COMMON,
    NAMED,
    STRICT,
    Verbs,
    strict,
    with_dependences,
    with_images,
    with_models,
)
from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.opening import Opened, open_run


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    listing = verbs.add_parser("list", parents=[COMMON, ANSWER], help="the recorded runs")
    listing.set_defaults(verb=cmd_list)
    show = verbs.add_parser("show", parents=[NAMED, COMMON, ANSWER, STRICT], help="what ran; who made a file")
    what = show.add_mutually_exclusive_group()
    what.add_argument("--file", metavar="PATH", help="who made this file, from what, with what")
    what.add_argument("--job", metavar="ID", help="all that is known of one job")
    what.add_argument("--jobs", action="store_true", help="one line per job")
    what.add_argument("--software", action="store_true", help="every package of every environment")
    what.add_argument("--images", action="store_true", help="what image files say of their acquisition")
    what.add_argument("--models", action="store_true", help="the trained models that it used, and how they were loaded")
    what.add_argument("--quality", action="store_true", help="what was measured of the images that it read")
    what.add_argument("--quality-of-all", action="store_true", help="the same, of the images that it made, too")
    what.add_argument("--study", action="store_true", help="what a sheet says of sample and imaging")
    show.set_defaults(verb=cmd_show)


def cmd_list(options: argparse.Namespace) -> int:
    from provcap import summary

    runs: list[Run] = []
    going_on: set[str] = set()
    for folder in store.list_runs(options.directory):
        try:
            opened = open_run(str(folder.absolute()), options.directory)
            runs.append(opened.run)
            going_on |= {opened.run.id} if opened.going_on else set()
        except ProvcapError as error:
            print(summary.line(f"warning: {folder.name}: {error.message} [{error.slug}]"), file=sys.stderr)
    if options.json:
        print(json.dumps([{"id": r.id, "status": r.status, "started": r.started, "command": r.command} for r in runs]))
    else:
        print(summary.screen(summary.of_runs(runs, going_on)))
    return 0


def cmd_show(options: argparse.Namespace) -> int:
    from provcap import index

    if not options.file and embedding.is_image(options):
        return embedding.show(options)
    opened, path = (
        index.look_up(options.run, options.directory, options.file)
        if options.file
        else (with_dependences(open_run(options.run, options.directory, foreign=True)), "")
    )
    if opened.going_on and (path or options.job or options.json or options.jobs):
        print("note: this run is still going on; what has begun and not ended is called lost", file=sys.stderr)
    print(_of_file(options, opened.run, path) if path else _shown(options, opened))
    return strict(options, opened.run.gaps)


def _of_file(options: argparse.Namespace, run: Run, path: str) -> str:
    from provcap import lineage, summary

    if options.json:
        jobs = [codec.encode(job) for _, job in lineage.chain(run, path)]
        return json.dumps({"path": path, "made_by": jobs, "from": lineage.origins(run, path)})
    return summary.screen(summary.of_file(run, path))


def _shown(options: argparse.Namespace, opened: Opened) -> str:
    from provcap import summary

    run = opened.run
    if options.images:
        run = with_images(opened)
        return json.dumps(summary.images_plain(run)) if options.json else summary.screen(summary.of_images(run))
    if options.models:
        run = with_models(opened)
        return json.dumps(summary.models_plain(run)) if options.json else summary.screen(summary.of_models(run))
    if options.quality or options.quality_of_all:
        run = with_images(opened, made=options.quality_of_all)
        return json.dumps(summary.quality_plain(run)) if options.json else summary.screen(summary.of_quality(run))
    if options.study:
        return codec.dumps(codec.encode(run.study)) if options.json else _study(opened)
    if options.job:
        job = summary.find_job(run, options.job)
        return codec.dumps(codec.encode(job)) if options.json else summary.screen(summary.of_job(run, job))
    if options.json:
        return codec.dump_run(with_images(opened))
    if options.jobs or options.software:
        return summary.screen(summary.of_jobs(run) if options.jobs else summary.packages(run))
    return summary.screen(summary.of_run(run, opened.going_on))


def _study(opened: Opened) -> str:
    from provcap import annotated, summary
    from provcap.bioimage.contradicting import held_against_files

    earlier = annotated.earlier(opened.folder) if opened.folder and opened.run.study is None else None
    run = held_against_files(opened.run, opened.files if opened.crate is None and not opened.going_on else None)
    return summary.screen(summary.of_study(run, earlier))
