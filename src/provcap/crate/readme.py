"""The README.md of a crate: for a person who has nothing but the crate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from provcap.crate.actions import command
from provcap.crate.packing import Item, Packing
from provcap.model import Gap, Run

_SHOWN: Final = 50  #: longer lists are cut here; the whole is in the metadata


def compose(run: Run, packing: Packing, gaps: Sequence[Gap]) -> bytes:
    """The text, in Markdown."""
    parts = [_intro(run), _reading(run, packing), _again(run, packing), _replaced(gaps), _missing(packing, gaps)]
    return ("\n\n".join(filter(None, parts)) + "\n").encode("utf-8", "backslashreplace")


def _intro(run: Run) -> str:
    ended = (
        f"It {'ended' if run.status != 'failed' else 'failed'} at {run.ended}." if run.ended else "No end was recorded."
    )
    counts: dict[str, int] = {}
    for job in run.jobs:
        counts[job.status] = counts.get(job.status, 0) + 1
    jobs = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in sorted(counts.items())) or "none"
    text = f"# {run.about.title or 'A run of ' + run.workflow.snakefile}\n\n"
    text += (
        "Open `ro-crate-preview.html` in a browser: it tells and shows what was done, and needs nothing installed.\n\n"
    )
    text += f"{run.about.description}\n\n" if run.about.description else ""
    engine = f" {run.snakemake_version}" if run.snakemake_version else ""
    return (
        f"{text}This is the record of one run of a Snakemake{engine} workflow, made by provcap"
        f"{' ' + run.provcap_version if run.provcap_version else ''} "
        f"{'afterwards, from what Snakemake had kept' if _imported(run) else 'while it ran'}.\n"
        f"The run `{run.id}` {'succeeded' if run.status == 'succeeded' else 'did not succeed'}. "
        f"It started at {run.started}. {ended} Attempts at jobs: {jobs}."
    )


def _imported(run: Run) -> bool:
    return any(gap.slug == "post-hoc" for gap in run.gaps)


def _reading(run: Run, packing: Packing) -> str:
    embedded = [item for item in packing.items.values() if item.place is not None]
    outputs = sorted(item.place or "" for item in embedded if item.role == "output")
    lines = [
        "## How to read it",
        "",
        "* `ro-crate-metadata.json` describes everything as a Workflow Run RO-Crate "
        "(<https://www.researchobject.org/workflow-run-crate/>): `runcrate report` and ro-crate-py read it.",
        "* `provenance/` has the record itself, the inventories of installed software, and the gaps.",
        *([] if _imported(run) else [f"* `{run.workflow.snakefile}` is the workflow, as it was run."]),
        "* `manifest-sha256.txt` has every file's checksum: `sha256sum -c manifest-sha256.txt`, or `provcap check`.",
        "* `provcap check THIS-CRATE` also says whether somebody signed it; with `--signers FILE` only those in FILE "
        "count.",
        "* provcap is free software (BSD-3-Clause) for Python 3.11 or newer, installed from its repository: "
        "`pip install '<repository of provcap>[all]'`.",
    ]
    if outputs:
        lines += ["* The results:", *_listed([f"`{place}`" for place in outputs], "  ")]
    return "\n".join(lines)


def _again(run: Run, packing: Packing) -> str:
    absent = sorted(i.artifact.path for i in packing.items.values() if i.role == "input" and i.place is None)
    moved = [i for i in packing.items.values() if i.role == "input" and i.place not in (None, i.artifact.path)]
    if _imported(run):
        known = "the software, and of the workflow all but perhaps its main file, are not known"
        return f"## How to run it again\n\nThe command, {known}."
    text = "## How to run it again\n\nIn an empty directory, `provcap rerun THIS-CRATE` does it and says how close the "
    text += "results come; `provcap rerun --dry-run THIS-CRATE` says first what would be run.\n\n"
    text += "The command was:\n\n    " + command(run).replace("\n", "\n    ") + "\n\n"
    text += (
        f"Paths in it are those of the machine that ran it. In a copy of this crate, `{run.workflow.snakefile}` is the "
    )
    text += "workflow, and what was run with it lies where it lay; use the same version of Snakemake, and the software "
    text += "or the image that `provenance/` names."
    if absent:
        text += "\n\nThese inputs are not in the crate and must be fetched first; the metadata has their digests:\n\n"
        text += "\n".join(_listed([f"`{path}`" for path in absent]))
    if moved:
        text += "\n\nThese inputs lay outside the work directory, or had a name that was taken:\n\n"
        text += "\n".join(_listed(sorted(f"`{i.artifact.path}` is `{i.place}`" for i in moved)))
    return text


def _replaced(gaps: Sequence[Gap]) -> str:
    """What is other here than it was in the run, as this crate is for others."""
    told = [gap for gap in gaps if gap.slug in ("redacted-for-publication", "withheld")]
    if not told:
        return ""
    text = "## What was replaced\n\nThis crate was written for others to read. In the record, the workflow's files and "
    text += (
        "the logs, other names stand for people, machines and addresses (`user-1`, `host-1`), the same everywhere, and "
    )
    text += "secrets are `<redacted:…>`. Checksums are those of the files as they are here. Data were not altered.\n\n"
    return text + "\n".join(_listed([f"{gap.subject}: {gap.message}" for gap in told]))


def _missing(packing: Packing, gaps: Sequence[Gap]) -> str:
    absent: list[Item] = [i for i in packing.items.values() if i.place is None and i.role != "input"]
    text = "## What is missing\n\n"
    if gaps:
        number = f"{len(gaps)} gap{'s' * (len(gaps) != 1)}"
        text += f"provcap does not know everything about this run. {number}, all in `provenance/gaps.json`:\n\n"
        text += "\n".join(_listed([f"`{gap.slug}`, {gap.subject}: {gap.message}" for gap in gaps]))
    else:
        text += "provcap knows of no gaps in this record."
    if absent:
        text += "\n\nFiles of the run that are described, with their digests, but not packed:\n\n"
        text += "\n".join(_listed(_grouped(absent)))
    return text


def _grouped(absent: Sequence[Item]) -> list[str]:
    """One line per folder, type and reason."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in absent:
        path = PurePosixPath(item.artifact.path)
        groups[str(path.with_name("*" + "".join(path.suffixes))), item.why_not or ""].append(str(path))
    return [
        f"`{paths[0]}`: {why}" if len(paths) == 1 else f"`{pattern}` ({len(paths)} files): {why}"
        for (pattern, why), paths in sorted(groups.items())
    ]


def _listed(lines: Sequence[str], indent: str = "") -> list[str]:
    shown = [f"{indent}* {' '.join(line.split())}" for line in lines[:_SHOWN]]
    return shown + ([f"{indent}* … and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])
