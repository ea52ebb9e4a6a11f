"""Trained models: what their files say, as properties of their entities, and who loaded them how.

A model that is no file of the run - a member of an archive, bytes, a file of an image - is an entity of its own without
content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provcap.bioimage.weights.saying import facts, library_text, load_text
from provcap.bioimage.weights.weighing import of_load
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
    for weights in run.weights:
        for holder in _holders(draft, packing, weights.file or weights.digest):
            entity = holder if weights.file is None else _apart(draft, weights.digest, weights.name, holder)
            _describe(draft, entity, weights)
            if weights.card and place(weights) in extras:
                described = file_id(place(weights))
                draft.add(described, "File", description="The bioimage.io description of a model")
                draft.link(described, "about", entity)


def add_loads(draft: Draft, run: Run, packing: Packing) -> None:
    """What each attempt loaded is an object of its action; how, a property of it."""
    for job in run.jobs:
        for load in job.loads if has_action(run, job) else ():
            action = job_id(job)
            known = of_load(run, load)
            held = _holders(draft, packing, (known.file or known.digest) if known else load.digest or "")
            if known is not None and known.file is not None and held:
                target = _apart(draft, known.digest, known.name, held[0])
            else:
                target = held[0] if held else _apart(draft, load.digest or short_hash(_name(load)), _name(load), None)
                if known is not None and not held:
                    _describe(draft, target, known)
            draft.link(action, "object", target)
            told = load_text(run, load)
            fact = fragment("fact", "modelLoad", short_hash(told))
            name = f"model loaded by {library_text(load)}"
            draft.add(fact, "PropertyValue", name=name, value=told, propertyID=profile.OWN + "modelLoad")
            draft.link(action, "additionalProperty", fact)


def _name(load: Load) -> str:
    return load.path or "a model that was given as bytes"


def _holders(draft: Draft, packing: Packing, digest: str) -> list[str]:
    """The entities of the files with that digest."""
    found = [i.id for i in packing.items.values() if digest and digest == (i.digest or i.artifact.digest)]
    return [entity for entity in found if entity in draft]


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
