"""Trained models: what their files say, without ever loading them, and what is told of it."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import codec, digest
from provcap.bioimage.found import Unreadable
from provcap.bioimage.reader import Reader
from provcap.bioimage.weights import reading
from provcap.bioimage.weights.weighing import weighed
from provcap.model import Artifact, Job, Load, Run, Workflow
from tests.models import onnx_model, write_onnx
from tests.real_images import real_image

MOST = 1 << 30


def read(place: Path, most: int = MOST) -> list[dict[str, Any]]:
    """What the models in the file say, read in a process of its own."""
    with Reader() as reader:
        found: list[dict[str, Any]] = reader.read(str(place), most)["values"]["weights"]
    return found


def run_with(workdir: Path, *paths: str, loads: tuple[Load, ...] = ()) -> Run:
    """A run whose one job read the files or directories `paths` below `workdir`."""
    inputs = []
    for path in paths:
        place = workdir / path
        kind = "directory" if place.is_dir() else "file"
        known = digest.of_tree(place)[0] if place.is_dir() else digest.of_file(place)
        inputs.append(Artifact(path, kind=kind, digest=known))  # type: ignore[arg-type]
    output = Artifact("o.txt", digest=digest.of_bytes(b"o"))
    times = {"started": "2026-11-21T09:00:00.000+00:00", "ended": "2026-11-21T09:00:01.000+00:00"}
    job = Job("j", "r", "a", "succeeded", inputs=tuple(inputs), outputs=(output,), loads=loads, **times)
    return Run("r", "succeeded", str(workdir), Workflow("Snakefile"), **times, jobs=(job,))


def test_onnx_says_what_it_is(tmp_path: Path) -> None:
    """Opsets, producer, inputs and outputs with open dimensions by name, and how many numbers it stores."""
    (found,) = read(write_onnx(tmp_path / "tiny.onnx"))
    end = {"data_type": "FLOAT", "shape": ["batch", "3"]}
    assert found == {
        "format": "ONNX", "reader": f"onnx {onnx.__version__}", "ir_version": 8, "opsets": {"ai.onnx": 12},
        "producer": "maker 1", "name": "tiny", "description": "A tiny one", "inputs": [{"name": "x", **end}],
        "outputs": [{"name": "y", **end}], "tensors": 1, "parameters": 9, "data_types": ["FLOAT"],
        "metadata": {"stage": "trained"},
    }  # fmt: skip


def test_real_segmenter_in_an_archive() -> None:
    """The nucleus segmenter of ZEN: an ONNX model in a zip, with the name that the archive gives it."""
    (found,) = read(real_image("PGC_20X.czseg"))
    assert found["name"] == "PGC_CD7_20XNA0.95"
    assert (found["producer"], found["opsets"], found["parameters"]) == ("tf2onnx 1.9.2", {"ai.onnx": 12}, 4987543)
    assert [t["shape"][1:] for t in found["inputs"] + found["outputs"]] == [
        ["1024", "1024", "1"],
        ["1024", "1024", "2"],
    ]
    with zipfile.ZipFile(real_image("PGC_20X.czseg")) as archive:
        assert found["digest"] == digest.of_bytes(archive.read(found["member"]))


def test_arrays_in_other_files_are_named(tmp_path: Path) -> None:
    """External data: its file is named and not opened."""
    onnx.save(onnx_model(64), tmp_path / "m.onnx", save_as_external_data=True, location="m.bin", size_threshold=0)
    (tmp_path / "m.bin").unlink()
    assert read(tmp_path / "m.onnx")[0]["external"] == ["m.bin"]


def test_arrays_in_other_files_are_a_gap(tmp_path: Path) -> None:
    """The digest of a model with external data does not tell its weights: a gap says so, unless they are an input."""
    onnx.save(onnx_model(64), tmp_path / "m.onnx", save_as_external_data=True, location="m.bin", size_threshold=0)
    load = Load("onnxruntime", path="m.onnx", digest=digest.of_file(tmp_path / "m.onnx"))
    told = [("weights-not-hashed", "job:j", "m.onnx: its weights in m.bin are not in its digest")]
    for run, gaps in (
        (run_with(tmp_path, "m.onnx", loads=(load,)), told),
        (run_with(tmp_path, "m.onnx"), told),
        (run_with(tmp_path, loads=(load,)), told),
        (run_with(tmp_path, "m.onnx", "m.bin", loads=(load,)), []),
        (run_with(tmp_path, ".", loads=(load,)), []),
    ):
        found = weighed(run, tmp_path)
        assert [(gap.slug, gap.subject, gap.message) for gap in found.gaps] == gaps
        assert weighed(found, tmp_path) is found


def safetensors(place: Path, header: bytes) -> Path:
    place.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 24)
    return place


def test_safetensors_says_what_it_holds(tmp_path: Path) -> None:
    """Arrays, numbers, data types and free fields, from the header alone."""
    header = {
        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "b": {"dtype": "I64", "shape": [], "data_offsets": [16, 24]},
        "__metadata__": {"format": "pt"},
    }
    (found,) = read(safetensors(tmp_path / "m.safetensors", json.dumps(header).encode()))
    assert (found["tensors"], found["parameters"], found["data_types"]) == (2, 5, ["F32", "I64"])
    assert found["metadata"] == {"format": "pt"}
    assert found["pickled"] is False


class Bomb:
    """What pickle runs when it is loaded."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("kind", ["zip", "old", "pickle"])
def test_pickles_are_never_loaded(tmp_path: Path, kind: str) -> None:
    """PyTorch's files are told by their names and first bytes; what is pickled in them does not run."""
    harm = pickle.dumps(Bomb(tmp_path / "harm"))
    place = tmp_path / "m.pt"
    if kind == "zip":
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("m/data.pkl", harm)
            archive.writestr("m/data/0", b"\0" * 16)
            archive.writestr("m/version", b"3\n")
    else:
        place.write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." * (kind == "old") + harm)
    (found,) = read(place)
    assert found["pickled"] is True
    assert found["format"] == {"zip": "PyTorch", "old": "PyTorch before 1.6", "pickle": "pickle"}[kind]
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("others", [{}, {"version": b"3"}, {"examples/version": b"3"}], ids=repr)
def test_a_pickle_in_an_archive_is_not_pytorch(tmp_path: Path, others: dict[str, bytes]) -> None:
    """A data.pkl somewhere in a zip makes no model of it: PyTorch has all in one directory, with its version."""
    with zipfile.ZipFile(tmp_path / "pkg.zip", "w") as archive:
        for name, data in {"examples/data.pkl": b"x", **others, "net.onnx": onnx_model().SerializeToString()}.items():
            archive.writestr(name, data)
    (found,) = read(tmp_path / "pkg.zip")
    assert (found["format"], found["member"]) == ("ONNX", "net.onnx")


@pytest.mark.parametrize(
    ("members", "keras"),
    [
        (["layers/counts", "obs/_index", "X"], False),  # AnnData
        (["layers/sparse/data", "layers/sparse/indices"], False),
        (["optimizer/x"], False),
        (["vars/0"], False),
        (["layers/dense/vars/0", "optimizer/vars/0"], True),
        (["layers/net/layers/dense/vars/0"], True),
        (["model_weights/dense/kernel"], True),
    ],
)
def test_hdf5_of_keras_is_told_by_its_layout(tmp_path: Path, members: list[str], keras: bool) -> None:
    """Without the version of Keras in it, a file is a model when its groups are those of Keras; AnnData is none."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        for name in members:
            file.create_dataset(name, data=[1.0])
        file["up"] = h5py.SoftLink("/")
    assert ("Keras" in {one["format"] for one in told(tmp_path / "m.h5")}) == keras


def told(place: Path) -> list[dict[str, Any]]:
    """What the models in the file say; nothing when it is none."""
    try:
        return read(place)
    except Unreadable:
        return []


def test_keras_archive(tmp_path: Path) -> None:
    """Class, name, version and inputs stand in its JSON; a Lambda layer holds code, and that is told."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "in", "dtype": "float32", "batch_shape": [None, 8]}},
        {"class_name": "Lambda", "config": {"name": "f"}},
    ]
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.9.0"}))
        archive.writestr(
            "config.json", json.dumps({"class_name": "Functional", "config": {"name": "net", "layers": layers}})
        )
        archive.writestr("model.weights.h5", b"")
    (found,) = read(tmp_path / "m.keras")
    assert (found["producer"], found["name"], found["notes"]) == (
        "Keras 3.9.0",
        "net",
        ["it holds Python code in Lambda layers"],
    )
    assert found["inputs"] == [{"name": "in", "data_type": "float32", "shape": ["?", "8"]}]


def bombs(workdir: Path) -> dict[str, Path]:
    """Files that are no models, or would take more than there is."""
    with zipfile.ZipFile(workdir / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.onnx", b"\0" * (8 << 20))
    nested = b""
    for _ in range(2000):  # a graph in an attribute of a node of a graph …
        for field in (b"\x32", b"\x2a", b"\x0a"):
            nested = field + _varint(len(nested)) + nested
    (workdir / "deep.onnx").write_bytes(b"\x08\x08\x3a" + _varint(len(nested)) + nested)
    safetensors(workdir / "long.safetensors", b"{" + b" " * 8)
    (workdir / "long.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"{}" * 20)
    (workdir / "empty.onnx").write_bytes(b"")
    (workdir / "text.onnx").write_text("no model")
    return {path.name: path for path in workdir.iterdir()}


def _varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def test_hostile_files_cost_what_they_would_have_told(tmp_path: Path) -> None:
    """Bombs, broken and foreign files are refused one by one, and the reader goes on."""
    good = write_onnx(tmp_path / "good" / "tiny.onnx")
    (tmp_path / "bad").mkdir()
    with Reader() as reader:
        for name, place in bombs(tmp_path / "bad").items():
            with pytest.raises(Unreadable):
                print(name, reader.read(str(place), 1 << 20))
        assert reader.read(str(good), MOST)["values"]["weights"][0]["name"] == "tiny"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever bytes of a model are changed or missing: it is read, or refused with Unreadable, and nothing else."""
    whole = bytearray(onnx_model().SerializeToString())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    place = tmp_path_factory.getbasetemp() / "damaged.onnx"
    place.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = reading.read(str(place), MOST)
    except Unreadable:
        return
    json.dumps(found.values)


def test_a_run_knows_its_models_once(tmp_path: Path) -> None:
    """A model is read by digest and kept; when all is known the run is given back as it is, without files, too."""
    write_onnx(tmp_path / "tiny.onnx")
    run = run_with(tmp_path, "tiny.onnx")
    found = weighed(run, tmp_path)
    assert [one.digest for one in found.weights] == [run.jobs[0].inputs[0].digest]
    assert weighed(found, tmp_path) is found
    assert weighed(run, None) is run
    assert weighed(run, tmp_path) == found  # from what was kept
    assert codec.load_run(codec.dump_run(found)) == found


def test_other_archives_are_left_alone(tmp_path: Path) -> None:
    """A zip or HDF5 that holds no model is no gap; a file whose name says that it is one is."""
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("table.csv", "a,b")
    (tmp_path / "data.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "broken.onnx").write_text("no model")
    found = weighed(run_with(tmp_path, "data.zip", "data.h5", "broken.onnx"), tmp_path)
    assert [(gap.slug, gap.subject) for gap in found.gaps] == [("weights-not-read", "file:broken.onnx")]
    assert not found.weights


def test_saved_model_is_a_directory(tmp_path: Path) -> None:
    """A SavedModel of TensorFlow is told by its tree digest; any other directory is none."""
    (tmp_path / "net/variables").mkdir(parents=True)
    (tmp_path / "net/saved_model.pb").write_bytes(b"x")
    (tmp_path / "net/variables/variables.index").write_bytes(b"x")
    (tmp_path / "plain").mkdir()
    run = run_with(tmp_path, "net", "plain")
    (found,) = weighed(run, tmp_path).weights
    assert (found.format, found.digest) == ("TensorFlow SavedModel", run.jobs[0].inputs[0].digest)
    assert found.external == ("variables/variables.index",)


def test_a_model_that_is_gone_is_a_gap(tmp_path: Path) -> None:
    """A load whose file is not at hand, and whose bytes no file of the run has, is told as not known."""
    known = digest.of_bytes(b"weights")
    run = run_with(tmp_path, loads=(Load("onnxruntime", path="/opt/app/net.onnx", digest=known), Load("torch")))
    gaps = weighed(run, tmp_path).gaps
    assert [(gap.slug, gap.subject) for gap in gaps] == [("weights-not-read", "job:j")] * 2
