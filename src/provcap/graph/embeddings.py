"""Images in which the lineage was embedded: what is there now was derived from what the job made."""

from __future__ import annotations

from collections.abc import Mapping

from prov.constants import PROV_LOCATION, PROV_TYPE
from prov.identifier import QualifiedName

from provcap.graph.draft import SCHEMA, TERMS, WFPROV, Draft, attributes
from provcap.graph.versions import Version


def add_embeddings(draft: Draft, names: Mapping[tuple[str, ...], QualifiedName], versions: list[Version]) -> None:
    """An entity for each such image, and its derivation; `names` has the entity of each version, by its identity."""
    known = {(version.artifact.path, version.digest): names[version.identity] for version in versions}
    for one in draft.run.embeddings:
        recorded = known.get((one.path, one.file))
        if recorded is None:
            continue
        now = known.get((one.path, one.embedded))
        if now is None:  # else a later job read it
            tree = one.path.rstrip("/").endswith(".zarr")
            told = {
                PROV_LOCATION: one.path,
                TERMS["treeDigest"] if tree else SCHEMA["sha256"]: one.embedded.removeprefix("sha256:"),
                TERMS["sizeBytes"]: one.size_bytes,
                TERMS["pixelDigest"]: one.pixels,
            }
            now = draft.name("embedded", one.path, one.path, one.embedded)
            draft.document.entity(now, attributes([WFPROV["Artifact"]], one.path, told))
        draft.document.derivation(now, recorded, None, None, None, None, [(PROV_TYPE, TERMS["LineageEmbedded"])])
