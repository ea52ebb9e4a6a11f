"""What the workflow needs of its images, as properties of the workflow; what they have, as properties of the images."""

from __future__ import annotations

import re
from typing import Final

from provcap.bioimage.declared import limit_text, need_text
from provcap.bioimage.facts import OME_CORE, UNITS
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, ref, short_hash
from provcap.crate.packing import Packing
from provcap.model import Dependence, Judgement, Run

#: the names of OME's schema
_OME: Final = {
    "data_type": "Type", "significant_bits": "SignificantBits", "pixel_size_x_um": "PhysicalSizeX",
    "pixel_size_y_um": "PhysicalSizeY", "pixel_size_z_um": "PhysicalSizeZ", "time_increment_s": "TimeIncrement",
    "magnification": "NominalMagnification", "numerical_aperture": "LensNA", "immersion": "Immersion",
    "fluorophore": "Fluor", "excitation_nm": "ExcitationWavelength", "emission_nm": "EmissionWavelength",
    "exposure_s": "ExposureTime", "illumination": "IlluminationType", "contrast": "ContrastMethod",
    "mode": "AcquisitionMode", "binning": "Binning",
}  # fmt: skip


def add_dependences(draft: Draft, run: Run, packing: Packing, workflow: str) -> None:
    """A PropertyValue with its limits for each need, which the workflow and its steps have; one with the value for
    each judgement, which the image has, and whose valueReference is the need."""
    items = {item.artifact.path: item.id for item in packing.items.values() if item.id in draft}
    for need in run.dependences:
        identifier = _add(draft, need)
        draft.link(workflow, "additionalProperty", identifier)
        for rule in need.steps:
            if fragment("step", rule) in draft:
                draft.link(fragment("step", rule), "additionalProperty", identifier)
        source = packing.sources.get(need.source)
        if source is not None and source in draft:
            draft.link(source, "about", workflow)
        for judgement in need.judgements:
            exact = packing.items.get((judgement.path, judgement.file))
            image = exact.id if exact is not None and exact.id in draft else items.get(judgement.path)
            if image is not None:
                draft.link(image, "additionalProperty", _add_judgement(draft, need, identifier, judgement))


def _add(draft: Draft, need: Dependence) -> str:
    """Its value are the limits in words; schema.org has minValue and maxValue for numbers."""
    parts = (need.name, need.channel, need.images, need.steps, need.minimum, need.maximum, need.allowed, need.because)
    return draft.add(
        fragment("dependence", need.name, short_hash(*parts, need.source, need.line)),
        "PropertyValue",
        name=f"needed: {need_text(need)}",
        description=f"Of {', '.join(need.images)}. {need.because}",
        propertyID=term(need),
        minValue=_number(need.minimum),
        maxValue=_number(need.maximum),
        value=limit_text(need),
        unitCode=UNITS.get(need.unit or ""),
        unitText=need.unit,
    )


def _add_judgement(draft: Draft, need: Dependence, needed: str, found: Judgement) -> str:
    """Equal ones once for all images."""
    value = found.value if found.value is None or isinstance(found.value, str) else _number(found.value)
    about = f" ({found.about})" if found.about else ""
    return draft.add(
        fragment("judgement", need.name, short_hash(needed, found.verdict, value, found.about, found.why)),
        "PropertyValue",
        name=f"{found.verdict}: {need_text(need)}{about}",
        value=value if value is not None else "not known" if found.verdict == "unknown" else "not there",
        description=found.why,
        propertyID=profile.OWN + found.verdict,
        valueReference=ref(needed),
        unitCode=UNITS.get(need.unit or "") if value is not None else None,
        unitText=need.unit if value is not None else None,
    )


def term(need: Dependence) -> str:
    """OME's term for what is limited, or one of provcap's."""
    if need.name in _OME:
        return OME_CORE + _OME[need.name]
    first, *rest = re.sub("_(um|nm|s)$", "", need.name).split("_")
    return profile.OWN + first + "".join(word.capitalize() for word in rest)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.12g}"
