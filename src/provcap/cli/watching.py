"""The verb that looks at a run while it goes on: watch.

Exit code 0: the run has succeeded (or, with --once, goes on); 1: it has failed, or is lost; 2: trouble, or it was left
before the run had ended.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from provcap import store
from provcap.cli.arguments import ANSWER, COMMON, NAMED, Verbs
from provcap.errors import ProvcapError

if TYPE_CHECKING:
    from provcap.watch import Follower, Snapshot

SHORTEST_S = 0.2  #: between two looks


def add(verbs: Verbs) -> None:
    """Add it to the command line."""
    watch = verbs.add_parser("watch", parents=[NAMED, COMMON, ANSWER], help="a run while it goes on")
    which = watch.add_mutually_exclusive_group()
    which.add_argument("--once", action="store_true", help="tell how it stands now, and end")
    which.add_argument("--next", action="store_true", help="wait for the next run that begins here")
    watch.add_argument(
        "--every",
        type=float,
        default=2.0,
        metavar="S",
        help="seconds between two looks (default: 2; more spares a disk)",
    )
    watch.set_defaults(verb=cmd_watch)


def cmd_watch(options: argparse.Namespace) -> int:
    from provcap import watch

    if options.json and not options.once:
        raise ProvcapError(
            "json-needs-once", "--json gives one answer, and watch goes on", "provcap watch --once --json"
        )
    try:
        follower = watch.Follower(_next(options) if options.next else _folder(options))
    except KeyboardInterrupt:
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if options.once:
        now = follower.look()
        print(json.dumps(asdict(now)) if options.json else "\n".join(watch.lines(now)))
        return 1 if now.status in ("failed", "lost") else 0
    return _until_the_end(follower, max(SHORTEST_S, options.every))


def _folder(options: argparse.Namespace) -> Path:
    given = options.directory / options.run
    if options.run != "latest" and ((given / "events.jsonl").is_file() or (given / "records").is_dir()):
        return Path(given)
    if options.run != "latest" and given.is_dir():
        return store.find_run(given, "latest")
    return store.find_run(options.directory, options.run)


def _next(options: argparse.Namespace) -> Path:
    """The folder of the first run that begins from now on."""
    known = set(store.list_runs(options.directory))
    print(f"waiting for a run to begin in {options.directory.absolute()}", file=sys.stderr)
    while True:
        for folder in store.list_runs(options.directory):
            if folder not in known and (folder / "events.jsonl").is_file():
                return folder
        time.sleep(max(SHORTEST_S, options.every))


def _until_the_end(follower: Follower, every: float) -> int:
    if follower.look().status != "running":
        print("note: this run has ended; to wait for the next one: provcap watch --next", file=sys.stderr)
    try:
        for now in _drawn(follower, every) if sys.stdout.isatty() else _told(follower, every):
            if now.status != "running":
                return 0 if now.status == "succeeded" else 1
    except KeyboardInterrupt:
        print("left before the run had ended; it goes on", file=sys.stderr)
    return 2


def _told(follower: Follower, every: float) -> Iterator[Snapshot]:
    """What changes, line by line."""
    from provcap import watch

    before = None
    while True:
        now = follower.look()
        for line in watch.change(before, now):
            print(time.strftime("%H:%M:%S"), line, flush=True)
        yield now
        before = now
        time.sleep(every)


def _drawn(follower: Follower, every: float) -> Iterator[Snapshot]:
    """A picture that is drawn anew in its place."""
    from rich.console import Console
    from rich.live import Live

    from provcap import watch

    with Live(console=Console(), auto_refresh=False) as live:
        while True:
            now = follower.look()
            live.update(watch.screen(now), refresh=True)
            yield now
            time.sleep(every)
