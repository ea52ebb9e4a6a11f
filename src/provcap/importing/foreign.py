"""A Workflow Run RO-Crate of another engine → Run: what can be shown and compared of it, and no more.

It reads the Process, Workflow and Provenance Run Crate profiles as cwltool (by runcrate), nf-prov and Galaxy write
them. Every entity may be missing, of another type or refer to itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from provcap import codec
from provcap.capture.clock import iso
from provcap.errors import RunNotFound
from provcap.importing.naming import Entities, Entity, files_in, has_type, is_sound, names, one, refs, text
from provcap.model import JSON, About, Agent, Artifact, Gap, Image, Job, Organization, Run, Status, Step, Workflow

__all__ = ["as_run", "names"]

ACTIONS: Final = {"CreateAction", "ActivateAction", "UpdateAction"}
LONGEST: Final = 1 << 16  #: characters of an error
_HEX: Final = re.compile(r"[0-9a-f]{64}")


def as_run(entities: Entities, where: str) -> Run:
    """The Run that a crate of another engine describes; `where` names the crate in errors.

    Raises RunNotFound (``foreign-crate``) when it describes none.
    """
    entities = {name: entity for name, entity in entities.items() if is_sound(name)}
    actions = {name: e for name, e in entities.items() if has_type(e, ACTIONS)}
    if not actions:
        raise RunNotFound(
            "foreign-crate", f"the crate {where} tells of no run: it has no CreateAction", "provcap check works on it"
        )
    root = entities.get("./", {})
    main = one(root, "mainEntity")
    whole = {name for name, e in actions.items() if _is_workflow(entities, e, main)}
    files = names(entities)
    unsplit = len(whole) == len(actions)
    jobs = [_job(entities, name, e, files) for name, e in actions.items() if unsplit or name not in whole]
    jobs.sort(key=lambda job: (job.started or job.ended or "", job.rule, job.id))
    engines = [e for e in entities.values() if has_type(e, {"OrganizeAction"})]
    tops = [actions[name] for name in sorted(whole)] or list(actions.values())
    times = sorted(filter(None, (_time(e, key) for e in (*tops, *engines) for key in ("startTime", "endTime"))))
    times = times or sorted(filter(None, (time for job in jobs for time in (job.started, job.ended))))
    name = min(whole) if len(whole) == 1 else next(iter(actions)) if len(actions) == 1 else ""
    identity = name.lstrip("#") if re.fullmatch(r"#?[\w.:-]{1,80}", name) else codec.short_id(sorted(actions))
    states = [_status(e) for e in tops if whole] or [job.status for job in jobs]
    return Run(
        id=identity,
        status="failed" if "failed" in states else "lost" if "lost" in states else "succeeded",
        workdir="/",
        workflow=Workflow(main or "unknown", repository=text(entities.get(main or "", {}), "codeRepository")),
        started=times[0] if times else "",
        ended=times[-1] if times and any(_time(e, "endTime") for e in (*tops, *engines)) else None,
        targets=tuple(sorted({files[i] for e in tops if whole for i in files_in(entities, refs(e, "result"))})),
        steps=_steps(entities, actions.values(), jobs),
        jobs=tuple(replace(job, run=identity) for job in jobs),
        images=_images(entities, actions.values()),
        about=_about(entities, root, [*engines, *tops]),
        gaps=_gaps(entities, list(actions.values()), engines, unsplit, bool(times)),
        errors=tuple(said for e in (*tops, *engines) if whole and (said := _error(e))),
    )


def _is_workflow(entities: Entities, action: Entity, main: str | None) -> bool:
    """Whether `action` is the run of a workflow as a whole, the main one or a part of it."""
    tool = one(action, "instrument")
    return tool is not None and (tool == main or has_type(entities.get(tool, {}), {"ComputationalWorkflow"}))


def _job(entities: Entities, name: str, action: Entity, files: Mapping[str, str]) -> Job:
    params: dict[str, JSON] = {}
    for value in (entities.get(i, {}) for i in refs(action, "object")):
        given = value.get("value")
        if has_type(value, {"PropertyValue"}) and (is_sound(given) or isinstance(given, int | float)):
            params[text(value, "name") or "unnamed"] = _finite(given)
    code = action.get("exitCode")
    status = _status(action)
    return Job(
        id=name.lstrip("#"),
        run="",
        rule=_rule(entities, action),
        status=status,
        kind="step",
        params=params,
        inputs=_artifacts(entities, refs(action, "object"), files),
        outputs=_artifacts(entities, refs(action, "result"), files),
        image=next(iter(_image_names(action)), None),
        started=_time(action, "startTime"),
        ended=_time(action, "endTime"),
        exit_code=code if isinstance(code, int) and not isinstance(code, bool) else None,
        error=_error(action) if status != "succeeded" else None,
    )


def _rule(entities: Entities, action: Entity) -> str:
    """What the action ran: the name of its instrument."""
    tool = one(action, "instrument")
    return text(entities.get(tool or "", {}), "name") or tool or text(action, "name") or "unknown"


def _finite(value: str | float | bool) -> JSON:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _artifacts(entities: Entities, found: list[str], files: Mapping[str, str]) -> tuple[Artifact, ...]:
    return tuple(_artifact(entities[name], files[name]) for name in files_in(entities, found))


def _artifact(entity: Entity, path: str) -> Artifact:
    stated, size = str(entity.get("sha256") or "").lower(), str(entity.get("contentSize") or "")
    directory = has_type(entity, {"Dataset"})
    return Artifact(
        path,
        "directory" if directory else "file",
        f"sha256:{stated}" if _HEX.fullmatch(stated) and not directory else None,
        int(size) if re.fullmatch(r"[0-9]{1,18}", size) else None,
        text(entity, "encodingFormat"),
    )


def _status(action: Entity) -> Status:
    """How the action ended. One that does not say so has succeeded when it names a result, or its end, and no error."""
    said = action.get("actionStatus")
    said = str(said.get("@id") if isinstance(said, dict) else said or "").rpartition("/")[2]
    if said == "CompletedActionStatus":
        return "succeeded"
    if said == "FailedActionStatus" or (not said and action.get("error")):
        return "failed"
    return "succeeded" if not said and (action.get("result") or _time(action, "endTime")) else "lost"


def _error(action: Entity) -> str | None:
    said = text(action, "error")
    return said[:LONGEST] if said else None


def _time(entity: Entity, key: str) -> str | None:
    """A time as the model has it; one without a zone is taken for UTC; a date without a time of day is none."""
    said = text(entity, key)
    try:
        found = datetime.fromisoformat(said) if said and "T" in said else None
        zoned = found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
        return iso(zoned.timestamp()) if zoned and zoned.year >= 1000 else None
    except (ValueError, OverflowError):
        return None


def _steps(entities: Entities, actions: Iterable[Entity], jobs: list[Job]) -> tuple[Step, ...]:
    told: dict[str, str] = {}
    for action in actions:
        tool = entities.get(one(action, "instrument") or "", {})
        version = text(tool, "softwareVersion") or text(tool, "version")
        parts = filter(None, (text(tool, "description"), version and f"version {version}"))
        told[_rule(entities, action)] = ", ".join(parts)
    return tuple(Step(rule, description=told.get(rule) or None) for rule in dict.fromkeys(job.rule for job in jobs))


def _image_names(action: Entity) -> list[str]:
    value = text(action, "containerImage")
    return [value] if value else refs(action, "containerImage")


def _images(entities: Entities, actions: Iterable[Entity]) -> tuple[Image, ...]:
    found = {}
    for name in (name for action in actions for name in _image_names(action)):
        entity = entities.get(name, {})
        tag, registry = text(entity, "tag"), text(entity, "registry")
        reference = "/".join(filter(None, (registry, text(entity, "name")))) + (f":{tag}" if tag else "")
        stated = str(entity.get("sha256") or "").lower()
        kind = one(entity, "additionalType") or ""
        found[name] = Image(
            name,
            reference or name,
            "docker" if kind.endswith("DockerImage") else "sif",
            digest=f"sha256:{stated}" if _HEX.fullmatch(stated) else None,
        )
    return tuple(found[name] for name in sorted(found))


def _about(entities: Entities, root: Entity, tops: list[Entity]) -> About:
    operators = [person for top in tops for person in _people(entities, refs(top, "agent"))]
    publisher = entities.get(one(root, "publisher") or "", {})
    title = text(publisher, "name")
    return About(
        title=text(root, "name"),
        description=text(root, "description"),
        license=text(root, "license") or one(root, "license"),
        authors=tuple(_people(entities, refs(root, "author"))),
        publisher=Organization(title, one(root, "publisher")) if title else None,
        operator=operators[0] if operators else None,
    )


def _people(entities: Entities, found: list[str]) -> list[Agent]:
    people = [(name, text(entities.get(name, {}), "name")) for name in found]
    return [Agent(said, name if name.startswith("https://orcid.org/") else None) for name, said in people if said]


def _gaps(
    entities: Entities, actions: list[Entity], engines: list[Entity], unsplit: bool, timed: bool
) -> tuple[Gap, ...]:
    """What a reader of a run that provcap recorded would look for, and does not find here."""
    by = sorted({_rule(entities, engine) for engine in engines})
    writer = " by " + ", ".join(by) if by else ", by an engine that it does not name"
    said = [f"this run was recorded{writer}: software, machines, randomness and use of resources are not read from it"]
    if unsplit:
        said.append("the steps of the workflow: the crate tells of its run as a whole alone")
    silent = sum(not action.get("actionStatus") for action in actions)
    if silent:
        said.append(f"how {silent} actions ended: those with a result, or an end, and no error, are taken as succeeded")
    if not timed:
        said.append("when it ran")
    times = [text(action, key) or "" for action in actions for key in ("startTime", "endTime")]
    if any("T" in time and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", time) for time in times):
        said.append("the zone of its times: they are read as UTC")
    made = [entities[i] for action in actions for i in files_in(entities, refs(action, "result"))]
    unhashed = sum(not entity.get("sha256") and not has_type(entity, {"Dataset"}) for entity in made)
    if unhashed:
        said.append(f"the SHA-256 of {unhashed} results: the crate does not state it")
    return tuple(Gap("foreign-crate", "run", message) for message in sorted(said))
