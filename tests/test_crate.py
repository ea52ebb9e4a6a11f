"""Writing crates: what every run's crate promises, and what happens to files that are odd, gone or hostile."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate
from runcrate.report import dump_crate_actions

from provcap import crate, digest
from provcap.check import check
from provcap.codec import dump_run
from provcap.crate import Policy, derived
from provcap.crate.places import Places, file_id
from provcap.crate.profile import Profile
from provcap.crate.surroundings import parse_reference
from provcap.errors import ProvcapError, TargetExists
from provcap.model import Artifact, Gap, Run, Source
from provcap.questions import final_outputs
from tests.conftest import materialise, read_run
from tests.engines import RO_CRATE_HTML, ROOT

METADATA = "ro-crate-metadata.json"
#: what nobody said of these runs, or nobody can know: the validator RECOMMENDS it, and we do not make it up
UNKNOWN = {
    "lost": {"process-run-crate-0.5_8.4"},
    "minimal": {
        "process-run-crate-0.5_4.1",
        "process-run-crate-0.5_7.1",
        "process-run-crate-0.5_8.4",
        "process-run-crate-0.5_8.6",
        "ro-crate-1.1_22.2",
        "ro-crate-1.1_22.3",
    },
    "nobody": {"ro-crate-1.1_22.3", "ro-crate-1.1_30.2", "ro-crate-1.1_30.3"},
}


def text_of(source: Source) -> bytes:
    """The text of a source of the hand-written runs, as the store keeps it."""
    return f"{source.path}\n".encode()


def pack(run: Run, tmp_path: Path, name: str = "crate", **options: Any) -> tuple[Path, tuple[Any, ...]]:
    """Write the crate of `run` after its files; returns where it is and the gaps."""
    workdir = tmp_path / "work"
    if not workdir.exists():
        materialise(run, workdir)
    extras = {"provenance/run.json": dump_run(run).encode("utf-8", "surrogateescape"), "provenance/prov.json": b"{}"}
    target = tmp_path / name
    gaps = crate.write(run, workdir, target, extras, options.pop("policy", Policy()), options.pop("sources", text_of))
    return target, gaps


def entities(target: Path) -> dict[str, dict[str, Any]]:
    """The entities of a crate by @id."""
    return {e["@id"]: e for e in json.loads((target / METADATA).read_bytes())["@graph"]}


def refs(value: Any) -> set[str]:
    """The @ids in a property."""
    return {v["@id"] for v in (value if isinstance(value, list) else [value]) if v}


def by_name(target: Path, path: str) -> dict[str, Any]:
    """The one entity that stands for the file `path` of the run."""
    found = [e for i, e in entities(target).items() if path in (unquote(i), e.get("alternateName"))]
    assert len(found) == 1
    return found[0]


def test_conforms(any_run: Run, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every run's crate keeps all REQUIRED and RECOMMENDED rules of its profile, but for what nobody can know."""
    target, _ = pack(any_run, tmp_path)
    found = check(target)
    assert found.ok, found.findings
    broken = {f.message.rsplit("(", 1)[1].rstrip(")") for f in found.findings if f.slug == "not-conformant"}
    assert broken == UNKNOWN.get(request.node.callspec.params["any_run"], set())
    assert {f.slug for f in found.findings} <= {"not-conformant", "unsigned"}


def test_claims_only_what_holds(any_run: Run, tmp_path: Path) -> None:
    """A crate claims the Provenance Run profile just when some attempt at a job is known."""
    target, _ = pack(any_run, tmp_path)
    claimed = "https://w3id.org/ro/wfrun/provenance/0.5" in refs(entities(target)["./"]["conformsTo"])
    kinds = ("CreateAction", "ActivateAction")
    assert claimed == any(e["@type"] in kinds and i.startswith("#job/") for i, e in entities(target).items())


def test_is_the_same_every_time(any_run: Run, tmp_path: Path) -> None:
    """Two writes of one run give the same metadata and the same zip, byte for byte."""
    first, _ = pack(any_run, tmp_path, "first")
    second, _ = pack(any_run, tmp_path, "second")
    assert (first / METADATA).read_bytes() == (second / METADATA).read_bytes()
    one, _ = pack(any_run, tmp_path, "one.zip")
    for path in (tmp_path / "work").rglob("*"):
        os.utime(path, (1, 1))
    two, _ = pack(any_run, tmp_path, "two.zip")
    assert one.read_bytes() == two.read_bytes()


def test_zip_has_what_the_directory_has(any_run: Run, tmp_path: Path) -> None:
    """A zip and a directory of one run contain the same files."""
    folder, _ = pack(any_run, tmp_path)
    archive, _ = pack(any_run, tmp_path, "crate.zip")
    with zipfile.ZipFile(archive) as opened:
        packed = {i.filename: opened.read(i) for i in opened.infolist() if not i.is_dir()}
    assert packed == {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_reference_leads_somewhere(any_run: Run, tmp_path: Path) -> None:
    """No property of a crate refers to an entity of the crate that is not described."""
    known = entities(pack(any_run, tmp_path)[0])
    for entity in known.values():
        for name, value in entity.items():
            for target in value if isinstance(value, list) else [value]:
                if isinstance(target, dict) and not (name == "conformsTo" and entity["@id"] == METADATA):
                    assert target["@id"] in known or name == "additionalType", (entity["@id"], name)


def test_ro_crate_py_opens_it(any_run: Run, tmp_path: Path) -> None:
    """ro-crate-py finds the main workflow and every final output that is packed."""
    target, _ = pack(any_run, tmp_path)
    opened = ROCrate(target)
    assert "ComputationalWorkflow" in opened.mainEntity.type
    for entity in opened.data_entities:
        assert Path(entity.source).exists()
    assert len([e for e in opened.data_entities if "Final output" in e.get("description", "")]) == len(
        final_outputs(any_run)
    )


def test_runcrate_reports_it(any_run: Run, tmp_path: Path) -> None:
    """runcrate reads the crate and reports each attempt that made something."""
    target, _ = pack(any_run, tmp_path)
    report = io.StringIO()
    dump_crate_actions(str(target), report)
    made = [j for j in any_run.jobs if j.status == "succeeded" and j.outputs]
    assert report.getvalue().count("  step: ") == len(made)


@pytest.fixture(scope="module")
def ro_crate_html(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that makes a page of a crate's metadata, with contexts from our folder instead of the web."""
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "install", "--silent", "--prefix", folder, RO_CRATE_HTML], check=True, cwd=folder)
    program = folder / "node_modules/ro-crate-html/roc-html.js"
    return ["node", "--require", str(ROOT / "tests/shipped_contexts.js"), str(program)]


@pytest.mark.npm
@pytest.mark.parametrize("profile", derived.PROFILES, ids=lambda profile: profile.version)
def test_ro_crate_html_makes_its_page(ro_crate_html: list[str], tmp_path: Path, profile: Profile) -> None:
    """ro-crate-html reads the crate and writes a page with its title and its entities."""
    target, _ = pack(read_run("succeeded"), tmp_path, policy=Policy(profile=profile))
    environment = {**os.environ, "PROVCAP_CONTEXTS": str(ROOT / "src/provcap/crate/contexts")}
    subprocess.run([*ro_crate_html, target / METADATA], check=True, env=environment, timeout=100)
    page = (target / "ro-crate-preview.html").read_text()
    known = entities(target)
    assert page.count(str(known["./"]["name"])) > 1
    assert all(name in page for name in known)


def test_retries_share_a_step(tmp_path: Path) -> None:
    """Both attempts at a job are under one ControlAction, and the names tell them apart."""
    known = entities(pack(read_run("retried"), tmp_path)[0])
    attempts = refs(known["#control/measure"]["object"])
    assert {known[i]["name"] for i in attempts} == {"measure, attempt 1", "measure, attempt 2"}
    failed = known["#job/measure-1-1"]
    assert failed["@type"] == "ActivateAction"
    assert failed["error"].startswith("killed\nkilled by signal 9\nThe last lines of its log:\nTraceback")
    assert known["#control/measure"]["actionStatus"] == "http://schema.org/CompletedActionStatus"


def test_logs_of_attempts_are_told_apart(tmp_path: Path) -> None:
    """The log that a second attempt has overwritten is described by its own digest, and not packed."""
    known = entities(pack(read_run("retried"), tmp_path)[0])
    assert refs(known["logs/measure.log"]["about"]) == {"#job/measure-1-2"}
    old = next(e for i, e in known.items() if i.startswith("#file/logs/measure.log"))
    assert old["sha256"] == digest.of_bytes(b"first attempt\n").removeprefix("sha256:")


def test_earlier_results_name_their_run(tmp_path: Path) -> None:
    """What an up-to-date job made is described by the action of the run that made it, outside this run's steps."""
    known = entities(pack(read_run("up-to-date"), tmp_path)[0])
    assert known["#job/segment-1"]["name"] == "segment (in the earlier run 20261121T090000-0001)"
    assert "#control/segment" not in known


def test_cached_job_has_no_action(tmp_path: Path) -> None:
    """A job that the cache answered ran nothing: a step and a tool, no action, not among the tools that ran."""
    known = entities(pack(read_run("cached"), tmp_path)[0])
    assert "#job/segment-1" not in known
    tool = known["#step/segment"]["workExample"]["@id"]
    assert tool not in refs(known["workflow/Snakefile"]["hasPart"])


def test_lost_job_has_no_end(tmp_path: Path) -> None:
    """A lost job is failed as far as one can tell, has no end, and says so."""
    lost = entities(pack(read_run("lost"), tmp_path)[0])["#job/measure-1"]
    assert "endTime" not in lost
    assert "No end was recorded" in lost["error"]


def test_missing_licence_is_said(tmp_path: Path) -> None:
    """Where nobody chose a licence the crate says that, and invents none."""
    known = entities(pack(read_run("nobody"), tmp_path)[0])
    assert known[known["./"]["license"]["@id"]]["name"] == "No licence stated"
    assert known["#user/alice"]["@type"] == "Person"


def test_parameters_are_connected(tmp_path: Path) -> None:
    """Ports follow the rule's names, and connect the workflow's inputs, its rules and its outputs."""
    known = entities(pack(read_run("scatter-gather"), tmp_path)[0])
    pairs = {
        (e["sourceParameter"]["@id"], e["targetParameter"]["@id"])
        for e in known.values()
        if e["@type"] == "ParameterConnection"
    }
    assert pairs == {
        ("#workflow/input/segment/image", "#port/segment/input/image"),
        ("#port/segment/output/output%200", "#port/gather/input/input%200"),
        ("#port/segment/output/output%200", "#port/gather/input/input%201"),
        ("#port/segment/output/output%200", "#port/gather/input/input%202"),
        ("#port/gather/output/output%200", "#workflow/output/gather/output%200"),
    }
    assert known["#param/segment/sigma"]["additionalType"] == "Number"


def test_intermediates_stay_out(tmp_path: Path) -> None:
    """An intermediate is described with digest, size and the rule that makes it; the policy can have it packed."""
    run = read_run("succeeded")
    labels = by_name(pack(run, tmp_path)[0], "results/labels.tif")
    assert labels["@id"].startswith("#")
    assert labels["sha256"] == digest.of_bytes(b"results/labels.tif\n").removeprefix("sha256:")
    assert labels["description"].endswith("Run rule segment again to make it")
    packed, _ = pack(run, tmp_path, "with", policy=Policy(intermediates=True))
    assert (packed / "results/labels.tif").read_bytes() == b"results/labels.tif\n"


def test_large_inputs_stay_out_and_outputs_do_not(tmp_path: Path) -> None:
    """The size limit is for inputs and intermediates; final outputs are what the crate is for."""
    target, gaps = pack(read_run("succeeded"), tmp_path, policy=Policy(max_file_bytes=1))
    assert not (target / "inputs").exists()
    assert (target / "results/nuclei.csv").exists()
    assert not gaps


def test_directory_is_packed_whole(tmp_path: Path) -> None:
    """A directory output is a Dataset with all its files and its tree digest."""
    target, _ = pack(read_run("directory"), tmp_path, policy=Policy(intermediates=True))
    known = entities(target)
    assert (target / "results/labels.ome.zarr/0/c/0/0").exists()
    tree = known[known["results/labels.ome.zarr/"]["identifier"]["@id"]]
    assert tree["value"] == digest.of_tree(target / "results/labels.ome.zarr")[0]


def test_odd_names_resolve(tmp_path: Path) -> None:
    """Whatever a file is called, its @id decodes to where it is, and its own name is kept."""
    run = read_run("odd-names")
    target, _ = pack(run, tmp_path)
    for artifact in final_outputs(run):
        entity = by_name(target, artifact.path) if artifact.path != "README.md" else None
        if entity:
            assert (target / unquote(entity["@id"])).read_bytes() == f"{artifact.path}\n".encode()
    moved = [e for e in entities(target).values() if e.get("alternateName") == "README.md"]
    assert (target / unquote(moved[0]["@id"])).read_bytes() == b"README.md\n"


@pytest.mark.parametrize("path", ["../../../../etc/passwd", "/etc/passwd", "a/../../etc/passwd"])
@pytest.mark.parametrize("name", ["crate", "crate.zip"])
def test_hostile_paths_stay_inside(tmp_path: Path, path: str, name: str) -> None:
    """A path that leads out of the work directory is packed below external/, if at all."""
    run = read_run("succeeded")
    segment, measure = run.jobs
    hostile = Artifact(path, digest=digest.of_file("/etc/passwd"), size_bytes=Path("/etc/passwd").stat().st_size)
    run = dataclasses.replace(run, jobs=(dataclasses.replace(segment, inputs=(hostile,)), measure))
    workdir = tmp_path / "a" / "b" / "c" / "d"
    for job in run.jobs:
        for artifact in job.outputs:
            (workdir / artifact.path).parent.mkdir(parents=True, exist_ok=True)
            (workdir / artifact.path).write_bytes(f"{artifact.path}\n".encode())
    target = tmp_path / name
    crate.write(run, workdir, target, {"provenance/run.json": dump_run(run).encode()}, sources=text_of)
    assert check(target).ok
    if name == "crate":
        assert {p.name for p in tmp_path.iterdir()} == {"a", "crate"}
        assert not any("passwd" in p.name and "external" not in p.parts for p in target.rglob("*"))


def test_input_outside_is_packed_below_external(tmp_path: Path) -> None:
    """An absolute input is in the crate under external/, and says where it was."""
    outside = tmp_path / "elsewhere" / "x.tif"
    outside.parent.mkdir()
    outside.write_bytes(b"x")
    run = read_run("succeeded")
    segment, measure = run.jobs
    inputs = (Artifact(str(outside), digest=digest.of_bytes(b"x"), size_bytes=1),)
    run = dataclasses.replace(run, jobs=(dataclasses.replace(segment, inputs=inputs), measure))
    target, _ = pack(run, tmp_path)
    entity = by_name(target, str(outside))
    assert entity["@id"] == f"external{outside}"
    assert (target / entity["@id"]).read_bytes() == b"x"


def test_two_names_for_one_place(tmp_path: Path) -> None:
    """Files that would have one place in the crate get two."""
    run = read_run("succeeded")
    segment, measure = run.jobs
    (tmp_path / "work" / "external" / "__").mkdir(parents=True)
    (tmp_path / "work" / "external" / "__" / "x").write_bytes(b"inside")
    (tmp_path / "x").write_bytes(b"outside")
    materialise(run, tmp_path / "work")
    pairs = (("../x", b"outside"), ("external/__/x", b"inside"))
    inputs = tuple(Artifact(p, digest=digest.of_bytes(c), size_bytes=len(c)) for p, c in pairs)
    run = dataclasses.replace(run, jobs=(dataclasses.replace(segment, inputs=inputs), measure))
    target, gaps = pack(run, tmp_path)
    assert not gaps
    contents = {p.read_bytes() for p in (target / "external").rglob("x")}
    assert contents == {b"inside", b"outside"}


def test_link_is_packed_as_what_was_recorded(tmp_path: Path) -> None:
    """An output that is a link is packed as the content that was hashed; a link to something else is not."""
    run = read_run("succeeded")
    work = materialise(run, tmp_path / "work")
    (work / "results/nuclei.csv").rename(work / "real.csv")
    (work / "results/nuclei.csv").symlink_to("../real.csv")
    target, gaps = pack(run, tmp_path)
    assert not (target / "results/nuclei.csv").is_symlink()
    assert not gaps
    (work / "results/nuclei.csv").unlink()
    (work / "results/nuclei.csv").symlink_to("/etc/passwd")
    target, gaps = pack(run, tmp_path, "again")
    assert not (target / "results/nuclei.csv").exists()
    assert [g.slug for g in gaps] == ["output-changed"]


def test_links_in_directories_are_not_followed(tmp_path: Path) -> None:
    """A link inside a directory output shows something that was never recorded: it stays out, with a gap."""
    run = read_run("directory")
    work = materialise(run, tmp_path / "work")
    (work / "results/plots/link").symlink_to("/etc")
    found, size = digest.of_tree(work / "results/plots")
    segment, measure = run.jobs
    table, plots = measure.outputs
    plots = dataclasses.replace(plots, digest=found, size_bytes=size)
    run = dataclasses.replace(run, jobs=(segment, dataclasses.replace(measure, outputs=(table, plots))))
    target, gaps = pack(run, tmp_path)
    assert [g.slug for g in gaps] == ["link-not-packed"]
    assert [p.name for p in (target / "results/plots").iterdir()] == ["a b.svg"]
    assert check(target).ok


def test_deleted_output_is_described(tmp_path: Path) -> None:
    """An output that is gone is a gap, and the crate still knows its digest."""
    run = read_run("succeeded")
    work = materialise(run, tmp_path / "work")
    (work / "results/nuclei.csv").unlink()
    target, gaps = pack(run, tmp_path)
    assert [(g.slug, g.subject) for g in gaps] == [("output-vanished", "file:results/nuclei.csv")]
    assert by_name(target, "results/nuclei.csv")["sha256"]
    assert "1 gap in it" in entities(target)["./"]["description"]
    assert "output-vanished" in (target / "README.md").read_text()
    assert check(target).ok


def test_readme_leads_a_stranger(tmp_path: Path) -> None:
    """The README says first which page to open, then how to check who signed the crate, and where provcap comes from."""
    lines = (pack(read_run("succeeded"), tmp_path)[0] / "README.md").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert lines[2].startswith("Open `ro-crate-preview.html` in a browser")
    assert any("provcap check" in line and "signed" in line for line in lines)
    assert any("pip install '<repository of provcap>[all]'" in line for line in lines)


def test_readme_tells_what_a_failed_job_did_not_make(tmp_path: Path) -> None:
    """What a failed job left and Snakemake removed was not made; it was neither left out nor did it vanish."""
    run = read_run("failed")
    left = Artifact("results/nuclei.csv", digest="sha256:" + "1" * 64, size_bytes=3)
    jobs = [
        j if j.status == "succeeded" else dataclasses.replace(j, outputs=(left,), benchmark="time.tsv")
        for j in run.jobs
    ]
    materialise(run, tmp_path / "work")
    target, gaps = pack(dataclasses.replace(run, jobs=tuple(jobs)), tmp_path)
    text = (target / "README.md").read_text()
    assert "* `results/nuclei.csv`: not made: its job failed\n" in text
    assert "* `time.tsv`: not made: its job failed\n" in text
    assert not {gap.subject for gap in gaps} & {"file:results/nuclei.csv", "file:time.tsv"}
    assert "not made: its job failed" in by_name(target, "results/nuclei.csv")["description"]


def test_changed_output_is_not_packed(tmp_path: Path) -> None:
    """A file that is no longer what the run made is not passed off as its result."""
    run = read_run("succeeded")
    work = materialise(run, tmp_path / "work")
    (work / "results/nuclei.csv").write_bytes(b"better\n")
    (work / "inputs/nuclei.ome.tif").write_bytes(b"other\n")
    target, gaps = pack(run, tmp_path)
    assert sorted(g.slug for g in gaps) == ["input-changed", "output-changed"]
    assert not (target / "results/nuclei.csv").exists()
    assert check(target).ok


def test_changed_source_is_not_packed(tmp_path: Path) -> None:
    """Without its text as it was run a script is described only, and a note stands for the Snakefile."""
    target, gaps = pack(read_run("succeeded"), tmp_path, sources=lambda source: None)
    assert {g.slug for g in gaps} == {"source-changed"}
    assert not (target / "workflow/scripts").exists()
    assert b"not available" in (target / "workflow/Snakefile").read_bytes()
    assert check(target).ok


def test_no_work_directory(tmp_path: Path) -> None:
    """A run whose files are not at hand can be described all the same."""
    run = read_run("succeeded")
    crate.write(run, None, tmp_path / "crate", {"provenance/run.json": dump_run(run).encode()}, sources=text_of)
    assert check(tmp_path / "crate").ok
    assert not (tmp_path / "crate" / "results").exists()


@pytest.mark.parametrize("name", ["crate", "crate.zip"])
def test_existing_target_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is overwritten, and nothing is done before that is known."""
    target = tmp_path / name
    target.mkdir()
    (target / "mine").write_bytes(b"")
    with pytest.raises(TargetExists):
        pack(read_run("succeeded"), tmp_path, name)
    assert [p.name for p in target.iterdir()] == ["mine"]


def test_empty_directory_is_no_obstacle(tmp_path: Path) -> None:
    """An empty directory may become the crate."""
    (tmp_path / "crate").mkdir()
    assert (pack(read_run("succeeded"), tmp_path)[0] / METADATA).exists()


def test_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a file changes under our hands the crate is not written at all."""
    run = read_run("succeeded")
    work = materialise(run, tmp_path / "work")
    real = digest.of_file

    def meddle(path: Any) -> str:
        found = real(path)
        if Path(path) == work / "results/nuclei.csv":
            Path(path).write_bytes(b"meddled\n")
        return found

    monkeypatch.setattr(digest, "of_file", meddle)
    with pytest.raises(ProvcapError, match="changed while it was copied"):
        pack(run, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"work"}


def test_extras_cannot_leave_the_crate(tmp_path: Path) -> None:
    """An extra file whose name leads out of the crate is refused."""
    with pytest.raises(ProvcapError, match="cannot be added"):
        crate.write(read_run("succeeded"), None, tmp_path / "crate", {"../x": b""}, sources=text_of)


def test_inventory_is_what_pip_would_say(tmp_path: Path) -> None:
    """The inventory of an environment can be given to pip, and its step refers to it."""
    target, _ = pack(read_run("succeeded"), tmp_path)
    listing = entities(target)["#step/segment"]["buildInstructions"]["@id"]
    assert (target / listing).read_text().splitlines() == [
        "-e git+https://example.org/mytool@abc",
        "numpy==2.4.6",
        "scikit-image==0.26.0",
    ]


@given(st.lists(st.text(st.sampled_from("ab./\\%# é\udcff"), min_size=1, max_size=8), max_size=12))
def test_every_path_gets_a_place_of_its_own(paths: list[str]) -> None:
    """Whatever paths a run has, each gets its own place inside the crate, and its @id decodes to that place."""
    places = Places()
    taken = [places.take(path) for path in paths]
    for place in taken:
        assert not place.startswith("/")
        assert ".." not in place.split("/")
        assert unquote(file_id(place)) == place
        assert not any(other.startswith(f"{place}/") for other in taken)
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("docker://ghcr.io/a/b:1@sha256:" + "0" * 64, ("ghcr.io", "a/b", "1")),
        ("docker://python:3.12", ("docker.io", "python", "3.12")),
        ("docker://localhost:5000/a", ("localhost:5000", "a", None)),
        ("oras://reg.example.org/a/b:c", ("reg.example.org", "a/b", "c")),
        ("library://user/coll/name:tag", ("library.sylabs.io", "user/coll/name", "tag")),
        ("/data/images/a.sif", ("localhost", "a.sif", None)),
        ("images/a.sif", ("localhost", "a.sif", None)),
        ("https://example.org/x/a.sif", ("example.org", "x/a.sif", None)),
        ("python:3.12", ("docker.io", "python", "3.12")),
    ],
)
def test_image_references(reference: str, parts: tuple[str, str, str | None]) -> None:
    """An image reference is taken apart as container engines do."""
    assert parse_reference(reference) == parts


def test_a_gap_about_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    """A name with a byte that is not UTF-8 in a Gap does not keep the crate from being written, and is told as JSON
    tells it."""
    gap = Gap("undeclared-output", "file:left-\udcff", "left-\udcff, which no rule names")
    target, _ = pack(dataclasses.replace(read_run("minimal"), gaps=(gap,)), tmp_path)
    told = json.loads((target / "provenance/gaps.json").read_bytes().decode("utf-8"))
    assert {g["subject"] for g in told["gaps"]} >= {"file:left-\udcff"}
