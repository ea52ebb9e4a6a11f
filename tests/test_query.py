"""Questions to crates and runs."""

from __future__ import annotations

import contextlib
import csv
import json
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import cli, codec, crate, query
from provcap.crate import profile_0_6
from provcap.crate.policy import Policy
from provcap.errors import ProvcapError
from provcap.model import Interpreter, Package, Run, Tool
from tests.conftest import read_run

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
LIMITS = query.Limits(seconds=60)


def packed(run: Run, folder: Path, name: str = "run") -> Path:
    """The crate of `run`, its files described only."""
    crate.write(run, None, folder / name, {})
    return folder / name


def asked(path: Path, question: str, *arguments: str) -> list[dict[str, Any]]:
    """The rows of the answer, with IRIs relative to the crate."""
    found = query.named().get(question)
    text, names = (found.text, found.arguments) if found else (question, ())
    with tempfile.TemporaryDirectory() as scratch:
        bases = query.graphs([str(path)], Path(), Path(scratch))
        answer = query.ask(bases, text, dict(zip(names, arguments, strict=True)), LIMITS)
    base = next(iter(bases))
    plain = [[c.removeprefix(base) if isinstance(c, str) else c for c in row] for row in answer.rows]
    return [dict(zip(answer.columns, row, strict=True)) for row in plain]


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate of a run of two steps in a container, with configuration, parameters and scripts."""
    return packed(read_run("succeeded"), tmp_path_factory.mktemp("crate"))


IMAGE = "#image/" + "a" * 64
SEGMENT = (
    "https://github.com/example/nuclei-wf/blob/0123456789abcdef0123456789abcdef01234567/workflow/Snakefile#rule-segment"
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_every_competency_question_has_its_query() -> None:
    """The eleven questions of the Workflow Run RO-Crate profiles are there, each once."""
    assert sorted(q.competency for q in query.named().values() if q.competency) == list(range(1, 12))


def test_competency_1_images(segmented: Path) -> None:
    """Which container images did the run use?"""
    known = {"registry": "ghcr.io", "name": "example/skimage", "tag": "0.26.0", "sha256": "a" * 64}
    assert asked(segmented, "images") == [{"image": IMAGE, **known}]


def test_competency_2_resources(segmented: Path) -> None:
    """How much memory and processor time was used?"""
    rows = asked(segmented, "resources")
    memory = [r for r in rows if r["resource"].endswith("#maxResidentMemory")]
    assert [(r["job"], r["value"], r["unit"]) for r in memory] == [
        ("measure", "524288000", "https://qudt.org/vocab/unit/BYTE"),
        ("segment", "524288000", "https://qudt.org/vocab/unit/BYTE"),
    ]
    assert {r["value"] for r in rows if r["resource"].endswith("#cpuUserTime")} == {"1.25"}


def test_competency_3_configuration(segmented: Path) -> None:
    """Which configuration files did a step use?"""
    rows = asked(segmented, "configuration")
    assert [r["step"] for r in rows] == ["measure", "segment"]
    assert {r["file"].split("/")[-1] for r in rows} == {"config.yaml"}


def test_competency_4_environments(segmented: Path) -> None:
    """Which environment file and container did a step use?"""
    rows = {r["step"]: r for r in asked(segmented, "environments")}
    assert set(rows) == {"measure", "segment"}
    assert rows["segment"]["environment"] == "provenance/environments/eeeeeeeeeeee/pip-freeze.txt"
    assert rows["segment"]["standard"] == "pip requirements file"
    assert rows["segment"]["image"] == IMAGE


def test_competency_5_step_times(segmented: Path) -> None:
    """How long did a component take?"""
    assert [(r["step"], r["duration"]) for r in asked(segmented, "step-times")] == [
        ("measure", "PT9S"),
        ("segment", "PT19S"),
    ]


def test_competency_6_run_time(segmented: Path) -> None:
    """How long did the workflow take?"""
    assert [r["duration"] for r in asked(segmented, "run-time")] == ["PT1M"]


def test_competency_7_outcome(segmented: Path, tmp_path: Path) -> None:
    """Was the execution successful, and if not, why?"""
    assert [(r["status"], r["error"]) for r in asked(segmented, "outcome")] == [
        ("http://schema.org/CompletedActionStatus", None)
    ]
    failed = asked(packed(read_run("failed"), tmp_path), "outcome")
    assert [r["status"] for r in failed] == ["http://schema.org/FailedActionStatus"]
    assert failed[0]["error"]


def test_competency_8_inputs_and_outputs(segmented: Path) -> None:
    """What went into the workflow and what came out, without what lies between?"""
    found = {(r["direction"], r["name"]) for r in asked(segmented, "inputs-and-outputs")}
    assert found == {("input", "config.yaml"), ("input", "nuclei.ome.tif"), ("output", "nuclei.csv")}


def test_competency_9_versions(segmented: Path) -> None:
    """Which version of a component did a step execute, and is it a script?"""
    rows = {r["step"]: r for r in asked(segmented, "versions")}
    assert rows["segment"]["tool"] == SEGMENT
    assert rows["segment"]["version"] == rows["segment"]["script_version"] == COMMIT
    assert rows["segment"]["script"].endswith("workflow/scripts/segment.py")


def test_competency_10_wrappers(segmented: Path) -> None:
    """Which script wraps a component, and what does it need?"""
    rows = [r for r in asked(segmented, "wrappers") if r["tool"] == SEGMENT]
    assert {r["script"].split("/")[-1] for r in rows} == {"segment.py"}
    needs = {(r["requirement"].rstrip("/").split("/")[-2], r["version"]) for r in rows if "pypi" in r["requirement"]}
    assert needs == {("numpy", "2.4.6"), ("scikit-image", "0.26.0")}


def test_competency_11_parameters(segmented: Path) -> None:
    """How were the parameters of the workflow used in tool runs?"""
    rows = [r for r in asked(segmented, "parameters") if r["tool"] == "rule segment"]
    values = {r["parameter"]: r["value"] for r in rows}
    assert values["sigma"] == "1.5"
    assert values["mode"] == "otsu"
    image = next(r for r in rows if r["parameter"] == "image")
    assert (image["value"], image["workflow_parameter"]) == ("inputs/nuclei.ome.tif", "#workflow/input/segment/image")


@pytest.mark.slow
def test_both_versions_of_the_profile_answer_alike(segmented: Path, tmp_path: Path) -> None:
    """The terms of RO-Crate 1.3 and of profile 0.6 are known to all eleven queries."""
    crate.write(read_run("succeeded"), None, tmp_path / "new", {}, Policy(profile=profile_0_6.PROFILE))
    assert "1.3/context" in (tmp_path / "new/ro-crate-metadata.json").read_text()[:200]
    for question in (q for q in query.named().values() if q.competency):
        assert asked(tmp_path / "new", question.name) == asked(segmented, question.name), question.name


def test_who_made_and_who_used_a_file(segmented: Path) -> None:
    """A file leads to the job that made it and to those that used it."""
    made = asked(segmented, "who-made", "results/labels.tif")
    assert [(r["job"], r["agent"], r["image"]) for r in made] == [("segment", "alice", IMAGE)]
    assert [r["job"] for r in asked(segmented, "used-by", "results/labels.tif")] == ["measure"]
    assert asked(segmented, "who-made", "labels.tif") == made
    assert asked(segmented, "who-made", "abels.tif") == []


def test_seeds_software_and_failures_are_found(segmented: Path, tmp_path: Path) -> None:
    """Declared seeds, packages with their purl, and failed attempts."""
    assert [(r["job"], r["source"], r["value"]) for r in asked(segmented, "seeds")] == [
        ("segment", "a parameter named seed", "42")
    ]
    packages = {r["package"] for r in asked(segmented, "software")}
    assert "pkg:pypi/numpy@2.4.6" in packages
    assert any(r["error"] for r in asked(packed(read_run("failed"), tmp_path), "failed"))


def test_a_file_name_is_no_part_of_the_query(segmented: Path) -> None:
    """What would end a string in SPARQL is a name like any other."""
    for name in ('x" } SERVICE <http://example.org/> { ?s ?p "', "a\n}\x00'%s\\"):
        assert asked(segmented, "who-made", name) == []


def test_odd_names_are_found(tmp_path: Path) -> None:
    """Every file that a run of odd names made is found by its name."""
    run = read_run("odd-names")
    path = packed(run, tmp_path)
    for job in run.jobs:
        for artifact in job.outputs if job.status == "succeeded" else ():
            if artifact.path.isprintable():
                assert asked(path, "who-made", artifact.path), artifact.path


def test_every_run_can_be_asked(any_run: Run, tmp_path: Path) -> None:
    """Whatever happened in a run, its outcome is told right."""
    bases = query.graphs([str(packed(any_run, tmp_path))], Path(), tmp_path / "scratch")
    answer = query.ask(bases, query.named()["outcome"].text, {}, LIMITS)
    ended = {"succeeded": "Completed", "failed": "Failed", "lost": "Failed"}[any_run.status]
    assert [str(row[1]).endswith(f"/{ended}ActionStatus") for row in answer.rows] == [True]


def test_many_crates_are_one_graph(tmp_path: Path) -> None:
    """Two crates with the same ids stay two."""
    for name in ("a", "b"):
        packed(replace(read_run("minimal"), id=name), tmp_path, name)
    bases = query.graphs(["a", "b"], tmp_path, tmp_path / "scratch")
    assert len(bases) == 2
    answer = query.ask(bases, "SELECT ?run { ?run schema:identifier ?id ; schema:instrument ?workflow }", {}, LIMITS)
    assert len(answer.rows) == 2


def written(folder: Path, document: Any, name: str = "c") -> Path:
    """A crate with this metadata."""
    (folder / name).mkdir()
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / name / "ro-crate-metadata.json").write_text(text)
    return folder / name


def foreign(context: Any = CONTEXT) -> dict[str, Any]:
    """A Process Run Crate as another engine would write it."""
    action = {"@id": "#a", "@type": "CreateAction", "name": "align", "instrument": {"@id": "#bwa"}}
    action |= {"result": {"@id": "out.bam"}, "actionStatus": {"@id": "http://schema.org/FailedActionStatus"}}
    tool = {"@id": "#bwa", "@type": "SoftwareApplication", "name": "bwa", "softwareVersion": "0.7"}
    root = {"@id": "./", "@type": "Dataset", "hasPart": {"@id": "out.bam"}}
    return {"@context": context, "@graph": [root, action, tool, {"@id": "out.bam", "@type": "File"}]}


def test_crates_of_others_are_asked(tmp_path: Path) -> None:
    """A crate without a record of provcap answers, from a directory, a zip, a bag and its bare metadata."""
    path = written(tmp_path, foreign())
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(path / "ro-crate-metadata.json", "top/ro-crate-metadata.json")
    (tmp_path / "bag").mkdir()
    (path / "copy").mkdir()
    path.rename(tmp_path / "bag" / "data")
    for place in (tmp_path / "c.zip", tmp_path / "bag", tmp_path / "bag/data/ro-crate-metadata.json"):
        assert [r["version"] for r in asked(place, "who-made", "out.bam")] == ["0.7"]
    assert [r["name"] for r in asked(tmp_path / "c.zip", "failed")] == ["align"]


@pytest.mark.parametrize("context", ["https://example.org/ctx", [*CONTEXT, "http://127.0.0.1:9/c"], {"@import": "x"}])
def test_unknown_contexts_are_not_fetched(tmp_path: Path, context: Any) -> None:
    """A context that is not here is named in the error, and can be given."""
    path = written(tmp_path, foreign(context))
    with pytest.raises(ProvcapError, match="context") as caught:
        asked(path, "failed")
    assert caught.value.slug == "unknown-context"


def test_a_context_can_be_given(tmp_path: Path) -> None:
    """A saved context answers for its IRI."""
    path = written(tmp_path, foreign([*CONTEXT, "https://example.org/ctx"]))
    (tmp_path / "ctx.json").write_text('{"@context": {"weight": "https://example.org/weight"}}')
    bases = query.graphs([str(path)], Path(), tmp_path / "scratch")
    given = {"https://example.org/ctx": str(tmp_path / "ctx.json")}
    assert query.ask(bases, "ASK { ?a a schema:CreateAction }", {}, LIMITS, given).rows == ((True,),)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "query-refused"),
        ("SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } } }", "query-refused"),
        ("SELECT * FROM <http://127.0.0.1:9/> { ?s ?p ?o }", "query-refused"),
        ("SELECT * FROM NAMED <file:///etc/passwd> { ?s ?p ?o }", "query-refused"),
        ("LOAD <file:///etc/passwd>", "query-refused"),
        ("INSERT DATA { <a:b> <a:c> 1 }", "query-refused"),
        ("DELETE WHERE { ?s ?p ?o }", "query-refused"),
        ("SELECT ?x { ?x", "bad-query"),
        ("", "bad-query"),
        ("SELECT * " + "{" * 3000 + "}" * 3000, "bad-query"),
    ],
)
def test_queries_that_are_not_answered(segmented: Path, text: str, slug: str) -> None:
    """What would change, leave or break anything is refused in one line."""
    with pytest.raises(ProvcapError) as caught:
        asked(segmented, text)
    assert caught.value.slug == slug
    assert "\n" not in caught.value.message


ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def test_a_query_that_never_ends_is_stopped(segmented: Path) -> None:
    """The time limit holds."""
    bases = query.graphs([str(segmented)], Path(), segmented.parent / "scratch")
    began = time.monotonic()
    with pytest.raises(ProvcapError) as caught:
        query.ask(bases, ENDLESS, {}, query.Limits(seconds=4))
    assert caught.value.slug == "query-too-slow"
    assert time.monotonic() - began < 10


def test_a_query_cannot_take_all_memory(segmented: Path) -> None:
    """The memory limit holds."""
    bases = query.graphs([str(segmented)], Path(), segmented.parent / "scratch")
    text = ENDLESS.replace("(COUNT(*) AS ?n)", "*") + " ORDER BY ?a"
    with pytest.raises(ProvcapError) as caught:
        query.ask(bases, text, {}, query.Limits(seconds=60, memory_bytes=300 << 20))
    assert caught.value.slug == "query-too-large"


def test_the_number_of_rows_is_limited(segmented: Path) -> None:
    """More rows than allowed are cut, and that is told."""
    bases = query.graphs([str(segmented)], Path(), segmented.parent / "scratch")
    answer = query.ask(bases, "SELECT * { ?s ?p ?o . ?a ?b ?c }", {}, replace(LIMITS, rows=5))
    assert (len(answer.rows), answer.complete) == (5, False)


DAMAGED = ["", "{", "[]", "{}", '{"@graph": 3}', '{"@context": 5, "@graph": [{}]}', "[" * 100_000, '{"@graph": [null]}']


@pytest.mark.parametrize("text", [*DAMAGED, '{"@context": {"a": {"@id": {}}}, "@graph": [{"@id": 1, "a": 2}]}'])
def test_damaged_metadata_are_one_error(tmp_path: Path, text: str) -> None:
    """Whatever is wrong with the JSON-LD, it is one error that says so."""
    with pytest.raises(ProvcapError) as caught:
        asked(written(tmp_path, text), "failed")
    assert caught.value.slug == "damaged-metadata"


@settings(max_examples=4, deadline=None)
@given(
    st.lists(
        st.recursive(
            st.none() | st.text(max_size=5),
            lambda s: st.dictionaries(st.sampled_from(["@id", "@type", "@list", "@context", "name"]), s, max_size=3),
        ),
        max_size=4,
    )
)
def test_any_json_is_answered_or_refused(tmp_path_factory: pytest.TempPathFactory, graph: list[Any]) -> None:
    """No JSON makes anything but an answer or an error of ours."""
    path = written(tmp_path_factory.mktemp("any"), {"@context": CONTEXT[0], "@graph": graph})
    with contextlib.suppress(ProvcapError):
        assert asked(path, "SELECT * { ?s ?p ?o }")


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recorded run is asked by name; as a table, as JSON, as CSV."""
    run = read_run("succeeded")
    folder = tmp_path / ".provcap/runs" / run.id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(run))
    there = ["-d", str(tmp_path)]
    assert cli.main(["query", *there, "latest", "who-made", "results/nuclei.csv"]) == 0
    assert "measure" in capsys.readouterr().out
    assert cli.main(["query", *there, "--json", "run-time"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0][3] == "PT1M"
    assert cli.main(["query", *there, "--csv", "SELECT ?n { ?w a schema:HowTo ; schema:name ?n }"]) == 0
    assert list(csv.reader(capsys.readouterr().out.splitlines())) == [["n"], ["Nuclei segmentation"]]
    assert cli.main(["query", *there, "who-made"]) == 2
    assert "[no-question]" in capsys.readouterr().err
    assert cli.main(["query", "--list"]) == 0
    assert "who-made FILE" in capsys.readouterr().out


def test_a_shell_command_needs_what_it_calls(tmp_path: Path) -> None:
    """Of a rule whose commands are known, only the programs that they call are requirements, with their packages, and
    not what else was installed; of a script its language."""
    run = read_run("deep")
    jobs = tuple(
        replace(
            job, kind="shell", script=None, command="awk 1", imports=None, tools=(Tool("awk", "/usr/bin/mawk", "mawk"),)
        )
        if job.rule == "measure"
        else job
        for job in run.jobs
    )
    packages = tuple(Package(name, "1", "deb") for name in ("mawk", "numpy"))
    interpreters = (Interpreter("python", "3.11", "/usr/bin/python3"), Interpreter("perl", "5.36", "/usr/bin/perl"))
    environments = tuple(replace(e, packages=packages, interpreters=interpreters) for e in run.environments)
    crate = packed(replace(run, jobs=jobs, environments=environments), tmp_path)
    told = {(r["name"], r["requirement_of"]) for r in asked(crate, "software")}
    assert {name for name, of in told if of == "rule measure"} == {"mawk", "measure.py"}
    assert {name for name, of in told if of == "rule segment"} >= {"Python", "numpy"}
    assert "Perl" not in {name for name, _ in told}
