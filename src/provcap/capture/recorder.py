"""One attempt: begun before the job runs, completed after it has ended, however it ended."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from provcap import __version__, digest, store
from provcap.capture import (
    artifacts,
    clock,
    fence,
    granted,
    hardware,
    newfiles,
    observed,
    replay,
    scrub,
    settings,
    shellscope,
    shipping,
)
from provcap.capture.environment import Environments, awaited
from provcap.capture.process import MemorySampler, Process, used_by
from provcap.capture.writer import Writer

#: parts of a record that may hold a secret; paths and digests are not texts of the user's making
_SCRUBBED = {
    "command",
    "params",
    "resources",
    "error",
    "log_tail",
    "variables",
    "randomness",
    "gaps",
    "container",
    "script",
}


class Recorder:
    """The recorder of this process for one run. `Attempt` objects hold what belongs to one attempt.

    `declared` gives the paths that any rule of the workflow names, as far as this process knows them; `secrets` are
    values that must not reach a record.
    """

    def __init__(
        self,
        run_id: str,
        workdir: Path,
        declared: Callable[[], newfiles.Declared] = newfiles.Declared,
        secrets: Iterable[str] = (),
        ships: bool = False,
    ) -> None:
        self.run_id = run_id
        self.workdir = workdir
        self.folder = store.run_folder(workdir, run_id)
        self.writer = Writer(self.folder)
        self.environments = Environments(self.folder)
        self.sampler = MemorySampler()
        self.settings = settings.read()
        self.watched = newfiles.Watched(workdir)
        self.declared = declared
        self.secrets = {*scrub.secrets_in(os.environ), *secrets}  #: grows by those in the params of jobs
        self.ships = ships  #: whether records go to stderr, too, because the main process does not see our files
        self.machine_told = False  #: whether a record of this process describes the machine; the others name its id
        self._sent: set[str] = set()
        self._staged: Path | None = None
        self._lock = threading.Lock()

    def unsent_environment(self, name: str | None) -> bytes | None:
        """The text of an environment, the first time that a record speaks of it."""
        if name is None or name in self._sent:
            return None
        self._sent.add(name)
        return (self.folder / "environments" / f"{name.removeprefix('sha256:')}.json").read_bytes()

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
        self.blocks: list[Path] = []  #: what its run: block told, beside them
        self.looking: Future[dict[str, Any]] | None = None  #: what is found out of the environment that it runs in
        self.ran = False  #: whether the job's own function was called (a cache hit does not call it)
        self._began = time.time()
        self._clock = time.monotonic()
        self._cpu = _own_cpu()
        self._folders: list[str] = []
        self._inputs: dict[str, digest.Key] = {}  #: by path, what tells their content apart when the attempt begins

    @property
    def environment(self) -> dict[str, Any]:
        """What its record refers to; waits until it is known."""
        return awaited(self.looking) if self.looking else {}

    def is_off(self, hook: str) -> bool:
        """Whether the user switched `hook` off for this job."""
        return self.recorder.settings.is_off(hook, self.facts.get("rule", ""))

    def begin(self) -> None:
        """Write down that the attempt began: a killed job leaves this trace."""
        if not self.is_off("new-files"):
            with fence.fenced(self.gaps, "new-files-unseen", f"job:{self.id}"):
                self._folders = self.recorder.watched.before(use["path"] for use in self.facts.get("outputs", ()))
        self._inputs = artifacts.keys(self.recorder.workdir, self.facts.get("inputs", ()))
        with fence.fenced(self.gaps, "record-incomplete", f"job:{self.id}"):
            self._append({"event": "begin", "id": self.id, "started": clock.iso(self._began), **self._who()})

    def _append(self, record: dict[str, Any]) -> None:
        """Append `record` to this process's file, without empty values and without secrets."""
        self.recorder.secrets.update(scrub.secrets_in(self.facts.get("params", {})))
        scrubber = scrub.Scrubber(self.recorder.secrets)
        clean = {
            key: scrubber.value(value) if key in _SCRUBBED else value
            for key, value in record.items()
            if value not in (None, {}, [], "")
        }
        if scrubber.counts:
            clean["redactions"] = dict(scrubber.counts)
        if self.recorder.ships:
            with fence.fenced(self.gaps, "record-incomplete", f"job:{self.id}"):
                shipping.send(clean, self.recorder.unsent_environment(clean.get("environment")))
        self.recorder.writer.append(clean)

    def _who(self) -> dict[str, Any]:
        machine = hardware.describe()
        return {**self.facts, "hardware": machine["id"], "allocation": granted.allocation(), "pid": os.getpid()}

    def add_process(self, process: Process) -> None:
        """A process that the job started."""
        self.processes.append(process)
        if not self.is_off("memory"):
            self.recorder.sampler.watch(process.pid)

    def new_shell(self) -> Path:
        """Where the prologue of the attempt's next shell writes what it saw."""
        path = self.recorder.folder / "shell" / f"{self.id}.{len(self.shells)}"
        self.shells.append(path)
        with fence.fenced(self.gaps, "not-replayed", f"job:{self.id}"):
            replay.hand_out(path, self.facts)
        return path

    def end(self, error: BaseException | None, places: dict[str, dict[str, str]]) -> None:
        """Complete the record. `places` tells where each input, output and log lies now (role → path → place)."""
        wall, ended = time.monotonic() - self._clock, self._began + time.monotonic() - self._clock
        subject = f"job:{self.id}"
        record: dict[str, Any] = {"event": "end", "id": self.id, "started": clock.iso(self._began), **self._who()}
        record.update(ended=clock.iso(ended), provcap_version=__version__, probe=shellscope.probe_digest())
        if not self.recorder.machine_told:
            record["machine"] = hardware.describe()
        record.update(self._outcome(error))
        with fence.fenced(self.gaps, "usage-unknown", subject):
            record["usage"] = {"wall_s": round(wall, 3), **self._usage()}
        with fence.fenced(self.gaps, "shell-unseen", subject):
            record.update(self._told())
        with fence.fenced(self.gaps, "interpreter-unseen", subject):
            tools, variables = [tool["name"] for tool in record.get("tools", ())], record.get("variables", {})
            seen = observed.read(self.shells + self.blocks, self.facts, variables, subject, tools, self._why_unhashed)
            self.gaps += seen.pop("gaps")
            record["undeclared_inputs"] = [self._described({"path": path}) for path in seen.pop("opened", [])]
            record.update(seen)
        with fence.fenced(self.gaps, "limits-unknown", subject):
            record.update(granted.here(self.recorder.workdir))
        for role in ("inputs", "outputs", "logs"):
            record[role] = self._files(role, places.get(role, {}))
        if error is not None:
            with fence.fenced(self.gaps, "log-unread", subject):
                record["log_tail"] = self._log_tail(places.get("logs", {}))
        environment = self.recorder.environments.identified(self.environment) if self.environment else {}
        record.update({key: environment[key] for key in ("environment", "image") if key in environment})
        with fence.fenced(self.gaps, "new-files-unseen", subject):
            record["new_files"] = self._new_files()
        record["gaps"] = self.gaps + environment.get("gaps", [])
        with fence.fenced(self.gaps, "record-incomplete", subject):
            self._append(record)
            self.recorder.machine_told = True

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

    def _told(self) -> dict[str, Any]:
        """Variables, tools and network as the job's shells saw them; without a shell, this process's network."""
        told: dict[str, str] = {}
        for path in self.shells:
            told.update(shellscope.read_told(path))
        variables, paths, network = shellscope.split_told(told)
        environments, name = self.recorder.environments, self.environment.get("environment", "")
        tools = [
            {"name": os.path.basename(word), "path": path, **environments.owner(name, path)}
            for word, path in paths.items()
        ]
        if not self.shells and self.facts.get("kind") == "run":
            network = granted.network()
        return {"variables": variables, "tools": tools, "network": network}

    def _new_files(self) -> list[dict[str, Any]]:
        """What is new beside the outputs and no rule names, with the time of its last change."""
        changed = self.recorder.watched.after(self._folders, self._began)
        if not changed:
            return []
        uses = (use["path"] for role in ("inputs", "outputs", "logs") for use in self.facts.get(role, ()))
        known = (newfiles.Declared.of({*uses, self.facts.get("benchmark", "")}), self.recorder.declared())
        paths = [path for path in sorted(changed) if not any(declared.covers(path) for declared in known)]
        found = []
        for path in paths[: newfiles.MAX_FOUND]:
            with fence.fenced(self.gaps, "not-hashed", f"file:{path}"):
                found.append({**self._described({"path": path}), "changed": clock.iso(changed[path])})
        return found

    def _described(self, use: dict[str, Any], place: str | None = None) -> dict[str, Any]:
        """The artifact of `use`, hashed unless a policy forbids it, which becomes a Gap."""
        where = place or str(self.recorder.workdir / use["path"])
        policy = self._why_unhashed(where)
        found = artifacts.describe(use, where, not policy, self.recorder.folder / "digests")
        if policy and found.get("kind", "file") in ("file", "directory"):
            subject = f"file:{use['path']}"
            self.gaps.append({"slug": "not-hashed-by-policy", "subject": subject, "message": policy})
        return found

    def _why_unhashed(self, place: str) -> str:
        if self.is_off("hash"):
            return "hashing was switched off for its rule"
        limit = self.recorder.settings.hash_max_bytes
        if limit is not None and os.path.isfile(place) and os.path.getsize(place) > limit:
            return f"it is larger than the limit of {limit} bytes"
        return ""

    def _files(self, role: str, places: dict[str, str]) -> list[dict[str, Any]]:
        found = []
        for use in self.facts.get(role, ()):
            artifact = {key: value for key, value in use.items() if value}
            with fence.fenced(self.gaps, "not-hashed", f"file:{use['path']}"):
                key = self._inputs.get(use["path"]) if role == "inputs" else None
                if key is not None and artifacts.has_changed(key):
                    artifact = artifacts.as_before(use, key)
                    self.gaps.append(artifacts.changed_gap(artifact))
                else:
                    artifact = self._described(use, places.get(use["path"]))
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
