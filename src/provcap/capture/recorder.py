"""One attempt: begun before the job runs, completed after it has ended, however it ended."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from pathlib import Path
from typing import Any

from provcap import __version__, store
from provcap.capture import artifacts, clock, fence, hardware, shellscope
from provcap.capture.environment import Environments
from provcap.capture.process import MemorySampler, Process, used_by
from provcap.capture.writer import Writer


class Recorder:
    """The recorder of this process for one run. `Attempt` objects hold what belongs to one attempt."""

    def __init__(self, run_id: str, workdir: Path) -> None:
        self.run_id = run_id
        self.workdir = workdir
        self.folder = store.run_folder(workdir, run_id)
        self.writer = Writer(self.folder)
        self.environments = Environments(self.folder)
        self.sampler = MemorySampler()
        self._staged: Path | None = None
        self._lock = threading.Lock()

    def staged(self) -> Path:
        """The folder of the staged probe, put there at the first call. Raises OSError."""
        with self._lock:
            if self._staged is None:
                self._staged = shellscope.stage(self.workdir)
                (self.folder / "shell").mkdir(parents=True, exist_ok=True)
            return self._staged


class Attempt:
    """One attempt at one job, as the thread that runs it sees it."""

    def __init__(self, recorder: Recorder, facts: dict[str, Any]) -> None:
        self.recorder = recorder
        self.id = recorder.writer.new_id()
        self.facts = facts
        self.gaps: list[dict[str, Any]] = []
        self.processes: list[Process] = []
        self.prefix = ""  #: what stands before the command of its shell
        self.shells: list[Path] = []
        self.environment: dict[str, Any] = {}
        self.ran = False  #: whether the job's own function was called (a cache hit does not call it)
        self._began = time.time()
        self._clock = time.monotonic()
        self._cpu = _own_cpu()

    def begin(self) -> None:
        """Write down that the attempt began: a killed job leaves this trace."""
        with fence.fenced(self.gaps, "record-incomplete", f"job:{self.id}"):
            self.recorder.writer.append(
                {"event": "begin", "id": self.id, "started": clock.iso(self._began), **self._who()}
            )

    def _who(self) -> dict[str, Any]:
        machine = hardware.describe()
        return {**self.facts, "hardware": machine["id"], "allocation": hardware.allocation(), "pid": os.getpid()}

    def add_process(self, process: Process) -> None:
        """A process that the job started."""
        self.processes.append(process)
        self.recorder.sampler.watch(process.pid)

    def new_shell(self) -> Path:
        """Where the prologue of the attempt's next shell writes what it saw."""
        path = self.recorder.folder / "shell" / f"{self.id}.{len(self.shells)}"
        self.shells.append(path)
        return path

    def end(self, error: BaseException | None, places: dict[str, dict[str, str]]) -> None:
        """Complete the record. `places` tells where each input, output and log lies now (role → path → place)."""
        wall, ended = time.monotonic() - self._clock, self._began + time.monotonic() - self._clock
        subject = f"job:{self.id}"
        record: dict[str, Any] = {"event": "end", "id": self.id, "started": clock.iso(self._began), **self._who()}
        record.update(ended=clock.iso(ended), provcap_version=__version__, probe=shellscope.probe_digest())
        record["machine"] = hardware.describe()
        record.update(self._outcome(error))
        with fence.fenced(self.gaps, "usage-unknown", subject):
            record["usage"] = {"wall_s": round(wall, 3), **self._usage()}
        with fence.fenced(self.gaps, "shell-unseen", subject):
            record["variables"] = self._told()
        for role in ("inputs", "outputs", "logs"):
            record[role] = self._files(role, places.get(role, {}))
        if error is not None:
            with fence.fenced(self.gaps, "log-unread", subject):
                record["log_tail"] = self._log_tail(places.get("logs", {}))
        record.update({key: self.environment[key] for key in ("environment", "image") if key in self.environment})
        record["gaps"] = self.gaps + self.environment.get("gaps", [])
        with fence.fenced(self.gaps, "record-incomplete", subject):
            self.recorder.writer.append({k: v for k, v in record.items() if v not in (None, {}, [], "")})

    def _outcome(self, error: BaseException | None) -> dict[str, Any]:
        codes = [p.returncode for p in self.processes if p.returncode]
        if error is None:
            found: dict[str, Any] = {"status": "succeeded" if self.ran else "cached"}
            if self.processes:
                found["exit_code"] = self.processes[-1].returncode
            return found
        if codes:
            return {"status": "failed", "exit_code": codes[-1], "error": explain_exit(codes[-1])}
        return {"status": "failed", "error": f"{type(error).__name__}: {error}"[:2000]}

    def _usage(self) -> dict[str, Any]:
        peaks = [self.recorder.sampler.finish(p.pid) for p in self.processes]
        used = used_by(self.processes, peaks)
        if self.facts.get("kind") == "run":  # the job's Python code runs in this very process
            user, system = (now - then for now, then in zip(_own_cpu(), self._cpu, strict=True))
            used["cpu_user_s"] = round(used.get("cpu_user_s", 0) + user, 3)
            used["cpu_system_s"] = round(used.get("cpu_system_s", 0) + system, 3)
        return used

    def _told(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in self.shells:
            found.update(shellscope.read_told(path))
        return found

    def _files(self, role: str, places: dict[str, str]) -> list[dict[str, Any]]:
        found = []
        for use in self.facts.get(role, ()):
            artifact = {key: value for key, value in use.items() if value}
            with fence.fenced(self.gaps, "not-hashed", f"file:{use['path']}"):
                artifact = artifacts.describe(use, places.get(use["path"], str(self.recorder.workdir / use["path"])))
            found.append(artifact)
        return found

    def _log_tail(self, places: dict[str, str]) -> str:
        tails = [artifacts.tail(place) for place in places.values() if os.path.exists(place)]
        return "\n".join(t for t in tails if t)


def explain_exit(code: int) -> str:
    """An exit code in words; a shell reports a child killed by signal n as 128 + n."""
    number = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    try:
        return f"exit code {code} (killed by {signal.Signals(number).name})" if number else f"exit code {code}"
    except ValueError:
        return f"exit code {code}"


def _own_cpu() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime, used.ru_stime
