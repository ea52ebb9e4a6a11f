"""A member of a JSON object, put into its text and taken out of it: all else stays byte for byte."""

from __future__ import annotations

import json
from typing import Final

_SPACE: Final = " \t\n\r"
_decoder: Final = json.JSONDecoder()


class NoObject(ValueError):
    """There is no object where one was looked for."""


def _skip(text: str, place: int) -> int:
    while text[place : place + 1] and text[place] in _SPACE:
        place += 1
    return place


def _members(text: str, place: int) -> tuple[list[tuple[str, int, int, int]], int]:
    """Name, start, start of the value and end of each member of the object that begins at `place`; where it ends."""
    found: list[tuple[str, int, int, int]] = []
    if text[place : place + 1] != "{":
        raise NoObject
    place = _skip(text, place + 1)
    while text[place : place + 1] == '"':
        name, colon = _decoder.raw_decode(text, place)
        value = _skip(text, _skip(text, colon) + 1)
        _, end = _decoder.raw_decode(text, value)
        found.append((name, place, value, end))
        place = _skip(text, end)
        if text[place : place + 1] == ",":
            place = _skip(text, place + 1)
    return found, place


def _object(text: str, path: tuple[str, ...]) -> int:
    """Where the object at `path` begins. Raises NoObject."""
    place = _skip(text, 0)
    for name in path:
        hits = [value for known, _, value, _ in _members(text, place)[0] if known == name]
        if not hits:
            raise NoObject
        place = hits[-1]  # of equal names the last counts, as everywhere in Python
    if text[place : place + 1] != "{":
        raise NoObject
    return place


def put(text: str, path: tuple[str, ...], name: str, value: str) -> str:
    """`text` with the member `name` first in the object at `path`; one of that name is taken out. Raises ValueError."""
    json.loads(text)  # the whole of it, before any part is trusted
    text = take(text, path, name)
    place = _object(text, path) + 1
    rest = "" if text[_skip(text, place)] == "}" else ","
    return f"{text[:place]}{json.dumps(name)}:{value}{rest}{text[place:]}"


def take(text: str, path: tuple[str, ...], name: str) -> str:
    """`text` without the member `name` of the object at `path`: what `put` gave becomes what it was given."""
    try:
        start = _object(text, path)
    except NoObject:
        return text
    members, _ = _members(text, start)
    for number, (known, begin, _, end) in reversed(list(enumerate(members))):
        if known != name:
            continue
        if number + 1 < len(members):
            comma = _skip(text, end)
            text = text[:begin] + text[comma + 1 :]
        elif number:
            text = text[: text.rindex(",", 0, begin)] + text[end:]
        else:
            text = text[:begin] + text[end:]
    return text
