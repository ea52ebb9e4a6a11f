"""A run as an in-toto Statement (v1) with SLSA provenance (v1): what supply-chain tools read.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and https://slsa.dev/spec/v1.0/provenance. It says
what a build system would say of an artifact: which command made it, from which files, workflow and images. Of failed
attempts, seeds, hardware and gaps it can say nothing; docs/conformance.md has the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from provcap.model import Artifact, Run
from provcap.questions import external_inputs, final_outputs

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://slsa.dev/provenance/v1"
BUILD_TYPE: Final = "https://w3id.org/provcap/buildtypes/snakemake/v1"
BUILDER: Final = "https://w3id.org/provcap/builders/snakemake"


def compose(run: Run) -> bytes | None:
    """The statement on the final outputs of `run`; None when none has a digest: it must speak of something."""
    subjects = _descriptors(final_outputs(run))
    if not subjects:
        return None
    document = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"command": list(run.command), "targets": list(run.targets)},
                "internalParameters": _known({"executor": run.executor, "rerunOf": run.rerun_of}),
                "resolvedDependencies": _dependencies(run),
            },
            "runDetails": {
                "builder": {
                    "id": BUILDER,
                    "version": _known({"snakemake": run.snakemake_version, "provcap": run.provcap_version}),
                },
                "metadata": _known(
                    {"invocationId": run.id, "startedOn": _time(run.started), "finishedOn": _time(run.ended)}
                ),
            },
        },
    }
    return json.dumps(_text(document), indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _time(moment: str | None) -> str | None:
    """RFC 3339 in UTC, with Z, as SLSA asks for it."""
    return moment.replace("+00:00", "Z") if moment else None


def _descriptors(artifacts: Iterable[Artifact]) -> list[dict[str, Any]]:
    """in-toto's ResourceDescriptors of what has a digest; that of a directory is not the SHA-256 of any bytes."""
    found = {}
    for artifact in artifacts:
        if artifact.digest:
            algorithm, _, value = artifact.digest.partition(":")
            kind = "provcapTree" if artifact.kind == "directory" else algorithm
            found[artifact.path, value] = {"name": artifact.path, "digest": {kind: value}}
    return [found[key] for key in sorted(found)]


def _dependencies(run: Run) -> list[dict[str, Any]]:
    found = _descriptors(external_inputs(run))
    flow = run.workflow
    if flow.repository and flow.commit and not flow.dirty:
        found.append({"name": "workflow", "uri": f"git+{flow.repository}", "digest": {"gitCommit": flow.commit}})
    for source in sorted(flow.sources, key=lambda s: s.path):
        found.append({"name": source.path, "digest": {"sha256": source.digest.removeprefix("sha256:")}})
    for image in run.images:
        if image.digest:
            value = image.digest.removeprefix("sha256:")
            found.append({"name": f"image {image.reference}", "uri": image.reference, "digest": {"sha256": value}})
    return found


def _text(value: Any) -> Any:
    """`value` without bytes that are not UTF-8, which JSON cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, list):
        return [_text(item) for item in value]
    return {_text(k): _text(v) for k, v in value.items()} if isinstance(value, dict) else value
