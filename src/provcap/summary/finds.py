"""What the gate found, for a person: by rule, each thing once, with the places where it is."""

from __future__ import annotations

from collections.abc import Sequence

from provcap.redact import Find, blocking
from provcap.redact.look import DERIVED
from provcap.summary.columns import counted, line

PLACES = 3  #: places of one thing that are named; more are counted
LONG = 70  #: characters of a place


def of_finds(crate: str, finds: Sequence[Find]) -> str:
    """All finds, and the verdict in the last line."""
    stop = blocking(finds)
    lines = [*_by_rule(stop), *(_passed(find) for find in finds if not find.blocks)]
    passed = f", {len(finds) - len(stop)} allowed" if len(finds) > len(stop) else ""
    if not stop:
        return "\n".join([*lines, f"{line(crate)}: nothing secret or personal was found (0 finds{passed})"])
    files = len({find.path for find in stop})
    verdict = f"{line(crate)} should not leave: {counted(len(stop), 'find')} in {counted(files, 'file')}{passed}"
    return "\n".join([*lines, verdict])


def _by_rule(finds: Sequence[Find]) -> list[str]:
    lines = []
    for rule in sorted({find.rule for find in finds}):
        same = [find for find in finds if find.rule == rule]
        lines.append(f"{rule}: {same[0].reason}")
        things: dict[str, list[str]] = {}
        for find in same:
            things.setdefault(find.what.partition(", ")[0], []).append(find.place)
        for what, places in things.items():
            places = [short(place) for place in sorted(places, key=lambda p: (p.startswith(DERIVED), p))]
            more = f" and {len(places) - PLACES} more files" if len(places) > PLACES else ""
            lines.append(line(f"  {what}  in {', '.join(places[:PLACES])}{more}"))
    return lines


def short(place: str) -> str:
    """`place`, or its beginning and end."""
    return place if len(place) <= LONG else f"{place[: LONG // 2]}…{place[-LONG // 2 :]}"


def _passed(find: Find) -> str:
    return line(f"allowed: {find.rule} in {find.place}: {find.what}, because {find.because or 'it does not block'}")
