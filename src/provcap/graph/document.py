"""Run → `prov.model.ProvDocument`: PROV-DM terms, wfprov types, and provcap's own terms for the rest.

Generation is told of jobs only, never of the run: two activities that generate one entity would have to do so in the
same instant (PROV-CONSTRAINTS 39). Usage has no time, because the moment of reading within a job is not known.
"""

from __future__ import annotations

import difflib

from prov.constants import PROV_LOCATION, PROV_ROLE
from prov.identifier import Identifier, QualifiedName
from prov.model import ProvDocument

from provcap import codec, terms
from provcap.errors import ProvcapError
from provcap.graph.acquisitions import Acquisitions
from provcap.graph.assessments import add_assessments
from provcap.graph.dependence import Judgements, add_dependences
from provcap.graph.draft import SCHEMA, TERMS, WFPROV, Draft, Value, attributes, local_name, pairs
from provcap.graph.embeddings import add_embeddings
from provcap.graph.models import Models
from provcap.graph.qualities import Qualities
from provcap.graph.study import add_study
from provcap.graph.surroundings import Surroundings
from provcap.graph.versions import History, Link, Scope, Version, ancestry, trace, whole
from provcap.graph.whole_run import add_run, span
from provcap.model import Job, Run, Tool

BREADTH = 64  #: with more inputs *and* more outputs, wasDerivedFrom is left out: pairs grow as a product
KEEPS_TEMP = {"--notemp", "--no-temp", "--nt"}  #: Snakemake's switches that leave temp() files alone


def document(run: Run, path: str | None = None) -> ProvDocument:
    """The provenance of `run`, or with `path` only what led to that file as the run left it.

    Raises ProvcapError (``unknown-file``) when no job of the run read or made `path`.
    """
    history = trace(run)
    scope = whole(run, history) if path is None else ancestry(history, _target(history, path))
    draft = Draft(run)
    surroundings = Surroundings(draft)
    add_run(draft, surroundings)
    writer = _Writer(draft, surroundings, history, scope)
    for version in scope.versions:
        writer.add_version(version)
    writer.add_paths()
    for index in scope.jobs:
        writer.add_job(index)
    if path is None:
        for step in run.steps:
            surroundings.step(step.rule)
        add_assessments(draft, writer.results())
        add_dependences(draft, surroundings)
    add_embeddings(draft, writer.names, scope.versions)
    add_study(draft, writer.results(), path is None)
    gaps = draft.gaps_left() if path is None else draft.gaps("run")
    draft.document.get_record(draft.activity)[0].add_attributes(attributes([], None, {TERMS["gap"]: gaps}))
    return draft.document


def _target(history: History, path: str) -> Version:
    found = history.latest(path)
    if found is None:
        close = difflib.get_close_matches(path, history.versions, n=5, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "paths are relative to the run's work directory"
        raise ProvcapError("unknown-file", f"no job of this run read or made {path!r}", hint)
    return found


class _Writer:
    """Adds files and jobs to the document."""

    def __init__(self, draft: Draft, surroundings: Surroundings, history: History, scope: Scope) -> None:
        self.draft = draft
        self.run = draft.run
        self.prov = draft.document
        self.surroundings = surroundings
        self.history = history
        self.scope = scope
        self.acquisitions = Acquisitions(draft)
        self.models = Models(draft)
        self.qualities = Qualities(draft)
        self.judgements = Judgements(draft)
        self.names = {v.identity: draft.name("file", v.artifact.path, *v.identity) for v in scope.versions}
        self.contents = {v.digest: self.names[v.identity] for v in scope.versions if v.digest}
        self.runs = {draft.run.id}
        self._removes_temp = draft.run.status == "succeeded" and not KEEPS_TEMP & set(draft.run.command)

    def add_version(self, version: Version) -> None:
        """An entity for one content of one path."""
        artifact = version.artifact
        value = version.digest and version.digest.removeprefix("sha256:")
        status = self.run.jobs[version.maker].status if version.maker is not None else None
        told: dict[QualifiedName, Value] = {
            PROV_LOCATION: artifact.path,
            SCHEMA["encodingFormat"]: artifact.media_type,
            # the digest of a tree is not the SHA-256 of any file: another term
            TERMS["treeDigest"] if artifact.kind == "directory" else SCHEMA["sha256"]: value,
            TERMS["sizeBytes"]: artifact.size_bytes,
            TERMS["flag"]: artifact.flags,
            TERMS["query"]: artifact.query,
            TERMS["status"]: status if status in ("cached", "up_to_date") else None,
            TERMS["gap"]: self.draft.gaps(f"file:{artifact.path}"),
        }
        types = [WFPROV["Artifact"], TERMS[artifact.kind.capitalize()]]
        formats = [(SCHEMA["encodingFormat"], Identifier(t.iri)) for t in terms.of_path(self.run, artifact.path)]
        formats += self.acquisitions.of(artifact.digest) + self.models.of(artifact.digest)
        formats += self.qualities.of(artifact.digest)
        formats += self.judgements.of(artifact.path, artifact.digest)
        self.prov.entity(self.names[version.identity], attributes(types, artifact.path, told) + formats)

    def results(self) -> dict[str, QualifiedName]:
        """For each path the entity of what it held in the end."""
        latest = {path: self.history.latest(path) for path in self.history.versions}
        return {path: self.names[v.identity] for path, v in latest.items() if v and v.identity in self.names}

    def add_paths(self) -> None:
        """For a path that held several contents, the one general entity whose specializations they are."""
        held: dict[str, list[Version]] = {}
        for version in self.scope.versions:
            held.setdefault(version.artifact.path, []).append(version)
        for path, versions in held.items():
            if len(versions) > 1:
                general = self.draft.name("path", path, path)
                self.prov.entity(general, attributes([TERMS["Path"]], path, {PROV_LOCATION: path}))
                for version in versions:
                    self.prov.specialization(self.names[version.identity], general)

    def add_job(self, index: int) -> None:
        """The attempt, what it used, what it made; without the attempt when this run did not see one."""
        job = self.run.jobs[index]
        activity = self._add_activity(index, job) if _happened(self.run, job) else None
        made = [link for link in self.history.makes[index] if link.version.identity in self.names]
        if activity is not None:
            for link in self.history.reads[index]:
                self.prov.usage(activity, self.names[link.version.identity], None, None, _role(link))
            for link in made:
                time = self._generated(job, link.version)
                self.prov.generation(self.names[link.version.identity], activity, time, None, _role(link))
                self._add_removal(link.version)
        self._add_derivations(index, made, activity)

    def _add_activity(self, index: int, job: Job) -> QualifiedName:
        namespace = self.draft.namespace_of(job.run)
        name = namespace[local_name("job", job.label, job.id, str(job.attempt))]
        if self.prov.get_record(name):  # an id that is not unique, in a run.json that something else wrote
            name = namespace[local_name("job", job.label, job.id, str(job.attempt), str(index))]
        surroundings = self.surroundings
        broad = self._breadth(index) > BREADTH
        told = _description(job) | {
            TERMS["modelLoad"]: self.models.loads(job),
            TERMS["note"]: "every output depends on every input; wasDerivedFrom leaves it at that" if broad else None,
            WFPROV["wasPartOfWorkflowRun"]: namespace["run"],
            PROV_LOCATION: surroundings.hardware(job.hardware),
            TERMS["gap"]: self.draft.gaps(f"job:{job.id}"),
        }
        start, end = span(job.started, None if job.status == "lost" else job.ended)
        self.prov.activity(name, start, end, attributes([WFPROV["ProcessRun"]], job.label, told))
        if job.run not in self.runs:
            self.runs.add(job.run)
            self.prov.activity(namespace["run"], None, None, attributes([WFPROV["WorkflowRun"]], f"Run {job.run}", {}))
        self.prov.start(name, None, namespace["run"], start)
        self._add_means(name, job)
        return name

    def _add_means(self, activity: QualifiedName, job: Job) -> None:
        """What the attempt was done with, and the engine that did it by the rule's plan."""
        surroundings = self.surroundings
        means = {"environment": surroundings.environment(job.environment), "image": surroundings.image(job.image)}
        means["imports"] = surroundings.imports(job.imports)
        if job.run == self.run.id:  # the engine, rules and scripts of an earlier run may have been others
            means["script"] = surroundings.source(job.script)
            engine, plan = surroundings.engine, surroundings.step(job.rule)
            self.prov.association(activity, engine, plan, None, [(PROV_ROLE, TERMS["engine"])])
        for role, name in means.items():
            if name is not None:
                self.prov.usage(activity, name, None, None, [(PROV_ROLE, TERMS[role])])
        self.models.use(activity, job, self.contents)

    def _breadth(self, index: int) -> int:
        return min(len(self.history.reads[index]), sum(m.part == "output" for m in self.history.makes[index]))

    def _add_derivations(self, index: int, made: list[Link], activity: QualifiedName | None) -> None:
        if self._breadth(index) > BREADTH:
            return
        read = dict.fromkeys(self.names[link.version.identity] for link in self.history.reads[index])
        for link in made:
            if link.part == "output":
                for used in read:
                    self.prov.derivation(self.names[link.version.identity], used, activity)

    def _add_removal(self, version: Version) -> None:
        """temp() files are removed by the main process after their last reader, but for targets; when is not known."""
        artifact = version.artifact
        gone = (
            "temp" in artifact.flags and version.lasting and version.readers and artifact.path not in self.run.targets
        )
        if gone and self._removes_temp:
            self.prov.invalidation(self.names[version.identity], self.draft.activity)

    def _generated(self, job: Job, version: Version) -> object:
        """The end of the job; None for streams, and when a reader ended earlier (the clocks of two machines)."""
        artifact = version.artifact
        if job.status == "lost" or artifact.kind in ("pipe", "service") or {"pipe", "service"} & set(artifact.flags):
            return None
        ends = [ended for reader in version.readers if (ended := self.run.jobs[reader].ended)]
        if job.ended is None or min(ends, default=job.ended) < job.ended:
            return None
        return span(job.started, job.ended)[1]


def _happened(run: Run, job: Job) -> bool:
    """Whether the job is an activity: an attempt of this run, or one of an earlier run that left a record."""
    if job.status == "up_to_date":
        return job.run != run.id and job.started is not None
    return job.status != "cached"


def _role(link: Link) -> list[tuple[QualifiedName, object]]:
    """The rule's name for the file as text, or provcap's term for files that no rule names."""
    if link.part in ("log", "benchmark"):
        return [(PROV_ROLE, TERMS[link.part])]
    return [(PROV_ROLE, attributes([], None, {PROV_ROLE: link.name})[0][1])] if link.name else []


def _tool(tool: Tool) -> str:
    owner = f" ({tool.package} {tool.version or ''})".replace(" )", ")") if tool.package else ""
    return f"{tool.name}: {tool.path}{owner}"


def _description(job: Job) -> dict[QualifiedName, Value]:
    usage = job.usage
    return {
        TERMS["rule"]: job.rule,
        TERMS["status"]: job.status,
        TERMS["attempt"]: job.attempt,
        TERMS["kind"]: job.kind,
        TERMS["wildcard"]: pairs(job.wildcards),
        TERMS["parameter"]: pairs(job.params),
        TERMS["threads"]: job.threads,
        TERMS["resource"]: pairs(job.resources),
        TERMS["group"]: job.group,
        TERMS["command"]: job.command,
        TERMS["condaEnvironment"]: job.conda_env,
        TERMS["module"]: job.env_modules,
        TERMS["variable"]: pairs(job.variables),
        TERMS["allocation"]: pairs(job.allocation),
        TERMS["accounting"]: pairs(codec.encode(job.accounting) or {}),
        TERMS["limit"]: pairs(job.limits),
        TERMS["filesystem"]: job.filesystem,
        TERMS["network"]: job.network,
        TERMS["tool"]: tuple(_tool(tool) for tool in job.tools),
        TERMS["randomness"]: tuple(f"{draw.kind} {draw.source}: {draw.value or '?'}" for draw in job.randomness),
        TERMS["redaction"]: pairs(job.redactions),
        TERMS["exitCode"]: job.exit_code,
        TERMS["error"]: job.error,
        TERMS["wallSeconds"]: usage and usage.wall_s,
        TERMS["cpuUserSeconds"]: usage and usage.cpu_user_s,
        TERMS["cpuSystemSeconds"]: usage and usage.cpu_system_s,
        TERMS["maxRssBytes"]: usage and usage.max_rss_bytes,
    }
