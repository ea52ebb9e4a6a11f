"""Carrying out a plan: files and images come to their places, Snakemake runs with capture on, results are compared."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from provcap import assessed, codec, collect, launch, store
from provcap.capture import replay
from provcap.compare import Limits, compare
from provcap.errors import ProvcapError
from provcap.model import About, Agent, Assessment, Comparison, Gap, Organization, Run
from provcap.opening import Opened, open_run
from provcap.questions import fell_short, outputs
from provcap.rerun.files import put
from provcap.rerun.images import obtain, pinned, pulled, put_recipe
from provcap.rerun.plan import Plan

FORMAT = "provcap.rerun/1"
CONFIG = "rerun-config.yaml"  #: below .provcap: settings that replace those of the crate
TAIL_LINES = 15
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a rerun is carried out, apart from what is repeated."""

    cores: int | None = None  #: None: all of this machine
    profile: str | None = None  #: a Snakemake profile, for another executor
    replay: bool = False  #: give recorded entropy back to generators that nobody seeded
    limits: Limits | None = None  #: None: bytes must agree
    arguments: tuple[str, ...] = ()  #: more words for Snakemake
    config: dict[str, Any] = field(default_factory=dict)  #: settings that are changed on purpose
    variables: dict[str, str | None] = field(default_factory=dict)
    varied: str = ""  #: what is changed on purpose


@dataclass(frozen=True, slots=True)
class Rerun:
    """A rerun that has ended."""

    folder: Path  #: of the new run
    workdir: Path
    comparison: Comparison


def carry_out(plan: Plan, manner: Manner, say: Say) -> Rerun:
    """Repeat the run. Raises ProvcapError when something is missing, and when Snakemake fails."""
    prepare(plan, say)
    folder = _run(plan, manner, say)
    opened = open_run(str(folder), plan.layout.workdir)
    original = Opened(plan.run, files=plan.root, crate=plan.root)
    comparison = compare(original, opened, manner.limits, only=plan.targets or None)
    assess(folder, plan.run, opened.run, comparison)
    return Rerun(folder, plan.layout.workdir, comparison)


def prepare(plan: Plan, say: Say) -> None:
    """Bring files and images to their places. Raises ProvcapError when something is missing."""
    if plan.missing:
        shown = ", ".join(plan.missing[:5]) + (f" and {len(plan.missing) - 5} more" if len(plan.missing) > 5 else "")
        hint = "get it and name its folder: provcap rerun … --from FOLDER (found there by digest, whatever its name)"
        raise ProvcapError("rerun-incomplete", f"nobody here has {shown}", hint)
    plan.layout.workdir.mkdir(parents=True, exist_ok=True)
    here = [item for item in plan.files if item.origin]
    say(f"{len(here)} files of the crate go to {plan.layout.root}")
    for item in here:
        put(item)
    done = [obtain(supply, say) for supply in plan.images]
    for supply in done:
        put_recipe(supply, plan.root)
    exact = {f"image:{s.image.reference}" for s in done if s.exact or pinned(s)}
    plan.gaps = [g for g in plan.gaps if g.slug != "image-differs" or g.subject not in exact]
    for gap in plan.gaps:
        say(f"warning: {gap.subject}: {gap.message} [{gap.slug}]")
    about = plan.layout.workdir / "provcap.yaml"
    if not about.exists():
        about.write_text(_about(plan.run.about), "utf-8")


def _run(plan: Plan, manner: Manner, say: Say) -> Path:
    """Run Snakemake with capture on; the folder of the new run."""
    workdir = plan.layout.workdir
    with tempfile.TemporaryDirectory(prefix="provcap-rerun-") as scratch:
        note = Path(scratch, "rerun.json")
        note.write_text(_note(plan, manner), "utf-8")
        variables = {**plan.variables, **manner.variables, "PROVCAP_RERUN": str(note)}
        variables[replay.VARIABLE] = variables["SNAKEMAKE_PROFILE"] = None
        if manner.replay:
            entropy = Path(scratch, "replay.json")
            entropy.write_text(codec.dumps(replay.replay_file(plan.run)), "utf-8")
            variables[replay.VARIABLE] = str(entropy)
        words = arguments(plan, manner)
        say("snakemake " + " ".join(words))
        code, folder = launch.run_snakemake(words, workdir, variables, stdout=sys.stderr.fileno())
    if folder is None:
        raise ProvcapError(
            "rerun-failed", f"Snakemake ran nothing (exit code {code})", f"its words are above; see {workdir}"
        )
    if code != 0:
        run = open_run(str(folder), workdir).run
        hint = f"everything that was recorded: provcap show -d {workdir}; why: provcap diff CRATE {workdir}"
        raise ProvcapError("rerun-failed", f"the rerun failed (exit code {code}){_tail(run, plan.run)}", hint)
    return folder


def arguments(plan: Plan, manner: Manner) -> list[str]:
    """The words for Snakemake."""
    # a profile beside the workflow belongs to the original machine; what it says of results has been carried over
    words = ["-s", str(plan.snakefile), "--workflow-profile", "none"]
    if plan.images:  # else Snakemake looks for pulled images where APPTAINER_CACHEDIR says, and pulls its own
        words += ["--singularity-prefix", str(pulled(plan.layout))]
    if manner.profile is not None:
        profile = Path(manner.profile)
        words += ["--profile", str(profile.absolute()) if profile.is_dir() else manner.profile]
    if manner.profile is None or manner.cores is not None:
        words += ["--cores", str(manner.cores or _cores())]
    command = replace(plan.command, arguments=list(plan.command.arguments))
    if "--set-threads" in manner.arguments:  # Snakemake heeds the last one only
        command.drop("--set-threads")
    config = {**plan.config, **manner.config}
    if config:
        path = plan.layout.workdir / store.FOLDER / CONFIG
        store.write_atomic(path, yaml.safe_dump(config, allow_unicode=True, sort_keys=True).encode())
        command.configfiles = [*command.configfiles, str(path)]
    return [*words, *manner.arguments, *command.words()]


def _cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _note(plan: Plan, manner: Manner) -> str:
    """What the new run shall know of itself from its beginning."""
    gaps = list(plan.gaps)
    if manner.varied:
        gaps.append(Gap("varied", "run", f"{manner.varied} was changed on purpose, to see what depends on it"))
    content = {
        "format": FORMAT,
        "rerun_of": plan.run.id,
        "origins": codec.encode(plan.origins),
        "gaps": codec.encode(tuple(gaps)),
    }
    return codec.dumps(content)


def _tail(run: Run, original: Run) -> str:
    """What the first job that failed said last, or Snakemake itself; and whether that job ever did better."""
    failed = next((job for job in run.jobs if fell_short(job)), None)
    text = (failed.log_tail or failed.error or "") if failed else "\n".join(run.errors)
    lines = [line for line in text.splitlines() if line.strip()][-TAIL_LINES:]
    name = f" in {failed.label}" if failed else ""
    before = {fell_short(job) for job in original.jobs if failed and job.label == failed.label}
    told = ", as in the original run" if before == {True} else ""
    return name + told + "".join(f"\n  {line}" for line in lines)


def assess(folder: Path, first: Run, second: Run, comparison: Comparison) -> None:
    """Write the verdicts back into the new run's record."""
    left, right = ({a.path: a for a in outputs(run)} for run in (first, second))
    found = []
    for verdict in comparison.verdicts:
        x, y = left.get(verdict.path), right.get(verdict.path)
        before = (x.digest, x.size_bytes) if x else (None, None)
        found.append(Assessment(verdict, *before, y.digest if y else None, comparison.limits_digest))
    assessed.keep(folder, found)
    collect.collect(folder)


def _about(about: About) -> str:
    """provcap.yaml of the rerun: what was said of the original, and that this is a rerun; who ran it is not known."""
    plain = {
        "title": f"Rerun of: {about.title}" if about.title else None,
        "description": about.description,
        "license": about.license,
        "keywords": list(about.keywords),
        "authors": [_person(person) for person in about.authors],
        "publisher": _organization(about.publisher) if about.publisher else None,
    }
    return yaml.safe_dump({k: v for k, v in plain.items() if v}, allow_unicode=True, sort_keys=False)


def _person(person: Agent) -> dict[str, Any]:
    plain = {"name": person.name, "orcid": person.id}
    found: dict[str, Any] = {key: value for key, value in plain.items() if value}
    if person.affiliation:
        found["affiliation"] = _organization(person.affiliation)
    return found


def _organization(organization: Organization) -> dict[str, str]:
    plain = {"name": organization.name, "ror": organization.id, "url": organization.url}
    return {key: value for key, value in plain.items() if value}


def describe(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, for --dry-run."""
    return {
        "run": plan.run.id,
        "workdir": str(plan.layout.workdir),
        "jobs": plan.jobs(),
        "files": [
            {"path": f.path, "to": str(f.target), "from": f.origin_name or None, "digest": f.digest} for f in plan.files
        ],
        "images": [{"reference": s.image.reference, "digest": s.image.digest, "from": s.told} for s in plan.images],
        "missing": plan.missing,
        "arguments": ["-s", str(plan.snakefile), *plan.command.words()],
        "config": plan.config,
        "variables": plan.variables,
        "left_behind": plan.command.left,
        "gaps": [json.loads(codec.dumps(codec.encode(gap))) for gap in plan.gaps],
    }
