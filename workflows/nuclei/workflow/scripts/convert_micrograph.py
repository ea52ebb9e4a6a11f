"""Convert a CZI of one plane to OME-TIFF, with what it says of its acquisition."""

import sys
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from ome_types import OME, model
from pylibCZIrw import czi


def read_plane(path: str) -> tuple[np.ndarray, ElementTree.Element]:
    """The plane (axes YX) and the file's metadata; raises ValueError for more than one plane or channel."""
    with czi.open_czi(path) as document:
        extents = {axis: last - first for axis, (first, last) in document.total_bounding_box.items()}
        if any(extent > 1 for axis, extent in extents.items() if axis not in "XY"):
            raise ValueError(f"{path} has more than one plane: {extents}")
        pixels, metadata = document.read(), ElementTree.fromstring(document.raw_metadata)
    if pixels.shape[2] != 1:
        raise ValueError(f"{path} is a colour image")
    return np.ascontiguousarray(pixels[..., 0]), metadata


def number(element: ElementTree.Element, path: str) -> float | None:
    """The number at the path, None if there is none."""
    text = element.findtext(path)
    return float(text) if text else None


def pixel_sizes(metadata: ElementTree.Element) -> dict[str, Any]:
    """Pixel size in µm as keywords of OME's Pixels; a CZI has it in metres."""
    known: dict[str, Any] = {}
    for axis in "XY":
        metres = metadata.findtext(f"Metadata/Scaling/Items/Distance[@Id='{axis}']/Value")
        if metres:
            known[f"physical_size_{axis.lower()}"] = float(Decimal(metres) * 10**6)
            known[f"physical_size_{axis.lower()}_unit"] = model.UnitsLength.MICROMETER
    return known


def instrument(information: ElementTree.Element) -> model.Instrument:
    """Microscope, objective and detector."""
    kind = information.findtext("Instrument/Microscopes/Microscope/Type")
    lens = information.find("Instrument/Objectives/Objective")
    camera = information.findtext("Instrument/Detectors/Detector/Manufacturer/Model")
    objectives = []
    if lens is not None:
        objective = model.Objective(id="Objective:0", immersion=lens.findtext("Immersion"))
        objective.nominal_magnification = number(lens, "NominalMagnification")
        objective.lens_na = number(lens, "LensNA")
        if (distance := number(lens, "WorkingDistance")) is not None:
            objective.working_distance = distance
        objectives.append(objective)
    return model.Instrument(
        id="Instrument:0",
        microscope=model.Microscope(type=kind) if kind else None,
        objectives=objectives,
        detectors=[model.Detector(id="Detector:0", model=camera)] if camera else [],
    )


def channel(image: ElementTree.Element, has_detector: bool) -> model.Channel:
    """The only channel. Its exposure is left out: CZI counts it in nanoseconds, and the example's would be 200 s."""
    found = image.find("Dimensions/Channels/Channel")
    told = model.Channel(id="Channel:0:0", samples_per_pixel=1)
    if found is None:
        return told
    told.name = found.get("Name")
    told.illumination_type = found.findtext("IlluminationType")
    told.acquisition_mode = found.findtext("AcquisitionMode")
    if has_detector:
        binning = found.findtext("DetectorSettings/Binning")
        told.detector_settings = model.DetectorSettings(id="Detector:0", binning=binning)
    return told


def ome_metadata(plane: np.ndarray, metadata: ElementTree.Element) -> OME:
    """OME's description of the plane (axes YX); names of people are left out."""
    information = metadata.find("Metadata/Information")
    image = information.find("Image") if information is not None else None
    if information is None or image is None:
        raise ValueError("the CZI does not describe its image")
    parts = instrument(information)
    pixels = model.Pixels(
        id="Pixels:0",
        dimension_order="XYCZT",
        type=str(plane.dtype),
        size_x=plane.shape[1],
        size_y=plane.shape[0],
        size_c=1,
        size_z=1,
        size_t=1,
        big_endian=False,
        channels=[channel(image, bool(parts.detectors))],
        tiff_data_blocks=[model.TiffData(ifd=0, plane_count=1)],
        **pixel_sizes(metadata),
    )
    described = model.Image(id="Image:0", pixels=pixels, instrument_ref=model.InstrumentRef(id="Instrument:0"))
    described.acquisition_date = image.findtext("AcquisitionDateAndTime")
    if parts.objectives:
        medium = image.findtext("ObjectiveSettings/Medium")
        described.objective_settings = model.ObjectiveSettings(id="Objective:0", medium=medium)
    return OME(creator="convert_micrograph", images=[described], instruments=[parts])


def main(job: Any) -> None:
    """Write the OME-TIFF (the CZI's data type, axes YX)."""
    plane, metadata = read_plane(job.input[0])
    xml = ome_metadata(plane, metadata).to_xml()
    options: dict[str, Any] = {"photometric": "minisblack", "software": False, "metadata": None, "byteorder": "<"}
    tifffile.imwrite(job.output[0], plane, description=xml.encode(), compression="zlib", **options)
    print(f"{plane.shape[0]} x {plane.shape[1]} pixels, {plane.dtype}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
