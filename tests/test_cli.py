"""The command line: answers, exit codes, and one clear line for bad input."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from provcap import bioimage, check, cli, codec, doctor
from provcap.model import Artifact, Gap
from tests import workflows
from tests.conftest import materialise, read_run


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work directory with one collected run and its files."""
    run = read_run("succeeded")
    folder = tmp_path / ".provcap/runs" / run.id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(run), encoding="utf-8")
    materialise(run, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The error of a command that must end with exit code 2 and one line, or one and a hint."""
    assert cli.main(words) == 2
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert lines[0].startswith("error: ")
    assert lines[0].endswith("]")
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: "))
    return captured.err


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (["show", "nope"], "unknown-run"),
        (["show", "no/such/place"], "unknown-run"),
        (["show", "x.crate.zip"], "unknown-run"),
        (["show", "--file", "nope.tif"], "unknown-file"),
        (["show", "--job", "nope"], "unknown-job"),
        (["prov", "--file", "/etc/passwd"], "unknown-file"),
        (["collect", "nope"], "unknown-run"),
        (["collect"], "damaged-record"),
        (["crate", "-o", "taken.zip"], "target-exists"),
        (["crate", "-o", "no/such/dir.zip"], "no-such-directory"),
        (["prov", "-o", "taken.zip"], "target-exists"),
        (["check", "taken.zip"], "damaged-zip"),
        (["check", "nope"], "no-crate"),
        (["show", "taken.zip"], "damaged-crate"),
    ],
)
def test_bad_input_is_one_clear_line(
    recorded: Path, capsys: pytest.CaptureFixture[str], words: list[str], slug: str
) -> None:
    """Bad input gives exit code 2, one line with its slug and perhaps a hint, no traceback, and destroys nothing."""
    (recorded / "taken.zip").write_bytes(b"precious")
    assert f"[{slug}]" in fails(capsys, *words)
    assert (recorded / "taken.zip").read_bytes() == b"precious"


def test_directory_without_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing was recorded, the hint says how to record."""
    monkeypatch.chdir(tmp_path)
    error = fails(capsys, "show")
    assert "[no-runs]" in error
    assert "provcap run" in error


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format":"provcap.run/1"}', b"\xff\xfe", b"[" * 90000])
def test_damaged_run(recorded: Path, capsys: pytest.CaptureFixture[str], damage: bytes) -> None:
    """A damaged run.json is named in the error, and `list` goes on with a warning."""
    (path,) = recorded.glob(".provcap/runs/*/run.json")
    path.write_bytes(damage)
    assert str(path.name) in fails(capsys, "show")
    assert cli.main(["list"]) == 0
    assert "warning" in capsys.readouterr().err


def test_run_is_named_in_every_way(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An id, its beginning, latest, a work directory, a run's folder, a crate directory and a zip name the same run."""
    run = read_run("succeeded")
    assert cli.main(["crate", "-o", "a.zip"]) == cli.main(["crate", "-o", "a"]) == 0
    names = [run.id, run.id[:9], "latest", ".", str(recorded), f".provcap/runs/{run.id}", "a", "a.zip"]
    capsys.readouterr()
    answers = set()
    for name in names:
        assert cli.main(["show", name, "--json"]) == 0
        answers.add(capsys.readouterr().out)
    assert len(answers) == 1
    assert codec.load_run(answers.pop()) == bioimage.described(run, Path())


def test_json_answers_are_json(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints JSON and nothing else on stdout."""
    run = read_run("succeeded")
    path = run.jobs[-1].outputs[0].path
    for words in (["list"], ["show"], ["show", "--file", path], ["show", "--job", run.jobs[0].id], ["doctor"]):
        cli.main([*words, "--json"])
        json.loads(capsys.readouterr().out)


def test_doctor_names_what_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of an extra that is missing is named, with the command that brings it; the other extras are whole."""
    known = importlib.metadata.version

    def version(name: str) -> str:
        if name == "bagit":
            raise importlib.metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = {check.name: check for check in doctor.examine(tmp_path)}
    assert (found["bags"].level, found["bags"].message) == ("warning", "not installed: bagit")
    assert "pip install 'provcap[bags]'" in found["bags"].hint
    assert found["check"].level == "ok"


def test_strict_forbids_gaps(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--strict ends with 1 when there is a gap: here, an output that was removed before packing."""
    run = read_run("succeeded")
    (recorded / run.jobs[-1].outputs[0].path).unlink()
    assert cli.main(["crate", "-o", "a.zip", "--strict"]) == 1
    assert "output-vanished" in capsys.readouterr().err
    assert (recorded / "a.zip").exists()


def test_crate_twice_is_byte_identical(recorded: Path) -> None:
    """Two crates of one run are the same, byte for byte."""
    assert cli.main(["crate", "-o", "a.zip"]) == cli.main(["crate", "-o", "b.zip"]) == 0
    assert (recorded / "a.zip").read_bytes() == (recorded / "b.zip").read_bytes()


@pytest.mark.parametrize("fmt", ["provn", "json", "xml", "turtle", "trig", "jsonld", "svg"])
def test_prov_in_every_format(recorded: Path, fmt: str) -> None:
    """`provcap prov` writes each format, twice the same."""
    for name in ("one", "two"):
        assert cli.main(["prov", "-f", fmt, "-o", name]) == 0
    assert (recorded / "one").read_bytes() == (recorded / "two").read_bytes() != b""


def test_reader_that_has_seen_enough(recorded: Path) -> None:
    """`provcap show | head -1` ends quietly."""
    done = workflows.run(["bash", "-c", f"{os.sys.executable} -m provcap show --software | head -1"], recorded)
    assert (done.returncode, done.stderr) == (0, "")


def test_odd_names(tmp_path: Path) -> None:
    """File names with spaces, umlauts, '#', '%' and a leading dash go from a real run through show, prov, crate and check."""
    names = ["a b.txt", "ü ñ.txt", "100%#1.txt", "-dash.txt", "quo'te.txt"]
    rules = "".join(
        f"rule r{i}:\n    output: {name!r}\n    shell: 'echo {i} > ./{{output:q}}'\n" for i, name in enumerate(names)
    )
    workdir = workflows.write(tmp_path / "spaced dir", f"rule all:\n    input: {names!r}\n{rules}")
    done = workflows.provcap(workdir, "run", "--crate", "out.crate.zip", "--", "--cores", "1")
    assert done.returncode == 0, done.stderr
    for name in names:
        assert workflows.provcap(workdir, "show", f"--file={name}").returncode == 0
    checked = workflows.provcap(workdir, "check", "out.crate.zip")
    assert checked.returncode == 0, checked.stdout


def test_output_outside_of_the_work_directory(tmp_path: Path) -> None:
    """A file outside the work directory keeps its absolute path in the record, and goes to external/ in the crate."""
    text = f"rule a:\n    output: '{tmp_path}/elsewhere/a.txt'\n    shell: 'echo a > {{output}}'\n"
    workdir = workflows.write(tmp_path / "work", text)
    done = workflows.provcap(workdir, "run", "--crate", "out.crate", "--", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert workflows.latest(workdir).jobs[0].outputs[0].path == f"{tmp_path}/elsewhere/a.txt"
    (packed,) = (workdir / "out.crate/external").rglob("a.txt")
    assert packed.read_text() == "a\n"
    assert workflows.provcap(workdir, "check", "out.crate").returncode == 0


def test_run_says_what_became_of_its_crate(tmp_path: Path) -> None:
    """`run --crate` names the crate; of a failed run it says so; where nothing was run it ends with 1 and a way out."""
    rules = "rule a:\n    output: 'a'\n    shell: 'touch a'\nrule b:\n    output: 'b'\n    shell: 'exit 3'\n"
    workdir = workflows.write(tmp_path, rules)
    done = workflows.provcap(workdir, "run", "--crate", "a.zip", "--", "--cores", "1", "a")
    assert done.returncode == 0
    assert "provcap: crate a.zip\n" in done.stderr
    again = workflows.provcap(workdir, "run", "--crate", "again.zip", "--", "--cores", "1", "a")
    assert again.returncode == 1
    assert "hint: provcap crate -o FILE packs the last run\n" in again.stderr
    failed = workflows.provcap(workdir, "run", "--crate", "b.zip", "--", "--cores", "1", "b")
    assert failed.returncode == 1
    assert "provcap: the run failed; b.zip is the crate of a failed run\n" in failed.stderr
    assert sorted(path.name for path in workdir.glob("*.zip")) == ["a.zip", "b.zip"]


def test_records_cannot_steer_the_terminal(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences in what a record says are shown, not sent: by show, list and errors."""
    path = next(recorded.glob(".provcap/runs/*/run.json"))
    path.write_text(path.read_text("utf-8").replace('"rule":"', '"rule":"\\u001b[31m'), "utf-8")
    for words in (["show"], ["show", "--jobs"], ["list"], ["show", "--job", "\x1b[31mnope"]):
        cli.main(words)
    captured = capsys.readouterr()
    assert "\\x1b[31m" in captured.out
    assert "\x1b" not in captured.out + captured.err


def test_run_some_levels_below_is_found(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where a directory has no runs and one below it has, that one is meant; of two, both are named."""
    place = tmp_path_factory.mktemp("place")
    shutil.copytree(recorded, place / "again/demo/run")
    (place / "again/demo/other").mkdir()
    assert workflows.provcap(place / "again", "show").returncode == 0
    same = workflows.provcap(place, "compare", str(recorded), "again")
    assert (same.returncode, "missing" in same.stdout) == (0, False), same.stdout
    shutil.copytree(recorded, place / "again/second")
    done = workflows.provcap(place / "again", "show")
    assert done.returncode == 2
    assert "demo/run" in done.stderr
    assert "second" in done.stderr


def test_file_of_the_workflow_itself(recorded: Path) -> None:
    """Asked who made a file of the workflow, it is said what that is."""
    source = read_run("succeeded").workflow.sources[0].path
    done = workflows.provcap(recorded, "show", "--file", source)
    assert (done.returncode, "[part-of-the-workflow]" in done.stderr) == (2, True), done.stderr


def test_export_without_a_run_leaves_no_database(tmp_path: Path) -> None:
    """An error leaves nothing behind."""
    done = workflows.provcap(tmp_path, "export", "--sql", "runs.sqlite")
    assert done.returncode == 2
    assert not (tmp_path / "runs.sqlite").exists()


@pytest.mark.parametrize("words", [("check", "nothing.zip"), ("sign", "nothing.zip", "--key", "k")])
def test_crate_that_is_not_there(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A crate that is not there is said not to be there."""
    done = workflows.provcap(tmp_path, *words)
    assert (done.returncode, "there is nothing at nothing.zip" in done.stderr) == (2, True), done.stderr


def test_question_without_an_end(recorded: Path) -> None:
    """A question is read up to a limit, whatever the file is."""
    done = workflows.provcap(recorded, "query", "--file", "/dev/zero", "latest")
    assert (done.returncode, "[bad-query]" in done.stderr) == (2, True), done.stderr


def test_pipe_in_place_of_events_is_not_waited_for(recorded: Path) -> None:
    """A run whose events are a named pipe is looked at without waiting for who may write into it."""
    (folder,) = (recorded / ".provcap/runs").iterdir()
    os.mkfifo(folder / "events.jsonl")
    command = [sys.executable, "-P", "-m", "provcap", "watch", "--once"]
    done = subprocess.run(command, cwd=recorded, capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "gaps", "words", "code", "out", "err"),
    [
        ("succeeded", (), ["failed"], 0, "none\n", ""),
        ("succeeded", (), ["--json", "failed"], 0, None, ""),
        ("no-container", ("not-described",), ["images"], 0, "none\n", ""),
        ("no-container", ("prefix-not-probed",), ["images"], 1, "", "nothing is known of that\n"),
        ("minimal", (), ["machines"], 1, "", "nothing is known of that\n"),
        ("succeeded", ("no-record",), ["failed"], 1, "", "nothing is known of that\n"),
        ("succeeded", (), ["used-by", "results/nuclei.csv"], 1, "", "nothing is known of that\n"),
        (
            *("succeeded", (), ["who-made", "result/nuclei.cvs"], 1, ""),
            "there is no record of result/nuclei.cvs\nhint: perhaps results/nuclei.csv\n",
        ),
    ],
)
def test_no_answer_is_told_apart_from_none(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    gaps: tuple[str, ...],
    words: list[str],
    code: int,
    out: str | None,
    err: str,
) -> None:
    """Of a whole record the empty answer is none; with gaps nothing is known; to a mistyped file near ones are named."""
    run = replace(read_run(name), gaps=tuple(Gap(slug, "run", "so it is") for slug in gaps))
    folder = tmp_path / ".provcap/runs" / run.id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(codec.dump_run(run))
    assert cli.main(["query", "-d", str(tmp_path), *words]) == code
    told = capsys.readouterr()
    assert (told.out, told.err) == (told.out if out is None else out, err)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["shwo"], "did you mean show?"),
        (["xyzzy"], "see: provcap --help"),
        (["show", "--fiel", "a.txt"], "did you mean --file?"),
        (["show", "--fiel=a.txt"], "did you mean --file?"),
        (["show", "--xyzzy"], "see: provcap VERB --help"),
        (["run", "--cores", "1"], "Snakemake's arguments come after --"),
    ],
)
def test_mistyped_words(recorded: Path, capsys: pytest.CaptureFixture[str], words: list[str], meant: str) -> None:
    """A verb or an option that there is not is an error, and the hint names the one that was meant."""
    error = fails(capsys, *words)
    assert "[unknown-argument]" in error
    assert f"hint: {meant}" in error


def test_what_was_not_written_is_told(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that its job did not write was not written, which is something else than not hashed."""
    path = next(recorded.glob(".provcap/runs/*/run.json"))
    run = read_run("succeeded")
    jobs = tuple(replace(job, logs=(Artifact("logs/a.log", kind="missing"),)) for job in run.jobs)
    path.write_text(codec.dump_run(replace(run, jobs=jobs)), encoding="utf-8")
    for words in (["--job", "segment-1"], ["--file", "logs/a.log"]):
        assert cli.main(["show", *words]) == 0
        told = capsys.readouterr().out
        assert "not written" in told
        assert "not hashed" not in told


@pytest.mark.parametrize(
    ("message", "hinted"),
    [
        ("The Root Data Entity MUST have a `license` property", True),
        ("A File SHOULD have an `encodingFormat`", False),
    ],
)
def test_check_names_provcap_yaml_where_it_helps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], message: str, hinted: bool
) -> None:
    """Only a finding about what provcap.yaml says sends its reader there."""
    found = check.Findings((check.Finding("warning", "not-conformant", "./", message),), "profile")
    monkeypatch.setattr(check, "check", lambda *_: found)
    assert cli.main(["check", "a.zip"]) == 0
    told = capsys.readouterr()
    assert ("provcap.yaml" in told.err) is hinted
    assert told.out.endswith("(0 errors, 1 warning, 0 notes)\n")
