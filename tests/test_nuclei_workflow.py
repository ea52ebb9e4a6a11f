"""The nuclei workflow: what its crate says of image, model and result, and that it gives the same again."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
import types
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap.compare import compare, load
from provcap.model import Run
from provcap.opening import open_run
from tests import workflows
from tests.comparison.files import Writer, content, document, nuclei, ome_tiff, table
from tests.comparison.pairs import SWAP
from tests.engines import ROOT

SCRIPTS = ROOT / "workflows/nuclei/workflow/scripts"
LIMITS = ROOT / "config/nuclei/tolerance.yaml"


@functools.cache
def script(name: str) -> Any:
    """A script of the workflow as a module; ONNX Runtime, which only its container has, is an empty one."""
    empty: Any = types.ModuleType("onnxruntime")
    empty.InferenceSession = object
    spec = importlib.util.spec_from_file_location(f"nuclei_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {"onnxruntime": empty}), mock.patch.dict(os.environ):
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def nuclei_crate() -> Path:
    """The crate of `make demo-nuclei`; made when there is none, or when the workflow is newer."""
    crate = ROOT / "demo/nuclei.crate.zip"
    crate.parent.mkdir(exist_ok=True)
    sources = [p for p in (ROOT / "workflows/nuclei").rglob("*") if p.is_file() and p.suffix not in (".md", ".pyc")]
    sources += [ROOT / "containers/nuclei/Dockerfile", ROOT / "containers/nuclei/requirements.txt"]
    with FileLock(ROOT / "demo/nuclei.lock"):  # one of several test processes makes it
        if not crate.exists() or crate.stat().st_mtime < max(p.stat().st_mtime for p in sources):
            done = subprocess.run(["make", "demo-nuclei"], cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return crate


@pytest.fixture
def nuclei_run(nuclei_crate: Path) -> Run:
    return open_run(str(nuclei_crate), ROOT).run


@pytest.mark.apptainer
@pytest.mark.docker
@pytest.mark.slow
def test_crate_is_valid(nuclei_crate: Path, tmp_path: Path) -> None:
    """The crate of the second workflow is whole and valid."""
    done = workflows.provcap(tmp_path, "check", str(nuclei_crate))
    assert done.returncode == 0, done.stderr
    assert "0 errors, 0 warnings" in done.stdout


@pytest.mark.apptainer
@pytest.mark.docker
def test_micrograph_says_how_it_was_acquired(nuclei_run: Run) -> None:
    """What the CZI says of pixel size, objective, camera and date stands in the record of the OME-TIFF."""
    (path,) = [f for job in nuclei_run.jobs for f in job.outputs if f.path == "results/phase_gradient/image.ome.tif"]
    (found,) = [a for a in nuclei_run.acquisitions if a.file == path.digest]
    assert found.pixel_size_x_um == pytest.approx(0.227, rel=1e-6)
    assert found.pixel_size_x_um == found.pixel_size_y_um
    assert (found.axes, found.shape, found.data_type) == ("YX", (2755, 3675), "uint16")
    assert found.objective is not None
    assert (found.objective.magnification, found.objective.numerical_aperture) == (20, 0.95)
    assert [(c.name, c.detector) for c in found.channels] == [("TL Phase Gradient", "Axiocam506m")]
    assert str(found.acquired).startswith("2015-06-10T16:46:55.948")


@pytest.mark.apptainer
@pytest.mark.docker
def test_what_the_workflow_needs_of_the_micrograph_is_met(nuclei_run: Run) -> None:
    """Every value that config/acquisition.yaml asks for is known, and as it should be."""
    verdicts = {(d.name, j.verdict) for d in nuclei_run.dependences for j in d.judgements}
    assert ("pixel_size_um", "met") in verdicts
    assert {verdict for _, verdict in verdicts} == {"met"}


@pytest.mark.apptainer
@pytest.mark.docker
def test_network_is_recorded(nuclei_run: Run) -> None:
    """The job that used the network has it with digest, provider and settings; the file says its opset and producer."""
    (job,) = [job for job in nuclei_run.jobs if job.rule == "segment_by_network"]
    (loaded,) = job.loads
    assert loaded.library == "onnxruntime"
    assert loaded.path == "results/model/nuclei.onnx"
    assert loaded.providers == ("CPUExecutionProvider",)
    assert loaded.settings["use_deterministic_compute"] == "True"
    weights = [w for w in nuclei_run.weights if w.digest == loaded.digest]
    assert {(w.opsets["ai.onnx"], w.producer) for w in weights} == {(12, "tf2onnx 1.9.2")}


@pytest.mark.apptainer
@pytest.mark.docker
def test_score_against_the_truth(nuclei_crate: Path) -> None:
    """The labelling finds at least nine of ten nuclei of the scored image, with the outlines that people drew."""
    with zipfile.ZipFile(nuclei_crate) as packed:
        score = json.loads(packed.read("results/score.json"))
    assert score["nuclei_of_truth"] == 125
    assert score["f1"] >= 0.9
    assert score["mean_matched_iou"] >= 0.8


@pytest.mark.apptainer
@pytest.mark.docker
def test_nothing_but_the_workflow_left_files(nuclei_run: Run) -> None:
    """No job wrote a file that its rule does not name, and all software came from the image."""
    assert not {"undeclared-output", "modules-from-host"} & {gap.slug for gap in nuclei_run.gaps}


@pytest.mark.apptainer
@pytest.mark.docker
def test_login_in_the_micrograph_is_in_no_result(nuclei_crate: Path) -> None:
    """The CZI has the login of who took it; the crate has it nowhere."""
    with zipfile.ZipFile(nuclei_crate) as packed:
        assert not [name for name in packed.namelist() if b"M1SRH" in packed.read(name)]


@pytest.mark.apptainer
@pytest.mark.docker
@pytest.mark.slow
def test_rerun_gives_the_same_bytes(nuclei_crate: Path, tmp_path: Path) -> None:
    """Rerun from its crate, the workflow gives every result again, byte by byte."""
    done = workflows.provcap(tmp_path, "rerun", str(nuclei_crate), "-C", "new")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "5 identical"), done.stdout + done.stderr


def test_limits_name_files_that_the_workflow_makes() -> None:
    """Each pattern of the limits is an output of some rule."""
    rules = "".join(path.read_text() for path in (ROOT / "workflows/nuclei/workflow/rules").glob("*.smk"))
    for entry in load(LIMITS).entries:
        labels = entry.pattern.replace("phase_gradient/labels", "{image}/labels").replace("fluorescence", "{image}")
        assert f'"{labels}"' in rules


def results(names: dict[int, int], median: float = 122.5, f1: float = 0.9) -> dict[str, Writer]:
    """Files as the workflow leaves them, with nuclei of these names."""
    rows = [(str(name), *("10", "10", f"{median}", "5", "0.5")) for name in sorted(filter(None, names.values()))]
    columns = ("nucleus", "centroid_row_px", "centroid_column_px", "area_um2", "major_axis_um", "eccentricity")
    return {
        "results/phase_gradient/labels.ome.tif": ome_tiff(nuclei(names)),
        "results/fluorescence/labels.ome.tif": ome_tiff(nuclei(names)),
        "results/nuclei.tsv": table([columns, *rows]),
        "results/median_area.json": document(
            {"nuclei": len(rows), "median_area_um2": median, "interval_um2": [median]}
        ),
        "results/score.json": document({"f1": f1, "mean_matched_iou": 0.82 + median / 1e6}),
        "results/summary.md": content(f"**{median} µm²** (95% bootstrap percentile interval {median} to 127 µm²)"),
    }


@pytest.mark.parametrize(
    ("second", "different"),
    [
        (results(SWAP, 122.6), set()),
        (results({i: i for i in range(1, 13)}, 124.0), {"results/median_area.json"}),
        (
            results({**SWAP, 3: 0}),
            {path for path in results(SWAP) if "labels" in path or "nuclei" in path or "median" in path},
        ),
        (results(SWAP, f1=0.91), {"results/score.json"}),
    ],
    ids=["as another library", "another median", "a nucleus lost", "another score"],
)
def test_limits_let_pass_what_they_should(second: dict[str, Writer], different: set[str], tmp_path: Path) -> None:
    """Other numbers of nuclei and small changes of a median pass; a lost nucleus, a larger change and a score do not."""
    for side, files in (("first", results({i: i for i in range(1, 13)})), ("second", second)):
        for name, write in files.items():
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            write(tmp_path / side / name)
    found = compare(tmp_path / "first", tmp_path / "second", load(LIMITS))
    assert {v.path for v in found.verdicts if v.verdict not in ("identical", "equivalent")} == different


@settings(deadline=None)  # the first example imports the script
@given(st.integers(1, 40), st.integers(0, 9), st.integers(0, 120))
def test_tiles_take_each_pixel_away_from_their_border(tile: int, border: int, more: int) -> None:
    """For tiles of any size, each pixel of an axis is taken from a tile in which it is not at the border, but at the ends."""
    tile += 2 * border
    network = script("segment_by_network")
    length = tile + more
    taken = np.full(length, -1)
    for (place, _), (kept, _) in network.tiles((length, tile), (tile, tile), border):
        assert 0 <= place.start <= kept.start < kept.stop <= place.stop <= length
        assert kept.start == 0 or kept.start - place.start >= border
        assert kept.stop == length or place.stop - kept.stop >= border
        taken[kept] = place.start
    assert (taken >= 0).all()


def test_small_image_is_mirrored() -> None:
    """An image smaller than a tile has an answer for each of its pixels, and for no other."""
    network = script("segment_by_network")

    class Session:
        def get_inputs(self) -> list[Any]:
            return [types.SimpleNamespace(name="input")]

        def run(self, _: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [np.stack([1 - given["input"][..., 0], given["input"][..., 0]], -1)]

    plane = np.linspace(0, 1, 35, dtype=np.float32).reshape(5, 7)
    manifest = {"tile_height": 16, "tile_width": 16, "border": 2}
    assert np.array_equal(network.probabilities(plane, Session(), manifest, 1), plane)


@pytest.mark.parametrize("size", [None, 0.325])
def test_network_is_refused_another_pixel_size(size: float | None) -> None:
    """An image of another pixel size, or of none, is not segmented."""
    network = script("segment_by_network")
    network.check_pixel_size(0.2269, 0.227, 0.05)
    with pytest.raises(ValueError, match=r"0\.227"):
        network.check_pixel_size(size, 0.227, 0.05)


def test_score_by_hand() -> None:
    """One nucleus exact, one with half of its union shared (no match), one missed, one that is none."""
    scoring = script("score_segmentation")
    truth, labels = np.zeros((2, 10, 30), dtype=np.uint16)
    truth[0:4, 0:4] = labels[0:4, 0:4] = 7
    truth[0:4, 10:18], labels[0:4, 10:14] = 3, 9  # 16 of 32
    truth[6:8, 0:4], labels[6:8, 20:24] = 4, 2
    found = scoring.score(scoring.overlaps(labels, truth), 0.5)
    assert (found["nuclei"], found["nuclei_of_truth"], found["matched"]) == (3, 3, 1)
    assert found["precision"] == found["recall"] == found["f1"] == pytest.approx(1 / 3)
    assert found["mean_matched_iou"] == 1
    with pytest.raises(ValueError, match="nothing can be scored"):
        scoring.score(scoring.overlaps(np.zeros_like(truth), truth), 0.5)


def test_example_without_a_network_says_what_to_do(tmp_path: Path) -> None:
    """Where pip finds no package, the first rule fails with a line that says what to do instead."""
    snakefile = ROOT / "workflows/nuclei/workflow/Snakefile"
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null"}
    done = workflows.snakemake(tmp_path, "-s", str(snakefile), "resources/img2d.tif", capture=False, **nowhere)
    assert done.returncode == 1
    assert "name files of your own" in (tmp_path / "logs/fetch_example.log").read_text() + done.stderr
    assert not (tmp_path / "resources/img2d.tif").exists()
