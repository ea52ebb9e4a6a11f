"""OME-XML → fields of an Acquisition: that of 2016-06, to which ome-types brings older ones
(https://www.openmicroscopy.org/Schemas/OME/2016-06).

Of several images in a file the first is read, its number is told. OME-XML of a TIFF may describe images in other files,
and may have been copied from another: what it says counts for an image whose planes are in this file.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from provcap.bioimage.found import LENGTH_UM, TIME_S, Found, factor_of, joined, positive, text

LARGEST: Final = 32 << 20  #: bytes of OME-XML
CHANNELS: Final = 64  #: that are described
_EPOCH: Final = "1970-01-01T00:00:00"  #: what writers put where they know no date
#: names of pixel types that NumPy has another name for
_TYPES: Final = {"float": "float32", "double": "float64", "complex": "complex64", "double-complex": "complex128"}


@dataclass(frozen=True, slots=True)
class Pages:
    """The TIFF that has the OME-XML, and what its first image is by its pages."""

    name: str  #: of the file
    width: int
    height: int
    data_type: str  #: as NumPy calls it


def read(xml: str, found: Found, pages: Pages | None = None) -> None:
    """Put what `xml` says into `found`. What cannot be read becomes a note."""
    if len(xml) > LARGEST:
        found.note(f"its OME-XML has {len(xml)} characters and was not read")
        return
    found.metadata = xml
    # a DTD can make a small text endless, and name files of this machine; OME-XML needs none
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", xml, re.IGNORECASE):
        found.metadata = ""
        found.note("its OME-XML has a document type declaration, which can do harm, and was not read")
        return
    try:
        import ome_types
    except ImportError:
        found.note("ome-types is not installed: its OME-XML is kept and was not read")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ome = ome_types.from_xml(xml, validate=False)
    except Exception as error:  # as many kinds as there are ways to write it wrongly
        found.note(f"its OME-XML cannot be read: {type(error).__name__}")
        return
    describe(ome, found, pages)


def describe(ome: Any, found: Found, pages: Pages | None = None) -> None:
    """Put what the `ome_types.OME` says of its first image into `found`; of a TIFF with `pages`, of the first that is
    in this file."""
    found.put("writer", ome.creator, "OME/@Creator")
    if not ome.images:
        found.note("its OME-XML describes no image")
        return
    images = ome.images if pages is None else _here(ome, pages.name)
    if not images:
        found.note("its OME-XML describes images of other files, and not which one is in this file")
        return
    found.put("images", len(images), "OME/Image")
    image = images[0]
    if image.acquisition_date is not None:
        date = image.acquisition_date.isoformat()
        if date.startswith(_EPOCH):
            found.note("its date of acquisition is the first second of 1970, which stands for an unknown one")
        else:
            found.put("acquired", date, "Image/AcquisitionDate")
    instrument = _instrument(ome, image)
    if instrument is not None and instrument.microscope is not None:
        scope = instrument.microscope
        found.put("microscope", joined(scope.manufacturer, scope.model), "Instrument/Microscope")
    _objective(image, instrument, found)
    if pages is None or _is_of(image.pixels, pages, found):
        _pixels(image.pixels, found)
    channels = [_channel(channel, image.pixels, n, ome, found) for n, channel in enumerate(image.pixels.channels)]
    _put_channels(channels, found)
    if len(channels) > CHANNELS:
        found.note(f"of {len(channels)} channels the first {CHANNELS} are told")


def _put_channels(channels: list[dict[str, Any]], found: Found) -> None:
    """What is known of the channels already, as their names in an OME-Zarr, stays; what is said besides is added."""
    known, place = found.values.get("channels"), found.origin.get("channels")
    if not any(channels):
        return
    if known is None:
        found.put("channels", channels[:CHANNELS], "Pixels/Channel")
    elif len(known) == len(channels[:CHANNELS]):
        found.values["channels"] = [more | one for more, one in zip(channels, known, strict=False)]
        found.origin["channels"] = f"{place}, Pixels/Channel"
    else:
        found.note(f"{place} are {len(known)} and in its OME-XML they are {len(channels)}: the latter are left out")


def _here(ome: Any, name: str) -> list[Any]:
    """The images that have planes in the TIFF called `name`: those with a TiffData without a UUID, or with that of this
    file (the OME-TIFF specification, "TiffData"). Where nothing says where planes are, an only image is in the file."""
    blocks = [(image, block) for image in ome.images for block in image.pixels.tiff_data_blocks]
    if not blocks:
        return list(ome.images) if len(ome.images) == 1 else []
    own = [(i, b) for i, b in blocks if b.uuid is None or (ome.uuid is not None and b.uuid.value == ome.uuid)]
    own = own or [(i, b) for i, b in blocks if (b.uuid.file_name or "").casefold() == name.casefold()]
    if len(own) < len(blocks):  # then tifffile goes by the pages, and begins with the first
        own.sort(key=lambda pair: pair[1].ifd or 0)
    return list({id(image): image for image, _ in own}.values())


def _is_of(pixels: Any, pages: Pages, found: Found) -> bool:
    """Whether what is said is of these pages; OME-XML stays when a program crops an image or converts it."""
    kind = str(pixels.type.value)
    said = (int(pixels.size_x), int(pixels.size_y), _TYPES.get(kind, kind))
    if said[:2] == (pages.width, pages.height) and (kind == "bit" or said[2] == pages.data_type):
        return True
    found.note(
        f"its OME-XML describes {said[0]} × {said[1]} pixels of {said[2]}, and the file has {pages.width} × "
        f"{pages.height} of {pages.data_type}: pixel sizes and significant bits are not taken from it"
    )
    return False


def _instrument(ome: Any, image: Any) -> Any:
    """The instrument that the image refers to, or the only one."""
    wanted = image.instrument_ref.id if image.instrument_ref else None
    for instrument in ome.instruments:
        if instrument.id == wanted:
            return instrument
    return ome.instruments[0] if len(ome.instruments) == 1 and wanted is None else None


def _objective(image: Any, instrument: Any, found: Found) -> None:
    settings, known = image.objective_settings, instrument.objectives if instrument is not None else []
    lens = next((o for o in known if settings is not None and o.id == settings.id), None)
    if lens is None and settings is None and len(known) == 1:
        lens = known[0]
    if lens is None:
        if len(known) > 1:
            found.note(f"its OME-XML names {len(known)} objectives and not which one was used")
        return
    told = {
        "name": joined(lens.manufacturer, lens.model),
        "magnification": positive(lens.nominal_magnification),
        "numerical_aperture": positive(lens.lens_na),
        "immersion": _word(lens.immersion),
    }
    found.put("objective", _told(told), "Instrument/Objective")


def _pixels(pixels: Any, found: Found) -> None:
    sizes = {"x": pixels.size_x, "y": pixels.size_y, "z": pixels.size_z}
    for axis, size in sizes.items():
        value, unit = getattr(pixels, f"physical_size_{axis}"), getattr(pixels, f"physical_size_{axis}_unit")
        if axis == "z" and size <= 1:
            continue  # one plane is at no distance from another: writers put any number there
        found.length(f"pixel_size_{axis}_um", value, _unit(unit, "µm"), f"Pixels/@PhysicalSize{axis.upper()}")
    width = found.values.get("pixel_size_x_um")
    if width is not None and (dots := _dots_per_inch(width)):
        found.note(f"its pixel size is that of {dots} pixels per inch, which is a printer's or a screen's")
    if pixels.size_t > 1:
        unit = _unit(pixels.time_increment_unit, "s")
        found.time("time_increment_s", pixels.time_increment, unit, "Pixels/@TimeIncrement")
    found.put("significant_bits", pixels.significant_bits, "Pixels/@SignificantBits")


def _dots_per_inch(width_um: float) -> int | None:
    """The resolution of printers and screens that the pixel size is, which converters take for that of a microscope."""
    return next((dots for dots in (72, 96, 150, 300, 600) if abs(25400 / dots - width_um) < 1e-3), None)


def _channel(channel: Any, pixels: Any, number: int, ome: Any, found: Found) -> dict[str, Any]:
    lights = [light for i in ome.instruments for light in _lights(i)]
    detector = _by_id(channel.detector_settings, [d for i in ome.instruments for d in i.detectors])
    light = _by_id(channel.light_source_settings, lights)
    settings = channel.detector_settings
    return _told(
        {
            "name": text(channel.name),
            "fluorophore": text(channel.fluor),
            "excitation_nm": _nm(channel.excitation_wavelength, channel.excitation_wavelength_unit),
            "emission_nm": _nm(channel.emission_wavelength, channel.emission_wavelength_unit),
            "exposure_s": _exposure(pixels, number, found),
            "detector": joined(detector.manufacturer, detector.model) if detector is not None else None,
            "light_source": _light(light),
            "illumination": _word(channel.illumination_type),
            "contrast": _word(channel.contrast_method),
            "mode": _word(channel.acquisition_mode),
            "binning": _word(settings.binning) if settings is not None else None,
        }
    )


def _lights(instrument: Any) -> Iterable[Any]:
    for kind in ("lasers", "arcs", "filaments", "light_emitting_diodes", "generic_excitation_sources"):
        yield from getattr(instrument, kind, ())


def _light(light: Any) -> str | None:
    if light is None:
        return None
    kind = {"LightEmittingDiode": "LED", "GenericExcitationSource": None}.get(
        type(light).__name__, type(light).__name__
    )
    wavelength = _nm(getattr(light, "wavelength", None), getattr(light, "wavelength_unit", None))
    return joined(light.manufacturer, light.model, kind, f"{wavelength:g} nm" if wavelength else None)


def _by_id(settings: Any, known: Iterable[Any]) -> Any:
    return next((one for one in known if settings is not None and one.id == settings.id), None)


def _exposure(pixels: Any, number: int, found: Found) -> float | None:
    """Seconds, when all planes of the channel that tell one tell the same."""
    times = {
        seconds
        for plane in pixels.planes
        if plane.the_c == number
        and (value := positive(plane.exposure_time)) is not None
        and (factor := factor_of(_unit(plane.exposure_time_unit, "s"), TIME_S)) is not None
        and (seconds := float(f"{value * factor:.12g}"))
    }
    if len(times) > 1:
        least, most = min(times), max(times)
        found.note(f"the exposure of channel {number + 1} differs between planes: {least:.6g} to {most:.6g} s")
    return times.pop() if len(times) == 1 else None


def _nm(value: object, unit: object) -> float | None:
    amount, factor = positive(value), factor_of(_unit(unit, "nm"), LENGTH_UM)
    return float(f"{amount * factor * 1e3:.9g}") if amount is not None and factor is not None else None


def _unit(unit: object, default: str) -> str:
    """The unit's symbol; the schema's default where the file has none."""
    return str(getattr(unit, "value", unit) or default)


def _word(value: object) -> str | None:
    """A value of one of OME's enumerations; "Other" and "Unknown" say nothing."""
    found = text(getattr(value, "value", value))
    return None if found in ("Other", "Unknown", "Undefined") else found


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
