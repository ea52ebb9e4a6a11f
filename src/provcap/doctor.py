"""What works here and what does not, before a run: each check in one line, with a way out."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from provcap import store

OLDEST_SNAKEMAKE = (9, 0)
#: extras of provcap's distribution, and what one wants them for
EXTRAS = {
    "check": "provcap check",
    "compare": "provcap compare, rerun and diff",
    "report": "pictures in provcap report",
    "bioimage": "what images say of their acquisition",
    "export": "provcap export",
    "bags": "crates in BagIt bags",
    "deposit": "provcap deposit, redact and fetch",
    "png": "provcap prov -f png",
}


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check: `level` is "error" when capture cannot work, "warning" when something else cannot."""

    name: str
    level: Literal["ok", "warning", "error"]
    message: str
    hint: str = ""


def examine(workdir: Path) -> list[Check]:
    """All checks, in the order in which one would look."""
    checks: list[Callable[[Path], Iterator[Check]]] = [
        _snakemake,
        _plugin,
        _seams,
        _folder,
        _containers,
        _docker,
        _slurm,
        _keys,
        _extras,
    ]
    return [found for check in checks for found in check(workdir)]


def _snakemake(_: Path) -> Iterator[Check]:
    try:
        version = importlib.metadata.version("snakemake")
    except importlib.metadata.PackageNotFoundError:
        yield Check("snakemake", "error", "not installed for this Python", "pip install 'snakemake>=9'")
        return
    parts = tuple(int(p) for p in version.split(".")[:2])
    if parts < OLDEST_SNAKEMAKE:
        yield Check("snakemake", "error", f"{version} is too old", "pip install 'snakemake>=9'")
    else:
        yield Check("snakemake", "ok", version)


def _plugin(_: Path) -> Iterator[Check]:
    import pkgutil

    names = {m.name for m in pkgutil.iter_modules()}
    if "snakemake_logger_plugin_provcap" in names:
        yield Check("plugin", "ok", "Snakemake finds the logger plugin provcap")
    else:
        yield Check(
            "plugin",
            "error",
            "Snakemake does not find the logger plugin",
            "install provcap into Snakemake's own environment",
        )


def _seams(_: Path) -> Iterator[Check]:
    if importlib.util.find_spec("snakemake") is None:
        return
    from provcap.capture import hooks

    unknown = hooks.unrecognised()
    if unknown:
        yield Check(
            "capture",
            "error",
            f"this Snakemake differs in {', '.join(unknown)}: jobs would go unrecorded",
            "use a tested version: README",
        )
    else:
        yield Check("capture", "ok", "all places where capture gets in are as expected")


def _folder(workdir: Path) -> Iterator[Check]:
    if not os.access(workdir, os.W_OK):
        yield Check("directory", "error", f"{workdir} cannot be written", "records need it; choose another --directory")
        return
    runs = len(store.list_runs(workdir))
    yield Check("directory", "ok", f"{workdir.absolute()}: {runs} recorded run{'' if runs == 1 else 's'}")


def _containers(_: Path) -> Iterator[Check]:
    program = shutil.which("apptainer") or shutil.which("singularity")
    if program is None:
        yield Check(
            "apptainer",
            "warning",
            "neither apptainer nor singularity is on the PATH",
            "only needed for --use-singularity",
        )
        return
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    yield Check("apptainer", "ok" if done.returncode == 0 else "warning", (done.stdout or done.stderr).strip())


def _docker(_: Path) -> Iterator[Check]:
    from provcap import image

    problem = image.engine_problem()
    yield Check(
        "docker",
        "warning" if problem else "ok",
        problem or "the engine answers",
        "only needed to build and identify images" if problem else "",
    )


def _slurm(_: Path) -> Iterator[Check]:
    if shutil.which("sbatch") is None:
        return  # no cluster of this kind
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        hint = "pip install 'provcap[slurm]' for --executor slurm"
        yield Check("slurm", "warning", "there is sbatch, and Snakemake's executor plugin is not installed", hint)
    elif shutil.which("sacct") is None:
        yield Check("slurm", "warning", "there is no sacct: what Slurm counted will not be known", "ask who runs Slurm")
    else:
        yield Check("slurm", "ok", "sbatch, sacct and Snakemake's executor plugin are there")


def _keys(_: Path) -> Iterator[Check]:
    if shutil.which("ssh-keygen") is None:
        yield Check("ssh-keygen", "warning", "not on the PATH", "only needed to sign crates and to check signatures")
    else:
        yield Check("ssh-keygen", "ok", "crates can be signed")


def _extras(_: Path) -> Iterator[Check]:
    """What provcap's own metadata names as needed for more than capture, and is not installed."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in importlib.metadata.requires("provcap") or ()]
    for extra, use in EXTRAS.items():
        names = [r.name for r in wanted if r.marker and not r.marker.evaluate() and r.marker.evaluate({"extra": extra})]
        missing = sorted(name for name in names if not _is_installed(name))
        if missing:
            yield Check(
                extra, "warning", f"not installed: {', '.join(missing)}", f"pip install 'provcap[{extra}]' for {use}"
            )
        else:
            yield Check(extra, "ok", f"all is there for {use}")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
