"""What the jobs of a run stand on: people, programs, the workflow, environments, images and machines."""

from __future__ import annotations

import re
import shlex

from prov.constants import PROV_LOCATION, PROV_ROLE
from prov.identifier import Identifier, QualifiedName
from prov.model import PROV

from provcap.graph.draft import SCHEMA, TERMS, WFPROV, Draft, attributes, moment, pairs, plain
from provcap.model import Agent, Environment, Hardware, Image, Organization, Source, Step

#: a scheme, and nothing that RFC 3987 leaves out (blanks, controls, braces, quotes)
_IRI = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`\x7f-\x9f]+""")
PLAN, PERSON, SOFTWARE = PROV["Plan"], PROV["Person"], PROV["SoftwareAgent"]


class Surroundings:
    """Adds each thing to the document when a job first refers to it, and gives its name."""

    def __init__(self, draft: Draft) -> None:
        run = draft.run
        self.draft = draft
        self.engine = draft.namespace["snakemake"]
        self.workflow = draft.namespace["workflow"]
        self._sources = {source.path: source for source in run.workflow.sources}
        self._steps = {step.rule: step for step in run.steps}
        self._environments = {e.id: e for e in run.environments}
        self._images = {image.id: image for image in run.images}
        self._hardware = {hardware.id: hardware for hardware in run.hardware}
        self._names: dict[tuple[str, str], QualifiedName] = {}

    def step(self, rule: str) -> QualifiedName:
        """The plan of the jobs of `rule` (PROV-DM 5.3.4)."""
        return self._known("step", rule) or self._add_step(self._steps.get(rule) or Step(rule))

    def source(self, path: str | None) -> QualifiedName | None:
        """The file of the workflow at `path`, if that was recorded."""
        found = self._sources.get(path) if path is not None else None
        return found and (self._known("source", found.path) or self._add_source(found))

    def environment(self, key: str | None) -> QualifiedName | None:
        """The software that a job could see."""
        found = self._environments.get(key) if key is not None else None
        return found and (self._known("environment", found.id) or self._add_environment(found))

    def image(self, key: str | None) -> QualifiedName | None:
        """The container image that a job ran in."""
        found = self._images.get(key) if key is not None else None
        return found and (self._known("image", found.id) or self._add_image(found))

    def hardware(self, key: str | None) -> QualifiedName | None:
        """The machine that a job ran on: where it was, not one who answers for it, so a location and no agent."""
        found = self._hardware.get(key) if key is not None else None
        return found and (self._known("machine", found.id) or self._add_hardware(found))

    def _known(self, kind: str, key: str) -> QualifiedName | None:
        return self._names.get((kind, key))

    def _name(self, kind: str, readable: str, key: str) -> QualifiedName:
        self._names[kind, key] = self.draft.name(kind, readable, key)
        return self._names[kind, key]

    def _add_step(self, step: Step) -> QualifiedName:
        name = self._name("step", step.rule, step.rule)
        told = {SCHEMA["description"]: step.description, TERMS["line"]: step.line}
        self.draft.document.entity(name, attributes([PLAN, TERMS["Step"]], step.rule, told))
        if source := self.source(step.source):
            self.draft.document.derivation(name, source)
        return name

    def _add_source(self, source: Source) -> QualifiedName:
        name = self._name("source", source.path, source.path)
        told = {
            PROV_LOCATION: source.place,
            SCHEMA["sha256"]: source.digest.removeprefix("sha256:"),
            TERMS["sizeBytes"]: source.size_bytes,
            TERMS["sourceRole"]: source.role,
            TERMS["gap"]: self.draft.gaps(f"file:{source.path}"),
        }
        self.draft.document.entity(name, attributes([TERMS["Source"]], source.path, told))
        return name

    def _add_environment(self, environment: Environment) -> QualifiedName:
        name = self._name("environment", environment.os_name or "", environment.id)
        languages = [
            " ".join(filter(None, (i.language, i.version, i.path, i.build and f"({i.build})")))
            for i in environment.interpreters
        ]
        told = {
            TERMS["operatingSystem"]: environment.os_name,
            TERMS["interpreter"]: languages,
            TERMS["digest"]: environment.id,
            TERMS["collector"]: environment.collector,
            TERMS["probe"]: environment.probe,
            TERMS["gap"]: self.draft.gaps(f"environment:{environment.id}"),
        }
        types = [TERMS["Environment"], PROV["Collection"]] if environment.packages else [TERMS["Environment"]]
        self.draft.document.entity(name, attributes(types, environment.os_name or "environment", told))
        members = {self._package(environment, index): None for index in range(len(environment.packages))}
        for member in members:
            self.draft.document.membership(name, member)
        return name

    def _package(self, environment: Environment, index: int) -> QualifiedName:
        """The package, one entity however many environments have it."""
        package = environment.packages[index]
        identity = (package.manager, package.name, package.version, package.origin or "", package.architecture or "")
        key = "\0".join((*identity, "editable" if package.editable else ""))
        if known := self._known("package", key):
            return known
        name = self._name("package", f"{package.name}-{package.version}", key)
        told = {
            SCHEMA["name"]: package.name,
            SCHEMA["softwareVersion"]: package.version,
            TERMS["manager"]: package.manager,
            TERMS["origin"]: package.origin,
            TERMS["architecture"]: package.architecture,
            TERMS["editable"]: package.editable or None,
        }
        self.draft.document.entity(name, attributes([TERMS["Package"]], f"{package.name} {package.version}", told))
        return name

    def _add_image(self, image: Image) -> QualifiedName:
        name = self._name("image", image.reference, image.id)
        told = {
            PROV_LOCATION: image.path,
            TERMS["imageKind"]: image.kind,
            TERMS["digest"]: image.digest,
            TERMS["sizeBytes"]: image.size_bytes,
            TERMS["imageLabel"]: pairs(image.labels),
            TERMS["gap"]: self.draft.gaps(f"image:{image.id}"),
        }
        self.draft.document.entity(name, attributes([TERMS["Image"]], image.reference, told))
        return name

    def _add_hardware(self, hardware: Hardware) -> QualifiedName:
        name = self._name("machine", hardware.hostname or "", hardware.id)
        told = {
            TERMS["architecture"]: hardware.architecture,
            TERMS["cpuModel"]: hardware.cpu_model,
            TERMS["cpusLogical"]: hardware.cpus_logical,
            TERMS["cpusPhysical"]: hardware.cpus_physical,
            TERMS["memoryBytes"]: hardware.memory_bytes,
            TERMS["kernel"]: hardware.kernel,
            TERMS["operatingSystem"]: hardware.os_name,
        }
        types = [PROV["Location"], TERMS["Hardware"]]
        self.draft.document.entity(name, attributes(types, hardware.hostname or hardware.id, told))
        return name


def add_run(draft: Draft, surroundings: Surroundings) -> None:
    """The run itself, the workflow that it followed, and all who took part."""
    run = draft.run
    told = {
        PROV_LOCATION: run.workdir,
        SCHEMA["name"]: run.about.title,
        SCHEMA["description"]: run.about.description,
        SCHEMA["license"]: run.about.license,
        SCHEMA["keywords"]: run.about.keywords,
        TERMS["status"]: run.status,
        TERMS["command"]: shlex.join(run.command) or None,
        TERMS["hostname"]: run.hostname,
        TERMS["pythonVersion"]: run.python_version,
        TERMS["log"]: run.log,
        TERMS["error"]: run.errors,
        TERMS["rerunOf"]: run.rerun_of,
    }
    described = attributes([WFPROV["WorkflowRun"]], run.about.title or f"Run {run.id}", told)
    draft.document.activity(draft.activity, *span(run.started, run.ended), described)
    _add_workflow(draft, surroundings)
    _add_programs(draft, surroundings)
    _add_people(draft, surroundings)


def span(started: str | None, ended: str | None) -> tuple[object, object]:
    """Start and end; no end when it would come before the start (PROV-CONSTRAINTS 30: a clock was set back)."""
    start, end = moment(started), moment(ended)
    return start, None if start and end and end < start else end


def _add_workflow(draft: Draft, surroundings: Surroundings) -> None:
    workflow = draft.run.workflow
    told = {
        SCHEMA["codeRepository"]: workflow.repository,
        TERMS["commit"]: workflow.commit,
        TERMS["dirty"]: workflow.dirty,
    }
    types = [PLAN, TERMS["Workflow"], *([PROV["Collection"]] if workflow.sources else [])]
    draft.document.entity(surroundings.workflow, attributes(types, workflow.snakefile, told))
    for path, source in {s.path: s for s in workflow.sources}.items():
        name = surroundings.source(path)
        draft.document.membership(surroundings.workflow, name)
        if source.role in ("snakefile", "include", "config"):  # what Snakemake itself read
            draft.document.usage(draft.activity, name, None, None, [(PROV_ROLE, TERMS[source.role])])


def _add_programs(draft: Draft, surroundings: Surroundings) -> None:
    run = draft.run
    recorder = draft.namespace["provcap"]
    for name, label, version in (
        (surroundings.engine, "Snakemake", run.snakemake_version),
        (recorder, "provcap", run.provcap_version),
    ):
        told = {SCHEMA["softwareVersion"]: version}
        draft.document.agent(name, attributes([SOFTWARE], f"{label} {version}" if version else label, told))
    engine, watcher = [(PROV_ROLE, TERMS["engine"])], [(PROV_ROLE, TERMS["recorder"])]
    draft.document.association(draft.activity, surroundings.engine, surroundings.workflow, None, engine)
    draft.document.association(draft.activity, recorder, None, None, watcher)


def _add_people(draft: Draft, surroundings: Surroundings) -> None:
    run, document = draft.run, draft.document
    if run.user:
        user = draft.name("user", run.user, run.user)
        document.agent(user, attributes([PERSON], run.user, {TERMS["account"]: run.user}))
        document.association(draft.activity, user, surroundings.workflow, None, [(PROV_ROLE, TERMS["operator"])])
        document.delegation(surroundings.engine, user, draft.activity)
    if run.about.operator:
        name = _add_person(draft, run.about.operator)
        document.association(draft.activity, name, surroundings.workflow, None, [(PROV_ROLE, TERMS["operator"])])
    for author in dict.fromkeys(run.about.authors):
        name = _add_person(draft, author)
        document.association(draft.activity, name, None, None, [(PROV_ROLE, TERMS["author"])])


def _add_person(draft: Draft, person: Agent) -> QualifiedName:
    # not the ORCID itself: after orcid.org/ comes a digit, with which no XML QName can begin
    name = draft.name("person", person.name, person.name, person.id or "")
    if not draft.document.get_record(name):
        draft.document.agent(name, attributes([PERSON], person.name, {SCHEMA["sameAs"]: _iri(person.id)}))
    if person.affiliation:
        draft.document.delegation(name, _add_organization(draft, person.affiliation), draft.activity)
    return name


def _add_organization(draft: Draft, organization: Organization) -> QualifiedName:
    name = draft.name("organization", organization.name, organization.name, organization.id or "")
    if not draft.document.get_record(name):
        told = {SCHEMA["sameAs"]: _iri(organization.id), SCHEMA["url"]: _iri(organization.url)}
        draft.document.agent(name, attributes([PROV["Organization"]], organization.name, told))
    return name


def _iri(text: str | None) -> Identifier | str | None:
    """An IRI as an IRI; what cannot be one as the text that it is."""
    return Identifier(text) if text and _IRI.fullmatch(text) and plain(text) == text else text
