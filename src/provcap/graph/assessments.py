"""How close the results of a rerun came, and what it repeats."""

from __future__ import annotations

from collections.abc import Mapping

from prov.constants import PROV_LOCATION, PROV_ROLE, PROV_VALUE
from prov.identifier import QualifiedName

from provcap.graph.draft import SCHEMA, TERMS, Draft, attributes, local_name, plain
from provcap.model import Assessment, Measure


def add_origins(draft: Draft) -> None:
    """The records of the runs that this one repeats, nearest first: what it was made from."""
    for number, origin in enumerate(draft.run.origins):
        name = draft.namespace_of(origin.run)["record"]
        told = {SCHEMA["sha256"]: origin.record.removeprefix("sha256:"), TERMS["generation"]: number + 1}
        draft.document.entity(name, attributes([TERMS["Record"]], f"run.json of {origin.run}", told))
        if number == 0:
            draft.document.usage(draft.activity, name, None, None, [(PROV_ROLE, TERMS["repeated"])])


def add_assessments(draft: Draft, results: Mapping[str, QualifiedName]) -> None:
    """An activity for each verdict: it used both files and made the verdict. `results`: this run's entities by path."""
    for found in draft.run.assessments:
        _add(draft, found, results.get(found.verdict.path))


def _add(draft: Draft, found: Assessment, result: QualifiedName | None) -> None:
    document, verdict, path = draft.document, found.verdict, found.verdict.path
    activity, conclusion = draft.name("assessment", path, path), draft.name("verdict", path, path)
    document.activity(activity, None, None, attributes([TERMS["Assessment"]], f"assessment of {path}", {}))
    document.association(activity, draft.namespace["provcap"], None, None, [(PROV_ROLE, TERMS["assessor"])])
    told = {
        PROV_VALUE: verdict.verdict,
        TERMS["reason"]: verdict.reason or None,
        TERMS["because"]: verdict.because,
        TERMS["comparator"]: verdict.comparator,
        TERMS["limits"]: found.limits,
        TERMS["measure"]: [_measure(m) for m in verdict.measures],
    }
    document.entity(conclusion, attributes([TERMS["Verdict"]], verdict.verdict, told))
    document.generation(conclusion, activity, None)
    if result is not None:
        document.usage(activity, result, None, None, [(PROV_ROLE, TERMS["assessed"])])
    if found.first and draft.run.rerun_of:
        namespace = draft.namespace_of(draft.run.rerun_of)
        reference = namespace[local_name("file", path, path, found.first)]
        if not document.get_record(reference):
            facts = {PROV_LOCATION: path, TERMS["digest"]: found.first}
            document.entity(reference, attributes([TERMS["Reference"]], path, facts))
        document.usage(activity, reference, None, None, [(PROV_ROLE, TERMS["reference"])])


def _measure(measure: Measure) -> str:
    unit = f" {measure.unit}" if measure.unit else ""
    limit = f", limit {measure.limit}" if measure.limit is not None else ""
    return plain(f"{measure.about}: {measure.name}={measure.value}{unit}{limit}")
