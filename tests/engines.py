"""Engines that tests need: a test marked `apptainer`, `chromium`, `docker`, `npm` or `slurm` is skipped, by name and reason,
where the engine is missing, and fails there when PROVCAP_REQUIRE names it."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
from pathlib import Path

import docker
import pytest

ROOT = Path(__file__).parent.parent
RO_CRATE_HTML = "ro-crate-html@0.1.6"
_PROBES = {
    "apptainer": ["apptainer", "--version"],
    "chromium": ["chromium", "--version"],
    "docker": ["docker", "info"],
    "npm": ["npm", "view", RO_CRATE_HTML, "version"],  # also: does its registry answer?
    "slurm": ["srun", "-n1", "-t1", "true"],
}


@functools.cache
def problem(engine: str) -> str:
    """Why `engine` cannot be used here; empty when it can."""
    command = _PROBES[engine]
    if shutil.which(command[0]) is None:
        return f"{engine}: there is no {command[0]} on the PATH"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return f"{engine}: {' '.join(command)} does not answer"
    return "" if done.returncode == 0 else f"{engine}: {done.stderr.strip()[-200:]}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = os.environ.get("PROVCAP_REQUIRE", "").split(",")
    for engine in _PROBES:
        if item.get_closest_marker(engine) and problem(engine):
            if engine in required:
                pytest.fail(f"PROVCAP_REQUIRE names it: {problem(engine)}", pytrace=False)
            pytest.skip(problem(engine))


def image_id(reference: str) -> str:
    """The id of the image that the Docker engine has under `reference`."""
    with contextlib.closing(docker.from_env()) as engine:
        return str(engine.images.get(reference).id)


@pytest.fixture(scope="session")
def ihc_sif() -> Path:
    """The SIF of the reference workflow, built on the first call on a machine."""
    subprocess.run([ROOT / "containers/build", "ihc", "--sif"], check=True, stdout=subprocess.DEVNULL)
    return ROOT / "containers/ihc/ihc.sif"


@pytest.fixture(scope="session")
def ihc_docker() -> str:
    """The Docker image of the reference workflow, built on the first call on a machine."""
    done = subprocess.run([ROOT / "containers/build", "ihc"], check=True, stdout=subprocess.PIPE, text=True)
    return dict(line.split("\t") for line in done.stdout.splitlines())["image"]
