"""OME-Zarr images in the page: shown from their smallest copy that will do, when they still are what the run made."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from provcap import digest
from provcap.model import Artifact
from provcap.report import pictures
from provcap.report.shelf import Shelf
from tests.conftest import read_run

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8)


def ome_zarr(place: Path, version: int, unit: str = "micrometer") -> Path:
    """An OME-Zarr image (C, Z, Y, X) of NGFF 0.4 (Zarr 2) or 0.5 (Zarr 3), in two resolutions of 0.5 and 1 µm."""
    root = zarr.open_group(place, mode="w", zarr_format=2 if version == 4 else 3)
    generator = np.random.default_rng(3)
    for level, side in enumerate((1200, 600)):
        data = generator.integers(0, 4000, (2, 3, side // 2, side), dtype="u2") // 500 * 500
        array = root.create_array(str(level), shape=data.shape, chunks=(1, 1, 300, 600), dtype="u2")
        array[...] = data
    axes = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space", "unit": unit} for n in "zyx")]
    scale = [{"type": "scale", "scale": [1, 2, 0.5, 0.5]}], [{"type": "scale", "scale": [1, 2, 1, 1]}]
    datasets = [{"path": str(n), "coordinateTransformations": scale[n]} for n in (0, 1)]
    said = {
        "multiscales": [{"axes": axes, "datasets": datasets}],
        "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]},
    }
    root.attrs.update(said if version == 4 else {"ome": {"version": "0.5", **said}})
    return place


def directory(path: Path) -> Artifact:
    """The directory at `path` as a run records it."""
    found, size = digest.of_tree(path)
    return Artifact(path.name, kind="directory", digest=found, size_bytes=size)


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("packed", [False, True])
def test_ome_zarr_is_shown(tmp_path: Path, version: int, packed: bool) -> None:
    """Of an OME-Zarr the smallest resolution that will do, its channels, the middle plane and the scale, from a
    directory and from a crate; of one that was changed, nothing."""
    run = read_run("succeeded")
    image = directory(ome_zarr(tmp_path / "a.ome.zarr", version))
    changed = directory(ome_zarr(tmp_path / "b.ome.zarr", version))
    (tmp_path / "a.ome.zarr/.snakemake_timestamp").touch()  # as Snakemake puts one into every directory() output
    next(p for p in (tmp_path / "b.ome.zarr/1").rglob("*0") if p.is_file()).write_bytes(b"x")
    run = dataclasses.replace(run, jobs=(dataclasses.replace(run.jobs[0], outputs=(image, changed), logs=()),))
    place = tmp_path
    if packed:
        (tmp_path / "provenance").mkdir()
        (tmp_path / "provenance/run.json").write_bytes(b"")
        place = Path(shutil.make_archive(str(tmp_path.parent / f"{tmp_path.name}-packed"), "zip", tmp_path))
    found = pictures.gallery(run, Shelf(place))
    assert dict(found.left_out) == {"b.ome.zarr": "it is no longer what the run made"}
    (picture,) = found.pictures
    for said in ("1200 × 600 pixels, uint16", "its copy with 600 pixels", "plane 2 of 3 along Z", "DAPI, GFP"):
        assert said in picture.notes
    assert picture.bar is not None
    assert picture.bar.text == "200 µm"  # 600 µm on 420 of 844 pixels


def test_an_ome_zarr_that_would_run_a_program_is_not_decoded(tmp_path: Path) -> None:
    """Pickle is a codec that runs what it reads."""
    place = ome_zarr(tmp_path / "a.ome.zarr", 4)
    for path in place.rglob(".zarray"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "filters": [{"id": "pickle", "protocol": 5}]}))
    run = read_run("succeeded")
    run = dataclasses.replace(run, jobs=(dataclasses.replace(run.jobs[0], outputs=(directory(place),)),))
    assert pictures.gallery(run, Shelf(tmp_path)).pictures == ()


@given(st.dictionaries(NAMES.filter(lambda name: name not in (".", "..")), st.binary(max_size=20), max_size=8))
def test_digest_of_contents_is_that_of_the_tree(files: dict[str, bytes]) -> None:
    """The files of a directory in memory have the digest that they have on disk."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        assert digest.of_contents(files) == digest.of_tree(folder)[0]
