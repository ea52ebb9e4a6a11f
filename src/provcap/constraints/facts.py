"""What a PROV document states, and what each identifier in it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prov.model import ProvBundle, ProvRecord

#: what the arguments of each statement are: activities, entities, or anything else (PROV-CONSTRAINTS 50)
ROLES = {
    "Usage": "ae",
    "Generation": "ea",
    "Invalidation": "ea",
    "Start": "aea",
    "End": "aea",
    "Derivation": "eea",
    "Association": "a-e",
    "Delegation": "--a",
    "Attribution": "e-",
    "Communication": "aa",
    "Specialization": "ee",
    "Alternate": "ee",
    "Membership": "ee",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken constraint."""

    constraint: int  #: its number in PROV-CONSTRAINTS
    records: tuple[str, ...]  #: the identifiers it is about
    message: str


@dataclass(frozen=True, slots=True)
class Statement:
    kind: str
    id: str | None
    args: tuple[Any, ...]
    types: frozenset[Any]


@dataclass(slots=True)
class Facts:
    """The statements of one bundle, and what each identifier stands for."""

    statements: list[Statement]
    declared: dict[str, set[str]] = field(default_factory=dict)
    inferred: dict[str, set[str]] = field(default_factory=dict)


def gather(bundle: ProvBundle) -> Facts:
    facts = Facts([_statement(record) for record in bundle.get_records()])
    for said in facts.statements:
        if said.kind in ("Entity", "Activity", "Agent") and said.id:
            facts.declared.setdefault(said.id, set()).add(said.kind.lower())
        for role, value in zip(ROLES.get(said.kind, ""), said.args, strict=False):
            if role != "-" and value is not None:
                facts.inferred.setdefault(value, set()).add({"a": "activity", "e": "entity"}[role])
    return facts


def _statement(record: ProvRecord) -> Statement:
    values = tuple(_utc(v) if isinstance(v, datetime) else None if v is None else str(v) for v in record.args)
    name = str(record.identifier) if record.identifier else None
    return Statement(record.get_type().localpart, name, values, frozenset(record.get_asserted_types()))


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
