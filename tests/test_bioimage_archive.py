"""Submissions to the BioImage Archive, in its own profile of RO-Crate."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bundle, check, cli, codec, store
from provcap.crate.policy import Policy
from provcap.deposit.bia import submission
from provcap.deposit.bia.components import MOST_SOURCES, components, sources
from provcap.deposit.bia.file_list import table
from provcap.deposit.bia.graph import Graph
from provcap.deposit.bia.study import licence
from provcap.deposit.bia.submission import Lying
from provcap.deposit.bia.writing import write
from provcap.deposit.limits import BIOSTUDIES_KEY
from provcap.digest import of_bytes, of_file, of_tree
from provcap.errors import ProvcapError
from provcap.model import Artifact, ImageData, Run
from provcap.opening import Opened, open_run
from tests.conftest import materialise
from tests.engines import ROOT
from tests.studies import STUDY, hostile, studied

RUNS = ("directory", "odd-names", "scatter-gather")
CONTEXT = ROOT / "src/provcap/crate/contexts/ro-crate-1.1.jsonld"


def opened(run: Run, workdir: Path) -> Opened:
    """`run` as it is opened in its work directory, with its files there."""
    return Opened(run, files=materialise(run, workdir))


def listed(crate: Path) -> list[dict[str, str]]:
    """The rows of a file list."""
    text = (crate / "file_list.tsv").read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), dialect="excel-tab"))


def entities(crate: Path) -> dict[str, dict[str, Any]]:
    """The entities of a crate by @id."""
    return {entity["@id"]: entity for entity in json.loads((crate / "ro-crate-metadata.json").read_bytes())["@graph"]}


def validated(*crates: Path) -> list[list[dict[str, str]]]:
    """What the archive's validator finds in each of `crates`, without a network."""
    command = [os.environ["PROVCAP_TEST_BIA"], *map(str, (ROOT / "tests/bia_validator.py", CONTEXT, *crates))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A submission of each of `RUNS`, and of one in which every text is hostile."""
    base, found = tmp_path_factory.mktemp("submissions"), {}
    cases = {name: studied(name) for name in RUNS}
    cases["hostile"] = replace(cases["directory"], study=hostile(cases["directory"].study or STUDY))
    for name, run in cases.items():
        found[name] = base / name
        write(opened(run, base / f"{name}-work"), found[name])
    return found


@pytest.mark.bia
@pytest.mark.slow
def test_the_archive_s_validator_finds_nothing(submissions: dict[str, Path]) -> None:
    """No issue of any level: images, directories, annotations, odd names, hostile texts."""
    assert dict(zip(submissions, validated(*submissions.values()), strict=True)) == {name: [] for name in submissions}


def foreign(crate: dict[str, Any]) -> None:
    crate["@graph"].append({"@id": "#run", "@type": "CreateAction", "name": "a run"})


def no_taxon(crate: dict[str, Any]) -> None:
    crate["@graph"] = [entity for entity in crate["@graph"] if "bia:Taxon" not in entity["@type"]]


def no_accession(crate: dict[str, Any]) -> None:
    next(entity for entity in crate["@graph"] if entity["@id"] == "./").pop("accessionId")


def alone(crate: dict[str, Any]) -> None:
    crate["@graph"].append({"@id": "#alone", "@type": ["bia:Protocol"], "name": "alone", "description": "alone"})


def other_term(crate: dict[str, Any]) -> None:
    crate["@context"][1]["author"] = {"@id": "http://schema.org/creator"}


@pytest.mark.bia
@pytest.mark.slow
def test_the_validator_can_refuse(submissions: dict[str, Path], tmp_path: Path) -> None:
    """A foreign entity, a taxon that is missing, a study without accession, an entity to which nothing refers, a term
    of another meaning, a row of no dataset, a file that is listed twice: each is found."""
    broken = []
    for spoil in (foreign, no_taxon, no_accession, alone, other_term):
        broken.append(shutil.copytree(submissions["scatter-gather"], tmp_path / spoil.__name__))
        path = broken[-1] / "ro-crate-metadata.json"
        crate = json.loads(path.read_bytes())
        spoil(crate)
        path.write_text(json.dumps(crate))
    edits: dict[str, Callable[[str], str]] = {
        "dataset": lambda text: text.replace("#images-1", "#images-9"),
        "twice": lambda text: text + text.splitlines()[1] + "\n",
        "source": lambda text: text.replace("\tfiles/inputs/a.tif\t", "\tfiles/inputs/z.tif\t"),
    }
    for name, edit in edits.items():
        broken.append(shutil.copytree(submissions["scatter-gather"], tmp_path / name))
        path = broken[-1] / "file_list.tsv"
        path.write_text(edit(path.read_text()))
    assert [crate.name for crate, found in zip(broken, validated(*broken), strict=True) if not found] == []


@pytest.mark.parametrize("name", [*RUNS, "hostile"])
def test_every_file_of_a_component_is_there_once(submissions: dict[str, Path], name: str) -> None:
    """What is listed is what lies there, each once, under a name that BioStudies lets through, with its bytes."""
    crate = submissions[name]
    rows = listed(crate)
    there = {p.relative_to(crate).as_posix() for p in crate.rglob("*") if p.is_file()}
    assert sorted(row["file_path"] for row in rows) == sorted(there - {"ro-crate-metadata.json", "file_list.tsv"})
    for row in rows:
        assert re.fullmatch(BIOSTUDIES_KEY, row["file_path"]), row
        path = crate / row["file_path"]
        assert (path.stat().st_size, of_file(path).removeprefix("sha256:")) == (
            int(row["size_in_bytes"]),
            row["sha256"],
        )
        assert row["dataset"] in entities(crate)
    original = crate.parent / f"{name}-work"
    data = [row for row in rows if not row["file_path"].startswith("provenance/")]
    assert {row["original_path"] for row in data} == {
        path.relative_to(original).as_posix()
        for top in ("inputs", "results", "labels")
        for path in (original / top).rglob("*")
        if (path.is_file() and path.name != "c.tif") or path.parent.name == "inputs"
    }  # labels/c.tif is temporary
    for row in data:
        assert (original / row["original_path"]).read_bytes() == (crate / row["file_path"]).read_bytes()


def test_what_people_said_arrives(submissions: dict[str, Path]) -> None:
    """Sample, preparation, imaging, annotation and people are in the crate, in the archive's terms; a sample that is
    on no image is not."""
    found = entities(submissions["scatter-gather"])
    assert found["NCBI:txid9606"]["scientificName"] == "Homo sapiens"
    assert "NCBI:txid10090" not in found
    raw, root = found["#images-1"], found["./"]
    assert "bia:RembiDataset" in raw["@type"]
    taken = found[raw["associatedImageAcquisitionProtocol"][0]["@id"]]
    assert taken["fbbiId"] == ["http://purl.obolibrary.org/obo/FBbi_00000243"]
    assert taken["imagingInstrumentDescription"].startswith("a slide scanner\n\nPIDINST: hdl:")
    assert found[raw["associatedSpecimen"]["@id"]]["name"] == "section"
    assert root["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert root["accessionId"] == "not assigned yet"
    assert root["author"][0]["@id"] == "https://orcid.org/0000-0002-1825-0097"
    assert found["https://ror.org/05gq02987"]["name"] == "Brown University"
    masks = found["#annotations-1"]
    assert found[masks["associatedAnnotationMethod"][0]["@id"]]["methodType"] == ["segmentation_mask"]
    methods = [found[ref["@id"]] for ref in found["#analysis-1"]["associatedImageAnalysisMethod"]]
    assert methods[0]["featuresAnalysed"] == "area"
    assert "Snakemake" in methods[1]["description"]


def test_images_are_named_as_sources(submissions: dict[str, Path]) -> None:
    """A mask names the image that the sheet says it annotates, a result the images that it was made of."""
    rows = {row["original_path"]: row for row in listed(submissions["scatter-gather"])}
    assert rows["labels/b.tif"]["source_image"] == "files/inputs/b.tif"
    assert rows["labels/b.tif"]["type"] == rows["inputs/b.tif"]["type"] == "http://bia/Image"
    made_of = ["files/inputs/c.tif", "files/labels/a.tif", "files/labels/b.tif"]  # the third mask was temporary
    assert rows["results/all.csv"]["source_image"].split(",") == made_of
    assert rows["results/all.csv"]["type"] == ""
    zarr = [row for row in listed(submissions["directory"]) if row["label"]]
    assert {row["label"] for row in zarr if "zarr" in row["file_path"]} == {"files/results/labels.ome.zarr"}
    made = next(row for row in listed(submissions["directory"]) if row["original_path"] == "results/nuclei.csv")
    assert made["source_image"] == "files/results/labels.ome.zarr"


def test_everything_that_is_missing_is_named(tmp_path: Path) -> None:
    """In one go, by sheet and column; and nothing is written."""
    run = studied("scatter-gather")
    lacking = replace(
        STUDY,
        license=None,
        authors=(),
        released=None,
        biosamples=(replace(STUDY.biosamples[0], organism=replace(STUDY.biosamples[0].organism, name=None)),),
        specimens=(replace(STUDY.specimens[0], preparation=""),),
        acquisitions=(replace(STUDY.acquisitions[0], methods=(), parameters=""),),
        image_data=(
            *STUDY.image_data,
            ImageData("lost", "of nothing", ("nowhere/*.tif",), specimens=("unheard of",)),
            ImageData("again", "the same files", ("inputs/a.tif",), acquisitions=("scan",)),
            ImageData("vague", "of unknown files"),
        ),
    )
    known = replace(run.jobs[1], inputs=(replace(run.jobs[1].inputs[0], size_bytes=13),))
    run = replace(
        run, study=lacking, about=replace(run.about, license=None, authors=()), jobs=(run.jobs[0], known, *run.jobs[2:])
    )
    place = opened(run, tmp_path / "work")
    (tmp_path / "work/results/all.csv").unlink()
    (tmp_path / "work/inputs/b.tif").write_text("changed")
    with pytest.raises(ProvcapError) as caught:
        write(place, tmp_path / "out")
    assert caught.value.slug == "submission-incomplete"
    for wanted in (
        "Study, Release date",
        "Study, Licence",
        "Authors, Name",
        "Biosample 'colon', Organism",
        "Specimen 'section', Sample preparation",
        "Image acquisition 'scan', Acquisition parameters",
        "Image acquisition 'scan', Imaging method",
        "Image data 'lost', Image acquisition",
        "Image data 'lost', Specimen: the sheet Specimen has no 'unheard of'",
        "Image data 'lost', Files: 'nowhere/*.tif' means no file",
        "Image data 'again', Files: 'inputs/a.tif' is also of 'raw'",
        "Image data 'vague', Files: nothing says",
        "'results/all.csv': it cannot be read",
        "'inputs/b.tif': it has changed",
    ):
        assert wanted in caught.value.message, wanted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["work"]


def test_a_run_without_a_sheet_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line says what to do, exits with 2 and writes nothing."""
    run = replace(studied("scatter-gather"), study=None)
    folder = store.run_folder(materialise(run, tmp_path), run.id)
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(run))
    words = ["export", "--to", "bioimage-archive", "-o", str(tmp_path / "out"), "-d", str(tmp_path)]
    assert cli.main(words) == 2
    assert "[not-annotated]" in (said := capsys.readouterr().err)
    assert "provcap template" in said
    (folder / "run.json").write_text(codec.dump_run(studied("scatter-gather")))
    assert cli.main([*words, "--accession", "S-BIAD1; rm"]) == 2
    assert not (tmp_path / "out").exists()
    assert cli.main([*words, "--accession", "S-BIAD1234"]) == 0
    assert entities(tmp_path / "out")["./"]["accessionId"] == "S-BIAD1234"
    assert cli.main(words) == 2
    assert "[target-exists]" in capsys.readouterr().err
    assert cli.main(["export", "--codemeta", str(tmp_path / "x"), "--link", "-d", str(tmp_path)]) == 2
    assert "[unknown-argument]" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["crate.zip", "crate"])
def test_from_a_crate_it_is_the_same(submissions: dict[str, Path], tmp_path: Path, target: str) -> None:
    """A crate, zipped or not, gives the same list as the run that it is of, and is itself what is listed."""
    run = studied("directory")
    policy = Policy(intermediates=True)
    bundle.write_public(run, materialise(run, tmp_path / "work"), tmp_path / target, policy)
    write(open_run(target, tmp_path), tmp_path / "out")
    rows, wanted = listed(tmp_path / "out"), listed(submissions["directory"])
    assert rows[:-1] == wanted[:-1]
    assert rows[-1]["file_path"] == wanted[-1]["file_path"]
    packed = tmp_path / "out" / rows[-1]["file_path"]
    if target.endswith(".zip"):
        assert (tmp_path / target).read_bytes() == packed.read_bytes()
    else:
        assert not [finding for finding in check.check(packed).findings if finding.level == "error"]


def test_data_can_be_linked_or_left(submissions: dict[str, Path], tmp_path: Path) -> None:
    """With --link no byte is copied, with --metadata-only no file is brought; the list is the same."""
    place = opened(studied("directory"), tmp_path / "work")
    write(place, tmp_path / "linked", link=True)
    write(place, tmp_path / "bare", data=False)
    assert listed(tmp_path / "linked")[:-1] == listed(tmp_path / "bare")[:-1] == listed(submissions["directory"])[:-1]
    assert os.path.samefile(tmp_path / "work/inputs/nuclei.ome.tif", tmp_path / "linked/files/inputs/nuclei.ome.tif")
    assert not (tmp_path / "bare/files").exists()


def test_a_file_that_changed_is_not_brought(tmp_path: Path) -> None:
    """Of the same size and of other content: it is named by its path of the run, whether it were copied, linked or only
    listed, the hint says what can be done, and nothing is left."""
    place = opened(studied("scatter-gather"), tmp_path / "work")
    content = (tmp_path / "work/inputs/a.tif").read_bytes()
    (tmp_path / "work/inputs/a.tif").write_bytes(content[::-1])
    for data, link in ((True, True), (True, False), (False, False)):
        with pytest.raises(ProvcapError) as caught:
            write(place, tmp_path / "out", data=data, link=link)
        assert caught.value.slug == "submission-incomplete"
        assert caught.value.message.endswith(" lacks (1):\n  'inputs/a.tif': it has changed since the run")
        assert "bring back the files" in (caught.value.hint or "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["work"]


@pytest.mark.parametrize("lacks", ["cells", "files", "both"])
def test_the_hint_is_of_what_is_missing(tmp_path: Path, lacks: str) -> None:
    """Of a crate without the files between the steps another crate is asked for, of a sheet with empty cells a sheet."""
    run = studied("directory")
    if lacks != "files":
        run = replace(run, study=replace(run.study or STUDY, released=None))
    policy = Policy(intermediates=True)
    bundle.write_public(run, materialise(run, tmp_path / "work"), tmp_path / "crate", policy)
    if lacks != "cells":
        (tmp_path / "crate/inputs/nuclei.ome.tif").unlink()
    with pytest.raises(ProvcapError, match="lacks") as caught:
        write(open_run("crate", tmp_path), tmp_path / "out")
    hint = caught.value.hint or ""
    assert ("--with-intermediates" in hint) == (lacks != "cells")
    assert ("put it into the sheet, then: provcap annotate RUN" in hint) == (lacks != "files")


@pytest.mark.parametrize("what", ["folder", "file", "nothing"])
def test_a_link_inside_a_directory_is_told(tmp_path: Path, what: str) -> None:
    """In a directory that a step made, or an OME-Zarr: files behind it would be left out of the submission."""
    run = studied("directory")
    work = materialise(run, tmp_path / "work")
    made, behind = work / "results/labels.ome.zarr", tmp_path / "behind"
    (behind / "folder").mkdir(parents=True)
    (behind / "file").write_text("x")
    (made / "labels").symlink_to(behind / what)
    old = next(a.digest for job in run.jobs for a in job.made if a.path == "results/labels.ome.zarr")
    text = codec.dump_run(run).replace(str(old), of_tree(made)[0])
    with pytest.raises(ProvcapError) as caught:
        write(Opened(codec.load_run(text), files=work), tmp_path / "out")
    assert caught.value.message.endswith(" lacks (1):\n  'results/labels.ome.zarr/labels': it is a link")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("https://creativecommons.org/licenses/by/4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("MIT", "https://spdx.org/licenses/MIT.html"),
        ("https://example.org/terms", "https://example.org/terms"),
        ("CC-BY", None),
        ("all rights reserved", None),
    ],
)
def test_a_licence_is_an_address_or_missing(said: str, found: str | None) -> None:
    """As people write it, in the archive's spelling; a version that nobody named is not made up."""
    assert licence(studied("scatter-gather"), replace(STUDY, license=said)) == found


def test_a_crate_cannot_reach_outside(tmp_path: Path) -> None:
    """Neither a link in the crate of somebody else nor the id of its run leads anywhere else."""
    run = replace(studied("scatter-gather"), id="../../escaped")
    bundle.write_public(run, materialise(run, tmp_path / "work"), tmp_path / "crate", Policy(intermediates=True))
    image = tmp_path / "crate/inputs/a.tif"
    content = image.read_bytes()
    image.unlink()
    image.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_bytes(content)
    with pytest.raises(ProvcapError, match=r"inputs/a\.tif"):
        write(open_run("crate", tmp_path), tmp_path / "out")
    image.unlink()
    image.write_bytes(content)
    write(open_run("crate", tmp_path), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crate", "elsewhere", "out", "work"]


def test_what_is_secret_does_not_leave(tmp_path: Path) -> None:
    """A password in a result is named with its place, and nothing is written."""
    run, secret = studied("scatter-gather"), b"password = 'correct-horse-Battery9-staple'\nAKIAIOSFODNN7EXAMPLE\n"
    table = replace(run.jobs[-1].outputs[0], digest=of_bytes(secret), size_bytes=len(secret))
    run = replace(run, jobs=(*run.jobs[:-1], replace(run.jobs[-1], outputs=(table,))))
    place = opened(run, tmp_path / "work")
    (tmp_path / "work/results/all.csv").write_bytes(secret)
    with pytest.raises(ProvcapError) as caught:
        write(place, tmp_path / "out")
    assert caught.value.slug == "deposit-blocked"
    assert "files/results/all.csv" in caught.value.message
    assert b"Battery9" not in caught.value.message.encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["work"]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda n: n not in (".", "..")
)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), unique=True, max_size=12))
def test_no_name_is_lost_or_doubled(names: list[str]) -> None:
    """Whatever files are called, each has one row and a path of its own that BioStudies lets through, and the list is
    read back as it was written."""
    run = studied("scatter-gather")
    paths = [f"inputs/{name}" for name in names if not any(n != name and n.startswith(name + "/") for n in names)]
    job = replace(run.jobs[0], inputs=tuple(Artifact(path, digest="sha256:" + "1" * 64) for path in paths), outputs=())
    run = replace(run, jobs=(job,))
    said = replace(STUDY, image_data=(replace(STUDY.image_data[0], files=("inputs/**",)),), analyses=())
    parts, _ = components(run, said)
    graph = Graph()
    for part in parts:
        graph.add(part.id, "bia:Dataset")
    rows = [row for row, _ in submission.rows(run, parts, graph, lambda a: [Lying(a.path, a.path, 1, a.digest)])]
    assert [row.original for row in rows] == sorted(paths)
    assert len({row.path for row in rows}) == len(rows)
    assert all(re.fullmatch(BIOSTUDIES_KEY, row.path) and row.path.startswith("files/") for row in rows)
    read = list(csv.DictReader(io.StringIO(table(rows).decode(), newline=""), dialect="excel-tab"))
    assert [row["file_path"] for row in read] == [row.path for row in rows]
    clean = [path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for path in sorted(paths)]
    assert [row["original_path"] for row in read] == clean


def test_ten_thousand_images_are_not_squared() -> None:
    """Ten thousand masks know their images, and a table of all of them, or what was made of it, names none: the cells
    would be larger than the data."""
    run = studied("scatter-gather")
    first = run.jobs[0]
    numbers = range(10 * MOST_SOURCES)

    def job(name: str, read: list[str], made: list[str]) -> Any:
        inputs, outputs = (tuple(Artifact(path) for path in paths) for paths in (read, made))
        return replace(first, id=name, inputs=inputs, outputs=outputs, status="succeeded")

    masks = [job(f"m{n}", [f"raw/{n}"], [f"mask/{n}"]) for n in numbers]
    merged = job("merge", [f"mask/{n}" for n in numbers], ["all.csv"])
    after = [job(f"a{n}", ["all.csv"], [f"plot/{n}"]) for n in numbers]
    run = replace(run, jobs=(*masks, merged, *after))
    found = sources(run, [f"raw/{n}" for n in numbers], [f"{kind}/{n}" for n in numbers for kind in ("mask", "plot")])
    assert all(found[f"mask/{n}"] == (f"raw/{n}",) for n in numbers)
    assert not any(found[f"plot/{n}"] for n in numbers)
