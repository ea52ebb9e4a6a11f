"""``provcap run``: Snakemake as the user would start it, with capture on."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from provcap.errors import ProvcapError


def with_logger(arguments: Sequence[str]) -> list[str]:
    """Snakemake's arguments with our logger among its loggers.

    ``--logger`` takes as many words as follow, so it is put at the end, or before a ``--``.
    """
    words = list(arguments)
    stop = words.index("--") if "--" in words else len(words)
    if "--logger" in words[:stop]:
        after = words.index("--logger") + 1
        return words if "provcap" in words[after:stop] else [*words[:after], "provcap", *words[after:]]
    return [*words[:stop], "--logger", "provcap", *words[stop:]]


def run_snakemake(
    arguments: Sequence[str],
    workdir: Path,
    variables: Mapping[str, str | None] | None = None,
    stdout: int | None = None,
) -> tuple[int, Path | None]:
    """Run Snakemake in `workdir`; its exit code, and the folder of the run if jobs were run.

    `variables` are set in its environment, or taken out of it (None); `stdout` is the descriptor that it writes to.
    A signal that this process gets while it waits is Snakemake's to handle: it is in the same process group, and we
    wait until it has ended. Raises ProvcapError when there is no Snakemake.
    """
    if importlib.util.find_spec("snakemake") is None:
        raise ProvcapError("no-snakemake", f"Snakemake is not installed for {sys.executable}", "pip install snakemake")
    with tempfile.TemporaryDirectory(prefix="provcap-") as scratch:
        announced = Path(scratch) / "run"
        changed = {**os.environ, **(variables or {}), "PROVCAP_ANNOUNCE": str(announced)}
        environment = {name: value for name, value in changed.items() if value is not None}
        # -P: like the snakemake command, and unlike a bare -m, Python does not import what lies in the work directory
        command = [sys.executable, "-P", "-m", "snakemake", *with_logger(arguments)]
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            child = subprocess.Popen(
                command,
                cwd=workdir,
                env=environment,
                stdout=stdout,
                preexec_fn=lambda: signal.signal(signal.SIGINT, before),
            )
            previous = signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
            code = child.wait()
            signal.signal(signal.SIGTERM, previous)
        finally:
            signal.signal(signal.SIGINT, before)
        folder = Path(announced.read_text("utf-8")) if announced.exists() else None
    return code if code >= 0 else 128 - code, folder
