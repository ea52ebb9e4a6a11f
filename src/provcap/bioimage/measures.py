"""The measures of a Quality by name: what a person reads, and the terms and units that crates and PROV have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provcap.bioimage.facts import UNITS
from provcap.model import QualityMeasure


@dataclass(frozen=True, slots=True)
class Kind:
    """A measure."""

    title: str
    term: str  #: of provcap
    head: str = ""  #: of a column


KINDS: Final = {
    "saturated_fraction": Kind("saturated", "saturatedFraction", "Saturated"),
    "laplacian_variance": Kind("focus: variance of the Laplacian", "laplacianVariance", "Focus, Laplacian"),
    "normalized_variance": Kind("focus: normalized variance", "normalizedVariance", "Focus, variance"),
    "noise_sigma": Kind("noise", "noiseSigma", "Noise"),
    "background_mode": Kind("background: half-sample mode", "backgroundMode", "Background"),
    "field_uniformity": Kind("uniformity of the image", "fieldUniformity", "Uniformity"),
    "drift_largest": Kind("largest shift between time points", "driftLargest"),
    "drift_net": Kind("shift from the first to the last time point", "driftNet"),
}
#: of QUDT; digital numbers have none
UNIT_CODES: Final = {**UNITS, "1": "https://qudt.org/vocab/unit/UNITLESS"}


def kind(measure: QualityMeasure) -> Kind:
    """What it is; of one that another provcap measured, its name alone is known."""
    return KINDS.get(measure.name) or Kind(measure.name, "qualityMeasure")


def value_text(measure: QualityMeasure) -> str:
    """Its value with its unit: "0.0103 %", "3.2 DN"."""
    if measure.name == "saturated_fraction":
        return f"{100 * measure.value:.3g} %"
    text = f"{measure.value:.4g}{'' if measure.unit == '1' else f' {measure.unit}'}"
    return f"{text}, at time point {measure.time}" if measure.time else text


def channel_label(measure: QualityMeasure) -> str:
    """The channel by number and name; empty when the measure is of the image as a whole."""
    if measure.channel is None:
        return ""
    return f"{measure.channel} {measure.channel_name}" if measure.channel_name else f"{measure.channel}"
