"""The processes of a job: their CPU time exactly, their memory by sampling.

`Process` stands in for subprocess.Popen inside Snakemake's shell module. It differs in one system call: it waits with
wait4, which also returns the resource usage of the very process that ended (and of all that it waited for).
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
import types
from collections.abc import Callable
from typing import Any

LIMIT_S = 60  #: for the probe of one environment
SAMPLE_S = 0.2  #: between two looks at the memory of all running jobs
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(subprocess.Popen[Any]):
    """A Popen that remembers what its process used."""

    usage: resource.struct_rusage | None = None

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        # CPython's own _try_wait is os.waitpid with this same handling of a child that is gone (3.3 to 3.14)
        try:
            pid, status, usage = os.wait4(self.pid, wait_flags)
        except ChildProcessError:
            return self.pid, 0
        if pid == self.pid:
            self.usage = usage
        return pid, status


class Limited(Process):
    """A Process in a session of its own that is killed with all of it when it takes longer than LIMIT_S."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer = threading.Timer(LIMIT_S, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        code = super().wait(timeout)
        self._timer.cancel()
        return code


def stand_in(watch: Callable[..., Process], clean: Callable[[Any], Any]) -> types.ModuleType:
    """A module that is subprocess in all but Popen, which `watch` makes, and the command in a CalledProcessError,
    which `clean` shows as it would be without us."""

    class CalledProcessError(subprocess.CalledProcessError):
        def __init__(self, returncode: int, cmd: Any, *args: Any, **kwargs: Any) -> None:
            super().__init__(returncode, clean(cmd), *args, **kwargs)

    module = types.ModuleType("subprocess")
    module.__dict__.update(subprocess.__dict__)
    module.__dict__.update(Popen=watch, CalledProcessError=CalledProcessError)
    return module


class MemorySampler:
    """Samples the resident memory of the process trees of running jobs in one background thread."""

    def __init__(self) -> None:
        self._peaks: dict[int, int] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, pid: int) -> None:
        """Begin to sample the tree below `pid`."""
        with self._lock:
            self._peaks[pid] = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="provcap-memory", daemon=True)
                self._thread.start()
        self._wake.set()

    def finish(self, pid: int) -> int:
        """Stop sampling; the highest sum in bytes that was seen, 0 when the process was too short to be seen."""
        with self._lock:
            return self._peaks.pop(pid, 0)

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            threading.Event().wait(SAMPLE_S)
            with self._lock:
                pids = list(self._peaks)
                if not pids:
                    self._wake.clear()
            for pid in pids:
                seen = tree_rss_bytes(pid)
                with self._lock:
                    if seen > self._peaks.get(pid, seen):
                        self._peaks[pid] = seen


def tree_rss_bytes(pid: int) -> int:
    """Resident memory in bytes of `pid` and all below it; what ends meanwhile counts as nothing."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as stream:
            total = int(stream.read().split()[1]) * _PAGE
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as stream:
                for child in stream.read().split():
                    total += tree_rss_bytes(int(child))
    except (OSError, IndexError, ValueError):
        return 0
    return total


def used_by(processes: list[Process], peaks: list[int]) -> dict[str, Any]:
    """CPU seconds and memory of ended `processes`, with the sampled `peaks` of each.

    A child begins in its parent's memory, so the kernel's maximum for it only tells of the child when it is higher
    than the highest that this process itself has ever had.
    """
    own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended = [p.usage for p in processes if p.usage is not None]
    if not ended:
        return {}
    kernel = [u.ru_maxrss * 1024 for u in ended if u.ru_maxrss > own_peak]
    memory = max([*peaks, *kernel], default=0)
    found: dict[str, Any] = {
        "cpu_user_s": round(sum(u.ru_utime for u in ended), 3),
        "cpu_system_s": round(sum(u.ru_stime for u in ended), 3),
    }
    if memory:
        found["max_rss_bytes"] = memory
    return found
