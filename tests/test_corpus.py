"""Each workflow of tests/corpus, run with and without capture. tests/corpus/README.md tells what an expect.yaml says."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from provcap import digest, lineage, questions, store
from provcap.model import Artifact, Job, Run
from tests import workflows
from tests.engines import ROOT

CORPUS = Path(__file__).parent / "corpus"
SLURM = "--executor slurm --default-resources slurm_account=none runtime=5 mem_mb=200 --slurm-init-seconds-before-status-checks 3 --seconds-between-status-checks 5"
OURS = {".provcap", ".snakemake"}
BESIDE = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"  #: for workflows that need commands
#: gaps that say nothing about the jobs, or have tests of their own
USUAL_GAPS = {
    "not-described",
    "workflow-unversioned",
    "undeclared-output",
    "undeclared-input",
    "undeclared-seed",
    "unseeded-randomness",
}
#: parts of Snakemake's talk that differ between any two runs
ROUNDS = re.compile(r"Execute \d+ jobs\.\.\.|Select jobs to execute\.\.\.|\*?")
TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT\d{6}\.\d+|\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]|^ *(Date|Workflow ID|Command|Elapsed time): .*"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\.snakemake/\w*(tmp|scripts)\S*",
    re.M,
)


def expectations(name: str) -> dict[str, Any]:
    """What the expect.yaml of the workflow `name` says."""
    found: dict[str, Any] = yaml.safe_load((CORPUS / name / "expect.yaml").read_text("utf-8"))
    return found


def _parameters() -> list[Any]:
    found = []
    for path in sorted(CORPUS.glob("*/expect.yaml")):
        wanted = expectations(path.parent.name)
        marks = [getattr(pytest.mark, mark) for mark in wanted.get("marks", ())]
        missing = _missing(wanted.get("needs", ()))
        found.append(pytest.param(path.parent.name, marks=[*marks, *([pytest.mark.skip(missing)] if missing else [])]))
    return found


def _missing(needs: list[str]) -> str:
    """Which of the commands and Python modules (``module:``) that a workflow needs are not here."""
    found = []
    for need in needs:
        kind, _, name = need.rpartition(":")
        there = importlib.util.find_spec(name) if kind == "module" else shutil.which(name, path=BESIDE)
        found += [] if there else [f"no {name} here"]
    return ", ".join(found)


@functools.cache
def _sif() -> str:
    subprocess.run([ROOT / "containers/build", "ihc", "--sif"], check=True, stdout=subprocess.DEVNULL)
    return str(ROOT / "containers/ihc/ihc.sif")


class Trial:
    """One of the two runs of a workflow, in a directory of its own."""

    def __init__(self, name: str, workdir: Path, capture: bool) -> None:
        self.workdir, self.capture = workdir, capture
        self.wanted = expectations(name)
        shutil.copytree(CORPUS / name, workdir, ignore=shutil.ignore_patterns("expect.yaml", "__pycache__"))
        self.place = workdir / self.wanted.get("workdir", ".")  #: where Snakemake works
        self.talk: list[bytes] = []

    def fill(self, text: str) -> str:
        """`text` with what this machine and this trial call things."""
        filled = text.replace("@work@", str(self.workdir)).replace("@python@", sys.executable)
        return filled.replace("@sif@", _sif()) if "@sif@" in filled else filled

    def _argument(self, text: str) -> list[str]:
        return SLURM.split() if text == "@slurm@" else [self.fill(text)]

    def invoke(self, step: dict[str, Any]) -> tuple[int, bytes]:
        """Run Snakemake once as `step` says; its exit code and stdout."""
        if "before" in step:
            subprocess.run(self.fill(step["before"]), shell=True, cwd=self.workdir, check=True, executable="bash")
        capture = self.capture and step.get("capture", True)
        arguments = [word for text in _words(step.get("arguments", "")) for word in self._argument(text)]
        cores = [] if {"--cores", "--executor"} & set(arguments) else ["--cores", "2"]
        command = [sys.executable, "-P", "-m", "snakemake", *cores, *arguments]
        command += ["--logger", "provcap"] if capture else []
        variables = {key: self.fill(str(value)) for key, value in self.wanted.get("variables", {}).items()}
        if self.wanted.get("needs"):
            variables.setdefault("PATH", BESIDE)
        out, err = self.workdir.parent / "stdout", self.workdir.parent / "stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            child = subprocess.Popen(
                command,
                cwd=self.workdir,
                env={**workflows.QUIET, "PWD": str(self.workdir), "PYTHONHASHSEED": "0", **variables},
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            assert child.stdin is not None
            child.stdin.write(self.wanted.get("stdin", "").encode())
            child.stdin.close()
            if "signal" in step:
                _send(child, step["signal"], self.workdir)
            code = child.wait(timeout=300)
        self.talk.append(err.read_bytes())
        if capture and step.get("signal", {}).get("number") == "SIGKILL":
            workflows.provcap(self.place, "collect")
        return code, out.read_bytes()


def _words(arguments: str | list[str]) -> list[str]:
    return arguments.split() if isinstance(arguments, str) else [str(word) for word in arguments]


def _send(child: subprocess.Popen[bytes], wanted: dict[str, str], workdir: Path) -> None:
    """Send a signal to Snakemake when a file is there: SIGKILL to all its processes, any other to it alone."""
    deadline = time.monotonic() + 60
    while not (workdir / wanted["when"]).exists() and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.02)
    number = signal.Signals[wanted["number"]]
    if number == signal.SIGKILL:
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)


@pytest.mark.parametrize("name", _parameters())
def test_same_with_and_without_capture_and_recorded(tmp_path: Path, name: str) -> None:
    """Exit codes, outputs, stdout, Snakemake's messages and metadata are the same with capture as without, and each
    attempt is recorded exactly once, with its status and the checksums of its files."""
    seen = []
    for capture in (True,) if expectations(name).get("alone") else (False, True):
        trial = Trial(name, tmp_path / "work", capture)
        trial_seen = []
        for number, step in enumerate(trial.wanted["invocations"]):
            code, stdout = trial.invoke(step)
            told = trial.talk[-1].decode("utf-8", "replace")
            assert code == step.get("exit", 0), told
            if "--dry-run" in step.get("arguments", ""):  # it prints its log
                stdout = TIMES.sub("*", stdout.decode()).encode()
            trial_seen.append((stdout, _tree(trial), _metadata(trial.place), _messages(trial, told)))
            if capture:
                _check_record(trial, step, number)
        seen.append(trial_seen)
        (tmp_path / "work").rename(tmp_path / f"capture {capture}")
    for without, with_capture in zip(seen[0], seen[-1], strict=True):
        for one, other in zip(without, with_capture, strict=True):
            assert one == other, f"{trial.wanted['about']} Left without, right with capture"


def _tree(trial: Trial) -> dict[str, Any]:
    """Kind, permissions and content of everything below the work directory, but for Snakemake's and our folders."""
    found: dict[str, Any] = {}
    for here, folders, names in os.walk(trial.workdir):
        folders[:] = [f for f in folders if f not in OURS]
        for name in (*folders, *names):
            path = Path(here, name)
            inside = path.relative_to(trial.workdir).as_posix()
            if inside in trial.wanted.get("differ", ()):
                found[inside] = path.exists()
            elif path.name not in OURS:
                found[inside] = _identity(path)
    return found


def _identity(path: Path) -> tuple[str, str]:
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        return "link", str(path.readlink())
    content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(info.st_mode) else ""
    return stat.filemode(info.st_mode), content


def _metadata(workdir: Path) -> dict[str, Any]:
    """What Snakemake itself remembers of the outputs: its rerun triggers and cache keys are made from it."""
    found = {}
    for path in sorted((workdir / ".snakemake/metadata").rglob("*")):
        if path.is_file():
            content = json.loads(path.read_bytes())
            for name in ("starttime", "endtime", "job_hash"):
                content.pop(name, None)
            found[base64.urlsafe_b64decode(path.name).decode("utf-8", "replace")] = content
    return found


def _messages(trial: Trial, told: str) -> list[str]:
    """The lines that Snakemake and the jobs wrote to stderr, without times; sorted, since jobs run side by side.

    Whether two jobs that end within moments are followed by the next ones together or one after the other is chance,
    and so is how often Snakemake says that it chooses jobs, and when.
    """
    if trial.wanted.get("messages") == "differ":
        return []
    lines = [TIMES.sub("*", line) for line in told.splitlines() if not line.startswith("provcap: ")]
    return sorted(line for line in lines if not ROUNDS.fullmatch(line))


def _check_record(trial: Trial, step: dict[str, Any], number: int) -> None:
    """Compare the newest run with what `step` expects of it, and with the files."""
    runs = store.list_runs(trial.place)
    attempts = step.get("attempts")
    if attempts is None:  # nothing was run, or nothing recorded it
        before = sum("attempts" in s for s in trial.wanted["invocations"][:number])
        assert len(runs) == before, "a run was recorded although nothing ran"
        return
    run = workflows.latest(trial.place)
    statuses: dict[str, list[str]] = {}
    for job in sorted(run.jobs, key=lambda j: (j.label, j.attempt)):
        statuses.setdefault(job.label, []).append(job.status)
    assert statuses == {label: value.split() for key, value in attempts.items() for label in _labels(key)}
    for label in statuses:
        numbers = [j.attempt for j in run.jobs if j.label == label]
        assert len(numbers) == len(set(numbers))
    assert run.status == step.get("status", "succeeded" if step.get("exit", 0) == 0 else "failed")
    _check_files(trial, run)
    _check_step(trial, run, step)


def _labels(key: str) -> list[str]:
    """``a(n=0..2)`` stands for a(n=0), a(n=1) and a(n=2)."""
    found = re.fullmatch(r"(.*=)(\d+)\.\.(\d+)\)", key)
    return [f"{found[1]}{n})" for n in range(int(found[2]), int(found[3]) + 1)] if found else [key]


def _check_files(trial: Trial, run: Run) -> None:
    """Every file that is still there has the digest of the attempt that last made it."""
    changed = trial.wanted.get("changed", ())
    for path, job in questions.producers(run).items():
        artifact = next(a for a in job.made if a.path == path)
        unseen = job.status == "up_to_date" and artifact.digest is None  # made without capture
        there = (trial.place / path).exists() and artifact.kind in ("file", "directory")
        if there and path not in changed and not unseen:
            assert artifact.digest == _digest(trial.place / path), path
    made = {a.path: a.digest for job in run.jobs if job.status != "failed" for a in job.outputs}
    for job in run.jobs:
        for artifact in job.inputs:
            settled = job.status != "lost" and artifact.kind != "missing" and artifact.path not in changed
            if settled and made.get(artifact.path):
                assert artifact.digest == made[artifact.path], f"{job.label} read another {artifact.path}"
    for path, content in trial.wanted.get("hashed", {}).items():
        assert made[path] == "sha256:" + hashlib.sha256(content.encode()).hexdigest(), path


def _digest(path: Path) -> str:
    if path.is_dir():
        return digest.of_tree(path)[0]
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def _check_step(trial: Trial, run: Run, step: dict[str, Any]) -> None:
    found = {a.path: a for job in run.jobs for a in job.outputs}
    for path, kind in step.get("kinds", {}).items():
        assert found[path].kind == kind, path
    for path, flags in step.get("flags", {}).items():
        assert sorted(found[path].flags) == sorted(flags.split()), path
    for path, labels in step.get("history", {}).items():
        assert sorted(job.label for _, job in lineage.chain(run, path)) == sorted(labels), path
    for label, facts in step.get("facts", {}).items():
        job = next(j for j in reversed(run.jobs) if j.label == label)
        for name, value in facts.items():
            value = trial.fill(value) if isinstance(value, str) else value
            assert _fact(job, name) == value, f"{name} of {label}"
    for label, text in step.get("errors", {}).items():
        assert re.search(text, next(j for j in run.jobs if j.label == label).error or ""), label
    gaps = {g.slug for g in run.gaps} - USUAL_GAPS
    if step.get("gaps") != "any":
        assert sorted(gaps) == sorted(step.get("gaps", ())), [g for g in run.gaps if g.slug in gaps]


def _fact(job: Job, name: str) -> Any:
    """A field of a job as an expect.yaml gives it; ``inputs`` and ``outputs`` are lists of paths."""
    value: Any = job
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part)
    if isinstance(value, tuple):
        return [v.path if isinstance(v, Artifact) else v for v in value]
    return value


def test_corpus_is_large() -> None:
    """At least 60 workflows, and each tells in a sentence what it is about."""
    names = [path.parent.name for path in CORPUS.glob("*/expect.yaml")]
    assert len(names) >= 60
    assert not [name for name in names if not expectations(name).get("about")]
    assert {path.name for path in CORPUS.iterdir() if path.is_dir()} == set(names)
