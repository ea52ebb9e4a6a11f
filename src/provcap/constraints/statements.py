"""What can be told from the statements alone: uniqueness (22 to 27), typing and impossibility (50 to 56)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from prov.model import PROV

from provcap.constraints.facts import Facts, Statement, Violation
from provcap.constraints.rings import rings

KEYS = {"Generation": (24, (0, 1)), "Invalidation": (25, (0, 1)), "Start": (26, (0, 2)), "End": (27, (0, 2))}


def same_id(facts: Facts) -> Iterator[Violation]:
    """22, 23: statements with one identifier are one statement, so their arguments must agree."""
    known: dict[tuple[str, str], list[Any]] = {}
    for said in facts.statements:
        if said.id is None:
            continue
        merged = known.setdefault((said.kind, said.id), [None] * len(said.args))
        for position, value in enumerate(said.args):
            if value is not None and merged[position] not in (None, value):
                number = 22 if said.kind in ("Entity", "Activity", "Agent") else 23
                yield Violation(number, (said.id,), f"{said.id} is both {merged[position]} and {value}")
            merged[position] = value if merged[position] is None else merged[position]


def unique(facts: Facts) -> Iterator[Violation]:
    """24 to 27: one generation of an entity by an activity, one invalidation, one start and one end by another."""
    known: dict[tuple[str, Any, Any], Statement] = {}
    for said in facts.statements:
        number, positions = KEYS.get(said.kind, (0, (0, 0)))
        one, other = (said.args[p] for p in positions) if number else (None, None)
        if one is None or other is None:
            continue
        first = known.setdefault((said.kind, one, other), said)
        times = {s.args[-1] for s in (first, said)} - {None}
        if len({s.id for s in (first, said)} - {None}) > 1 or len(times) > 1:
            told = f"{said.kind.lower()} of {one} by {other} is told twice, and differently"
            yield Violation(number, (one, other), told)


def typed(facts: Facts) -> Iterator[Violation]:
    """50, 55: nothing is an activity and an entity. 53, 54: the name of a relation names nothing else."""
    for name in facts.declared.keys() | facts.inferred.keys():
        declared, inferred = facts.declared.get(name, set()), facts.inferred.get(name, set())
        if {"activity", "entity"} <= declared:
            yield Violation(55, (name,), f"{name} is declared as an activity and as an entity")
        elif {"activity", "entity"} <= declared | inferred:
            yield Violation(50, (name,), f"{name} is used as an activity and as an entity")
    kinds: dict[str, str] = {}
    for said in facts.statements:
        if said.kind in ("Entity", "Activity", "Agent") or said.id is None:
            continue
        first = kinds.setdefault(said.id, said.kind)
        if first != said.kind and "Influence" not in (first, said.kind):
            yield Violation(53, (said.id,), f"{said.id} names a {first.lower()} and a {said.kind.lower()}")
        if said.id in facts.declared or said.id in facts.inferred:
            yield Violation(54, (said.id,), f"{said.id} names a {said.kind.lower()} and a thing")


def impossible(facts: Facts) -> Iterator[Violation]:
    """51: no generation or usage without its activity. 52: nothing specializes itself. 56: nothing is in the empty."""
    general: dict[Hashable, list[Hashable]] = {}
    empty = {said.id for said in facts.statements if PROV["EmptyCollection"] in said.types}
    for said in facts.statements:
        if said.kind == "Derivation" and said.args[2] is None and any(said.args[3:]):
            yield Violation(51, said.args[:2], f"{said.args[0]}: a generation or usage, but no activity")
        elif said.kind == "Specialization":
            general.setdefault(said.args[0], []).append(said.args[1])
            general.setdefault(said.args[1], [])
        elif said.kind == "Membership" and said.args[0] in empty:
            yield Violation(56, said.args[:2], f"{said.args[1]} is a member of {said.args[0]}, which is empty")
    for ring in rings(general):
        if len(ring) > 1 or ring[0] in general[ring[0]]:
            names = tuple(sorted(map(str, ring)))
            yield Violation(52, names, f"{' and '.join(names)}: nothing is a specialization of itself")
