"""From a Draft to ro-crate-metadata.json, through ro-crate-py."""

from __future__ import annotations

import io
import json
from typing import Any

from rocrate.model import ContextEntity, Dataset, File
from rocrate.rocrate import ROCrate

from provcap.crate import profile_0_5
from provcap.crate.draft import Draft, ref
from provcap.crate.people import add_authors, add_licence, add_organization
from provcap.crate.places import file_id
from provcap.crate.profile import Profile
from provcap.model import Run

METADATA = "ro-crate-metadata.json"
PREVIEW = "ro-crate-preview.html"  #: the page for people; the payload does not list it (RO-Crate 1.1, "Structure")
README = "README.md"
GAPS = "provenance/gaps.json"


def add_root(draft: Draft, run: Run, workflow: str, gaps: int, profile: Profile) -> dict[str, Any]:
    """What the root says of itself and of the run; returns its properties (RO-Crate 1.1, "Root Data Entity")."""
    claimed = [profile.process, profile.workflow, profile.workflow_ro_crate]
    if draft.linked(workflow, "hasPart"):  # the profile cannot hold for a run in which no job was executed
        claimed.insert(2, profile.provenance)
    for identifier, name, version, _ in claimed:
        draft.add(identifier, profile.types, name=name, version=version)
    authors = [ref(person) for person in add_authors(draft, run)]
    publisher = run.about.publisher
    title = run.about.title or f"Run of {run.workflow.snakefile} on {run.started[:10]}"
    return {
        "name": title,
        "description": _description(run, gaps),
        "datePublished": run.ended or run.started,
        "license": ref(add_licence(draft, run)),
        "author": authors,
        "publisher": ref(add_organization(draft, publisher)) if publisher else None,
        "keywords": ", ".join(run.about.keywords),
        "identifier": run.id,
        "conformsTo": [ref(claim.identifier) for claim in claimed],
        "mainEntity": ref(workflow),
        "mentions": [ref(i) for i in sorted(draft.entities) if _is_mentioned(draft.entities[i]["@type"])],
    }


def add_preview(draft: Draft) -> None:
    """Describe the page for people as what it is: about the crate, and no part of its data."""
    draft.add(PREVIEW, "CreativeWork", name="The run as a page to read", encodingFormat="text/html", about=ref("./"))


def _description(run: Run, gaps: int) -> str:
    text = (
        run.about.description or f"Outputs and provenance of one run of {run.workflow.snakefile}, which {run.status}."
    )
    known = (
        "provcap knows of no gaps in it"
        if not gaps
        else f"provcap knows of {gaps} gap{'s' * (gaps > 1)} in it, see {GAPS}"
    )
    return f"{text.rstrip()} The provenance was recorded while it ran; {known}."


def _is_mentioned(types: list[str]) -> bool:
    return any(t.endswith("Action") or t == "Collection" for t in types)


def metadata(draft: Draft, root: dict[str, Any], places: set[str], folders: set[str], profile: Profile) -> bytes:
    """The text of ro-crate-metadata.json. `places` are the files of the crate and `folders` its directories.

    Ids and dates are all ours: ro-crate-py would take random ones and the time of writing.
    """
    crate = ROCrate(version=profile.ro_crate)
    crate.metadata.extra_contexts = list(profile_0_5.CONTEXTS)
    crate.metadata.extra_terms = dict(profile.terms)
    kept_to = [ref(f"https://w3id.org/ro/crate/{profile.ro_crate}")]
    if profile.descriptor_claims:
        kept_to.append(ref(profile.workflow_ro_crate.identifier))
    crate.metadata["conformsTo"] = kept_to if len(kept_to) > 1 else kept_to[0]
    files = {file_id(place): place for place in places}
    directories = {file_id(folder) + "/": folder for folder in folders}
    for identifier, properties in draft.frozen():
        if len(properties["@type"]) == 1:
            properties["@type"] = properties["@type"][0]
        if identifier in files:
            crate.add(File(crate, dest_path=files[identifier], properties=properties))
        elif identifier in directories:
            crate.add(Dataset(crate, dest_path=directories[identifier], properties=properties))
        else:
            crate.add(ContextEntity(crate, identifier, properties=properties))
    for name, value in root.items():
        if value not in (None, "", []):
            crate.root_dataset[name] = value[0] if isinstance(value, list) and len(value) == 1 else value
    return serialise(crate.metadata.generate())


def serialise(document: dict[str, Any]) -> bytes:
    """The same text for the same document: sorted keys, one entity a line so that big crates stay quick to write."""
    encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
    context = json.dumps(document["@context"], indent=1, ensure_ascii=False)
    text = io.BytesIO()
    text.write(f'{{"@context": {context},\n"@graph": ['.encode())
    for number, entity in enumerate(document["@graph"]):
        text.write((",\n" if number else "\n").encode() + encoder.encode(entity).encode("utf-8", "backslashreplace"))
    text.write(b"\n]}\n")
    return text.getvalue()
