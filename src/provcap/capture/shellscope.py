"""The way into the job's own shell: the staged probe, the text before each command, and what the shell told."""

from __future__ import annotations

import functools
import os
import shlex
from importlib import resources
from pathlib import Path

from provcap import digest, store

#: shells whose syntax the prologue is written in; for any other, the command stays as it is
SHELLS = {None, "bash", "sh", "dash", "ash", "zsh", "ksh"}


@functools.cache
def probe_files() -> dict[str, bytes]:
    """The files of the probe, by name."""
    folder = resources.files("provcap.capture") / "probe"
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name.endswith((".py", ".sh"))}


@functools.cache
def probe_digest() -> str:
    """One digest for all of the probe's files; it stands in every record and environment."""
    return digest.of_bytes(b"".join(n.encode() + b"\0" + c + b"\0" for n, c in sorted(probe_files().items())))


def stage(workdir: Path) -> Path:
    """Put the probe where every container of this run sees it, and return its folder. Raises OSError."""
    folder = store.home(workdir) / "probe" / probe_digest()[7:19]
    for name, content in probe_files().items():
        path = folder / name
        if not path.exists() or path.stat().st_size != len(content):
            store.write_atomic(path, content)
    return folder


def probe_command(probe: Path, out: Path, python: str) -> str:
    """The shell command that describes the environment it runs in, into the folder `out`."""
    words = ["sh", str(probe / "probe.sh"), str(out), *([python] if python else [])]
    return shlex.join(words).replace("{", "{{").replace("}", "}}")  # Snakemake formats what it runs


def prefix(probe: Path, told: Path) -> str:
    """Shell text to run before a command: sources the prologue if it can be read here, and is true either way.

    It is one short line, so that line numbers in the user's command stay and error messages remain readable.
    """
    prologue = shlex.quote(str(probe / "prologue.sh"))
    return f"_provcap={shlex.quote(str(told))};[ ! -r {prologue} ]||. {prologue}; "


def read_told(told: Path) -> dict[str, str]:
    """The variables that the prologue wrote to `told`, which is removed. Raises OSError when it never ran."""
    content = told.read_bytes()
    os.unlink(told)
    entries = (entry.partition(b"=") for entry in content.split(b"\0") if entry)
    return {name.decode(): value.decode("utf-8", "replace") for name, _, value in entries}
