"""All in which version 0.6 of the Workflow Run RO-Crate profiles differs from 0.5: for crates, and for their validator.

0.6 (2026-09-07) stands on RO-Crate 1.3 and Workflow RO-Crate 1.1. Its requirements are those of 0.5; the terms
ComputationalWorkflow, FormalParameter, input and output have other IRIs, which come with the context. See
https://www.researchobject.org/workflow-run-crate/profiles/0.6/changelog; RO-Crate 1.2 goes with neither version.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from provcap.crate import profile_0_5 as older
from provcap.crate.draft import Draft, ref
from provcap.crate.profile import Claim
from provcap.model import Run

#: types that RO-Crate 1.3 wants one of schema.org's beside (SHOULD), the one that they are kinds of
_KINDS: Final = {
    "FormalParameter": "Intangible",
    "ParameterConnection": "Intangible",
    "ContainerImage": "Thing",
    "WebPageElement": "CreativeWork",
}


UNKNOWN: Final = "unknown"  #: a version that RO-Crate 1.3 demands and nobody recorded


def adapt(draft: Draft, root: dict[str, Any], run: Run) -> None:
    """What RO-Crate 1.3 asks of entities and 1.1 does not; nobody's ORCID or address is made up for it."""
    versions = _versions(run)
    for identifier, entity in draft.entities.items():
        types = entity["@type"]
        entity["@type"] = types + [_KINDS[t] for t in types if t in _KINDS and _KINDS[t] not in types]
        if "File" in types and identifier.startswith("#") and entity.get("alternateName"):
            entity.setdefault("localPath", entity["alternateName"])  # where it would be (1.3, "Data entities")
        if {"ComputerLanguage", "SoftwareApplication"} & set(types) and "version" not in entity:
            entity["version"] = ", ".join(versions.get(entity["name"], [UNKNOWN]))  # MUST (1.3, "Software")
    if run.id:
        properties = {"propertyID": older.OWN + "runId", "value": run.id}
        root["identifier"] = ref(draft.add("#identifier", "PropertyValue", name="run identifier", **properties))
    _name_locally(draft, root)


def _name_locally(draft: Draft, root: dict[str, Any]) -> None:
    """What is no file and not on the web gets an @id that begins with ``#`` (SHOULD, 1.3): rules, mostly."""
    parts = [i for i in draft.entities if "#" in i.lstrip("#") and not i.startswith("#") and "://" not in i]
    names = {identifier: "#" + identifier.replace("#", "/") for identifier in parts}
    if not names:
        return
    draft.entities = {names.get(i, i): _renamed(entity, names) for i, entity in draft.entities.items()}
    root.update(_renamed(root, names))


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """`value` with new names in all references; those of `Draft.link` are sets of @ids."""
    if isinstance(value, set):
        return {names.get(item, item) for item in value}
    if isinstance(value, list | tuple):
        return type(value)(_renamed(item, names) for item in value)
    if isinstance(value, dict):
        return {k: names.get(v, v) if k == "@id" else _renamed(v, names) for k, v in value.items()}
    return value


def _versions(run: Run) -> dict[str, list[str]]:
    """The versions of each interpreter in the environments of the run, by the name of its language."""
    names = {"python": "Python", "r": "R", "julia": "Julia", "bash": "Bash", "perl": "Perl"}
    found: dict[str, set[str]] = {}
    for environment in run.environments:
        for interpreter in environment.interpreters:
            name = names.get(interpreter.language.lower(), interpreter.language)
            found.setdefault(name, set()).add(interpreter.version)
    return {name: sorted(versions) for name, versions in found.items()}


#: what turns the shapes of 0.5, which roc-validator ships (Apache-2.0), into those of 0.6, until official ones exist;
#: applied to their text one after the other
_SHAPES: Final = (
    ("bioschemas-cw:", "bioschemas:"),  # input and output are no longer terms of a class
    ("<https://bioschemas.org/ComputationalWorkflow#>", "<https://bioschemas.org/terms/>"),
    ("<https://bioschemas.org/>", "<https://bioschemas.org/terms/>"),
    # roc-validator 0.13 infers what is a root and what a file with its rules of 1.2, on which those of 1.3 stand
    ("/rocrate-validator/profiles/ro-crate/>", "/rocrate-validator/profiles/ro-crate-1.2/>"),
    ("ro-crate:sparqlPrefixes", "<https://github.com/crs4/rocrate-validator/profiles/ro-crate-1.3/sparqlPrefixes>"),
    ("https://w3id.org/ro/crate/1.1> ,\n                    <https://w3id.org/workflowhub/workflow-ro-crate/1.0>",
     "https://w3id.org/ro/crate/1.3>"),
    # the validator's rules of 1.3 stand on those of 1.2
    ("prof:isTransitiveProfileOf <https://w3id.org/ro/crate/1.1>",
     "prof:isTransitiveProfileOf <https://w3id.org/ro/crate/1.3> , <https://w3id.org/ro/crate/1.2>"),
    ("https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/crate/1.3"),
    ("/workflow-ro-crate/1.0", "/workflow-ro-crate/1.1"),
    ("/process/0.5", "/process/0.6"),
    ("/workflow/0.5", "/workflow/0.6"),
    ("/provenance/0.5", "/provenance/0.6"),
    ("/profiles/0.5/", "/profiles/0.6/"),
    ("Crate 0.5", "Crate 0.6"),
)  # fmt: skip

PROFILE: Final = replace(
    older.PROFILE,
    version="0.6",
    ro_crate="1.3",
    terms={"exitCode": "https://w3id.org/ro/terms/sapporo#exitCode"},  # 1.3 has buildInstructions itself
    process=Claim(older.RUN_CRATE + "process/0.6", "Process Run Crate", "0.6", "process-run-crate-0.6"),
    workflow=Claim(older.RUN_CRATE + "workflow/0.6", "Workflow Run Crate", "0.6", "workflow-run-crate-0.6"),
    provenance=Claim(older.RUN_CRATE + "provenance/0.6", "Provenance Run Crate", "0.6", "provenance-run-crate-0.6"),
    workflow_ro_crate=Claim(older.WORKFLOW_RO_CRATE + "1.1", "Workflow RO-Crate", "1.1", "workflow-ro-crate-1.1"),
    types=("CreativeWork", "Profile"),  # RO-Crate 1.3: what conformsTo names MUST be a Profile
    descriptor_claims=False,  # RO-Crate 1.3: the descriptor's conformsTo SHOULD have one value
    stands_on=("1.2",),
    shapes=_SHAPES,
    adapt=adapt,
)
