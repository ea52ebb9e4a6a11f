"""The order of events (28 to 47 and 49): a graph of what comes before what, which must have no ring where one comes
strictly before another, and no time that runs against it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime
from typing import Any

from provcap.constraints.facts import Facts, Statement, Violation
from provcap.constraints.rings import rings

Event = tuple[str, Hashable]
Step = tuple[Event, Event, int]  #: the first comes before the second, or with it; by which constraint
STRICT = 42  #: the one order in which both cannot be at once

INSTANTS = {"Generation": ("gen", 39), "Invalidation": ("inv", 40), "Start": ("start", 31), "End": ("end", 32)}


def ordered(facts: Facts) -> Iterator[Violation]:
    """30 to 49: no derivation in a ring of events, and no event at a time before what it follows."""
    steps = list(_steps(facts))
    after: dict[Hashable, list[Hashable]] = {}
    for before, later, _ in steps:
        after.setdefault(before, []).append(later)
        after.setdefault(later, [])
    found = list(rings(after))
    ring_of = {event: number for number, ring in enumerate(found) for event in ring}
    for before, later, number in steps:
        if number == STRICT and ring_of[before] == ring_of[later]:
            names = (str(later[1]), str(before[1]))
            yield Violation(STRICT, names, f"{names[0]} is derived from {names[1]}, which does not come before it")
    times = yield from _instants(facts)
    incoming: dict[int, list[Step]] = {}
    for step in steps:
        if ring_of[step[0]] != ring_of[step[1]]:
            incoming.setdefault(ring_of[step[1]], []).append(step)
    yield from _late(found, ring_of, incoming, times)


def _late(
    found: list[list[Hashable]],
    ring_of: dict[Hashable, int],
    incoming: dict[int, list[Step]],
    times: dict[Event, datetime],
) -> Iterator[Violation]:
    """Events whose time is before that of an event which they follow, however far back that is."""
    latest: dict[int, tuple[datetime, Event]] = {}  # by ring, the latest known time so far and the event it is of
    for ring in reversed(range(len(found))):  # Tarjan finds those first to which nothing is added
        for before, later, number in incoming.get(ring, ()):
            past = latest.get(ring_of[before])
            if past is None:
                continue
            if later in times and times[later] < past[0]:
                names = (str(past[1][1]), str(later[1]))
                first, second = (
                    f"{past[1][0]} of {names[0]} at {past[0]}",
                    f"{later[0]} of {names[1]} at {times[later]}",
                )
                yield Violation(number, names, f"{first} must not come after {second}")
            if ring not in latest or past[0] > latest[ring][0]:
                latest[ring] = past
        for event in found[ring]:
            own = times.get(event)  # type: ignore[call-overload]
            if own is not None and (ring not in latest or own > latest[ring][0]):
                latest[ring] = (own, event)  # type: ignore[assignment]


def _instants(facts: Facts) -> Any:
    """The known time of each event; 28, 29, 31, 32, 39, 40: two statements of one event give one time."""
    times: dict[Event, datetime] = {}
    activities = [said for said in facts.statements if said.kind == "Activity"]
    own = {("start", said.id) for said in activities if said.args[0]} | {("end", s.id) for s in activities if s.args[1]}
    for position, said in enumerate(facts.statements):
        told: list[tuple[Event, Any, int]] = []
        if said.kind == "Activity":
            told = [(("start", said.id), said.args[0], 28), (("end", said.id), said.args[1], 29)]
        elif said.kind == "Usage":
            told = [(_usage(said, position), said.args[2], 23)]
        elif said.kind in INSTANTS:
            event, number = INSTANTS[said.kind]
            told = [((event, said.args[0]), said.args[-1], number)]
        for event_of, time, number in told:
            if time is not None and times.setdefault(event_of, time) != time:
                number -= 3 if number in (31, 32) and event_of in own else 0  # 28, 29: the activity tells another time
                yield Violation(number, (str(event_of[1]),), f"{event_of[0]} of {event_of[1]} at two times")
    return times


def _usage(said: Statement, position: int) -> Event:
    return ("use", said.id or f"{said.args[1]} by {said.args[0]} ({position})")


def _steps(facts: Facts) -> Iterator[Step]:
    """What comes before what (section 6.2), of events whose things are known."""
    kinds = {name: facts.declared.get(name, set()) | facts.inferred.get(name, set()) for name in facts.inferred}
    for name, of in {**facts.declared, **kinds}.items():
        if "activity" in of:
            yield ("start", name), ("end", name), 30
        if "entity" in of:
            yield ("gen", name), ("inv", name), 36
    for position, said in enumerate(facts.statements):
        rule = _RULES.get(said.kind)
        for before, later, number in rule(_usage(said, position), *said.args) if rule else ():
            if before[1] is not None and later[1] is not None:
                yield before, later, number


def _derivation_steps(_: Event, e2: Any, e1: Any, a: Any, __: Any, use: Any) -> Iterable[Step]:
    return ((("gen", e1), ("gen", e2), STRICT), (("use", use), ("gen", e2), 41), (("start", a), ("gen", e2), 34))


_RULES: dict[str, Callable[..., Iterable[Step]]] = {
    "Usage": lambda use, a, e, _: (
        (("start", a), use, 33),
        (use, ("end", a), 33),
        (("gen", e), use, 37),
        (use, ("inv", e), 38),
    ),
    "Generation": lambda _, e, a, __: ((("start", a), ("gen", e), 34), (("gen", e), ("end", a), 34)),
    "Communication": lambda _, a2, a1: ((("start", a1), ("end", a2), 35),),
    "Derivation": _derivation_steps,
    "Start": lambda _, a, e, a1, __: (
        (("gen", e), ("start", a), 43),
        (("start", a), ("inv", e), 43),
        (("start", a1), ("start", a), 43),  # its starter made the trigger: inference 9
    ),
    "End": lambda _, a, e, a1, __: (
        (("gen", e), ("end", a), 44),
        (("end", a), ("inv", e), 44),
        (("start", a1), ("end", a), 44),
    ),
    "Specialization": lambda _, e2, e1: ((("gen", e1), ("gen", e2), 45), (("inv", e2), ("inv", e1), 46)),
    "Association": lambda _, a, ag, __: (
        (("start", a), ("inv", ag), 47),
        (("gen", ag), ("end", a), 47),
        (("start", a), ("end", ag), 47),
        (("start", ag), ("end", a), 47),
    ),
    "Delegation": lambda _, ag2, ag1, __: ((("gen", ag1), ("inv", ag2), 49), (("start", ag1), ("end", ag2), 49)),
}
