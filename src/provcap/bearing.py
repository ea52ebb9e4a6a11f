"""Which files of a workflow bear on what a job made, from what was recorded: its rule, its code, its configuration."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from provcap import store
from provcap.capture.sources import CODE
from provcap.model import Job, Run

RULES: Final = ("snakefile", "include")  #: roles of sources that say what a job is
_TOLD: Final = ("shell", "script", "notebook", "wrapper")  #: kinds of jobs that their rule tells whole
_LARGEST: Final = 1 << 20  #: bytes of a text that is looked into
_SHELL: Final = re.compile(r"^.*\bshell\s*\.\s*(?:prefix|executable)\b.*$", re.M)  #: what changes every shell command

Source = Mapping[str, Any]  #: as the beginning of a run tells it


class Bearing:
    """The sources `before`, those of an earlier run, and what the jobs say that `run` took over from it.

    `events` are those of `run`; texts are read from what was kept in the work directory `files`.
    """

    def __init__(self, before: Iterable[Source], run: Run, events: Iterable[dict[str, Any]], files: Path) -> None:
        self._before = {source["place"]: source for source in before}
        self._run, self._files = run, files
        self._now = {source.place: source for source in run.workflow.sources}
        told = (event for event in events if event.get("event") == "up_to_date")
        self._told = {output["path"]: event for event in told for output in event.get("outputs", ())}
        self._images = {image.id: image.reference for image in run.images}
        self._modules = {found.id: {m.name for m in found.modules} for found in run.imports}
        self._ran: dict[Any, set[str]] = {}  #: by what jobs share
        self._called: dict[str, set[str]] = {}

    def on(self, job: Job) -> set[str]:
        """The places of the sources that bear on what `job` made."""
        read = {os.path.normpath(os.path.join(self._run.workdir, a.path)) for a in job.undeclared_inputs}
        found = self._code(job) | (read & self._before.keys())
        if not self._says_the_same(job):
            found |= self._of_role(*RULES)
        if self._reads_configuration(job):
            found |= self._of_role("config")
        return found

    def _of_role(self, *roles: str) -> set[str]:
        return {place for place, source in self._before.items() if source.get("role") in roles}

    # rules

    def _says_the_same(self, job: Job) -> bool:
        """Whether the rule says of `job` what it said when that ran. Of a ``run:`` block nobody knows: it can call
        every function of its Snakefile."""
        told = next((self._told[a.path] for a in job.outputs if a.path in self._told), None)
        if job.kind not in _TOLD or (job.kind == "shell" and self._shell_differs):
            return False
        if told is None or "kind" not in told:  # a part of an earlier batch, or of another workflow
            return self._block_is_the_same(job.rule)
        image = self._images.get(str(job.image))
        script = str(told.get("script", ""))
        known = {script}
        known |= {self._before[script]["path"]} if script in self._before else set()
        known |= {self._now[script].path} if script in self._now else set()
        return (
            told.get("kind", job.kind) == job.kind
            and _command(told.get("command"), told) == _command(job.command, job)
            and (job.script or "") in known
            and told.get("params", {}) == job.params
            and all(
                [(use["path"], use.get("name")) for use in told.get(role, ())] == [(a.path, a.name) for a in files]
                for role, files in (("inputs", job.inputs), ("outputs", job.outputs))
            )
            and told.get("container", image) == image
            and told.get("conda_env", job.conda_env) == job.conda_env
            and tuple(told.get("env_modules", job.env_modules)) == job.env_modules
        )

    @functools.cached_property
    def _shell_differs(self) -> bool:
        """Whether the Snakefiles say something else of what is put before every shell command."""
        return any(_SHELL.findall(old) != _SHELL.findall(new) for old, new in self._rule_texts)

    @functools.cached_property
    def _rule_texts(self) -> list[tuple[str, str]]:
        """The texts of each Snakefile that both runs have, then and in `run`."""
        both = [(source, self._now[place]) for place, source in self._before.items() if place in self._now]
        kept = [(s.get("kept") or s["digest"], n.kept or n.digest) for s, n in both if s.get("role") in RULES]
        return [(self._text(old), self._text(new)) for old, new in kept]

    def _block_is_the_same(self, rule: str) -> bool:
        return all(_block(old, rule) == _block(new, rule) for old, new in self._rule_texts)

    # code

    def _code(self, job: Job) -> set[str]:
        """Places of the code that `job` ran: its script, what that or its command names, and so on, and what was
        imported. Where a Python script told nothing of its imports, every Python file."""
        named = frozenset(self._named_in(job.command or ""))
        if (known := (job.script, job.imports, named)) not in self._ran:
            imported = self._modules.get(str(job.imports), set())
            unseen = job.imports is None and (job.script or "").endswith(".py")
            reached = set(named)
            for place, source in self._code_sources.items():
                path = PurePosixPath(source["path"])
                by_python = unseen or bool(imported & {path.stem, *path.parts})
                if source["path"] == job.script or (path.suffix == ".py" and by_python):
                    reached.add(place)
            while new := {one for place in reached for one in self._calls(place)} - reached:
                reached |= new
            self._ran[known] = reached
        return self._ran[known]

    @functools.cached_property
    def _code_sources(self) -> dict[str, Source]:
        return {
            place: source
            for place, source in self._before.items()
            if source.get("role") == "script" or PurePosixPath(place).suffix.lower() in CODE
        }

    @functools.cached_property
    def _names(self) -> tuple[re.Pattern[str], dict[str, set[str]]]:
        by_name: dict[str, set[str]] = {}
        for place in self._code_sources:
            by_name.setdefault(PurePosixPath(place).name, set()).add(place)
        longest_first = sorted(by_name, key=lambda name: (-len(name), name))
        return re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?![\w-])"), by_name

    def _named_in(self, text: str) -> set[str]:
        """Places of the code that `text` names by the names of their files."""
        pattern, by_name = self._names
        return {place for name in set(pattern.findall(text)) for place in by_name[name]}

    def _calls(self, place: str) -> set[str]:
        if place not in self._called:
            source = self._before[place]
            self._called[place] = self._named_in(self._text(source.get("kept") or source["digest"]))
        return self._called[place]

    # configuration

    def _reads_configuration(self, job: Job) -> bool:
        """Whether the script of `job` can look into the configuration past its params, as far as its text says."""
        own = next((s for s in self._before.values() if job.script and s["path"] == job.script), None)
        if own is None:
            return job.kind == "run"
        return re.search(r"snakemake\s*[.@]\s*config", self._text(own.get("kept") or own["digest"])) is not None

    def _text(self, name: str) -> str:
        """The text of a source that was kept; empty when it is not there, or large."""
        try:
            with store.source_path(self._files, name).open("rb") as stream:
                return stream.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            return ""


def _command(text: str | None, of: Job | dict[str, Any]) -> str:
    """A command without the numbers that Snakemake gives to each run anew: threads, and resources of an attempt."""
    threads, resources = (
        (of.threads, of.resources) if isinstance(of, Job) else (of.get("threads"), of.get("resources") or {})
    )
    given = [(str(threads), "{threads}")] if threads else []
    given += [(str(value), f"{{{name}}}") for name, value in resources.items() if isinstance(value, int | float)]
    for word, stands_for in sorted(given, key=lambda pair: (-len(pair[0]), pair)):
        text = re.sub(rf"(?<![\w.]){re.escape(word)}(?![\w.])", stands_for, text or "")
    return text or ""


def _block(text: str, rule: str) -> list[str]:
    """The lines of the `rule` in a Snakefile, without blank ones and comments."""
    lines = text.splitlines()
    begin = re.compile(rf"(\s*)(?:rule|checkpoint)\s+{re.escape(rule)}\s*:")
    for number, line in enumerate(lines):
        if found := begin.match(line):
            inside = re.compile(rf"{re.escape(found[1])}\s+\S")
            block = [line]
            for after in lines[number + 1 :]:
                if after.strip() and not inside.match(after):
                    break
                block += [after] if after.strip() and not after.lstrip().startswith("#") else []
            return block
    return []
