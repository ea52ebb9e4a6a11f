"""What happened: the run, its steps, and every attempt at a job (Provenance Run Crate 0.5, "Actions")."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from provcap import progress, questions
from provcap.crate import profile_0_5 as profile
from provcap.crate.circumstances import add_circumstances, add_usage
from provcap.crate.draft import Draft, fragment, ref
from provcap.crate.packing import Packing
from provcap.crate.ports import Wiring
from provcap.model import Artifact, Job, Run

RUN_ID = "#run"
NO_END = "No end was recorded: how it ended, and when, is unknown."


@dataclass(frozen=True, slots=True)
class Scene:
    """What the actions refer to."""

    run: Run
    packing: Packing
    workflow: str
    tools: dict[str, str]  #: by rule
    images: dict[str, str]  #: by Image.id
    hosts: dict[str, str]  #: by Hardware.id
    agent: str | None


def has_action(run: Run, job: Job) -> bool:
    """Whether `job` stands for something that was executed, now or in an earlier run that is known."""
    if questions.ran(job):
        return True
    return job.status == "up_to_date" and job.run != run.id and bool(job.started and job.ended)


def add_jobs(draft: Draft, scene: Scene, wiring: Wiring) -> None:
    """An action for each attempt; a cached or skipped job has none, but its parameters are declared."""
    tries: dict[tuple[str, str, str], int] = defaultdict(int)
    names = Counter((*_identity(job), job.attempt) for job in scene.run.jobs)
    for job in scene.run.jobs:
        tries[_identity(job)] += job.status != "up_to_date"
    for job in progress.over(scene.run.jobs, "describing jobs"):
        passed = wiring.pass_values(job, scene.tools[job.rule])
        variables = wiring.pass_variables(job, scene.tools[job.rule])
        if not has_action(scene.run, job):
            continue
        unclear = names[*_identity(job), job.attempt] > 1  # nobody recorded wildcards that tell them apart
        retried = job.attempt > 1 or (tries[_identity(job)] > 1 and not unclear)
        action = _add_job(draft, scene, job, retried, unclear)
        for name, found in (("object", passed), ("environment", variables)):
            for target in found:
                draft.link(action, name, target)
        add_usage(draft, action, job)
        add_circumstances(draft, action, job)
        for log in [a for a in job.logs if a.kind != "missing"] + ([Artifact(job.benchmark)] if job.benchmark else []):
            draft.link(scene.packing.id_of(log), "about", action)


def _identity(job: Job) -> tuple[str, str, str]:
    return job.run, job.rule, repr(sorted(job.wildcards.items()))


def job_id(job: Job) -> str:
    """The @id of the action of `job`."""
    return fragment("job", job.id)


def _add_job(draft: Draft, scene: Scene, job: Job, retried: bool, unclear: bool) -> str:
    name = job.label + (f", attempt {job.attempt}" if retried else "")
    if unclear:
        name += f", of {job.outputs[0].path}" if job.outputs else f", {job.id}"
    earlier = f" (in the earlier run {job.run})" if job.run != scene.run.id else ""
    results = {scene.packing.id_of(a) for a in job.made if a.kind != "missing"}
    host, image = scene.hosts.get(job.hardware or ""), scene.images.get(job.image or "")
    ok = job.status in ("succeeded", "up_to_date")
    return draft.add(
        job_id(job),
        # an action that made nothing is no CreateAction (schema.org; RECOMMENDED by Process Run Crate 0.5)
        "CreateAction" if results else "ActivateAction",
        name=name + earlier,
        description=job.command or f"{job.kind} of rule {job.rule}" + (f": {job.script}" if job.script else ""),
        instrument=ref(scene.tools[job.rule]),
        agent=ref(scene.agent) if scene.agent else None,
        startTime=job.started,
        endTime=job.ended,
        actionStatus=profile.COMPLETED if ok else profile.FAILED,
        error=None if ok else _error(job),
        exitCode=job.exit_code,
        object={scene.packing.id_of(a) for a in job.read if a.kind != "missing"},
        result=results,
        containerImage=ref(image) if image else None,
        location=ref(host) if host else None,
    )


def _error(job: Job) -> str:
    said = [job.error] if job.error else []
    if job.exit_code is not None and job.exit_code != 0:
        ended = f"exit code {job.exit_code}" if job.exit_code > 0 else f"killed by signal {-job.exit_code}"
        said += [ended] if ended not in said else []
    if job.status == "lost":
        said.append(NO_END)
    if job.log_tail:
        said.append(f"The last lines of its log:\n{job.log_tail}")
    return "\n".join(said) or "It failed; why was not recorded."


def add_run(draft: Draft, scene: Scene, inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """The run of the workflow as a whole."""
    run, results = scene.run, set(outputs)
    configured = {scene.packing.sources[s.path] for s in run.workflow.sources if s.role == "config"}
    host = next((scene.hosts[h.id] for h in run.hardware if h.hostname and h.hostname == run.hostname), None)
    used = {scene.images[job.image] for job in run.jobs if job.image in scene.images}
    draft.add(
        RUN_ID,
        "CreateAction" if results else "ActivateAction",
        name=f"Run {run.id} of {run.workflow.snakefile}",
        description=command(run) + (f" (a rerun of {run.rerun_of})" if run.rerun_of else ""),
        identifier=run.id,
        instrument=ref(scene.workflow),
        object=set(inputs) | configured,
        result=results,
        location=ref(host) if host else None,
        containerImage=used,
        **_fate(scene),
    )


def _fate(scene: Scene) -> dict[str, Any]:
    run = scene.run
    said = list(run.errors)
    if run.status == "lost":
        said.append(NO_END)
    if not said:
        failed = sum(1 for job in run.jobs if questions.fell_short(job))
        said.append(f"{failed} attempts at jobs failed")
    return {
        "agent": ref(scene.agent) if scene.agent else None,
        "startTime": run.started,
        "endTime": run.ended,
        "actionStatus": profile.COMPLETED if run.status == "succeeded" else profile.FAILED,
        "error": None if run.status == "succeeded" else "\n".join(said),
    }


def command(run: Run) -> str:
    """The command line, as it could be typed."""
    return shlex.join(run.command) or "snakemake"


def add_orchestration(draft: Draft, scene: Scene, engine: str) -> None:
    """Snakemake at work: one ControlAction per rule with all attempts at its jobs, under one OrganizeAction.

    The engine's configuration is not its object, though the profile asks for it: roc-validator 0.13 takes nothing but
    ControlActions there (REQUIRED 8.3).
    """
    attempts: dict[str, list[Job]] = defaultdict(list)
    for job in scene.run.jobs:
        if has_action(scene.run, job) and job.run == scene.run.id:
            attempts[job.rule].append(job)
    controls = set()
    for rule, jobs in attempts.items():
        done = {_identity(job) for job in jobs if job.status == "succeeded"}
        fine = all(_identity(job) in done for job in jobs)
        control = fragment("control", rule)
        controls.add(control)
        draft.add(
            control,
            "ControlAction",
            name=f"Orchestrate {rule}",
            instrument=ref(fragment("step", rule)),
            object={job_id(job) for job in jobs},
            actionStatus=profile.COMPLETED if fine else profile.FAILED,
        )
    if controls:
        name = "Snakemake" + (f" {scene.run.snakemake_version}" if scene.run.snakemake_version else "")
        properties = {"instrument": ref(engine), "result": ref(RUN_ID), "object": controls, **_fate(scene)}
        draft.add("#engine", "OrganizeAction", name=f"Run of {name}", description=command(scene.run), **properties)
