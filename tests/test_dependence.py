"""What a workflow says that it needs of its images: read strictly, judged by what files say, the same before a run and after."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import tifffile
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bioimage, graph, report, store
from provcap.bioimage import candidates, declared, depending, judging, patterns, preflight
from provcap.bioimage.judging import judge
from provcap.cli import main, preparing
from provcap.codec import dump_run
from provcap.errors import BadConfig
from provcap.model import Acquisition, Channel, Dependence, Intensities, Job, Objective, Run
from provcap.opening import open_run
from tests.conftest import read_run
from tests.engines import ROOT
from tests.real_images import real_image
from tests.workflows import provcap, snakemake, write

EXAMPLE = ROOT / "config/acquisition.yaml"
NEEDED = """\
depends:
  - images: images/*.tif
    steps: segment
    pixel_size_um: {min: 0.2, max: 0.4}
    because: nuclei smaller than 20 pixels are left out
"""
SNAKEFILE = """\
rule segment:
    input: "images/a.ome.tif"
    output: "out.txt"
    params: pixel_size=0.325, few=2, half=0.5, inner={"emission": [461.5]}
    shell: "echo done > {output}"
"""


def image(place: Path, size_um: float | None, bits: int = 12, **more: Any) -> Path:
    """An OME-TIFF of two channels, or a plain TIFF where `size_um` is None."""
    place.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.arange(2 * 8 * 8, dtype="u2").reshape(2, 8, 8)
    channel = {"Name": ["DAPI", "GFP"], "EmissionWavelength": [461.5, 509.0]}
    told = {"PhysicalSizeX": size_um, "PhysicalSizeY": size_um, "SignificantBits": bits, "Channel": channel, **more}
    if size_um is None:
        tifffile.imwrite(place, pixels[0], metadata=None)
    else:
        tifffile.imwrite(place, pixels, ome=True, photometric="minisblack", metadata={"axes": "CYX", **told})
    return place


def project(folder: Path, needed: str = NEEDED) -> Path:
    """A work directory with a workflow, an image that is as needed, and one that is not."""
    write(folder, SNAKEFILE)
    (folder / "config").mkdir()
    (folder / "config/acquisition.yaml").write_text(needed)
    image(folder / "images/a.ome.tif", 0.325)
    image(folder / "images/b.ome.tif", 0.65)
    return folder


def needs(text: str) -> tuple[Dependence, ...]:
    return declared.parse(text.encode(), "a.yaml")


def need(**values: Any) -> Dependence:
    """The one need of an entry with `values`."""
    entry = {"images": "*.tif", "because": "x", **values}
    (found,) = needs(yaml.safe_dump({"depends": [entry]}))
    return found


ACQUISITION = Acquisition(
    "sha256:0", "OME-TIFF", "tifffile", axes="CZYX", shape=(2, 5, 8, 8), data_type="uint16", significant_bits=12,
    pixel_size_x_um=0.1, pixel_size_y_um=0.2, pixel_size_z_um=0.3, time_increment_s=None,
    channels=(Channel("DAPI", emission_nm=461.0), Channel("GFP 488", emission_nm=509.0, mode="WideField")),
    objective=Objective("Makers Plan [63x]", 63.0, 1.4, "Oil"), microscope="Makers M1",
    intensities=Intensities(0, 4095, 7.5, 0, 4095, 0.25, 0.005, (0.0, 0.01)), origin={"objective": "Instrument/Objective"},
)  # fmt: skip


# what may stand in the file


def test_the_shipped_example_is_valid() -> None:
    """config/acquisition.yaml, and what is commented out in it, keep to the schema and say something."""
    text = EXAMPLE.read_text()
    jsonschema.Draft202012Validator.check_schema(declared.schema())
    for one in (text, re.sub(r"(?m)^#(  )", r"\1", text)):
        jsonschema.validate(yaml.safe_load(one), declared.schema())
        found = declared.parse(one.encode(), "example")
        assert {n.name for n in found} >= {"data_type", "pixel_size_um"}
    assert {"immersion", "saturated_fraction", "emission_nm"} <= {n.name for n in found}


def test_the_documented_example_is_valid() -> None:
    """What docs/formats.md and docs/bioimaging.md show can be used as it is."""
    for page in ("formats.md", "bioimaging.md"):
        blocks = re.findall(r"```yaml\n(depends:.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
        assert [bool(needs(block)) for block in blocks] == [True]


def test_every_key_of_the_schema_is_documented_and_judged() -> None:
    """Each key stands in docs/formats.md, and each that is a value can be held against an image."""
    told = (ROOT / "docs/formats.md").read_text()
    kinds = declared.schema()["$defs"]
    for kind in ("entry", "channel"):
        for key, said in kinds[kind]["properties"].items():
            assert f"`{key}`" in told, key
            if key not in declared._ABOUT:
                wanted: Any = 1 if said["$ref"].endswith("range") else "x"
                asked = need(**({key: wanted} if kind == "entry" else {"channels": [{key: wanted}]}))
                assert judge(asked, "a.tif", ACQUISITION).verdict in ("met", "violated", "unknown")


ENTRY = "depends:\n  - images: images/*.tif\n    because: x\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the file: should be"),
        ("- 1\n", 1, "the file: should be"),
        ("depends: []\n", 1, "depends: should be a list of entries"),
        ("depends:\n  - images: a.tif\n    magnification: 20\n", 2, "depends 1: because is missing"),
        (ENTRY, 2, "names no value"),
        (ENTRY + "    pixel_size: 1\n", 4, "did you mean pixel_size"),
        (ENTRY + "    <b>\x7f: 1\n".replace("\x7f", ""), 4, "unknown key '<b>'"),
        (ENTRY + "    magnification: 20\n    magnification: 63\n", 5, "'magnification' is there twice"),
        ("x: &x {min: 1}\n" + ENTRY + "    magnification: *x\n", 5, "write it here"),
        (ENTRY + "    <<: {magnification: 20}\n", 4, "a key should be a word"),
        (ENTRY + "    1: 2\n", 4, "a key should be a word"),
        (ENTRY + "    magnification: .nan\n", 4, "finite"),
        (ENTRY + "    magnification: {max: .inf}\n", 4, "finite"),
        (ENTRY + f"    magnification: {'9' * 400}\n", 4, "finite"),
        (ENTRY + f"    magnification: {'9' * 5000}\n", 4, "none that can be written"),
        (ENTRY + "    magnification: 1e999\n", 4, "finite"),
        (ENTRY + "    pixel_size_um: {min: 0.4, max: 0.2}\n", 4, "min 0.4 is above max 0.2"),
        (ENTRY + "    pixel_size_um: -1\n", 4, "should be a number, or {min"),
        (ENTRY + "    pixel_size_um: {}\n", 4, "should be a number, or {min"),
        (ENTRY + "    pixel_size_um: true\n", 4, "should be a number, or {min"),
        (ENTRY + "    pixel_size_um: {least: 2}\n", 4, "should be a number, or {min"),
        (ENTRY + "    saturated_fraction: 5\n", 4, "it is a fraction"),
        (ENTRY + "    immersion: 3\n", 4, "should be a text or a list of texts"),
        (ENTRY + "    unknown: maybe\n    axes: YX\n", 4, "should be error or gap"),
        (ENTRY + "    channels: [{number: 1, name: DAPI, mode: x}]\n", 4, "one of them is enough"),
        (ENTRY + "    channels:\n      - number: 1\n", 5, "no value of it"),
        (ENTRY + "    channels:\n      - number: 0\n        mode: x\n", 5, "number of a channel, from 1"),
        ("depends:\n  - images: [a.tif,\n      ../b.tif]\n    because: x\n    axes: YX\n", 3, "upwards"),
        ("depends:\n  - images: ''\n    because: x\n    axes: YX\n", 2, "text"),
        ("depends:\n  - images: ./.\n    because: x\n    axes: YX\n", 2, "a pattern should have"),
        (ENTRY + "    axes: \"\\ud800\"\n", 4, "none that can be written"),
        (ENTRY + "    axes: !!python/object/apply:os.system [touch x]\n", 4, "is not allowed here"),
        (ENTRY + "    images: **/*.tif\n", 4, "written in quotes"),
        (ENTRY + "    axes: !!timestamp x\n", 4, "none that can be written"),
        (ENTRY + "\taxes: YX\n", 4, "cannot start any token"),
        (ENTRY + "    axes: YX\n---\n" + ENTRY, 5, "another document"),
        (ENTRY + "    axes: \x00\n", 4, "U+0000"),
        ("[" * 5000, 1, "too deep"),
        ("#" * (1 << 20) + "\n", 1, "larger than"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    """File, line and what is wrong; nothing of it is run."""
    with pytest.raises(BadConfig) as caught:
        declared.parse(text.encode("utf-8"), "a.yaml")
    assert caught.value.slug == "bad-dependence"
    assert caught.value.message.startswith(f"a.yaml, line {line}: ")
    assert words in caught.value.message


def test_what_is_no_text_is_named_with_its_line() -> None:
    """Bytes that are no UTF-8."""
    with pytest.raises(BadConfig, match="line 2: this is no UTF-8"):
        declared.parse(b"depends:\n  - \xff\n", "a.yaml")


def test_too_many_values_are_refused() -> None:
    """A small file that asks for very much is not worked through."""
    channels = [{"emission_nm": 1, "excitation_nm": 1, "exposure_s": 1}] * 64
    entry = {"images": "a.tif", "because": "x", "channels": channels}
    with pytest.raises(BadConfig, match="1000 are the most"):
        needs(yaml.safe_dump({"depends": [json.loads(json.dumps(entry)) for _ in range(10)]}))


def test_numbers_in_the_notation_of_yaml_1_2_are_numbers() -> None:
    """``1e-3`` is a text in YAML 1.1 and a number here."""
    assert need(saturated_fraction={"max": "1e-3"}).maximum == 0.001


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["depends", "images", "because", "channels", "number", "name", "axes", "min", "max", "emission_nm", "pixel_size_um"]) | st.text(), inner), max_leaves=15))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_whatever_stands_there_is_read_or_refused(plain: Any) -> None:
    """Of any YAML: needs, or BadConfig; never another exception. What is read keeps to the schema."""
    text = yaml.safe_dump(plain)
    try:
        found = declared.parse(text.encode("utf-8", "surrogatepass"), "a.yaml")
    except BadConfig:
        return
    jsonschema.validate(yaml.safe_load(text), declared.schema())
    assert found


# what is judged


@pytest.mark.parametrize(
    ("wanted", "verdict", "value"),
    [
        ({"pixel_size_x_um": 0.1}, "met", 0.1),
        ({"pixel_size_x_um": {"max": 0.1 - 1e-9}}, "met", 0.1),
        ({"pixel_size_x_um": {"max": 0.099}}, "violated", 0.1),
        ({"pixel_size_um": {"max": 0.15}}, "violated", 0.2),
        ({"pixel_size_z_um": {"min": 0.25, "max": 0.35}}, "met", 0.3),
        ({"time_increment_s": {"min": 1}}, "unknown", None),
        ({"magnification": 63}, "met", 63.0),
        ({"numerical_aperture": {"min": 1.45}}, "violated", 1.4),
        ({"immersion": ["water", "OIL"]}, "met", "Oil"),
        ({"objective": "*[63x]"}, "met", "Makers Plan [63x]"),
        ({"microscope": "Others*"}, "violated", "Makers M1"),
        ({"data_type": "uint?"}, "violated", "uint16"),
        ({"data_type": "uint*"}, "met", "uint16"),
        ({"image_format": "OME-TIFF"}, "met", "OME-TIFF"),
        ({"axes": ["ZYX", "CZYX"]}, "met", "CZYX"),
        ({"significant_bits": {"min": 12}}, "met", 12),
        ({"number_of_channels": {"max": 1}}, "violated", 2),
        ({"saturated_fraction": {"max": 0.001}}, "violated", 0.01),
        ({"channels": [{"number": 1, "emission_nm": {"max": 470}}]}, "met", 461.0),
        ({"channels": [{"name": "gfp*", "emission_nm": {"max": 470}}]}, "violated", 509.0),
        ({"channels": [{"emission_nm": {"max": 470}}]}, "violated", 509.0),
        ({"channels": [{"emission_nm": {"max": 600}}]}, "met", 461.0),
        ({"channels": [{"mode": "WideField"}]}, "unknown", None),
        ({"channels": [{"number": 2, "exposure_s": 1}]}, "unknown", None),
        ({"channels": [{"number": 3, "exposure_s": 1}]}, "violated", None),
        ({"channels": [{"name": "Cy5", "exposure_s": 1}]}, "violated", None),
    ],
)  # fmt: skip
def test_a_value_is_held_against_its_limits(wanted: dict[str, Any], verdict: str, value: object) -> None:
    """Of several values the worst decides; a channel that is not there is violated, what is not said is not known."""
    found = judge(need(**wanted), "a.tif", ACQUISITION)
    assert (found.verdict, found.value) == (verdict, value)


@pytest.mark.parametrize(
    ("changed", "wanted", "verdict"),
    [
        ({"significant_bits": None}, {"significant_bits": {"min": 12}}, "unknown"),
        ({"significant_bits": None, "data_type": "uint8"}, {"significant_bits": {"min": 12}}, "violated"),
        ({"significant_bits": None, "data_type": "uint8"}, {"significant_bits": {"max": 8}}, "unknown"),
        ({"significant_bits": None, "data_type": "float32"}, {"significant_bits": {"min": 1}}, "unknown"),
        ({"axes": "YXS", "shape": (8, 8, 3), "channels": ()}, {"number_of_channels": 3}, "unknown"),
        ({"axes": "YX", "shape": (8, 8), "channels": ()}, {"number_of_channels": 1}, "met"),
        ({"axes": "QYX", "shape": (2, 8, 8), "channels": ()}, {"number_of_channels": 2}, "unknown"),
        ({"channels": (Channel(), Channel())}, {"channels": [{"name": "DAPI", "mode": "x"}]}, "unknown"),
        ({"channels": (Channel("GFP"),)}, {"channels": [{"name": "DAPI", "mode": "x"}]}, "unknown"),
        ({"channels": ()}, {"channels": [{"number": 1, "mode": "x"}]}, "unknown"),
        ({"intensities": None}, {"saturated_fraction": 0}, "unknown"),
        ({"intensities": Intensities(0.0, 1.0, 0.5)}, {"saturated_fraction": 0}, "unknown"),
        ({"intensities": Intensities(0, 9, 1, 0, 255, 0, 0, (0, 0))}, {"saturated_fraction": 0}, "met"),
        ({"objective": None}, {"magnification": {"min": 1}}, "unknown"),
        ({"pixel_size_y_um": None}, {"pixel_size_um": {"max": 1}}, "unknown"),
        ({"pixel_size_y_um": None}, {"pixel_size_um": {"max": 0.01}}, "violated"),
    ],
)  # fmt: skip
def test_what_a_file_does_not_say_is_not_guessed(changed: dict[str, Any], wanted: dict[str, Any], verdict: str) -> None:
    """Not known, unless what is known rules it out."""
    assert judge(need(**wanted), "a.tif", replace(ACQUISITION, **changed)).verdict == verdict


@pytest.mark.parametrize(
    ("described", "number", "channel", "verdict"),
    [
        (1, 3, {}, "unknown"), (3, 3, {}, "met"), (1, 3, {"name": "*"}, "unknown"), (1, 3, {"number": 1}, "met"),
        (64, 70, {}, "unknown"), (0, 3, {}, "unknown"),
    ],
)  # fmt: skip
def test_each_channel_is_met_when_each_is_described(
    described: int, number: int, channel: dict[str, Any], verdict: str
) -> None:
    """What is needed of every channel is not known to be so when some of them are not described."""
    found = replace(
        ACQUISITION, axes="CYX", shape=(number, 8, 8), channels=(Channel("A", emission_nm=461.0),) * described
    )
    judged = judge(need(channels=[{**channel, "emission_nm": {"max": 470}}]), "a.tif", found)
    assert judged.verdict == verdict
    if verdict == "unknown" and described:
        assert judged.why == f"{described} of {number} channels are described"
    worse = judge(need(channels=[{**channel, "emission_nm": {"max": 460}}]), "a.tif", found)
    assert worse.verdict == ("violated" if described else "unknown")


@pytest.mark.parametrize(
    ("axes", "of_each", "verdict", "told"),
    [
        ("CZYX", (0.0, 0.02), "violated", "values of channel 2 at 4095"),
        ("YXS", (0.0, 0.0, 0.02), "violated", "values of channel 3 at 4095"),
        ("YXS", (), "unknown", "which of its samples are colours is not known"),
        ("CZYX", (), "unknown", "measured of all channels together only"),
        ("YX", (), "violated", "values at 4095"),
    ],
)
def test_saturation_is_of_the_worst_channel(axes: str, of_each: tuple[float, ...], verdict: str, told: str) -> None:
    """Two of a hundred values of one channel are not made good by the others; transparency is no channel."""
    shape = {"CZYX": (2, 5, 8, 8), "YXS": (8, 8, len(of_each) or 4), "YX": (8, 8)}[axes]
    assert ACQUISITION.intensities is not None
    values = replace(ACQUISITION.intensities, at_highest=0.015, saturated=of_each)
    found = replace(ACQUISITION, axes=axes, shape=shape, channels=(), intensities=values)
    asked = need(saturated_fraction={"max": 0.01})
    assert judge(asked, "a.tif", found).verdict == verdict
    assert told in judging.sentence(asked, judge(asked, "a.tif", found))


@pytest.mark.parametrize(
    ("axes", "described", "wanted", "why"),
    [
        ("YX", 2, {"number_of_channels": 2}, "it has no axis of channels and describes 2"),
        ("ZYX", 3, {"number_of_channels": {"min": 1}}, "it has no axis of channels and describes 3"),
        ("QYX", 0, {"saturated_fraction": 0.1}, "it has an axis of which it does not say what it is: channels maybe"),
        ("QYX", 1, {"saturated_fraction": 0.1}, "it has an axis of which it does not say what it is: channels maybe"),
    ],
)
def test_what_may_be_channels_is_not_counted(axes: str, described: int, wanted: dict[str, Any], why: str) -> None:
    """Files of a set describe all channels of the set; planes along an axis without a name may be channels."""
    channels = (Channel("A"), Channel("B"), Channel("C"))[:described]
    values = replace(ACQUISITION.intensities or Intensities(0, 0, 0), saturated=())
    found = replace(ACQUISITION, axes=axes, shape=(2, 8, 8)[-len(axes) :], channels=channels, intensities=values)
    judged = judge(need(**wanted), "a.tif", found)
    assert (judged.verdict, judged.why) == ("unknown", why)


def test_an_exposure_that_differs_between_planes_is_told(tmp_path: Path) -> None:
    """The file says it, of each plane: that is why it is not known, and for the other channel it is."""
    times = [0.2, 0.1, 0.8, 0.1]
    place = tmp_path / "a.ome.tif"
    told = {"axes": "TCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "Plane": {"ExposureTime": times}}
    tifffile.imwrite(place, np.ones((2, 2, 8, 8), "u1"), ome=True, photometric="minisblack", metadata=told)
    (tmp_path / "acquisition.yaml").write_text(
        "depends:\n  - images: a.ome.tif\n    because: x\n    channels:\n"
        "      - {number: 1, exposure_s: {max: 1}}\n      - {number: 2, exposure_s: {max: 1}}\n"
    )
    first, second = (one.judgements[0] for one in preflight.preflight(tmp_path).dependences)
    assert (first.verdict, first.why) == ("unknown", "the exposure of channel 1 differs between planes: 0.2 to 0.8 s")
    assert (second.verdict, second.value) == ("met", 0.1)


numbers = st.floats(0, 1e6, allow_nan=False)


@given(numbers, st.tuples(numbers, numbers).map(sorted), st.sampled_from(["both", "min", "max"]))
def test_a_range_holds_its_ends_and_what_is_between(value: float, ends: list[float], kept: str) -> None:
    """met exactly from min to max, but for a millionth; and what is said is one sentence with value and limits."""
    limits = {"min": ends[0], "max": ends[1]} if kept == "both" else {kept: ends[kept == "max"]}
    asked = Dependence("magnification", ("*",), "x", "s", 1, minimum=limits.get("min"), maximum=limits.get("max"))
    found = judge(asked, "a.tif", replace(ACQUISITION, objective=Objective(magnification=value)))
    least, most = limits.get("min", 0.0), limits.get("max", 1e7)
    near = any(abs(value - end) <= 2e-6 * max(value, end) for end in limits.values())
    assert near or found.verdict == ("met" if least <= value <= most else "violated")
    assert all(end not in (least, most) or found.verdict == "met" for end in (value,) if end in limits.values())
    assert "\n" not in judging.sentence(asked, found)


# which images are meant

NAMES = st.sampled_from(["a.tif", "b.ome.tif", "raw", "x", "images", "c.zarr", "d.txt", ".git", "*.tif", "{n}.tif"])
PATTERN = st.lists(st.sampled_from(["*", "**", "*.tif", "?.tif", "raw", "[!a]*", "{n}.ome.tif", "*.zarr", "images", "*.txt", "[*].tif"]), min_size=1, max_size=4).map("/".join)  # fmt: skip


@given(st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=12), PATTERN)
@settings(max_examples=60, deadline=None)
def test_a_pattern_means_the_same_on_disk_and_in_a_record(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]], pattern: str
) -> None:
    """What is found in a directory is what fits of all that lies there, hidden files and the inside of a Zarr aside."""
    folder = tmp_path_factory.mktemp("tree")
    for parts in paths:
        place = folder.joinpath(*parts)
        with contextlib.suppress(FileExistsError, NotADirectoryError):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir() if parts[-1].endswith(".zarr") else place.touch()
    there = [path.relative_to(folder) for path in folder.rglob("*")]
    seen = {p for p in there if ".git" not in p.parts and not any(n.endswith(".zarr") for n in p.parts[:-1])}
    images = {p.as_posix() for p in seen if p.suffix == ".zarr" or not (folder / p).is_dir()}
    expected = {path for path in images if patterns.fits(path, pattern)}
    assert set(patterns.find(folder, pattern)) == expected


def test_links_do_not_lead_in_a_circle(tmp_path: Path) -> None:
    """A directory that is a link is gone into where it is named, and not where ** leads."""
    image(tmp_path / "elsewhere/a.ome.tif", 0.3)
    (tmp_path / "w").mkdir()
    (tmp_path / "w/images").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/again").symlink_to(tmp_path / "elsewhere")
    assert patterns.find(tmp_path / "w", "images/*.tif") == ["images/a.ome.tif"]
    assert patterns.find(tmp_path / "w", "**/*.tif") == []
    assert patterns.find(tmp_path / "w", "images/**/*.tif") == ["images/a.ome.tif"]
    assert patterns.find(tmp_path / "w", f"{tmp_path}/else*/*.tif") == [f"{tmp_path}/elsewhere/a.ome.tif"]


def test_too_much_to_look_through_is_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A pattern that leads through more files than can be looked at is named."""
    monkeypatch.setattr(patterns, "LOOKED", 3)
    project(tmp_path, NEEDED.replace("images/*.tif", "'**/*.tif'"))
    assert main(["preflight", "-d", str(tmp_path)]) == 2
    assert "**/*.tif: more than 3 files" in capsys.readouterr().err


# before a run


def test_preflight_tells_each_breach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, value, where in the file it stands, limit and reason in one line; exit code 1."""
    assert main(["preflight", "-d", str(project(tmp_path))]) == 1
    answer = capsys.readouterr().out.splitlines()
    assert answer == [
        "violated: images/b.ome.tif: pixel size (X) is 0.65 µm [Pixels/@PhysicalSizeX, 0.65 µm]; needed by segment: "
        "0.2 to 0.4 µm. nuclei smaller than 20 pixels are left out",
        "2 values of 2 images: 1 met, 1 violated, 0 unknown",
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("max: 0.4", "max: 0.7"), 0),
        (("because", "violated: warn\n    because"), 0),
        (("pixel_size_um: {min: 0.2, max: 0.4}", "microscope: M1"), 0),
        (("pixel_size_um: {min: 0.2, max: 0.4}", "microscope: M1\n    unknown: error"), 1),
        (("images/*.tif", "raw/*.czi"), 0),
        (("images/*.tif\n", "raw/*.czi\n    unknown: error\n"), 1),
        (("pixel_size_um", "pixel_size"), 2),
    ],
)  # fmt: skip
def test_exit_codes_of_preflight(tmp_path: Path, capsys: Any, change: tuple[str, str], code: int) -> None:
    """0 as needed or not known, 1 violated or not known where that is an error, 2 a mistake in the file."""
    project(tmp_path, NEEDED.replace(*change))
    assert main(["preflight", "-d", str(tmp_path)]) == code
    said = capsys.readouterr()
    assert code == 2 or re.search(r"\d values? of \d images?: ", said.out)
    if "raw" in change[1]:
        assert "no image is one of raw/*.czi; needed by segment: pixel size" in said.out
        assert said.out.splitlines()[-1] == "1 value of 0 images: 0 met, 0 violated, 1 unknown"
    if code == 2:
        assert "config/acquisition.yaml, line 4: depends 1: unknown key 'pixel_size'" in said.err


def test_a_need_without_images_is_counted_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As one value that is not known: in the sum, before a run is started, in the text on methods, and on the page."""
    few = "  - images: raw/*.czi\n    microscope: M1\n    because: of its camera\n"
    project(tmp_path, NEEDED.replace("max: 0.4", "max: 0.7") + few)
    assert main(["preflight", "-d", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 values of 2 images: 2 met, 0 violated, 1 unknown"
    assert preparing.is_ready(["-s", "Snakefile"], tmp_path)
    assert "no image is one of raw/*.czi" in capsys.readouterr().err
    run = read_run("dependence")
    lacking = replace(run.dependences[0], images=("raw/*.czi",), judgements=())
    met = replace(run.dependences[0], judgements=(replace(run.dependences[0].judgements[0], verdict="met"),))
    text = report.methods(replace(run, dependences=(met, lacking)))
    assert "of 2 values of 1 image 1 was as needed, 0 were not, and 1 is not known" in text
    assert (
        "2 values were asked for: 1 as needed, 1 not known"
        in report.page(replace(run, dependences=(met, lacking))).decode()
    )
    assert "no image of the run is among those that it means" in report.methods(replace(run, dependences=(lacking,)))


def test_preflight_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each need with its limits and a judgement per image."""
    assert main(["preflight", "--json", "-d", str(project(tmp_path))]) == 1
    answer = json.loads(capsys.readouterr().out)
    (one,) = answer["dependences"]
    assert (answer["ok"], one["limit"], one["minimum"], one["line"]) == (False, "0.2 to 0.4 µm", 0.2, 4)
    assert {j["path"]: (j["verdict"], j["value"]) for j in one["judgements"]} == {
        "images/a.ome.tif": ("met", 0.325),
        "images/b.ome.tif": ("violated", 0.65),
    }


def test_what_cannot_be_read_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken file, a pipe, a directory called like a TIFF, a picture, a link to nothing, an odd name: a line each."""
    project(tmp_path, NEEDED.replace("images/*.tif", "[images/odd/*.tif, images/odd/*.png]"))
    odd = tmp_path / "images/odd"
    odd.mkdir()
    (odd / "broken.tif").write_bytes(b"II*\0" + b"\xff" * 40)
    (odd / "empty.tif").touch()
    os.mkfifo(odd / "pipe.tif")
    (odd / "folder.tif").mkdir()
    (odd / "nothing.tif").symlink_to("gone")
    (odd / "picture.png").write_bytes(b"\x89PNG")
    os.rename(image(tmp_path / "x.tif", 0.65), os.fsencode(odd) + b"/\xff\x1b[31m\n.tif")
    assert main(["preflight", "-d", str(tmp_path)]) == 1
    answer = capsys.readouterr().out
    lines = answer.splitlines()
    assert [line.split(":")[0] for line in lines] == ["unknown"] * 5 + ["violated", "6 values of 6 images"]
    assert "\x1b" not in answer
    assert "files ending in .png are not read" in answer
    assert sum("it is no file" in line or "cannot be read" in line for line in lines) == 4


def test_nothing_said_is_trouble_with_a_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an acquisition.yaml: exit code 2, and where one was looked for."""
    write(tmp_path, SNAKEFILE)
    assert main(["preflight", "-d", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "[no-dependence]" in said
    assert str(tmp_path / "config/acquisition.yaml") in said
    assert main(["preflight", "-d", str(tmp_path), "-s", str(tmp_path / "none")]) == 2


def test_the_file_of_the_work_directory_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the workflow in the recommended layout it is found; one in the work directory is in force before it."""
    flow, work = tmp_path / "flow", tmp_path / "work"
    write(flow / "workflow", SNAKEFILE)
    (flow / "config").mkdir()
    (flow / "config/acquisition.yaml").write_text(NEEDED)
    image(work / "images/b.ome.tif", 0.65)
    words = ["preflight", "-d", str(work), "-s", str(flow / "workflow/Snakefile")]
    assert main(words) == 1
    (work / "acquisition.yaml").write_text(NEEDED.replace("max: 0.4", "max: 0.7"))
    assert main(words) == 0
    assert str(work / "acquisition.yaml") in capsys.readouterr().err


def test_run_preflight_starts_nothing(tmp_path: Path) -> None:
    """`provcap run --preflight`: nothing is run where an image is not as needed; without it, it is."""
    project(tmp_path)
    stopped = provcap(tmp_path, "run", "--preflight", "--", "--cores", "1", "-s", "Snakefile")
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert "nothing was run [preflight]" in stopped.stderr
    assert "images/b.ome.tif" in stopped.stderr
    assert not (tmp_path / "out.txt").exists()
    (tmp_path / "images/b.ome.tif").unlink()
    done = provcap(tmp_path, "run", "--preflight", "--", "--cores", "1", "-q")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.txt").exists()


# after a run


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work directory of a run that read an image which is not as needed; its statement was edited since."""
    folder = project(tmp_path_factory.mktemp("done"), NEEDED.replace("max: 0.4", "max: 0.3"))
    (folder / "config/config.yaml").write_text("optics: {z_step: 0.25, emission_gfp: 509, wavelength: 4.615e2}\n")
    (folder / "Snakefile").write_text('configfile: "config/config.yaml"\n' + SNAKEFILE)
    assert snakemake(folder, "-q").returncode == 0
    (folder / "config/acquisition.yaml").write_text("depends: 1\n")
    return folder


def test_the_record_holds_what_was_in_force(done: Path) -> None:
    """Judged is by the file as it was when the run began, and a violation is a gap of the image."""
    run = bioimage.described(open_run("latest", done).run, done)
    (one,) = run.dependences
    assert (one.source, one.line, one.maximum, one.steps) == ("config/acquisition.yaml", 4, 0.3, ("segment",))
    (found,) = one.judgements
    assert (found.path, found.verdict, found.value, found.origin) == (
        "images/a.ome.tif", "violated", 0.325, "Pixels/@PhysicalSizeX, 0.325 µm",
    )  # fmt: skip
    (gap,) = [gap for gap in run.gaps if gap.slug == "acquisition-violated"]
    assert gap.subject == "file:images/a.ome.tif"
    assert "is 0.325 µm" in gap.message
    assert bioimage.described(run, done) is run


def test_nobody_can_miss_a_violation(done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`show` and its --strict, --images, page, methods text in both languages, PROV and a valid crate tell it."""
    where = ["-d", str(done)]
    assert main(["show", "--strict", *where]) == 1
    assert "acquisition-violated" in capsys.readouterr().out
    assert main(["show", "--images", *where]) == 0
    assert "violated: images/a.ome.tif: pixel size (X) is 0.325 µm" in capsys.readouterr().out
    assert main(["methods", *where]) == 0
    assert "`images/a.ome.tif`, whose pixel size (X) is 0.325 µm (needed: 0.2 to 0.3 µm)" in capsys.readouterr().out
    assert main(["methods", "--language", "de", *where]) == 0
    assert "von denen er abhängt" in capsys.readouterr().out
    assert main(["crate", "-o", str(tmp_path / "c"), *where]) == 0
    assert main(["check", str(tmp_path / "c")]) == 0
    entities = {e["@id"]: e for e in json.loads((tmp_path / "c/ro-crate-metadata.json").read_text())["@graph"]}
    judged = [e for e in entities.values() if str(e.get("name")).startswith("violated: pixel size")]
    needed = entities[judged[0]["valueReference"]["@id"]]
    assert (judged[0]["value"], needed["minValue"], needed["maxValue"]) == ("0.325", "0.2", "0.3")
    assert entities["config/acquisition.yaml"]["about"] == {"@id": "Snakefile"}
    assert needed["@id"] in json.dumps(entities["Snakefile"]["additionalProperty"])
    assert judged[0]["@id"] in json.dumps(entities["images/a.ome.tif"]["additionalProperty"])
    assert "What the workflow depends on" in (tmp_path / "c/ro-crate-preview.html").read_text()
    again = open_run(str(tmp_path / "c"), tmp_path).run
    assert bioimage.described(again, None).dependences == again.dependences != ()


@pytest.mark.parametrize(("in_need", "in_workflow"), [("{0}/", ""), ("", "{0}/")])
def test_paths_mean_the_same_before_and_after_a_run(tmp_path: Path, in_need: str, in_workflow: str) -> None:
    """An absolute pattern means the image that a rule names below the work directory, and the other way round."""
    project(tmp_path, NEEDED.replace("images/*.tif", f"{in_need.format(tmp_path)}images/*.tif"))
    write(tmp_path, SNAKEFILE.replace("images/a.ome.tif", f"{in_workflow.format(tmp_path)}images/a.ome.tif"))
    before = preflight.preflight(tmp_path).dependences[0].judgements
    assert snakemake(tmp_path, "-q").returncode == 0
    run = bioimage.described(open_run("latest", tmp_path).run, tmp_path)
    (judged,) = run.dependences[0].judgements
    assert judged.verdict == "met"
    assert tmp_path / judged.path in {tmp_path / one.path for one in before}
    assert not [gap for gap in run.gaps if gap.slug == "acquisition-unknown"]


def test_a_mistake_in_the_file_harms_no_run(tmp_path: Path) -> None:
    """The run succeeds, and a gap names the line."""
    project(tmp_path, "depends:\n  - imags: x\n")
    assert snakemake(tmp_path, "-q").returncode == 0
    run = bioimage.described(open_run("latest", tmp_path).run, tmp_path)
    assert run.status == "succeeded"
    (gap,) = [gap for gap in run.gaps if gap.slug == "bad-dependence"]
    assert "config/acquisition.yaml, line 2: " in gap.message
    assert bioimage.described(run, tmp_path) is run


def test_a_run_without_a_statement_is_given_back_as_it_is(any_run: Run, tmp_path: Path) -> None:
    """Nobody who says nothing pays for it, and what was judged is not judged again."""
    assert bioimage.described(any_run, None) is any_run
    if bioimage.statement(any_run) is None:
        assert not bioimage.described(any_run, tmp_path).dependences


def test_a_statement_in_the_work_directory_does_not_make_the_workflow_dirty(tmp_path: Path) -> None:
    """It is kept with the run and in force, and the checkout of the workflow is what it was."""
    flow, work = write(tmp_path / "flow", SNAKEFILE), tmp_path / "flow/work"
    for words in (
        ["init", "-q"],
        ["add", "Snakefile"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=flow, check=True)
    image(work / "images/a.ome.tif", 0.65)
    (work / "acquisition.yaml").write_text(NEEDED)
    (flow / "config").mkdir()
    assert snakemake(work, "-q", "-s", "../Snakefile").returncode == 0
    run = bioimage.described(open_run("latest", work).run, work)
    assert run.workflow.dirty is False
    assert [n.judgements[0].verdict for n in run.dependences] == ["violated"]


def test_a_lost_copy_is_told(tmp_path: Path) -> None:
    """Where the copy that was kept is gone, the record does not take what lies there now."""
    run = replace(read_run("dependence"), dependences=(), gaps=())
    found = bioimage.described(run, tmp_path)
    assert [gap.slug for gap in found.gaps if "kept" in gap.message] == ["acquisition-unknown"]
    assert found.dependences == ()


def test_very_many_images_have_a_judgement_each_and_bounded_gaps(tmp_path: Path) -> None:
    """Of 1500 images that say nothing each is judged; 1000 have a gap of their own, one is of all others."""
    run = read_run("dependence")
    digest = store.keep_source(tmp_path, NEEDED.encode())
    source = replace(run.workflow.sources[1], digest=digest)
    images = tuple(replace(run.jobs[0].inputs[0], path=f"images/{n}.tif", digest=f"sha256:{n}") for n in range(1500))
    run = replace(
        run, dependences=(), gaps=(), acquisitions=(), jobs=(replace(run.jobs[0], inputs=images),),
        workflow=replace(run.workflow, sources=(run.workflow.sources[0], source)),
    )  # fmt: skip
    found = depending.depending(run, tmp_path)
    assert len(found.dependences[0].judgements) == 1500
    assert len(found.gaps) == 1001
    assert [gap.message.split(":")[0] for gap in found.gaps if gap.subject == "run"] == [
        f"500 more images like {found.dependences[0].judgements[1000].path}"
    ]


def test_what_a_statement_says_acts_nowhere() -> None:
    """HTML, controls and Markdown in reasons and values reach neither the page nor the text as such."""
    run = read_run("dependence")
    (first, *more) = run.dependences
    evil = "<script>alert(1)</script>\x1b[2J\u202e`x`\n# title"
    bad = replace(
        first, because=evil, images=(evil,), steps=(evil,), name=evil, allowed=(evil,), unit=evil,
        judgements=tuple(replace(j, value=evil, origin=evil, about=evil) for j in first.judgements),
    )  # fmt: skip
    run = replace(run, dependences=(bad, *more))
    page = report.page(run).decode()
    assert "<script>alert" not in page
    assert "\x1b" not in page
    for language in ("en", "de"):
        text = report.methods(run, language)
        assert re.search(r"(?<!\\)<script", text) is None
        assert "script" in text
        assert "\x1b" not in text
        assert "\n# title" not in text
    for name in ("json", "provn", "xml", "turtle"):
        assert graph.serialise(graph.document(run), name)


# what a run suggests


def test_parameters_that_equal_a_value_are_offered(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With how they agree, from params at any depth and from the configuration; the draft is valid and holds."""
    assert main(["preflight", "--suggest", "--json", "-d", str(done)]) == 0
    found = json.loads(capsys.readouterr().out)
    told = {(one["parameter"], one["name"], one["matched"]) for one in found}
    assert told == {
        ("params.pixel_size of segment", "pixel_size_um", "exactly"),
        ("params.inner.emission.0 of segment", "emission_nm", "exactly"),
        ("optics.wavelength in config/config.yaml", "emission_nm", "exactly"),
    }
    assert main(["preflight", "--suggest", "-d", str(done)]) == 0
    drafted = needs(capsys.readouterr().out)
    known = bioimage.described(open_run("latest", done).run, done).acquisitions
    assert [judge(one, "images/a.ome.tif", known[0]).verdict for one in drafted] == ["met"] * 3


def test_suggestions_stay_out_of_the_record(done: Path) -> None:
    """They may be chance: run and crate say nothing of them."""
    run = bioimage.described(open_run("latest", done).run, done)
    assert "461" not in "".join(need.because for need in run.dependences)


@pytest.mark.parametrize("value", [0, 1, 2, 63, 461, True, 0.5, 0.1, 63.0, "63", "0.5", "x", "0.1 0.22", None, float("nan"), float("inf"), "1" * 9999])  # fmt: skip
def test_false_friends_are_not_offered(value: Any) -> None:
    """Whole numbers, and numbers of one digit, equal everything."""
    assert candidates._number(value) is None


def given_to(value: Any, **changed: Any) -> tuple[candidates.Candidate, ...]:
    """The candidates of a run that was given `value`."""
    run = read_run("dependence")
    job = Job("j", run.id, "measure", "succeeded", params={"p": value}, inputs=run.jobs[0].inputs)
    acquisitions = tuple(replace(acquisition, **changed) for acquisition in run.acquisitions)
    return candidates.candidates(replace(run, jobs=(job,), acquisitions=acquisitions), None)


def test_rounded_and_scaled_numbers_are_offered_as_such() -> None:
    """To the digits that were given, and in nm or ms."""
    rounded = given_to("0.33")
    assert [(c.matched, c.minimum, c.maximum) for c in rounded] == [("to its 2 digits", 0.325, 0.335)]
    (scaled,) = given_to(322.5, pixel_size_x_um=0.3225, pixel_size_y_um=0.3225)
    assert (scaled.matched, scaled.name) == ("exactly, in nm", "pixel_size_um")
    assert scaled.minimum < 0.3225 < scaled.maximum
    assert scaled.images == ("images/*.ome.tif",)
    assert given_to([0.65, {"x": 0.3251}])[0].images == ("images/b.ome.tif",)
    assert given_to(0.3251) == ()


@given(st.floats(1e-3, 1e3), st.integers(2, 6))
def test_a_rounded_value_is_found_again(value: float, digits: int) -> None:
    """A parameter that is the value, rounded to two digits or more, agrees; and the draft's limits hold the value."""
    given_value = float(f"{value:.{digits}g}")
    number = candidates._number(given_value)
    if number is None:
        assert given_value == int(given_value) or len(repr(given_value).strip("0.").replace(".", "")) < 2
        return
    agreed = candidates._agreed(number, value, None)
    assert agreed is not None
    assert agreed[1][0] * (1 - 1e-9) <= value <= agreed[1][1] * (1 + 1e-9)


def test_a_run_that_equals_nothing_suggests_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """stdout stays empty, so that nothing is taken for a draft; in JSON it is an empty list."""
    assert given_to(0.77) == ()
    (tmp_path / "run.json").write_text(dump_run(read_run("minimal")))
    assert main(["preflight", "--suggest", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert (said.out, "no parameter of the run" in said.err) == ("", True)
    assert main(["preflight", "--json", "--suggest", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_values_of_a_real_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack that ImageJ wrote: distance of planes and pixel size, with their places in the file."""
    project(
        tmp_path, NEEDED.replace("images/*.tif", "stack.tif").replace("because", "pixel_size_z_um: 2.5\n    because")
    )
    (tmp_path / "stack.tif").symlink_to(real_image("imagej.tif"))
    assert main(["preflight", "--json", "-d", str(tmp_path)]) == 1
    width, distance = (need["judgements"][0] for need in json.loads(capsys.readouterr().out)["dependences"])
    assert (distance["verdict"], distance["value"], distance["origin"]) == ("met", 2.5, "ImageJ spacing, 2.5 micron")
    assert (width["verdict"], round(width["value"], 4), width["about"]) == ("violated", 0.1687, "X")
