"""Differences in the trained models that two attempts loaded, and in how they ran them."""

from __future__ import annotations

import posixpath

from provcap.explain.difference import Difference, of_mappings, of_values
from provcap.model import Job, Load


def models(a: Job, b: Job) -> list[Difference]:
    """Other weights, execution providers, devices and settings; loads are paired by file name, then by turn."""
    left, right = _by_name(a), _by_name(b)
    found: list[Difference] = []
    for name in sorted(left.keys() | right.keys()):
        x, y = left.get(name), right.get(name)
        if x is None or y is None:
            one = x or y
            assert one is not None
            known = one.digest or one.path
            sides = (known if x else None, known if y else None)
            found.append(Difference("model", name, *sides, "only one run loaded it"))
            continue
        found += of_values("model", name, x.digest, y.digest) if x.digest and y.digest else []
        found += of_values("model", f"{name}: runs on", _place(x), _place(y))
        settings = of_mappings("model", dict(x.settings), dict(y.settings))
        found += [Difference("model", f"{name}: {d.name}", d.first, d.second) for d in settings]
    return found


def _place(load: Load) -> str:
    return ", ".join(load.providers) or load.device or ""


def _by_name(job: Job) -> dict[str, Load]:
    found: dict[str, Load] = {}
    for load in job.loads:
        name = posixpath.basename(load.path) if load.path else "a model given as bytes"
        turn = sum(1 for known in found if known.split(" (load ")[0] == name)
        found[f"{name} (load {turn + 1})" if turn else name] = load
    return found
