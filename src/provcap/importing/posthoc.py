"""A workflow that was run without provcap: what Snakemake kept of it → a Run that says it was told afterwards."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from provcap import __version__, codec, store
from provcap.about import read_about
from provcap.capture.clock import iso
from provcap.capture.scrub import Scrubber
from provcap.errors import ProvcapError, TargetExists
from provcap.importing import records
from provcap.importing.evidence import Evidence
from provcap.importing.records import Record
from provcap.model import JSON, Artifact, Gap, Image, Job, Run, Source, Step, Workflow

_NO_SOFTWARE: Final = "d41d8cd98f00b204e9800998ecf8427e"  #: MD5 of nothing: neither conda nor a container was used
_SPREAD_S: Final = 1.0  #: outputs of one job are marked as begun within this time
_SPECIAL: Final = {"<pipe>", "<service>"}  #: what stands in a record in place of a path
_KIND: Final = re.compile(r"\s*(script|notebook|wrapper|cwl|template_engine):")
_LIMIT: Final = 1000  #: characters of a parameter that is read as a Python literal

UNKNOWN: Final = (
    "exit codes, failed attempts, the machines, the software that was installed, randomness, and the time and memory"
    " that jobs used: Snakemake's metadata says nothing of them"
)
TIMES: Final = (
    "times are those of marker files and of the outputs as the main process saw them; for jobs that ran elsewhere they"
    " include waiting, and a job that kept the time of a file has a wrong end"
)
PARAMS: Final = "params are known without their names, and not those that were derived from inputs or outputs"
TOGETHER: Final = (
    "what several invocations made may stand together here: Snakemake keeps the last record of each output, and not"
    " which command wrote it"
)
HASHED: Final = "files were hashed when this was imported, and not when the jobs ran"


def import_run(directory: Path, snakefile: Path | None = None, outside: bool = False) -> tuple[Path, Run]:
    """Write what ``.snakemake/metadata`` in `directory` tells into a folder of its runs; the folder and the Run.

    `snakefile`: the main file of the workflow, as the user says. `outside`: files outside of `directory` are hashed,
    too. The same metadata and files give the same run, byte for byte, under the same id; it is written once.

    Raises ProvcapError when there is no metadata, or no record that can be read.
    """
    gaps: list[Gap] = []
    kept = directory / ".snakemake"
    found = records.read(kept / "metadata", gaps)
    if not found:
        reason = gaps[0].message if gaps else "it is empty"
        raise ProvcapError("no-metadata", f"{kept / 'metadata'} holds no record: {reason}", "nothing was imported")
    evidence = Evidence(directory, found, outside)
    jobs, images = _jobs(found, evidence, gaps)
    begun = [p for p in records.marked(kept / "incomplete") if p not in {a.path for j in jobs for a in j.outputs}]
    told = "Snakemake noted that a job which makes it had begun, and not that it ended"
    gaps += [Gap("post-hoc-unfinished", f"file:{path}", told) for path in begun]
    run = _run(directory, snakefile, jobs, images, [*gaps, *evidence.gaps])
    return _write(directory, run), run


def _write(directory: Path, run: Run) -> Path:
    folder = store.run_folder(directory, run.id)
    content = codec.dump_run(run).encode("utf-8", "surrogateescape")
    if (folder / "run.json").exists() and (folder / "run.json").read_bytes() != content:
        raise TargetExists("target-exists", f"{folder} exists already, with another content", "remove it first")
    store.write_atomic(folder / "run.json", content)
    return folder


def _run(directory: Path, snakefile: Path | None, jobs: list[Job], images: list[Image], gaps: list[Gap]) -> Run:
    about, more = read_about(directory)
    times = [time for job in jobs for time in (job.started, job.ended) if time]
    if not times:
        raise ProvcapError("no-metadata", "no record says when anything was run", "nothing was imported")
    workflow, mine = _workflow(directory, snakefile, min(times))
    said = (UNKNOWN, TIMES, PARAMS, TOGETHER, HASHED)
    gaps = [*gaps, *more, *mine, *(Gap("post-hoc", "run", text) for text in said)]
    run = Run(
        id="",
        status="lost" if any(job.status == "lost" for job in jobs) else "succeeded",
        workdir=str(directory.absolute()),
        workflow=workflow,
        started=min(times),
        ended=max(times),
        provcap_version=__version__,
        steps=tuple(Step(rule) for rule in dict.fromkeys(job.rule for job in jobs)),
        jobs=tuple(jobs),
        images=tuple(images),
        about=about,
        gaps=tuple(sorted(set(gaps), key=lambda gap: (gap.subject, gap.slug, gap.message))),
    )
    stamp = re.sub(r"[-:]", "", run.started[:19])
    name = f"{stamp}-{codec.short_id(codec.encode(replace(run, workdir='')))[:6]}"
    return replace(run, id=name, jobs=tuple(replace(job, run=name) for job in jobs))


def _workflow(directory: Path, snakefile: Path | None, began: str) -> tuple[Workflow, list[Gap]]:
    """The workflow, of which Snakemake's metadata does not say where it was."""
    if snakefile is None:
        return Workflow("unknown"), [Gap("post-hoc", "run", "the workflow's files: the metadata does not name them")]
    place = snakefile.absolute()
    content = place.read_bytes()
    path = str(place.relative_to(directory.absolute())) if place.is_relative_to(directory.absolute()) else str(place)
    found = store.keep_source(directory, content)
    source = Source(path, found, len(content), "snakefile", str(place))
    gaps = [Gap("post-hoc", "run", f"that {path} is the workflow was said at the import; its other files are unknown")]
    if iso(place.stat().st_mtime) > began:
        message = "it was changed after the first job had begun: what was run may have been another text"
        gaps.append(Gap("post-hoc-changed", f"file:{path}", message))
    return Workflow(path, (source,)), gaps


def _jobs(found: list[Record], evidence: Evidence, gaps: list[Gap]) -> tuple[list[Job], list[Image]]:
    """The jobs in the order of their start, or of their end where that is not known, and the images they name."""
    jobs, images = [], dict[str, Image]()
    backwards = 0
    for group in _together(found):
        job = _job(group, evidence, gaps)
        started, ended = _span(group)
        backwards += started is None and any(record.started for record in group)
        jobs.append(replace(job, started=iso(started) if started else None, ended=iso(ended) if ended else None))
        if job.image and job.image not in images:
            images[job.image] = Image(job.image, job.image)
            message = "the rule names it; which file or digest ran was not recorded"
            gaps.append(Gap("image-digest-unknown", f"image:{job.image}", message))
    gaps += _deployment(found)
    if backwards:
        message = f"when {backwards} of the jobs began: the time that was noted lies after that of their outputs"
        gaps.append(Gap("post-hoc", "run", message))
    jobs.sort(key=lambda job: (job.started or job.ended or "", job.rule, job.id))
    return jobs, [images[name] for name in sorted(images)]


def _ran_in_image(record: Record) -> bool:
    """Whether it is sure that the rule's image was used: Snakemake's hash is of that image and nothing else.

    Since format 6 it is of what was switched on. Snakemake 8 hashes the image of a rule without using it, too.
    """
    if record.container is None or record.format < 6:
        return False
    return record.software == hashlib.md5(record.container.encode(), usedforsecurity=False).hexdigest()


def _deployment(found: list[Record]) -> list[Gap]:
    """What is not known of images and conda environments that rules name; a gap for each case, not for each job."""
    cases: dict[str, set[str]] = defaultdict(set)
    for record in found:
        unused = record.software == _NO_SOFTWARE
        if record.container and not _ran_in_image(record):
            why = "was not used" if unused else "may have been used or not: nothing tells"
            cases[f"it names the image {record.container}, which {why}, so it is left out"].add(record.rule)
        if record.conda:
            why = "was not used, so it is left out" if unused else "is recorded; that it was used is not"
            cases[f"the file of its conda environment {why}"].add(record.rule)
    return [Gap("post-hoc", "run", f"rule {', '.join(sorted(rules))}: {case}") for case, rules in cases.items()]


def _together(found: list[Record]) -> list[list[Record]]:
    """The records of each job: those that agree in all but the output, and were marked as begun at once."""
    alike: dict[Record, list[Record]] = defaultdict(list)
    for record in found:
        alike[replace(record, path="", started=None, ended=None)].append(record)
    groups: list[list[Record]] = []
    for same in alike.values():
        same.sort(key=lambda record: (record.started or 0, record.path))
        for before, record in zip([None, *same], same, strict=False):
            near = before is not None and (record.started or 0) - (before.started or 0) <= _SPREAD_S
            if near and record.job is not None:
                groups[-1].append(record)
            else:
                groups.append([record])
    return groups


def _span(group: list[Record]) -> tuple[float | None, float | None]:
    """When the job began and ended. Snakemake notes the time of noting when its mark is gone, as after ``run:``."""
    started = min((r.started for r in group if r.started), default=None)
    ended = None if any(r.incomplete for r in group) else max((r.ended for r in group if r.ended), default=None)
    return (None, ended) if started and ended and started > ended else (started, ended)


def _job(group: list[Record], evidence: Evidence, gaps: list[Gap]) -> Job:
    record, scrub = group[0], Scrubber()
    outputs = tuple(evidence.output(r) for r in sorted(group, key=lambda r: r.path))
    identity = codec.short_id([record.rule, [r.path for r in group], [[r.started, r.ended] for r in group]])
    command, kind = _command(record)
    job = Job(
        id=identity,
        run="",
        rule=record.rule,
        status="lost" if any(r.incomplete for r in group) else "succeeded",
        kind=kind,
        params=_params(record.params, scrub),
        command=scrub.text(command, code=record.shellcmd is None) if command else None,
        inputs=_present(evidence.input(record, path) for path in record.inputs if path not in _SPECIAL),
        outputs=_present(outputs),
        logs=_present(evidence.log(record, path) for path in record.logs),
        image=record.container if _ran_in_image(record) else None,
        conda_env=scrub.text(record.conda) if record.conda and record.software != _NO_SOFTWARE else None,
        redactions=dict(scrub.counts),
    )
    if scrub.counts:
        counts = ", ".join(f"{count} {rule}" for rule, count in sorted(scrub.counts.items()))
        gaps.append(Gap("redacted", f"job:{identity}", f"secrets were replaced in its record: {counts}"))
    return job


def _present(found: Iterable[Artifact | None]) -> tuple[Artifact, ...]:
    return tuple(artifact for artifact in found if artifact is not None)


def _command(record: Record) -> tuple[str | None, str]:
    """What the job ran, and of which kind it is. The code of Snakemake 7 and 8 is a pickle, which nobody opens."""
    if record.shellcmd is not None:
        return record.shellcmd, "shell"
    code = record.code if record.code and any(character in record.code for character in ' \n("') else None
    match = _KIND.match(code or "")
    return code.strip() if code else None, match[1] if match else "run"


def _params(texts: Iterable[str], scrub: Scrubber) -> dict[str, JSON]:
    """The values of the params under one name, as their own are not known."""
    values: list[JSON] = [scrub.value(_literal(text)) for text in texts]
    return {"unnamed": values} if values else {}


def _literal(text: str) -> JSON:
    """The value that `text` is the ``repr`` of, when JSON has such; else `text` as it stands."""
    try:
        value = ast.literal_eval(text) if len(text) <= _LIMIT else text
        plain: JSON = json.loads(json.dumps(value, allow_nan=False))
        codec.dumps(plain).encode("utf-8")
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
    return text if isinstance(value, tuple | dict) else plain
