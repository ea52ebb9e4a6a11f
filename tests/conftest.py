"""Small runs, one per situation, and the files that they speak of."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from provcap.codec import load_run
from provcap.model import Artifact, Run

# how long it takes to think of an input says how busy the machine is, not how good the test
settings.register_profile("any machine", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
RUNS = Path(__file__).parent / "runs"
# a shell that starts the tests in the background lets them ignore Ctrl-C, and so would all that they start
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def read_run(name: str) -> Run:
    """The hand-written run `name`; every file in it has its own path and a line end as its content."""
    return load_run((RUNS / f"{name}.json").read_bytes(), name)


@pytest.fixture(params=sorted(path.stem for path in RUNS.glob("*.json")))
def any_run(request: pytest.FixtureRequest) -> Run:
    """Every run in turn."""
    return read_run(request.param)


def materialise(run: Run, workdir: Path) -> Path:
    """Write the files of `run` into `workdir`, with the content that their digests stand for; returns `workdir`.

    Paths outside the work directory are not written, nor is what a run leaves behind no more (``temp()``).
    """
    for source in run.workflow.sources:
        _write(workdir, source.path)
    for job in run.jobs:
        for artifact in (*job.read, *job.made, *job.logs):
            if "temp" not in artifact.flags:
                _write_artifact(workdir, artifact)
        if job.benchmark:
            _write(workdir, job.benchmark)
    if run.log:
        _write(workdir, run.log)
    return workdir


TREES = {
    "results/labels.ome.zarr": ("zarr.json", "0/zarr.json", "0/c/0/0"),
    "results/plots": ("a b.svg",),
}


def _write_artifact(workdir: Path, artifact: Artifact) -> None:
    if artifact.kind == "directory":
        for name in TREES[artifact.path]:
            _write(workdir, f"{artifact.path}/{name}")
    elif artifact.kind == "file" and not artifact.path.startswith(("/", "..")):
        _write(workdir, artifact.path)


def _write(workdir: Path, path: str) -> None:
    (workdir / path).parent.mkdir(parents=True, exist_ok=True)
    (workdir / path).write_bytes(f"{path}\n".encode())


pytest_plugins = ["tests.deposits", "tests.engines"]
