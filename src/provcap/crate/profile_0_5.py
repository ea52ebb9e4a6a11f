"""All that is particular to version 0.5 of the Workflow Run RO-Crate profiles, on RO-Crate 1.1.

See https://www.researchobject.org/workflow-run-crate/profiles/0.5/; the next version gets a file of its own.
"""

from __future__ import annotations

from typing import Final

RO_CRATE: Final = "1.1"
CONTEXTS: Final = ("https://w3id.org/ro/terms/workflow-run/context",)
#: terms that neither context has, and that every reader may look up where they point
TERMS: Final = {
    "buildInstructions": "https://codemeta.github.io/terms/buildInstructions",
    "exitCode": "https://w3id.org/ro/terms/sapporo#exitCode",
}
WORKFLOW_RO_CRATE: Final = ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0")
PROCESS: Final = ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5")
WORKFLOW: Final = ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5")
PROVENANCE: Final = ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5")
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
