"""The entities of a crate that somebody else wrote, and by which names its files are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeGuard
from urllib.parse import unquote

Entity = Mapping[str, Any]
Entities = Mapping[str, Entity]
FILES: Final = {"File", "MediaObject", "Dataset"}
#: nf-prov calls what a task made, and was not published, a CreativeWork
_PRODUCTS: Final = {*FILES, "CreativeWork", "ImageObject"}


def is_sound(value: object) -> TypeGuard[str]:
    """Whether `value` is a text that can be written again: neither null bytes nor halves of characters."""
    return isinstance(value, str) and not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def text(entity: Entity, key: str) -> str | None:
    """The property `key` when it is one text."""
    value = entity.get(key)
    return value if is_sound(value) and value else None


def refs(entity: Entity, key: str) -> list[str]:
    """The @ids that the property `key` refers to, each once."""
    value = entity.get(key)
    found = [item.get("@id") for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
    return list(dict.fromkeys(name for name in found if is_sound(name)))


def one(entity: Entity, key: str) -> str | None:
    """The first @id that the property `key` refers to."""
    return next(iter(refs(entity, key)), None)


def has_type(entity: Entity, kinds: set[str]) -> bool:
    """Whether `entity` is of one of `kinds`."""
    value = entity.get("@type")
    return any(isinstance(kind, str) and kind in kinds for kind in (value if isinstance(value, list) else [value]))


def files_in(entities: Entities, found: Iterable[str]) -> Iterator[str]:
    """Of the entities `found`, the files and directories; a Collection stands for its parts."""
    queue, seen = list(found), set[str]()
    for name in queue:
        entity = entities.get(name)
        if name in seen or entity is None:
            continue
        seen.add(name)
        if has_type(entity, {"Collection"}) and not has_type(entity, FILES):
            queue += refs(entity, "hasPart")
        elif has_type(entity, _PRODUCTS):
            yield name


def names(entities: Entities) -> dict[str, str]:
    """For each file or directory of a run, by @id, the path that it goes by; no two share one.

    Where the @id is a name of storage, as in crates of cwltool, ``alternateName`` has that of the file, and the same in
    two runs. Files that share it are told apart by the parameter that they were given to, or else by their @id.
    """
    wanted = [name for name, entity in entities.items() if has_type(entity, _PRODUCTS)]
    own = {name: text(entities[name], "alternateName") or unquote(name).rstrip("/") for name in wanted}
    outputs = _parameters(entities)
    shared = Counter(own.values())
    longer = {n: _with_parameter(entities[n], own[n], outputs) if shared[own[n]] > 1 else own[n] for n in wanted}
    again = Counter(longer.values())
    return {name: longer[name] if again[longer[name]] == 1 else unquote(name) for name in wanted}


def _parameters(entities: Entities) -> dict[str, tuple[int, str]]:
    """Each parameter's rank and name: those of the workflow come first, and outputs before inputs."""
    main = one(entities.get("./", {}), "mainEntity")
    found: dict[str, tuple[int, str]] = {}
    for order, (key, whole) in enumerate((("output", True), ("input", True), ("output", False), ("input", False))):
        for name, entity in entities.items():
            if (name == main) is whole:
                for parameter in refs(entity, key):
                    label = text(entities.get(parameter, {}), "name") or parameter
                    tool = text(entity, "name") or name
                    found.setdefault(parameter, (order, label if whole else f"{tool}/{label}"))
    return found


def _with_parameter(entity: Entity, name: str, known: Mapping[str, tuple[int, str]]) -> str:
    best = min((known[p] for p in refs(entity, "exampleOfWork") if p in known), default=None)
    return f"{best[1]}/{name}" if best else name
