"""Descriptions by bioimage.io: which models they are about, and which not."""

from __future__ import annotations

import zipfile
from pathlib import Path

from provcap import digest
from provcap.bioimage.weights.cards import OTHER
from provcap.bioimage.weights.weighing import card, weighed
from provcap.model import Weights
from tests.models import CARD, onnx_model, write_onnx
from tests.test_weights import run_with


def test_description_beside_a_model(tmp_path: Path) -> None:
    """rdf.yaml of bioimage.io beside the file: names, authors, licence, how to cite; kept as it is, for the crate."""
    write_onnx(tmp_path / "tiny.onnx")
    write_onnx(tmp_path / "other.onnx", 4)
    (tmp_path / "rdf.yaml").write_text(CARD)
    found = {one.parameters: one for one in weighed(run_with(tmp_path, "tiny.onnx", "other.onnx"), tmp_path).weights}
    assert found[16].card is None  # the description does not speak of it
    known = found[9].card
    assert known is not None
    assert (known.name, known.version, known.doi, known.authors) == (
        "Tiny model",
        "0.1.0",
        "10.5281/zenodo.1234567",
        ("Ada Example",),
    )
    assert card(tmp_path, found[9]) == CARD.encode()


def test_description_in_an_archive(tmp_path: Path) -> None:
    """A package of bioimage.io: the description in it counts; with another SHA-256 it is not about this model."""
    right = digest.of_bytes(onnx_model().SerializeToString())[7:]
    for known, name in ((right, "tiny-fox"), ("0" * 64, None)):
        found = packed(tmp_path, {"rdf.yaml": saying(known)}, "tiny.onnx")["tiny.onnx"]
        assert (found.card and found.card.id) == name
        assert found.notes == (() if name else (OTHER,))


def saying(sha256: str) -> str:
    """The description with the SHA-256 of its model."""
    return CARD.replace("source: tiny.onnx", f"source: tiny.onnx, sha256: '{sha256}'")


def packed(folder: Path, texts: dict[str, str], *names: str) -> dict[str, Weights]:
    """What is told of the models `names`, by name, in a zip with `texts`; all have other content."""
    with zipfile.ZipFile(folder / "package.zip", "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        for number, name in enumerate(names, 3):
            archive.writestr(name, onnx_model(number).SerializeToString())
    return {str(one.member): one for one in weighed(run_with(folder, "package.zip"), folder).weights}


def test_description_in_an_archive_is_about_whom_it_names(tmp_path: Path) -> None:
    """Other members do not get it, nor one of the same name in another folder; without names, only the single one."""
    told = {"pub/rdf.yaml": CARD}
    nameless = {"rdf.yaml": CARD.replace("weights:", "other:")}
    for texts, names, carded in (
        (told, ["other/b.onnx", "pub/tiny.onnx"], {"pub/tiny.onnx"}),
        (told, ["other/tiny.onnx", "pub/tiny.onnx"], {"pub/tiny.onnx"}),
        (told, ["other/tiny.onnx"], set()),
        (told, ["pub/weights/tiny.onnx"], {"pub/weights/tiny.onnx"}),
        (nameless, ["a.onnx"], {"a.onnx"}),
        (nameless, ["a.onnx", "b.onnx"], set()),
    ):
        assert {name for name, one in packed(tmp_path, texts, *names).items() if one.card} == carded, (texts, names)


def test_description_with_another_checksum_is_not_its(tmp_path: Path) -> None:
    """rdf.yaml that names the file beside it, but says another SHA-256: it is not given to the model; a note tells."""
    right = digest.of_file(write_onnx(tmp_path / "tiny.onnx"))[7:]
    for known, notes in ((right.upper(), ()), ("0" * 64, (OTHER,)), (right, ())):
        (tmp_path / "rdf.yaml").write_text(saying(known))
        (found,) = weighed(run_with(tmp_path, "tiny.onnx"), tmp_path).weights
        assert (found.card is None, found.notes) == (bool(notes), notes)


def test_description_without_names_is_of_the_only_model(tmp_path: Path) -> None:
    """rdf.yaml that names no file is about the model beside it only as long as there is no other."""
    (tmp_path / "rdf.yaml").write_text(CARD.replace("weights:", "other:"))
    write_onnx(tmp_path / "a.onnx")
    assert weighed(run_with(tmp_path, "a.onnx"), tmp_path).weights[0].card
    write_onnx(tmp_path / "b.onnx", 4)
    found = weighed(run_with(tmp_path, "a.onnx", "b.onnx"), tmp_path).weights
    assert [one.card for one in found] == [None, None]
