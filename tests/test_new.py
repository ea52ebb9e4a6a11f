"""`provcap new`: a workflow of one's own, from an empty directory to a valid crate."""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import about, init
from provcap.bioimage import declared
from provcap.compare import load
from provcap.errors import ProvcapError
from tests import workflows
from tests.engines import ROOT

NEW = ROOT / "src/provcap/starter/new"
ODD = """a "wörk" & co's"""


def begun(project: Path, *words: str) -> Path:
    """A workflow that `provcap new` began in `project`."""
    done = workflows.provcap(project.parent, "new", project.name, *words)
    assert done.returncode == 0, done.stderr
    return project


@pytest.mark.slow
def test_the_newcomers_way_ends_with_a_valid_crate(tmp_path: Path) -> None:
    """new, run, show, crate and check, as the answer of `new` says, in a directory with an odd name; and Snakemake's
    lint has no complaint. Nobody is named in the crate who was not filled in."""
    project = begun(tmp_path / ODD, "--name", "Discs")
    assert workflows.provcap(project, "run", "--", "--cores", "1").returncode == 0
    shown = workflows.provcap(project, "show")
    assert (shown.returncode, "attempts  3: 3 succeeded" in shown.stdout) == (0, True)
    run = workflows.latest(project)
    assert {entry.value for job in run.jobs for entry in job.randomness if entry.kind == "seeded"} == {"1", "2"}
    assert {gap.slug for gap in run.gaps} == {"not-described", "workflow-unversioned"}
    assert (run.about.title, run.about.authors) == ("Discs", ())
    assert workflows.provcap(project, "crate", "-o", "out.crate.zip").returncode == 0
    checked = workflows.provcap(project, "check", "out.crate.zip")
    assert (checked.returncode, "0 errors" in checked.stdout) == (0, True), checked.stdout
    lint = workflows.run([sys.executable, "-m", "snakemake", "--lint"], project)
    assert (lint.returncode, "good condition" in lint.stdout + lint.stderr) == (0, True)


@pytest.mark.slow
def test_its_own_tests_pass(tmp_path: Path) -> None:
    """The tests that the new workflow brings: two runs give the same, and `provcap check` accepts the crate."""
    project = begun(tmp_path / "mine")
    found = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = workflows.run([sys.executable, "-m", "pytest", "-q", "tests"], project, PATH=found)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_stands_there_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A directory with anything in it, a file, and a link that leads nowhere stay as they are."""
    (tmp_path / "used").mkdir()
    (tmp_path / "used/.hidden").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    before = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*"))
    for name, slug in (("used", "not-empty"), ("file", "no-such-directory"), ("link", "no-such-directory")):
        done = workflows.provcap(tmp_path, "new", name)
        assert (done.returncode, f"[{slug}]" in done.stderr) == (2, True), done.stderr
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "bell\a", "not \udcff text", "x" * 201])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    """Empty, of several lines, with control characters or bytes that are no text, or too long: nothing is written."""
    with pytest.raises(ProvcapError, match="cannot be the name"):
        init.begin(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60).filter(str.strip))
def test_a_name_is_the_title_as_it_was_given(name: str) -> None:
    """Quotes, colons, brackets, other alphabets: a name is read back from provcap.yaml as it was."""
    with tempfile.TemporaryDirectory() as folder:
        init.begin(Path(folder), name)
        assert about.read_about(Path(folder))[0].title == name.strip()
        heading = Path(folder, "README.md").read_text("utf-8").splitlines()[0]
        assert re.sub(r"\\(.)", r"\1", heading.removeprefix("# ")) == name.strip()


def test_without_a_name_nothing_is_said_of_the_run(tmp_path: Path) -> None:
    """No title, licence or author that nobody gave can be published; the README bears the name of the directory."""
    project = begun(tmp_path / "mine")
    told, gaps = about.read_about(project)
    assert (told.title, told.license, told.authors) == (None, None, ())
    assert {gap.slug for gap in gaps} == {"not-described"}
    assert (project / "README.md").read_text().startswith("# mine\n")


def test_new_brings_what_init_brings(tmp_path: Path) -> None:
    """After `new`, `init` finds all of its files as they are; and `init` alone brings nothing of a new workflow."""
    project = begun(tmp_path / "mine")
    brought = init.place(project)
    assert {one.state for one in brought} == {"same"}
    assert not {one.path for one in brought} & {path.relative_to(NEW).as_posix() for path in NEW.rglob("*")}


def test_every_file_gets_into_the_package() -> None:
    """Each file of the starter is matched by the package data of pyproject.toml."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["provcap"]
    listed = subprocess.run(
        ["git", "ls-files", "src/provcap/starter"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(line).relative_to("src/provcap") for line in listed.stdout.splitlines()]
    assert len(files) > 15
    for file in files:
        assert any(len(Path(p).parts) == len(file.parts) and fnmatch.fnmatch(file.as_posix(), p) for p in data), file
        assert not file.name.startswith(".")  # patterns leave these out


def test_the_container_has_what_the_scripts_import() -> None:
    """requirements.txt fixes every package of requirements.in, each with a hash, and scripts import nothing else."""
    lock = (NEW / "container/requirements.txt").read_text()
    wanted = [line for line in (NEW / "container/requirements.in").read_text().splitlines() if "==" in line]
    assert all(f"{line} \\\n    --hash=sha256:" in lock for line in wanted)
    scripts = "\n".join(path.read_text() for path in (NEW / "workflow/scripts").glob("*.py"))
    imported = set(re.findall(r"^(?:import|from) (\w+)", scripts, re.M)) - set(sys.stdlib_module_names)
    assert imported == {"skimage" if "image" in line else line.partition("==")[0] for line in wanted}


def test_its_statements_can_be_read() -> None:
    """The limits and what is needed of images are as `provcap compare` and `provcap preflight` take them, and each of the
    limits is for a result of the Snakefile."""
    snakefile = (NEW / "workflow/Snakefile").read_text()
    entries = load(NEW / "config/tolerance.yaml").entries
    assert [entry for entry in entries if f'"{entry.pattern}"' not in snakefile] == []
    assert {need.steps for need in declared.load(NEW / "config/acquisition.yaml")} == {("segment_objects",)}
