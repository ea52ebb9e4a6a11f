"""The command line: a file per group of verbs. The only place that prints and that knows exit codes.

stdout is the answer, stderr the talk. Exit code 0: done, or the same; 1: different, or gaps that --strict forbids;
2: trouble. `provcap run` ends with Snakemake's own exit code, or 1 when a crate was wanted and nothing was run.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence

from provcap import __version__
from provcap.cli import (
    bars,
    comparing,
    depositing,
    importing,
    looking,
    packing,
    querying,
    recording,
    redacting,
    reporting,
    rerunning,
    sealing,
    starting,
    watching,
)
from provcap.errors import ProvcapError

GROUPS = (
    *(starting, recording, looking, watching, packing, redacting, sealing, comparing, rerunning, reporting, querying),
    importing,
    depositing,
)

LONGEST = 500  #: characters of a name in an error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    spare_the_collector()
    _print_any_name()
    words = list(sys.argv[1:] if arguments is None else arguments)
    options, more = _parser().parse_known_args(words)
    try:
        if more:
            hint = (
                "Snakemake's arguments come after --: provcap run --crate FILE -- --cores 4"
                if options.verb is recording.cmd_run
                else ""
            )
            raise ProvcapError(
                "unknown-argument", f"{more[0]} is no argument of provcap", hint or "see: provcap VERB --help"
            )
        with bars.on_stderr():
            code: int = options.verb(options)
        sys.stdout.flush()
        return code
    except ProvcapError as error:
        if options.debug:
            raise
        return _said(f"{error.message} [{error.slug}]", error.hint)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("error: interrupted [interrupted]", file=sys.stderr)
        return 2
    except OSError as error:
        if options.debug:
            raise
        return _said(f"{error.strerror or error}: {str(error.filename or '')[:LONGEST]} [system]")


def _said(problem: str, hint: str = "") -> int:
    """Tell a problem that stops us; names in it may be anybody's."""
    from provcap.summary import screen

    print(screen(f"error: {problem}"), file=sys.stderr)
    if hint:
        print(screen(f"hint: {hint}"), file=sys.stderr)
    return 2


def _print_any_name() -> None:
    """Names need not be in the encoding of the terminal; where Python would give up, they are escaped."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def spare_the_collector() -> None:
    """Let Python look for cyclic garbage seldom: a run is a million values without a cycle, and looking at them again
    and again took a third of the time (100,000 jobs: collect 27 → 17 s, no more memory)."""
    gc.set_threshold(1_000_000, 50, 100)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="provcap", description="Provenance of Snakemake runs: W3C PROV and RO-Crate.")
    parser.add_argument("--version", action="version", version=f"provcap {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for group in GROUPS:
        group.add(verbs)
    return parser
