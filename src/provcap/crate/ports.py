"""What flows where: FormalParameters of rules and of the workflow, and the connections between them.

Derived from what the jobs of a rule read and wrote (Provenance Run Crate 0.5, "Referencing parameters"). A parameter
is declared only when something was passed through it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Literal

from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, ref, short_hash
from provcap.crate.packing import Packing
from provcap.model import JSON, Artifact, Job, Run
from provcap.questions import producers

Side = Literal["input", "output"]
MANY: Final = 8  #: a rule with more unnamed files than this on one side has one port for all of them


class Ports:
    """Names the port through which each file of a job goes."""

    def __init__(self, run: Run) -> None:
        counts: dict[tuple[str, str], set[int]] = defaultdict(set)
        for job in run.jobs:
            counts[job.rule, "input"].add(sum(1 for a in job.inputs if a.name is None))
            counts[job.rule, "output"].add(sum(1 for a in job.outputs if a.name is None))
        self._positional = {key for key, found in counts.items() if len(found) == 1 and max(found) <= MANY}

    def of(self, job: Job, side: Side) -> Iterator[tuple[Artifact, str]]:
        """Each file on that `side` with the name of its port: the rule's name for it, or its position."""
        position = 0
        for artifact in job.inputs if side == "input" else job.outputs:
            name = artifact.name
            if name is None:
                name = f"{side} {position}" if (job.rule, side) in self._positional else side
                position += 1
            if artifact.kind != "missing":  # a directory has another additionalType, so it needs another port
                yield artifact, name + (" (directory)" if artifact.kind == "directory" else "")


class Wiring:
    """Declares the ports in `draft` and connects them."""

    def __init__(self, draft: Draft, run: Run, packing: Packing, workflow: str) -> None:
        self.draft, self.run, self.packing, self.workflow = draft, run, packing, workflow
        self.ports = Ports(run)
        self.sources: dict[str, str] = {}  #: path to the parameter that it comes from
        self.types: dict[str, set[str]] = defaultdict(set)

    def wire(self, final: set[str]) -> None:
        """Declare and connect everything; `final` are the paths of the outputs of the workflow."""
        made = producers(self.run)
        for job in self.run.jobs:
            for artifact, name in self.ports.of(job, "output"):
                port = self._port(job.rule, "output", name, artifact)
                if made.get(artifact.path) is job:
                    self.sources[artifact.path] = port
                    if artifact.path in final:
                        self._connect_result(port, job.rule, name, artifact)
        for job in self.run.jobs:
            for artifact, name in self.ports.of(job, "input"):
                port = self._port(job.rule, "input", name, artifact)
                if artifact.path not in self.sources:
                    self.sources[artifact.path] = fragment("workflow", "input", job.rule, name)
                source = self.sources[artifact.path]
                if source.startswith("#workflow/"):
                    self._declare(source, name, artifact)
                    self.draft.link(self.workflow, "input", source)
                self._connect(source, port, fragment("step", job.rule))

    def pass_values(self, job: Job, tool: str) -> set[str]:
        """Declare the parameters and wildcards of `job` and return the @ids of their values."""
        values = {self._value(job, tool, "param", name, value) for name, value in job.params.items()}
        return values | {self._value(job, tool, "wildcard", name, value) for name, value in job.wildcards.items()}

    def pass_variables(self, job: Job, tool: str) -> set[str]:
        """The same for the environment variables that were recorded."""
        return {self._value(job, tool, "variable", name, value) for name, value in job.variables.items()}

    def settle_types(self) -> None:
        """Give every value parameter the narrowest type that all its values have."""
        for parameter, found in self.types.items():
            self.draft.entities[parameter]["additionalType"] = _common_type(found)

    def _port(self, rule: str, side: Side, name: str, artifact: Artifact) -> str:
        port = fragment("port", rule, side, name)
        self._declare(port, name, artifact)
        self.draft.link(tool_id(self.draft, rule), side, port)
        return port

    def _declare(self, port: str, name: str, artifact: Artifact) -> None:
        if port not in self.draft:
            kind = "Dataset" if artifact.kind == "directory" else "File"
            self.draft.add(port, "FormalParameter", name=name.removesuffix(" (directory)"), additionalType=kind)
        self.draft.link(self.packing.id_of(artifact), "exampleOfWork", port)

    def _connect_result(self, port: str, rule: str, name: str, artifact: Artifact) -> None:
        target = fragment("workflow", "output", rule, name)
        self._declare(target, name, artifact)
        self.draft.link(self.workflow, "output", target)
        self._connect(port, target, self.workflow)

    def _connect(self, source: str, target: str, receiver: str) -> None:
        connection = "#connection/" + short_hash(source, target)
        if connection not in self.draft:
            self.draft.add(
                connection,
                "ParameterConnection",
                name=f"{source.removeprefix('#')} to {target.removeprefix('#')}",
                sourceParameter=ref(source),
                targetParameter=ref(target),
            )
            self.draft.link(receiver, "connection", connection)

    def _value(self, job: Job, tool: str, kind: str, name: str, value: JSON) -> str:
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
        parameter = fragment(kind, job.rule, name)
        # one entity per value, not per job: 10 000 jobs with the same sigma share it
        entity = fragment("value", kind, name, short_hash(type(value).__name__, text))
        if parameter not in self.draft:
            self.draft.add(parameter, "FormalParameter", name=name)
            self.draft.link(tool, "environment" if kind == "variable" else "input", parameter)
        if entity not in self.draft:
            self.draft.add(entity, "PropertyValue", name=name, propertyID=f"{profile.OWN}{kind}")
            self.draft.entities[entity]["value"] = text  # also when it is the empty string
        self.draft.link(entity, "exampleOfWork", parameter)
        self.types[parameter].add(_type_of(value))
        return entity


def tool_id(draft: Draft, rule: str) -> str:
    """The @id of the tool that stands for `rule`; its step knows it."""
    found: str = draft.entities[fragment("step", rule)]["workExample"]["@id"]
    return found


def _type_of(value: JSON) -> str:
    names = {bool: "Boolean", int: "Integer", float: "Float"}
    return names.get(type(value), "Text")


def _common_type(found: set[str]) -> str:
    if len(found) == 1:
        return next(iter(found))
    return "Number" if found == {"Integer", "Float"} else "Text"
