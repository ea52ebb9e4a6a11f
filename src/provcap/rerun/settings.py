"""Configuration and environment of a rerun: absolute paths find their new places, variables their old values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.rerun.files import Needed
from provcap.rerun.layout import Layout
from provcap.rerun.variables import RESTORED

MAX_BYTES = 4 << 20  #: of a configuration file


@dataclass(frozen=True, slots=True)
class Paths:
    """Which absolute paths of the original machine have a new place, as values of the configuration."""

    layout: Layout
    known: tuple[str, ...]  #: what was restored, and what will be written, outside of the work directory too
    roots: tuple[str, ...]  #: directories that were made again as a whole

    def mapped(self, text: str) -> str:
        """`text`, or its new place when it is an absolute path that the rerun has."""
        if not text.startswith("/") or "\0" in text or text.strip("/") == "":
            return text
        path = text.rstrip("/")
        inside = any(path == root or path.startswith(root + "/") for root in self.roots)
        above = any(known == path or known.startswith(path + "/") for known in self.known)
        return str(self.layout.place(path)) if inside or above else text


def paths(run: Run, layout: Layout, files: Iterable[Needed], images: Iterable[str]) -> Paths:
    """The paths of `run` that have a new place: `files` and `images` that were restored, and its outputs."""
    known = {item.path for item in files} | set(images) | {a.path for job in run.jobs for a in job.outputs}
    workflow = next((s for s in run.workflow.sources if s.path == run.workflow.snakefile), None)
    roots = {layout.original}
    if workflow and workflow.place.endswith("/" + workflow.path):
        roots.add(workflow.place.removesuffix("/" + workflow.path))
    return Paths(layout, tuple(sorted(k for k in known if k.startswith("/"))), tuple(sorted(roots - {"", "/"})))


def read_configs(run: Run, files: Iterable[Needed], role: str = "config") -> list[dict[str, Any]]:
    """The run's configuration files (or profiles), in their order, as far as the crate has them and they are YAML."""
    places = {item.path: item.origin for item in files}
    found = []
    for source in run.workflow.sources:
        origin = places.get(source.path) if source.role == role else None
        if origin is None or source.size_bytes > MAX_BYTES:
            continue
        try:
            plain = yaml.safe_load(origin.read_bytes())
        except (OSError, ValueError, yaml.YAMLError, RecursionError):
            continue  # Snakemake will say what is wrong with it
        if isinstance(plain, dict):
            found.append(plain)
    return found


def overrides(configs: Iterable[dict[str, Any]], change: Callable[[str, Any], Any]) -> dict[str, Any]:
    """The settings whose values `change` (name, value → value) changes, as a configuration that holds only them."""
    found: dict[str, Any] = {}
    for plain in configs:
        _merge(found, _changed(plain, change, "", 0))
    return found


def _changed(plain: dict[str, Any], change: Callable[[str, Any], Any], name: str, depth: int) -> dict[str, Any]:
    if depth > 50:
        raise ProvcapError("unsafe-crate", "its configuration is nested too deep", "do not trust it")
    found: dict[str, Any] = {}
    for key, value in plain.items():
        path = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict):
            inner = _changed(value, change, path, depth + 1)
            if inner:
                found[key] = inner
        elif isinstance(value, list):
            new = [change(path, item) if not isinstance(item, list | dict) else item for item in value]
            if new != value:
                found[key] = new
        elif (changed := change(path, value)) != value:
            found[key] = changed
    return found


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def leaves(plain: dict[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting with its dotted name."""
    for key, value in plain.items():
        path = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict):
            yield from leaves(value, path)
        else:
            yield path, value


def variables(run: Run) -> dict[str, str | None]:
    """What to set in the environment, or with None to take out of it, so that jobs see what they saw."""
    seen = [job.variables for job in run.jobs if job.variables]
    found: dict[str, str | None] = {}
    for name in RESTORED if seen else ():
        values = {variables.get(name) for variables in seen}
        if len(values) == 1 and "\0" not in (next(iter(values)) or ""):  # no environment can hold that
            found[name] = values.pop()
    return found
