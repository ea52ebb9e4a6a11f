"""workflows/timelapse: a time series as OME-Zarr, its nuclei tracked and scored against tracks that others made."""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
import zarr
from hypothesis import given
from hypothesis import strategies as st

from provcap.compare import load
from provcap.model import Run
from provcap.opening import open_run
from tests import workflows
from tests.engines import ROOT
from tests.real_images import real_image

WORKFLOW = ROOT / "workflows/timelapse"
SNAKEFILE = str(WORKFLOW / "workflow/Snakefile")
CONFIG = yaml.safe_load((WORKFLOW / "config/config.yaml").read_text())


@cache
def script(name: str) -> ModuleType:
    """A script of the workflow as a module."""
    spec = importlib.util.spec_from_file_location(name, WORKFLOW / f"workflow/scripts/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work directory of a captured run with its crate, `out.crate.zip`."""
    workdir = tmp_path_factory.mktemp("timelapse")
    shutil.copy(ROOT / "config/terms.yaml", workdir)
    done = workflows.provcap(
        workdir, "run", "--crate", "out.crate.zip", "--", "-s", SNAKEFILE, "--cores", "2", "--quiet"
    )
    log = workdir / "logs/fetch_recording.log"
    if log.exists() and "cannot be fetched" in log.read_text():
        pytest.skip(log.read_text()[-200:])
    assert done.returncode == 0, done.stderr
    return workdir


@pytest.fixture(scope="module")
def recorded(demo: Path) -> Run:
    """What the crate of the demo says."""
    return open_run(str(demo / "out.crate.zip"), demo).run


def entities(crate: Path) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(crate) as packed:
        graph = json.loads(packed.read("ro-crate-metadata.json"))["@graph"]
    return {entity["@id"]: entity for entity in graph}


@pytest.mark.slow
def test_the_crate_is_valid_and_describes_the_ome_zarr(demo: Path) -> None:
    """`provcap check` has no error; the Dataset of the tracked images has their sizes along T, C, Y, X and the channel."""
    checked = workflows.provcap(demo, "check", "out.crate.zip")
    assert (checked.returncode, "0 errors" in checked.stdout) == (0, True), checked.stdout
    by_id = entities(demo / "out.crate.zip")
    image = by_id["results/tracked.ome.zarr/"]
    assert image["@type"] == "Dataset"
    assert image["encodingFormat"] == {"@id": "http://edamontology.org/format_3915"}  # Zarr, says terms.yaml
    told = {by_id[p["@id"]]["name"]: by_id[p["@id"]] for p in image["additionalProperty"]}
    sizes = {name: int(told[name]["value"]) for name in ("sizeT", "sizeC", "sizeY", "sizeX")}
    assert sizes == {"sizeT": 30, "sizeC": 1, "sizeY": 511, "sizeX": 511}
    assert (told["imageFormat"]["value"], told["channelName of channel 1"]["value"]) == ("OME-Zarr 0.5", "nuclei")
    assert ("unitText" in told["sizeX"], "unitText" in told["sizeT"]) == (True, False)
    assert "pixelSizeX" not in told  # nobody knows it


@pytest.mark.slow
def test_the_ome_zarr_is_as_the_specification_says(demo: Path) -> None:
    """NGFF 0.5: axes in their order without units that nobody knows, a scale for each, an array of as many dimensions,
    a colour and a window for each channel, labels listed, of integers, and shaped as the image without its channels."""
    image = zarr.open_group(demo / "results/tracked.ome.zarr", mode="r")
    said: Any = image.attrs["ome"]
    (multiscale,) = said["multiscales"]
    types = [(axis["name"], axis["type"]) for axis in multiscale["axes"]]
    assert types == [("t", "time"), ("c", "channel"), ("y", "space"), ("x", "space")]
    assert not any("unit" in axis for axis in multiscale["axes"])
    (dataset,) = multiscale["datasets"]
    (scale,) = dataset["coordinateTransformations"]
    pixels: Any = image[dataset["path"]]
    assert (said["version"], scale) == ("0.5", {"type": "scale", "scale": [1.0] * pixels.ndim})
    assert pixels.metadata.dimension_names == ("t", "c", "y", "x")
    assert [set(c) >= {"color", "window"} for c in said["omero"]["channels"]] == [True] * pixels.shape[1]
    listed: Any = image["labels"].attrs["ome"]
    assert listed["labels"] == ["nuclei"]
    array: Any = image["labels/nuclei/0"]
    labels = array[:]
    assert labels.dtype.kind == "u"
    assert labels.shape == (pixels.shape[0], *pixels.shape[2:])
    rows = list(csv.DictReader((demo / "results/tracks.tsv").open(), delimiter="\t"))
    there = {(t, int(n)) for t in range(len(labels)) for n in np.unique(labels[t]) if n}
    assert there == {(int(row["frame"]), int(row["track"])) for row in rows}


@pytest.mark.slow
def test_the_tracks_agree_with_the_reference(demo: Path) -> None:
    """At least nine tenths of the reference's positions and links are found; 13 nuclei are followed all the way."""
    score = json.loads((demo / "results/score.json").read_text())
    assert (score["reference_positions"], score["reference_links"]) == (403, 387)
    assert min(score[name] for name in ("TRA", "DET", "LNK", "correct_links", "detection_precision")) > 0.9
    rows = list(csv.DictReader((demo / "results/tracks.tsv").open(), delimiter="\t"))
    tracks = [row["track"] for row in rows]
    assert sum(tracks.count(track) == CONFIG["frames"] for track in set(tracks)) == 13


@pytest.mark.slow
def test_the_record_has_the_seeds_and_what_is_not_known(recorded: Run) -> None:
    """The ledger has the seeds that NumPy was given, as they stand in the settings, and nothing drew without one; the
    pixel size and the frame interval that the workflow asks for are gaps."""
    seeded = {(job.rule, r.value) for job in recorded.jobs for r in job.randomness if r.kind == "seeded"}
    wanted = {("estimate_drift", CONFIG["registration"]["seed"]), ("estimate_motility", CONFIG["motility"]["seed"])}
    assert seeded == {(rule, str(seed)) for rule, seed in wanted}
    assert not [r for job in recorded.jobs for r in job.randomness if r.kind not in ("seeded", "declared")]
    unknown = {gap.message.split(" is not known")[0] for gap in recorded.gaps if gap.slug == "acquisition-unknown"}
    assert unknown == {"pixel size (X)", "time increment"}
    assert not [gap for gap in recorded.gaps if gap.slug == "acquisition-violated"]


@pytest.mark.slow
def test_a_second_run_gives_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    """Without capture, on one core, in other chunks of frames: every file of the results is the same."""
    (tmp_path / "other.yaml").write_text("segmentation: {frames_per_job: 15}\n")
    words = ("-s", SNAKEFILE, "--quiet", "--cores", "1", "--configfile", "other.yaml")
    done = workflows.snakemake(tmp_path, *words, capture=False)
    assert done.returncode == 0, done.stderr
    results = workflows.tree(demo, "results")
    assert len(results) > 100
    assert workflows.tree(tmp_path, "results") == results


@pytest.mark.slow
def test_channels_of_a_recording_of_ones_own(tmp_path: Path) -> None:
    """Three channels with a pixel size and a frame interval are in the record; without a reference there is no score."""
    own: dict[str, Any] = {"recording": str(real_image("coli.tif")), "axes": "CTYX", "frames": 6}
    own["channels"] = [{"name": name, "colour": "FFFFFF"} for name in ("cells", "origin", "terminus")]
    own |= {"segmented_channel": "cells", "pixel_size_um": 0.1, "frame_interval_s": 60.0}
    own["segmentation"] = {"seed_sigma": 3, "seed_height": 2, "cell_level": 108, "opening_radius": 1}
    own["segmentation"] |= {"smoothing_sigma": 1, "minimum_area": 30, "frames_per_job": 6}
    own |= {"registration": {"block_size": 100}, "motility": {"longest_lag": 3, "shortest_track": 4}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own))
    done = workflows.snakemake(tmp_path, "-s", SNAKEFILE, "--quiet", "all", "--configfile", "own.yaml")
    assert done.returncode == 0, done.stderr
    shown = json.loads(workflows.provcap(tmp_path, "show", "--images", "--json").stdout)
    (found,) = [one for one in shown["images"] if "results/tracked.ome.zarr" in json.dumps(one)]
    told = found.get("acquisition", found)
    assert (told["axes"], told["pixel_size_x_um"], told["time_increment_s"]) == ("TCYX", 0.1, 60.0)
    assert [channel["name"] for channel in told["channels"]] == ["cells", "origin", "terminus"]
    assert not (tmp_path / "results/score.json").exists()
    assert "A pixel is 0.1 µm, a frame 60 s." in (tmp_path / "results/summary.md").read_text()


@pytest.mark.slow
@pytest.mark.apptainer
def test_the_container_gives_the_same_bytes(tmp_path: Path) -> None:
    """Four frames with the software of the host and with that of containers/timelapse: the same results; the example is
    fetched by the host in both."""
    subprocess.run([ROOT / "containers/build", "timelapse", "--sif"], check=True, stdout=subprocess.DEVNULL)
    few = {"frames": 4, "motility": {"longest_lag": 2, "shortest_track": 3}}
    for place, words in (("host", []), ("image", ["--use-singularity"])):
        (tmp_path / place).mkdir()
        (tmp_path / place / "few.yaml").write_text(yaml.safe_dump(few))
        words = ["-s", SNAKEFILE, "--quiet", "all", "--configfile", "few.yaml", *words]
        done = workflows.snakemake(tmp_path / place, *words, capture=place == "image")
        assert done.returncode == 0, done.stderr
    run = workflows.latest(tmp_path / "image")
    assert {job.rule for job in run.jobs if not job.image} == {"fetch_recording"}
    assert workflows.tree(tmp_path / "image", "results") == workflows.tree(tmp_path / "host", "results")


def test_the_limits_are_read() -> None:
    """config/timelapse/tolerance.yaml is what `provcap compare --limits` takes, and names results of the workflow."""
    limits = load(ROOT / "config/timelapse/tolerance.yaml")
    text = "".join(path.read_text() for path in (WORKFLOW / "workflow").rglob("*.smk"))
    assert limits.entries
    assert all(f'"{entry.pattern}"' in text for entry in limits.entries)


def blobs(seed: int) -> Any:
    """A frame (float, axes YX, 256 x 256) of smooth spots."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    frame = np.zeros((256, 256))
    frame[tuple(rng.integers(10, 246, (2, 60)))] = rng.uniform(2e3, 2e4, 60)
    return ndimage.gaussian_filter(frame, 4) + 10


@pytest.mark.parametrize("drift", [(3, -2), (0, 0), (-5, 4)])
def test_a_drift_is_found_although_parts_move_by_themselves(drift: tuple[int, int]) -> None:
    """A quarter of the frame moves otherwise: the drift is found to a quarter of a pixel, with any seed."""
    estimate = script("estimate_drift")
    before = blobs(1)
    after = np.roll(before, drift, (0, 1))
    after[:128, :128] = np.roll(before, (-9, 9), (0, 1))[:128, :128]
    shifts = estimate.block_shifts(before, after, 96, 20)
    for seed in range(5):
        shift, agree = estimate.consensus(shifts, 1.0, 100, np.random.default_rng(seed))
        assert np.abs(-shift - drift).max() < 0.25
        assert agree > len(shifts) / 2


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_what_is_moved_back_is_what_it_was(rows: int, columns: int) -> None:
    """A frame that is moved and moved back has its pixels where they were, but for those that left it, which are 0."""
    moved = script("register_frames").moved
    frame = np.arange(1, 2 * 7 * 8 + 1).reshape(2, 7, 8)
    back = moved(moved(frame, rows, columns), -rows, -columns)
    kept = back != 0
    assert (back[kept] == frame[kept]).all()
    assert kept.sum() == 2 * max(7 - abs(rows), 0) * max(8 - abs(columns), 0)


def track(number: int, frames: list[int]) -> set[tuple[int, int]]:
    return {(number, frame) for frame in frames}


TRUTH = track(1, [0, 1, 2, 3]) | track(2, [0, 1, 2, 3])


def test_a_perfect_result_has_perfect_scores() -> None:
    """With the reference itself, whatever the numbers of its tracks, nothing is to be mended."""
    renamed = {(n, t): (10 - n, t) for n, t in TRUTH}
    scores = script("score_tracks").scores(renamed, set(renamed.values()))
    assert (scores["TRA"], scores["DET"], scores["LNK"], scores["correct_links"]) == (1, 1, 1, 1)
    assert not any(scores["errors"].values())


@pytest.mark.parametrize(
    ("match", "nuclei", "wanted"),
    [
        ({(2, 3): None}, TRUTH - {(2, 3)}, {"missing": 1, "edge_added": 1}),
        ({}, TRUTH | {(3, 0)}, {"false": 1}),
        ({(2, 0): (1, 0)}, TRUTH - {(2, 0)}, {"split": 1, "edge_added": 2}),
        ({(1, 3): (2, 3), (2, 3): (1, 3)}, TRUTH, {"edge_deleted": 2, "edge_added": 2}),
        ({(2, 2): (4, 2), (2, 3): (4, 3)}, TRUTH - track(2, [2, 3]) | track(4, [2, 3]), {"edge_added": 1}),
    ],
    ids=["lost", "debris", "two in one", "swapped", "broken"],
)
def test_each_error_costs_what_the_challenge_says(match: Any, nuclei: Any, wanted: dict[str, int]) -> None:
    """Weights of Matula et al. 2015: split 5, missing 10, false 1, link too many 1, link missing 1.5; by those of an
    empty result, 8 positions and 6 links."""
    score = script("score_tracks")
    scores = score.scores({vertex: vertex for vertex in TRUTH} | match, set(nuclei))
    assert {name: count for name, count in scores["errors"].items() if count} == wanted
    weights = {"split": 5, "missing": 10, "false": 1, "edge_deleted": 1, "edge_added": 1.5}
    cost = sum(weights[name] * count for name, count in wanted.items())
    assert scores["TRA"] == pytest.approx(1 - cost / (8 * 10 + 6 * 1.5))


def test_a_nucleus_is_followed_over_a_gap_and_not_confused() -> None:
    """Two nuclei that move, one lost in a frame: two tracks; with no gap allowed, three."""
    frames = np.zeros((4, 20, 40), dtype=np.uint16)
    for frame, (row, column) in product(range(4), ((3, 4), (12, 20))):
        if (frame, row) != (2, 12):
            here = frames[frame, row : row + 6, column + 2 * frame : column + 2 * frame + 9]
            here[:] = 1 if row == 3 else 2
    link = script("track_nuclei").link
    assert [sorted(found.values()) for found in link(frames, 0.1, 1)] == [[1, 2], [1, 2], [1], [1, 2]]
    assert sorted(link(frames, 0.1, 0)[3].values()) == [1, 3]


def test_the_mean_squared_displacement_of_a_straight_line() -> None:
    """A nucleus that moves by (3, 4) a frame has a displacement of 25 px² times the square of the lag, also over a frame
    in which it was lost."""
    motility = script("estimate_motility")
    line = np.arange(8)[:, None] * np.array([3.0, 4.0])
    line[4] = np.nan
    assert motility.squared_displacements([line], 3)[0] == pytest.approx([25, 100, 225])
