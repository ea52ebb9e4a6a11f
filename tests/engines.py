"""Engines that tests need: a test marked `apptainer`, `bia`, `chromium`, `docker`, `invenio`, `npm` or `slurm` is
skipped, by name and reason, where the engine is missing, and fails there when PROVCAP_REQUIRE names it.

`bia` is the BioImage Archive's validator: PROVCAP_TEST_BIA is a Python, 3.13 or newer, that has bia-ro-crate-validator.

`invenio` is an InvenioRDM server for tests: PROVCAP_TEST_INVENIO is its URL, PROVCAP_TEST_INVENIO_TOKEN_FILE has a token.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
from pathlib import Path

import docker
import pytest
import requests

ROOT = Path(__file__).parent.parent
RO_CRATE_HTML = "ro-crate-html@0.1.6"
_PROBES = {
    "apptainer": ["apptainer", "--version"],
    "bia": [os.environ.get("PROVCAP_TEST_BIA") or "PROVCAP_TEST_BIA", "-c", "import bia_ro_crate"],
    "chromium": ["chromium", "--version"],
    "docker": ["docker", "info"],
    "invenio": [],  # asked by `_invenio_problem`
    "npm": ["npm", "view", RO_CRATE_HTML, "version"],  # also: does its registry answer?
    "slurm": ["srun", "-n1", "-t1", "true"],
}


@functools.cache
def problem(engine: str) -> str:
    """Why `engine` cannot be used here; empty when it can."""
    command = _PROBES[engine]
    if engine == "invenio":
        return _invenio_problem()
    if shutil.which(command[0]) is None:
        return f"{engine}: there is no {command[0]} on the PATH"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return f"{engine}: {' '.join(command)} does not answer"
    return "" if done.returncode == 0 else f"{engine}: {done.stderr.strip()[-200:]}"


def _invenio_problem() -> str:
    url, token = (os.environ.get(name, "") for name in ("PROVCAP_TEST_INVENIO", "PROVCAP_TEST_INVENIO_TOKEN_FILE"))
    if not url or not os.access(token, os.R_OK):
        return "invenio: PROVCAP_TEST_INVENIO and PROVCAP_TEST_INVENIO_TOKEN_FILE name no server and no token"
    try:
        status = requests.get(f"{url.removesuffix('/api')}/api/vocabularies/languages/eng", timeout=30).status_code
    except requests.RequestException as error:
        return f"invenio: {url} does not answer: {type(error).__name__}"
    return "" if status == 200 else f"invenio: {url} answers {status}"


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
