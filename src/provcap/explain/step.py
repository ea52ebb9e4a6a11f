"""What differs between two attempts at one step, apart from the files that other steps made."""

from __future__ import annotations

import json
from collections.abc import Iterable

from provcap import questions
from provcap.explain.code import code
from provcap.explain.difference import Difference, of_mappings, of_values
from provcap.explain.machines import processor, surroundings
from provcap.explain.models import models
from provcap.explain.pairs import Pair, same
from provcap.explain.side import Side, contents
from provcap.explain.software import software
from provcap.model import Draw, Job

#: Snakemake sets them to the job's threads
THREADS = "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS VECLIB_MAXIMUM_THREADS".split()


def differences(first: Side, second: Side, step: Pair) -> tuple[Difference, ...]:
    """All that differs at `step`, likely causes first."""
    a, b = step.first, step.second
    if a is None or b is None:
        return (_only_one(a, b),)
    if (a.run, a.id) == (b.run, b.id) and "up_to_date" in (a.status, b.status):
        return ()  # the very same attempt: one run took its results over from the other, or both from a third
    found = [*_outcome(a, b), *_inputs(first, second, a, b), *models(a, b), *_seeds(a, b), *_parameters(a, b)]
    found += [*code(first, second, a, b), *software(first.run, second.run, a, b)]
    found += [*_deployment(a, b), *_threads(a, b), *_variables(a, b), *processor(first.run, second.run, a, b)]
    found += surroundings(first.run, second.run, a, b)
    return tuple(sorted(dict.fromkeys(found), key=lambda d: d.rank))


def _only_one(a: Job | None, b: Job | None) -> Difference:
    job = a or b
    assert job is not None
    made = ", ".join(artifact.path for artifact in job.outputs[:3])
    return Difference(
        "code", f"rule {job.rule}", made if a else None, made if b else None, "only one run has this step"
    )


def _outcome(a: Job, b: Job) -> list[Difference]:
    if questions.fell_short(a) == questions.fell_short(b):
        return []
    lost = a if questions.fell_short(a) else b
    said = " ".join((lost.error or "").split())[:200]
    return [Difference("outcome", "how it ended", a.status, b.status, said)]


def _inputs(first: Side, second: Side, a: Job, b: Job) -> list[Difference]:
    left, right = first.outside(a), second.outside(b)
    made = contents(b.read).keys() | contents(a.read).keys()
    if same(left, right):
        return []
    found = []
    for path in sorted(left.keys() | right.keys()):
        if (path in left) == (path in right) or path not in made:
            if left.get(path) != right.get(path):
                found.append(Difference("input", path, left.get(path), right.get(path)))
        else:
            elsewhere = contents(b.read if path in left else a.read).get(path)
            if elsewhere is None or elsewhere != left.get(path, right.get(path)):
                found.append(Difference("input", path, left.get(path), right.get(path), "only one run read it"))
    return found


def _seeds(a: Job, b: Job) -> Iterable[Difference]:
    """Seeds that were set to other values, and generators that nobody seeded and that drew something else."""
    left, right = _ledger(a), _ledger(b)
    told: set[tuple[str | None, str | None]] = set()
    for key in sorted(left.keys() | right.keys()):
        x, y = left.get(key), right.get(key)
        some = x or y
        assert some is not None
        values = (x.value if x else None, y.value if y else None)
        if values[0] == values[1] and (x is None) == (y is None) and (x is None or y is None or x.kind == y.kind):
            continue
        place = some.where or ""
        if "unseeded" in {d.kind for d in (x, y) if d}:
            if x and y and x.kind != y.kind:
                seeded = "only the first run seeded it" if y.kind == "unseeded" else "only the second run seeded it"
                yield Difference("seed", some.source, _seed(x), _seed(y), f"{seeded} ({place})")
            else:
                yield Difference("randomness", some.source, note=f"nobody seeded it ({place})")
        elif values not in told:  # a declared seed and the call that sets it are one thing
            told.add(values)
            name = place if some.kind == "declared" else some.source
            yield Difference("seed", name, *values, "" if some.kind == "declared" else place)


def _seed(draw: Draw) -> str | None:
    return None if draw.kind == "unseeded" else draw.value


def _ledger(job: Job) -> dict[tuple[int, str, int, str], Draw]:
    """Draws by their place in the job: declared ones first, then by process, source and turn."""
    found: dict[tuple[int, str, int, str], Draw] = {}
    turns: dict[tuple[int, str], int] = {}
    for draw in job.randomness:
        if draw.kind == "declared":
            found[-1, draw.source, 0, draw.where or ""] = draw
            continue
        place = draw.process, draw.source
        turns[place] = turns.get(place, 0) + 1
        found[draw.process, draw.source, turns[place], ""] = draw
    return found


def _parameters(a: Job, b: Job) -> list[Difference]:
    left, right = dict(_leaves(a.params)), dict(_leaves(b.params))
    seeds = {d.where for job in (a, b) for d in job.randomness if d.kind == "declared" and d.source == "params"}
    found = of_mappings("parameter", left, right)
    found += of_mappings("parameter", dict(a.wildcards), dict(b.wildcards))
    return [d for d in found if f"params.{d.name}" not in seeds]


def _leaves(value: object, name: str = "") -> Iterable[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    else:
        yield name, json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, list) else value


def _deployment(a: Job, b: Job) -> list[Difference]:
    modules = of_values("deployment", "environment modules", " ".join(a.env_modules), " ".join(b.env_modules))
    return [*of_values("deployment", "conda environment", a.conda_env, b.conda_env), *modules]


def _threads(a: Job, b: Job) -> list[Difference]:
    return of_values("threads", "threads", a.threads, b.threads)


def _variables(a: Job, b: Job) -> list[Difference]:
    left, right = dict(a.variables), dict(b.variables)
    for job, variables in ((a, left), (b, right)):
        for name in THREADS:
            if variables.get(name) == str(job.threads):
                del variables[name]
    seeded = {"PYTHONHASHSEED"}  # the ledger has it
    return [d for d in of_mappings("variable", dict(left), dict(right)) if d.name not in seeded]
