"""Where capture gets into Snakemake: three seams, each checked before it is wrapped.

- ``snakemake.executors.local.Executor.cached_or_run``: runs in the process and thread, on the node, where a job runs.
- ``snakemake.shell.shell._get_process_prefix``: its text is executed inside the container, after conda and modules.
- ``snakemake.spawn_jobs.SpawnedJobArgsFactory.envvars``: carries our variable to other nodes (`spawning`).

None is a declared interface (checked on 9.0 to 9.27). What does not look as expected is left alone and told as a Gap.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from provcap.capture import (
    activation,
    fence,
    granted,
    plain,
    process,
    reading,
    replay,
    runblock,
    settings,
    shellscope,
    spawning,
    tools,
)
from provcap.capture.environment import awaited
from provcap.capture.recorder import Attempt, Recorder

RUN_VARIABLE = "PROVCAP_RUN"  #: the run's id, in the environment of every Snakemake process of the run

_PASSED_ON = (settings.OFF_VARIABLE, settings.MAX_BYTES_VARIABLE, replay.VARIABLE)

_here = threading.local()  # .attempt: the one that this thread runs; .probing: whether the probe is running in it
_lock = threading.Lock()
_recorder: Recorder | None = None
_run_id: str | None = None
missing: list[str] = []  #: seams that were not as expected


def install(run_id: str) -> None:
    """Wrap the seams once in this process; records go to the run `run_id` of the work directory."""
    global _run_id
    with _lock:
        if _run_id is None:
            fence.attempt(granted.hand_on, None)
            fence.attempt(runblock.remember, None)
            missing.extend(unrecognised())
            for name, (_, wrap) in _SEAMS.items():
                if name not in missing and not fence.attempt(wrap, False):
                    missing.append(name)
        _run_id = run_id


def conceal() -> None:
    """Take our variable out of this process's environment, where the code of a ``run:`` block would see it.

    A process that hands jobs to yet another one keeps it: those that it starts may know the run by nothing else.
    """
    following = dict(zip(sys.argv, sys.argv[1:], strict=False))
    if following.get("--executor", "local") == "local":
        os.environ.pop(RUN_VARIABLE, None)


def unrecognised() -> list[str]:
    """The seams that do not look as they did in the versions that were tested; nothing is changed."""
    return [name for name, (recognise, _) in _SEAMS.items() if not fence.attempt(recognise, False)]


def recorder() -> Recorder:
    """The recorder of this process; its work directory is settled when the first job starts."""
    global _recorder
    with _lock:
        if _recorder is None or _recorder.run_id != _run_id:
            assert _run_id is not None
            flow = reading.workflow()
            workdir = Path.cwd()  # Snakemake has gone there, and jobs that go elsewhere do so in processes of their own
            declared = functools.partial(reading.declared, flow, workdir)
            _recorder = Recorder(_run_id, workdir, declared, reading.secrets(flow), reading.is_apart(flow))
        return _recorder


def secrets() -> set[str]:
    """The secrets that the jobs of this process brought with them."""
    return set(_recorder.secrets) if _recorder is not None else set()


def _executor() -> Any:
    return importlib.import_module("snakemake.executors.local").Executor


def _know_jobs() -> bool:
    return list(inspect.signature(_executor().cached_or_run).parameters)[:3] == ["self", "job", "run_func"]


def _wrap_jobs() -> bool:
    executor = _executor()
    original = executor.cached_or_run

    @functools.wraps(original)
    def cached_or_run(self: Any, job: Any, run_func: Callable[..., Any], *args: Any) -> Any:
        spawns = getattr(run_func, "__name__", "") == "spawn_job"
        attempt = fence.attempt(lambda: _begin(job, spawns), None)
        if attempt is None:
            return original(self, job, run_func, *args)

        @functools.wraps(run_func)
        def run(*arguments: Any) -> Any:
            attempt.ran = True
            with runblock.watching(attempt, functools.partial(reading.block_of, job), spawns):
                return run_func(*arguments)

        error: BaseException | None = None
        try:
            return original(self, job, run, *args)
        except BaseException as raised:
            error = raised
            raise
        finally:
            _here.attempt = None
            # a spawned process that ran the job has recorded it itself
            if not (spawns and attempt.ran):
                fence.attempt(lambda: attempt.end(error, _places(job, attempt.recorder.workdir)), None)

    executor.cached_or_run = cached_or_run
    return True


def _begin(job: Any, spawns: bool) -> Attempt | None:
    """The attempt that this thread now makes; None for a target rule, which runs nothing."""
    if reading.runs_nothing(job.rule):
        return None
    here = recorder()
    facts = reading.job_facts(job, here.workdir)
    unread = facts.pop("unread", [])
    attempt = Attempt(here, facts)
    attempt.gaps += plain.gaps(unread, f"job:{attempt.id}")
    if not spawns:
        attempt.begin()
        _here.attempt = attempt
        if attempt.facts.get("kind") in ("run", "template_engine"):  # its code runs in this very interpreter
            staged = here.staged()
            attempt.looking = here.environments.begin(
                "this interpreter", None, staged, lambda out: _probe_here(staged, out)
            )
    return attempt


def _probe_here(staged: Path, out: Path) -> None:
    command = [sys.executable, str(staged / "collect.py"), str(out / "environment.json")]
    subprocess.run(command, **_UNSEEN, timeout=process.LIMIT_S, check=True)


def _places(job: Any, workdir: Path) -> dict[str, dict[str, str]]:
    roles = {"inputs": "input", "outputs": "output", "logs": "log"}
    read = functools.partial(reading.places, job, workdir)
    return {role: fence.attempt(functools.partial(read, kind), {}) for role, kind in roles.items()}


def _know_shell() -> bool:
    module = importlib.import_module("snakemake.shell")
    return callable(module.shell._get_process_prefix) and module.sp.Popen is not None


def _wrap_shell() -> bool:
    module = importlib.import_module("snakemake.shell")  # the attribute snakemake.shell may be the class
    shell = module.shell
    original = shell._get_process_prefix

    def get_process_prefix(_cls: Any, *args: Any, **kwargs: Any) -> str:
        theirs: str = original(*args, **kwargs)
        attempt = getattr(_here, "attempt", None)
        if getattr(_here, "probing", False):
            return theirs if activation.is_activation(theirs) else ""
        if attempt is None:
            return theirs
        frame = sys._getframe(1)
        return fence.attempt(lambda: _ours(attempt, frame.f_locals, args, theirs), "") + theirs

    shell._get_process_prefix = classmethod(get_process_prefix)
    module.__dict__["sp"] = process.stand_in(_popen, _without_ours)
    return True


def _ours(attempt: Attempt, caller: dict[str, Any], args: tuple[Any, ...], theirs: str) -> str:
    """Look at the environment of this shell command, then the text that runs before it and before the user's own."""
    if attempt.is_off("shell"):
        return ""
    context = caller.get("context") or {}
    executable = (args[0] if args else None) or caller.get("cls").get_executable()  # type: ignore[union-attr]
    if (os.path.basename(executable).lower() if executable else None) not in shellscope.SHELLS:
        attempt.gaps.append(
            {"slug": "shell-unseen", "subject": f"job:{attempt.id}", "message": f"its shell is {executable}"}
        )
        return ""
    staged = attempt.recorder.staged()
    image = context.get("container_img")
    if attempt.looking is None or context.get("is_python_script"):
        python = _interpreter(context)
        key = _environment_key(context, python)
        attempt.looking = attempt.recorder.environments.begin(
            key, image, staged, lambda out: _probe(shellscope.probe_command(staged, out, python), context)
        )
        if not activation.is_activation(theirs):
            message = "the probe left out shell.prefix, which may do more than activate software"
            attempt.gaps.append({"slug": "prefix-not-probed", "subject": "run", "message": message})
        if attempt.facts.get("benchmark"):  # whose figures the probe beside it would change
            awaited(attempt.looking)
    named = fence.attempt(lambda: tools.words(str(caller.get("cmd") or "")), [])
    off = attempt.recorder.settings.off_for(attempt.facts.get("rule", ""))
    attempt.prefix = shellscope.prefix(staged, attempt.new_shell(), named, off)
    return attempt.prefix


def _without_ours(command: Any) -> Any:
    """A command as the user knows it: Snakemake shows it when it fails."""
    attempt = getattr(_here, "attempt", None)
    if attempt is not None and attempt.prefix and isinstance(command, str):
        quoted = attempt.prefix.replace("'", "'\\''")  # as Snakemake quotes it for a container
        return command.replace(attempt.prefix, "").replace(quoted, "")
    return command


_CONTEXT = tuple(
    "container_img singularity_args conda_env conda_base_path env_modules runtime_paths shadow_dir".split()
)


def _interpreter(context: dict[str, Any]) -> str:
    """The Python that Snakemake runs a Python script in; empty for any other command."""
    if not context.get("is_python_script"):
        return ""
    deployed = any(context.get(name) for name in ("container_img", "conda_env", "env_modules"))
    return "python" if deployed else sys.executable


def _environment_key(context: dict[str, Any], python: str) -> str:
    image = context.get("container_img")
    found = [python, *(str(context.get(name)) for name in _CONTEXT[:5])]
    if image:
        info = os.stat(image)
        found += [str(info.st_size), str(info.st_mtime_ns), str(info.st_ino)]
    return "\0".join([*found, os.uname().nodename, os.environ.get("PATH", ""), os.environ.get("PYTHONPATH", "")])


def _probe(command: str, context: dict[str, Any]) -> None:
    """Run `command` as the job's own commands run, unseen: no output, no log line, within a time limit."""
    shell = importlib.import_module("snakemake.shell").shell
    _here.probing = True
    logger = logging.getLogger("snakemake.logging")
    logger.addFilter(_quiet)
    try:
        shell(command, **{name: context[name] for name in _CONTEXT if context.get(name) is not None})
    finally:
        logger.removeFilter(_quiet)
        _here.probing = False


def _quiet(_record: logging.LogRecord) -> bool:
    return not getattr(_here, "probing", False)


#: no pipe: what the user's shell starts in the background would hold it open after the probe has ended
_UNSEEN: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}


def _popen(*args: Any, **kwargs: Any) -> process.Process:
    if getattr(_here, "probing", False):
        return process.Limited(*args, **{**kwargs, **_UNSEEN})
    started = process.Process(*args, **kwargs)
    attempt = getattr(_here, "attempt", None)
    if attempt is not None:
        fence.attempt(lambda: attempt.add_process(started), None)
    return started


def _passed_on() -> dict[str, str]:
    if _run_id is None:
        return {}
    return {RUN_VARIABLE: _run_id, **{name: os.environ[name] for name in _PASSED_ON if name in os.environ}}


_SEAMS: dict[str, tuple[Callable[[], bool], Callable[[], bool]]] = {
    "Executor.cached_or_run": (_know_jobs, _wrap_jobs),
    "shell._get_process_prefix": (_know_shell, _wrap_shell),
    "SpawnedJobArgsFactory.envvars": (spawning.recognise, lambda: spawning.wrap(_passed_on)),
}
