"""Claims about `provcap methods`: facts of the record and nothing else, in two languages, safe to paste."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap.cli import main
from provcap.codec import dump_run
from provcap.model import Draw, Hardware, Image, Imports, Job, Module, Run, Step, Tool
from provcap.report import LANGUAGES, methods
from provcap.report.methods import code, facts, plain
from tests.conftest import read_run
from tests.pages import HOSTILE, hostile, many


def full_run() -> Run:
    """A run in which everything that the text speaks of has happened."""
    run = read_run("succeeded")
    first = dataclasses.replace(
        run.jobs[0],
        imports="i",
        randomness=(Draw("params", "declared", "42", "params.seed"), Draw("numpy.random", "unseeded", "7", "a.py:3")),
    )
    shell = Job("m2", run.id, "merge", "succeeded", kind="shell", tools=(Tool("awk", "/usr/bin/awk", "mawk", "1.3.4"),))
    return dataclasses.replace(
        run,
        jobs=(first, shell),
        imports=(Imports("i", (Module("skimage", "0.26.0", "scikit_image"), Module("snakemake", "9.27.1"))),),
        steps=(Step("segment", description="Find the nuclei."), Step("merge")),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_run_has_a_text(any_run: Run, language: str) -> None:
    """Of every run, in every language: the same text twice, without a hole where a value is missing."""
    text = methods(any_run, language)
    assert text == methods(any_run, language)
    assert not re.search(r"None|\(\)|\{\{|  |``(?!`)| [,.;](?: |$)|\bUndefined\b", text), text
    assert any_run.id in text
    assert any_run.workflow.snakefile in text


def test_the_text_says_what_was_recorded() -> None:
    """Workflow, version, steps with their docstrings, software, image, parameters, seeds, hardware: each with its value."""
    run = full_run()
    text = methods(run)
    assert run.workflow.commit is not None
    for fact in (
        run.workflow.commit,
        "with Snakemake 9.27.1",
        "Find the nuclei",
        "They imported scikit-image 0.26.0.",
        "Shell commands name awk (mawk 1.3.4).",
        run.images[0].digest or "",
        "`sigma` `1.5`",
        "In `segment` random numbers were seeded with 42.",
        "`segment` drew random numbers that no seed determined.",
        "AMD EPYC 7B13, 8 logical CPUs, 23.5 GiB of memory",
        "`merge` ran outside of containers.",
        "doi:10.7717/peerj.453",
    ):
        assert fact in text, fact
    assert "snakemake 9.27.1" not in text.split("They imported")[1].split(".")[0]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("snakemake_version", None, "the version of Snakemake is not known"),
        ("hardware", (), "On which hardware the jobs ran is not known."),
        ("workflow.commit", None, "its version is not known"),
        ("images", (Image("x", "docker://a/b:1"),), "whose digest is not known"),
        ("hardware", (Hardware("h1"),), "a machine with an unknown processor"),
    ],
)
def test_what_is_not_known_is_said(field: str, value: object, said: str) -> None:
    """Where a reader expects a fact that the record lacks, the text says so and names none."""
    run = full_run()
    if field == "workflow.commit":
        changed = dataclasses.replace(run, workflow=dataclasses.replace(run.workflow, commit=value))  # type: ignore[arg-type]
    else:
        changed = dataclasses.replace(run, **{field: value})  # type: ignore[arg-type]
        changed = dataclasses.replace(changed, jobs=tuple(dataclasses.replace(j, image="x") for j in run.jobs))
    assert said in methods(changed)
    assert said not in methods(run)


def test_both_languages_have_the_same_facts(any_run: Run) -> None:
    """All code spans and numbers with a decimal point, that is all names and versions, are the same in each language."""

    def named(language: str) -> set[str]:
        return set(re.findall(r"`[^`\n]+`", methods(any_run, language)))

    assert named("en") == named("de")


def test_failures_and_retries_are_counted() -> None:
    """Every attempt is counted with its outcome, and a run that failed is called that."""
    text = methods(read_run("failed"))
    assert "Snakemake executed 2 jobs: 1 succeeded, 1 failed (every attempt is counted)." in text
    assert "The run as a whole failed." in text
    assert "The run as a whole failed." not in methods(read_run("retried"))


@settings(max_examples=60)
@given(st.text(st.characters()))
def test_names_cannot_act_in_markdown(text: str) -> None:
    """A code span holds all of a name and ends where it should; other texts have no bare <, [ or ` in them."""
    span = code(text, 10_000)
    if span:
        fence = re.match("`+", span)
        assert fence is not None
        assert span.endswith(fence[0])
        assert fence[0] not in re.findall("`+", span[len(fence[0]) : -len(fence[0])])
    assert "\n" not in span + plain(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[<`\[]", plain(text, 10_000))


def test_hostile_texts_stay_in_their_place() -> None:
    """No text of a run begins a paragraph or a list of its own, or brings control characters."""
    for payload in (*HOSTILE, "a\n\n# Heading\n- item", "\x1e\x1f\x1d"):
        text = methods(hostile(read_run("failed"), lambda payload=payload: payload))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert not re.search(r"^#|^- item", text, re.M)
        assert len(text.split("\n\n")) == len(methods(read_run("failed")).split("\n\n"))


def test_the_text_of_a_large_run_stays_short() -> None:
    """Of 2000 steps 60 are named and the others counted."""
    text = methods(many(4000, 2000))
    assert len(text) < 20_000
    assert "and 1940 more" in text
    assert facts(many(4000, 2000)).more_seeds == 1940


def test_the_command_line(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """stdout has the text; an unknown language is refused with those that there are."""
    run = dataclasses.replace(read_run("succeeded"), workdir="/nowhere")
    (tmp_path / "run.json").write_text(dump_run(run))
    assert main(["methods", str(tmp_path), "--language", "de"]) == 0
    assert capsysbinary.readouterr().out.decode() == methods(run, "de")
    assert main(["methods", str(tmp_path), "--language", "tlh"]) == 2
    told = capsysbinary.readouterr().err
    assert b"[unknown-language]" in told
    assert b"there is one in: en, de" in told
