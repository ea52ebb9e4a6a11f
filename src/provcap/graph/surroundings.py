"""What the jobs of a run stand on: people, programs, the workflow, environments, images and machines."""

from __future__ import annotations

from prov.constants import PROV_LOCATION
from prov.identifier import Identifier, QualifiedName
from prov.model import PROV

from provcap import terms
from provcap.graph.draft import SCHEMA, TERMS, Attributes, Draft, attributes, pairs
from provcap.model import Environment, Hardware, Image, Imports, Source, Step

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
        self._imports = {found.id: found for found in run.imports}
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

    def imports(self, key: str | None) -> QualifiedName | None:
        """What the interpreters of a job really imported."""
        found = self._imports.get(key) if key is not None else None
        return found and (self._known("imports", found.id) or self._add_imports(found))

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
        means: Attributes = [
            (SCHEMA["about"], Identifier(term.iri)) for term in terms.of_rule(self.draft.run, step.rule)
        ]
        self.draft.document.entity(name, attributes([PLAN, TERMS["Step"]], step.rule, told) + means)
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

    def _add_imports(self, imports: Imports) -> QualifiedName:
        name = self._name("imports", "", imports.id)
        modules = [
            " ".join(filter(None, (m.name, m.version, "(from the host)" if m.from_host else "")))
            for m in imports.modules
        ]
        libraries = [" ".join(filter(None, (library.path, library.digest))) for library in imports.libraries]
        told = {TERMS["module"]: modules, TERMS["library"]: libraries}
        self.draft.document.entity(name, attributes([TERMS["Imports"]], "what was imported", told))
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
            TERMS["library"]: environment.libraries,
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
            TERMS["microarchitecture"]: hardware.microarchitecture,
            TERMS["cpuFlags"]: " ".join(hardware.flags) or None,
            TERMS["sockets"]: hardware.sockets,
            TERMS["hypervisor"]: hardware.hypervisor,
            TERMS["gpu"]: tuple(
                ", ".join(filter(None, (g.model, g.driver and f"driver {g.driver}", g.cuda and f"CUDA {g.cuda}")))
                for g in hardware.gpus
            ),
        }
        types = [PROV["Location"], TERMS["Hardware"]]
        self.draft.document.entity(name, attributes(types, hardware.hostname or hardware.id, told))
        return name
