"""docs/conformance.md says what the formats carry: held against what they do."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from provcap import codec, export
from provcap.crate import Policy, derived
from provcap.graph import FORMATS, bundled, document, serialise
from provcap.model import Run
from provcap.seal import statement
from tests.conftest import read_run
from tests.engines import ROOT
from tests.test_crate import METADATA, pack

PAGE = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
#: for each row something of the run `retried`, or of the one named, that a format has if it carries it
SIGNS: dict[str, tuple[str, str]] = {
    "command line of the run": ("succeeded", "--cores"),
    "parameters": ("succeeded", "clear_border"),
    "container image with digest": ("succeeded", "a" * 64),
    "installed packages": ("succeeded", "scikit-image"),
    "workflow file and its version": ("succeeded", "0123456789abcdef"),
    "machine": ("succeeded", "AMD EPYC 7B13"),
    "memory and CPU that were used": ("succeeded", "524288000"),
    "times of attempts": ("succeeded", "09:00:01"),
    "time of the run": ("succeeded", "09:01:00"),
    "seeds and draws of random numbers": ("deep", "3 12 99"),
    "who ran it": ("succeeded", "alice"),
    "authors, licence": ("succeeded", "CC-BY-4.0"),
}


def rows(heading: str) -> dict[str, dict[str, str]]:
    """The table after `heading`: row to column to mark."""
    lines = [line for line in PAGE.split(heading, 1)[1].split("\n\n## ")[0].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(cells[0][1:], row[1:], strict=True)) for row in cells[2:]}


def written(tmp_path: Path) -> dict[str, Callable[[str], str]]:
    """How to write a run in each format of the first table."""

    def crate(version: int) -> Callable[[str], str]:
        policy = Policy(profile=derived.PROFILES[version])
        return lambda run: (pack(read_run(run), tmp_path / run, f"{version}", policy=policy)[0] / METADATA).read_text()

    return {
        "run.json": lambda run: codec.dump_run(read_run(run)),
        "PROV": lambda run: serialise(document(read_run(run)), "provn").decode(),
        "crate 0.5": crate(0),
        "crate 0.6": crate(1),
        "SQL": lambda run: database(run, tmp_path / f"{run}.sqlite"),
        "CycloneDX, SPDX": lambda run: software(read_run(run)),
        "CodeMeta": lambda run: export.codemeta(read_run(run)).decode(),
        "in-toto/SLSA": lambda run: (statement.compose(read_run(run)) or b"").decode(),
    }


def database(run: str, path: Path) -> str:
    """The rows of the database that the run `run` is loaded into."""
    export.sql(path, [read_run(run)])
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return "\n".join(line for line in connection.iterdump() if line.startswith("INSERT"))


def software(run: Run) -> str:
    """Both lists of the run's software."""
    return b"".join([*export.cyclonedx(run).values(), *export.spdx(run).values()]).decode()


def test_what_a_format_carries_is_in_it_and_what_not_is_not(tmp_path: Path) -> None:
    """For the rows that can be looked for, a mark means that it is there, and a dash that it is not."""
    table = rows("# What each format can carry")
    texts = {
        (name, run): write(run) for name, write in written(tmp_path).items() for run in {r for r, _ in SIGNS.values()}
    }
    for row, (run, sign) in SIGNS.items():
        for name, mark in table[row].items():
            assert (sign in texts[name, run]) == (mark != "–"), (row, name)


@pytest.mark.parametrize("fmt", FORMATS)
def test_formats_of_prov_have_bundles_as_the_page_says(fmt: str) -> None:
    """A format writes bundles, or refuses to, as the page says."""
    marks = {
        name: row for names, row in rows("## PROV serialisations").items() for name in re.findall("`(.*?)`", names)
    }
    assert {*FORMATS, "svg", "png"} == set(marks)
    try:
        serialise(bundled([read_run("minimal")]), fmt)
        found = "●"
    except Exception:
        found = "–"
    assert marks[fmt]["bundles"] == found


def test_every_cell_has_a_mark() -> None:
    """The table is whole: each format has a mark in each row."""
    for marks in rows("# What each format can carry").values():
        assert set(marks.values()) <= {"●", "○", "–"}


def test_the_statement_is_what_in_toto_and_slsa_ask_for() -> None:
    """All fields that Statement v1 and SLSA provenance v1 REQUIRE are there, with the right types of URI."""
    said = json.loads(statement.compose(read_run("succeeded")) or b"{}")
    assert said.keys() == {"_type", "subject", "predicateType", "predicate"}
    assert all(set(one["digest"]) <= {"sha256", "provcapTree", "gitCommit"} and one["name"] for one in said["subject"])
    build = said["predicate"]["buildDefinition"]
    assert re.match(r"https://[^ ]+/v1$", build["buildType"])
    assert isinstance(build["externalParameters"], dict)
    details = said["predicate"]["runDetails"]
    assert re.match("https://", details["builder"]["id"])
    assert all(details["metadata"][name].endswith("Z") for name in ("startedOn", "finishedOn"))
