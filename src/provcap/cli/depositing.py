"""Verbs that bring a crate into an archive and back: deposit, fetch."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from provcap.cli.arguments import ANSWER, COMMON, Verbs
from provcap.errors import ProvcapError

if TYPE_CHECKING:
    from provcap.deposit import Archive, Prepared, Receipt, Target

TOKENS = "from PROVCAP_TOKEN_<ARCHIVE>, PROVCAP_TOKEN, the keyring, or --token-file; never as an argument"


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    text = f"The archive's token comes {TOKENS}. An interrupted deposit goes on when the same command is given again."
    deposit = verbs.add_parser(
        "deposit", parents=[COMMON, ANSWER], help="bring a crate into an archive, as a draft", epilog=text
    )
    more = deposit.add_argument
    more("crate", type=Path, metavar="CRATE", help="a zip or a directory")
    more("--to", metavar="ARCHIVE", help="invenio, zenodo, …; default: what config/deposit.yaml says")
    more("--url", metavar="URL", help="of the archive, or the path of a folder; default: what config/deposit.yaml says")
    more("--dry-run", action="store_true", help="say what would be sent; nothing is, and no token is needed")
    more("--publish", action="store_true", help="publish the draft when all is there; asks before")
    more("--yes", action="store_true", help="the answer to that question")
    more("--new-version", metavar="RECORD", help="as the next version of this published record")
    more("--community", metavar="NAME", help="hand it in to this community, which publishes it")
    more("--draft", metavar="ID", help="use this draft, or `new` for a new one, when provcap cannot find out which")
    more("--token-file", type=Path, metavar="FILE", help="a file of mode 0600 with the token")
    deposit.set_defaults(verb=cmd_deposit)
    fetch = verbs.add_parser(
        "fetch", parents=[COMMON], help="bring a deposited crate back", epilog="A DOI never gets a token to see."
    )
    fetch.add_argument("reference", metavar="DOI|URL", help="of a record of InvenioRDM or Zenodo")
    fetch.add_argument("-o", "--output", type=Path, metavar="TARGET", help="default: the crate's own name, here")
    fetch.add_argument("--token-file", type=Path, metavar="FILE", help="for the URL of a draft; a file of mode 0600")
    fetch.set_defaults(verb=cmd_fetch)


def cmd_deposit(options: argparse.Namespace) -> int:
    from provcap import deposit

    if options.publish and not (options.yes or options.dry_run or sys.stdin.isatty()):
        raise ProvcapError("not-confirmed", "nobody is there to confirm publishing", "say it with --yes")
    target, place = _target(options)
    with deposit.prepared(options.crate, target, place, options.directory) as ready:
        if options.dry_run:
            print(json.dumps(_plan(ready, place)) if options.json else _told(ready, place))
            return 0
        for note in ready.notes:
            _say(note)
        publish = _confirmed(options) if options.publish else None
        receipt = deposit.carry_out(ready, target, place, options.directory, publish)
    print(json.dumps(asdict(receipt)) if options.json else receipt.url)
    _say(_next(receipt, options))
    return 0


def cmd_fetch(options: argparse.Namespace) -> int:
    from provcap.deposit.fetch import fetch

    print(fetch(options.reference, options.output, options.directory, _own_token(options.token_file)))
    return 0


@contextmanager
def brought(reference: str, folder: Path, look_only: bool) -> Iterator[Path]:
    """The crate that a user named by path, DOI or URL; the latter two bring it into `folder`, or, with `look_only`,
    into a directory that is gone at the end of the block."""
    from provcap.deposit import fetch

    if not fetch.is_reference(reference):
        yield Path(reference)
    elif look_only:
        with TemporaryDirectory(prefix="provcap-fetch-") as temporary:
            yield fetch.fetch(reference, None, Path(temporary))
    else:
        folder.mkdir(parents=True, exist_ok=True)
        crate = fetch.fetch(reference, None, folder)
        _say(f"fetched {crate}")
        yield crate


def _target(options: argparse.Namespace) -> tuple[Target, Archive]:
    from provcap import deposit
    from provcap.deposit import settings, tokens

    said = settings.read_settings(options.directory)
    name, url = options.to or said.archive, options.url or (said.url if options.to in (None, said.archive) else None)
    if not name:
        raise ProvcapError("unknown-archive", "to which archive?", f"--to, one of {', '.join(deposit.names())}")

    def token() -> str:
        return tokens.find(name, place.place, options.token_file)

    target = deposit.Target(url or "", said, token, _say, options.community, options.new_version, options.draft)
    place = deposit.archive(name, target)
    return target, place


def _own_token(file: Path | None) -> str | None:
    from provcap.deposit import tokens

    return tokens.find("", "", file) if file else None


def _confirmed(options: argparse.Namespace) -> Callable[[Receipt], bool]:
    def asked(receipt: Receipt) -> bool:
        if options.yes:
            return True
        print(f"Publish {receipt.url} now? That cannot be undone. [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return asked


def _next(receipt: Receipt, options: argparse.Namespace) -> str:
    doi = f", DOI {receipt.doi}" if receipt.doi else ""
    if receipt.published:
        return f"published{doi}; to get it back: provcap fetch {receipt.doi or receipt.url}"
    if receipt.url.startswith("file:"):
        return f"it lies there{doi}"
    if options.publish and options.community:
        return f"handed in to {options.community}{doi}"
    return f"this is a draft{doi}: look at it; publish it there, or with the same command and --publish"


def _plan(ready: Prepared, place: Archive) -> dict[str, Any]:
    return {
        "archive": place.name,
        "url": place.place,
        "layout": ready.plan.layout,
        "files": [{"key": key, "size_bytes": size} for key, size in ready.plan.files],
        "notes": [*ready.plan.notes, *ready.notes],
        "allowed": [asdict(find) for find in ready.finds],
        "description": asdict(ready.description),
    }


def _told(ready: Prepared, place: Archive) -> str:
    from provcap import summary
    from provcap.deposit.parts import amount

    said = ready.description
    about = [f"title: {said.title}", f"creators: {'; '.join(agent.name for agent in said.creators)}"]
    about += [f"licence: {said.license}", *(f"note: {note}" for note in (*ready.plan.notes, *ready.notes))]
    about += [f"let pass: {find.place}: {find.rule}: {find.because or find.reason}" for find in ready.finds]
    rows = [f"  {key}  {amount(size)}" for key, size in ready.plan.files]
    most = "" if ready.plan.exact else "at most "
    files = summary.counted(len(rows), "file")
    total = f"{files}, {most}{amount(ready.plan.total_bytes)}, to {place.name} at {place.place}:"
    return summary.screen("\n".join([total, *rows, *about]))


def _say(text: str) -> None:
    from provcap.summary import screen

    print(screen(f"provcap: {text}"), file=sys.stderr, flush=True)
