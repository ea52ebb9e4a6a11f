"""Trained models: what their files say, as properties of their entities, and who loaded them how.

A model that is no file of the run - a member of an archive, bytes, a file of an image - is an entity of its own without
content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provcap.bioimage.weights.saying import Known, facts, library_text
from provcap.crate import profile_0_5 as profile
from provcap.crate.actions import has_action, job_id
from provcap.crate.draft import Draft, fragment, ref, short_hash
from provcap.crate.packing import Packing
from provcap.crate.places import file_id
from provcap.model import Load, Run, Weights

MODEL: Final = "http://www.w3.org/ns/mls#Model"  #: ML-Schema, of W3C's community group
FOLDER: Final = "provenance/models/"


def place(weights: Weights) -> str:
    """Where in the crate the description of a model is."""
    return f"{FOLDER}{(weights.card.file if weights.card else '').removeprefix('sha256:')}/rdf.yaml"


def add_models(draft: Draft, run: Run, packing: Packing, extras: Mapping[str, bytes]) -> None:
    """The models among the files of the run, and those in archives of it."""
    holders = _holders(draft, packing) if run.weights else {}
    for weights in run.weights:
        for holder in holders.get(weights.file or weights.digest, ()):
            entity = holder if weights.file is None else _apart(draft, weights.digest, weights.name, holder)
            _describe(draft, entity, weights)
            for file in holders.get(weights.digest, ()) if weights.file is not None else ():
                draft.link(file, "sameAs", entity)  # taken out of the archive, or put into it
            if weights.card and place(weights) in extras:
                described = file_id(place(weights))
                draft.add(described, "File", description="The bioimage.io description of a model")
                draft.link(described, "about", entity)


def add_loads(draft: Draft, run: Run, packing: Packing) -> None:
    """What each attempt loaded is an object of its action; how, a property of it."""
    loading = [job for job in run.jobs if job.loads and has_action(run, job)]
    holders, known = (_holders(draft, packing), Known(run)) if loading else ({}, Known(run))
    for job in loading:
        for load in job.loads:
            draft.link(job_id(job), "object", _loaded(draft, load, known.of(load), holders))
            told = known.told(load)
            fact = fragment("fact", "modelLoad", short_hash(told))
            name = f"model loaded by {library_text(load)}"
            draft.add(fact, "PropertyValue", name=name, value=told, propertyID=profile.OWN + "modelLoad")
            draft.link(job_id(job), "additionalProperty", fact)


def _loaded(draft: Draft, load: Load, found: Weights | None, holders: Mapping[str, list[str]]) -> str:
    """The entity of what was loaded: a file of the run, a model in one, or one that is nowhere else."""
    held = holders.get(((found.file or found.digest) if found else load.digest) or "", [])
    name = load.path or "a model that was given as bytes"
    if found is not None and found.file is not None and held:
        return _apart(draft, found.digest, found.name, held[0])
    if held:
        return held[0]
    entity = _apart(draft, load.digest or short_hash(name), name, None)
    if found is not None:
        _describe(draft, entity, found)
    return entity


def _holders(draft: Draft, packing: Packing) -> dict[str, list[str]]:
    """The entities of the files of each digest."""
    found: dict[str, list[str]] = {}
    for item in packing.items.values():
        known = item.digest or item.artifact.digest
        if known and item.id in draft:
            found.setdefault(known, []).append(item.id)
    return found


def _apart(draft: Draft, digest: str, name: str | None, holder: str | None) -> str:
    """A model without a file of its own in the crate."""
    known = digest.removeprefix("sha256:") if digest.startswith("sha256:") else None
    return draft.add(
        fragment("model", (known or digest)[:12]),
        "CreativeWork",
        name=name or "a model",
        additionalType=MODEL,
        sha256=known,
        isPartOf=ref(holder) if holder else None,
    )


def _describe(draft: Draft, entity: str, weights: Weights) -> None:
    draft.add(entity, (), additionalType=MODEL)
    for name, value in facts(weights):
        fact = fragment("model-fact", name, short_hash(value))
        draft.add(fact, "PropertyValue", name=name, value=value, propertyID=profile.OWN + name)
        draft.link(entity, "additionalProperty", fact)
