"""What was measured of images, as properties of their entities."""

from __future__ import annotations

from provcap.bioimage.measures import UNIT_CODES, channel_label, kind
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, short_hash
from provcap.crate.packing import Packing
from provcap.model import Quality, QualityMeasure, Run


def add_qualities(draft: Draft, run: Run, packing: Packing) -> None:
    """For each measure of an image a PropertyValue, equal ones once for all; how it was found is its description."""
    known = {quality.file: quality for quality in run.qualities}
    for item in packing.items.values() if known else ():
        found = known.get(item.artifact.digest or "")
        if found is not None and item.id in draft:
            for measure in found.measures:
                draft.link(item.id, "additionalProperty", _add(draft, found, measure))


def _add(draft: Draft, found: Quality, measure: QualityMeasure) -> str:
    what, channel = kind(measure), channel_label(measure)
    term = what.term
    said = what.title if term == "qualityMeasure" else term
    name = f"{said} of channel {channel}" if channel else said
    how = f"{measure.method}. Measured: {found.measured}, by {found.reader}"
    return draft.add(
        fragment("quality", term, short_hash(name, measure.value, measure.unit, measure.time, how)),
        "PropertyValue",
        name=name,
        value=f"{measure.value:.9g}",
        propertyID=profile.OWN + term,
        unitCode=UNIT_CODES.get(measure.unit),
        unitText=measure.unit,
        description=f"{how}; at time point {measure.time}" if measure.time else how,
    )
