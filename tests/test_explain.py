"""Why two runs differ: what is changed between two real runs is what `provcap diff` names, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provcap.explain import Explanation, explain
from provcap.model import Artifact, Draw, Environment, Image, Job, Package, Run, Workflow
from provcap.opening import Opened, open_run
from provcap.summary import of_explanation
from tests import images, workflows
from tests.conftest import materialise

SNAKEFILE = """
configfile: "config.yaml"

rule all:
    input: "results/page.txt", "results/quiet.txt"

rule draw:
    output: "results/draw.txt"
    params: seed=config["seed"], scale=config["scale"]
    threads: 4
    script: "draw.py"

rule add:
    input: "results/draw.txt", "data.txt"
    output: "results/added.txt"
    script: "add.py"

rule page:
    input: "results/added.txt"
    output: "results/page.txt"
    shell: "cat {input} > {output}"

rule quiet:
    output: "results/quiet.txt"
    params: seed=config["seed"], scale=config["scale"]
    shell: "printf quiet > {output}"
"""
DRAW = """
import os, random, stain
generator = random.Random(snakemake.params.seed)
random.seed(snakemake.params.seed)
with open(snakemake.output[0], "w") as target:
    target.write(f"{random.random()} {snakemake.params.scale} {stain.matrix()} {snakemake.threads}"
                 f" {os.environ.get('LC_ALL')}\\n")
"""
ADD = "open(snakemake.output[0], 'w').write(''.join(open(path).read() for path in snakemake.input))\n"
CONFIG = "seed: 1\nscale: 2.5\n"


def package(folder: Path, version: str) -> Path:
    """A package `stain` with the metadata of an installed one; what it computes depends on its version."""
    (folder / f"stain-{version}.dist-info").mkdir(parents=True)
    (folder / f"stain-{version}.dist-info/METADATA").write_text(
        f"Metadata-Version: 2.1\nName: stain\nVersion: {version}\n"
    )
    (folder / f"stain-{version}.dist-info/RECORD").write_text(f"stain.py,,\nstain-{version}.dist-info/METADATA,,\n")
    (folder / "stain.py").write_text(f"def matrix():\n    return {version!r}\n")
    return folder


def record(
    workdir: Path, packages: Path, *words: str, snakefile: str = SNAKEFILE, draw: str = DRAW, **env: str
) -> Opened:
    """Run the workflow in `workdir`, with `words` and `env`, and open its record."""
    workflows.write(workdir, snakefile, draw__py=draw, add__py=ADD, config__yaml=CONFIG)
    if not (workdir / "data.txt").exists():
        (workdir / "data.txt").write_text("1 2 3\n")
    done = workflows.snakemake(workdir, *words, PYTHONPATH=str(packages), **env)
    assert done.returncode == 0, done.stderr
    return open_run("latest", workdir)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in version 1."""
    return package(tmp_path_factory.mktemp("packages"), "1.0")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Opened:
    """The run that all others are held against."""
    return record(tmp_path_factory.mktemp("original"), packages)


def causes(found: Explanation) -> list[tuple[str, str, str | None, str | None]]:
    """Kind, name and both values of every cause."""
    return [(c.kind, c.name, c.first, c.second) for d in found.divergences for c in d.causes]


def test_same_again(original: Opened, tmp_path: Path, packages: Path) -> None:
    """A second run of the same workflow has the same results, and nothing diverges."""
    found = explain(original, record(tmp_path, packages))
    assert found.alike
    assert (found.divergences, found.downstream) == ((), ())


def test_package(original: Opened, tmp_path: Path) -> None:
    """Another version of an imported package is the only cause."""
    found = explain(original, record(tmp_path / "run", package(tmp_path / "packages", "1.1")))
    assert causes(found) == [("package", "stain", "1.0", "1.1")]
    assert found.divergences[0].steps == ("draw",)
    assert found.downstream == ("add", "page")
    assert found.same == ("results/quiet.txt",)


def test_parameter(original: Opened, tmp_path: Path, packages: Path) -> None:
    """A changed parameter is the only cause, and where it had no effect it is told apart."""
    found = explain(original, record(tmp_path, packages, "--config", "scale=3"))
    assert causes(found) == [("parameter", "scale", "2.5", "3")]
    assert found.divergences[0].steps == ("draw",)
    assert [(e.difference.kind, e.difference.name, e.steps) for e in found.without_effect] == [
        ("parameter", "scale", ("quiet",))
    ]


def test_seed(original: Opened, tmp_path: Path, packages: Path) -> None:
    """Another seed is the only cause: the parameter and the call that uses it are one thing."""
    found = explain(original, record(tmp_path, packages, "--config", "seed=2"))
    assert causes(found) == [("seed", "params.seed", "1", "2")]


def test_input(original: Opened, tmp_path: Path, packages: Path) -> None:
    """Another input file is the only cause, at the step that reads it."""
    (tmp_path / "data.txt").write_text("1 2 4\n")
    second = record(tmp_path, packages)
    found = explain(original, second)
    ((kind, name, before, after),) = causes(found)
    assert (kind, name) == ("input", "data.txt")
    assert before != after
    assert found.divergences[0].steps == ("add",)
    assert found.downstream == ("page",)


def test_code_as_a_readable_diff(original: Opened, tmp_path: Path, packages: Path) -> None:
    """A changed script is the only cause, with the lines that changed, also when the runs are crates."""
    second = record(tmp_path / "run", packages, draw=DRAW.replace("random.random()", "random.random() / 2"))
    found = explain(original, second)
    (cause,) = [c for d in found.divergences for c in d.causes]
    assert (cause.kind, cause.name) == ("code", "draw.py")
    assert [line for line in cause.detail.splitlines() if line.startswith("+    ")] == [
        '+    target.write(f"{random.random() / 2} {snakemake.params.scale} {stain.matrix()} {snakemake.threads}"'
    ]
    for number, opened in enumerate((original, second)):
        done = workflows.provcap(Path(opened.files or ""), "crate", "-o", str(tmp_path / f"{number}.zip"))
        assert done.returncode == 0, done.stderr
    crates = [open_run(f"{number}.zip", tmp_path) for number in (0, 1)]
    assert explain(*crates).divergences[0].causes == (cause,)


def test_shell_command(original: Opened, tmp_path: Path, packages: Path) -> None:
    """A changed shell command is the only cause."""
    changed = SNAKEFILE.replace('"cat {input} > {output}"', '"cat -n {input} > {output}"')
    found = explain(original, record(tmp_path, packages, snakefile=changed))
    (cause,) = [c for d in found.divergences for c in d.causes]
    assert (cause.kind, cause.name, found.downstream) == ("code", "shell command of page", ())
    assert "+cat -n results/added.txt > results/page.txt" in cause.detail


def test_threads(original: Opened, tmp_path: Path, packages: Path) -> None:
    """Another number of threads is the only cause, not the variables that Snakemake sets from it."""
    found = explain(original, record(tmp_path, packages, "--set-threads", "draw=1"))
    assert causes(found) == [("threads", "threads", "2", "1")]


def test_variable(original: Opened, tmp_path: Path, packages: Path) -> None:
    """Another locale is the only cause."""
    found = explain(original, record(tmp_path, packages, LC_ALL="C.UTF-8"))
    assert ("variable", "LC_ALL", "C.UTF-8") in [(kind, name, value) for kind, name, _, value in causes(found)]
    assert {kind for kind, *_ in causes(found)} == {"variable"}


def test_cpu_flags(original: Opened, tmp_path: Path) -> None:
    """A processor without AVX2 is the only cause, in words a person can use (the record of a real run, on another CPU)."""
    machines = tuple(replace(h, flags=tuple(f for f in h.flags if f != "avx2")) for h in original.run.hardware)
    second = replace(original, run=changed(replace(original.run, hardware=machines), "results/draw.txt"))
    if not any("avx2" in h.flags for h in original.run.hardware):
        pytest.skip("this processor has no AVX2")
    found = explain(original, second)
    assert causes(found) == [("processor", "flags", "avx2", None)]
    assert "processor flags: avx2 → none" in of_explanation(found)


def changed(run: Run, *paths: str) -> Run:
    """`run` as if the file at each of `paths` had other bytes."""

    def other(artifact: Artifact) -> Artifact:
        return replace(artifact, digest="sha256:" + "0" * 64) if artifact.path in paths else artifact

    jobs = (
        replace(job, inputs=tuple(map(other, job.inputs)), outputs=tuple(map(other, job.outputs))) for job in run.jobs
    )
    return replace(run, jobs=tuple(jobs))


@pytest.fixture(scope="module")
def sifs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Two images with the same packages that differ in a file."""
    folder = tmp_path_factory.mktemp("images")
    made = []
    for name in ("old", "new"):
        root = images.bare(folder / name)
        images.add_program(root, "bash", "bin/bash")
        images.add_busybox(root, "sh cat printf env")
        images.add_alpine(root)
        (root / "lib/matrix.txt").write_text(f"{name}\n")
        sif = folder / f"{name}.sif"
        subprocess.run(["apptainer", "build", sif, root], check=True, capture_output=True)
        made.append(sif)
    yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.apptainer
def test_image(sifs: list[Path], tmp_path: Path) -> None:
    """Another image with the same packages is the only cause, by its digest."""
    opened = []
    for number, sif in enumerate(sifs):
        workdir = tmp_path / str(number)
        workdir.mkdir()
        shutil.copy(sif, workdir / "tools.sif")
        text = 'container: "tools.sif"\nrule only:\n    output: "a.txt"\n    shell: "cat /lib/matrix.txt > {output}"\n'
        done = workflows.snakemake(workflows.write(workdir, text), "--use-singularity")
        assert done.returncode == 0, done.stderr
        opened.append(open_run("latest", workdir))
    ((kind, _, first, second),) = causes(explain(*opened))
    assert kind == "image"
    assert (first, second) == (opened[0].run.images[0].digest, opened[1].run.images[0].digest)


def made_run(*jobs: Job, **more: object) -> Opened:
    """A run of `jobs`."""
    plain = {
        "id": "20261121T090000-0001",
        "status": "succeeded",
        "workdir": "/w",
        "started": "2026-11-21T09:00:00.000+00:00",
    }
    return Opened(Run(workflow=Workflow("Snakefile"), jobs=jobs, **{**plain, **more}))  # type: ignore[arg-type]


def job(rule: str, made: str, *read: str, **more: object) -> Job:
    """A job; each file is ``path=content``."""
    sides = [
        [Artifact(p, digest=f"sha256:{d}") for p, _, d in (t.partition("=") for t in texts)] for texts in (read, [made])
    ]
    plain = {"id": rule, "run": "r", "status": "succeeded", "inputs": tuple(sides[0]), "outputs": tuple(sides[1])}
    return Job(rule=rule, **{**plain, **more})  # type: ignore[arg-type]


def test_renamed_rule_is_paired_by_its_files() -> None:
    """A rule that was renamed is held against the one that made the same files."""
    first, second = made_run(job("segment", "a=1", params={"k": 1})), made_run(job("label", "a=2", params={"k": 2}))
    found = explain(first, second)
    assert causes(found) == [("parameter", "k", "1", "2")]
    assert found.divergences[0].steps == ("segment, now label",)


def test_two_changes_in_a_row() -> None:
    """What also differs behind the first divergence is told apart from its cause."""
    first = made_run(job("a", "x=1", params={"k": 1}), job("b", "y=1", "x=1", params={"m": 1}))
    second = made_run(job("a", "x=2", params={"k": 2}), job("b", "y=2", "x=2", params={"m": 2}))
    found = explain(first, second)
    assert causes(found) == [("parameter", "k", "1", "2")]
    assert [(e.difference.name, e.steps) for e in found.added] == [("m", ("b",))]


def test_nothing_recorded_differs() -> None:
    """Where nothing that was recorded differs, that is said, and no cause is invented."""
    found = explain(made_run(job("a", "x=1")), made_run(job("a", "x=2")))
    assert causes(found) == []
    assert "nothing that was recorded differs" in of_explanation(found)


def test_unseeded_randomness_is_a_cause() -> None:
    """A generator that nobody seeded is named as the cause."""
    first, second = (
        made_run(job("a", f"x={n}", randomness=(Draw("numpy.random.Generator", "unseeded", str(n), "a.py:3"),)))
        for n in (1, 2)
    )
    assert causes(explain(first, second)) == [("randomness", "numpy.random.Generator", None, None)]


def test_unused_packages_are_no_cause() -> None:
    """Of a job whose imports are known, packages that were merely installed are counted apart."""
    sides = []
    for number in (1, 2):
        packages = (Package("numpy", str(number), "pypi"), Package("flask", "1", "pypi"))
        environment = Environment(f"e{number}", packages=packages)
        sides.append(made_run(job("a", f"x={number}", environment=environment.id), environments=(environment,)))
    assert causes(explain(*sides)) == [("package", "numpy", "1", "2")]


def test_image_that_carries_the_packages_is_not_named_twice() -> None:
    """An image that brings another package is told by that package."""
    sides = []
    for number in (1, 2):
        environment = Environment(f"e{number}", packages=(Package("numpy", str(number), "pypi"),))
        image = Image(f"i{number}", "docker://x", digest=f"i{number}")
        only = job("a", f"x={number}", environment=environment.id, image=image.id)
        sides.append(made_run(only, environments=(environment,), images=(image,)))
    assert causes(explain(*sides)) == [("package", "numpy", "1", "2")]


def test_a_step_that_only_one_run_has() -> None:
    """A step that is new is where the runs diverge."""
    found = explain(made_run(job("a", "x=1")), made_run(job("a", "x=1"), job("b", "y=1", "x=1")))
    assert [(d.steps, [c.kind for c in d.causes]) for d in found.divergences] == [(("b",), ["code"])]


def test_a_step_that_failed() -> None:
    """A step that failed in one run only is where the runs diverge, with what it said."""
    broken = replace(job("a", "x=1", error="MemoryError"), status="failed", outputs=())
    found = explain(made_run(job("a", "x=1")), made_run(broken))
    assert causes(found) == [("outcome", "how it ended", "succeeded", "failed")]
    assert "MemoryError" in of_explanation(found)


def test_any_run_is_like_itself(any_run: Run, tmp_path: Path) -> None:
    """No run diverges from itself, and what differs is never invented."""
    opened = Opened(any_run, files=materialise(any_run, tmp_path))
    found = explain(opened, opened)
    assert (found.divergences, found.differing, found.added, found.without_effect) == ((), (), (), ())
    assert of_explanation(found, everything=True)


def test_text_stays_readable_and_harmless(any_run: Run) -> None:
    """Against another workflow the text stays short, and no control character of a name reaches the terminal."""
    found = explain(Opened(any_run), made_run(job("a\x1b[31m\n", "x\x07=1")))
    text = of_explanation(found)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert len(text.splitlines()) <= 60


def test_command_line(original: Opened, tmp_path: Path, packages: Path) -> None:
    """`provcap diff` exits with 1 when results differ and tells in ten lines; --json has it all."""
    record(tmp_path, packages, "--config", "scale=3")
    done = workflows.provcap(tmp_path, "diff", str(original.files), "latest")
    assert done.returncode == 1, done.stderr
    assert "parameter scale: 2.5 → 3" in done.stdout
    assert len(done.stdout.splitlines()) <= 10
    found = json.loads(workflows.provcap(tmp_path, "diff", str(original.files), "latest", "--json").stdout)
    assert found["divergences"][0]["causes"][0]["name"] == "scale"
    assert workflows.provcap(tmp_path, "diff", "latest", "latest").returncode == 0
