"""The verb about what must not leave the building: redact."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from provcap.cli.arguments import ANSWER, COMMON, NAMED, Verbs

if TYPE_CHECKING:
    from provcap.redact import Allowed


def add(verbs: Verbs) -> None:
    """Add it to the command line."""
    redact = verbs.add_parser(
        "redact", parents=[NAMED, COMMON, ANSWER], help="what in a crate is secret or personal? (changes nothing)"
    )
    redact.add_argument("--allow", type=Path, metavar="FILE", help="what may pass (default: config/deposit.yaml)")
    redact.set_defaults(verb=cmd_redact)


def cmd_redact(options: argparse.Namespace) -> int:
    from provcap import redact, summary

    with _crate(options) as root:
        finds = redact.scan(root, allowed(options))
    blocking = redact.blocking(finds)
    if options.json:
        print(json.dumps({"blocks": bool(blocking), "finds": [asdict(find) for find in finds]}))
    else:
        print(summary.of_finds(options.run, finds))
    if blocking and not options.json:
        print("hint: provcap crate --public writes a crate without; all ways out: docs/publishing.md", file=sys.stderr)
    return 1 if blocking else 0


@contextmanager
def _crate(options: argparse.Namespace) -> Iterator[Path]:
    """The directory of the crate that was named, or of one that is made of the run for this purpose only."""
    from provcap import bundle, unpack
    from provcap.opening import METADATA, open_run

    named = options.directory / options.run
    if options.run != "latest" and (named.is_file() or (named / METADATA).is_file()):
        with unpack.opened(named) as root:
            yield root
        return
    opened = open_run(options.run, options.directory)
    with TemporaryDirectory(prefix="provcap-redact-") as folder:
        bundle.write_crate(opened.run, opened.files, Path(folder, "crate"))
        yield Path(folder, "crate")


def allowed(options: argparse.Namespace) -> tuple[Allowed, ...]:
    """What may pass, from the file that was named or from ``config/deposit.yaml``. Raises BadConfig."""
    from provcap.deposit import settings

    found = settings.load(options.allow) if options.allow else settings.read_settings(options.directory)
    return found.allow
