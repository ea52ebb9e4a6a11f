"""The run itself: the workflow that it followed, and all who took part."""

from __future__ import annotations

import shlex

from prov.constants import PROV_LOCATION, PROV_ROLE
from prov.identifier import QualifiedName
from prov.model import PROV

from provcap.graph.assessments import add_origins
from provcap.graph.draft import SCHEMA, TERMS, WFPROV, Draft, attributes, iri, moment
from provcap.graph.surroundings import PERSON, PLAN, SOFTWARE, Surroundings
from provcap.model import Agent, Organization


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
    add_origins(draft)


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
        if source.role in ("snakefile", "include", "config", "profile"):  # what Snakemake itself read
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
        draft.document.agent(name, attributes([PERSON], person.name, {SCHEMA["sameAs"]: iri(person.id)}))
    if person.affiliation:
        draft.document.delegation(name, _add_organization(draft, person.affiliation), draft.activity)
    return name


def _add_organization(draft: Draft, organization: Organization) -> QualifiedName:
    name = draft.name("organization", organization.name, organization.name, organization.id or "")
    if not draft.document.get_record(name):
        told = {SCHEMA["sameAs"]: iri(organization.id), SCHEMA["url"]: iri(organization.url)}
        draft.document.agent(name, attributes([PROV["Organization"]], organization.name, told))
    return name
