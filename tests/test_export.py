"""Runs as databases and inventories of software."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bundle, check, cli, codec, export, graph, terms
from provcap.errors import BadConfig, ProvcapError
from provcap.export import inventory, tables
from provcap.model import Draw, Environment, Package, Run, Term
from provcap.purl import purl
from tests.conftest import materialise, read_run


def asked(path: Path, question: str) -> list[tuple[Any, ...]]:
    """Rows of the database at `path`."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    return {t.name: asked(path, f'SELECT * FROM "{t.name}"') for t in tables.tables().values()}


def test_loading_twice_is_loading_once(any_run: Run, tmp_path: Path) -> None:
    """The same run a second time changes nothing; an older state of it is replaced."""
    path = tmp_path / "runs.sqlite"
    assert export.sql(path, [any_run]) == 1
    before = everything(path)
    assert export.sql(path, [replace(any_run, jobs=any_run.jobs[:1]), any_run]) == 1
    assert everything(path) == before
    assert len(before["job"]) == len(any_run.jobs)
    assert len(before["file"]) == sum(
        len(job.inputs + job.outputs + job.logs + job.members + job.undeclared_inputs + job.undeclared_outputs)
        for job in any_run.jobs
    )


def test_no_field_of_the_model_is_forgotten() -> None:
    """Every text and number of a run is in some row."""
    run = read_run("succeeded")

    def values(plain: Any) -> Iterator[Any]:
        for item in plain.values() if isinstance(plain, dict) else plain:
            yield from values(item) if isinstance(item, dict | list) else [item]

    told = {str(value) for _, row in tables.rows(run) for value in row}
    inside = "\n".join(told)
    for value in values(codec.encode(run)):
        assert str(int(value) if isinstance(value, bool) else value) in told or str(value) in inside, value


def test_several_runs_share_what_they_share(tmp_path: Path) -> None:
    """Two runs in the same environment: its packages are there once, its jobs twice."""
    path, run = tmp_path / "runs.sqlite", read_run("succeeded")
    assert export.sql(path, [run, replace(run, id="another")]) == 2
    assert asked(path, "SELECT COUNT(*) FROM package") == [(4,)]
    assert asked(path, "SELECT COUNT(*) FROM job") == [(4,)]


def test_views_answer_the_common_questions(tmp_path: Path) -> None:
    """Who made and used a file, software, failures, unseeded draws, resources."""
    path, run = tmp_path / "runs.sqlite", read_run("succeeded")
    draw = Draw("numpy.random", "unseeded", "1", "x.py:3")
    export.sql(
        path,
        [
            replace(run, jobs=(replace(run.jobs[0], randomness=(draw, draw)), *run.jobs[1:])),
            replace(read_run("failed"), id="f"),
        ],
    )
    here = f"run_id = '{run.id}'"
    made = asked(path, f"SELECT rule, image, user FROM who_made WHERE path = 'results/labels.tif' AND {here}")
    assert made == [("segment", "docker://ghcr.io/example/skimage:0.26.0", "alice")]
    assert asked(path, f"SELECT rule FROM used_by WHERE path = 'results/labels.tif' AND {here}") == [("measure",)]
    found = asked(path, f"SELECT rule, version FROM software_of_jobs WHERE name = 'numpy' AND {here} ORDER BY rule")
    assert found == [("measure", "2.4.6"), ("segment", "2.4.6")]
    assert asked(path, 'SELECT rule, draws, "where" FROM unseeded_jobs') == [("segment", 2, "x.py:3")]
    assert {row[0] for row in asked(path, "SELECT run_id FROM failed_attempts")} == {"f"}
    used = asked(path, f"SELECT cpu_s, max_rss_bytes FROM resources_of_rules WHERE rule = 'segment' AND {here}")
    assert used == [(1.5, 524288000)]


def test_only_our_databases_are_written_to(tmp_path: Path) -> None:
    """Another database, a damaged file and one of another version are left as they are."""
    other, text, old = (tmp_path / name for name in ("other.sqlite", "text.sqlite", "old.sqlite"))
    with closing(sqlite3.connect(other)) as connection:
        connection.executescript("CREATE TABLE run (id); INSERT INTO run VALUES (1)")
    text.write_text("not a database, but long enough to be taken for one" * 40)
    export.sql(old, [read_run("minimal")])
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA user_version = 1")
    for path in (other, text, old):
        before = path.read_bytes()
        with pytest.raises(ProvcapError) as caught:
            export.sql(path, [read_run("minimal")])
        assert caught.value.slug == "other-database"
        assert path.read_bytes() == before


def test_a_run_is_loaded_whole_or_not_at_all(tmp_path: Path) -> None:
    """When reading the next run fails, those before are there, and nothing of it."""
    path = tmp_path / "runs.sqlite"

    def runs() -> Iterator[Run]:
        yield read_run("minimal")
        raise ProvcapError("unknown-run", "gone")

    with pytest.raises(ProvcapError, match="gone"):
        export.sql(path, runs())
    assert asked(path, "SELECT COUNT(*) FROM run") == [(1,)]


@settings(max_examples=25, deadline=None)
@given(st.text(), st.integers(), st.dictionaries(st.text(), st.none() | st.integers() | st.text(), max_size=3))
def test_any_value_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory, text: str, number: int, more: dict[str, Any]
) -> None:
    """Names with anything in them, bytes that are not UTF-8, integers of any size (beyond 64 bits not exact)."""
    run = read_run("succeeded")
    name = os.fsdecode(text.encode("utf-8", "replace") + b"\xff")
    job = replace(run.jobs[0], rule=name, command=text, exit_code=number, params=more)
    path = tmp_path_factory.mktemp("any") / "runs.sqlite"
    export.sql(path, [replace(run, jobs=(job,))])
    rule, command, code = asked(path, "SELECT rule, command, exit_code FROM job")[0]
    assert (rule, command) == (text.encode("utf-8", "replace").decode() + "\\xff", text)
    assert float(code) == float(number)
    assert code == number or abs(number) >= 1 << 63


def test_parquet_has_what_sql_has(any_run: Run, tmp_path: Path) -> None:
    """Each table as a file with the same rows; written twice the same bytes, and never over something."""
    parquet = pytest.importorskip("pyarrow.parquet")
    export.sql(tmp_path / "runs.sqlite", [any_run])
    for name in ("a", "b"):
        export.parquet(tmp_path / name, [any_run])
    for name, rows in everything(tmp_path / "runs.sqlite").items():
        found = parquet.read_table(tmp_path / "a" / f"{name}.parquet").to_pylist()
        assert sorted(map(repr, (tuple(row.values()) for row in found))) == sorted(map(repr, rows)), name
        assert (tmp_path / "a" / f"{name}.parquet").read_bytes() == (tmp_path / "b" / f"{name}.parquet").read_bytes()
    with pytest.raises(ProvcapError):
        export.parquet(tmp_path / "a", [any_run])


DEBIAN = Environment("e", os_id="debian", os_version="12")


@pytest.mark.parametrize(
    ("package", "address"),
    [
        (Package("scikit_image", "0.26.0", "pypi"), "pkg:pypi/scikit-image@0.26.0"),
        (Package("m", "1", "pypi", "git+https://e.org/m@abc"), "pkg:pypi/m@1?vcs_url=git%2Bhttps://e.org/m%40abc"),
        (
            Package("libc6", "2.36-9+deb12u10", "deb", None, "amd64"),
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12",
        ),
        (
            Package("bash", "2:5.2-1", "rpm", None, "x86_64"),
            "pkg:rpm/debian/bash@5.2-1?arch=x86_64&distro=debian-12&epoch=2",
        ),
        (
            Package(
                "numpy",
                "2.4.6=py312_0",
                "conda",
                "https://conda.anaconda.org/conda-forge/linux-64/numpy-2.4.6.conda",
                "linux-64",
            ),
            "pkg:conda/numpy@2.4.6?build=py312_0&channel=conda-forge&subdir=linux-64",
        ),
        (
            Package("x", "1", "conda", "https://h.org/t/secret/lab/noarch/x-1.conda", "noarch"),
            "pkg:conda/x@1?channel=lab&subdir=noarch",
        ),
        (Package("ggplot2", "3.5.1", "cran", "CRAN"), "pkg:cran/ggplot2@3.5.1"),
    ],
)
def test_package_urls(package: Package, address: str) -> None:
    """A purl for every manager, with the qualifiers that are known, and read back by the library."""
    from packageurl import PackageURL

    assert purl(package, DEBIAN) == address
    assert PackageURL.from_string(address).to_string() == address


def test_cyclonedx_is_valid_and_steady(any_run: Run) -> None:
    """One document for each environment, valid by the schema of CycloneDX 1.6, the same each time."""
    validation = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    found = export.cyclonedx(any_run)
    assert len(found) == len(any_run.environments)
    assert export.cyclonedx(any_run) == found
    for text in found.values():
        assert validation.JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.decode()) is None


def test_cyclonedx_lists_the_packages() -> None:
    """Every package with its purl; the image and its digest."""
    (text,) = export.cyclonedx(read_run("succeeded")).values()
    plain = json.loads(text)
    assert {c["purl"] for c in plain["components"]} >= {
        "pkg:pypi/numpy@2.4.6",
        "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
    }
    assert plain["metadata"]["timestamp"].startswith("2026-11-21T09:00:00")
    assert any("sha256:" + "a" * 64 in p["value"] for p in plain["metadata"]["component"]["properties"])


def test_spdx_is_valid_and_steady(any_run: Run) -> None:
    """One document for each environment that the SPDX library finds nothing wrong with, the same each time."""
    pytest.importorskip("spdx_tools")
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    assert export.spdx(any_run) == export.spdx(any_run)
    for environment in any_run.environments:
        document = inventory.spdx_document(any_run, environment)
        assert [m.validation_message for m in validate_full_spdx_document(document)] == []


def test_spdx_can_be_read(tmp_path: Path) -> None:
    """The library reads the file back, with every package."""
    pytest.importorskip("spdx_tools")
    from spdx_tools.spdx.parser.parse_anything import parse_file

    (text,) = export.spdx(read_run("succeeded")).values()
    (tmp_path / "a.spdx.json").write_bytes(text)
    document = parse_file(str(tmp_path / "a.spdx.json"))
    assert {p.name for p in document.packages} >= {"numpy", "scikit-image", "mytool", "libc6"}


def test_codemeta_claims_nothing_unknown(any_run: Run) -> None:
    """No licence and no authors are given, as the run does not say those of the workflow."""
    plain = json.loads(export.codemeta(any_run))
    assert plain["@type"] == "SoftwareSourceCode"
    assert not {"license", "author"} & set(plain)
    assert plain.get("codeRepository") == any_run.workflow.repository


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly one format; nothing is overwritten but a database of ours."""
    run = read_run("succeeded")
    folder = tmp_path / ".provcap/runs" / run.id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(run))
    there = ["export", "-d", str(tmp_path), "latest"]
    for option in ("--sql", "--parquet", "--cyclonedx", "--spdx", "--codemeta"):
        target = str(tmp_path / option)
        assert cli.main([*there, option, target]) == 0
        assert cli.main([*there, option, target]) == (0 if option == "--sql" else 2)
    with pytest.raises(SystemExit):
        cli.main(there)
    with pytest.raises(SystemExit):
        cli.main([*there, "--sql", "x", "--spdx", "y"])


SAID = """
rules:
  segment: {term: "EDAM:operation_3443", name: Image analysis}
  measure: ["OBI:0000070", https://example.org/measuring]
formats:
  .tif: EDAM:format_3591
  .ome.tif: {term: "EDAM:format_3727", name: OME-TIFF}
"""


def test_terms_are_read_and_chosen(tmp_path: Path) -> None:
    """Prefixes become IRIs; the longest end of a name decides its format."""
    (tmp_path / "terms.yaml").write_text(SAID)
    found, gaps = terms.read_terms(tmp_path)
    run = read_run("succeeded")
    run = replace(run, about=replace(run.about, terms=found))
    assert gaps == []
    assert [t.iri for t in terms.of_rule(run, "measure")] == [
        "http://purl.obolibrary.org/obo/OBI_0000070",
        "https://example.org/measuring",
    ]
    assert [t.name for t in terms.of_path(run, "a/b.OME.tif")] == ["OME-TIFF"]
    assert [t.iri for t in terms.of_path(run, "a/b.tif")] == ["http://edamontology.org/format_3591"]
    assert terms.of_path(run, "a/b.csv") == ()


@pytest.mark.parametrize(
    "text",
    ["[]", "steps: {}", "rules: 3", "rules: {a: b}", "rules: {a: javascript:x}", "rules: {a: {name: x}}", "rules: {a: 'http://a b'}",
     "formats: {csv: EDAM:format_3752}", "formats: {.a/b: EDAM:format_3752}", "a: &a [*a]", "!!python/object:os.system {}", "\x00",
     "rules: {a: 'http://x/<script>'}", 'rules: {a: {term: "EDAM:format_3752", name: "a\\e[0m"}}'],
)  # fmt: skip
def test_bad_terms_are_refused(tmp_path: Path, text: str) -> None:
    """What is no term is one error with the file's name; in a run it is a gap."""
    (tmp_path / "terms.yaml").write_text(text)
    with pytest.raises(BadConfig, match=r"terms\.yaml"):
        terms.load(tmp_path / "terms.yaml")
    assert [gap.slug for gap in terms.read_terms(tmp_path)[1]] == ["bad-config"]


def test_the_terms_of_the_reference_workflow_are_good() -> None:
    """config/terms.yaml can be used."""
    root = Path(__file__).parent.parent
    assert len(terms.load(root / "config/terms.yaml")) >= 10


def test_terms_end_in_prov_and_in_a_valid_crate(tmp_path: Path) -> None:
    """A step and a format carry their terms, and the crate keeps to its profile without a warning."""
    run = read_run("succeeded")
    step = Term("rule", "segment", "http://edamontology.org/operation_3443", "Image analysis")
    kind = Term("format", ".csv", "http://edamontology.org/format_3752")
    run = replace(run, about=replace(run.about, terms=(step, kind)))
    assert {b"operation_3443", b"format_3752"} <= set(
        graph.serialise(graph.document(run), "json").replace(b'"', b"/").split(b"/")
    )
    bundle.write_crate(run, materialise(run, tmp_path / "work"), tmp_path / "crate")
    assert [f for f in check.check(tmp_path / "crate").findings if f.level != "note"] == []
    entities = {e["@id"]: e for e in json.loads((tmp_path / "crate/ro-crate-metadata.json").read_bytes())["@graph"]}
    assert entities["#step/segment"]["about"] == {"@id": step.iri}
    assert {"@id": kind.iri} in entities["results/nuclei.csv"]["encodingFormat"]
