"""Where it shows up what was measured of images: crate, PROV, page, methods text, terminal."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from provcap import bundle, codec, graph, report, store
from provcap.cli import main
from provcap.crate.derived import PROFILES
from provcap.crate.policy import Policy
from provcap.model import Gap, Quality, QualityMeasure, Run
from tests.conftest import materialise, read_run
from tests.pages import HOSTILE
from tests.test_acquisition import FULL, PLANES, recorded, tiff
from tests.test_quality import run_reading


@pytest.fixture
def run() -> Run:
    """A run that read two images, which were measured and were taken with other objectives."""
    return read_run("quality")


def entities(crate: Path) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(crate) as archive:
        graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    return {entity["@id"]: entity for entity in graph}


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_a_crate_with_measures_is_valid(run: Run, tmp_path: Path, version: str) -> None:
    """Both versions of the profile hold; each measure has its term, its unit, and how it was found."""
    target = tmp_path / "run.crate.zip"
    policy = Policy(profile=next(p for p in PROFILES if p.version == version))
    bundle.write_crate(run, materialise(run, tmp_path / "work"), target, policy)
    assert main(["check", str(target)]) == 0
    found = entities(target)
    facts = [found[one["@id"]] for one in found["images/a.ome.tif"]["additionalProperty"]]
    told = {fact["name"]: fact for fact in facts if fact.get("unitText") != "px"}
    drift = told["driftNet of channel 1"]
    assert (drift["value"], drift["unitCode"]) == ("0.15", "https://qudt.org/vocab/unit/MicroM")
    assert told["saturatedFraction of channel 1 DAPI"]["unitCode"] == "https://qudt.org/vocab/unit/UNITLESS"
    noise = told["noiseSigma of channel 1 DAPI"]
    assert (noise["value"], noise["unitText"], "unitCode" in noise) == ("4.25", "DN", False)
    assert noise["propertyID"] == "https://w3id.org/provcap/terms#noiseSigma"
    assert "doi:10.1006/cviu.1996.0060" in noise["description"]
    assert "time points 1, 2, 3, 4 of 4" in noise["description"]


def test_one_switch_leaves_all_pixels_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--without-intensities` loads no pixel: nothing is measured either; without it the crate has the measures."""
    made = run_reading(recorded(tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))))
    folder = store.run_folder(tmp_path, made.id)
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(made))
    for words, number in (["--without-intensities"], 0), ([], 1):
        target = tmp_path / f"{number}.zip"
        assert main(["crate", "-d", str(tmp_path), "-o", str(target), *words]) == 0
        with zipfile.ZipFile(target) as archive:
            assert len(codec.load_run(archive.read("provenance/run.json")).qualities) == number
    capsys.readouterr()


@pytest.mark.parametrize("fmt", ["json", "xml", "turtle", "jsonld", "provn"])
def test_prov_tells_the_measures(run: Run, fmt: str) -> None:
    """Each serialisation has them at the entity, and what differs between the images."""
    text = graph.serialise(graph.document(run), fmt).decode()
    assert "noiseSigma" in text
    assert "1 DAPI: 4.25 DN (Immerk" in text
    assert "acquisition-differs: the objective differs" in text


def test_the_page_has_a_table_of_measures(run: Run) -> None:
    """Values, what differs, how it was measured; a run of which nothing was measured has none of it."""
    page = report.page(run).decode()
    for words in ("410.5 DN²", "0.25 %", "the objective differs between images", "doi:10.1016/j.patcog.2012.11.011"):
        assert words in page
    assert 'id="quality"' not in report.page(read_run("succeeded")).decode()


ENGLISH = (
    "provcap measured 2 images that the run began with: at most 0.25 % of the values of a channel are saturated; noise is "
    "estimated as 3.5 to 4.25 DN (doi:10.1006/cviu.1996.0060); what they show shifts by at most 1.5 px between time points"
)
GERMAN = (
    "provcap hat 2 Bilder vermessen, mit denen der Lauf begann: höchstens 0,25 % der Werte eines Kanals sind gesättigt; "
    "das Rauschen wird auf 3,5 bis 4,25 DN geschätzt"
)


@pytest.mark.parametrize(("language", "said"), [("en", ENGLISH), ("de", GERMAN)])
def test_methods_tell_the_measures(run: Run, language: str, said: str) -> None:
    """In both languages, with what differs among what is not known."""
    text = report.methods(run, language)
    assert said in text
    assert "the objective differs between images" in text


def test_show_quality(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the terminal and as JSON; of a run without images that nothing was measured."""
    for name, made in (("quality", run), ("none", read_run("minimal"))):
        folder = store.run_folder(tmp_path / name, made.id)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(codec.dump_run(made))
    assert main(["show", "-d", str(tmp_path / "quality"), "--quality"]) == 0
    text = capsys.readouterr().out
    assert "channel 1 DAPI" in text
    assert "4.25 DN" in text
    assert "[acquisition-differs] run: the objective differs" in text
    assert main(["show", "-d", str(tmp_path / "quality"), "--quality", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(one["paths"] for one in told["images"]) == [["images/a.ome.tif"], ["images/b.ome.tif"]]
    assert [gap["slug"] for gap in told["gaps"] if gap["slug"] == "acquisition-differs"]
    assert main(["show", "-d", str(tmp_path / "none"), "--quality-of-all"]) == 0
    assert "no image of this run was measured" in capsys.readouterr().out


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_stay_values(run: Run, text: str) -> None:
    """Names in a record act neither in the page nor in PROV, the text or the terminal."""
    measure = QualityMeasure(text, 1.0, text, text, 1, text, 2)
    bad = Quality(run.qualities[0].file, text, text, text, (measure, *run.qualities[0].measures), (text,))
    gaps = (Gap("quality-outlier", f"file:{text}", text), Gap("acquisition-differs", "run", text))
    changed = dataclasses.replace(run, qualities=(bad, run.qualities[1]), gaps=gaps)
    page = report.page(changed).decode()
    assert "<script>window.hacked" not in page
    assert "onload=window.hacked=1><animate" not in page.replace("&lt;", "§")
    assert "<script>" not in report.methods(changed).replace("\\<script", "")
    graph.serialise(graph.document(changed), "xml")
