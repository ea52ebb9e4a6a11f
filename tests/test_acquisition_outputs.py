"""Where it shows up what images say: crate, PROV, page, methods text, terminal."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from provcap import bioimage, bundle, codec, digest, graph, report, store
from provcap.cli import main
from provcap.crate.derived import PROFILES
from provcap.crate.policy import Policy
from provcap.model import Channel, Run
from tests.conftest import read_run
from tests.pages import HOSTILE
from tests.test_acquisition import FULL, PLANES, recorded, run_with, tiff

XML = FULL.format(planes=PLANES)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that read an image of which all is known and made one of which nothing is."""
    mask = tmp_path / "mask.tif"
    tifffile.imwrite(mask, np.zeros((4, 6), "u1"), metadata=None)
    first = read_run("succeeded")
    made = run_with(recorded(tiff(tmp_path / "a.ome.tif", XML)), recorded(mask))
    return dataclasses.replace(made, targets=("mask.tif",), log=None, images=first.images)


def packed(run: Run, workdir: Path, policy: Policy | None = None) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The crate of `run` and its entities."""
    target = workdir / "run.crate.zip"
    bundle.write_crate(run, workdir, target, policy)
    with zipfile.ZipFile(target) as archive:
        graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    return target, {entity["@id"]: entity for entity in graph}


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_a_crate_with_acquisitions_is_valid(run: Run, tmp_path: Path, version: str) -> None:
    """Both versions of the profile hold, and each fact has its OME term and its unit."""
    profile = next(p for p in PROFILES if p.version == version)
    crate, entities = packed(run, tmp_path, Policy(profile=profile))
    assert main(["check", str(crate)]) == 0
    image = entities["a.ome.tif"]
    assert {"File", "ImageObject"} <= set(image["@type"])
    assert (image["width"], image["height"]) == ("6 px", "4 px")
    told = {entities[one["@id"]]["name"]: entities[one["@id"]] for one in image["additionalProperty"]}
    size = told["pixelSizeX"]
    assert (size["value"], size["unitCode"]) == ("0.065", "https://qudt.org/vocab/unit/MicroM")
    assert size["propertyID"] == "http://www.openmicroscopy.org/rdf/2016-06/ome_core/PhysicalSizeX"
    assert told["emissionWavelength of channel 1"]["value"] == "509"


def test_a_crate_has_the_ome_xml_as_it_was(run: Run, tmp_path: Path) -> None:
    """Byte for byte, under its own digest, and said to be about its image; the record in the crate has it all."""
    crate, entities = packed(run, tmp_path)
    place = f"provenance/ome/{digest.of_bytes(XML.encode())[7:]}.ome.xml"
    with zipfile.ZipFile(crate) as archive:
        assert archive.read(place).decode() == XML
        kept = codec.load_run(archive.read("provenance/run.json"))
    assert entities[place]["about"] == {"@id": "a.ome.tif"}
    assert kept.acquisitions == bioimage.described(run, tmp_path).acquisitions


def test_intensities_can_be_left_out(run: Run, tmp_path: Path) -> None:
    """Then no pixel is loaded, and the record says that they were not asked for."""
    crate, _ = packed(run, tmp_path, Policy(pixels=0))
    with zipfile.ZipFile(crate) as archive:
        kept = codec.load_run(archive.read("provenance/run.json"))
    assert {(a.intensities, a.notes[-1]) for a in kept.acquisitions} == {(None, "intensities were not asked for")}


def test_a_public_crate_has_no_ome_xml(run: Run, tmp_path: Path) -> None:
    """Who made an image stands in its OME-XML: what is for others has the values alone."""
    target = tmp_path / "public.crate.zip"
    bundle.write_public(run, tmp_path, target, Policy())
    with zipfile.ZipFile(target) as archive:
        assert not [name for name in archive.namelist() if name.startswith("provenance/ome/")]
        assert b"0.065" in archive.read("provenance/run.json")


@pytest.mark.parametrize("fmt", ["json", "xml", "turtle", "jsonld", "provn"])
def test_prov_tells_the_acquisition(run: Run, tmp_path: Path, fmt: str) -> None:
    """Each serialisation has the entity's pixel size under OME's term, and the channel."""
    text = graph.serialise(graph.document(bioimage.described(run, tmp_path)), fmt).decode()
    assert "PhysicalSizeX" in text
    assert "excitationWavelength=488.0 nm" in text


def test_prov_of_a_run_without_acquisitions_is_as_before(any_run: Run) -> None:
    """No image, no term of OME: not even the prefix."""
    told = graph.serialise(graph.document(any_run), "provn")
    assert (b"openmicroscopy" in told) == bool(any_run.acquisitions)


ENGLISH = (
    "1 image that the run read was acquired on 2021-03-04 with a microscope Makers M1, with the objective Makers Plan 63x, "
    "63×, NA 1.4, Oil, at a pixel size of 0.065 × 0.065 × 0.3 µm, every 0.5 s; channel GFP (excitation 488 nm, emission "
    "509 nm, exposure 0.02 s, Light Co L488 Laser 488 nm, Seers PMT 2)."
)
GERMAN = (
    "1 vom Lauf gelesenes Bild wurde am 2021-03-04 mit einem Mikroskop Makers M1, mit dem Objektiv Makers Plan 63x, 63×, "
    "NA 1.4, Oil, mit einer Pixelgröße von 0,065 × 0,065 × 0,3 µm, alle 0,5 s aufgenommen"
)


@pytest.mark.parametrize(("language", "said"), [("en", ENGLISH), ("de", GERMAN)])
def test_methods_say_how_images_were_acquired(run: Run, tmp_path: Path, language: str, said: str) -> None:
    """In both languages: microscope, objective, pixel size, time step, channels."""
    assert said in report.methods(bioimage.described(run, tmp_path), language)


@pytest.mark.parametrize(
    ("language", "nothing", "part"),
    [
        ("en", "How 1 image that the run read was acquired is not known", "Its file does not tell the objective or the date."),
        ("de", "Wie 1 vom Lauf gelesenes Bild aufgenommen wurde, ist nicht bekannt", "Die Datei sagt nichts über das Objektiv oder das Datum."),
    ],
)  # fmt: skip
def test_methods_say_what_is_not_known(run: Run, tmp_path: Path, language: str, nothing: str, part: str) -> None:
    """A file that says nothing, and one that does not say everything."""
    whole = bioimage.described(run, tmp_path)
    mask = recorded(tmp_path / "mask.tif")
    bare = bioimage.described(run_with(mask), tmp_path)
    assert nothing in report.methods(bare, language)
    some = tuple(dataclasses.replace(a, objective=None, acquired=None) for a in whole.acquisitions)
    assert part in report.methods(dataclasses.replace(whole, acquisitions=some), language)


def test_the_page_has_a_table_of_images(run: Run, tmp_path: Path) -> None:
    """Values that matter, what is not known, and no claim of conformance."""
    page = report.page(bioimage.described(run, tmp_path), tmp_path).decode()
    for words in ("0.065 × 0.065 × 0.3 µm", "63×, NA 1.4", "microscope, objective, pixel size, date", "1 of 2"):
        assert words in page
    assert "no conformance" in page
    assert 'id="images"' not in report.page(run, tmp_path).decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_stay_values(run: Run, tmp_path: Path, text: str) -> None:
    """Names in an image act neither in the page nor in the text, the terminal or PROV."""
    whole = bioimage.described(run, tmp_path)
    bad = dataclasses.replace(
        whole.acquisitions[0], microscope=text, writer=text, acquired=text, data_type=text, axes=text, shape=(3,),
        channels=(Channel(name=text, fluorophore=text),), notes=(text,), format=text,
    )  # fmt: skip
    changed = dataclasses.replace(whole, acquisitions=(bad, *whole.acquisitions[1:]))
    page = report.page(changed, tmp_path).decode()
    assert "<script>window.hacked" not in page
    assert "onload=window.hacked=1><animate" not in page.replace("&lt;", "§")
    assert "<script>" not in report.methods(changed).replace("\\<script", "")
    graph.serialise(graph.document(changed), "xml")


def test_show_images(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the terminal and as JSON, for the run and for its crate; nothing is written into a crate to say so."""
    folder = store.run_folder(tmp_path, run.id)
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(run))
    assert main(["show", "-d", str(tmp_path), "--images"]) == 0
    assert "63×, NA 1.4, Oil" in capsys.readouterr().out
    target = tmp_path / "crate"
    bundle.write_crate(run, tmp_path, target)
    before = digest.of_tree(target)
    for words in (["-d", str(tmp_path), "latest"], [str(target)]):
        assert main(["show", *words, "--images", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [one["paths"] for one in sorted(told["images"], key=lambda i: i["paths"])] == [
            ["a.ome.tif"],
            ["mask.tif"],
        ]
        assert {"field": "pixel size", "ome": "Pixels/@PhysicalSizeX", "known": 1, "of": 2} in told["ome_fields"]
    assert digest.of_tree(target) == before


def test_every_run_goes_through(any_run: Run, tmp_path: Path) -> None:
    """A run without its files, or with files that are no images, is told with Gaps and nothing more."""
    assert bioimage.described(any_run, None) is any_run
    found = bioimage.described(any_run, tmp_path)
    assert found.acquisitions == any_run.acquisitions
    new = {gap.slug for gap in set(found.gaps) - set(any_run.gaps)}
    assert new <= {"image-not-read", "quality-not-measured", "acquisition-differs"}
    assert bioimage.images(any_run).keys() >= {a.file for a in found.acquisitions}
