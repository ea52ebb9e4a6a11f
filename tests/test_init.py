"""`provcap init`: what it puts into a project, and what it leaves alone."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from provcap import about, init
from provcap.deposit import settings
from provcap.errors import ProvcapError
from tests import workflows
from tests.engines import ROOT, image_id

PROFILES = sorted((ROOT / "src/provcap/starter/profiles").glob("*/config.yaml"))
ONE_RULE = "rule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n"


def test_profiles_at_the_top_are_those_of_the_package() -> None:
    """profiles/ in the repository is the folder that `init` copies."""
    assert (ROOT / "profiles").resolve() == (ROOT / "src/provcap/starter/profiles").resolve()
    assert [p.parent.name for p in PROFILES] == ["apptainer", "docker", "local", "slurm"]


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.parent.name)
def test_every_line_of_a_profile_says_what_it_is_for(path: Path) -> None:
    """A profile switches capture on, and each of its settings stands beside a comment."""
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("#")
    bare = [line for line in lines[1:] if "#" not in line]
    assert bare in ([], ["  mem_mb: 1000"])  # its unit is in its name
    assert yaml.safe_load("\n".join(lines))["logger"] == "provcap"


def test_init_writes_once_and_never_over(tmp_path: Path) -> None:
    """The first call writes, the second finds all as it is, and what the user changed stays."""
    first = workflows.provcap(tmp_path, "init")
    assert first.returncode == 0, first.stderr
    assert {one.state for one in init.place(tmp_path)} == {"same"}
    mine = tmp_path / "profiles/slurm/config.yaml"
    mine.write_text("executor: slurm\n")
    (tmp_path / "profiles/local/config.yaml").unlink()
    again = workflows.provcap(tmp_path, "init", "--json")
    assert again.returncode == 1
    assert mine.read_text() == "executor: slurm\n"
    states = {one["path"]: one["state"] for one in json.loads(again.stdout)}
    assert (states.pop("profiles/slurm/config.yaml"), states.pop("profiles/local/config.yaml")) == ("kept", "written")
    assert set(states.values()) == {"same"}
    assert "kept: profiles/slurm/config.yaml" in again.stderr


def test_init_refuses_before_it_writes(tmp_path: Path) -> None:
    """Where a file stands in the place of a folder nothing at all is written."""
    (tmp_path / "profiles").write_text("a file")
    with pytest.raises(ProvcapError, match="is no directory"):
        init.place(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["profiles"]
    assert workflows.provcap(tmp_path, "init", "nowhere").returncode == 2


def test_init_does_not_write_through_a_dangling_link(tmp_path: Path) -> None:
    """A link that leads nowhere is somebody's file."""
    (tmp_path / "provcap.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert {one.path: one.state for one in init.place(tmp_path)}["provcap.yaml"] == "kept"
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_init_sees_a_provcap_yaml_in_config(tmp_path: Path) -> None:
    """provcap.yaml in config/ is the one that counts, so none is put beside it."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/provcap.yaml").write_text("title: Mine\n")
    assert {one.path: one.state for one in init.place(tmp_path)}["config/provcap.yaml"] == "kept"
    assert not (tmp_path / "provcap.yaml").exists()


def test_provcap_yaml_is_valid_when_filled_in(tmp_path: Path) -> None:
    """As it is it says nothing; with its # removed it is what the crate wants, without a warning."""
    init.place(tmp_path)
    empty, gaps = about.read_about(tmp_path)
    assert (empty.title, {g.slug for g in gaps}) == (None, {"not-described"})
    text = (tmp_path / "provcap.yaml").read_text()
    (tmp_path / "provcap.yaml").write_text(
        re.sub(r"^# (?=[a-z ]+:| +-| {4})", "", text.split("\n\n", 1)[1], flags=re.M)
    )
    filled, gaps = about.read_about(tmp_path)
    assert filled.license
    assert [author.name for author in filled.authors] == ["Josiah Carberry"]
    assert gaps == []


def test_deposit_yaml_is_valid_when_filled_in(tmp_path: Path) -> None:
    """As it is it says nothing; with its # removed every line of it is understood."""
    init.place(tmp_path)
    path = tmp_path / "config/deposit.yaml"
    assert settings.load(path) == settings.Settings()
    path.write_text(re.sub(r"^# (?=[a-z]+:| +-)", "", path.read_text().split("\n\n", 1)[1], flags=re.M))
    filled = settings.load(path)
    assert filled == settings.read_settings(tmp_path)
    assert (filled.archive, filled.funding[0].award, filled.related[0].scheme) == ("zenodo", "123456", "doi")
    assert (filled.limits["files"], filled.allow[0].rule, filled.embargo) == (100, "email", "2030-01-31")


def test_profile_local_runs_as_it_is(tmp_path: Path) -> None:
    """`init`, then `snakemake --profile profiles/local`: the run is recorded."""
    workdir = workflows.write(tmp_path, ONE_RULE)
    init.place(workdir)
    done = workflows.run([sys.executable, "-P", "-m", "snakemake", "--profile", "profiles/local"], workdir)
    assert done.returncode == 0, done.stderr
    assert [job.status for job in workflows.latest(workdir).jobs] == ["succeeded"]


@pytest.mark.apptainer
def test_profile_apptainer_runs_as_it_is(tmp_path: Path, ihc_sif: Path) -> None:
    """The same in Apptainer: the job has its image."""
    workdir = workflows.write(tmp_path, f"container: '{ihc_sif}'\n{ONE_RULE}")
    init.place(workdir)
    done = workflows.run([sys.executable, "-P", "-m", "snakemake", "--profile", "profiles/apptainer"], workdir)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert (run.jobs[0].status, run.images[0].kind) == ("succeeded", "sif")


@pytest.mark.docker
def test_profile_docker_runs_as_its_comment_says(tmp_path: Path, ihc_docker: str) -> None:
    """The command at the top of the docker profile: the jobs have the image, the files belong to the user.

    The image of the tests has no Snakemake; the one of the host is mounted into it.
    """
    workdir = workflows.write(tmp_path / "a b", ONE_RULE)
    init.place(workdir)
    text = (workdir / "profiles/docker/config.yaml").read_text()
    command = "\n".join(line[4:] for line in text.splitlines() if line.startswith("#   "))
    site = next(p for p in sys.path if p.endswith("site-packages"))
    mounts = (
        f'--network none --volume "{ROOT}:{ROOT}:ro" --volume "{site}:{site}:ro" --env "PYTHONPATH={ROOT}/src:{site}"'
    )
    command = command.replace("name:tag", ihc_docker).replace("docker run", f"docker run {mounts}")
    command = command.replace('"$image" snakemake', '"$image" python3 -P -m snakemake')
    for folder in [workdir, *workdir.rglob("*")]:
        shutil.chown(folder, 12345, 12345)
    command = command.replace("$(id -u):$(id -g)", "12345:12345")
    done = subprocess.run(["bash", "-euc", command], cwd=workdir, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert run.images[0].digest == image_id(ihc_docker)
    assert (workdir / "a").stat().st_uid == 12345
    assert run.jobs[0].image == run.images[0].id


@pytest.mark.slurm
@pytest.mark.apptainer
@pytest.mark.slow
def test_profile_slurm_runs_as_it_is(tmp_path: Path, ihc_sif: Path) -> None:
    """`snakemake --profile profiles/slurm` sends a container job to Slurm; its record names node, id and partition."""
    assert importlib.util.find_spec("snakemake_executor_plugin_slurm")
    workdir = workflows.write(tmp_path, f"container: '{ihc_sif}'\n{ONE_RULE}")
    init.place(workdir)
    quick = ["--slurm-init-seconds-before-status-checks", "3"]
    done = workflows.run([sys.executable, "-P", "-m", "snakemake", "--profile", "profiles/slurm", *quick], workdir)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    (job,) = run.jobs
    assert (job.status, run.executor, run.images[0].kind) == ("succeeded", "slurm", "sif")
    assert {"job_id", "node", "partition", "memory_mb"} <= set(job.allocation)
    assert job.accounting is not None
    assert job.accounting.state == "COMPLETED"
