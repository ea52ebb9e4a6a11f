"""What everybody is told of the trained models of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from provcap import digest, export, graph, summary
from provcap.bundle import write_crate
from provcap.explain.models import models as differing
from provcap.model import Artifact
from provcap.report import methods
from tests.conftest import read_run
from tests.models import CARD, write_onnx
from tests.test_weights import run_with


def test_everything_tells_of_models(tmp_path: Path) -> None:
    """show, PROV, crate, methods in both languages and the page name the model, its opset and where it ran."""
    run = read_run("models")
    assert "opset 12, produced by tf2onnx 1.9.2" in summary.of_models(run)
    assert "onnxruntime 1.22.0; on CPUExecutionProvider; asked for CUDAExecutionProvider" in summary.of_models(run)
    assert "was loaded by onnxruntime 1.22.0 on CPUExecutionProvider" in methods(run)
    assert "von onnxruntime 1.22.0 auf CPUExecutionProvider geladen" in methods(run, "de")
    document = graph.serialise(graph.document(run), "provn").decode()
    assert 'provcap:modelProducer="tf2onnx 1.9.2"' in document
    assert document.count("prov:role='provcap:model'") == 1  # the one that is no file of the run
    write_crate(run, None, tmp_path / "c")
    entities = {e["@id"]: e for e in json.loads((tmp_path / "c/ro-crate-metadata.json").read_text())["@graph"]}
    apart = next(e for e in entities.values() if e["@type"] == "CreativeWork" and "sha256" in e)
    assert entities[apart["isPartOf"]["@id"]]["name"] == "tracks.zip"
    assert apart["additionalType"] == "http://www.w3.org/ns/mls#Model"
    objects = [e["object"] for e in entities.values() if e.get("name") == "measure" and e["@type"] == "CreateAction"]
    assert {"@id": apart["@id"]} in objects[0]
    assert '<section id="models"' in (tmp_path / "c/ro-crate-preview.html").read_text()


def test_a_model_taken_out_of_an_archive_is_that_model(tmp_path: Path) -> None:
    """The file that a job made of an archive's member is the same as the model that the archive holds."""
    run = read_run("models")
    taken = Artifact("results/tracks.pt", digest="sha256:" + "ab" * 32, size_bytes=9)
    last = replace(run.jobs[-1], outputs=(*run.jobs[-1].outputs, taken))
    write_crate(replace(run, jobs=(*run.jobs[:-1], last)), None, tmp_path / "c")
    entities = {e["@id"]: e for e in json.loads((tmp_path / "c/ro-crate-metadata.json").read_text())["@graph"]}
    (file,) = [e for e in entities.values() if e.get("name") == "tracks.pt"]
    assert entities[file["sameAs"]["@id"]]["additionalType"] == "http://www.w3.org/ns/mls#Model"


def test_description_goes_into_the_crate(tmp_path: Path) -> None:
    """The rdf.yaml beside a model is packed beside it, about it."""
    write_onnx(tmp_path / "w/tiny.onnx")
    (tmp_path / "w/rdf.yaml").write_text(CARD)
    (tmp_path / "w/Snakefile").write_text("")
    write_crate(run_with(tmp_path / "w", "tiny.onnx"), tmp_path / "w", tmp_path / "c")
    entities = json.loads((tmp_path / "c/ro-crate-metadata.json").read_text())["@graph"]
    (described,) = [e for e in entities if e["@id"].endswith("/rdf.yaml")]
    assert (tmp_path / "c" / described["@id"]).read_text() == CARD
    assert described["about"] == {"@id": "tiny.onnx"}


def test_runs_whose_models_differ(tmp_path: Path) -> None:
    """diff names other weights, another provider, another setting, and a model that only one run loaded."""
    run = read_run("models")
    segment, measure = run.jobs
    load = segment.loads[0]
    other = replace(load, digest=digest.of_bytes(b"x"), providers=("CUDAExecutionProvider",), settings={})
    changed = replace(run, jobs=(replace(segment, loads=(other,)), replace(measure, loads=())))
    found = differing(segment, changed.jobs[0])
    assert {d.name for d in found} >= {"nuclei.onnx", "nuclei.onnx: runs on", "nuclei.onnx: use_deterministic_compute"}
    assert differing(measure, changed.jobs[1])[0].note == "only one run loaded it"
    assert differing(segment, segment) == []


def test_inventory_has_the_model() -> None:
    """CycloneDX: a component of the type machine-learning-model with the SHA-256 of the weights."""
    (document,) = (json.loads(text) for text in export.cyclonedx(read_run("models")).values())
    found = {c["name"]: c for c in document["components"] if c["type"] == "machine-learning-model"}
    assert found.keys() == {"nuclei", "tracks"}
    assert found["tracks"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
