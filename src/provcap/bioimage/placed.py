"""YAML whose values know their lines, so that a mistake can be named by its line.

What a reader could overlook is refused: a key that is there twice, and values that stand elsewhere (``*name``, ``<<``),
which could also make a small file a huge one.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import yaml

Place: TypeAlias = tuple[str | int, ...]  #: keys and numbers on the way to a value
_STR: Final = "tag:yaml.org,2002:str"
_KINDS: Final = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class Misplaced(ValueError):
    """What stands in a line of the file is not allowed there."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise Misplaced(event.start_mark.line + 1, f"*{event.anchor} stands for a value elsewhere: write it here")
        return super().compose_node(parent, index)


def read(text: str) -> tuple[Any, dict[Place, int]]:
    """The one document in `text`, and the line of each value in it, from 1; of a value with a key, that of the key.

    Raises Misplaced, also for what is no YAML.
    """
    lines: dict[Place, int] = {}
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return (None if node is None else _value(loader, node, (), lines)), lines
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(filter(None, (error.context, error.problem)))
        if error.context == "while scanning an alias":
            words = "a text that begins with * is written in quotes"
        raise Misplaced(mark.line + 1 if mark else 1, " ".join(words.split())) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(str(error.character))
        raise Misplaced(line, f"the character U+{code:04X} is not allowed in YAML") from None
    except RecursionError:
        raise Misplaced(1, "its values stand too deep in each other") from None


def _value(loader: _Loader, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if isinstance(node, yaml.CollectionNode) and node.tag not in _KINDS:
        raise Misplaced(line, f"{node.tag} is not allowed here")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            here = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != _STR:
                raise Misplaced(here, "a key should be a word")
            if key.value in found:
                raise Misplaced(here, f"the key {key.value!r} is there twice")
            lines[*place, key.value] = here
            found[key.value] = _value(loader, value, (*place, key.value), lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*place, number), lines) for number, item in enumerate(node.value)]
    try:
        value = loader.construct_object(node)
        str(value).encode("utf-8")
    except (ValueError, TypeError, AttributeError):  # 5000 digits, a date that is none, half of a character
        raise Misplaced(line, "this value is none that can be written") from None
    return value
