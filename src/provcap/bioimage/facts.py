"""An Acquisition as single facts: each with a name, its unit, and the term of the OME model where there is one.

The IRIs of OME's terms are those of OME's RDF (``ome_core``): the names of its schema 2016-06 behind one prefix. The
units are the schema's defaults: µm, nm and s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from provcap.model import Acquisition, Channel, Run

OME_CORE: Final = "http://www.openmicroscopy.org/rdf/2016-06/ome_core/"
UNITS: Final = {
    "µm": "https://qudt.org/vocab/unit/MicroM",
    "nm": "https://qudt.org/vocab/unit/NanoM",
    "s": "https://qudt.org/vocab/unit/SEC",
    "px": "https://qudt.org/vocab/unit/NUM",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One value."""

    name: str  #: a term of provcap
    value: str | int | float
    unit: str | None = None  #: a key of `UNITS`
    ome: str | None = None  #: the name of the attribute or element of OME's schema
    channel: int | None = None  #: from 1


@dataclass(frozen=True, slots=True)
class Core:
    """A field that a microscopist would look for, and of how many images it is known."""

    name: str
    ome: str
    known: int


def facts(found: Acquisition) -> tuple[Fact, ...]:
    """All that is known of the image, and nothing else."""
    lens = found.objective
    sizes = dict(zip(found.axes or "", found.shape, strict=False))
    told: list[tuple[str, Any, str | None, str | None]] = [
        ("imageFormat", found.format, None, None),
        ("pixelType", found.data_type, None, "Type"),
        *((f"size{axis}", sizes.get(axis), "px" if axis in "XY" else None, f"Size{axis}") for axis in "XYZCT"),
        ("significantBits", found.significant_bits, None, "SignificantBits"),
        ("pixelSizeX", found.pixel_size_x_um, "µm", "PhysicalSizeX"),
        ("pixelSizeY", found.pixel_size_y_um, "µm", "PhysicalSizeY"),
        ("pixelSizeZ", found.pixel_size_z_um, "µm", "PhysicalSizeZ"),
        ("timeIncrement", found.time_increment_s, "s", "TimeIncrement"),
        ("objective", lens and lens.name, None, None),
        ("magnification", lens and lens.magnification, None, "NominalMagnification"),
        ("numericalAperture", lens and lens.numerical_aperture, None, "LensNA"),
        ("immersion", lens and lens.immersion, None, "Immersion"),
        ("microscope", found.microscope, None, None),
        ("acquisitionDate", found.acquired, None, "AcquisitionDate"),
        ("imageWriter", found.writer, None, "Creator"),
        ("intensities", intensities_text(found), None, None),
    ]
    plain = [Fact(name, value, unit, ome) for name, value, unit, ome in told if value is not None]
    return (*plain, *(fact for n, channel in enumerate(found.channels, 1) for fact in _of_channel(channel, n)))


def _of_channel(channel: Channel, number: int) -> Iterator[Fact]:
    told = (
        ("channelName", channel.name, None, "Name"),
        ("fluorophore", channel.fluorophore, None, "Fluor"),
        ("excitationWavelength", channel.excitation_nm, "nm", "ExcitationWavelength"),
        ("emissionWavelength", channel.emission_nm, "nm", "EmissionWavelength"),
        ("exposureTime", channel.exposure_s, "s", "ExposureTime"),
        ("detector", channel.detector, None, None),
        ("lightSource", channel.light_source, None, None),
        ("illuminationType", channel.illumination, None, "IlluminationType"),
        ("contrastMethod", channel.contrast, None, "ContrastMethod"),
        ("acquisitionMode", channel.mode, None, "AcquisitionMode"),
        ("binning", channel.binning, None, "Binning"),
    )
    for name, value, unit, ome in told:
        if value is not None:
            yield Fact(name, value, unit, ome, number)


def number(value: float) -> str:
    """At most six digits, without those that say nothing."""
    return f"{value:.6g}"


def intensities_text(found: Acquisition) -> str | None:
    """The intensities in words."""
    values = found.intensities
    if values is None:
        return None
    text = f"{number(values.minimum)} to {number(values.maximum)}, mean {number(values.mean)}"
    if values.at_highest is not None and values.highest is not None:
        text += f"; {100 * values.at_highest:.3g} % at the highest value of its range, {number(values.highest)}"
    if values.saturated:
        most = max(values.saturated)
        text += f"; {100 * most:.3g} % in channel {values.saturated.index(most) + 1}"
    return text


def size_text(found: Acquisition) -> str:
    """Axes with their lengths: "X 512 × Y 512 × C 3"."""
    pairs = list(zip(found.axes or "", found.shape, strict=False))
    return " × ".join(f"{axis} {length}" for axis, length in reversed(pairs))


def pixel_text(found: Acquisition) -> str | None:
    """The pixel size in µm, as "0.1 × 0.1 × 0.3 µm" for X, Y and Z; None when that of X is not known."""
    sizes = (found.pixel_size_x_um, found.pixel_size_y_um, found.pixel_size_z_um)
    if sizes[0] is None:
        return None
    return " × ".join("?" if size is None else number(size) for size in sizes[: 3 if sizes[2] else 2]) + " µm"


def lens_text(found: Acquisition) -> str | None:
    """The objective: name, magnification, numerical aperture, immersion."""
    lens = found.objective
    if lens is None:
        return None
    told = (
        lens.name,
        f"{number(lens.magnification)}×" if lens.magnification else None,
        f"NA {number(lens.numerical_aperture)}" if lens.numerical_aperture else None,
        lens.immersion,
    )
    return ", ".join(filter(None, told)) or None


def channel_text(channel: Channel) -> str:
    """A channel in one line."""
    told = (
        channel.fluorophore if channel.fluorophore != channel.name else None,
        f"excitation {number(channel.excitation_nm)} nm" if channel.excitation_nm else None,
        f"emission {number(channel.emission_nm)} nm" if channel.emission_nm else None,
        f"exposure {number(channel.exposure_s)} s" if channel.exposure_s else None,
        channel.light_source,
        channel.detector,
    )
    more = ", ".join(filter(None, told))
    name = channel.name or "a channel without a name"
    return f"{name} ({more})" if more else name


#: what of the OME model, which 4DN-BINA-OME (NBO-Q) extends by hardware and quality control, an Acquisition can hold:
#: Hammer et al. 2021, doi:10.1038/s41592-021-01327-9. Having them all is not conformance with it.
_CORE: Final = (
    ("size of the image", "Pixels/@SizeX, @SizeY", "shape"),
    ("data type", "Pixels/@Type", "data_type"),
    ("pixel size", "Pixels/@PhysicalSizeX", "pixel_size_x_um"),
    ("date of acquisition", "Image/AcquisitionDate", "acquired"),
    ("microscope", "Instrument/Microscope", "microscope"),
)
_LENS: Final = (
    ("magnification", "Objective/@NominalMagnification", "magnification"),
    ("numerical aperture", "Objective/@LensNA", "numerical_aperture"),
    ("immersion", "Objective/@Immersion", "immersion"),
)
_CHANNEL: Final = (
    ("channel name", "Channel/@Name", "name"),
    ("excitation wavelength", "Channel/@ExcitationWavelength", "excitation_nm"),
    ("emission wavelength", "Channel/@EmissionWavelength", "emission_nm"),
    ("exposure time", "Plane/@ExposureTime", "exposure_s"),
    ("light source", "Channel/LightSourceSettings", "light_source"),
    ("detector", "Channel/DetectorSettings", "detector"),
)


def core_fields(run: Run) -> tuple[Core, ...]:
    """Of how many of the run's images each field is known; of a channel's, when it is known of each channel."""
    every = run.acquisitions
    rows = [Core(name, ome, sum(bool(getattr(a, field)) for a in every)) for name, ome, field in _CORE]
    for name, ome, field in _LENS:
        rows.append(Core(name, ome, sum(a.objective is not None and bool(getattr(a.objective, field)) for a in every)))
    for name, ome, field in _CHANNEL:
        known = sum(bool(a.channels) and all(getattr(c, field) for c in a.channels) for a in every)
        rows.append(Core(name, ome, known))
    return tuple(rows)
