"""The @graph of a crate while it grows."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

Properties = dict[str, Any]


def ref(identifier: str) -> dict[str, str]:
    """A reference to the entity `identifier`."""
    return {"@id": identifier}


def fragment(*parts: str) -> str:
    """An ``#id`` made of `parts`; equal parts, equal id."""
    return "#" + "/".join(escape(part) for part in parts)


@functools.lru_cache(maxsize=1 << 16)
def escape(text: str) -> str:
    """`text` percent-encoded for use in an @id; slashes stay (RO-Crate 1.1, section 4.2.2)."""
    return quote(text.encode("utf-8", "surrogateescape"))


def short_hash(*parts: object) -> str:
    """Twelve hexadecimal digits that depend on nothing but `parts`."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


class Draft:
    """Entities by @id. Adding one twice merges it; sets are references, written sorted."""

    def __init__(self) -> None:
        self.entities: dict[str, Properties] = {}

    def __contains__(self, identifier: str) -> bool:
        return identifier in self.entities

    def add(self, identifier: str, types: str | Iterable[str], /, **properties: Any) -> str:
        """Describe `identifier` and return it; unknown values (None or empty) are left out, known ones are kept."""
        entity = self.entities.get(identifier)
        if entity is None:
            entity = self.entities[identifier] = {"@type": []}
        for kind in [types] if isinstance(types, str) else types:
            if kind not in entity["@type"]:
                entity["@type"].append(kind)
        for name, value in properties.items():
            if value is None or value == "" or (isinstance(value, list | tuple | set | dict) and not value):
                continue
            if isinstance(value, set):
                entity.setdefault(name, set()).update(value)
            else:
                entity.setdefault(name, value)
        return identifier

    def link(self, subject: str, name: str, target: str) -> None:
        """Let the property `name` of `subject` refer to `target`, among others."""
        self.entities[subject].setdefault(name, set()).add(target)

    def linked(self, subject: str, name: str) -> set[str]:
        """What `link` has let the property `name` of `subject` refer to."""
        found: set[str] = self.entities[subject].get(name, set())
        return found

    def frozen(self) -> Iterator[tuple[str, Properties]]:
        """All entities by @id, as flat compacted JSON-LD: no sets, no lists of one (RO-Crate 1.1, appendix).

        Empties the draft on the way: with 100 000 jobs there is no room for everything twice.
        """
        for identifier in sorted(self.entities):
            entity = self.entities.pop(identifier)
            yield identifier, {name: _plain(value) for name, value in entity.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, set):
        value = [ref(target) for target in sorted(value)]
    if isinstance(value, list | tuple) and len(value) == 1:
        return value[0]
    return list(value) if isinstance(value, tuple) else value
