"""The lineage in the image: what is put in is read back, and everything else is as it was."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import ome_types
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provcap import bundle, codec, digest, embed, questions, store
from provcap.carrying import carry, facts
from provcap.carrying.nested import crate
from provcap.cli import main
from provcap.crate import conformance
from provcap.crate.policy import Policy
from provcap.deposit.bia import writing
from provcap.embed import Left, annotation, members, xml
from provcap.embed.pairs import pairs
from provcap.errors import ProvcapError
from provcap.model import Embedding
from provcap.opening import Opened, open_run
from provcap.summary.lineage import of_lineage
from tests import workflows
from tests.conftest import materialise, read_run
from tests.real_images import real_image
from tests.studies import studied
from tests.test_acquisition import FULL, PLANES, recorded, tiff

XML = FULL.format(planes=PLANES)
TOLD = {
    "file": "a.ome.tif",
    "run": "r1",
    "job": {"id": "j1", "rule": "seg", "params": {"sigma": 1.5, "n": "a<b>&\"'ü"}},
}


def workdir_with(folder: Path, *names: str, **changes: Any) -> Opened:
    """A recorded run in `folder` whose only job made the files `names`."""
    run = read_run("succeeded")
    made = tuple(recorded(folder / name) for name in names)
    job = dataclasses.replace(run.jobs[0], outputs=made, inputs=(), logs=(), members=(), benchmark=None, **changes)
    run = dataclasses.replace(run, jobs=(job,), gaps=(), log=None, workdir=str(folder), targets=names)
    place = store.run_folder(folder, run.id)
    place.mkdir(parents=True)
    (place / "run.json").write_text(codec.dump_run(run))
    return open_run("latest", folder)


def known_of(path: Path) -> str:
    return digest.of_tree(path)[0] if path.is_dir() else digest.of_file(path)


def described(told: dict[str, Any]) -> bytes:
    """What stands for the crate inside of an OME-Zarr."""
    return annotation.text(told)


def put(path: Path, target: Path, told: dict[str, Any] = TOLD) -> embed.Placed:
    return embed.write(path, target, known_of(path), told, described)


def found(path: Path) -> embed.Found:
    answer = embed.look(path)
    assert answer is not None
    return answer


def ngff(path: Path, version: int = 4, **attributes: Any) -> Path:
    """An OME-Zarr image of two resolutions."""
    root = zarr.open_group(path, mode="w", zarr_format=2 if version == 4 else 3)
    sets = [
        {"path": str(n), "coordinateTransformations": [{"type": "scale", "scale": [2.0**n, 2.0**n]}]} for n in (0, 1)
    ]
    axes = [{"name": name, "type": "space"} for name in "yx"]
    said: dict[str, Any] = {"multiscales": [{"axes": axes, "datasets": sets, "name": "Bild ü", "version": "0.4"}]}
    root.attrs.put({**attributes, **(said if version == 4 else {"ome": {"version": "0.5", **said}})})
    for n in (0, 1):
        root.create_array(str(n), data=np.arange(64 >> n, dtype="u2").reshape(8, -1), chunks=(4, 4))
    return path


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


# --- OME-TIFF


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dtype=st.sampled_from(["u1", "u2", "i2", "u4", "f4", "f8", "c8", "?"]),
    shape=st.sampled_from([(5, 7), (3, 16, 16), (2, 3, 8, 8), (1, 40, 33)]),
    order=st.sampled_from("<>"),
    big=st.booleans(),
    compression=st.sampled_from([None, "zlib"]),
    tile=st.sampled_from([None, (16, 16)]),
    levels=st.integers(0, 2),
    params=st.dictionaries(
        st.text(max_size=6), st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
    ),
)
def test_what_is_embedded_in_an_ome_tiff_is_read_back(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], order: str, big: bool, compression: str | None,
    tile: tuple[int, int] | None, levels: int, params: dict[str, Any],
) -> None:  # fmt: skip
    """The same facts, the same pixels in every resolution; and without the annotation the file is what it was."""
    path, target = tmp_path / "a.ome.tif", tmp_path / "b.ome.tif"
    target.unlink(missing_ok=True)
    data = (np.arange(np.prod(shape)).reshape(shape) % 2 * 3).astype(dtype)
    options: dict[str, Any] = {"compression": compression, "tile": tile, "photometric": "minisblack"}
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order, ome=True) as writer:
        writer.write(data, subifds=levels, metadata={"axes": "TCZYX"[-len(shape) :], "Name": "µ"}, **options)
        for level in range(1, levels + 1):
            writer.write(data[..., :: 2**level, :: 2**level], subfiletype=1, **options)
    told = {**TOLD, "job": {"params": params}}
    before = path.read_bytes()
    placed = put(path, target, told)
    assert (placed.digest, placed.size_bytes) == (digest.of_file(target), target.stat().st_size)
    answer = found(target)
    assert {key: answer.lineage[key] for key in told} == told
    assert (answer.same_file, answer.same_pixels, answer.lineage["recorded"]) == (True, True, digest.of_bytes(before))
    with tifffile.TiffFile(path) as old, tifffile.TiffFile(target) as new:
        assert new.is_ome
        for one, other in zip(old.series[0].levels, new.series[0].levels, strict=True):
            np.testing.assert_array_equal(one.asarray(), other.asarray())
        ome_types.validate_xml(str(new.ome_metadata))
    assert path.read_bytes() == before


def test_only_one_entry_and_the_end_of_the_file_are_new(tmp_path: Path) -> None:
    """Nothing moves: eight bytes of a classic TIFF differ, and the old description is still there."""
    path = tiff(tmp_path / "a.ome.tif", XML)
    put(path, tmp_path / "b.ome.tif")
    old, new = path.read_bytes(), (tmp_path / "b.ome.tif").read_bytes()
    differ = [n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    assert differ
    assert differ[-1] - differ[0] < 8
    assert XML.encode() in new[: len(old)]


def test_the_pixel_digest_is_that_of_the_stored_strips(tmp_path: Path) -> None:
    """Anybody can reckon it: the bytes of all strips, one after the other."""
    path = tiff(tmp_path / "a.ome.tif", XML)
    put(path, tmp_path / "b.ome.tif")
    whole = b""
    with tifffile.TiffFile(path) as tif:
        for page in tif.pages:
            for place, length in zip(page.dataoffsets, page.databytecounts, strict=True):
                whole += path.read_bytes()[place : place + length]
    assert found(tmp_path / "b.ome.tif").lineage["pixels"] == digest.of_bytes(whole)


def test_embedding_again_replaces_what_was_there(tmp_path: Path) -> None:
    """The file is the one that embedding once had made, whatever stood in it before."""
    path = tiff(tmp_path / "a.ome.tif", XML)
    known = digest.of_file(path)
    put(path, tmp_path / "once.ome.tif", {**TOLD, "identifier": "https://doi.org/10.5281/zenodo.1"})
    put(path, tmp_path / "twice.ome.tif", {**TOLD, "note": "x" * 999})
    again = tmp_path / "twice.ome.tif"
    embed.write(again, again, known, {**TOLD, "identifier": "https://doi.org/10.5281/zenodo.1"}, lambda _: b"")
    assert again.read_bytes() == (tmp_path / "once.ome.tif").read_bytes()


def test_an_annotation_of_an_earlier_job_is_replaced(tmp_path: Path) -> None:
    """A job that copied an image took its lineage along; that of the copy is its own, and only one is there."""
    path = tiff(tmp_path / "a.ome.tif", XML)
    put(path, tmp_path / "copied.ome.tif")
    put(tmp_path / "copied.ome.tif", tmp_path / "b.ome.tif", {**TOLD, "run": "r2"})
    answer = found(tmp_path / "b.ome.tif")
    assert (answer.lineage["run"], answer.same_file) == ("r2", True)
    assert tifffile.tiffcomment(tmp_path / "b.ome.tif").count('provcap/lineage/1">{') == 1


def test_a_description_that_was_edited_is_told_and_kept(tmp_path: Path) -> None:
    """The pixels may be the same: an image with another pixel size is not the one that was recorded, and embedding does
    not bring the old description back."""
    path = tiff(tmp_path / "a.ome.tif", XML)
    known, target = digest.of_file(path), tmp_path / "b.ome.tif"
    put(path, target)
    edited = tifffile.tiffcomment(target).replace('PhysicalSizeX="65"', 'PhysicalSizeX="650"')
    tifffile.tiffcomment(target, edited.encode())
    assert (found(target).same_file, found(target).same_pixels) == (False, True)
    assert embed.recorded(target) is None
    with pytest.raises(Left, match="no longer what the run recorded"):
        embed.write(target, target, known, TOLD, described)
    assert tifffile.tiffcomment(target) == edited


def test_an_annotation_that_says_nothing_confirms_nothing(tmp_path: Path) -> None:
    """Without a digest and without what undoes it, nobody knows whether the file is as it was."""
    new = xml.annotated(XML.encode(), annotation.text({"run": "r1"}))
    assert found(tiff(tmp_path / "a.ome.tif", new.decode())).same_file is False


def test_a_changed_workflow_is_named_so_wherever_its_commit_is(tmp_path: Path) -> None:
    """In the pairs, in `provcap show` and in the crate of an OME-Zarr: the commit alone did not make the image."""
    told = {**TOLD, "workflow": {"snakefile": "Snakefile", "commit": "fd9b", "changed": True}}
    put(tiff(tmp_path / "a.ome.tif", XML), tmp_path / "b.ome.tif", told)
    assert ("Commit", "fd9b, with changes") in pairs(told)
    assert "fd9b, with changes" in of_lineage("b", found(tmp_path / "b.ome.tif"))
    full = {**told, "recorded": "sha256:0", "pixels": "sha256:1", "job": {**TOLD["job"], "run": "r0"}}
    entities = json.loads(crate(read_run("succeeded"), full))["@graph"]
    assert "fd9b, with changes" in {entity.get("version") for entity in entities}
    assert [e["name"] for e in entities if e["@id"] == "#made"] == ["Job j1 of run r0"]


def test_pairs_name_the_run_that_made_the_image() -> None:
    """A result that a later run took over was made in the earlier one; both are told apart."""
    told = {**TOLD, "run": "r2", "job": {**TOLD["job"], "run": "r1"}}
    assert [pair for pair in pairs(told) if pair[0] in ("Run", "Recorded in")] == [("Run", "r1"), ("Recorded in", "r2")]


def test_many_parameters_leave_run_and_digests_in_sight() -> None:
    """What does not fit is counted, and nothing but parameters is left out."""
    told = {**TOLD, "job": {"rule": "seg", "params": {f"p{n}": "a\nb" for n in range(150)}}}
    found = dict(pairs(told))
    assert found["Run"] == "r1"
    assert found["Parameters that are not shown here"] == "50"
    assert found["Parameter p0"] == "a b"


@pytest.mark.parametrize(
    "text",
    [
        XML.replace("</OME>", "<StructuredAnnotations/></OME>"),
        XML.replace("</OME>", '<StructuredAnnotations a:b="/>" xmlns:a="urn:x"></StructuredAnnotations></OME>'),
        XML.replace(
            "</OME>",
            '<StructuredAnnotations><XMLAnnotation ID="Annotation:provcap-lineage-1" Namespace="urn:foreign"><Value>'
            '<x xmlns="urn:y"><![CDATA[</Image>]]><!-- <Image> --></x></Value></XMLAnnotation></StructuredAnnotations></OME>',
        ),
        XML.replace("<OME ", "<!-- Warning: <Image> -->\n<OME ").replace("</Image>", "<!-- here --> </Image\n>"),
        re.sub(r"<(/?)(\w)", r"<\1ome:\2", XML).replace("xmlns=", "xmlns:ome="),
    ],
    ids=["empty", "foreign-attribute", "foreign", "comments", "prefix"],
)  # fmt: skip
def test_all_else_in_the_ome_xml_stays_byte_for_byte(text: str) -> None:
    """What is put in can be cut out, and then nothing is left of it; the result is valid when the original was."""
    content = annotation.text({"run": "r1"})
    new = xml.annotated(text.encode(), content, [("a<b", "µ & 'c'")])
    assert json.loads(xml.payload(new) or "") == {"format": "provcap.lineage/1", "run": "r1"}
    assert cut(new.decode()) == text.replace(
        "<StructuredAnnotations/>", "<StructuredAnnotations></StructuredAnnotations>"
    )
    assert not valid(text) or valid(new.decode())


def cut(text: str) -> str:
    """`text` without what was put in, by how it looks."""
    text = re.sub(r'<AnnotationRef xmlns="[^"]*" ID="Annotation:provcap-(lineage|pairs)-\d"/>', "", text)
    own = r'<(\w+) xmlns="[^"]*" ID="[^"]*" Namespace="https://w3id.org/provcap/lineage/1">.*?</\1>'
    text = re.sub(own, "", text)
    return re.sub(r'<StructuredAnnotations xmlns="[^"]*"></StructuredAnnotations>', "", text)


def valid(text: str) -> bool:
    """Whether the schema of OME 2016-06 allows `text`."""
    try:
        ome_types.validate_xml(text)
    except Exception:
        return False
    return True


@given(
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5),
    st.sampled_from(["utf-8", "iso-8859-1"]),
)
def test_what_the_lineage_says_is_there_as_pairs_for_people(said: list[tuple[str, str]], encoding: str) -> None:
    """Programs that show key-value pairs show them: any text stands in XML of any encoding, and nothing in it is markup;
    what XML cannot hold is marked. Putting in again replaces them."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = (head + XML.partition("?>")[2] if XML.startswith("<?xml") else head + XML).encode(
        encoding, "xmlcharrefreplace"
    )
    new = xml.annotated(text, annotation.text({"run": "r1"}), said)
    ome = ome_types.from_xml(new, validate=True)
    found = [one for one in ome.structured_annotations if isinstance(one, ome_types.model.MapAnnotation)]
    assert [(m.k, m.value or "") for one in found for m in one.value.ms] == [tuple(map(shown, pair)) for pair in said]
    assert xml.annotated(xml.annotated(text, b"{}", [("other", "pair")]), annotation.text({"run": "r1"}), said) == new


def shown(text: str) -> str:
    """`text` with a mark for each sign that XML does not hold."""
    return re.sub("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


def test_pairs_say_who_made_the_image_and_what_of(tmp_path: Path) -> None:
    """Rule, wildcards, parameters, workflow, run, crate; a long value stands in the lineage alone."""
    job = {"rule": "segment", "wildcards": {"tile": "A1"}, "params": {"size": 41, "long": "x" * 300}}
    told = {**TOLD, "run": "r1", "job": job, "workflow": {"snakefile": "Snakefile", "commit": "fd9b"}}
    put(tiff(tmp_path / "a.ome.tif", XML), tmp_path / "b.ome.tif", told)
    ome = ome_types.from_tiff(tmp_path / "b.ome.tif")
    (found,) = [one for one in ome.structured_annotations if isinstance(one, ome_types.model.MapAnnotation)]
    pairs = {m.k: m.value for m in found.value.ms}
    assert pairs.pop("Image as recorded") == digest.of_file(tmp_path / "a.ome.tif")
    assert pairs == {
        "Made by": "segment",
        "Wildcard tile": "A1",
        "Parameter size": "41",
        "Workflow": "Snakefile",
        "Commit": "fd9b",
        "Run": "r1",
        "Parameters that are not shown here": "1",
    }
    assert {ref.id for ref in ome.images[0].annotation_refs} >= {found.id}


@pytest.mark.parametrize("version", ["2010-06", "2013-06", "2015-01"])
def test_older_schemas_have_annotations_in_a_namespace_of_their_own(version: str) -> None:
    """There it is Schemas/SA; ome-types, which brings such a text to 2016-06, reads the annotation and the reference."""
    text = (
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/{version}"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint8" SizeX="4" SizeY="4" SizeZ="1" SizeC="1" SizeT="1">'
        "<TiffData/></Pixels></Image></OME>"
    )
    new = xml.annotated(text.encode(), annotation.text({"run": "r1"}), [("Run", "r1")]).decode()
    assert "MapAnnotation" not in new, "there annotations have an order"
    assert f"http://www.openmicroscopy.org/Schemas/SA/{version}" in new
    if version != "2010-06":  # ome-types begins with 2011
        ome = ome_types.from_xml(new, validate=False)
        assert [one.id for one in ome.images[0].annotation_refs] == [a.id for a in ome.structured_annotations]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (XML.replace("<OME ", '<!DOCTYPE OME [<!ENTITY a "b">]><OME ', 1), "document type declaration"),
        (XML[:-20] + "OME>", "not well-formed"),
        (XML.replace("openmicroscopy.org/Schemas/OME", "example.org/Schemas/OME"), "no OME-XML"),
        ('<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"></OME>', "describes no image"),
        (
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
            '<BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:1"/></OME>',
            "companion",
        ),
        (
            XML.replace("<TiffData", '<TiffData><UUID FileName="b.tif">urn:uuid:1</UUID></TiffData><TiffData', 1)
            .replace("<TiffData", '<TiffData><UUID FileName="c.tif">urn:uuid:2</UUID></TiffData><TiffData', 1),
            "several files",
        ),
    ],
    ids=["doctype", "broken", "no-ome", "no-image", "companion", "several-files"],
)  # fmt: skip
def test_what_cannot_be_written_to_is_left_alone(tmp_path: Path, text: str, why: str) -> None:
    """With a sentence that says why, and nothing is written."""
    path = tiff(tmp_path / "a.ome.tif", text)
    with pytest.raises(Left, match=why):
        put(path, tmp_path / "b.ome.tif")
    assert os.listdir(tmp_path) == ["a.ome.tif"]


@pytest.mark.parametrize("kind", ["plain", "imagej", "no-tiff", "cut", "large-table"])
def test_other_and_damaged_files_are_left_alone(tmp_path: Path, kind: str) -> None:
    """A TIFF without OME-XML, what is no TIFF, and tables that point beyond the file."""
    path = tmp_path / "a.tif"
    if kind in ("plain", "imagej"):
        tifffile.imwrite(path, np.zeros((4, 4), "u1"), imagej=kind == "imagej")
    elif kind == "no-tiff":
        path.write_bytes(b"P5 4 4 255 " + bytes(16))
    else:
        data = bytearray(tiff(path, XML).read_bytes())
        if kind == "large-table":
            place = data.index(struct.pack("<HH", 273, 4))
            struct.pack_into("<I", data, place + 4, 0x7FFFFFFF)
        path.write_bytes(data[: len(data) // 2] if kind == "cut" else data)
    with pytest.raises(Left):
        put(path, tmp_path / "b.tif")
    assert os.listdir(tmp_path) == ["a.tif"]


def test_directories_in_a_circle_end(tmp_path: Path) -> None:
    """Each is read once."""
    path = tiff(tmp_path / "a.ome.tif", XML)
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    path.write_bytes(data)
    put(path, tmp_path / "b.ome.tif")
    assert found(tmp_path / "b.ome.tif").same_file


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"format":"provcap.lineage/1","a":' + b"[" * 60 + b"]" * 60 + b"}",
        b'{"format":"other/1"}',
        b'"' + b"x" * (annotation.LARGEST + 1) + b'"',
        b"{not json}",
    ],
    ids=["deep", "too-deep", "other", "huge", "no-json"],
)
def test_a_hostile_annotation_costs_a_sentence(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading it ends with one clear line."""
    path = tiff(tmp_path / "a.ome.tif", xml.annotated(XML.encode(), content).decode())
    assert main(["show", str(path)]) == 2
    shown = capsys.readouterr().err
    assert "[no-lineage]" in shown
    assert len(shown.splitlines()) == 2


def test_what_steers_a_terminal_is_shown_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in an annotation stay text, values of a wrong kind are shown as they are."""
    odd = {"format": "provcap.lineage/1", "file": "a\x1b[2Jb\u202e", "run": ["x"], "job": "none", "software": [7, {}]}
    text = xml.annotated(XML.encode(), json.dumps(odd).encode()).decode()
    assert main(["show", str(tiff(tmp_path / "a.ome.tif", text))]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "a\\x1b[2Jb\\u202e" in shown


def test_changed_pixels_are_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One flipped bit in a strip: show says so and ends with 1."""
    target = tmp_path / "b.ome.tif"
    put(tiff(tmp_path / "a.ome.tif", XML), target)
    with tifffile.TiffFile(target) as tif:
        place = tif.pages[0].dataoffsets[0]
    data = bytearray(target.read_bytes())
    data[place] ^= 1
    target.write_bytes(data)
    answer = found(target)
    assert (answer.same_file, answer.same_pixels) == (False, False)
    assert main(["show", str(target)]) == 1
    assert "NOT stored as" in capsys.readouterr().out


def test_a_file_that_another_program_wrote_anew_keeps_its_facts(tmp_path: Path) -> None:
    """The annotation went along; that the bytes are those of the job cannot be told any more, the pixels can."""
    target = tmp_path / "b.ome.tif"
    put(tiff(tmp_path / "a.ome.tif", XML), target)
    text = tifffile.tiffcomment(target).replace("<Image ", "<Image  ")
    tiff(target, text, tifffile.imread(target, is_ome=False).reshape(6, 4, 6))
    answer = found(target)
    assert (answer.lineage["run"], answer.same_file, answer.same_pixels) == ("r1", False, True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java on the PATH")
def test_bio_formats_writes_it_and_reads_it_with_its_lineage(tmp_path: Path) -> None:
    """A file of Bio-Formats stays valid, and Bio-Formats itself reads pixels and annotation as they were put in."""
    path, target, again = (tmp_path / name for name in ("a.ome.tif", "b.ome.tif", "c.ome.tif"))
    words = ["java", "-cp", real_image("bioformats.jar"), "loci.formats.tools.ImageConverter", "-no-upgrade"]
    subprocess.run([*words, real_image("cluster.nd2"), path], check=True, capture_output=True)
    put(path, target)
    subprocess.run([*words, target, again], check=True, capture_output=True)
    np.testing.assert_array_equal(tifffile.imread(again), tifffile.imread(path))
    assert not valid(tifffile.tiffcomment(path)) or valid(tifffile.tiffcomment(target))
    answer = found(again)
    assert {key: answer.lineage[key] for key in TOLD} == TOLD
    assert answer.same_file is False


@pytest.mark.parametrize("name", ["coli.ome.tif"])
def test_real_images(tmp_path: Path, name: str) -> None:
    """A time-lapse as aicsimageio wrote it: every plane is the same, and the lineage is read back."""
    path, target = real_image(name), tmp_path / "b.ome.tif"
    put(path, target)
    assert found(target).same_file
    with tifffile.TiffFile(path) as old, tifffile.TiffFile(target) as new:
        np.testing.assert_array_equal(old.asarray(), new.asarray())
        assert not valid(str(old.ome_metadata)) or valid(str(new.ome_metadata))
        assert cut(str(new.ome_metadata)) == str(old.ome_metadata)


# --- OME-Zarr


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda t: st.lists(t) | st.dictionaries(st.text(), t)
    ),
    st.sampled_from([None, 1, 4]),
    st.booleans(),
    st.text(max_size=5),
)
def test_a_member_of_a_json_text_goes_in_and_out(value: Any, indent: int | None, nested: bool, name: str) -> None:
    """Of any object, however it is indented: the value is there, all else is as it was, and out means as before."""
    plain = {"a": value, "b": [value]} if not isinstance(value, dict) else value
    text = json.dumps({"z": 1, "attributes": plain} if nested else plain, indent=indent)
    path = ("attributes",) if nested else ()
    before = members.take(text, path, name)
    new = members.put(text, path, name, '{"k":[1]}')
    inner = json.loads(new)["attributes"] if nested else json.loads(new)
    assert inner == {**plain, name: {"k": [1]}}
    assert members.take(new, path, name) == before
    assert name in plain or before == text


@pytest.mark.parametrize("version", [4, 5])
def test_what_is_embedded_in_an_ome_zarr_is_read_back(tmp_path: Path, version: int) -> None:
    """The same facts; every file but the attributes is as it was, and zarr reads the same pixels and attributes."""
    path, target = ngff(tmp_path / "a.ome.zarr", version, other={"x": [1, "ü"]}), tmp_path / "b.ome.zarr"
    known = digest.of_tree(path)[0]
    placed = put(path, target)
    assert placed == embed.Placed(*digest.of_tree(target))
    answer = found(target)
    assert {key: answer.lineage[key] for key in TOLD} == TOLD
    assert (answer.same_file, answer.same_pixels, answer.lineage["recorded"]) == (True, True, known)
    before, after = contents(path), contents(target)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {".zattrs" if version == 4 else "zarr.json", "ro-crate-metadata.json"}
    old, new = zarr.open_group(path, mode="r"), zarr.open_group(target, mode="r")
    assert {k: v for k, v in new.attrs.asdict().items() if k != embed.KEY} == old.attrs.asdict()
    np.testing.assert_array_equal(old["0"][:], new["0"][:])  # type: ignore[index]


def test_consolidated_metadata_tells_the_same(tmp_path: Path) -> None:
    """Zarr 2 keeps the attributes twice, and readers look at the copy first."""
    path = ngff(tmp_path / "a.ome.zarr")
    zarr.consolidate_metadata(path, zarr_format=2)
    put(path, path)
    assert zarr.open_consolidated(path, zarr_format=2).attrs[embed.KEY]["run"] == "r1"  # type: ignore[index, call-overload]
    assert found(path).same_file


@pytest.mark.parametrize("version", [4, 5])
def test_embedding_in_an_ome_zarr_again_replaces_what_was_there(tmp_path: Path, version: int) -> None:
    """The same bytes as embedding once."""
    path = ngff(tmp_path / "a.ome.zarr", version)
    known = digest.of_tree(path)[0]
    put(path, tmp_path / "once.zarr", {**TOLD, "n": 2})
    for number in (1, 2):
        embed.write(path, path, known, {**TOLD, "n": number}, described)
    assert contents(path) == contents(tmp_path / "once.zarr")


def test_a_crate_that_somebody_else_put_there_stays(tmp_path: Path) -> None:
    """The lineage is in the attributes then."""
    path = ngff(tmp_path / "a.ome.zarr")
    (path / "ro-crate-metadata.json").write_text('{"@graph": []}')
    put(path, path)
    assert (path / "ro-crate-metadata.json").read_text() == '{"@graph": []}'
    assert found(path).same_file


@pytest.mark.parametrize(
    ("version", "name", "pixels"),
    [
        (4, "0/0.0", False), (4, "1/.zarray", False), (4, "0/.zattrs", True), (4, ".zgroup", True),
        (5, "0/c/0/0", False), (5, "1/zarr.json", False), (5, "labels/zarr.json", True), (5, "labels/n/zarr.json", False),
        (5, "zarr.json", True),
    ],
)  # fmt: skip
def test_a_change_of_the_pixels_or_of_how_they_are_read_is_seen(
    tmp_path: Path, version: int, name: str, pixels: bool
) -> None:
    """The digest of the pixels is that of chunks and arrays, not of groups; that of the image is of everything."""
    path = ngff(tmp_path / "a.ome.zarr", version)
    zarr.open_group(path, mode="a").create_group("labels").create_array("n", shape=(4, 4), dtype="u1")
    put(path, path)
    assert found(path).same_pixels
    with (path / name).open("ab") as stream:
        stream.write(b" ")
    answer = found(path)
    assert (answer.same_file, answer.same_pixels) == (False, pixels)


def test_pixels_that_cannot_be_read_cannot_be_compared(tmp_path: Path) -> None:
    """A link in the place of an array's metadata: all else is told."""
    path = ngff(tmp_path / "a.ome.zarr", 5)
    put(path, path)
    (path / "0/zarr.json").unlink()
    (path / "0/zarr.json").symlink_to("/dev/zero")
    answer = found(path)
    assert (answer.lineage["run"], answer.same_file, answer.same_pixels) == ("r1", False, None)


def test_another_byte_order_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No chunk was changed, and every pixel is another: show ends with 1."""
    path = ngff(tmp_path / "a.ome.zarr")
    put(path, path)
    text = (path / "0/.zarray").read_text()
    (path / "0/.zarray").write_text(text.replace("<u2", ">u2"))
    assert text != (path / "0/.zarray").read_text()
    assert main(["show", str(path)]) == 1
    assert "NOT stored as" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"),
    [(".zattrs", b"{}"), (".zattrs", b"[" * 100_000), (".zattrs", b"\xff"), (".zattrs", b'["multiscales"]')],
)
def test_no_ome_zarr_is_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    """No multiscales, too deep, no text, no object."""
    path = ngff(tmp_path / "a.ome.zarr")
    (path / name).write_bytes(content)
    before = contents(tmp_path)
    with pytest.raises(Left):
        put(path, tmp_path / "b.ome.zarr")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("what", ["0/0.0", "0"])
def test_an_ome_zarr_with_symbolic_links_is_left_alone(tmp_path: Path, in_place: bool, what: str) -> None:
    """A copy of it elsewhere would have links that lead nowhere, and no pixels."""
    path = ngff(tmp_path / "a.ome.zarr")
    (tmp_path / "store").mkdir()
    (path / what).rename(tmp_path / "store/x")
    (path / what).symlink_to(os.path.relpath(tmp_path / "store/x", (path / what).parent))
    before = contents(tmp_path)
    with pytest.raises(Left, match="symbolic links"):
        put(path, path if in_place else tmp_path / "deep/er/b.ome.zarr")
    assert contents(tmp_path) == before


def test_a_crate_that_was_edited_after_embedding_stays(tmp_path: Path) -> None:
    """It was ours, and is somebody's work now: embedding again is refused, and goes on once it lies elsewhere."""
    path = ngff(tmp_path / "a.ome.zarr")
    known = digest.of_tree(path)[0]
    put(path, path)
    crate = path / "ro-crate-metadata.json"
    crate.write_text(crate.read_text() + " ")
    before = contents(tmp_path)
    assert not found(path).same_file
    with pytest.raises(Left, match="was changed or put there since"):
        embed.write(path, path, known, {**TOLD, "n": 2}, described)
    assert contents(tmp_path) == before
    crate.unlink()
    embed.write(path, path, known, {**TOLD, "n": 2}, described)
    assert found(path).same_file


@pytest.mark.parametrize("version", [4, 5])
def test_an_ome_zarr_that_was_made_with_a_lineage_is_left_alone(tmp_path: Path, version: int) -> None:
    """A job copied an image that another run had made: taking that lineage out could not be undone."""
    path = ngff(tmp_path / "a.ome.zarr", version)
    put(path, path)
    before = contents(tmp_path)
    for target in (path, tmp_path / "b.ome.zarr"):
        with pytest.raises(Left, match="it carries the lineage of another run"):
            put(path, target, {**TOLD, "run": "r2"})
    assert contents(tmp_path) == before


# --- the outputs of a run


def both(folder: Path) -> Opened:
    """A run that made an OME-TIFF, an OME-Zarr, a table and a plain TIFF."""
    tiff(folder / "a.ome.tif", XML)
    ngff(folder / "b.ome.zarr")
    (folder / "t.csv").write_text("a\n")
    tifffile.imwrite(folder / "p.tif", np.zeros((4, 4), "u1"), metadata=None)
    return workdir_with(folder, "a.ome.tif", "b.ome.zarr", "t.csv", "p.tif", rule="seg", params={"sigma": 1.5})


def test_copies_are_written_and_what_is_left_alone_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outputs stay; show reads the copy with no run around it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w").mkdir()
    run = both(tmp_path / "w").run
    before = contents(tmp_path / "w")
    assert main(["embed", "-d", "w", "-o", "copies", "--identifier", "doi:10.5281/ZENODO.7"]) == 0
    told = capsys.readouterr()
    assert told.out.split() == ["copies/a.ome.tif", "copies/b.ome.zarr"]
    assert "left alone: p.tif: it is a TIFF without OME-XML" in told.err
    assert contents(tmp_path / "w") == before
    shutil.rmtree("w")
    for name in ("a.ome.tif", "b.ome.zarr"):
        assert main(["show", f"copies/{name}", "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert (answer["same_file"], answer["same_pixels"]) == (True, True)
        lineage = answer["lineage"]
        assert (lineage["run"], lineage["job"]["rule"], lineage["job"]["params"]) == (run.id, "seg", {"sigma": 1.5})
        assert lineage["identifier"] == "https://doi.org/10.5281/zenodo.7"
        assert lineage["job"]["record"] == digest.of_bytes(codec.dumps(codec.encode(run.jobs[0])).encode())


def test_existing_copies_are_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when only the last of them is there."""
    both(tmp_path)
    (tmp_path / "copies/b.ome.zarr").mkdir(parents=True)
    assert main(["embed", "-d", str(tmp_path), "-o", str(tmp_path / "copies")]) == 2
    assert "[target-exists]" in capsys.readouterr().err
    assert os.listdir(tmp_path / "copies") == ["b.ome.zarr"]


def test_in_place_the_run_knows_what_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times and modes stay; show tells both digests, and embedding again changes nothing."""
    both(tmp_path)
    names = ["a.ome.tif", "b.ome.zarr", "b.ome.zarr/.zattrs"]
    os.chmod(tmp_path / "a.ome.tif", 0o440)
    before = {name: os.stat(tmp_path / name) for name in names}
    assert main(["embed", "-d", str(tmp_path), "--in-place"]) == 0
    once = contents(tmp_path)
    for name in names:
        now = os.stat(tmp_path / name)
        assert (now.st_mtime_ns, now.st_mode) == (before[name].st_mtime_ns, before[name].st_mode)
    assert main(["embed", "-d", str(tmp_path), "--in-place", "latest", "a.ome.tif"]) == 0
    assert contents(tmp_path) == once
    assert len(list((tmp_path / ".provcap/embedded").iterdir())) == 2
    capsys.readouterr()
    assert main(["show", "-d", str(tmp_path), "--file", "a.ome.tif"]) == 0
    shown = capsys.readouterr().out
    assert f"with its lineage in it since: {digest.of_file(tmp_path / 'a.ome.tif')}" in shown


def test_embedding_again_notes_what_is_there_already(tmp_path: Path) -> None:
    """When the notes were lost: the run knows its images again, though nothing had to be written."""
    opened = both(tmp_path)
    done = carry(opened, [], tmp_path, None)
    shutil.rmtree(tmp_path / ".provcap/embedded")
    assert carry(opened, [], tmp_path, None) == done
    assert {one.path for one in open_run("latest", tmp_path).run.embeddings} == {"a.ome.tif", "b.ome.zarr"}


def test_the_crate_packs_the_image_with_its_lineage(tmp_path: Path) -> None:
    """As what was recorded, both digests told; the crate is whole and valid, and a comparison finds nothing changed."""
    opened = both(tmp_path)
    recorded_as = {artifact.path: artifact.digest for artifact in opened.run.jobs[0].outputs}
    carry(opened, [], tmp_path, None)
    opened = open_run("latest", tmp_path)
    gaps = bundle.write_crate(opened.run, tmp_path, tmp_path / "c.zip", Policy())
    assert not [gap for gap in gaps if gap.subject.startswith(("file:a", "file:b"))]
    with zipfile.ZipFile(tmp_path / "c.zip") as archive:
        entities = {e["@id"]: e for e in json.loads(archive.read("ro-crate-metadata.json"))["@graph"]}
        assert archive.read("a.ome.tif") == (tmp_path / "a.ome.tif").read_bytes()
        prov = archive.read("provenance/prov.provn").decode()
    entity = entities["a.ome.tif"]
    assert "sha256:" + entity["sha256"] == digest.of_file(tmp_path / "a.ome.tif")
    assert str(recorded_as["a.ome.tif"]) in entity["description"]
    told = [entities[one["@id"]] for one in entity["additionalProperty"] if "recorded" in one["@id"]]
    assert [one["value"] for one in told] == [recorded_as["a.ome.tif"]]
    assert "b.ome.zarr/ro-crate-metadata.json" in set(zipfile.ZipFile(tmp_path / "c.zip").namelist())
    assert prov.count("provcap:LineageEmbedded") == 2
    assert main(["compare", str(tmp_path / "c.zip"), str(tmp_path / ".provcap/runs" / opened.run.id)]) == 0


@pytest.mark.slow
def test_such_a_crate_is_valid(tmp_path: Path) -> None:
    """roc-validator, PROV-CONSTRAINTS and the digests agree."""
    carry(both(tmp_path), [], tmp_path, None)
    opened = open_run("latest", tmp_path)
    bundle.write_crate(opened.run, tmp_path, tmp_path / "c.zip", Policy())
    assert main(["check", str(tmp_path / "c.zip")]) == 0


def test_the_crate_inside_an_ome_zarr_is_valid(tmp_path: Path) -> None:
    """RO-Crate 1.1, asked with no network; nothing is REQUIRED that it does not do."""
    opened = both(tmp_path)
    carry(opened, ["b.ome.zarr"], tmp_path, tmp_path / "copies")
    root = tmp_path / "copies/b.ome.zarr"
    profile, claimed = conformance.profile_of(["https://w3id.org/ro/crate/1.1"])
    issues = conformance.validate(root, profile, claimed)
    assert [issue for issue in issues if issue.required] == []


def test_an_image_that_was_changed_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not what the run made, so the run says nothing of it."""
    both(tmp_path)
    tiff(tmp_path / "a.ome.tif", XML.replace("GFP", "RFP"))
    before = contents(tmp_path)
    assert main(["embed", "-d", str(tmp_path), "--in-place", "latest", "a.ome.tif"]) == 1
    assert "a.ome.tif: it is no longer what the run recorded" in capsys.readouterr().err
    assert {k: v for k, v in contents(tmp_path).items() if not k.startswith(".provcap/images")} == before


def test_no_names_and_no_paths_go_along(tmp_path: Path) -> None:
    """Account, machine, home directory, absolute paths and secrets of the record are not in the annotation."""
    tiff(tmp_path / "a.ome.tif", XML)
    params = {
        "db": "/home/eve.adams/models/unet v2.onnx", "inside": f"{tmp_path}/x/y.tif", "cmd": "run --on node17 /srv/lab/a.txt",
        "mail": "eve.adams@uni.example.edu", "list": [{"/home/eve.adams/k": 1}], "token": "ghp_" + "a1B2" * 9,
        "win": "C:\\Users\\eve.adams\\x.tif", "fine": "a/b.tif 3/4",
    }  # fmt: skip
    opened = workdir_with(tmp_path, "a.ome.tif", params=params)
    run = dataclasses.replace(opened.run, user="eve.adams", hostname="node17")
    told = facts(dataclasses.replace(opened, run=run), run.jobs[0], run.jobs[0].outputs[0], None)
    text = json.dumps(told)
    for name in ("eve.adams", "node17", str(tmp_path), "/home", "/srv", "ghp_", "Users"):
        assert name not in text
    assert told["job"]["params"]["fine"] == "a/b.tif 3/4"
    assert told["job"]["params"]["db"] == "unet v2.onnx"
    assert told["job"]["params"]["inside"] == "x/y.tif"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("-I/home/alice/lib -isystem/home/alice/inc", "-Ilib -isysteminc"),
        ("nas01:/vol/alice/x.tif", "x.tif"),
        ("in alice@nas01:/vol/alice/x.tif", "in x.tif"),
        ("in /home/alice b/secret name/x.tif and on", "in x.tif and on"),
        ("/vol/o'alice; c, d/x y.tif", "x y.tif"),
        (r"\\server\share\alice\x of \\server\share\alice b\y.tif", "x of y.tif"),
        (r"in C:\Users\alice b\x.tif C:/Users/alice/y.tif D:\\alice\\z.tif", "in x.tif y.tif z.tif"),
        ("/home/alice/", "<redacted:home-path>"),
        ("HOME=/home/alice", "HOME=<redacted:home-path>"),
        ("in /Users/alice/ and /home/alice:/root", "in <redacted:home-path> and <redacted:home-path>:<redacted:home-path>"),
        (r"C:\Users\alice", "<redacted:home-path>"),
        ("/root", "<redacted:home-path>"),
        ("/a/alice/b.txt --out=/vol/alice/c", "c"),
        ("file:///vol/alice/x.tif smb://nas/alice/y.tif", "x.tif y.tif"),
        ("--bind=/vol/alice/b:/srv/alice/c,/srv/alice/d", "--bind=b:c,d"),
        ("cp /vol/alice/b.txt /vol/alice/c.txt", "cp b.txt c.txt"),
        ("--in //home/alice/x.tif", "--in x.tif"),
        ("x=../../home/alice/x.tif", "x=x.tif"),
        *((same, same) for same in (
            "https://example.org/a/b/x.tif", "see https://example.org:8080/a-/b?c=1 s3://bucket/a/b.zarr", "a/b.tif 3/4",
            "~/models/unet", "../a/b c/d.tif", r"\d+\s*(a|b)\\n", "n / m", "docker://ihc/a:1", "a-b/c/d", "10:30 1/2",
        )),
    ],
)  # fmt: skip
def test_absolute_paths_are_cut_wherever_they_stand(tmp_path: Path, given: str, told: str) -> None:
    """Behind options, colons and machines, with blanks, on shares; URLs, relative paths and other texts stay."""
    opened = workdir_with(tmp_path, str(tiff(tmp_path / "a.ome.tif", XML).name), params={"p": given})
    answer = facts(opened, opened.run.jobs[0], opened.run.jobs[0].outputs[0], None)["job"]["params"]["p"]
    assert answer == told
    assert "alice" not in answer


@pytest.mark.parametrize(
    "given",
    ["http://user:pw@host/x", "https://user@host/x", "https://[pw@x/", "https://host/records/1?preview=1&token=pw3456"],
)
def test_an_identifier_with_a_password_is_refused(
    tmp_path: Path, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line that does not tell it again, and nothing is written."""
    both(tmp_path)
    assert main(["embed", "-d", str(tmp_path), "-o", str(tmp_path / "c"), "--identifier", given]) == 2
    shown = capsys.readouterr().err
    assert "[bad-identifier]" in shown
    assert "pw" not in shown
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("given", ["", "my crate", "file:///etc", "javascript:x", "https://a b", "https://x/\x1b"])
def test_what_is_no_identifier_is_refused(tmp_path: Path, given: str) -> None:
    """A DOI or a URL."""
    both(tmp_path)
    assert main(["embed", "-d", str(tmp_path), "-o", str(tmp_path / "c"), "--identifier", given]) == 2
    assert not (tmp_path / "c").exists()


def _note(path: Path, known: str, placed: embed.Placed, pixels: str) -> None:
    embed.note(path.parent, Embedding(path.name, known, placed.digest, placed.size_bytes, pixels))


def _embedded_until(number: int, when: str, made: dict[Path, str]) -> int:
    """Embed into all of `made`, in a process that is killed before or after its rename of that number; its status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    real, left = os.replace, itertools.count(1)

    def replace(source: Any, target: Any) -> None:
        here = next(left)
        if here < number or when == "after":
            real(source, target)
        if here == number:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace
    try:
        for path, known in made.items():
            before = functools.partial(_note, path, known)
            embed.write(path, path, known, TOLD, described, before)
    finally:
        os._exit(0)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_leaves_the_image_or_the_image_with_its_lineage(tmp_path: Path, when: str, again: bool) -> None:
    """Whichever rename it falls on: what is there is the recorded image with or without, and going on ends well.

    What is there is noted already, also when it is an OME-Zarr with a part of its lineage, a new one or an older one.
    """
    for number in range(1, 20):
        folder = tmp_path / str(number)
        folder.mkdir()
        images = (tiff(folder / "a.ome.tif", XML), ngff(folder / "b.ome.zarr"))
        zarr.consolidate_metadata(images[1], zarr_format=2)
        made = {path: known_of(path) for path in images}
        for path, known in made.items() if again else ():
            embed.write(path, path, known, {**TOLD, "run": "r0"}, described, functools.partial(_note, path, known))
        status = _embedded_until(number, when, made)
        for path, known in made.items():
            now = known_of(path)
            assert known in (now, embed.recorded(path))
            assert known in (now, embed.known_as(folder, now))
            embed.write(path, path, known, TOLD, described)
            assert found(path).same_file
        if status == 0:
            assert number == (
                10 if again else 9
            )  # two of the TIFF, and of the Zarr three files and a note on each state
            return
    pytest.fail("it never came to its end")


SNAKEFILE = """
rule all:
    input: "n.txt", "flat"
rule make:
    output: "a.ome.tif"
    params: sigma=2
    script: "make.py"
rule tree:
    output: directory("b.ome.zarr")
    script: "tree.py"
rule read:
    input: "a.ome.tif", "b.ome.zarr"
    output: "n.txt"
    shell: "wc -c < {input[0]} > {output}; ls {input[1]} >> {output}"
rule more:
    input: "a.ome.tif", "b.ome.zarr"
    output: "flat"
    shell: "cat {input[0]} > {output}"
"""
MAKE = "import numpy, tifffile\ntifffile.imwrite(snakemake.output[0], numpy.zeros((2, 4, 4), 'u1'), ome=True)\n"
TREE = """import zarr
root = zarr.open_group(snakemake.output[0], mode="w", zarr_format=3)
root.create_array("0", shape=(4, 4), dtype="u1")
axes = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
root.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}]}
"""


@pytest.mark.slow
def test_snakemake_reruns_nothing_and_a_later_run_knows_the_image(tmp_path: Path) -> None:
    """After embedding in place; the later run, which read the image with its lineage, knows the job that made it."""
    workdir = workflows.write(tmp_path / "w", SNAKEFILE, make__py=MAKE, tree__py=TREE)
    assert workflows.snakemake(workdir, "n.txt").returncode == 0
    made = {job.rule: job.id for job in workflows.latest(workdir).jobs}
    done = workflows.provcap(workdir, "embed", "--in-place")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    again = workflows.snakemake(workdir, "n.txt", "--dry-run", capture=False)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert workflows.snakemake(workdir, "flat").returncode == 0
    later = workflows.latest(workdir)
    assert {job.rule: (job.id, job.status) for job in later.jobs if job.rule != "more"} == {
        rule: (made[rule], "up_to_date") for rule in ("make", "tree")
    }
    (reader,) = (job for job in later.jobs if job.rule == "more")
    assert {a.digest for a in reader.inputs} == {known_of(workdir / a.path) for a in reader.inputs}
    (as_made,) = (job for job in questions.as_made(later).jobs if job.rule == "more")
    made = {a.path: a.digest for job in later.jobs if job.rule != "more" for a in job.outputs}
    assert {a.path: a.digest for a in as_made.inputs} == made
    shown = workflows.provcap(workdir, "show", "--file", "flat")
    assert "make" in shown.stdout
    bundle.write_crate(later, workdir, tmp_path / "c.zip", Policy(intermediates=True))
    assert main(["check", str(tmp_path / "c.zip")]) == 0


def test_a_public_crate_with_embedded_images_has_no_names(tmp_path: Path) -> None:
    """The gate looks through the images, too, and finds nothing."""
    carry(both(tmp_path), [], tmp_path, None)
    opened = open_run("latest", tmp_path)
    bundle.write_public(opened.run, tmp_path, tmp_path / "c.zip", Policy())
    with zipfile.ZipFile(tmp_path / "c.zip") as archive:
        record = codec.load_run(archive.read("provenance/run.json"))
    assert {one.path for one in record.embeddings} == {"a.ome.tif", "b.ome.zarr"}


def test_a_submission_lists_the_image_with_its_lineage(tmp_path: Path) -> None:
    """The BioImage Archive gets what lies there, under its own digest and size."""
    run = studied("directory")
    workdir = materialise(run, tmp_path / "work")
    tree = next(a for job in run.jobs for a in job.outputs if a.path.endswith(".zarr"))
    (workdir / tree.path / "zarr.json").write_text("other")
    placed = embed.Placed(*digest.of_tree(workdir / tree.path))
    one = Embedding(tree.path, str(tree.digest), placed.digest, placed.size_bytes, "")
    place = Opened(dataclasses.replace(run, embeddings=(one,)), files=workdir)
    writing.write(place, tmp_path / "out")
    assert (tmp_path / "out/files" / tree.path / "zarr.json").read_text() == "other"
    with pytest.raises(ProvcapError, match="changed since the run"):
        writing.write(dataclasses.replace(place, run=run), tmp_path / "again")
