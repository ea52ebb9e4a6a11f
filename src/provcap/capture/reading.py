"""Snakemake's objects as plain values. With `hooks` and `uptodate` the only module that knows their attributes.

Every attribute is read on its own fence: one that another version of Snakemake lacks is left out, the rest is told.
"""

from __future__ import annotations

import functools
import glob
import importlib
import itertools
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from provcap.capture import fence, newfiles, plain, scrub

_FLAGS = ("temp", "protected", "touch", "pipe", "service", "directory", "ensure", "ancient", "update", "nodelocal")
_KINDS = ("shell", "script", "notebook", "wrapper", "cwl", "template_engine", "run")
_HIDDEN_RESOURCES = {"_nodes", "_cores"}


def job_facts(job: Any, workdir: Path) -> dict[str, Any]:
    """What is known of a Job before it runs; ``unread`` names what of it could not be read."""
    unread: list[str] = []
    readers: dict[str, Callable[[], Any]] = {
        "rule": lambda: str(job.rule.name),
        "kind": lambda: kind_of(job),
        "wildcards": lambda: {str(k): str(v) for k, v in (job.wildcards_dict or {}).items()},
        "attempt": lambda: int(job.attempt),
        "threads": lambda: int(job.threads),
        "params": lambda: named(job.params, unread),
        "resources": lambda: resources_of(job, unread),
        "group": lambda: str(job.group) if job.group else None,
        "command": lambda: job.shellcmd if job.is_shell else None,
        "script": lambda: script_of(job),
        "conda_env": lambda: str(job.conda_env.address) if uses(job, "conda") and job.conda_env else None,
        "env_modules": lambda: list(job.env_modules.names) if uses(job, "env-modules") and job.env_modules else None,
        "benchmark": lambda: str(job.benchmark) if job.benchmark else None,
        "checkpoint": lambda: bool(job.rule.is_checkpoint),
        "inputs": lambda: file_uses(job.input, workdir),
        "outputs": lambda: file_uses(job.output, workdir, _output_flags(job)),
        "logs": lambda: file_uses(job.log, workdir),
        "container": lambda: str(job.container_img_url) if job.container_img_path else None,
    }
    facts = {key: plain.guarded(reader, key, unread) for key, reader in readers.items()}
    facts["unread"] = unread
    return {key: value for key, value in facts.items() if value not in (None, {}, [], False)}


def block_of(job: Any) -> tuple[Callable[..., Any], dict[str, dict[int, int]]]:
    """The function that Snakemake made of a ``run:`` block, and by file which line of the Snakefile each line was."""
    return job.rule.run_func, dict(workflow().linemaps)


def runs_nothing(rule: Any) -> bool:
    """Whether the rule only names targets."""
    return bool(getattr(rule, "norun", False))


def rule_named(name: str) -> Any:
    """The rule of this process's workflow with that name."""
    return workflow().get_rule(name)


def uses(job: Any, method: str) -> bool:
    """Whether the run deploys software by `method` (conda, env-modules, apptainer)."""
    chosen = job.dag.workflow.deployment_settings.deployment_method
    return any(str(getattr(m, "name", m)).lower().replace("_", "-") == method for m in chosen)


def kind_of(job: Any) -> str:
    """Which directive does the job's work."""
    return next(kind for kind in _KINDS if getattr(job, f"is_{kind}", False))


def resources_of(job: Any, unread: list[str]) -> dict[str, Any]:
    """The resources that the job has got."""
    return {k: plain.value(v, k, unread) for k, v in job.resources.items() if k not in _HIDDEN_RESOURCES}


def named(container: Any, unread: list[str]) -> dict[str, Any]:
    """Params by name; those without one by their position."""
    names = {}
    taken: set[int] = set()
    for name, (start, end) in container._get_names():
        names[str(name)] = plain.value(
            list(container[start:end]) if end is not None else container[start], name, unread
        )
        taken.update(range(start, end if end is not None else start + 1))
    names.update({str(i): plain.value(v, str(i), unread) for i, v in enumerate(container) if i not in taken})
    return names


def file_uses(files: Any, workdir: Path, more: dict[str, set[str]] | None = None) -> list[dict[str, Any]]:
    """Path, name and flags of each file, in the rule's order."""
    names: dict[int, str] = {}
    if hasattr(files, "_get_names"):
        for name, (start, end) in files._get_names():
            names.update(dict.fromkeys(range(start, end if end is not None else start + 1), str(name)))
    found = []
    for position, file in enumerate(files or ()):
        flags = {flag for flag in _FLAGS if flag in getattr(file, "flags", {})} | (more or {}).get(str(file), set())
        use = {"path": relative(str(file), workdir), "name": names.get(position), "flags": sorted(flags)}
        if getattr(file, "is_storage", False):
            use["query"] = str(file.storage_object.print_query)
        found.append({key: value for key, value in use.items() if value})
    return found


def _output_flags(job: Any) -> dict[str, set[str]]:
    """Flags that Job keeps apart from the expanded files."""
    found: dict[str, set[str]] = {}
    for flag in ("temp", "protected", "touch"):
        for file in getattr(job, f"{flag}_output", ()):
            found.setdefault(str(file), set()).add(flag)
    return found


def places(job: Any, workdir: Path, kind: str) -> dict[str, str]:
    """Where each file of ``input``, ``output`` or ``log`` lies now: its path, or below a shadow directory."""
    return {
        relative(str(f), workdir): os.path.join(workdir, str(job.shadowed_path(f) if kind == "output" else f))
        for f in getattr(job, kind)
    }


@functools.lru_cache(maxsize=10_000)
def relative(path: str, workdir: Path) -> str:
    """`path` relative to the work directory when it lies inside, else absolute; always POSIX."""
    full, root = os.path.normpath(os.path.join(workdir, path)), str(workdir).rstrip("/") + "/"
    if full + "/" == root:
        return "."
    return full.removeprefix(root)


def script_of(job: Any) -> str | None:
    """The path or URL of the script, notebook or wrapper that the job runs."""
    path = job.rule.script or job.rule.notebook
    if path is None:
        return _wrapper(str(job.rule.wrapper)) if job.rule.wrapper else None
    return path_of(job._path_to_source_file(path))


def _wrapper(address: str) -> str:
    """The script of a wrapper in a local directory; the address of any other."""
    if not address.startswith("file:"):
        return address
    scripts = glob.glob(os.path.join(glob.escape(re.sub(r"^file:(//)?", "", address)), "wrapper.*"))
    return os.path.abspath(min(scripts)) if scripts else address


def path_of(source: Any) -> str:
    """The path or URL of a SourceFile, without the token of a private repository."""
    try:
        found = str(source.get_path_or_uri(secret_free=True))
    except TypeError:  # older versions put the token in always
        found = re.sub(r"[?&]private_token=[^&]*", "", str(source.get_path_or_uri()))
    if "://" in found:
        return re.sub(r"(?<=://)[^/@]*@", "", found)
    return os.path.abspath(found)


def workflow() -> Any:
    """The Workflow of this process, or None before there is one."""
    module = sys.modules.get("snakemake.workflow")
    return module.__dict__.get("workflow") if module else None


def workflow_files(flow: Any) -> dict[str, list[str]]:
    """Absolute paths (or URLs) of the workflow's files by role."""
    included = [path_of(s) for s in flow.included]
    scripts = {fence.attempt(functools.partial(script_of, job), None) for job in list(flow.dag.jobs)}
    return {
        "snakefile": included[:1],
        "include": included[1:],
        "script": sorted(s for s in scripts if s),
        "config": [os.path.abspath(str(c)) for c in flow.configfiles],
        "profile": fence.attempt(lambda: profiles(sys.argv[1:], included[0]), []),
    }


def profiles(words: list[str], snakefile: str) -> list[str]:
    """The files of the profiles that gave Snakemake options: what they say stands in no command line."""
    find, start = importlib.import_module("snakemake.cli").get_profile_dir, os.environ.get("PWD") or os.getcwd()
    text = [word.split("=", 1) if "=" in word else [word, after] for word, after in itertools.pairwise([*words, ""])]
    named = [value for option, value in text if option == "--profile"] or [os.environ.get("SNAKEMAKE_PROFILE", "none")]
    own = next((value for option, value in text if option == "--workflow-profile"), "default")
    wanted = [os.path.join(start, n) if os.path.exists(os.path.join(start, n)) else n for n in named if n != "none"]
    if own != "none":
        beside = os.path.join(os.path.dirname(snakefile), "profiles", own)
        places = [os.path.join(start, own), os.path.join(start, "profiles", own), beside]
        wanted += [place for place in places if os.path.exists(place)][:1]
    return [os.path.abspath(entry[1]) for name in wanted if (entry := find(name))]


def steps(flow: Any) -> list[dict[str, Any]]:
    """The rules that take part, as Steps, in the order of the Snakefile."""
    jobs = {job.rule.name: job for job in list(flow.dag.jobs) if not runs_nothing(job.rule)}
    found = [_step(flow, job) for job in jobs.values()]
    return sorted(found, key=lambda step: (step.get("source", ""), step.get("line", 0), step["rule"]))


def _step(flow: Any, job: Any) -> dict[str, Any]:
    rule = job.rule
    facts = {
        "rule": str(rule.name),
        "source": fence.attempt(lambda: os.path.abspath(rule.snakefile), None),
        "line": fence.attempt(lambda: int(flow.linemaps[rule.snakefile][rule.lineno]), None),
        "description": fence.attempt(lambda: rule.docstring.strip() if rule.docstring else None, None),
        "script": fence.attempt(lambda: script_of(job), None),
    }
    return {key: value for key, value in facts.items() if value is not None}


_declared: dict[int, newfiles.Declared] = {}


def declared(flow: Any, workdir: Path) -> newfiles.Declared:
    """Every path that a job of this process's DAG names; made anew when a checkpoint has changed the DAG."""
    count = len(flow.dag.jobs)
    if count not in _declared:
        jobs = list(flow.dag.jobs)
        paths = {str(f) for job in jobs for f in (*job.input, *job.output, *job.log)}
        paths |= {str(job.benchmark) for job in jobs if job.benchmark}
        _declared.clear()
        _declared[count] = newfiles.Declared.of(relative(path, workdir) for path in paths)
    return _declared[count]


def secrets(flow: Any) -> list[str]:
    """Values of the configuration that are kept under a secret's name."""
    return fence.attempt(lambda: list(scrub.secrets_in(flow.globals["config"])), [])


def targets(flow: Any, workdir: Path) -> list[str]:
    """The files that were asked for: by name, or as the inputs of a rule that only names targets."""
    files = {str(f) for job in list(flow.dag.jobs) if runs_nothing(job.rule) for f in job.input}
    files.update(str(f) for f in getattr(flow.dag, "targetfiles", ()))
    return sorted(relative(f, workdir) for f in files)


def remaining(flow: Any) -> int:
    """How many jobs the run still had to do."""
    return sum(1 for _ in flow.dag.needrun_jobs(exclude_finished=True))


def log_file(flow: Any) -> str | None:
    """Snakemake's own log of this invocation."""
    manager = getattr(flow, "logger_manager", None) or importlib.import_module("snakemake.logging").logger_manager
    files = manager.get_logfile()  # a list; before 9.1 one path
    return str(files if isinstance(files, str) else files[0]) if files else None


def version() -> str:
    """Snakemake's version."""
    return str(importlib.import_module("snakemake").__version__)


def executor(flow: Any) -> str:
    """The name of the executor plugin that gets the jobs."""
    return str(flow.executor_plugin.name)


def is_apart(flow: Any) -> bool:
    """Whether this process works on a node that does not share ``.snakemake`` with the main process."""

    def without_shared_files() -> bool:
        usage = {str(getattr(u, "name", u)).upper() for u in flow.storage_settings.shared_fs_usage}
        return bool(flow.remote_exec) and "PERSISTENCE" not in usage

    return bool(fence.attempt(without_shared_files, False))


def is_touch(flow: Any) -> bool:
    """Whether this invocation only touches files."""
    return bool(fence.attempt(lambda: flow.touch, False))
