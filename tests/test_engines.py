"""Capture inside real engines: Apptainer, Docker and Slurm."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import workflows
from tests.engines import ROOT, image_id

IN_IMAGE = """
container: "{sif}"
rule shell:
    output: "shell.txt"
    shell: "python3 -c 'import numpy; print(numpy.__version__)' > {{output}}"
rule script:
    output: "script.txt"
    script: "version.py"
rule all:
    default_target: True
    input: "shell.txt", "script.txt"
"""
VERSION = "import numpy\nopen(snakemake.output[0], 'w').write(numpy.__version__ + '\\n')\n"


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


@pytest.mark.apptainer
@pytest.mark.parametrize("arguments", ["", "--containall --cleanenv"])
def test_apptainer_job_has_the_image_and_its_packages(tmp_path: Path, ihc_sif: Path, arguments: str) -> None:
    """A job in Apptainer has the digest of the SIF that ran, and the packages inside it, not the host's."""
    workdir = workflows.write(tmp_path, IN_IMAGE.format(sif=ihc_sif), version__py=VERSION)
    words = ["--use-singularity", *([f"--singularity-args={arguments}"] if arguments else [])]
    done = workflows.snakemake(workdir, *words)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    numpy = (workdir / "script.txt").read_text().strip()
    listed = subprocess.run(
        ["apptainer", "exec", ihc_sif, "dpkg-query", "-W", "-f", "${Package} ${Version}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for job in run.jobs:
        (found,) = [i for i in run.images if i.id == job.image]
        assert (found.digest, found.kind, found.reference) == (sha256(ihc_sif), "sif", str(ihc_sif))
        environment = next(e for e in run.environments if e.id == job.environment)
        versions = {p.name: p.version for p in environment.packages if p.manager == "pypi"}
        assert versions["numpy"] == numpy
        assert "snakemake" not in versions
        debian = {f"{p.name} {p.version}" for p in environment.packages if p.manager == "deb"}
        assert debian == set(listed.split("\n")[:-1])
    assert not [g for g in run.gaps if g.slug not in ("not-described", "workflow-unversioned")]


@pytest.mark.apptainer
def test_container_that_does_not_start_is_a_failed_job(tmp_path: Path) -> None:
    """With a damaged image the job fails as it does without us, and its record says what could not be known."""
    broken = tmp_path / "broken.sif"
    broken.write_bytes(b"no image")
    workdir = workflows.write(tmp_path, IN_IMAGE.format(sif=broken), version__py=VERSION)
    assert workflows.snakemake(workdir, "--use-singularity", "shell.txt").returncode == 1
    run = workflows.latest(workdir)
    assert (run.jobs[0].status, run.jobs[0].exit_code) == ("failed", 255)
    assert run.images[0].digest == sha256(broken)
    assert "environment-unknown" in {g.slug for g in run.gaps}


@pytest.mark.docker
def test_whole_workflow_inside_docker(tmp_path: Path, ihc_docker: str) -> None:
    """Snakemake run inside one Docker image: its jobs have the image's packages, and the image that PROVCAP_IMAGE names."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n")
    identity = image_id(ihc_docker)
    site = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    command = ["docker", "run", "--rm", "--network", "none", "-v", f"{ROOT}:{ROOT}:ro", "-v", f"{site}:{site}:ro"]
    command += ["-v", f"{tmp_path}:{tmp_path}", "-w", str(tmp_path), "-e", f"PYTHONPATH={ROOT / 'src'}:{site}"]
    command += ["-e", f"PROVCAP_IMAGE={ihc_docker}@{identity}", "-e", "HOME=/tmp", ihc_docker]
    done = workflows.run([*command, "python3", "-P", "-m", "snakemake", "--cores", "1", "--logger", "provcap"], workdir)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    (found,) = run.images
    assert (found.digest, found.reference, found.kind) == (identity, ihc_docker, "docker")
    assert run.jobs[0].image == found.id
    (environment,) = run.environments
    assert environment.os_name == "Debian GNU/Linux 12 (bookworm)"


@pytest.mark.slurm
def test_slurm_job_is_recorded_on_its_node(tmp_path: Path) -> None:
    """A job of the slurm executor is recorded by the process that ran it, with Slurm's job id, and retried attempts too."""
    text = "rule all:\n    input: 'a'\nrule a:\n    output: 'a'\n    retries: 1\n"
    text += (
        "    resources: turn=lambda wc, attempt: attempt\n    shell: 'test {resources.turn} = 2 && echo a > {output}'\n"
    )
    workdir = workflows.write(tmp_path, text)
    words = ["--executor", "slurm", "-j", "2", "--default-resources", "slurm_account=none", "runtime=5", "mem_mb=200"]
    done = workflows.snakemake(workdir, *words, "--slurm-init-seconds-before-status-checks", "3")
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert [(j.status, j.attempt) for j in run.jobs] == [("failed", 1), ("succeeded", 2)]
    for job in run.jobs:
        assert job.allocation["system"] == "slurm"
        assert job.allocation["job_id"].isdigit()
        assert job.allocation["partition"] == "main"
    assert run.jobs[1].outputs[0].digest == sha256(workdir / "a")


ENVIRONMENT = "rule a:\n    output: 'a'\n    shell: 'echo ${{MINE-unset}} ${{HOME-none}} > {output}'\n"
SUBMIT = ["--executor", "slurm", "-j", "2", "--default-resources", "slurm_account=none", "runtime=5", "mem_mb=200"]
SUBMIT += ["--slurm-init-seconds-before-status-checks", "3"]


@pytest.mark.slurm
@pytest.mark.slow
def test_slurm_without_the_environment_and_without_the_home(tmp_path: Path) -> None:
    """Nothing of the environment reaches the node, and HOME is not there: the job is recorded all the same."""
    workdir = workflows.write(tmp_path / "work", ENVIRONMENT)
    sbatch = tmp_path / "bin/sbatch"  # the executor says --export=ALL itself
    sbatch.parent.mkdir()
    nowhere = tmp_path / "nohome"
    sbatch.write_text(
        '#!/bin/bash\nwords=("${@//--export=ALL/--export=NONE}")\n'
        f'words=("${{words[@]/#--wrap=/--wrap=export HOME=\'{nowhere}\' ; }}")\nexec {shutil.which("sbatch")} "${{words[@]}}"\n'
    )
    sbatch.chmod(0o755)
    path = f"{sbatch.parent}:{os.environ['PATH']}"
    done = workflows.snakemake(workdir, *SUBMIT, MINE="set", PATH=path)
    assert done.returncode == 0, done.stderr
    assert (workdir / "a").read_text() == f"unset {nowhere}\n"
    run = workflows.latest(workdir)
    assert [(j.status, j.allocation["partition"]) for j in run.jobs] == [("succeeded", "main")]
    assert run.jobs[0].environment
    assert {g.slug for g in run.gaps} <= {"not-described", "workflow-unversioned"}


GENERIC = {
    "sbatch": "sbatch --parsable --account=none --time=5 --export=NONE",
    "bash": "env -i PATH=/usr/bin:/bin bash",  # neither Slurm nor an environment: as a queue that exports nothing
}


@pytest.mark.slurm
@pytest.mark.slow
@pytest.mark.parametrize("kind", GENERIC)
def test_any_executor_that_submits_a_script(tmp_path: Path, kind: str) -> None:
    """The generic cluster executor needs nothing of its own: jobs are recorded where they run, in Slurm with its facts."""
    workdir = workflows.write(tmp_path, ENVIRONMENT + "rule fails:\n    output: 'b'\n    shell: 'exit 7'\n")
    words = ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", GENERIC[kind], "-j", "2", "--keep-going"]
    done = workflows.snakemake(workdir, *words, "--seconds-between-status-checks", "1", "a", "b", MINE="set")
    assert done.returncode == 1, done.stderr
    run = workflows.latest(workdir)
    assert {(j.rule, j.status, j.exit_code) for j in run.jobs} == {("a", "succeeded", 0), ("fails", "failed", 7)}
    assert run.executor == "cluster-generic"
    for job in run.jobs:
        assert job.allocation.get("system") == ("slurm" if kind == "sbatch" else None)
        assert (job.accounting is not None) == (kind == "sbatch")
    assert not [g for g in run.gaps if g.slug in ("no-record", "accounting-unknown")]
