"""Running Snakemake for real, with and without capture."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from provcap.model import Run
from provcap.opening import open_run

QUIET = {k: v for k, v in os.environ.items() if not k.startswith(("PROVCAP", "SNAKEMAKE"))}


def write(workdir: Path, snakefile: str, **files: str) -> Path:
    """A work directory with a Snakefile and further files (``a__py`` is a.py)."""
    workdir.mkdir(parents=True, exist_ok=True)
    (workdir / "Snakefile").write_text(snakefile, encoding="utf-8")
    for name, content in files.items():
        (workdir / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return workdir


def snakemake(workdir: Path, *words: str, capture: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in `workdir`, with our logger unless `capture` is off."""
    logger = ["--logger", "provcap"] if capture else []
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "2", *words, *logger]
    return run(command, workdir, **variables)


def provcap(workdir: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run provcap's command line in `workdir`."""
    return run([sys.executable, "-P", "-m", "provcap", *words], workdir, **variables)


def run(command: list[str], workdir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `command` in `workdir` with `variables` added to a clean environment."""
    return subprocess.run(
        command, cwd=workdir, env={**QUIET, **variables}, capture_output=True, text=True, check=False, timeout=600
    )


def latest(workdir: Path) -> Run:
    """The last run that was recorded in `workdir`."""
    return open_run("latest", workdir).run


def tree(workdir: Path, *places: str) -> dict[str, str]:
    """sha256 of every file below `places` of `workdir`, by path; without Snakemake's and our own folders."""
    found = {}
    for path in sorted(workdir.rglob("*")):
        inside = path.relative_to(workdir)
        ours = {".snakemake", ".provcap"} & set(inside.parts)
        if path.is_file() and not ours and (not places or inside.parts[0] in places):
            found[inside.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
