"""How the run's id reaches a Snakemake on another node: the last of the seams that `hooks` wraps.

- ``snakemake.spawn_jobs.SpawnedJobArgsFactory.envvars``: variables that an executor exports to its jobs.
- ``snakemake_interface_executor_plugins.executors.real.RealExecutor.get_envvar_declarations``: what stands before the
  command of a job. Slurm's executor leaves it empty and trusts ``sbatch --export=ALL``, which a cluster may not heed.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import shlex
import sys
from collections.abc import Callable
from typing import Any

from provcap.capture import fence

Passed = Callable[[], dict[str, str]]  #: gives the variables that every process of the run must see


def recognise() -> bool:
    """Whether both look as they did in the versions that were tested."""
    known = [_factory().envvars, _executor().get_envvar_declarations]
    return all(list(inspect.signature(one).parameters) == ["self"] for one in known)


def wrap(passed: Passed) -> bool:
    """Let both carry what `passed` gives."""
    factory, executor = _factory(), _executor()
    envvars_before, declarations_before = factory.envvars, executor.get_envvar_declarations

    @functools.wraps(envvars_before)
    def envvars(self: Any) -> dict[str, str]:
        return {**passed(), **envvars_before(self)}

    @functools.wraps(declarations_before)
    def get_envvar_declarations(self: Any) -> str:
        theirs: str = declarations_before(self)
        return theirs or fence.attempt(lambda: _prefix(self, passed()), "")

    factory.envvars, executor.get_envvar_declarations = envvars, get_envvar_declarations
    return True


def _prefix(executor: Any, variables: dict[str, str]) -> str:
    """``env NAME=value``: unlike export it may follow other words, such as srun, and needs no shell.

    Not on nodes without shared files: their executors hand variables over in their own way, and an image may have no
    env. Not where a precommand would take it for itself. In a job, the environment has the variables already.
    """
    settings = executor.common_settings
    if "--mode" in sys.argv or settings.implies_no_shared_fs or not settings.non_local_exec:
        return ""
    if executor.workflow.spawned_job_args_factory.precommand(executor_common_settings=settings):
        return ""
    return shlex.join(["env", *(f"{name}={value}" for name, value in sorted(variables.items()))]) if variables else ""


def _factory() -> Any:
    return importlib.import_module("snakemake.spawn_jobs").SpawnedJobArgsFactory


def _executor() -> Any:
    return importlib.import_module("snakemake_interface_executor_plugins.executors.real").RealExecutor
