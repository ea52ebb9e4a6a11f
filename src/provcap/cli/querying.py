"""Verbs that let others ask: query, export."""

from __future__ import annotations

import argparse
import csv
import difflib
import io
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provcap import store
from provcap.cli.arguments import ANSWER, COMMON, Verbs, new_file, with_models
from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.opening import open_run

if TYPE_CHECKING:
    from provcap.query import Answer

LARGEST_QUERY = 1 << 20  #: bytes of a file with a query
#: gaps of a run in which an attempt, or how it ended, may not have been recorded
_UNRECORDED = set(
    "events-lost run-unfinished end-unknown no-record record-incomplete records-removed damaged-record torn-record "
    "seal-broken post-hoc capture-unsupported switched-off".split()
)
#: questions to which a run may have nothing to answer; each has a machine, say, so that no answer is no knowledge
_MAY_BE_NONE = {"failed", "images", "wrappers", "configuration", "parameters", "inputs-and-outputs"}
_DESCRIPTIVE = {"not-described", "bad-config", "workflow-unversioned", "workflow-dirty"}  #: gaps that hide nothing else


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    query = verbs.add_parser("query", parents=[COMMON, ANSWER], help="ask crates and runs, in SPARQL or by name")
    query.add_argument(
        "words",
        nargs="*",
        metavar="RUN … QUESTION",
        help="runs or crates (default: latest), then SPARQL, or the name of a question and what it asks for",
    )
    query.add_argument("--list", action="store_true", help="the questions that have a name")
    query.add_argument("--file", type=Path, metavar="FILE.rq", help="the SPARQL in this file")
    query.add_argument("--csv", action="store_true", help="the answer as CSV")
    query.add_argument("--timeout", type=_positive, default=300.0, metavar="SECONDS", help="default: 300")
    query.add_argument("--memory", type=_positive, default=4096.0, metavar="MIB", help="default: 4096")
    query.add_argument("--rows", type=_positive, default=100_000.0, metavar="N", help="default: 100000")
    query.add_argument(
        "--context", action="append", default=[], metavar="IRI=FILE", help="a JSON-LD context that a crate uses"
    )
    query.set_defaults(verb=cmd_query)
    export = verbs.add_parser(
        "export", parents=[COMMON], help="runs as a database, as lists of software, for an archive"
    )
    export.add_argument("runs", nargs="*", metavar="RUN", help="runs or crates of provcap (default: latest)")
    form = export.add_mutually_exclusive_group(required=True)
    form.add_argument("--sql", type=Path, metavar="FILE", help="load them into this SQLite database, new or not")
    form.add_argument("--parquet", type=Path, metavar="DIR", help="one Parquet file for each table")
    form.add_argument("--cyclonedx", type=Path, metavar="DIR", help="one CycloneDX document for each environment")
    form.add_argument("--spdx", type=Path, metavar="DIR", help="one SPDX document for each environment")
    form.add_argument("--codemeta", type=Path, metavar="FILE", help="the workflow of one run in CodeMeta")
    form.add_argument(
        "--to", choices=["bioimage-archive"], help="a submission to this archive, of one run with its sheet"
    )
    export.add_argument("-o", "--output", type=Path, metavar="DIR", help="where --to writes it, a new directory")
    export.add_argument("--accession", metavar="S-BIAD…", help="with --to, what the archive calls the study already")
    files = export.add_mutually_exclusive_group()
    files.add_argument("--metadata-only", action="store_true", help="with --to, list the files and bring none")
    files.add_argument("--link", action="store_true", help="with --to, hard links in place of copies")
    export.set_defaults(verb=cmd_export)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return value


def cmd_query(options: argparse.Namespace) -> int:
    from provcap import query

    if options.list:
        print(_listed(options.json))
        return 0
    names, text, bindings = _question(options.words, options.file)
    limits = query.Limits(options.timeout, int(options.memory) << 20, int(options.rows))
    with tempfile.TemporaryDirectory(prefix="provcap-query-") as scratch:
        graphs = query.graphs(names or ["latest"], options.directory, Path(scratch))
        answer = query.ask(graphs, text, bindings, limits, _contexts(options.context))
    _show(options, answer, list(graphs))
    return 0 if answer.rows else _unanswered(options, names or ["latest"], text, bindings)


def _unanswered(options: argparse.Namespace, names: Sequence[str], text: str, bindings: Mapping[str, str]) -> int:
    """Say whether there is nothing to tell or nothing is known; the exit code."""
    from provcap import lineage, query, summary

    asked = next((name for name, question in query.named().items() if question.text == text), None)
    runs = _runs(options, names) if asked else []
    file, table = bindings.get("FILE"), not (options.json or options.csv)
    if runs and asked in _MAY_BE_NONE and all(_complete(run, str(asked)) for run in runs):
        if table:
            print("none")
        return 0
    known = {path for run in runs for path in lineage.paths(run)}
    if file is not None and runs and not any(path == file or path.endswith("/" + file) for path in known):
        told = f"there is no record of {file}\nhint: {lineage.perhaps(file, known)}"
        print(summary.screen(told), file=sys.stderr)
    elif table:
        print("nothing is known of that", file=sys.stderr)
    return 1


def _runs(options: argparse.Namespace, names: Sequence[str]) -> list[Run]:
    """The runs that were asked; empty when one of them is no record of provcap's."""
    try:
        return [open_run(name, options.directory).run for name in names]
    except ProvcapError:
        return []


def _complete(run: Run, question: str) -> bool:
    """Whether what `question` does not find in `run` was not there, as no gap is about it."""
    unknown = {gap.slug for gap in run.gaps}
    return run.ended is not None and not (unknown & _UNRECORDED if question == "failed" else unknown - _DESCRIPTIVE)


def _listed(as_json: bool) -> str:
    from provcap import query, summary

    questions = list(query.named().values())
    if as_json:
        return json.dumps([{"name": q.name, "arguments": q.arguments, "answers": q.summary} for q in questions])
    return summary.table([(" ".join((q.name, *q.arguments)), q.summary) for q in questions])


def _question(words: Sequence[str], path: Path | None) -> tuple[list[str], str, dict[str, str]]:
    """The runs, the SPARQL, and what its variables are bound to. Raises ProvcapError (``no-question``)."""
    from provcap import query

    if path is not None:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_QUERY + 1)  # not its size: a device has none
        if len(content) > LARGEST_QUERY:
            raise ProvcapError("bad-query", f"{path} is larger than {LARGEST_QUERY} bytes", "ask for less")
        return list(words), content.decode("utf-8", "replace"), {}
    questions = query.named()
    at = next((i for i, word in enumerate(words) if word in questions or "{" in word), None)
    if at is None:
        close = [near for word in words for near in difflib.get_close_matches(word, questions, 1)]
        hint = f"did you mean {close[0]}? all: provcap query --list" if close else "see: provcap query --list"
        raise ProvcapError("no-question", "there is no question: neither SPARQL nor the name of one", hint)
    found = questions.get(words[at])
    given, wanted = words[at + 1 :], found.arguments if found else ()
    if len(given) != len(wanted):
        after = " ".join(wanted) or "nothing"
        raise ProvcapError("no-question", f"after {words[at][:40]!r} comes {after}", "runs and crates come before it")
    text = found.text if found else words[at]
    return list(words[:at]), text, dict(zip(wanted, given, strict=True))


def cmd_export(options: argparse.Namespace) -> int:
    from provcap import export

    names = options.runs or ["latest"]
    opened = (open_run(name, options.directory) for name in names)
    if options.to or options.output or options.accession or options.metadata_only or options.link:
        _submission(options, names)
    elif options.codemeta:
        new_file(options.codemeta, export.codemeta(_only([one.run for one in opened])))
    elif options.cyclonedx or options.spdx:
        write = export.cyclonedx if options.cyclonedx else export.spdx
        _new_folder(options.cyclonedx or options.spdx, map(write, map(with_models, opened)))
    else:
        _tables(options, (one.run for one in opened))
    return 0


def _tables(options: argparse.Namespace, runs: Iterable[Run]) -> None:
    """Load runs into a database, or into a file for each of its tables."""
    from provcap import export, summary

    if options.sql:
        count = export.sql(options.sql, runs)
        print(f"{summary.counted(count, 'run')} in {options.sql}", file=sys.stderr)
    else:
        export.parquet(options.parquet, runs)


def _submission(options: argparse.Namespace, names: Sequence[str]) -> None:
    """Write a submission to an archive."""
    from provcap import summary
    from provcap.deposit import settings
    from provcap.deposit.bia import writing
    from provcap.deposit.parts import amount

    if options.to is None:
        raise ProvcapError("unknown-argument", "-o, --accession, --metadata-only, --link go with --to", "see: --help")
    if options.output is None or len(names) > 1:
        raise ProvcapError("one-run", "a submission is of one run, in a directory", "--to bioimage-archive -o DIR RUN")
    opened = open_run(names[0], options.directory)
    allow = settings.read_settings(options.directory).allow
    data, link = not options.metadata_only, options.link
    count, size = writing.write(opened, options.output, options.accession, data, link, allow)
    told = f"{summary.counted(count, 'file')}, {amount(size)}, ready for the BioImage Archive and not sent"
    print(f"{told}: docs/depositing.md says what to do", file=sys.stderr)
    print(options.output)


def _only(runs: Sequence[Run]) -> Run:
    if len(runs) == 1:
        return runs[0]
    raise ProvcapError("one-run", "CodeMeta is of the workflow of one run", "name one run")


def _new_folder(folder: Path, documents: Iterable[dict[str, bytes]]) -> None:
    """Write `documents` into a new directory; an environment that several runs had is written once."""
    store.refuse_existing(folder)
    found: dict[str, bytes] = {}
    for document in documents:
        found = document | found
    if not found:
        raise ProvcapError("no-environment", "no environment of these jobs is known", "see: provcap show --software")
    folder.mkdir(parents=True)
    for name, content in found.items():
        store.write_atomic(folder / name, content)


def _contexts(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in given]
    for iri, _, path in pairs:
        if not iri or not Path(path).is_file():
            raise ProvcapError("unknown-context", f"{iri}={path} names no file", "write --context IRI=FILE")
    return {iri: path for iri, _, path in pairs}


def _show(options: argparse.Namespace, answer: Answer, bases: Sequence[str]) -> None:
    from provcap import codec, summary

    if not answer.complete:
        print(f"note: only the first {len(answer.rows)} rows; more with --rows", file=sys.stderr)
    if options.json:
        more = {"columns": answer.columns, "rows": answer.rows, "complete": answer.complete}
        print(codec.stamp("provcap.answer/1", more))
    elif options.csv:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([answer.columns, *answer.rows])
        sys.stdout.write(text.getvalue())
    elif answer.rows:
        print(summary.of_answer(answer.columns, answer.rows, bases))
