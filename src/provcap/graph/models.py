"""Trained models: attributes of their entities, and the entities of those that are no file of the run."""

from __future__ import annotations

from collections.abc import Mapping

from prov.constants import PROV_ROLE, PROV_TYPE
from prov.identifier import QualifiedName

from provcap.bioimage.weights.saying import Known, facts
from provcap.graph.draft import SCHEMA, TERMS, Attributes, Draft, attributes
from provcap.model import Job, Weights


class Models:
    """Those of the run, by the digests of their files."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._said = Known(draft.run)
        self._known: dict[str, list[Weights]] = {}
        for weights in draft.run.weights:
            self._known.setdefault(weights.file or weights.digest, []).append(weights)

    def of(self, digest: str | None) -> Attributes:
        """What the file with that digest says; of an archive, what each model in it says."""
        found = self._known.get(digest or "", [])
        return [pair for weights in found for pair in self._described(weights)] if found else []

    def _described(self, weights: Weights) -> Attributes:
        values: dict[str, list[str]] = {"note": list(weights.notes)}
        for name, value in facts(weights):
            values.setdefault(name, []).append(value)
        return [(PROV_TYPE, TERMS["Model"]), *attributes([], None, {TERMS[n]: found for n, found in values.items()})]

    def loads(self, job: Job) -> list[str]:
        """A line on each load of the attempt."""
        return [self._said.told(load) for load in job.loads]

    def use(self, activity: QualifiedName, job: Job, files: Mapping[str, QualifiedName]) -> None:
        """Let the attempt use what it loaded beside the files of the run; `files` are their entities, by digest.

        A model out of an archive was derived from it.
        """
        document = self._draft.document
        for digest in dict.fromkeys(load.digest for load in job.loads if load.digest):
            load = next(load for load in job.loads if load.digest == digest)
            known = self._said.of(load)
            if digest in files:
                continue  # its use is told already
            name = self._draft.name("model", load.path or "", digest)
            if not document.get_record(name):
                told = {SCHEMA["sha256"]: digest.removeprefix("sha256:")}
                more = self._described(known) if known else []
                label = load.path or (known.name if known else None) or "a model that was given as bytes"
                document.entity(name, attributes([TERMS["Weights"]], label, told) + more)
                archive = files.get((known.file if known else None) or "")
                if archive is not None:
                    document.derivation(name, archive)
            document.usage(activity, name, None, None, [(PROV_ROLE, TERMS["model"])])
