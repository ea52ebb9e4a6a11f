"""Everything that the page says → one HTML file that needs nothing else.

Texts of a run reach the page through `visible` and Jinja's escaping, whatever template they stand in; the page's own
style and script are named by their hashes in its Content-Security-Policy, so nothing else can run.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import shlex
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provcap import questions, studied
from provcap.drawing.diagram import duration, seconds_between, size_text
from provcap.explain import Explanation
from provcap.model import Artifact, Comparison, Run
from provcap.report import chance, chart, pictures, rows, software, tables, unknown, wording
from provcap.report.dependence import dependence_facts
from provcap.report.images import image_files
from provcap.report.methods import methods
from provcap.report.models import models
from provcap.report.quality import quality_table
from provcap.report.shelf import Shelf

if TYPE_CHECKING:
    import jinja2

FILES, ROWS = 400, 400  #: rows of a list of files, and of any other; more are counted
SUMMARY = {"succeeded": "Succeeded", "failed": "Failed", "lost": "End unknown"}


@dataclass(frozen=True, slots=True)
class FileList:
    """Files with their digests, and how many are not shown."""

    title: str
    anchor: str
    what: str
    files: tuple[Artifact, ...]
    more: int
    size: str


def page(
    run: Run,
    place: Path | None = None,
    comparison: Comparison | None = None,
    explanation: Explanation | None = None,
    withheld: Collection[str] = (),
) -> bytes:
    """The page of `run`, UTF-8. `place` is what its paths are relative to: a directory, or a crate in a zip.
    `comparison` and `explanation` are of another run with this one, its second. Nothing of `withheld` is shown.

    The same run with the same files gives the same bytes: times are the run's own.
    """
    style, script = _asset("style.css"), _asset("script.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    text = (
        _environment()
        .get_template("page.html")
        .render(
            policy=policy,
            style=style,
            script=script,
            comparison=comparison or _repeated(run),
            explanation=explanation,
            most=ROWS,
            **_told(run, Shelf(place, withheld=withheld, embedded=_embedded(run))),
        )
    )
    return text.encode("utf-8", "backslashreplace")


def _embedded(run: Run) -> dict[tuple[str, str], str]:
    return {(one.path, one.embedded): one.file for one in run.embeddings}


def _told(run: Run, shelf: Shelf) -> dict[str, Any]:
    """What the templates tell of the run."""
    return {
        "run": run,
        "summary": SUMMARY[run.status],
        "title": run.about.title or f"Run of {run.workflow.snakefile}",
        "took": _took(run),
        "counts": Counter(job.status for job in run.jobs),
        "executed": sum(1 for _ in questions.executed(run)),
        "steps_run": len({job.rule for job in questions.executed(run)}),
        "steps": rows.step_rows(run),
        "drawing": chart.drawing(run),
        "timeline": chart.timeline(run),
        "gallery": pictures.gallery(run, shelf),
        "tables": tables.tables(run, shelf),
        "texts": tables.texts(run, shelf),
        "modules": software.used_modules(run),
        "tools": software.used_tools(run),
        "places": software.places(run),
        "images": software.image_rows(run),
        "image_files": image_files(run),
        "study": studied.blocks(run),
        "models": models(run),
        "quality": quality_table(run),
        "depends": dependence_facts(run),
        "chances": chance.chances(run),
        "unknowns": unknown.unknowns(run),
        "files": _files(run),
        "command": shlex.join(run.command),
        "methods": methods(run),
    }


def _repeated(run: Run) -> Comparison | None:
    """What `provcap rerun` found about the results of a run that repeats another."""
    if run.rerun_of is None or not run.assessments:
        return None
    limits = next((a.limits for a in run.assessments if a.limits), None)
    return Comparison(run.rerun_of, run.id, tuple(a.verdict for a in run.assessments), limits)


def _files(run: Run) -> tuple[FileList, ...]:
    inputs, results = questions.external_inputs(run), questions.final_outputs(run)
    final = {artifact.path for artifact in results}
    between = tuple(a for a in questions.outputs(run) if a.path not in final)
    lists = (
        ("Inputs", "inputs", "read by the run and not made by it", inputs),
        ("Results", "result-files", "made by the run, and asked for or read by no further step", results),
        ("Files between the steps", "between", "made by one step and read by another", between),
    )
    return tuple(_file_list(*entry) for entry in lists)


def _file_list(title: str, anchor: str, what: str, files: tuple[Artifact, ...]) -> FileList:
    known = [file.size_bytes for file in files if file.size_bytes is not None]
    size = size_text(sum(known)) if known and len(known) == len(files) else ""
    return FileList(title, anchor, what, files[:FILES], max(len(files) - FILES, 0), size)


def _took(run: Run) -> str:
    seconds = seconds_between(run.started, run.ended)
    return duration(seconds) if seconds is not None else ""


@functools.cache
def _asset(name: str) -> str:
    """One of our own files: what goes between <style> or <script> tags."""
    return resources.files("provcap.report").joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup, escape

    def shown(value: Any) -> Any:
        """Every value on its way into the page."""
        return wording.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("provcap.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        own=Markup,
        address=wording.web_address,
        licence=wording.licence_address,
        counted=wording.counted,
        listed=wording.listed,
        when=wording.when,
        value=wording.value_text,
        line=wording.one_line,
        longer=lambda text: escape(wording.visible(text, 200_000)),
        shell=shlex.quote,
        size=size_text,
    )
    return environment
