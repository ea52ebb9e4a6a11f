"""Claims about PROV in bundles, and about the picture as PNG."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from prov.model import ProvDocument

from provcap import codec, digest, drawing
from provcap.cli import main
from provcap.constraints import violations
from provcap.errors import ProvcapError
from provcap.graph import FORMATS, bundled, document, read, serialise
from provcap.model import Run
from tests.conftest import RUNS, read_run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")


def same(one: ProvDocument, other: ProvDocument) -> bool:
    """Equality with that of the bundles, which prov leaves out."""
    mine, theirs = ({b.identifier: b for b in d.bundles} for d in (one, other))
    return one == other and mine.keys() == theirs.keys() and all(mine[name] == theirs[name] for name in mine)


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if fmt != "turtle"])
def test_bundles_come_back_as_they_were(any_run: Run, fmt: str) -> None:
    """What is written with bundles is read back as the same document, in every format that has them."""
    prov = bundled([any_run, replace(any_run, id="again", rerun_of=any_run.id)])
    assert same(read(serialise(prov, fmt), fmt), prov)


def test_turtle_has_no_bundles() -> None:
    """Turtle cannot hold bundles: an error that names what can, and no file with half of it."""
    with pytest.raises(ProvcapError) as caught:
        serialise(bundled([read_run("minimal")]), "turtle")
    assert (caught.value.slug, caught.value.hint) == ("no-bundles", "use trig")


def test_a_bundle_says_what_the_document_says(any_run: Run) -> None:
    """A bundle holds the document of its run, and obeys PROV-CONSTRAINTS with all around it."""
    prov = bundled([any_run])
    (bundle,) = prov.bundles
    assert set(bundle.get_records()) == set(document(any_run).get_records())
    assert violations(prov) == []


def test_provenance_has_a_provenance() -> None:
    """The bundle is an entity that provcap derived from the record of the run, which has its digest."""
    run = read_run("succeeded")
    text = serialise(bundled([run]), "provn").decode()
    found = digest.of_bytes(codec.dump_run(run).encode()).removeprefix("sha256:")
    assert "entity(run:provenance, [prov:type='prov:Bundle'" in text
    assert "wasDerivedFrom(run:provenance, run:record, run:description" in text
    assert found in text


def test_bundle_bytes_do_not_depend_on_the_hash_seed() -> None:
    """Two processes with different hash seeds write the same bytes in every format."""
    code = (
        "import sys, hashlib, pathlib; from provcap.codec import load_run; from provcap.graph import *\n"
        "runs = [load_run(pathlib.Path(p).read_bytes()) for p in sys.argv[1:]]\n"
        "for fmt in sorted(set(FORMATS) - {'turtle'}):\n"
        "    print(fmt, hashlib.sha256(serialise(bundled(runs), fmt)).hexdigest())\n"
    )
    paths = [str(RUNS / "succeeded.json"), str(RUNS / "retried.json")]
    told = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, *paths],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == len(FORMATS) - 1


def test_bundles_on_the_command_line(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """`provcap prov --bundle` takes more runs and writes a bundle for each."""
    for number, name in enumerate(("minimal", "nobody")):
        folder = tmp_path / ".provcap" / "runs" / f"2026010{number}T000000-0001"
        folder.mkdir(parents=True)
        folder.joinpath("run.json").write_bytes(
            codec.dump_run(replace(read_run(name), id=folder.name)).encode("utf-8", "surrogateescape")
        )
    assert main(["prov", "-d", str(tmp_path), "-f", "json", "--bundle", "20260100"]) == 0
    assert len(list(read(capsysbinary.readouterr().out, "json").bundles)) == 2


def test_the_picture_as_png(any_run: Run) -> None:
    """The PNG is the SVG, twice as large, with its words."""
    svg = drawing.draw(any_run)
    image = Image.open(io.BytesIO(drawing.png(svg)))
    assert image.format == "PNG"
    assert image.width > 100
    assert len(set(image.convert("L").getdata())) > 2


def test_a_png_without_words_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no font is found, an error says so, instead of a picture without a word."""
    import resvg_py

    draw = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **more: draw(**more, skip_system_fonts=True))
    with pytest.raises(ProvcapError, match="no font"):
        drawing.png(drawing.draw(read_run("succeeded")))


def test_what_cannot_be_drawn_is_an_error() -> None:
    """SVG that is none is an error with a way out."""
    with pytest.raises(ProvcapError) as caught:
        drawing.png(b"<svg")
    assert (caught.value.slug, bool(caught.value.hint)) == ("no-png", True)
