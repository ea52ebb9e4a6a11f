"""A published run comes out again, elsewhere and without its original directory; and hostile crates do no harm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap import constraints, graph
from provcap.bag import crate_root
from provcap.errors import ProvcapError
from provcap.model import Run, Source, Workflow
from provcap.opening import open_run
from provcap.rerun.command import carry_over
from provcap.rerun.layout import layout
from provcap.rerun.plan import plan
from provcap.rerun.settings import variables
from tests import images, registry, workflows
from tests.crates import ABOUT, pack, spoil, unpacked
from tests.engines import ROOT

SNAKEFILE = """
configfile: f"{workflow.basedir}/../config/config.yaml"

rule all:
    input: "results/count.txt", "results/noise.txt"

rule count:
    input: config["words"], "extra.txt"
    output: "results/count.txt"
    params: seed=config["seed"]
    threads: 2
    script: "scripts/count.py"

rule noise:
    output: "results/noise.txt"
    params: loud=config["loud"]
    script: "scripts/noise.py"
"""
COUNT = """
import os, random
assert "MICROSCOPE" not in os.environ
random.seed(snakemake.params.seed)
words = sum(len(open(path).read().split()) for path in snakemake.input)
open(snakemake.output[0], "w").write(f"{words} {random.random()} {snakemake.threads}\\n")
"""
NOISE = """
import random
open(snakemake.output[0], "w").write(f"{random.random() if snakemake.params.loud else 'quiet'}\\n")
"""


def original(folder: Path, loud: bool = False) -> Path:
    """A workflow beside its work directory, data beside both by an absolute path, as a crate; the folder is away then."""
    root = folder / "project"
    for name, text in {
        "flow/workflow/Snakefile": SNAKEFILE,
        "flow/workflow/scripts/count.py": COUNT,
        "flow/workflow/scripts/noise.py": NOISE,
        "flow/config/config.yaml": f"words: {root}/data/words.txt\nseed: 3\nloud: {str(loud).lower()}\n",
        "data/words.txt": "one two three\n",
        "analysis/extra.txt": "four\n",
        "analysis/provcap.yaml": ABOUT,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    words = ["-s", str(root / "flow/workflow/Snakefile"), "--config", "more=1", "--set-threads", "count=1"]
    done = workflows.snakemake(root / "analysis", *words, "--keep-going", "--nolock")
    assert done.returncode == 0, done.stderr
    crate = pack(root / "analysis", folder / "it.crate.zip")
    root.rename(folder / "away")
    return crate


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate of a run whose results come out the same each time."""
    return original(tmp_path_factory.mktemp("quiet"))


@pytest.fixture
def spread(crate: Path, tmp_path: Path) -> Path:
    """The same as a directory that may be spoiled."""
    return unpacked(crate, tmp_path / "crate")


@pytest.mark.slow
def test_rerun_of_a_rerun(crate: Path, tmp_path: Path) -> None:
    """In an empty directory, with the original away, all results are identical, also of the rerun's own crate; the
    chain, the verdicts and their reasons stand in record, PROV and crate, which are valid without a warning."""
    (tmp_path / "one").mkdir()
    done = workflows.provcap(tmp_path / "one", "rerun", str(crate))
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[:2]] == [
        ["identical", "results/count.txt"],
        ["identical", "results/noise.txt"],
    ]
    run, first = open_run("latest", tmp_path / "one/analysis").run, open_run(str(crate), tmp_path).run
    assert (run.rerun_of, [o.run for o in run.origins]) == (first.id, [first.id])
    again = pack(tmp_path / "one/analysis", tmp_path / "again.crate.zip")
    checked = workflows.provcap(tmp_path, "check", str(again))
    assert "0 errors, 0 warnings" in checked.stdout, checked.stdout
    done = workflows.provcap(tmp_path, "rerun", str(again), "-C", "two", "--json")
    assert done.returncode == 0, done.stderr
    assert {v["verdict"] for v in json.loads(done.stdout)["verdicts"]} == {"identical"}
    second = open_run("latest", tmp_path / "two/analysis").run
    assert (second.rerun_of, [o.run for o in second.origins]) == (run.id, [run.id, first.id])
    assert second.origins[1] == run.origins[0]
    assert [(a.verdict.verdict, a.first == a.second) for a in second.assessments] == [("identical", True)] * 2
    document = graph.document(second)
    assert constraints.violations(document) == []
    assert sum("Verdict" in str(record.get_asserted_types()) for record in document.get_records()) == 2


@pytest.mark.slow
def test_replay_only_and_failure(tmp_path: Path) -> None:
    """A result that nobody seeded differs, --only leaves it out, and --replay-randomness brings it out again."""
    loud = original(tmp_path, loud=True)
    done = workflows.provcap(tmp_path, "rerun", str(loud), "-C", "differs")
    assert done.returncode == 1, done.stderr
    assert {line.split()[1]: line.split()[0] for line in done.stdout.splitlines()[:2]} == {
        "results/count.txt": "identical",
        "results/noise.txt": "different",
    }
    why = workflows.provcap(tmp_path, "diff", str(loud), "differs/analysis")
    assert "randomness random" in why.stdout
    done = workflows.provcap(tmp_path, "rerun", str(loud), "-C", "only", "--only", "count")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 identical")
    assert not (tmp_path / "only/analysis/results/noise.txt").exists()
    done = workflows.provcap(tmp_path, "rerun", str(loud), "-C", "replayed", "--replay-randomness")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 identical"), done.stderr


def test_snakemake_fails(crate: Path, tmp_path: Path) -> None:
    """When the rerun fails, exit code 2 and what the job said; its record is kept."""
    done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "new", MICROSCOPE="on fire")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: the rerun failed (exit code 1) in count\n" in done.stderr
    assert open_run("latest", tmp_path / "new/analysis").run.rerun_of


CHAIN = """
rule last:
    input: "first.txt"
    output: "last.txt"
    shell: "cat {input} > {output}"
rule first:
    output: "first.txt"
    shell: "echo 1 > {output}"
rule other:
    output: "other.txt"
    shell: "cat {output}.absent > {output}"
"""


def test_dry_run_names_what_was_up_to_date(tmp_path: Path) -> None:
    """What stood when the original ran is to be made in an empty directory, too; with --only, what leads there. A job
    that failed in the original and fails again is told to do so."""
    workdir = workflows.write(tmp_path / "work", CHAIN)
    assert workflows.snakemake(workdir, "first.txt").returncode == 0
    assert workflows.snakemake(workdir, "--retries", "1", "--keep-going", "last.txt", "other.txt").returncode == 1
    crate = pack(workdir, tmp_path / "it.crate.zip")
    for only, jobs in {
        (): {"first": 1, "last": 1, "other": 1},
        ("--only", "last"): {"first": 1, "last": 1},
        ("--only", "other"): {"other": 1},
    }.items():
        done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "new", "--dry-run", "--json", *only)
        assert json.loads(done.stdout)["jobs"] == jobs
    done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "new")
    assert "error: the rerun failed (exit code 1) in other, as in the original run\n" in done.stderr


def test_dry_run_writes_nothing(crate: Path, tmp_path: Path) -> None:
    """--dry-run tells jobs, files and the command, and leaves no trace."""
    done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "new", "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["missing"], told["jobs"]) == (0, [], {"count": 1, "noise": 1})
    assert told["arguments"][-1] == "more=1"
    assert told["config"] == {"words": f"{tmp_path}/new/data/words.txt"}
    assert told["left_behind"] == ["--nolock"]
    assert list(tmp_path.iterdir()) == []


def test_directory_named_from_here(spread: Path, tmp_path: Path) -> None:
    """A crate that is a directory may be named relative to where we are."""
    here = tmp_path / "here"
    here.mkdir()
    done = workflows.provcap(here, "rerun", os.path.relpath(spread, here), "-C", "new", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")


def test_variables_that_cannot_be_set(crate: Path, tmp_path: Path) -> None:
    """A value that no environment can hold is left out; an empty one is kept."""
    run = open_run(str(crate), tmp_path).run
    jobs = tuple(replace(job, variables={"TZ": "a\0b", "LANG": ""}) for job in run.jobs)
    found = variables(replace(run, jobs=jobs))
    assert "TZ" not in found
    assert found["LANG"] == ""


def test_missing_input_is_found_by_digest(crate: Path, tmp_path: Path) -> None:
    """An input that the crate lacks is named before anything runs, and found in a folder under any name."""
    away = pack(crate.parent / "away/analysis", tmp_path / "bare.crate.zip", "--without-inputs")
    done = workflows.provcap(tmp_path, "rerun", str(away), "-C", "new")
    assert (done.returncode, "[rerun-incomplete]" in done.stderr) == (2, True)
    assert "words.txt" in done.stderr
    assert not (tmp_path / "new").exists()
    (tmp_path / "found").mkdir()
    (tmp_path / "found/other name").write_text("one two three\n")
    (tmp_path / "found/b").write_text("four\n")
    done = workflows.provcap(tmp_path, "rerun", str(away), "-C", "new", "--dry-run", "--from", "found")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        "all recorded files and images that it needs are at hand",
    ), done.stdout


def test_directory_must_be_empty(crate: Path, tmp_path: Path) -> None:
    """A directory that holds something is refused before any work; the crate itself may lie in it."""
    shutil.copy(crate, tmp_path / "it.zip")
    assert workflows.provcap(tmp_path, "rerun", "it.zip", "--dry-run").returncode == 0
    (tmp_path / "mine.txt").write_text("mine")
    done = workflows.provcap(tmp_path, "rerun", "it.zip", "--dry-run")
    assert (done.returncode, "[target-exists]" in done.stderr) == (2, True)


def test_foreign_and_damaged_crates(spread: Path, tmp_path: Path) -> None:
    """A crate of another engine, and one with a changed file, are refused in words."""
    (spread / "results/count.txt").write_text("5 0.5 1\n")
    done = workflows.provcap(tmp_path, "rerun", str(spread), "-C", "new")
    assert (done.returncode, "[damaged-crate]" in done.stderr) == (2, True)
    (spread / "provenance/run.json").unlink()
    with pytest.raises(ProvcapError) as caught:
        plan(spread, tmp_path / "new")
    assert caught.value.slug == "foreign-crate"


@pytest.mark.parametrize(
    ("slug", "change"),
    [
        ("unsafe-path", lambda run: run.update(workdir="../../etc")),
        ("unsafe-path", lambda run: run.update(workdir="/a\0b")),
        ("unsafe-path", lambda run: run["workflow"]["sources"][0].update(place="/x/" + "y/" * 3000)),
        ("outputs-elsewhere", lambda run: run["jobs"][0]["outputs"][0].update(path="/root/.ssh/authorized_keys")),
        ("outputs-elsewhere", lambda run: run["jobs"][0]["outputs"][0].update(path="../../.bashrc")),
        ("no-workflow", lambda run: run["workflow"].update(sources=[])),
    ],
)
def test_hostile_records_are_refused(spread: Path, tmp_path: Path, slug: str, change: Any) -> None:
    """Records with impossible directories or outputs elsewhere are refused, and nothing is written."""
    spoil(spread, change)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ProvcapError) as caught:
        plan(spread, tmp_path / "new")
    assert caught.value.slug == slug
    assert sorted(tmp_path.rglob("*")) == before


def test_sources_never_leave_the_directory(spread: Path, tmp_path: Path) -> None:
    """A record that places its sources at paths of this machine gets them below the new directory."""

    def change(run: dict[str, Any]) -> None:
        for number, source in enumerate(run["workflow"]["sources"]):
            if source["role"] != "snakefile":
                source["place"] = f"/root/.ssh/../../etc/cron.d/{number}"

    found = plan(spoil(spread, change), tmp_path / "new")
    assert found.files
    assert all(item.target.is_relative_to(tmp_path / "new") for item in found.files)
    assert all(".." not in item.target.parts for item in found.files)


@given(st.text(min_size=1), st.lists(st.text(), max_size=4), st.text())
def test_every_path_has_a_place_below(workdir: str, places: list[str], path: str) -> None:
    """Whatever a record says, a path is refused or lies below the new directory."""
    sources = tuple(Source(p, "sha256:0", 1, "include", f"/{p}") for p in places)
    run = Run("r", "succeeded", f"/{workdir}", Workflow("Snakefile", sources), "2026-11-21T09:00:00.000+00:00")
    try:
        place = layout(run, Path("/new")).place(path)
    except ProvcapError:
        return
    assert os.path.normpath(place) == str(place)
    assert place == Path("/new") or place.is_relative_to("/new")


def test_links_in_a_directory(spread: Path) -> None:
    """A link in a crate's directory is refused: it would pass a file of this machine off as part of the crate."""
    (spread / "data.txt").symlink_to("/etc/passwd")
    with pytest.raises(ProvcapError) as caught, crate_root(spread):
        pass
    assert caught.value.slug == "unsafe-crate"


@pytest.mark.parametrize("packed", [False, True])
def test_bag(spread: Path, tmp_path: Path, packed: bool) -> None:
    """A crate in a bag, packed or not, is found in its payload; a payload that is not what the manifests say is refused."""
    bagit.make_bag(str(spread), checksums=["sha512"])
    bag = spread
    if packed:
        (tmp_path / "outer").mkdir()
        spread.rename(tmp_path / "outer/bag")
        bag = Path(shutil.make_archive(str(tmp_path / "bag"), "zip", tmp_path / "outer"))
    with crate_root(bag) as root:
        assert (root / "provenance/run.json").is_file()
    target = (tmp_path / "outer/bag" if packed else spread) / "data/results/count.txt"
    target.write_text("another\n")
    bag = Path(shutil.make_archive(str(tmp_path / "bad"), "zip", tmp_path / "outer")) if packed else spread
    with pytest.raises(ProvcapError) as caught, crate_root(bag):
        pass
    assert caught.value.slug == "damaged-bag"


COMMANDS = [
    ("--cores 8 a.txt b.txt", [], ["a.txt", "b.txt"], []),
    ("-j4 -k --config x=1 y={'z':2} -- a.txt", ["--keep-going"], ["a.txt"], []),
    ("--use-conda --sdm apptainer", ["--software-deployment-method", "apptainer", "conda"], [], []),
    ("--profile slurm --until fit -O plot", ["--until", "fit", "--omit-from", "plot"], [], ["--profile slurm"]),
    ("--precommand evil --jobscript=/tmp/x a.txt", [], ["a.txt"], ["--precommand evil", "--jobscript /tmp/x"]),
    ("--set-threads fit=2 --max-threads=3", ["--set-threads", "fit=2", "--max-threads", "3"], [], []),
    ("--default-resources mem_mb=100 x=__import__('os')", ["--default-resources", "mem_mb=100"], [],
     ["--default-resources x=__import__('os')"]),
    ("--future-option now -s /w/Snakefile", [], [], ["--future-option now"]),
    ("--quiet all", [], [], []),
]  # fmt: skip


@pytest.mark.parametrize(("command", "arguments", "targets", "left"), COMMANDS)
def test_command_line(command: str, arguments: list[str], targets: list[str], left: list[str]) -> None:
    """What shapes results is carried over, what belongs to the machine or is not known is left behind, and said."""
    run = Run("r", "succeeded", "/w", Workflow("Snakefile"), "", command=("snakemake", *command.split(" ")))
    found = carry_over(run, layout(run, Path("/new")), lambda text: text)
    assert (found.arguments, found.targets, found.left) == (arguments, targets, left)


def test_no_value_becomes_an_option() -> None:
    """A recorded value that Snakemake would read as another option is left behind."""
    words = ("snakemake", "--config", "alpha=1", "--precommand=rm -r x", "-s/evil dir", "-- x", "--", "-n")
    run = Run("r", "succeeded", "/w", Workflow("Snakefile"), "", command=words)
    found = carry_over(run, layout(run, Path("/new")), lambda text: text)
    assert found.words() == ["--config", "alpha=1", "--", "-n"]
    assert found.left == ["--config --precommand=rm -r x -s/evil dir -- x"]


def test_profile_is_carried_over(tmp_path: Path) -> None:
    """What a profile said of results is said again, what it said of the machine is not; the command line goes first."""
    workdir = workflows.write(
        tmp_path / "work", "rule only:\n    output: 'a.txt'\n    shell: 'echo {config[alpha]} > {output}'\n"
    )
    (tmp_path / "prof").mkdir()
    (tmp_path / "prof/config.yaml").write_text(
        "config: {alpha: 1}\nset-threads: {only: 1}\nlatency-wait: 9\nretries: 2\nuse-envmodules: true\n"
    )
    done = workflows.snakemake(workdir, "--profile", "../prof", "--retries", "3")
    assert done.returncode == 0, done.stderr
    found = plan(unpacked(pack(workdir, tmp_path / "it.zip"), tmp_path / "crate"), tmp_path / "new").command
    assert found.arguments[:4] == ["--set-threads", "only=1", "--retries", "3"]
    assert "env-modules" in found.arguments
    assert found.config == ["alpha=1"]
    assert found.left == ["--latency-wait 9", "--profile ../prof"]


def test_container_arguments_show_nothing_of_this_machine() -> None:
    """Of the arguments for the container only those are carried over that bind nothing."""
    words = ("snakemake", "--singularity-args=--nv --bind /:/host -B /etc --cleanenv")
    run = Run("r", "succeeded", "/w", Workflow("Snakefile"), "", command=words)
    found = carry_over(run, layout(run, Path("/new")), lambda text: text)
    assert found.arguments == ["--singularity-args=--nv --cleanenv"]
    assert "--bind" in found.left[0]


@pytest.mark.slow
def test_vary(tmp_path: Path) -> None:
    """--vary tells which result depends on what: on the seed, on the number of threads, on nothing that was tried."""
    crate = original(tmp_path)
    done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "tries", "--vary", "seed", "threads", "--json")
    found = json.loads(done.stdout)
    assert {r["path"]: r["on"] for r in found["results"]} == {
        "results/count.txt": ["seed", "threads"],
        "results/noise.txt": [],
    }, done.stderr
    assert [t["problem"] for t in found["trials"]] == ["", "", ""]


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in Apptainer whose image stands in the workflow by a path beside it, with the recipe; not yet a crate."""
    folder = tmp_path_factory.mktemp("boxed")
    root = images.bare(folder / "root")
    images.add_program(root, "bash", "bin/bash")
    images.add_busybox(root, "sh cat printf")
    workdir = folder / "work"
    (workdir / "images").mkdir(parents=True)
    for command in (["docker", "import", "-", "provcap-test-box:1"],):
        tar = subprocess.run(["tar", "-C", root, "-c", "."], capture_output=True, check=True).stdout
        subprocess.run(command, input=tar, check=True, capture_output=True)
    subprocess.run(["apptainer", "build", workdir / "images/box.sif", root], check=True, capture_output=True)
    (workdir / "images/Dockerfile").write_text("FROM provcap-test-box:1\nLABEL made=again\n")
    text = 'container: "images/box.sif"\nrule only:\n    output: "a.txt"\n    shell: "printf box > {output}"\n'
    done = workflows.snakemake(workflows.write(workdir, text), "--use-singularity")
    assert done.returncode == 0, done.stderr
    return workdir


@pytest.mark.apptainer
@pytest.mark.docker
@pytest.mark.slow
def test_image_in_the_crate_and_from_the_recipe(boxed: Path, tmp_path: Path) -> None:
    """The image comes out of the crate by its digest; from the recipe it is another one, and that is a gap."""
    whole = pack(boxed, tmp_path / "whole.crate.zip", "--with-images")
    bare = pack(boxed, tmp_path / "bare.crate.zip")
    (boxed / "images").rename(boxed / "away")
    try:
        done = workflows.provcap(tmp_path, "rerun", str(whole), "-C", "whole")
        assert done.returncode == 0, done.stderr
        assert "in the crate" in done.stderr
        run, first = open_run("latest", tmp_path / "whole").run, open_run("latest", boxed).run
        assert [i.digest for i in run.images] == [i.digest for i in first.images]
        assert "image-differs" not in {g.slug for g in run.gaps}
        done = workflows.provcap(tmp_path, "rerun", str(bare), "-C", "built")
        assert done.returncode == 0, done.stderr
        run = open_run("latest", tmp_path / "built").run
        assert run.images[0].digest != first.images[0].digest
        assert "image-differs" in {g.slug for g in run.gaps}
        assert "built from the recipe" in done.stderr
    finally:
        (boxed / "away").rename(boxed / "images")


@pytest.mark.apptainer
@pytest.mark.docker
@pytest.mark.slow
def test_image_from_a_registry_by_digest(boxed: Path, tmp_path: Path) -> None:
    """An image whose address names a digest is pulled again by it when nobody has the file: no gap, and nothing else."""
    assert boxed.is_dir()  # its fixture made the Docker image
    (tmp_path / "registry").mkdir()
    with registry.serving("provcap-test-box:1", tmp_path / "registry") as (address, asked):
        text = f'container: "{address}"\nrule only:\n    output: "a.txt"\n    shell: "printf box > {{output}}"\n'
        workdir = workflows.write(tmp_path / "work", text)
        plainly = {"APPTAINER_NOHTTPS": "1", "APPTAINER_CACHEDIR": str(tmp_path / "cache")}
        done = workflows.snakemake(workdir, "--use-singularity", **plainly)
        assert done.returncode == 0, done.stderr
        crate = pack(workdir, tmp_path / "it.zip")
        workdir.rename(tmp_path / "away")
        shutil.rmtree(tmp_path / "cache")
        asked.clear()
        other = {**plainly, "APPTAINER_CACHEDIR": str(tmp_path / "other")}
        done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "new", **other)
        assert done.returncode == 0, done.stderr
        assert f"pulled as {address}" in done.stderr, done.stderr
        assert any(path.endswith(address.rsplit("@", 1)[-1]) for path in asked)
    gaps = {gap.slug for gap in open_run("latest", tmp_path / "new").run.gaps}
    assert "image-differs" not in gaps


@pytest.mark.apptainer
@pytest.mark.slow
def test_reference_workflow_in_its_image(ihc_sif: Path, tmp_path: Path) -> None:
    """The reference workflow, in its image, rerun where neither its directory nor its image is left: all identical."""
    root = tmp_path / "original"
    shutil.copytree(ROOT / "workflows/ihc", root / "workflows/ihc")
    (root / "containers/ihc").mkdir(parents=True)
    shutil.copy(ihc_sif, root / "containers/ihc/ihc.sif")
    (root / "run").mkdir()
    words = ["-s", str(root / "workflows/ihc/workflow/Snakefile"), "--use-singularity"]
    done = workflows.snakemake(root / "run", *words)
    assert done.returncode == 0, done.stderr
    crate = pack(root / "run", tmp_path / "it.crate.zip", "--with-images")
    shutil.rmtree(root)
    done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "new")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "4 identical"), done.stderr
    shutil.rmtree(tmp_path / "new")
