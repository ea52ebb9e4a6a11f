"""Claims about `provcap.graph`: what the PROV of a run says, and that it says the same in every format."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prov.model import ProvDerivation, ProvDocument, ProvGeneration, ProvInvalidation, ProvSpecialization, ProvUsage

from provcap.constraints import violations
from provcap.errors import DamagedRecord, ProvcapError
from provcap.graph import FORMATS, document, read, serialise
from provcap.graph.versions import trace
from provcap.model import About, Agent, Artifact, Concept, Contributor, Environment, Gap, Job, Package, Run, Workflow
from tests.conftest import RUNS, read_run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")

START = "2026-11-21T09:00:00.000+00:00"
NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


def sha(content: str) -> str:
    """The digest of `content`."""
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


def at(second: int) -> str:
    """A time so many seconds after the start of the run."""
    return f"2026-11-21T09:{second // 60:02d}:{second % 60:02d}.000+00:00"


def job(
    name: str, inputs: list[Artifact], outputs: list[Artifact], start: int = 1, end: int = 2, **more: object
) -> Job:
    """A job of the run ``r`` that succeeded."""
    told = {"id": name, "run": "r", "rule": name, "status": "succeeded", "started": at(start), "ended": at(end), **more}
    return Job(inputs=tuple(inputs), outputs=tuple(outputs), **told)  # type: ignore[arg-type]


def run_of(*jobs: Job, **more: object) -> Run:
    """A run with `jobs`."""
    told = {"id": "r", "status": "succeeded", "started": START, "ended": at(3000), **more}
    return Run(workdir="/w", workflow=Workflow("Snakefile"), jobs=jobs, **told)  # type: ignore[arg-type]


def file(path: str, content: str | None = None, **more: object) -> Artifact:
    """A file whose digest is that of `content`; without, it was not hashed."""
    return Artifact(path, digest=sha(content) if content is not None else None, **more)  # type: ignore[arg-type]


def labels(prov: ProvDocument, relation: type) -> set[tuple[str, ...]]:
    """The first two arguments of every `relation`, by the labels of what they name."""
    named = {r.identifier: str(next(iter(r.get_attribute("prov:label")))) for r in prov.get_records() if r.is_element()}
    return {tuple(named[name] for name in r.args[:2]) for r in prov.get_records(relation)}


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_comes_back_as_it_was(any_run: Run, fmt: str) -> None:
    """What is written in any format is read back as the same document."""
    prov = document(any_run)
    assert read(serialise(prov, fmt), fmt) == prov


@pytest.mark.parametrize("fmt", ["provn", "json", "xml", "jsonld"])
def test_prov_itself_reads_what_is_written(any_run: Run, fmt: str) -> None:
    """The reader of the prov library alone gets the same document from the formats that are not RDF."""
    prov = document(any_run)
    assert ProvDocument.deserialize(content=serialise(prov, fmt).decode(), format=fmt) == prov


def test_rdf_says_more_and_nothing_else(any_run: Run) -> None:
    """The reader of the prov library gets from Turtle all records, and besides only simple forms of relations."""
    prov = document(any_run)
    found = ProvDocument.deserialize(content=serialise(prov, "turtle").decode(), format="rdf", rdf_format="turtle")
    extra = [r for r in found.get_records() if r not in set(prov.get_records())]
    assert set(prov.get_records()) <= set(found.get_records())
    assert all(isinstance(r, ProvUsage | ProvGeneration | ProvDerivation) and not r.extra_attributes for r in extra)


def test_unknown_formats_are_refused() -> None:
    """A format that does not exist is an error that names those that do."""
    with pytest.raises(ProvcapError) as caught:
        serialise(document(read_run("minimal")), "docx")
    assert caught.value.slug == "unknown-format"
    assert "turtle" in caught.value.hint


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    """Two processes with different hash seeds write the same bytes in every format."""
    code = (
        "import sys, hashlib, pathlib; from provcap.codec import load_run; from provcap.graph import *\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.json')):\n"
        "    for fmt in FORMATS:\n"
        "        content = serialise(document(load_run(path.read_bytes())), fmt)\n"
        "        print(path.stem, fmt, hashlib.sha256(content).hexdigest())\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(RUNS)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == len(FORMATS) * len(list(RUNS.glob("*.json")))


def test_jsonld_needs_no_network(any_run: Run) -> None:
    """The JSON-LD brings its context along."""
    assert b'"@context": "http' not in serialise(document(any_run), "jsonld")


def test_xml_is_valid_by_the_schema_of_w3c(any_run: Run) -> None:
    """PROV-XML is valid, so every identifier is an XML qualified name."""
    import prov
    from lxml import etree

    path = Path(prov.__path__[0]) / "tests" / "schemas" / "prov.xsd"
    if not path.exists():
        pytest.skip("this build of prov does not ship the schema")
    schema = etree.XMLSchema(etree.parse(str(path)))
    assert schema.validate(etree.fromstring(serialise(document(any_run), "xml"))), schema.error_log


def test_every_name_can_be_written_without_escapes(any_run: Run) -> None:
    """Local names are NCNames, whatever the files are called."""
    names = [r.identifier.localpart for r in document(any_run).get_records() if r.identifier]
    assert all(NCNAME.fullmatch(name) for name in names)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(sorted(FORMATS)))
def test_any_text_survives_any_format(path: str, text: str, fmt: str) -> None:
    """No path, name, parameter or error can break a format."""
    made = job("a", [file("in", "x", name=text or None)], [file(path, "y")], params={text: text}, error=text)
    prov = document(run_of(made, about=About(title=text, authors=(Agent(text, "https://orcid.org/" + text),))))
    assert read(serialise(prov, fmt), fmt) == prov


@pytest.mark.parametrize("fmt", FORMATS)
def test_an_identifier_that_is_none_stays_a_text(fmt: str) -> None:
    """A sheet in a crate of others may give anything as the ORCID of a person, or the IRI of a term."""
    run = read_run("study")
    assert run.study is not None
    odd = "https://orcid.org/0000 <\x1b>"
    sample = replace(run.study.biosamples[0], organism=Concept(name="a", iri=odd))
    people = (Contributor("Josiah Carberry", id=odd),)
    study = replace(run.study, authors=people, biosamples=(sample, *run.study.biosamples[1:]))
    made = document(replace(run, study=study))
    assert read(serialise(made, fmt), fmt) == made


def test_unification_changes_nothing(any_run: Run) -> None:
    """Nothing is told twice: unification leaves the document as it is."""
    prov = document(any_run)
    assert prov.unified() == prov


def test_documents_obey_prov_constraints(any_run: Run) -> None:
    """Every run gives a valid document, and so does every file of it."""
    assert violations(document(any_run)) == []
    for path in {a.path for j in any_run.jobs for a in j.outputs if a.kind != "missing"}:
        assert violations(document(any_run, path)) == []


def test_every_reference_leads_somewhere(any_run: Run) -> None:
    """All that a relation names is in the document, for the run and for one file of it."""
    paths = [a.path for j in any_run.jobs for a in j.outputs if a.kind != "missing"][:1]
    for prov in (document(any_run), *(document(any_run, path) for path in paths)):
        known = {r.identifier for r in prov.get_records() if r.is_element()}
        named = {
            v for r in prov.get_records() if r.is_relation() for v in r.args if v is not None and hasattr(v, "uri")
        }
        assert named <= known


def test_ancestry_is_a_part_of_the_whole(any_run: Run) -> None:
    """What is told of one file is told in the whole document as well."""
    paths = {a.path for j in any_run.jobs for a in (*j.inputs, *j.outputs) if a.kind != "missing"}
    everything = {r.identifier: r for r in document(any_run).get_records() if r.is_element()}
    for path in paths:
        prov = document(any_run, path)
        for record in prov.get_records():
            if record.is_element() and record.identifier != prov.get_records()[0].identifier:
                assert everything[record.identifier] == record


def test_ancestry_holds_only_what_led_to_the_file() -> None:
    """A document for one file leaves out the branches that did not lead to it."""
    prov = document(
        run_of(
            job("a", [file("in", "i")], [file("mid", "m"), file("other", "o")]),
            job("b", [file("mid", "m")], [file("out", "u")], 3, 4),
            job("c", [file("other", "o")], [file("aside", "s")], 3, 4),
        ),
        "out",
    )
    assert labels(prov, ProvGeneration) == {("mid", "a"), ("out", "b")}
    assert labels(prov, ProvDerivation) == {("mid", "in"), ("out", "mid")}


def test_unknown_files_are_an_error_with_a_way_out() -> None:
    """Asking for a file that the run does not know names those with a similar path."""
    with pytest.raises(ProvcapError) as caught:
        document(read_run("succeeded"), "results/nuclei.csw")
    assert caught.value.slug == "unknown-file"
    assert "results/nuclei.csv" in caught.value.hint


def test_same_path_with_other_content_is_another_entity() -> None:
    """A file that is made twice with different contents is two entities, each generated once."""
    first = job("a", [], [file("x", "1")])
    prov = document(
        run_of(first, job("b", [], [file("x", "2")], 3, 4), job("c", [file("x", "2")], [file("y", "3")], 5, 6))
    )
    made = [r.args[0] for r in prov.get_records(ProvGeneration)]
    assert len(made) == len(set(made)) == 3
    (used,) = (r.args[1] for r in prov.get_records(ProvUsage))
    assert used == next(r.args[0] for r in prov.get_records(ProvGeneration) if str(r.args[1]).startswith("run:job-b"))
    assert labels(prov, ProvSpecialization) == {("x", "x")}


def test_touching_a_file_derives_nothing_from_itself() -> None:
    """A job that leaves its input as it was (same path, same content) makes a new entity from the old one."""
    prov = document(
        run_of(job("touch", [file("x", "1")], [file("x", "1")]), job("b", [file("x", "1")], [file("y", "2")], 3, 4))
    )
    derived = [r.args[:2] for r in prov.get_records(ProvDerivation)]
    assert all(made != used for made, used in derived)
    assert len({name for pair in derived for name in pair}) == 3
    assert violations(prov) == []


def test_a_retry_with_the_same_result_generates_once() -> None:
    """Two attempts that leave identical files generate two entities; readers used that of the attempt that succeeded."""
    failed = job("a-1", [], [file("x", "1")], status="failed", rule="a")
    prov = document(
        run_of(
            failed, job("a-2", [], [file("x", "1")], 3, 4, rule="a", attempt=2), job("b", [file("x", "1")], [], 5, 6)
        )
    )
    made = {r.args[1]: r.args[0] for r in prov.get_records(ProvGeneration)}
    (used,) = (r.args[1] for r in prov.get_records(ProvUsage))
    assert len(set(made.values())) == 2
    assert used == made[next(name for name in made if prov.get_record(name)[0].get_attribute("provcap:attempt") == {2})]


def test_readers_who_start_before_their_makers_find_them() -> None:
    """A reader listed before the maker of its input (pipes, clocks that disagree) still used what that made."""
    pipe = Artifact("stream", kind="pipe", flags=("pipe",))
    prov = document(run_of(job("reader", [pipe], [file("y", "1")], 1, 2), job("maker", [], [pipe], 1, 3)))
    assert ("y", "stream") in labels(prov, ProvDerivation)
    assert ("stream", "maker") in labels(prov, ProvGeneration)
    assert violations(prov) == []


def test_a_record_that_contradicts_itself_gives_a_valid_document() -> None:
    """Two jobs that each read what the other made do not lead to a ring of derivations."""
    ring = run_of(job("a", [file("y", "2")], [file("x", "1")]), job("b", [file("x", "1")], [file("y", "2")]))
    assert violations(document(ring)) == []


def test_clocks_that_disagree_take_no_times_into_prov() -> None:
    """A generation has no time when a reader ended before it; an activity no end before its start."""
    prov = document(
        run_of(job("a", [], [file("x", "1")], 10, 20), job("b", [file("x", "1")], [], 14, 15), job("c", [], [], 9, 8))
    )
    assert violations(prov) == []
    assert all(r.args[2] is None for r in prov.get_records(ProvGeneration))


def test_unhashed_files_are_told_apart_by_the_job() -> None:
    """Of a file without digest the maker tells which it is, and readers of any digest used that."""
    prov = document(
        run_of(job("a", [], [file("x")]), job("b", [file("x", "1")], [], 3, 4), job("c", [file("x")], [], 3, 4))
    )
    (made,) = (r.args[0] for r in prov.get_records(ProvGeneration))
    assert {r.args[1] for r in prov.get_records(ProvUsage)} == {made}
    assert prov.get_record(made)[0].get_attribute("schema:sha256") == {sha("1").removeprefix("sha256:")}


def test_temp_files_are_invalidated_by_the_run_when_that_is_known() -> None:
    """A temp() file that was read is invalidated without a time; not in a failed run, nor with --notemp."""
    jobs = (job("a", [], [file("x", "1", flags=("temp",))]), job("b", [file("x", "1")], [], 3, 4))
    (gone,) = document(run_of(*jobs)).get_records(ProvInvalidation)
    assert (str(gone.args[1]), gone.args[2]) == ("run:run", None)
    assert not list(document(run_of(*jobs, status="failed")).get_records(ProvInvalidation))
    assert not list(document(run_of(*jobs, command=("snakemake", "--notemp"))).get_records(ProvInvalidation))
    assert not list(document(run_of(jobs[0])).get_records(ProvInvalidation))
    assert not list(document(run_of(*jobs, targets=("x",))).get_records(ProvInvalidation))


def test_cached_results_have_no_activity() -> None:
    """What came from the cache was derived from its inputs, but no activity of this run made it."""
    prov = document(run_of(job("a", [file("i", "0")], [file("x", "1")], status="cached", started=None, ended=None)))
    assert labels(prov, ProvDerivation) == {("x", "i")}
    assert not list(prov.get_records(ProvGeneration))


def test_up_to_date_results_were_made_in_the_earlier_run() -> None:
    """An attempt of an earlier run is an activity of that run, by the name that its own document gives it."""
    now = read_run("up-to-date")
    then = document(read_run("succeeded"))
    (kept,) = (j for j in now.jobs if j.status == "up_to_date")
    found = next(
        r
        for r in document(now).get_records()
        if r.get_attribute("provcap:status") == {"up_to_date"} and r.get_type().localpart == "Activity"
    )
    assert kept.run in found.identifier.uri
    assert found.identifier.uri in {r.identifier.uri for r in then.get_records() if r.identifier}


def test_lost_jobs_have_no_end() -> None:
    """An attempt whose end nobody saw has a start only, and made things at no known time."""
    prov = document(run_of(job("a", [], [file("x", "1")], status="lost"), status="lost", ended=None))
    activity = next(
        r
        for r in prov.get_records()
        if r.get_attribute("provcap:status") == {"lost"} and r.identifier.localpart != "run"
    )
    assert activity.args[1] is None
    assert [r.args[2] for r in prov.get_records(ProvGeneration)] == [None]


def test_gaps_stand_where_a_reader_would_miss_something(any_run: Run) -> None:
    """Every gap of the run is told, and on the thing that it is about."""
    path = next((a.path for j in any_run.jobs for a in j.outputs if a.kind != "missing"), "nothing")
    gaps = (Gap("one", "run", "a."), Gap("two", f"file:{path}", "b."), Gap("three", "job:none", "c."), *any_run.gaps)
    prov = document(replace(any_run, gaps=gaps))
    told = [text for r in prov.get_records() for text in r.get_attribute("provcap:gap")]
    assert {f"{gap.slug}: {gap.message}" for gap in gaps} <= set(told)
    assert "three: c." in prov.get_record("run:run")[0].get_attribute("provcap:gap")


def test_packages_are_told_once() -> None:
    """A package that two environments share is one entity and a member of both."""
    package = Package("numpy", "2.4.6", "pypi")
    places = (Environment("1", packages=(package,)), Environment("2", packages=(package, Package("zarr", "3", "pypi"))))
    prov = document(run_of(job("a", [], [], environment="1"), job("b", [], [], environment="2"), environments=places))
    assert sum(r.get_attribute("schema:name") == {"numpy"} for r in prov.get_records()) == 1
    assert sum("hadMember" in r.get_provn() for r in prov.get_records()) == 3


def test_times_that_are_none_are_damage() -> None:
    """A time that cannot be read is an error of the record, not a traceback."""
    with pytest.raises(DamagedRecord):
        document(run_of(started="yesterday"))


def test_broad_jobs_do_not_multiply() -> None:
    """A job with many inputs and many outputs says so instead of deriving each from each."""
    many = [file(f"i{n}", str(n)) for n in range(300)], [file(f"o{n}", f"o{n}") for n in range(300)]
    prov = document(run_of(job("a", *many)))
    assert not list(prov.get_records(ProvDerivation))
    assert any(r.get_attribute("provcap:note") for r in prov.get_records())
    assert labels(document(run_of(job("a", *many)), "o7"), ProvGeneration) == {("o7", "a")}


def test_turtle_answers_who_made_a_file() -> None:
    """The query of docs/prov.md finds the job, the person and the program behind a result."""
    import rdflib

    text = (Path(__file__).parent.parent / "docs" / "prov.md").read_text(encoding="utf-8")
    query = re.search(r"```sparql\n(.*?)```", text, re.S)
    assert query
    graph = rdflib.Graph().parse(data=serialise(document(read_run("succeeded")), "turtle"), format="turtle")
    (row,) = graph.query(query[1])
    assert [str(value) for value in row][:3] == ["measure", "Snakemake 9.27.1", "alice"]


def test_time_grows_with_the_number_of_jobs() -> None:
    """The document of 4000 jobs in a chain takes about twice as long as that of 2000, and no recursion ends it."""

    def seconds(count: int) -> float:
        jobs = [
            job(f"j{n}", [file(f"{n - 1}", f"{n - 1}")], [file(f"{n}", f"{n}")], n % 100, n % 100) for n in range(count)
        ]
        run, begun = run_of(*reversed(jobs)), time.process_time()
        document(run)
        return time.process_time() - begun

    seconds(200)
    assert min(seconds(4000) for _ in range(3)) < 4 * seconds(2000) + 0.5


def test_versions_know_their_readers() -> None:
    """Each version lists who read it, in the order of the run."""
    run = run_of(
        job("a", [], [file("x", "1")]), job("b", [file("x", "1")], [], 3, 4), job("c", [file("x", "1")], [], 5, 6)
    )
    (version,) = trace(run).versions["x"]
    assert version.readers == [1, 2]
