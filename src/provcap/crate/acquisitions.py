"""What image files say of their acquisition, as properties of their entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provcap.bioimage.facts import OME_CORE, UNITS, Fact, facts
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, short_hash
from provcap.crate.packing import Packing
from provcap.crate.places import file_id
from provcap.model import Acquisition, Run

FOLDER: Final = "provenance/ome/"


def place(acquisition: Acquisition) -> str:
    """Where in the crate the OME-XML of an image is."""
    return f"{FOLDER}{(acquisition.metadata or '').removeprefix('sha256:')}.ome.xml"


def add_acquisitions(draft: Draft, run: Run, packing: Packing, extras: Mapping[str, bytes]) -> None:
    """For each image a PropertyValue per fact, equal ones once for all, and whose OME-XML is where."""
    known = {acquisition.file: acquisition for acquisition in run.acquisitions}
    for item in packing.items.values() if known else ():
        found = known.get(item.artifact.digest or "")
        if found is None or item.id not in draft:
            continue
        for fact in facts(found):
            draft.link(item.id, "additionalProperty", _add(draft, fact))
        if item.artifact.kind == "file":
            sizes = dict(zip(found.axes or "", found.shape, strict=False))
            sides = {name: f"{sizes[axis]} px" for name, axis in (("width", "X"), ("height", "Y")) if axis in sizes}
            draft.add(item.id, "ImageObject", **sides)
        if found.metadata and place(found) in extras:
            described = file_id(place(found))
            draft.add(described, "File", description="The OME-XML of an image, as it stands in its file")
            draft.link(described, "about", item.id)


def _add(draft: Draft, fact: Fact) -> str:
    term = OME_CORE + fact.ome if fact.ome else profile.OWN + fact.name
    name = f"{fact.name} of channel {fact.channel}" if fact.channel else fact.name
    return draft.add(
        fragment("acquisition", name.replace(" ", "-"), short_hash(fact.value, fact.unit, term)),
        "PropertyValue",
        name=name,
        value=fact.value if isinstance(fact.value, str) else f"{fact.value:.12g}",
        propertyID=term,
        unitCode=UNITS[fact.unit] if fact.unit else None,
        unitText=fact.unit,
    )
