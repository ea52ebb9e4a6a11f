"""What does a result depend on? The run is repeated unchanged twice, then once for each thing that is changed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from provcap.compare import compare
from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.opening import open_run
from provcap.rerun.plan import Plan, plan
from provcap.rerun.session import Manner, Say, carry_out
from provcap.rerun.settings import leaves, overrides, read_configs

KINDS = ("threads", "seed", "locale", "timezone", "cpu-flags")
REPEAT = "repeat"
_SEED = re.compile(r"(?:^|[_.-])(?:seeds?|random_?state|rng)$", re.IGNORECASE)
#: glibc, OpenBLAS and NumPy then choose code for an older processor; names that one of them does not know do no harm
OLD_PROCESSOR = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512BW,-AVX512DQ,-AVX512VL,-FMA,-BMI2",
    "OPENBLAS_CORETYPE": "Nehalem",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "NPY_DISABLE_CPU_FEATURES": (
        "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL"
    ),
}
#: 13:45 hours east of Greenwich, in POSIX's way, which needs no time zone database; nobody works there by default
FAR_ZONE = "PVC-13:45"


@dataclass(frozen=True, slots=True)
class Dependence:
    """What a result was found to depend on."""

    path: str
    on: tuple[str, ...]  #: "repeat": it differs each time, whatever is changed


@dataclass(frozen=True, slots=True)
class Trial:
    """One rerun with one thing changed."""

    kind: str
    said: str  #: what was changed, in words
    workdir: Path | None = None  #: None: it could not be tried
    problem: str = ""


def vary(
    root: Path, into: Path, kinds: Sequence[str], manner: Manner, say: Say, **how: Any
) -> tuple[list[Trial], list[Dependence]]:
    """Repeat the run of the crate at `root` in folders below `into`; what was tried, and what each result depends on.

    Raises ProvcapError when the unchanged rerun fails; a variation that fails is a Trial with a problem.
    """
    base = carry_out(plan(root, into / "unchanged", **how), manner, say)
    reference = open_run(str(base.folder), base.workdir)
    trials: list[Trial] = []
    on: dict[str, list[str]] = {v.path: [] for v in base.comparison.verdicts}
    for kind in (REPEAT, *kinds):
        found = plan(root, into / kind, **how)
        changed, said = variation(kind, found, manner)
        if changed is None:
            trials.append(Trial(kind, said, problem=said))
            continue
        say(f"varied: {said}")
        try:
            done = carry_out(found, changed, say)
        except ProvcapError as error:
            trials.append(Trial(kind, said, found.layout.workdir, error.message.splitlines()[0]))
            continue
        trials.append(Trial(kind, said, done.workdir))
        comparison = compare(reference, open_run(str(done.folder), done.workdir), manner.limits, only=list(on))
        for verdict in comparison.verdicts:
            if verdict.verdict not in ("identical", "equivalent"):
                on.setdefault(verdict.path, []).append(kind)
    return trials, [Dependence(path, tuple(found_on)) for path, found_on in sorted(on.items())]


def variation(kind: str, found: Plan, manner: Manner) -> tuple[Manner | None, str]:
    """`manner` with one thing changed, and what that is; None, and why, when it cannot be changed."""
    if kind == REPEAT:
        return replace(manner, varied=""), "nothing, to see what differs by itself"
    if kind == "threads":
        return _threads(found.run, manner)
    if kind == "seed":
        return _seed(found, manner)
    if kind == "locale":
        return _locale(found, manner)
    if kind == "timezone":
        return _with(manner, {"TZ": FAR_ZONE}, f"time zone {FAR_ZONE}")
    return _with(manner, OLD_PROCESSOR, "instruction sets of an older processor, where libraries can be told so")


def _with(manner: Manner, values: dict[str, str], said: str) -> tuple[Manner, str]:
    """Variables for jobs on the host and in containers."""
    more = {**values, **{f"APPTAINERENV_{name}": value for name, value in values.items()}}
    return replace(manner, variables={**manner.variables, **more}, varied=said), said


def _threads(run: Run, manner: Manner) -> tuple[Manner | None, str]:
    rules = sorted({job.rule for job in run.jobs})
    number = 1 if any((job.threads or 1) > 1 for job in run.jobs) else 2
    words = ("--set-threads", *(f"{rule}={number}" for rule in rules))
    cores = max(manner.cores or 0, number) or None
    return replace(manner, arguments=(*manner.arguments, *words), cores=cores, varied="threads"), f"{number} per job"


def _seed(found: Plan, manner: Manner) -> tuple[Manner | None, str]:
    """Every setting that is called a seed and whose value a job declared gets another value."""
    declared = {d.value for job in found.run.jobs for d in job.randomness if d.kind == "declared"}

    def change(name: str, value: Any) -> Any:
        known = isinstance(value, int) and not isinstance(value, bool) and str(value) in declared
        return value + 1 if known and _SEED.search(name) else value

    config = overrides(read_configs(found.run, found.files), change)
    if not config:
        return None, "no seed of a job stands in the configuration, so none was changed"
    said = ", ".join(f"{name}={value}" for name, value in leaves(config))
    return replace(manner, config={**manner.config, **config}, varied=said), said


def _locale(found: Plan, manner: Manner) -> tuple[Manner | None, str]:
    """A locale with another decimal mark where the machine has one, else the plainest."""
    try:
        listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    except OSError:
        listed = []
    usual = {job.variables.get("LC_ALL") or job.variables.get("LANG") for job in found.run.jobs}
    foreign = [name for name in listed if re.match(r"(de|fr|tr|es|it|nl|pl|ru)_", name) and name not in usual]
    chosen = foreign[0] if foreign else "C" if "C" not in usual else "C.UTF-8"
    return _with(manner, {"LC_ALL": chosen, "LANG": chosen}, f"locale {chosen}")
