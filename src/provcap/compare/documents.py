"""Documents: JSON, JSON lines and YAML. Keys in any order, numbers as numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from provcap.compare.cells import Spread
from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Tolerance, Unmeasured, reading
from provcap.model import Measure

MAX_BYTES: Final = 1 << 30
MAX_YAML: Final = 64 << 20
MAX_LEAVES: Final = 5_000_000  #: aliases let a small YAML have very many


def measure(first: Any, second: Any, options: Options) -> Measured:
    """keys_apart: places that only one has, or where one has a value and the other a list or mapping; and a `Spread`.

    Places are written like ``/a/0/b``; `columns` and `ignore` of the limits name them, with ``*``.
    """
    spreads: dict[Tolerance, Spread] = {}
    keys, leaves, where = 0, 0, ""
    waiting = [("", first, second)]
    while waiting:
        path, one, other = waiting.pop()
        if _ignored(path, options):
            continue
        leaves += 1
        if leaves > MAX_LEAVES:
            raise Unmeasured(f"more than {MAX_LEAVES} values")
        if isinstance(one, dict) and isinstance(other, dict):
            one, other = ({str(k): v for k, v in side.items()} for side in (one, other))
            alone = [k for k in sorted(one.keys() ^ other.keys()) if not _ignored(f"{path}/{k}", options)]
            waiting += [(f"{path}/{k}", one[k], other[k]) for k in sorted(one.keys() & other.keys(), reverse=True)]
        elif isinstance(one, list) and isinstance(other, list):
            short, long = sorted((len(one), len(other)))
            alone = [str(i) for i in range(short, long)]
            waiting += [(f"{path}/{i}", one[i], other[i]) for i in reversed(range(short))]
        else:
            tolerance = _tolerance(path, options)
            beyond = spreads.setdefault(tolerance, Spread(tolerance)).add(one, other)
            where = where or (f"first at {path or '/'}" if beyond else "")
            continue
        keys += len(alone)
        where = where or (f"first at {path}/{alone[0]}" if alone else "")
    return Measured((Measure("keys_apart", keys, about="structure"), *_joined(spreads).measures("values")), where)


def _ignored(path: str, options: Options) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in options.ignore)


def _tolerance(path: str, options: Options) -> Tolerance:
    return next((t for pattern, t in options.columns.items() if fnmatchcase(path, pattern)), options.tolerance)


def _joined(spreads: dict[Tolerance, Spread]) -> Spread:
    every = spreads.values()
    return Spread(
        Tolerance(),
        beyond=sum(s.beyond for s in every),
        max_abs=max((s.max_abs for s in every), default=0.0),
        max_rel=max((s.max_rel for s in every), default=0.0),
    )


def _content(place: Path, limit: int) -> str:
    if place.stat().st_size > limit:
        raise Unmeasured(f"larger than {limit} bytes")
    return place.read_text("utf-8-sig")


def _json(place: Path) -> Any:
    text = _content(place, MAX_BYTES)
    if place.name.lower().endswith((".jsonl", ".ndjson")):
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return json.loads(text)


def _yaml(place: Path) -> Any:
    import yaml

    return list(yaml.load_all(_content(place, MAX_YAML), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _measure(what: str, read: Callable[[Path], Any]) -> Callable[[Path, Path, Options], Measured]:
    def measure_both(first: Path, second: Path, options: Options) -> Measured:
        with reading("first", what):
            one = read(first)
        with reading("second", what):
            other = read(second)
        return measure(one, other, options)

    return measure_both


def _is_json(seen: Glimpse) -> bool:
    return not seen.entries and seen.ends(".json", ".jsonl", ".ndjson", ".geojson", ".jsonld")


JSON: Final = Comparator("json", _is_json, _measure("JSON", _json))
YAML: Final = Comparator("yaml", lambda s: not s.entries and s.ends(".yaml", ".yml"), _measure("YAML", _yaml))
