"""The trained models that jobs in an environment loaded, as components of its CycloneDX document."""

from __future__ import annotations

from typing import Any

from provcap.bioimage.weights.saying import Known, facts
from provcap.model import Environment, Load, Run


def components(run: Run, environment: Environment) -> list[Any]:
    """One for each content, of the type machine-learning-model; a model without a digest is not told from others."""
    loads: dict[str, Load] = {}
    for job in run.jobs:
        if job.environment == environment.id:
            loads |= {load.digest: load for load in job.loads if load.digest}
    known = Known(run)
    return [_component(known, loads[digest]) for digest in sorted(loads)]


def _component(known: Known, load: Load) -> Any:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    found = known.of(load)
    told = facts(found) if found else []
    name = (found.name or known.name(found)) if found else None
    content = (load.digest or "").removeprefix("sha256:")
    whole_file = found is None or not found.format.startswith("TensorFlow SavedModel")  # that digest is of a tree
    return Component(
        name=name or load.path or "a model that was given as bytes",
        version=found.version if found else None,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{content}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content)] if whole_file else [],
        properties=[Property(name=f"provcap:{key}", value=value) for key, value in told],
    )
