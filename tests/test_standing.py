"""What a run says of results that it found up to date."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from provcap import collect, embed, questions, store
from provcap.model import Embedding, Gap, Job, Run
from tests import workflows

AB = (
    "rule a:\n    output: 'a'\n    shell: 'echo 1 > a'\nrule b:\n    input: 'a'\n    output: 'b'\n    shell: 'cp a b'\n"
)
SLUG = "made-outside-capture"


def run(workdir: Path, *words: str, capture: bool = True) -> Run:
    """The record of a run of Snakemake that succeeds; of the last one, when it goes without capture."""
    done = workflows.snakemake(workdir, *words, capture=capture)
    assert done.returncode == 0, done.stderr
    return workflows.latest(workdir) if capture or store.list_runs(workdir) else None  # type: ignore[return-value]


def outside(found: Run) -> list[str]:
    """What the gaps say that are about results which no recorded run made."""
    return [gap.message for gap in found.gaps if gap.slug == SLUG]


def maker(found: Run, path: str) -> Job:
    return questions.producers(found)[path]


def by_hand(workdir: Path) -> None:
    (workdir / "a").write_text("hand\n")


def of_the_same_size(workdir: Path) -> None:
    (workdir / "a").write_text("2\n")


def without_capture(workdir: Path) -> None:
    (workdir / "Snakefile").write_text(AB.replace("echo 1", "echo 3"))
    assert workflows.snakemake(workdir, "a", "--forcerun", "a", capture=False).returncode == 0


def a_failed_attempt(workdir: Path) -> None:
    (workdir / "Snakefile").write_text(AB.replace("echo 1 > a", "echo 4 > a; exit 1"))
    assert workflows.snakemake(workdir, "a", "--forcerun", "a", "--keep-incomplete").returncode == 1


@pytest.mark.parametrize("change", [by_hand, of_the_same_size, without_capture, a_failed_attempt])
def test_a_result_that_was_changed_is_not_credited(tmp_path: Path, change: object) -> None:
    """Whoever changed a result after a recorded run had made it: the run that builds on it says so, and no file of the
    run has two contents."""
    workdir = workflows.write(tmp_path, AB)
    first = run(workdir, "a")
    change(workdir)  # type: ignore[operator]
    second = run(workdir, "b", "--ignore-incomplete", "--rerun-triggers", "mtime")
    (message,) = outside(second)
    last = store.list_runs(workdir)[-2].name
    if change is a_failed_attempt:
        assert message == f"no recorded run made these results of a since an attempt at them failed in run {last}: a"
    else:
        assert f"they were changed since run {first.id} made them: a" in message
    assert (maker(second, "a").run, maker(second, "a").outputs[0].digest) == (second.id, None)
    assert {job.id for job in first.jobs}.isdisjoint(job.id for job in second.jobs)
    assert collect.join(store.find_run(workdir, "latest")) == second


def test_a_change_that_no_job_read_shows_by_its_size(tmp_path: Path) -> None:
    """Nobody has read the file in this run, so nobody has its checksum: its size proves the change."""
    text = AB + "rule c:\n    input: 'b'\n    output: 'c'\n    shell: 'cp b c'\n"
    workdir = workflows.write(tmp_path, text)
    first = run(workdir, "b")
    by_hand(workdir)
    os.utime(workdir / "a", (0, 0))
    second = run(workdir, "c")
    (message,) = outside(second)
    assert message.endswith(f"changed since run {first.id} made them: a")
    assert maker(second, "b").run == first.id


def test_a_file_in_a_directory_that_was_changed(tmp_path: Path) -> None:
    """A directory() output with another file in it than its job left is not credited, however it is read."""
    text = "rule a:\n    output: directory('d')\n    shell: 'mkdir d; echo 1 > d/x'\n"
    text += "rule b:\n    input: 'd'\n    output: 'b'\n    shell: 'cp d/x b'\n"
    workdir = workflows.write(tmp_path, text)
    run(workdir, "d")
    (workdir / "d/x").write_text("5\n")
    second = run(workdir, "b")
    (message,) = outside(second)
    assert message.endswith(": d")
    (made,) = maker(second, "d").outputs
    assert (made.kind, made.digest) == ("directory", None)


def touched(workdir: Path) -> None:
    assert workflows.snakemake(workdir, "b", "--touch", "--force").returncode == 0


def copied(workdir: Path) -> None:
    content = (workdir / "a").read_bytes()
    (workdir / "a").chmod(0o644)
    (workdir / "a").write_bytes(content)


def removed(workdir: Path) -> None:
    (workdir / "a").unlink()


@pytest.mark.parametrize(
    ("flag", "harmless"), [("", touched), ("protected", touched), ("protected", copied), ("temp", removed)]
)
def test_a_result_that_is_what_it_was_is_credited(tmp_path: Path, flag: str, harmless: object) -> None:
    """A later time, a copy with the same content, and an intermediate result that is gone do not take the credit from
    the attempt that made it."""
    text = AB.replace("output: 'a'", f"output: {flag}('a')" if flag else "output: 'a'")
    text += "rule c:\n    input: 'b'\n    output: 'c'\n    shell: 'cp b c'\n"
    workdir = workflows.write(tmp_path, text)
    first = run(workdir, "b", "--notemp")
    harmless(workdir)  # type: ignore[operator]
    second = run(workdir, "c", "--notemp", "--rerun-triggers", "mtime")
    assert outside(second) == []
    assert {job.id for job in first.jobs} < {job.id for job in second.jobs}


def test_lineage_in_an_image_changes_its_size_and_not_its_maker(tmp_path: Path) -> None:
    """What `embed` noted to have put in the place of a result is that result; another file of another size is not."""
    text = AB + "rule c:\n    input: 'b'\n    output: 'c'\n    shell: 'cp b c'\n"
    workdir = workflows.write(tmp_path, text)
    first = run(workdir, "b")
    made = str(maker(first, "a").outputs[0].digest)
    (workdir / "a").write_text("1 with lineage\n")
    os.utime(workdir / "a", (0, 0))
    noted = Embedding("a", made, "sha256:" + "0" * 64, (workdir / "a").stat().st_size, made)
    embed.note(workdir, noted)
    assert outside(run(workdir, "c")) == []
    embed.forget(workdir, noted.embedded)
    assert len(outside(collect.join(store.find_run(workdir, "latest")))) == 1


def test_known_makers_stay_when_others_are_not(tmp_path: Path) -> None:
    """One file of three was added by hand and one was changed: the maker of the other stays, and the gaps name them."""
    text = "rule a:\n    output: 'a1', 'a2'\n    shell: 'echo 1 > a1; echo 2 > a2'\n"
    text += "rule b:\n    input: 'a1', 'a2'\n    output: 'b'\n    shell: 'cat {input} > b'\n"
    workdir = workflows.write(tmp_path, text)
    first = run(workdir, "a1")
    (workdir / "Snakefile").write_text(text.replace("output: 'a1', 'a2'", "output: 'a1', 'a2', 'a3'"))
    (workdir / "a3").write_text("3\n")
    (workdir / "a2").write_text("22\n")
    second = run(workdir, "b", "--rerun-triggers", "mtime")
    changed, added = sorted(outside(second))
    assert changed.endswith(f"changed since run {first.id} made them: a2")
    assert added == "no recorded run made these results of a: a3"
    assert (maker(second, "a1").id, maker(second, "a1").run) == (first.jobs[0].id, first.id)
    assert [a.path for a in maker(second, "a1").outputs] == ["a1"]
    assert [(a.path, a.digest) for a in maker(second, "a2").outputs] == [("a2", None), ("a3", None)]


def test_secrets_of_jobs_that_did_not_run_reach_no_record(tmp_path: Path) -> None:
    """A parameter with a secret's name is replaced wherever it stands, also when its job was up to date."""
    shell = "params: password='hunter2secret99'\n    shell: 'echo {params.password} | wc -c > a'"
    workdir = workflows.write(tmp_path, AB.replace("shell: 'echo 1 > a'", shell))
    assert workflows.snakemake(workdir, "a", capture=False).returncode == 0
    second = run(workdir, "b")
    assert maker(second, "a").params == {"password": "<redacted:named-value>"}
    assert maker(second, "a").command == "echo <redacted:known-secret> | wc -c > a"
    kept = [path for path in (workdir / ".provcap").rglob("*") if path.is_file()]
    assert [path for path in kept if b"hunter2" in path.read_bytes()] == []


CHECKPOINT = """
def items(wc):
    return ["item/" + line.strip() for line in open(checkpoints.split.get().output[0])]
rule agg:
    input: items
    output: "agg"
    shell: "cat {input} > agg"
checkpoint split:
    output: "list"
    shell: "ls raw > list"
rule item:
    input: "raw/{i}"
    output: "item/{i}"
    shell: "cp {input} {output}"
"""


@pytest.mark.parametrize("recorded", [True, False])
def test_results_behind_a_checkpoint_are_told(tmp_path: Path, recorded: bool) -> None:
    """What is up to date and comes into the plan when a checkpoint has run has its maker, or a gap."""
    workdir = workflows.write(tmp_path, CHECKPOINT)
    (workdir / "raw").mkdir()
    for name in "12":
        (workdir / "raw" / name).write_text(name)
    assert workflows.snakemake(workdir, "agg", capture=recorded).returncode == 0
    second = run(workdir, "agg", "--forcerun", "split")
    others = [job for job in second.jobs if job.status == "up_to_date"]
    assert sorted(job.rule for job in others) == ["agg", "item", "item"]
    assert len(outside(second)) == (0 if recorded else 3)
    assert all((job.run == second.id) != recorded for job in others)
    assert [job.rule for job in questions.executed(second)] == ["split"]


@pytest.mark.parametrize("recorded", [True, False])
def test_results_of_an_earlier_batch_are_told(tmp_path: Path, recorded: bool) -> None:
    """Snakemake leaves the jobs of earlier batches out of its plan: their results have a maker, or a gap."""
    text = "rule p:\n    output: 'p{i}'\n    shell: 'echo {wildcards.i} > {output}'\n"
    text += (
        "rule agg:\n    input: 'raw', expand('p{i}', i=range(3))\n    output: 'agg'\n    shell: 'cat {input} > agg'\n"
    )
    workdir = workflows.write(tmp_path, text, raw="raw")
    assert workflows.snakemake(workdir, "agg", "--batch", "agg=1/2", capture=recorded).returncode == 0
    second = run(workdir, "agg", "--batch", "agg=2/2")
    assert outside(second) == ([] if recorded else ["no recorded run made the results of p"] * 2)
    assert [maker(second, path).status for path in ("p0", "p1", "p2")] == ["up_to_date", "up_to_date", "succeeded"]
    assert [artifact.path for artifact in questions.external_inputs(second)] == ["raw"]


def test_what_is_not_known_of_a_file_stays_unknown(tmp_path: Path) -> None:
    """A job changed its own input: the run that takes its result over says so, too; one that does not, does not."""
    text = AB.replace("shell: 'echo 1 > a'", "input: 'in'\n    shell: 'cp in a; echo more >> in'")
    text = text.replace("rule b", "rule x:\n    output: 'x'\n    shell: 'echo x > x'\nrule b")
    workdir = workflows.write(tmp_path, text, **{"in": "x\n"})
    first = run(workdir, "a")
    os.utime(workdir / "in", (0, 0))
    told = Gap("input-changed", "file:in", next(g.message for g in first.gaps if g.slug == "input-changed"))
    assert told in run(workdir, "b").gaps
    assert told not in run(workdir, "x").gaps
    done = workflows.run([sys.executable, "-P", "-m", "provcap", "show", "--strict"], workdir)
    assert done.returncode == 1
