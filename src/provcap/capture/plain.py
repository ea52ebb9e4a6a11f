"""Values of the workflow's making as plain ones that JSON and UTF-8 can hold.

To make a text of an object runs its own code, which may raise anything: also what ends a program.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
MAX_BITS = 14_000  #: of a whole number, about 4200 digits; Python makes no text of more than 4300
#: halves of characters; the others, U+DC80 to U+DCFF, stand for bytes of names that are not UTF-8
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def guarded(read: Callable[[], T], name: str, unread: list[str]) -> T | None:
    """What `read` returns; None when it raises anything at all, and `name` is put to `unread`."""
    try:
        return read()
    except BaseException:  # code of the workflow may raise SystemExit, and the job would end by it
        unread.append(name)
        return None


def gaps(unread: list[str], subject: str) -> list[dict[str, str]]:
    """The Gap of what could not be read of `subject`, if anything."""
    message = f"these could not be read: {', '.join(unread[:20])}"[:500]
    return [{"slug": "record-incomplete", "subject": subject, "message": message}] if unread else []


def value(found: Any, name: str, unread: list[str], depth: int = 6) -> Any:
    """`found` as JSON: numbers, texts, lists and dictionaries stay, anything else becomes its text.

    What cannot be read becomes ``<unreadable: …>`` with the name of what it raised, and `name` is put to `unread`.
    """
    try:
        return _value(found, name, unread, depth)
    except BaseException as error:
        if name not in unread:
            unread.append(name)
        return f"<unreadable: {type(error).__name__}>"


def _value(found: Any, name: str, unread: list[str], depth: int) -> Any:
    if found is None or isinstance(found, bool):
        return found
    if isinstance(found, int):
        return int(found) if found.bit_length() <= MAX_BITS else hex(found)
    if isinstance(found, str):
        return text(str(found))
    if isinstance(found, float):
        return float(found) if found == found and abs(found) != float("inf") else text(str(found))
    if depth and isinstance(found, dict):
        keys = _keys(list(found), name, unread)
        return {key: value(item, name, unread, depth - 1) for key, item in zip(keys, found.values(), strict=True)}
    if depth and isinstance(found, list | tuple | set | frozenset):
        items = sorted(found, key=str) if isinstance(found, set | frozenset) else found
        return [value(item, name, unread, depth - 1) for item in items]
    item = getattr(found, "item", None)  # a NumPy scalar
    if depth and callable(item) and getattr(found, "ndim", 1) == 0:
        return value(item(), name, unread, 0)
    return text(str(found))


def text(found: str) -> str:
    """`found` with halves of characters, which no file can hold, written as their escapes."""
    return _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", str.__str__(found))


def _keys(keys: list[Any], name: str, unread: list[str]) -> list[str]:
    """A text for each key, all different: those whose texts are the same stand as Python writes them, or get a number.

    They stay keys, because what is secret is known by them.
    """
    names = [str(value(key, name, unread, 0)) for key in keys]
    if len(set(names)) == len(names):
        return names
    counts, taken, found = Counter(names), set[str](), []
    for key, plain in zip(keys, names, strict=True):
        chosen = plain if counts[plain] == 1 else str(value(repr(key), name, unread, 0))
        number = 1
        while chosen in taken or (number > 1 and chosen in counts):
            number += 1
            chosen = f"{plain} ({number})"
        taken.add(chosen)
        found.append(chosen)
    return found
