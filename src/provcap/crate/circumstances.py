"""Under which circumstances an attempt ran: what it used, asked for, was granted, and drew at random.

Workflow Run RO-Crate has terms for the first only; the rest are PropertyValues with terms of our own.
"""

from __future__ import annotations

from provcap import codec
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, short_hash
from provcap.model import JSON, Draw, Job, Tool


def add_usage(draft: Draft, action: str, job: Job) -> None:
    usage = job.usage
    if usage is None:
        return
    amounts = (
        ("wallTime", usage.wall_s, profile.SECONDS),
        ("cpuUserTime", usage.cpu_user_s, profile.SECONDS),
        ("cpuSystemTime", usage.cpu_system_s, profile.SECONDS),
        ("maxResidentMemory", usage.max_rss_bytes, profile.BYTES),
    )
    for name, value, unit in amounts:
        if value is not None:
            entity = fragment("usage", job.id, name)
            properties = {"value": str(value), "propertyID": profile.OWN + name, "unitCode": unit}
            draft.add(entity, "PropertyValue", name=name, **properties)
            draft.link(action, "resourceUsage", entity)


def add_circumstances(draft: Draft, action: str, job: Job) -> None:
    """What the job asked for and where it was sent; one entity per value, shared by all jobs."""
    facts: list[tuple[str, str, JSON]] = [("resource", name, value) for name, value in job.resources.items()]
    facts += [
        ("resource", "threads", job.threads),
        ("group", "group", job.group),
        ("conda", "conda_env", job.conda_env),
    ]
    facts += [("allocation", name, value) for name, value in job.allocation.items()]
    counted = codec.encode(job.accounting) or {}  # without its times: the action has those of the attempt
    facts += [("accounting", name, value) for name, value in counted.items() if name not in ("started", "ended")]
    facts += [("envModule", "module", name) for name in job.env_modules]
    facts += [("limit", name, value) for name, value in job.limits.items()]
    facts += [("filesystem", "file system", job.filesystem), ("network", "network", job.network)]
    facts += [("redaction", rule, count) for rule, count in job.redactions.items()]
    facts += [("tool", tool.name, _tool(tool)) for tool in job.tools]
    facts += [("randomness", f"{draw.kind} {draw.source}", _draw(draw)) for draw in job.randomness]
    for kind, name, value in facts:
        if value is not None:
            entity = fragment("fact", kind, name, short_hash(value))
            draft.add(entity, "PropertyValue", name=name, value=_text(value), propertyID=profile.OWN + kind)
            draft.link(action, "additionalProperty", entity)


def _tool(tool: Tool) -> str:
    return " ".join(filter(None, (tool.path, tool.package, tool.version)))


def _draw(draw: Draw) -> str:
    return " ".join(filter(None, (draw.value or "value unknown", draw.where and f"at {draw.where}")))


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else str(value)
