"""The way into the job's own shell: the staged probe, the text before each command, and what the shell told."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from provcap import digest, regular, store

#: shells whose syntax the prologue is written in; for any other, the command stays as it is
SHELLS = {None, "bash", "sh", "dash", "ash", "zsh", "ksh"}


MAX_TOLD = 8 << 20  #: bytes of what one shell tells


@functools.cache
def probe_files() -> dict[str, bytes]:
    """The files of the probe, by their path in it."""
    folder = Path(str(resources.files("provcap.capture") / "probe"))
    paths = (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc")
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


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
    """The shell command that describes the environment it runs in, into the folder `out`.

    What the start file of this shell has set is there by then; the shells below it need not run that file again, whose
    daemons would hold the pipes between them. A suffix of the user's becomes a comment.
    """
    words = shlex.join([str(out), *([python] if python else [])])
    script, folder = shlex.quote(str(probe / "probe.sh")), shlex.quote(str(probe))
    command = (
        f"unset BASH_ENV ENV || :; command -v sh >/dev/null && exec sh {script} {words}; "
        f"_provcap_probe={folder}; set -- {words}; . {script}\n#"
    )
    return command.replace("{", "{{").replace("}", "}}")  # Snakemake formats what it runs


def prefix(probe: Path, told: Path, words: Iterable[str] = (), off: Iterable[str] = ()) -> str:
    """Shell text to run before a command: sources the prologue if it can be read here, and is true either way.

    `words` are the command words whose places the prologue tells; they must be safe to stand in a shell unquoted.
    `off` are the hooks that are switched off: of ``python`` and ``r`` the prologue then says nothing to them.

    It is one short line, so that line numbers in the user's command stay and error messages remain readable.
    """
    values = {"": str(told), "_words": " ".join(words), "_off": " ".join(off), "_probe": str(probe)}
    told_all = " ".join(f"_provcap{name}={shlex.quote(value)}" for name, value in values.items() if value)
    return f'{told_all};[ ! -r "$_provcap_probe/prologue.sh" ]||. "$_provcap_probe/prologue.sh"; '


def read_told(told: Path) -> dict[str, str]:
    """What the prologue wrote to `told`, which is removed. Raises OSError when it never ran.

    Names of variables; `tool:NAME` with the path of a program, `net:` with open or closed, `timezone:`.
    """
    content = regular.read(told, MAX_TOLD)
    os.unlink(told)
    entries = (entry.partition(b"=") for entry in content.split(b"\0") if entry)
    return {name.decode(): value.decode("utf-8", "replace") for name, _, value in entries}


def split_told(told: dict[str, str]) -> tuple[dict[str, str], dict[str, str], str | None]:
    """What `read_told` gave, apart: variables, paths of tools by name, and open or closed for the network.

    A name that is a function, a builtin or nothing has no absolute path and is no tool. The time zone that
    /etc/timezone tells stands among the variables as ``timezone``; it counts where TZ is not set.
    """
    variables = {name.rstrip(":"): value for name, value in told.items() if ":" not in name or name == "timezone:"}
    paths = {name[5:]: value.rstrip("\n") for name, value in told.items() if name.startswith("tool:")}
    return variables, {name: path for name, path in paths.items() if path.startswith("/")}, told.get("net:")
