"""The command line: a file per group of verbs. The only place that prints and that knows exit codes.

stdout is the answer, stderr the talk. Exit code 0: done, or the same; 1: different, or gaps that --strict forbids;
2: trouble. `provcap run` ends with Snakemake's own exit code, or 1 when a crate was wanted and nothing was run.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence

from provcap import __version__
from provcap.cli import (
    annotating,
    bars,
    comparing,
    depositing,
    embedding,
    importing,
    looking,
    packing,
    preparing,
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
    preparing,
    embedding,
    annotating,
)

LONGEST = 500  #: characters of a name in an error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    spare_the_collector()
    _print_any_name()
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser, verbs = _parser()
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in verbs:
        return _said(f"{name[:LONGEST]} is no verb of provcap [unknown-argument]", _meant(name, verbs, "--help"))
    options, more = parser.parse_known_args(words)
    try:
        if more:
            hint = "Snakemake's arguments come after --: provcap run --crate FILE -- --cores 4"
            if options.verb is not recording.cmd_run:
                known = re.findall(r"(?<![\w-])--[a-z][a-z-]*", verbs[str(name)].format_help())
                hint = _meant(more[0].partition("=")[0], known, "VERB --help")
            raise ProvcapError("unknown-argument", f"{more[0]} is no argument of provcap", hint)
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


def _meant(word: str, known: Iterable[str], where: str) -> str:
    """The hint for a `word` that is none of the `known` ones."""
    near = difflib.get_close_matches(word[:LONGEST], list(known), 1)
    return f"did you mean {near[0]}?" if near else f"see: provcap {where}"


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


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser of the command line, and that of each verb."""
    parser = argparse.ArgumentParser(prog="provcap", description="Provenance of Snakemake runs: W3C PROV and RO-Crate.")
    parser.add_argument("--version", action="version", version=f"provcap {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for group in GROUPS:
        group.add(verbs)
    return parser, verbs.choices
