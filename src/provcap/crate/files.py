"""Entities for the files of the run and for those that provcap adds."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any, Final

from provcap import terms
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, ref
from provcap.crate.packing import Item, Packing, description
from provcap.crate.places import file_id, media_type
from provcap.model import Artifact, Run
from provcap.questions import producers

_EXTRAS: Final = {
    "provenance/run.json": "Everything that was recorded of the run, in provcap's own format",
    "provenance/prov.json": "The run as W3C PROV, in PROV-JSON",
    "provenance/prov.jsonld": "The run as W3C PROV, in PROV-JSONLD",
    "provenance/prov.provn": "The run as W3C PROV, in PROV-N",
    "provenance/prov.xml": "The run as W3C PROV, in PROV-XML",
    "provenance/prov.ttl": "The run as W3C PROV-O, in Turtle",
    "provenance/prov.trig": "The run as W3C PROV-O, in TriG",
    "provenance/prov.svg": "The provenance graph of the run, drawn",
    "provenance/report.html": "A report on the run",
    "provenance/seal.json": "The ends of the hash chains over the journals of the run, sealed when it had ended",
    "provenance/events.jsonl": "What Snakemake's main process planned and saw, as it was written down",
    "provenance/records.jsonl": "What was recorded of each attempt at a job, as it was written down",
    "provenance/statement.json": "The run as an in-toto statement with SLSA provenance",
}


def add_items(draft: Draft, run: Run, packing: Packing) -> None:
    """Every version of every file that jobs met, embedded or not."""
    made = producers(run)
    for item in packing.items.values():
        maker = made.get(item.artifact.path)
        _add_item(draft, run, item, maker.rule if maker else None)


def add_format(draft: Draft, run: Run, artifact: Artifact) -> str | list[Any] | None:
    """The encodingFormat of a file: its media type, and what people say it is (RO-Crate 1.1, "Adding detailed
    descriptions of encodings"). A directory, such as a Zarr, has no media type."""
    said = terms.of_path(run, artifact.path.rstrip("/"))
    for term in said:
        draft.add(term.iri, "WebSite", name=term.name or term.iri, url=term.iri)
    if artifact.kind == "directory":
        return [ref(term.iri) for term in said] or None
    media = media_type(artifact.path, artifact.media_type)
    return [media, *(ref(term.iri) for term in said)] if said else media


def _add_item(draft: Draft, run: Run, item: Item, rule: str | None) -> None:
    artifact = item.artifact
    directory = artifact.kind == "directory"
    original = _readable(artifact.path)
    moved = item.place is not None and item.place != artifact.path
    entity = draft.add(
        item.id,
        "Dataset" if directory else "File",
        name=posixpath.basename(original.rstrip("/")) or original,
        description=_readable(description(item, rule)),
        alternateName=original if moved or item.place is None else None,
        encodingFormat=add_format(draft, run, artifact),
        contentSize=None if item.size_bytes is None else str(item.size_bytes),
        sha256=None if directory else (item.digest or "").removeprefix("sha256:"),
        contentUrl=artifact.query,
    )
    if item.recorded is not None:
        told = {"value": item.recorded, "propertyID": profile.OWN + "recordedDigest"}
        place = fragment("recorded", item.recorded)
        draft.link(entity, "additionalProperty", draft.add(place, "PropertyValue", name="recorded digest", **told))
    if directory and (item.tree or item.digest):
        # sha256 is for the bytes of a file; the digest of a tree is another thing, so it is an identifier of ours
        digest = item.tree if item.place is not None else item.digest
        if digest:
            properties = {"value": digest, "propertyID": profile.OWN + "treeDigest"}
            draft.link(
                entity,
                "identifier",
                draft.add(fragment("tree", digest), "PropertyValue", name="tree digest", **properties),
            )


def _readable(text: str) -> str:
    """`text` without bytes that are not UTF-8, which JSON cannot hold."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def add_digests(draft: Draft, packing: Packing) -> None:
    """Size and SHA-256 of everything whose bytes are known here."""
    for place, content in packing.contents.items():
        identifier = file_id(place)
        if identifier in draft and content.digest:
            size = str(len(content.data)) if content.path is None else None
            draft.add(identifier, "File", sha256=content.digest.removeprefix("sha256:"), contentSize=size)


def add_extras(draft: Draft, packing: Packing, extras: Mapping[str, bytes], about: str) -> None:
    """Files that the caller gives, each about the run; their places were reserved."""
    for path in sorted(extras):
        draft.add(
            packing.put(path, extras[path]),
            "File",
            name=posixpath.basename(path),
            description=_EXTRAS.get(path, f"{path}, made by provcap"),
            encodingFormat=media_type(path),
            about=ref(about),
        )
