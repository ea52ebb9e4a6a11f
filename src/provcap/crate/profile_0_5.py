"""Version 0.5 of the Workflow Run RO-Crate profiles, on RO-Crate 1.1, and the names that no version has changed.

See https://www.researchobject.org/workflow-run-crate/profiles/0.5/; what 0.6 does differently is in profile_0_6.py.
"""

from __future__ import annotations

from typing import Final

from provcap.crate.profile import Claim, Profile

CONTEXTS: Final = ("https://w3id.org/ro/terms/workflow-run/context",)
WORKFLOW_RO_CRATE: Final = "https://w3id.org/workflowhub/workflow-ro-crate/"
RUN_CRATE: Final = "https://w3id.org/ro/wfrun/"
PROFILE: Final = Profile(
    version="0.5",
    ro_crate="1.1",
    terms={
        "buildInstructions": "https://codemeta.github.io/terms/buildInstructions",
        "exitCode": "https://w3id.org/ro/terms/sapporo#exitCode",
    },
    process=Claim(RUN_CRATE + "process/0.5", "Process Run Crate", "0.5", "process-run-crate-0.5"),
    workflow=Claim(RUN_CRATE + "workflow/0.5", "Workflow Run Crate", "0.5", "workflow-run-crate-0.5"),
    provenance=Claim(RUN_CRATE + "provenance/0.5", "Provenance Run Crate", "0.5", "provenance-run-crate-0.5"),
    workflow_ro_crate=Claim(WORKFLOW_RO_CRATE + "1.0", "Workflow RO-Crate", "1.0", "workflow-ro-crate-1.0"),
    types=("CreativeWork",),
    descriptor_claims=True,
    stands_on=(),
    shapes=(),
    adapt=lambda _draft, _root, _run: None,
)
BIOSCHEMAS: Final = (
    "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE",
    "Bioschemas ComputationalWorkflow profile",
    "1.0-RELEASE",
)
SNAKEMAKE_LANGUAGE: Final = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
#: literals, as roc-validator 0.13 accepts no references here; https://github.com/ResearchObject/ro-crate/issues/268
COMPLETED: Final = "http://schema.org/CompletedActionStatus"
FAILED: Final = "http://schema.org/FailedActionStatus"
SIF: Final = "https://w3id.org/ro/terms/workflow-run#SIFImage"
DOCKER: Final = "https://w3id.org/ro/terms/workflow-run#DockerImage"
#: where our own properties point
OWN: Final = "https://w3id.org/provcap/terms#"
SECONDS: Final = "https://qudt.org/vocab/unit/SEC"
BYTES: Final = "https://qudt.org/vocab/unit/BYTE"
COUNT: Final = "https://qudt.org/vocab/unit/NUM"
