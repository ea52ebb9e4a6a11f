"""What is measured of images: the laws of each measure, real files, hostile ones, and images that were taken unalike."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from scipy import ndimage

from provcap import bioimage, codec
from provcap import digest as digests
from provcap.bioimage import batches, measuring, reader
from provcap.bioimage.found import Unreadable
from provcap.model import (
    Acquisition,
    Artifact,
    Channel,
    Concept,
    ImageAcquisition,
    ImageData,
    Instrument,
    Objective,
    Quality,
    QualityMeasure,
    Run,
    Sheet,
    Specimen,
    Study,
)
from tests.comparison.files import png16
from tests.conftest import read_run
from tests.real_images import real_image
from tests.test_acquisition import ABSENT, FULL, LACKING, MOST, PLANES, recorded, tiff
from tests.test_ledger import other_python

Plane = np.ndarray[Any, Any]
PLANE_MEASURES = (
    measuring.laplacian_variance, measuring.normalized_variance, measuring.noise_sigma, measuring.background_mode,
    measuring.field_uniformity,
)  # fmt: skip


def scene(seed: int = 0, side: int = 256, grain: float = 2.0) -> Plane:
    """Smooth random structure around 1000, without noise."""
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), grain, mode="wrap")
    return np.asarray(values / values.std() * 100 + 1000)


def noise(sigma: float, side: int = 256, seed: int = 9) -> Plane:
    return np.asarray(np.random.default_rng(seed).normal(scale=sigma, size=(side, side)))


def measured(path: Path, most: int = MOST, **known: Any) -> dict[str, Any]:
    """What the process that reads images measures of `path`."""
    with reader.Reader() as found:
        return found.measure(str(path), most, known)


def values(found: dict[str, Any], channel: int = 1, unit: str | None = None) -> dict[str, float]:
    """The measures of one channel by name."""
    wanted = [m for m in found["measures"] if m["channel"] == channel and unit in (None, m["unit"])]
    return {m["name"]: m["value"] for m in wanted}


def run_reading(*artifacts: Artifact) -> Run:
    """A run whose only job has read `artifacts` and made nothing."""
    run = read_run("succeeded")
    job = dataclasses.replace(run.jobs[0], inputs=artifacts, outputs=(), logs=(), members=(), benchmark=None)
    return dataclasses.replace(run, jobs=(job,), gaps=(), log=None)


@given(st.integers(0, 99), st.integers(20, 2000))
@settings(max_examples=15, deadline=None)
def test_background_of_whole_numbers_is_not_too_low(seed: int, level: int) -> None:
    """Counts of photons around a level: of the many shortest intervals that tie, the first would be below it."""
    counts = np.random.default_rng(seed).poisson(level, (256, 256)).astype("f4")
    found = measuring.background_mode(counts)
    assert found is not None
    assert abs(found - level) < 0.5 * math.sqrt(level)


def blobs(seed: int) -> Plane:
    """Objects with numbers, on 0."""
    found, _ = ndimage.label(scene(seed, grain=8.0) > 1050)
    return np.asarray(found)


@given(st.integers(0, 99), st.sampled_from(["u1", "u2", "i4"]))
@settings(max_examples=15, deadline=None)
def test_numbers_of_objects_are_no_image(seed: int, kind: str) -> None:
    """Label images and masks are told from images, also from images of which much is saturated or empty."""
    labels = blobs(seed).astype(kind)
    grain = (scene(seed) + noise(20, seed=seed)).astype("u2")
    saturated = np.clip(grain, 0, 1000)
    assert measuring.numbers_areas(labels)
    assert measuring.numbers_areas((labels > 0).astype("u1") * 255)
    assert not measuring.numbers_areas(grain)
    assert not measuring.numbers_areas(saturated)
    assert not measuring.numbers_areas(np.where(labels > 0, grain, 0).astype("u2"))
    assert not measuring.numbers_areas(np.full((9, 9), 7, kind))


def test_a_label_image_is_not_measured(tmp_path: Path) -> None:
    """It says so, and has no measures; nothing of it gets into the text on the images."""
    tifffile.imwrite(tmp_path / "a.tif", blobs(1).astype("u2"))
    found = measured(tmp_path / "a.tif")
    assert found["notes"] == ["its values number areas, as those of a label image or a mask: not measured"]
    assert "measures" not in found


@given(st.lists(st.floats(0.5, 8), min_size=2, max_size=4, unique=True), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_blur_lowers_focus(sigmas: list[float], seed: int) -> None:
    """The more a scene is blurred, the lower both measures of focus are."""
    sharp = scene(seed, grain=0.8)
    blurred = [sharp, *(ndimage.gaussian_filter(sharp, sigma, mode="wrap") for sigma in sorted(sigmas))]
    for measure in (measuring.laplacian_variance, measuring.normalized_variance):
        found = [measure(plane) or 0.0 for plane in blurred]
        assert found == sorted(found, reverse=True)
        assert found[0] > found[-1]


@given(st.floats(2, 80), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_noise_is_estimated(sigma: float, seed: int) -> None:
    """Gaussian noise of a known width on a scene is found within a tenth."""
    assert measuring.noise_sigma(scene(grain=4) + noise(sigma, seed=seed)) == pytest.approx(sigma, rel=0.1)


def test_noise_is_the_published_sum() -> None:
    """Against the formula written out: the 3 × 3 mask, its absolute values, sqrt(pi/2) / (6 (W - 2) (H - 2))."""
    plane = noise(3, 40)[:30]
    mask = [[1, -2, 1], [-2, 4, -2], [1, -2, 1]]
    total = np.abs(ndimage.convolve(plane, mask)[1:-1, 1:-1]).sum()
    assert measuring.noise_sigma(plane) == pytest.approx(math.sqrt(math.pi / 2) / (6 * 38 * 28) * total)


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (0.5, 0.25), (-12.3, 7.7)])
def test_a_shift_is_found(shift: tuple[float, float]) -> None:
    """What was moved by a known part of a pixel is found within a tenth of one, also in noise."""
    whole = scene(side=512)
    moved = ndimage.shift(whole, shift, order=5, mode="wrap")
    first, second = whole[100:400, 100:400] + noise(5, 300, 1), moved[100:400, 100:400] + noise(5, 300, 2)
    found = measuring.shift(first, second)
    assert found == pytest.approx(shift, abs=0.1)


def test_what_is_not_alike_has_no_shift() -> None:
    """Two planes of noise, or flat ones, tell of no movement."""
    assert measuring.shift(noise(5, seed=1), noise(5, seed=2)) is None
    assert measuring.shift(np.full((64, 64), 7.0), np.full((64, 64), 7.0)) is None


@given(st.floats(0.05, 0.8))
@settings(max_examples=10, deadline=None)
def test_a_vignette_has_its_uniformity(fall: float) -> None:
    """A field that falls off to a known part at its corners has that uniformity, within 0.03, also in noise."""
    y, x = np.mgrid[-1:1:512j, -1:1:512j]
    field = 1000 * (1 - fall * (x * x + y * y) / 2)
    assert measuring.field_uniformity(field) == pytest.approx(1 - fall, abs=0.03)
    assert measuring.field_uniformity(field + noise(10, 512)) == pytest.approx(1 - fall, abs=0.04)


def test_the_background_is_the_most_frequent_value() -> None:
    """Dark around bright things, bright around dark ones."""
    for level, thing in ((100.0, 900.0), (900.0, 100.0)):
        plane = np.full((128, 128), level) + noise(3, 128)
        plane[20:60, 20:60] = thing
        assert measuring.background_mode(plane) == pytest.approx(level, abs=3)


@given(st.floats(0.01, 1000))
@settings(max_examples=15, deadline=None)
def test_scaling_leaves_what_has_no_unit(factor: float) -> None:
    """Another gain changes no measure without a unit, those in DN by as much, those in DN² by its square."""
    plane = scene(3) + noise(5)
    for measure, power in zip(PLANE_MEASURES, (2, 1, 1, 1, 0), strict=True):
        assert measure(plane * factor) == pytest.approx((measure(plane) or 0) * factor**power, rel=1e-6)


@given(
    st.sampled_from([(0, 0), (1, 1), (1, 50), (2, 2), (3, 3), (16, 16), (17, 40)]),
    st.sampled_from([0.0, 7.0, -3.0, 1e308, math.nan, math.inf, "noise", "some nan"]),
)
@settings(max_examples=60, deadline=None)
def test_no_measure_is_anything_but_a_number(shape: tuple[int, int], what: float | str) -> None:
    """Empty, one pixel, constant, all or partly not finite, enormous: a finite number or nothing."""
    plane = np.full(shape, what if isinstance(what, float) else 0.0)
    if isinstance(what, str):
        plane = np.random.default_rng(0).normal(size=shape)
    if what == "some nan" and plane.size:
        plane[0, 0] = math.nan
    with np.errstate(all="ignore"):
        for measure in PLANE_MEASURES:
            value = measure(plane)
            assert value is None or math.isfinite(value)
        assert measuring.shift(plane, plane) is None or what in ("noise", "some nan")


def test_a_tiff_is_measured(tmp_path: Path) -> None:
    """Each channel by its name, the middle plane, saturation at the significant bits, drift in pixels and µm."""
    stack = np.zeros((4, 3, 2, 64, 64), "u2")  # TZCYX
    field = (scene(side=64) + noise(4, 64)).clip(0, 4095)
    for time in range(4):
        stack[time, 1, 0] = np.roll(field, (time, 2 * time), (0, 1))
        stack[time, 1, 1] = 4095
    path = tmp_path / "a.ome.tif"
    told = {"axes": "TZCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "SignificantBits": 12,
            "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}  # fmt: skip
    tifffile.imwrite(path, stack, ome=True, metadata=told)
    run = bioimage.described(run_reading(recorded(path)), tmp_path)
    (found,) = run.qualities
    assert found.measured == "plane 2 of 3 along Z; time points 1, 2, 3, 4 of 4"
    rows = {(m.channel_name, m.name, m.unit): m for m in found.measures}
    assert rows["GFP", "saturated_fraction", "1"].value == 1.0
    assert rows["DAPI", "saturated_fraction", "1"].value == 0.0
    assert rows["GFP", "noise_sigma", "DN"].value == 0.0
    assert rows["GFP", "field_uniformity", "1"].value == 1.0
    assert rows[None, "drift_net", "px"].value == pytest.approx(3 * math.hypot(1, 2), abs=0.3)
    assert rows[None, "drift_net", "µm"].value == pytest.approx(rows[None, "drift_net", "px"].value / 2)
    assert all("doi:10." in m.method for m in found.measures)
    assert not run.gaps
    assert codec.load_run(codec.dump_run(run)) == run


def test_planes_that_are_not_there_are_not_measured(tmp_path: Path) -> None:
    """Readers make zeros of them: the image is a gap, which says how many there are."""
    path = tiff(tmp_path / "a.ome.tif", LACKING, np.full((4, 4, 6), 4095, "u2"))
    with pytest.raises(Unreadable, match=f"^{ABSENT}$"):
        measured(path)
    (gap,) = bioimage.described(run_reading(recorded(path)), tmp_path).gaps
    assert (gap.slug, gap.message) == ("quality-not-measured", f"the image was not measured: {ABSENT}")


def test_each_image_is_measured_once(tmp_path: Path) -> None:
    """What was found is kept by digest; a run that has it is given back as it is; no pixels, no measures."""
    path = tiff(tmp_path / "a.ome.tif", FULL.format(planes=PLANES))
    run = run_reading(recorded(path))
    assert not bioimage.described(run, tmp_path, 0).qualities
    first = bioimage.described(run, tmp_path)
    assert first.qualities
    path.unlink()
    assert bioimage.described(run, tmp_path) == first
    assert bioimage.described(first, tmp_path) is first
    kept = next((tmp_path / ".provcap/images").glob("*.quality.json"))
    kept.write_text("{" * 99)
    assert not bioimage.described(run, tmp_path).qualities


@pytest.mark.parametrize("version", [2, 3])
def test_an_ome_zarr_is_measured_at_full_resolution(tmp_path: Path, version: int) -> None:
    """Of a pyramid the largest array, not the others."""
    path = tmp_path / "a.ome.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=version)  # type: ignore[arg-type]
    root.create_array("0", shape=(2, 64, 64), chunks=(1, 32, 32), dtype="u1")[...] = 255
    root.create_array("1", shape=(2, 32, 32), dtype="u1")[...] = 1
    axes = [{"name": name, "type": "channel" if name == "c" else "space"} for name in "cyx"]
    told = {"multiscales": [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}, {"path": "1"}]}]}
    root.attrs.update(told if version == 2 else {"ome": {"version": "0.5", **told}})
    found = measured(path)
    assert found["measured"] == "all of it"
    assert values(found, 2)["background_mode"] == 255.0
    assert values(found, 2)["saturated_fraction"] == 1.0


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGB"), ("a.jpg", "RGB"), ("a.png", "L"), ("a.png", "RGBA")])
def test_a_picture_is_measured(tmp_path: Path, name: str, mode: str) -> None:
    """PNG and JPEG: colours are three channels with their names, and transparency is none."""
    Pictures.new(mode, (40, 30), 255 if mode == "L" else (255,) * len(mode)).save(tmp_path / name)
    found = measured(tmp_path / name)
    names = {m.get("channel_name") for m in found["measures"]}
    assert names == ({None} if mode == "L" else {"red", "green", "blue"})
    assert values(found)["saturated_fraction"] == 1.0


@pytest.mark.parametrize(("kind", "samples"), [(2, 3), (4, 2), (6, 4)])
def test_a_png_that_would_be_cut_is_not_measured(tmp_path: Path, kind: int, samples: int) -> None:
    """Colours and transparency of 16 bits, of which the library gives 8, are told; greys of 16 bits are measured."""
    bright = np.random.default_rng(0).integers(0xFF00, 0xFFFF, (40, 30, samples))  # cut, all would be saturated
    (tmp_path / "a.png").write_bytes(png16(kind, bright))
    with pytest.raises(Unreadable, match="16 bits a channel, which Pillow cuts to 8"):
        measured(tmp_path / "a.png")
    (tmp_path / "grey.png").write_bytes(png16(0, bright[:, :, :1]))
    found = measured(tmp_path / "grey.png")
    assert (found["data_type"], values(found)["saturated_fraction"]) == ("uint16", 0.0)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("samples", [3, 4])
def test_colours_of_a_tiff_are_channels(tmp_path: Path, planar: str, samples: int) -> None:
    """However its samples are stored, each is one; transparency is none."""
    data = np.zeros((32, 48, samples), "u1") + np.array([10, 20, 30, 255][:samples], "u1")
    stored = data if planar == "contig" else np.moveaxis(data, 2, 0)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, metadata=None)
    found = measured(tmp_path / "a.tif")
    assert {m["channel_name"]: m["value"] for m in found["measures"] if m["name"] == "background_mode"} == {
        "red": 10.0, "green": 20.0, "blue": 30.0,
    }  # fmt: skip


@pytest.mark.parametrize("samples", [2, 4])
@pytest.mark.parametrize("kind", ["assocalpha", "unassalpha"])
def test_transparency_of_a_tiff_is_not_measured(tmp_path: Path, samples: int, kind: Any) -> None:
    """Opaque pixels, at the highest value there is, are no saturated channel."""
    data = np.full((32, 48, samples), 255, "u1")
    data[..., :-1] = 10
    photometric = "minisblack" if samples == 2 else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", data, photometric=photometric, extrasamples=[kind], metadata=None)
    found = measured(tmp_path / "a.tif")
    fractions = [m["value"] for m in found["measures"] if m["name"] == "saturated_fraction"]
    assert fractions == [0.0] * (samples - 1)
    assert found["measured"] == "all of it"


def test_where_white_is_zero_nothing_is_saturated(tmp_path: Path) -> None:
    """The highest value is black: which part is saturated is not told, all else is measured."""
    told = {"photometric": "miniswhite", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", np.full((32, 48), 255, "u1"), **told)  # type: ignore[arg-type]
    found = values(measured(tmp_path / "a.tif"))
    assert "saturated_fraction" not in found
    assert found["background_mode"] == 255.0


@pytest.mark.parametrize(("axes", "channels"), [("CYX", 20), ("YXS", 20), ("CYXS", 18), ("CYX", 16)])
def test_which_channels_were_measured_is_told(tmp_path: Path, axes: str, channels: int) -> None:
    """Of more than 16 the first 16."""
    shape = {"CYX": (channels, 32, 48), "YXS": (32, 48, channels), "CYXS": (channels, 32, 48, 3)}[axes]
    told = {"photometric": "rgb" if axes == "CYXS" else "minisblack", "planarconfig": "contig" if "S" in axes else None}
    tifffile.imwrite(tmp_path / "a.ome.tif", np.ones(shape, "u1"), ome=True, metadata={"axes": axes}, **told)  # type: ignore[arg-type]
    found = measured(tmp_path / "a.ome.tif")
    name = "samples" if axes == "YXS" else "channels"
    assert found["measured"] == ("all of it" if channels == 16 else f"{name} 1 to 16 of {channels}")
    assert max(m["channel"] for m in found["measures"]) == (48 if axes == "CYXS" else 16)


@pytest.mark.parametrize(
    ("names", "told"), [(["DAPI", "GFP"], {"DAPI", "GFP"}), (["DAPI"], {None}), (["A"] * 3, {None})]
)
def test_names_are_those_of_as_many_channels(tmp_path: Path, names: list[str], told: set[str | None]) -> None:
    """A file of a set describes all channels of the set: which of them it has is not said."""
    data = np.random.default_rng(0).integers(0, 200, (2, 32, 48)).astype("u1")
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, metadata={"axes": "CYX"}, photometric="minisblack")
    found = measured(tmp_path / "a.ome.tif", names=names)
    assert {m.get("channel_name") for m in found["measures"]} == told


def test_a_large_image_is_measured_in_its_middle(tmp_path: Path) -> None:
    """Within the bytes that are allowed, and the record says which part; far more than that is not decoded at once."""
    path = tmp_path / "a.tif"
    data = np.zeros((2000, 3000), "u1")
    data[500:1500, 1000:2000] = 9
    tifffile.imwrite(path, data, tile=(256, 256), metadata=None)
    found = measured(path, most=1 << 18)
    assert found["measured"] == "the 627 × 418 pixels in its middle"
    assert values(found)["background_mode"] == 9.0
    tifffile.memmap(tmp_path / "b.tif", shape=(32768, 32768), dtype="u2", photometric="minisblack").flush()
    with pytest.raises(Unreadable, match="pieces of 2048 MiB"):
        measured(tmp_path / "b.tif")


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (np.zeros((20, 20), bool), "of type bool"),
        (np.zeros((20, 20), "c8"), "of type complex64"),
        (np.full((20, 20), np.nan, "f4"), "400 of the values are not finite"),
    ],
)
def test_what_cannot_be_measured_is_told(tmp_path: Path, data: Plane, note: str) -> None:
    """Masks, complex values, nothing but NaN: no measure, and a note."""
    tifffile.imwrite(tmp_path / "a.tif", data, metadata=None)
    found = measured(tmp_path / "a.tif")
    assert found.get("measures", []) == []
    assert note in found["notes"][0]


def test_floats_have_no_saturation(tmp_path: Path) -> None:
    """No value is the highest of their range; what is not finite is left out of all other measures."""
    plane = (scene() + noise(5)).astype("f4")
    plane[10:20, 10:20] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", plane, metadata=None)
    found = measured(tmp_path / "a.tif")
    assert "saturated_fraction" not in values(found)
    assert values(found)["noise_sigma"] == pytest.approx(5, rel=0.1)
    assert "field_uniformity" in values(found)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.zarr"])
@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n" + b"x" * 90, b"II*\x00\x08\x00\x00\x00\xff\xff" + b"\xff" * 99]
)
def test_a_broken_file_is_a_gap(tmp_path: Path, name: str, content: bytes) -> None:
    """Nothing is measured, one gap says why, and the next image is measured."""
    (tmp_path / name).write_bytes(content)
    good = tiff(tmp_path / "good.tif", None)
    broken = dataclasses.replace(recorded(tmp_path / name), kind="directory" if name == "a.zarr" else "file")
    run = bioimage.described(run_reading(broken, recorded(good)), tmp_path)
    assert len(run.qualities) == 1
    assert [gap.subject for gap in run.gaps] == [f"file:{name}"]


def test_a_bomb_is_a_gap(tmp_path: Path) -> None:
    """A small PNG with 12,000 × 12,000 pixels costs its measures and nothing else."""
    Pictures.MAX_IMAGE_PIXELS, before = None, Pictures.MAX_IMAGE_PIXELS
    try:
        Pictures.new("1", (12_000, 12_000)).save(tmp_path / "a.png")
    finally:
        Pictures.MAX_IMAGE_PIXELS = before
    (gap,) = bioimage.described(run_reading(recorded(tmp_path / "a.png")), tmp_path).gaps
    assert gap.slug == "quality-not-measured"


def test_an_image_that_was_fetched_is_measured(tmp_path: Path) -> None:
    """What a job made from no file is what the run began with; what was made from it is measured on request only."""
    first, second = tiff(tmp_path / "a.tif", None), tiff(tmp_path / "b.tif", None, np.ones((20, 20), "u1"))
    run = run_reading()
    fetch = dataclasses.replace(run.jobs[0], inputs=(), outputs=(recorded(first),))
    work = dataclasses.replace(run.jobs[0], id="work", inputs=(recorded(first),), outputs=(recorded(second),))
    run = dataclasses.replace(run, jobs=(fetch, work))
    assert [quality.file for quality in bioimage.described(run, tmp_path).qualities] == [recorded(first).digest]
    assert len(bioimage.measured(run, tmp_path, made=True).qualities) == 2


def test_a_real_stack() -> None:
    """Nuclei, 60 planes along an axis that the file does not name: the middle one."""
    found = measured(real_image("nuclei.tif"))
    assert found["measured"] == "image 31 of 60 along Q"
    assert set(values(found)) == {
        "saturated_fraction", "laplacian_variance", "normalized_variance", "noise_sigma", "background_mode",
        "field_uniformity",
    }  # fmt: skip


def test_a_real_time_lapse() -> None:
    """E. coli: both channels, and the shift between time points."""
    found = measured(real_image("coli.ome.tif"))
    assert found["measured"] == "plane 6 of 11 along Z; time points 1, 6, 11, 15, 20 of 20"
    assert 0 < values(found)["drift_net"] < 20
    assert {m["channel"] for m in found["measures"]} == {1, 2}


@pytest.mark.parametrize(("name", "channels"), [("PGC_20X.czi", 1), ("Tumor_HE_Stain_T76.czi", 3), ("cluster.nd2", 2)])
def test_a_real_image_of_a_maker(name: str, channels: int) -> None:
    """ZEISS and Nikon, through bioio: each channel or colour has its own values."""
    source = Path(reader.__file__).parents[2]
    code = (
        f"import sys, json; sys.path.insert(0, {str(source)!r})\n"
        f"from provcap.bioimage.sampled import quality\n"
        f"print(json.dumps(quality({str(real_image(name))!r}, {MOST}, {{}})))"
    )
    done = subprocess.run([other_python("bioio"), "-c", code], capture_output=True, text=True, check=False)
    if "No module named 'skimage'" in done.stderr or "scikit-image" in done.stderr:
        pytest.skip("the Python with bioio has no scikit-image")
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["reader"].startswith("bioio ")
    assert len({values(found, n + 1)["normalized_variance"] for n in range(channels)}) == channels
    assert not [m for m in found["measures"] if m["channel"] > channels]


def taken(name: str, **changes: Any) -> tuple[Artifact, Acquisition]:
    """An image that was read, and its acquisition."""
    digest = digests.of_bytes(name.encode())
    plain = Acquisition(
        digest, "OME-TIFF", "tifffile", data_type="uint16", pixel_size_x_um=0.1, microscope="M1",
        objective=Objective(magnification=20.0), acquired="2026-01-02T03:04:05",
        channels=(Channel(name="DAPI", exposure_s=0.1), Channel(name="GFP", exposure_s=0.2)),
    )  # fmt: skip
    return Artifact(f"{name}.tif", digest=digest), dataclasses.replace(plain, **changes)


def told(*images: tuple[Artifact, Acquisition]) -> list[str]:
    """The messages about settings that differ."""
    run = run_reading(*(artifact for artifact, _ in images))
    run = dataclasses.replace(run, acquisitions=tuple(acquisition for _, acquisition in images))
    found = batches.compared(run)
    assert batches.compared(found) is found
    return [gap.message for gap in found.gaps if gap.slug == "acquisition-differs"]


def test_settings_that_differ_are_told() -> None:
    """Which, with which values, in which files; one line for each setting."""
    lens = Objective(magnification=40.0)
    assert told(taken("a"), taken("b"), taken("c", objective=lens)) == [
        "the objective differs between images, and so may what is found in them: 20× (a.tif, b.tif); 40× (c.tif)"
    ]


def test_the_order_of_channels_is_no_difference() -> None:
    """Channels are matched by name; their settings are held against each other."""
    turned = (Channel(name="GFP", exposure_s=0.2), Channel(name="DAPI", exposure_s=0.1))
    assert told(taken("a"), taken("b", channels=turned)) == []
    longer = (Channel(name="GFP", exposure_s=0.2), Channel(name="DAPI", exposure_s=0.4))
    (message,) = told(taken("a"), taken("b", channels=longer))
    assert "the exposure of channel DAPI differs" in message
    assert "0.1 s (a.tif); 0.4 s (b.tif)" in message


def test_what_is_not_known_differs_from_nothing() -> None:
    """A file that leaves out a value, one of another day, a size that was rounded, and a mask: no line."""
    bare = Acquisition(taken("d")[1].file, "TIFF", "tifffile", data_type="uint8", shape=(4, 4))
    others = (
        taken("b", microscope=None, acquired="2026-02-02"),
        taken("c", pixel_size_x_um=0.10000004),
        (taken("d")[0], bare),
    )
    assert told(taken("a"), *others) == []


def test_a_setting_that_goes_along_with_the_sample_is_told() -> None:
    """Where no biosample of the study was taken in two ways, its effect is not that of the setting alone."""
    lens = Objective(magnification=40.0)
    images = [taken("a"), taken("b"), taken("c", objective=lens), taken("d", objective=lens)]
    run = run_reading(*(artifact for artifact, _ in images))
    run = dataclasses.replace(run, acquisitions=tuple(acquisition for _, acquisition in images))
    sheet = Sheet("study.xlsx", "sha256:00", 1, "2026-01-01")
    for second, words in (("c", "Within none of control, treated does it vary"), ("b", "")):
        third = {"c": "b", "b": "c"}[second]
        data = (
            ImageData("one", "of one kind", ("a.tif", f"{third}.tif"), ("control",)),
            ImageData("other", "of another", (f"{second}.tif", "d.tif"), ("treated",)),
        )
        studied = dataclasses.replace(run, study=Study(sheet, "A title", "What for", image_data=data))
        (gap,) = batches.compared(studied).gaps
        assert words in gap.message
        assert ("Within none" in gap.message) == bool(words)


WAYS = tuple(
    ImageAcquisition(f"way {name}", (Concept("wide-field"),), Instrument("M1"), "20x", (name,))
    for name in ("one", "other")
)


@pytest.mark.parametrize(
    ("of_other", "rows", "is_told"),
    [
        ("treated", {"specimens": "{}"}, True),
        ("treated", {"acquisitions": "way {}"}, True),
        ("control", {"specimens": "{}"}, False),
        ("control", {"acquisitions": "way {}"}, False),
        ("treated", {}, False),
        ("treated", {"specimens": "unheard of {}"}, False),
        ("treated", {"biosamples": "control", "specimens": "{}"}, False),
    ],
)
def test_samples_are_found_through_specimens(of_other: str, rows: dict[str, str], is_told: bool) -> None:
    """A row of the sheet may name them by its specimens, or by those of its acquisitions; two specimens may be of one
    biosample, and where no biosample is named nothing is said of any."""
    images = [taken("a"), taken("b", objective=Objective(magnification=40.0))]
    sheet = Sheet("study.xlsx", "sha256:00", 1, "2026-01-01")
    data = tuple(
        ImageData(f"{name} data", "x", (file,), **{key: (text.format(name),) for key, text in rows.items()})
        for name, file in (("one", "a.tif"), ("other", "b.tif"))
    )
    specimens = (Specimen("one", ("control",), "stained"), Specimen("other", (of_other,), "stained"))
    study = Study(sheet, "A title", "What for", specimens=specimens, acquisitions=WAYS, image_data=data)
    run = run_reading(*(artifact for artifact, _ in images))
    (gap,) = batches.compared(dataclasses.replace(run, acquisitions=tuple(a for _, a in images), study=study)).gaps
    assert ("Within none of control, treated does it vary" in gap.message) is is_told
    assert ("Within none" in gap.message) is is_told


def outliers(*numbers: float, name: str = "noise_sigma") -> list[str]:
    """The images that stand apart when the images of a run have these values."""
    images = [taken(f"i{n}")[0] for n in range(len(numbers))]
    unit = "1" if name == "saturated_fraction" else "DN"
    qualities = tuple(
        Quality(str(a.digest), "x", "all of it", "uint16", (QualityMeasure(name, v, unit, "doi:10.1/1", 1, "DAPI"),))
        for a, v in zip(images, numbers, strict=True)
    )
    found = batches.compared(dataclasses.replace(run_reading(*images), qualities=qualities))
    return [gap.subject for gap in found.gaps if gap.slug == "quality-outlier"]


def test_an_image_that_stands_apart_is_told() -> None:
    """More than 3.5 by the modified z-score, of at least five images; not when they are all alike."""
    assert outliers(5, 5.1, 4.9, 5.2, 9) == ["file:i4.tif"]
    assert outliers(5, 5.1, 4.9, 9) == []
    assert outliers(5, 5.1, 4.9, 5.2, 5.3) == []
    assert outliers(5, 5, 5, 5, 5) == []
    assert outliers(5, 5, 5, 5, 5.0001) == []
    assert outliers(0, 0, 0, 0, 0.3, name="saturated_fraction") == ["file:i4.tif"]
    assert outliers(0, 0, 0, 0, 1e-6, name="saturated_fraction") == []


@given(st.lists(st.integers(-(10**6), 10**6), min_size=5, max_size=12))
@settings(max_examples=60, deadline=None)
def test_standing_apart_does_not_depend_on_the_scale(numbers: list[int]) -> None:
    """Another unit or zero point names the same images; never more than half of them."""
    plain = {str(n): float(v) for n, v in enumerate(numbers)}
    scaled = {n: v * 4 + 1000 for n, v in plain.items()}  # exact in floating point
    found = list(batches.apart(plain, 0))
    assert found == list(batches.apart(scaled, 0))
    assert 2 * len(found) <= len(plain)


def test_every_run_keeps_its_measures(any_run: Run, tmp_path: Path) -> None:
    """Nothing is measured without files, and a run is the same after it went through JSON."""
    found = bioimage.described(any_run, tmp_path)
    new = {gap.slug for gap in set(found.gaps) - set(any_run.gaps)}
    assert new <= {"image-not-read", "quality-not-measured", "acquisition-differs", "quality-outlier"}
    assert found.qualities == any_run.qualities
