"""How close the results of a rerun came: an AssessAction for each (schema.org), and what the run repeats."""

from __future__ import annotations

from provcap.crate import profile_0_5 as profile
from provcap.crate.actions import RUN_ID
from provcap.crate.draft import Draft, fragment, ref
from provcap.crate.packing import Packing
from provcap.crate.places import media_type
from provcap.model import Assessment, Run
from provcap.questions import outputs

PROVCAP = "#provcap"


def add_assessments(draft: Draft, run: Run, packing: Packing) -> None:
    """The runs that `run` repeats, with the digests of their records, and the verdicts on its results."""
    for number, origin in enumerate(run.origins, 1):
        said = "The run that this one repeats" if number == 1 else f"Repeated {number} reruns ago"
        fact = draft.add(
            fragment("origin", origin.run),
            "PropertyValue",
            name="rerunOf",
            value=origin.run,
            propertyID=profile.OWN + "rerunOf",
            description=f"{said}; its run.json has the digest {origin.record}",
        )
        draft.link(RUN_ID, "additionalProperty", fact)
    if run.assessments:
        _add_provcap(draft, run)
    results = {artifact.path: packing.id_of(artifact) for artifact in outputs(run) if artifact.kind != "missing"}
    for found in run.assessments:
        _add(draft, run, found, results.get(found.verdict.path))


def _add_provcap(draft: Draft, run: Run) -> None:
    draft.add(
        PROVCAP,
        "SoftwareApplication",
        name="provcap",
        description="Recorded the run and compared its results with those of the run that it repeats",
        url="https://w3id.org/provcap",
        version=run.provcap_version,
    )


def _add(draft: Draft, run: Run, found: Assessment, result: str | None) -> None:
    verdict, path = found.verdict, found.verdict.path
    conclusion = draft.add(
        fragment("verdict", path),
        "PropertyValue",
        name="verdict",
        value=verdict.verdict,
        propertyID=profile.OWN + "verdict",
        description=". ".join(filter(None, (verdict.reason.rstrip("."), verdict.because))) or None,
    )
    action = draft.add(
        fragment("assessment", path),
        "AssessAction",
        name=f"Assess {path}: {verdict.verdict}",
        description=f"How close {path} came to that of the run {run.rerun_of}",
        instrument=ref(PROVCAP),
        object={
            identifier
            for identifier in (result, _reference(draft, run, found, bool(result and result.endswith("/"))))
            if identifier
        },
        result={conclusion},
        actionStatus=profile.COMPLETED,
    )
    for number, measure in enumerate(verdict.measures):
        value = draft.add(
            fragment("measure", path, str(number)),
            "PropertyValue",
            name=f"{measure.name} of {measure.about}",
            value=None if measure.value is None else str(measure.value),
            unitText=measure.unit,
            propertyID=profile.OWN + "measure",
            description=None if measure.limit is None else f"held against the limit {measure.limit}",
        )
        draft.link(action, "result", value)


def _reference(draft: Draft, run: Run, found: Assessment, directory: bool) -> str | None:
    """The file of the original run, which is not in this crate."""
    if not found.first or directory:  # sha256 is for the bytes of a file
        return None
    identifier = fragment("original", found.verdict.path)
    return draft.add(
        identifier,
        "File",
        name=found.verdict.path.rsplit("/", 1)[-1],
        alternateName=found.verdict.path,
        description=f"The result of the run {run.rerun_of}, which is not in this crate",
        encodingFormat=media_type(found.verdict.path),
        contentSize=None if found.size_bytes is None else str(found.size_bytes),
        sha256=found.first.removeprefix("sha256:"),
    )
