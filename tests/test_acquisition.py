"""What image files say of their acquisition: read from real files, told with its place, and never invented."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bioimage, codec, digest
from provcap.bioimage import ngff, ome, reader
from provcap.bioimage.found import LENGTH_UM, TIME_S, Found, Unreadable, factor_of
from provcap.bioimage.intensities import intensities
from provcap.model import Acquisition, Artifact, Run
from tests.conftest import read_run
from tests.real_images import real_image
from tests.test_ledger import other_python

MOST = 64 << 20
OME = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" Creator="{creator}">{instrument}<Image ID="Image:0">'
#: as a laser-scanning microscope would have it
FULL = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" Creator="Scope Control 3.1">
<Instrument ID="Instrument:0"><Microscope Manufacturer="Makers" Model="M1"/>
<Laser ID="LightSource:0" Manufacturer="Light Co" Model="L488" Type="SolidState" Wavelength="488"/>
<Detector ID="Detector:0" Manufacturer="Seers" Model="PMT 2" Type="PMT"/>
<Objective ID="Objective:0" Manufacturer="Makers" Model="Plan 63x" NominalMagnification="63" LensNA="1.4" Immersion="Oil"/>
<Objective ID="Objective:1" Model="Plan 10x" NominalMagnification="10" LensNA="0.3" Immersion="Air"/></Instrument>
<Image ID="Image:0"><AcquisitionDate>2021-03-04T05:06:07</AcquisitionDate><InstrumentRef ID="Instrument:0"/>
<ObjectiveSettings ID="Objective:0"/>
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SignificantBits="12" SizeX="6" SizeY="4" SizeC="1" SizeZ="3"
 SizeT="2" PhysicalSizeX="65" PhysicalSizeXUnit="nm" PhysicalSizeY="65" PhysicalSizeYUnit="nm" PhysicalSizeZ="0.3"
 TimeIncrement="500" TimeIncrementUnit="ms">
<Channel ID="Channel:0" Name="GFP" SamplesPerPixel="1" ExcitationWavelength="488" EmissionWavelength="509">
<LightSourceSettings ID="LightSource:0"/><DetectorSettings ID="Detector:0" Binning="2x2"/></Channel>
<TiffData IFD="0" PlaneCount="6"/>{planes}</Pixels></Image></OME>"""
PLANES = "".join(
    f'<Plane TheZ="{z}" TheT="{t}" TheC="0" ExposureTime="20" ExposureTimeUnit="ms"/>' for t in (0, 1) for z in range(3)
)


#: a movie of ten time points that was stopped after four
LACKING = FULL.format(planes="").replace('SizeZ="3"', 'SizeZ="1"').replace('SizeT="2"', 'SizeT="10"')
LACKING = LACKING.replace('PlaneCount="6"', 'PlaneCount="4"')
ABSENT = "6 of the 10 planes that its description counts are not in the file"


def tiff(place: Path, xml: str | None, data: np.ndarray[Any, Any] | None = None) -> Path:
    """A TIFF of six planes, with `xml` as its description."""
    values = np.arange(144, dtype="u2").reshape(6, 4, 6) * 20 if data is None else data
    description = None if xml is None else xml.encode()
    tifffile.imwrite(place, values, description=description, metadata=None, photometric="minisblack", software=False)
    return place


def said(path: Path, most: int = MOST) -> dict[str, Any]:
    """What the process that reads images tells of `path`."""
    with reader.Reader() as found:
        return found.read(str(path), most)


def of_xml(text: str) -> Found:
    found = Found()
    ome.read(text, found)
    return found


def run_with(*artifacts: Artifact) -> Run:
    """A run whose only job has read the first of `artifacts` and made the others."""
    run = read_run("succeeded")
    job = dataclasses.replace(run.jobs[0], inputs=artifacts[:1], outputs=artifacts[1:], logs=(), members=())
    return dataclasses.replace(run, jobs=(job,), gaps=())


def recorded(path: Path) -> Artifact:
    if path.is_dir():
        found, size = digest.of_tree(path)
        return Artifact(path.name, kind="directory", digest=found, size_bytes=size)
    return Artifact(path.name, digest=digest.of_file(path), size_bytes=path.stat().st_size)


def test_an_ome_tiff_tells_its_acquisition(tmp_path: Path) -> None:
    """Everything that OME-XML says of an image, in one set of units, each with its place; its text as it is."""
    path = tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))
    run = bioimage.described(run_with(recorded(path)), tmp_path)
    (found,) = run.acquisitions
    channel = {
        "name": "GFP", "excitation_nm": 488.0, "emission_nm": 509.0, "exposure_s": 0.02, "detector": "Seers PMT 2",
        "light_source": "Light Co L488 Laser 488 nm", "binning": "2x2",
    }  # fmt: skip
    lens = {"name": "Makers Plan 63x", "magnification": 63.0, "numerical_aperture": 1.4, "immersion": "Oil"}
    wanted = {
        "file": digest.of_file(path), "format": "OME-TIFF", "axes": "TZYX", "shape": [2, 3, 4, 6], "images": 1,
        "data_type": "uint16", "significant_bits": 12, "pixel_size_x_um": 0.065, "pixel_size_y_um": 0.065,
        "pixel_size_z_um": 0.3, "time_increment_s": 0.5, "channels": [channel], "objective": lens,
        "microscope": "Makers M1", "acquired": "2021-03-04T05:06:07", "writer": "Scope Control 3.1",
    }  # fmt: skip
    plain = codec.encode(found)
    assert {name: plain[name] for name in wanted} == wanted
    assert plain["origin"]["pixel_size_x_um"] == "Pixels/@PhysicalSizeX, 65 nm"
    assert plain["intensities"] == {
        "minimum": 0.0, "maximum": 2860.0, "mean": 1430.0, "lowest": 0.0, "highest": 4095.0,
        "at_lowest": 1 / 144, "at_highest": 0.0,
    }  # fmt: skip
    assert bioimage.metadata(tmp_path, found) == FULL.format(planes=PLANES).encode()
    assert not run.gaps
    assert codec.load_run(codec.dump_run(run)) == run


def test_nothing_is_invented(tmp_path: Path) -> None:
    """A file that says nothing gives None for everything that only an acquisition could tell."""
    bare = tiff(tmp_path / "bare.tif", None)
    empty = tmp_path / "empty.ome.tif"
    tifffile.imwrite(empty, np.zeros((3, 4, 6), "u1"), ome=True, metadata={"axes": "CYX"})
    for path in (bare, empty):
        (found,) = bioimage.described(run_with(recorded(path)), tmp_path).acquisitions
        known = {name for name in codec.encode(found) if name not in ("notes", "origin", "file", "metadata", "writer")}
        assert known <= {"format", "reader", "axes", "shape", "data_type", "images", "intensities", "channels"}


FIELDS = {
    "PhysicalSizeX": "pixel_size_x_um",
    "PhysicalSizeY": "pixel_size_y_um",
    "PhysicalSizeZ": "pixel_size_z_um",
    "TimeIncrement": "time_increment_s",
    "SignificantBits": "significant_bits",
}


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.integers(1, 12)))
@settings(max_examples=40, deadline=None)
def test_a_value_is_there_when_the_file_has_it_and_only_then(values: dict[str, int]) -> None:
    """Whatever attributes of Pixels are there, those and no others become fields, with what they say."""
    attributes = " ".join(f'{name}="{value}"' for name, value in values.items())
    pixels = f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="2" SizeC="1" SizeT="2" {attributes}><MetadataOnly/></Pixels>'
    found = of_xml(OME.format(creator="x", instrument="") + pixels + "</Image></OME>")
    told = {name: found.values[name] for name in FIELDS.values() if name in found.values}
    assert told == {FIELDS[name]: value for name, value in values.items()}


@pytest.mark.parametrize(
    ("xml", "note"),
    [
        ('PhysicalSizeX="2" PhysicalSizeXUnit="pixel"', "is 2 in pixel, which is no length or time"),
        ('PhysicalSizeX="2" PhysicalSizeXUnit="reference frame"', "reference frame, which is no length or time"),
        ('PhysicalSizeX="2" PhysicalSizeXUnit="Mm"', "2 in Mm, which is no length or time that is known"),
        ('PhysicalSizeX="2" PhysicalSizeXUnit="Pm"', "2 in Pm, which is no length or time that is known"),
    ],
)
def test_a_unit_that_is_none_is_told(xml: str, note: str) -> None:
    """A size in pixels is no size: the field stays empty and a note says why."""
    pixels = f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="2" SizeC="1" SizeT="2" {xml}><MetadataOnly/></Pixels>'
    found = of_xml(OME.format(creator="x", instrument="") + pixels + "</Image></OME>")
    assert "pixel_size_x_um" not in found.values
    assert note in found.notes[0]


@pytest.mark.parametrize(
    ("unit", "table", "factor"),
    [
        ("mm", LENGTH_UM, 1e3), ("Mm", LENGTH_UM, None), ("pm", LENGTH_UM, 1e-6), ("Pm", LENGTH_UM, None),
        ("Å", LENGTH_UM, 1e-4), ("Micron", LENGTH_UM, 1.0), (" \\u00B5m ", LENGTH_UM, 1.0), ("", LENGTH_UM, None),
        ("ms", TIME_S, 1e-3), ("Ms", TIME_S, None), ("Seconds", TIME_S, None), ("Second", TIME_S, 1.0),
    ],
)  # fmt: skip
def test_capitals_count_in_symbols(unit: str, table: dict[str, float], factor: float | None) -> None:
    """A megametre is no millimetre, and a megasecond no millisecond; a word means the same however it is written."""
    assert factor_of(unit, table) == factor


def test_exposures_that_differ_are_no_exposure() -> None:
    """One number for planes of two exposures would be false."""
    found = of_xml(FULL.format(planes=PLANES.replace('"20"', '"40"', 1)))
    assert "exposure_s" not in found.values["channels"][0]
    assert found.notes == ["the exposure of channel 1 differs between planes: 0.02 to 0.04 s"]


def test_of_two_objectives_none_is_chosen() -> None:
    """Where a file names several objectives and not which was used, none is told."""
    found = of_xml(FULL.format(planes="").replace('<ObjectiveSettings ID="Objective:0"/>', ""))
    assert "objective" not in found.values
    assert found.notes == ["its OME-XML names 2 objectives and not which one was used"]


def test_imagej_tells_its_calibration(tmp_path: Path) -> None:
    """Pixel size, distance of planes and frame interval as ImageJ writes them."""
    path = tmp_path / "a.tif"
    told = {"spacing": 0.5, "unit": "um", "finterval": 2.5, "axes": "TZYX"}
    tifffile.imwrite(path, np.zeros((2, 3, 4, 6), "u2"), imagej=True, resolution=(1 / 0.25, 1 / 0.25), metadata=told)
    found = said(path)["values"]
    sizes = [found[f"pixel_size_{axis}_um"] for axis in "xyz"]
    assert (found["format"], found["axes"], sizes) == ("ImageJ TIFF", "TZYX", [0.25, 0.25, 0.5])
    assert found["time_increment_s"] == 2.5


def test_imagej_has_a_unit_for_each_axis(tmp_path: Path) -> None:
    """Units of Y and Z where they are others than that of X; without time points there is no time between them."""
    path = tmp_path / "a.tif"
    told = {"unit": "um", "yunit": "nm", "zunit": "mm", "spacing": 0.002, "finterval": 2.5, "axes": "ZYX"}
    tifffile.imwrite(path, np.zeros((3, 4, 6), "u2"), imagej=True, resolution=(4, 1 / 250), metadata=told)
    found = said(path)["values"]
    assert [found[f"pixel_size_{axis}_um"] for axis in "xyz"] == pytest.approx([0.25, 0.25, 2.0])
    assert "time_increment_s" not in found


def test_resolution_of_a_printer_is_no_pixel_size(tmp_path: Path) -> None:
    """300 pixels per inch in a plain TIFF is told, and not taken for a pixel of 85 µm."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((4, 6), "u1"), resolution=(300, 300), resolutionunit="INCH", metadata=None)
    found = said(path)
    assert "pixel_size_x_um" not in found["values"]
    assert "its tags say 300 pixels per inch" in found["notes"][0]


@pytest.mark.parametrize("version", [4, 5])
def test_ome_zarr_tells_its_scale(tmp_path: Path, version: int) -> None:
    """NGFF 0.4 and 0.5: axes, the product of its scales in their units, channels; of an image that was changed nothing."""
    path = tmp_path / "a.ome.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=2 if version == 4 else 3)
    root.create_array("0", shape=(2, 2, 4, 6), dtype="u1")[...] = 255
    units = {"t": ("time", "millisecond"), "y": ("space", "nanometer"), "x": ("space", "nanometer")}
    axes = [
        {"name": n, "type": units[n][0], "unit": units[n][1]} if n in units else {"name": n, "type": "channel"}
        for n in "tcyx"
    ]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 50, 50]}]}]
    whole = [{"type": "scale", "scale": [200, 1, 2, 2]}]
    image = {"version": "0.4", "axes": axes, "datasets": datasets, "coordinateTransformations": whole}
    told = {"multiscales": [image], "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}}
    root.attrs.update(told if version == 4 else {"ome": {"version": "0.5", **told}})
    artifact = recorded(path)
    (found,) = bioimage.described(run_with(artifact), tmp_path).acquisitions
    assert (found.format, found.axes, found.shape) == (f"OME-Zarr 0.{version}", "TCYX", (2, 2, 4, 6))
    assert (found.pixel_size_x_um, found.pixel_size_z_um, found.time_increment_s) == (0.1, None, 0.2)
    assert [channel.name for channel in found.channels] == ["DAPI", "GFP"]
    assert found.intensities
    assert (found.intensities.at_highest, found.intensities.saturated) == (1.0, (1.0, 1.0))
    shutil.rmtree(tmp_path / ".provcap")
    next(p for p in path.rglob("*") if p.is_file()).write_bytes(b"{}")
    changed = bioimage.described(run_with(artifact), tmp_path)
    assert not changed.acquisitions
    assert [gap.slug for gap in changed.gaps] == ["image-not-read"]


SCALE = [{"type": "scale", "scale": [1, 0.5, 0.5]}]


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({"omero": [1]}, "channels"),
        ({"omero": {"channels": {"label": "DAPI"}}}, "channels"),
        ({"omero": {"channels": [1, "x"]}}, "channels"),
        ({"metadata": [1]}, "writer"),
        ({"coordinateTransformations": [{"type": "scale", "scale": [1, 0.5]}]}, "pixel_size_x_um"),
        ({"coordinateTransformations": [{"type": "scale", "scale": 0.5}]}, "pixel_size_x_um"),
        ({"coordinateTransformations": [{"type": "scale", "scale": ["a", "b", "c"]}]}, "pixel_size_x_um"),
        ({"coordinateTransformations": [{"type": "scale"}]}, "pixel_size_x_um"),
        ({"coordinateTransformations": [1]}, None),
        ({"coordinateTransformations": 1}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_an_odd_attribute_costs_its_own_value_only(tmp_path: Path, changed: dict[str, Any], lost: str | None) -> None:
    """Whatever stands where NGFF has a mapping or a list: all else that the image says is told, and it is measured."""
    root = zarr.open_group(tmp_path / "a.ome.zarr", mode="w", zarr_format=3)
    root.create_array("0", shape=(2, 4, 6), dtype="u1")[...] = 7
    axes = [{"name": "c", "type": "channel"}] + [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    whole = {
        "axes": axes,
        "datasets": [{"path": "0", "coordinateTransformations": SCALE}],
        "metadata": {"method": "mean"},
    }
    top = {"version": "0.5", "multiscales": [whole], "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}}
    for key, value in changed.items():
        (top if key == "omero" else whole)[key] = value
    root.attrs["ome"] = top
    values = said(tmp_path / "a.ome.zarr")["values"]
    wanted = {"format", "axes", "shape", "data_type", "channels", "writer", "pixel_size_x_um", "intensities"}
    assert wanted - set(values) == ({lost} if lost else set())
    assert values.get("pixel_size_x_um", 0.5) == 0.5


@pytest.mark.parametrize(
    ("axis", "letter"),
    [
        ({"name": "tile"}, "Q"), ({"name": "tile", "type": "space"}, "Q"), ({"name": "t"}, "T"), ("t", "T"),
        ({"name": "Time"}, "T"), ({"name": "frame", "type": "time"}, "T"), ({"name": "camera"}, "Q"), ({}, "Q"),
        ({"name": "dye", "type": "channel"}, "C"), ({"name": "c"}, "C"), ({"name": "x", "type": "space"}, "X"), (1, "Q"),
    ],
)  # fmt: skip
def test_an_axis_is_what_its_type_or_name_says(axis: Any, letter: str) -> None:
    """Not each axis that begins with t is time, nor each that begins with c channels."""
    assert ngff.letters({"axes": [axis, "y"]}) == f"{letter}Y"


@pytest.mark.parametrize("channels", [2, 1])
def test_the_layout_of_bioformats2raw(tmp_path: Path, channels: int) -> None:
    """How many images there are, names of channels from the first of them, and of its OME-XML what these do not say;
    where it describes another number of channels nothing of them is taken, and a note says so."""
    path = tmp_path / "a.zarr"
    top = zarr.open_group(path, mode="w", zarr_format=2)
    top.attrs["bioformats2raw.layout"] = 3
    for number in range(3):
        root = top.create_group(str(number))
        root.create_array("0", shape=(2, 4, 6), dtype="u1")[...] = number
        image = {"version": "0.4", "axes": list("cyx"), "datasets": [{"path": "0"}]}
        root.attrs.update({"multiscales": [image], "omero": {"channels": [{"label": "A"}, {"label": "B"}]}})
    waves = "".join(f'<Channel ID="Channel:0:{n}" Name="N" EmissionWavelength="{500 + n}"/>' for n in range(channels))
    xml = positions(waves + "<MetadataOnly/>", "<MetadataOnly/>", "<MetadataOnly/>").replace(
        '<Channel ID="Channel:0:0" Name="c0"/>', ""
    )
    (path / "OME").mkdir()
    (path / ngff.METADATA).write_text(xml)
    found = said(path)
    assert found["values"]["images"] == 3
    waves_told = [{"emission_nm": 500.0}, {"emission_nm": 501.0}] if channels == 2 else [{}, {}]
    assert found["values"]["channels"] == [{"name": n, **more} for n, more in zip("AB", waves_told, strict=True)]
    assert ("Pixels/Channel" in found["origin"]["channels"]) is (channels == 2)
    assert any("are 2 and in its OME-XML they are 1" in note for note in found["notes"]) is (channels == 1)
    with reader.Reader() as process:
        assert "the first of 3 images" in process.measure(str(path), MOST, {})["measured"]


def test_each_image_is_read_once(tmp_path: Path) -> None:
    """What was found is kept by digest: the second time the image may be gone, and the answer is the same."""
    path = tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))
    run = run_with(recorded(path))
    first = bioimage.described(run, tmp_path)
    path.unlink()
    assert bioimage.described(run, tmp_path) == first
    assert bioimage.described(first, tmp_path) is first
    kept = next(p for p in (tmp_path / ".provcap/images").glob("*.json") if "quality" not in p.name)
    kept.write_text(kept.read_text().replace("OME-TIFF", "OME-TIF", 1)[:-9])
    assert [gap.message for gap in bioimage.described(run, tmp_path).gaps] == [
        "what an image says of its acquisition is not known: it is not there any more"
    ]


def test_what_an_earlier_reading_kept_is_not_taken(tmp_path: Path) -> None:
    """What was kept before readings became stricter is not told again: the image is read anew."""
    path = tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))
    run = run_with(recorded(path))
    first = bioimage.described(run, tmp_path)
    kept = next(p for p in (tmp_path / ".provcap/images").glob("*.json") if "quality" not in p.name)
    older = kept.read_text().replace("provcap.acquisition/3", "provcap.acquisition/1").replace("0.065", "0.65")
    assert older.count("acquisition/1") == 1
    kept.write_text(older)
    assert bioimage.described(run, tmp_path) == first


def test_an_image_that_was_changed_is_not_read(tmp_path: Path) -> None:
    """Other bytes say other things: a Gap, and nothing else."""
    path = tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))
    run = run_with(recorded(path))
    tiff(path, FULL.format(planes=""))
    found = bioimage.described(run, tmp_path)
    assert not found.acquisitions
    assert (
        found.gaps[0].message
        == "what an image says of its acquisition is not known: it is no longer what the run recorded"
    )


def test_pixels_are_not_loaded(tmp_path: Path) -> None:
    """Of an image of 4 GB, no more is read than its headers; that its intensities are left out is told."""
    path = tmp_path / "large.tif"
    tifffile.memmap(path, shape=(2, 32768, 32768), dtype="u2", photometric="minisblack", bigtiff=True).flush()
    from provcap.bioimage.tiff import Headers

    with open(path, "rb") as stream:
        headers = Headers(stream)
        before = headers.left
        with tifffile.TiffFile(headers) as tif:  # type: ignore[arg-type]
            assert tif.series[0].shape == (2, 32768, 32768)
        assert before - headers.left < 1 << 20
    found = said(path)
    assert found["values"]["shape"] == [2, 32768, 32768]
    assert found["notes"] == ["intensities were not measured: its pixels take 4096 MiB"]


BOMB = '<!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
)


@pytest.mark.parametrize(
    ("xml", "note"),
    [
        (BOMB + "]><OME>&m;</OME>", "has a document type declaration"),
        ('<!DOCTYPE OME [<!ENTITY a SYSTEM "file:///etc/passwd">]><OME Creator="&a;"/>', "document type declaration"),
        ("<OME", "cannot be read"),
        (FULL.format(planes="").replace('SizeX="6"', 'SizeX="none"'), "cannot be read"),
        (FULL.format(planes="").replace("</OME>", "<OME>" * 3000), "cannot be read"),
    ],
)
def test_hostile_xml_costs_its_own_words_only(tmp_path: Path, xml: str, note: str) -> None:
    """A bomb, a reference to a file of this machine, broken XML: told in a note, and the shape of a page is known."""
    if not xml.rstrip().endswith("OME>"):  # what tifffile takes for OME-XML ends so
        xml += "></OME>"
    found = said(tiff(tmp_path / "a.ome.tif", xml))
    assert found["values"]["shape"] in ([6, 4, 6], [2, 3, 4, 6], [4, 6])
    assert note in " ".join(found["notes"])
    assert "root:" not in json.dumps(found)


def test_files_that_are_named_beside_it_are_not_read(tmp_path: Path) -> None:
    """An OME-TIFF may name other files for its planes: only what was hashed is read."""
    other = tiff(tmp_path / "other.ome.tif", None)
    xml = FULL.format(planes="").replace(
        '<TiffData IFD="0" PlaneCount="6"/>',
        '<TiffData IFD="0"><UUID FileName="other.ome.tif">urn:uuid:1</UUID></TiffData>',
    )
    path = tiff(tmp_path / "a.ome.tif", xml)
    os.chmod(other, 0)
    other.unlink()
    os.mkfifo(other)  # opening it would wait for ever
    assert said(path)["values"]["format"] == "OME-TIFF"


def positions(*blocks: str, own: str = "", size: int = 6) -> str:
    """OME-XML of as many images as there are `blocks`, which say where their planes are; ``PhysicalSizeX`` counts up."""
    images = "".join(
        f'<Image ID="Image:{n}"><Pixels ID="Pixels:{n}" DimensionOrder="XYCZT" Type="uint16" SizeX="{size}" SizeY="4" '
        f'SizeC="1" SizeZ="1" SizeT="1" SignificantBits="12" PhysicalSizeX="{n + 1}"><Channel ID="Channel:{n}:0" '
        f'Name="c{n}"/>{block}</Pixels></Image>'
        for n, block in enumerate(blocks)
    )
    return f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"{own}>{images}</OME>'


def block(number: int, ifd: int = 0) -> str:
    return f'<TiffData IFD="{ifd}" PlaneCount="1"><UUID FileName="m{number}.ome.tif">urn:uuid:{number}{"0" * 7}-0000-0000-0000-000000000000</UUID></TiffData>'


UUID = ' UUID="urn:uuid:10000000-0000-0000-0000-000000000000"'


@pytest.mark.parametrize(
    ("name", "xml", "told"),
    [
        ("m1.ome.tif", positions(block(0), block(1)), (1, 2.0, "c1")),
        ("renamed.tif", positions(block(0), block(1), own=UUID), (1, 2.0, "c1")),
        ("m0.ome.tif", positions(block(0), block(1)), (1, 1.0, "c0")),
        ("m1.ome.tif", positions("<MetadataOnly/>", '<TiffData IFD="0" PlaneCount="1"/>'), (1, 2.0, "c1")),
        ("m1.ome.tif", positions(block(0), block(1, 1), block(1)), (2, 3.0, "c2")),
        ("other.tif", positions(block(0), block(1)), (1, None, None)),
        ("m0.ome.tif", positions("<MetadataOnly/>", "<MetadataOnly/>"), (1, None, None)),
    ],
)
def test_of_several_images_that_of_the_file_is_told(tmp_path: Path, name: str, xml: str, told: tuple[Any, ...]) -> None:
    """OME-XML of a set of files stands in each of them: what counts for a file is the image whose planes it has. Where
    none of them is said to be in it, its structure is told, and a note."""
    found = said(tiff(tmp_path / name, xml, np.zeros((4, 6), "u2")))
    values = found["values"]
    channels = [channel["name"] for channel in values.get("channels", [])]
    assert (values["images"], values.get("pixel_size_x_um"), *(channels or [None])) == told
    assert values["shape"] == [4, 6]
    assert bool(found["notes"]) == (told[1] is None)
    assert told[1] or "describes images of other files" in found["notes"][0]


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    ("shape", "kind", "is_taken"), [((4, 6), "u2", True), ((4, 5), "u2", False), ((3, 6), "u2", False), ((4, 6), "u1", False)]
)  # fmt: skip
def test_ome_xml_of_other_pixels_gives_no_pixel_size(
    tmp_path: Path, byteorder: Any, shape: tuple[int, int], kind: str, is_taken: bool
) -> None:
    """OME-XML that was copied onto a cropped or converted image: pixel sizes and bits are not taken, which is told."""
    path, xml = tmp_path / "a.ome.tif", positions('<TiffData IFD="0" PlaneCount="1"/>')
    tifffile.imwrite(path, np.zeros(shape, kind), description=xml.encode(), metadata=None, byteorder=byteorder)
    found = said(path)
    taken = {name for name in ("pixel_size_x_um", "significant_bits") if name in found["values"]}
    assert taken == ({"pixel_size_x_um", "significant_bits"} if is_taken else set())
    assert [note for note in found["notes"] if "describes 6 × 4 pixels of uint16" in note] == (
        [] if is_taken else found["notes"]
    )
    assert found["values"]["shape"] == list(shape)


@pytest.mark.parametrize(
    ("axes", "photometric", "saturated"),
    [("CYX", "minisblack", [0.0, 0.25, 0.0]), ("YXS", "rgb", [0.0, 0.25, 0.0]), ("ZYX", "minisblack", None)],
)
def test_what_is_saturated_is_told_of_each_channel(
    tmp_path: Path, axes: str, photometric: str, saturated: list[float] | None
) -> None:
    """Six of 24 values of the second channel, or colour; of planes of one channel nothing is to be told apart."""
    values = np.zeros((3, 4, 6), "u1")
    values[1, 2] = 255
    data = np.moveaxis(values, 0, -1) if axes == "YXS" else values
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, photometric=photometric, metadata={"axes": axes})
    found = said(tmp_path / "a.ome.tif")["values"]["intensities"]
    assert found.get("saturated") == saturated
    assert found["at_highest"] == 1 / 12


@pytest.mark.parametrize("axes", ["CYXS", "TCYXS", "CSYX"])
def test_what_is_saturated_is_told_of_each_colour_of_each_channel(tmp_path: Path, axes: str) -> None:
    """Half of the red of the second of two channels in colour: a number each, in the order in which measures have it."""
    data = np.random.default_rng(0).integers(0, 200, (2, 32, 48, 3)).astype("u1")
    data[1, :16, :, 0] = 255
    stored = {"CYXS": data, "TCYXS": np.stack([data] * 2), "CSYX": np.moveaxis(data, -1, 1)}[axes]
    path, planar = tmp_path / "a.ome.tif", "separate" if axes == "CSYX" else "contig"
    tifffile.imwrite(path, stored, ome=True, photometric="rgb", planarconfig=planar, metadata={"axes": axes})
    found = said(path)["values"]
    assert (found["axes"], found["intensities"]["saturated"]) == (axes, [0.0, 0.0, 0.0, 0.5, 0.0, 0.0])
    with reader.Reader() as process:
        measures = process.measure(str(path), MOST, {})["measures"]
    fractions = {m["channel"]: m["value"] for m in measures if m["name"] == "saturated_fraction"}
    assert fractions == {1: 0.0, 2: 0.0, 3: 0.0, 4: 0.5, 5: 0.0, 6: 0.0}


@pytest.mark.parametrize("axes", ["CYXS", "SCYX", "YXCS", "SYXC"])
def test_the_order_of_axes_is_not_that_of_channels_and_colours(axes: str) -> None:
    """However they are stored: all colours of the first channel, then those of the second."""
    data = np.zeros((2, 4, 6, 3), "u1")
    data[1, :2, :, 0] = 255
    found = Found(values={"axes": axes})
    intensities(data.transpose(["CYXS".index(axis) for axis in axes]), found, MOST)
    assert found.values["intensities"]["saturated"] == [0.0, 0.0, 0.0, 0.5, 0.0, 0.0]


@pytest.mark.parametrize("samples", [2, 4])
@pytest.mark.parametrize("kind", ["assocalpha", "unassalpha"])
def test_transparency_is_no_intensity(tmp_path: Path, samples: int, kind: Any) -> None:
    """Of grey values or colours with a transparency that is 255 everywhere the former count."""
    data = np.full((4, 6, samples), 255, "u1")
    data[..., :-1] = 10
    photometric = "minisblack" if samples == 2 else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", data, photometric=photometric, extrasamples=[kind], metadata=None)
    found = said(tmp_path / "a.tif")["values"]["intensities"]
    assert (found["minimum"], found["maximum"], found["mean"], found["at_highest"]) == (10.0, 10.0, 10.0, 0.0)
    assert found.get("saturated", [0.0]) == [0.0] * (samples - 1)


@pytest.mark.parametrize(("photometric", "is_known"), [("miniswhite", False), ("minisblack", True)])
def test_where_white_is_zero_the_ends_are_not_told(tmp_path: Path, photometric: Any, is_known: bool) -> None:
    """TIFF's WhiteIsZero: 255 is black, and not saturated."""
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 6), 255, "u1"), photometric=photometric, metadata=None)
    found = said(tmp_path / "a.tif")["values"]["intensities"]
    ends = {"lowest", "highest", "at_lowest", "at_highest"}
    assert found["maximum"] == 255.0
    assert ends & set(found) == (ends if is_known else set())


def test_planes_that_are_not_there_are_not_measured(tmp_path: Path) -> None:
    """A description that counts more planes than there are: how many are missing is told, and no zero is invented."""
    found = said(tiff(tmp_path / "a.ome.tif", LACKING, np.full((4, 4, 6), 4095, "u2")))
    assert "intensities" not in found["values"]
    assert found["notes"] == [f"intensities were not measured: {ABSENT}"]
    xml = LACKING.replace('PlaneCount="4"', 'PlaneCount="10"')
    whole = said(tiff(tmp_path / "b.ome.tif", xml, np.full((10, 4, 6), 4095, "u2")))
    assert (whole["values"]["intensities"]["minimum"], whole["notes"]) == (4095.0, [])


@pytest.mark.parametrize(("bits", "is_known"), [(12, False), (16, True), (None, True)])
def test_signed_values_of_fewer_bits_have_no_known_end(tmp_path: Path, bits: int | None, is_known: bool) -> None:
    """int16 with 12 significant bits: 32767 is not where a camera ends, and 2047 or 4095 is not said."""
    path, values = tmp_path / "a.ome.tif", np.full((4, 6), 2047, "i2")
    told: dict[str, Any] = {} if bits is None else {"SignificantBits": bits}
    tifffile.imwrite(path, values, ome=True, metadata={"axes": "YX", **told})
    found = said(path)["values"]["intensities"]
    assert found["maximum"] == 2047.0
    assert {"lowest", "highest", "at_lowest", "at_highest"} & set(found) == (
        {"lowest", "highest", "at_lowest", "at_highest"} if is_known else set()
    )
    with reader.Reader() as process:
        measures = process.measure(str(path), MOST, {"bits": bits})["measures"]
    assert any(measure["name"] == "saturated_fraction" for measure in measures) is is_known


def hostile(place: Path, kind: str) -> Path:
    """A TIFF that is broken in one way."""
    whole = tiff(place, None).read_bytes()
    header = b"II*\0" + struct.pack("<I", 8)
    pieces = {
        "empty": b"",
        "truncated": whole[:60],
        "text": b"results/a.tif\n",
        "tags": header + struct.pack("<H", 65535) + whole[10:],
        "loop": header + struct.pack("<HHHIII", 1, 256, 3, 1, 1, 8),
        "description": header + struct.pack("<HHHIII", 1, 270, 2, 0xFFFFFFF0, 8, 0),
    }  # fmt: skip
    if kind == "size":
        with tifffile.TiffFile(place, mode="r+b") as tif:
            tif.pages[0].tags["ImageWidth"].overwrite(2**31 - 1)
        return place
    place.write_bytes(pieces[kind])
    return place


@pytest.mark.parametrize("kind", ["empty", "truncated", "text", "tags", "loop", "description", "size"])
def test_hostile_tiffs_cost_nothing_but_themselves(tmp_path: Path, kind: str) -> None:
    """Truncated files, lies about counts and sizes, loops: a Gap or less is known, and the next image is read."""
    bad, good = hostile(tmp_path / "bad.tif", kind), tiff(tmp_path / "good.tif", None)
    run = bioimage.described(run_with(recorded(bad), recorded(good)), tmp_path)
    assert digest.of_file(good) in {found.file for found in run.acquisitions}
    for found in run.acquisitions:
        assert found.file == digest.of_file(good) or found.intensities is None
    assert len(run.acquisitions) + sum(gap.slug == "image-not-read" for gap in run.gaps) == 2


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """A reader that waits for ever is ended by the clock of its parent."""
    os.mkfifo(tmp_path / "a.tif")
    with reader.Reader(seconds=2) as found, pytest.raises(Unreadable, match="too much memory or time"):
        found.read(str(tmp_path / "a.tif"), MOST)


def test_without_tifffile_it_is_told(tmp_path: Path) -> None:
    """Where the extra is not installed the image is not read, and the message says what is missing."""
    path = tiff(tmp_path / "a.tif", None)
    code = (
        "import sys; sys.modules['tifffile'] = None\nfrom provcap.bioimage import reader\nreader.serve(reader._serve)"
    )
    line = json.dumps({"path": str(path), "most": 0}).encode() + b"\n"
    done = subprocess.run([sys.executable, "-c", code], input=line, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"problem": "tifffile is not installed"}


def test_a_real_ome_tiff(tmp_path: Path) -> None:
    """A time lapse of E. coli that aicsimageio wrote: its structure, and no pixel size, as it has none."""
    found = said(real_image("coli.ome.tif"))["values"]
    assert (found["axes"], found["shape"], found["writer"]) == ("CTZYX", [2, 20, 11, 200, 200], "aicsimageio 4.6.4")
    assert "pixel_size_x_um" not in found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java on the PATH")
def test_an_ome_tiff_of_bio_formats(tmp_path: Path) -> None:
    """Bio-Formats converts the Nikon's file: a third reading of it, and the OME-XML of the most frequent writer."""
    target, tool = tmp_path / "a.ome.tif", "loci.formats.tools.ImageConverter"
    words = ["-cp", real_image("bioformats.jar"), tool, "-no-upgrade", real_image("cluster.nd2"), target]
    subprocess.run(["java", *words], check=True, capture_output=True)
    found = said(target)["values"]
    assert (found["writer"], found["axes"], found["shape"]) == ("OME Bio-Formats 7.3.1", "TZCYX", [3, 10, 2, 31, 38])
    assert found["objective"] == {"name": "Plan Apo λ 60x", "numerical_aperture": 0.95}
    assert [channel["emission_nm"] for channel in found["channels"]] == [525.0, 700.0]


def test_a_pixel_of_a_printer_is_told(tmp_path: Path) -> None:
    """84.67 µm are 300 pixels per inch: converters write that; it is told with the doubt."""
    printer = FULL.format(planes="").replace(
        'PhysicalSizeX="65" PhysicalSizeXUnit="nm"', 'PhysicalSizeX="84.6666666667"'
    )
    found = of_xml(printer)
    assert found.values["pixel_size_x_um"] == 84.6666666667
    assert found.notes == ["its pixel size is that of 300 pixels per inch, which is a printer's or a screen's"]


def of_bioio(name: str) -> dict[str, Any]:
    """What bioio's readers tell of the real image `name`, in a Python that has them."""
    source = Path(reader.__file__).parents[2]
    code = (
        f"import sys, json; sys.path.insert(0, {str(source)!r})\n"
        f"from provcap.bioimage.reader import describe\nprint(json.dumps(describe({str(real_image(name))!r}, {MOST})))"
    )
    done = subprocess.run([other_python("bioio"), "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_real_czi() -> None:
    """ZEISS: objective, camera, pixel size and date as ZEN wrote them; and no distance of planes, as there is one."""
    found = of_bioio("PGC_20X.czi")["values"]
    assert found["objective"] == {"magnification": 20.0, "numerical_aperture": 0.95, "immersion": "Air"}
    assert (found["microscope"], found["acquired"]) == ("Zeiss", "2015-06-10T16:46:55.948000")
    assert found["pixel_size_x_um"] == pytest.approx(0.2269999981)
    assert "pixel_size_z_um" not in found
    assert found["channels"][0]["detector"] == "Axiocam506m"


def test_a_real_czi_that_its_reader_cannot_explain() -> None:
    """Where bioio's reader fails over the metadata, structure and pixel size are told, and what is missing."""
    found = of_bioio("Tumor_HE_Stain_T76.czi")
    assert (found["values"]["axes"], found["values"]["shape"]) == ("YXS", [1200, 1600, 3])
    assert len(found["values"]["intensities"]["saturated"]) == 3
    assert "cannot tell its metadata" in found["notes"][0]


def test_a_real_nd2() -> None:
    """Nikon A1: two channels with their wavelengths and exposure, the objective, 12 bits of 16."""
    found = of_bioio("cluster.nd2")["values"]
    told = [(c["name"], c["excitation_nm"], c["emission_nm"]) for c in found["channels"]]
    assert told == [("5-FAM/pH 9.0", 488.0, 525.0), ("FM 4-64/2% CHAPS", 561.0, 700.0)]
    assert found["objective"] == {"name": "Plan Apo λ 60x", "magnification": 60.0, "numerical_aperture": 0.95}
    assert (found["significant_bits"], found["intensities"]["highest"]) == (12, 4095.0)
    assert len(found["intensities"]["saturated"]) == 2


def test_without_bioio_it_is_told(tmp_path: Path) -> None:
    """A format that only bioio reads is a Gap without it, which says what to install."""
    path = tmp_path / "a.czi"
    path.write_bytes(b"ZISRAWFILE")
    (gap,) = bioimage.described(run_with(recorded(path)), tmp_path).gaps
    assert gap.slug == "image-not-read"
    assert "bioio" in gap.message or "cannot be read" in gap.message


def test_every_field_has_its_place(tmp_path: Path) -> None:
    """For each value that was read it is told where it stands, and for no other."""
    path = tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))
    (found,) = bioimage.described(run_with(recorded(path)), tmp_path).acquisitions
    told = {name for name in codec.encode(found) if name not in ("file", "metadata", "origin", "notes")}
    assert told == set(found.origin)
    assert set(found.origin) <= {field.name for field in dataclasses.fields(Acquisition)}
