"""Claims about `provcap.drawing`: one picture per run, of bounded size, for everyone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap.drawing import draw
from provcap.drawing.diagram import diagram, duration, pattern, shortened, size_text
from provcap.drawing.layout import place
from provcap.model import About, Artifact, Job, Run, Workflow
from tests.conftest import read_run

SVG = "{http://www.w3.org/2000/svg}"


def run_of(steps: list[tuple[str, list[str], list[str]]], samples: int = 1, **more: object) -> Run:
    """A run with one job per step and sample; ``{s}`` in a path is the sample."""
    jobs = [
        Job(
            f"{rule}-{s}",
            "r",
            rule,
            "succeeded",
            wildcards={"s": str(s)},
            inputs=tuple(Artifact(path.replace("{s}", str(s)), size_bytes=1000) for path in inputs),
            outputs=tuple(Artifact(path.replace("{s}", str(s)), size_bytes=1000) for path in outputs),
            started="2026-11-21T09:00:00.000+00:00",
            ended="2026-11-21T09:00:10.000+00:00",
        )
        for rule, inputs, outputs in steps
        for s in range(samples)
    ]
    told = {"about": About(title="t"), "jobs": tuple(jobs), **more}
    return Run("r", "succeeded", "/w", Workflow("S"), "2026-11-21T09:00:00.000+00:00", **told)  # type: ignore[arg-type]


def texts(run: Run) -> list[str]:
    """All that the picture shows in letters."""
    return [element.text or "" for element in ElementTree.fromstring(draw(run)).iter(f"{SVG}text")]


def test_every_run_is_drawn_as_well_formed_svg(any_run: Run) -> None:
    """Every run has a picture with a title and a description, and nothing from elsewhere in it."""
    content = draw(any_run)
    root = ElementTree.fromstring(content)
    assert root.tag == f"{SVG}svg"
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert not re.search(rb"<script|<image|@import|href=|url\((?!#)", content)


def test_the_same_run_gives_the_same_picture(any_run: Run) -> None:
    """The picture depends on the run only."""
    assert draw(any_run) == draw(any_run)


def test_every_rule_is_named(any_run: Run) -> None:
    """Each rule that took part is in the picture, and in the description."""
    shown, content = texts(any_run), draw(any_run).decode()
    for rule in {job.rule for job in any_run.jobs}:
        assert rule in shown
        assert f"Rule {rule}:" in content


def test_failures_are_told_in_words_and_by_the_line() -> None:
    """A failed rule differs by its words and its dashes, not only by its colour."""
    content = draw(read_run("failed")).decode()
    assert "1 failed" in content
    assert re.search(r"\.failed \.box \{[^}]*stroke-dasharray", content)


def test_a_retry_that_succeeded_is_no_failure() -> None:
    """A rule whose jobs all succeeded in the end is marked as retried."""
    states = {box.title: box.state for box in diagram(read_run("retried")).boxes}
    assert states["measure"] == "retried"


def test_size_depends_on_rules_and_not_on_jobs() -> None:
    """A hundred times the jobs make the picture at most a little larger."""
    steps = [("a", ["in/{s}"], ["mid/{s}"]), ("b", ["mid/{s}", "model"], ["out/{s}"])]
    assert len(draw(run_of(steps, 1000))) < 1.1 * len(draw(run_of(steps, 10)))


def test_readers_that_differ_from_file_to_file_are_drawn_together() -> None:
    """Files of one maker with many kinds of readers become one shape, so that the number of shapes is bounded."""
    steps = [("make", [], [f"f{n}" for n in range(40)]), *((f"r{n}", [f"f{n}"], [f"o{n}"]) for n in range(40))]
    assert sum(box.kind == "files" for box in diagram(run_of(steps)).boxes) == 41


def test_boxes_do_not_overlap(any_run: Run) -> None:
    """No two boxes share a point, and all are inside the picture."""
    picture = place(diagram(any_run))
    boxes = [(p.x - p.width / 2, p.top, p.x + p.width / 2, p.top + p.height) for p in picture.places]
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -0.01
        assert right <= picture.width + 0.01
        assert bottom <= picture.height + 0.01
        for other in boxes[:number]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_arrows_lead_down() -> None:
    """Every arrow goes from its tail down to its head."""
    shown = diagram(read_run("scatter-gather"))
    picture = place(shown)
    for (tail, head), route in zip(shown.arrows, picture.routes, strict=True):
        assert route[0][1] == picture.places[tail].top + picture.places[tail].height
        assert route[-1][1] == picture.places[head].top
        assert [y for _, y in route] == sorted(y for _, y in route)


def test_a_rule_that_reads_what_it_made_is_drawn() -> None:
    """Rings of rules and files are no obstacle."""
    assert "loop" in texts(run_of([("loop", ["0"], ["1"]), ("loop", ["1"], ["2"]), ("back", ["2"], ["0"])]))


def test_chains_of_any_length_are_drawn() -> None:
    """A chain of 2000 rules needs no recursion."""
    assert draw(run_of([(f"r{n}", [f"f{n}"], [f"f{n + 1}"]) for n in range(2000)]))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_no_name_breaks_the_picture(name: str, title: str) -> None:
    """Whatever rules, files and runs are called, the SVG is well-formed and shows no markup of theirs."""
    root = ElementTree.fromstring(draw(run_of([(name, [title], [name])], about=About(title=title))))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g",
    }  # fmt: skip


def test_hostile_names_are_shown_as_they_are() -> None:
    """Markup in a name is text."""
    assert "<script>alert(1)</script>" in texts(run_of([("<script>alert(1)</script>", ["a"], ["b"])]))


def test_long_names_keep_their_ends() -> None:
    """Long names lose their middle, because files differ at their ends."""
    found = shortened("results/a/very/long/way/to/go/for/a/file/plate_07.ome.zarr")
    assert len(found) == 34
    assert found.startswith("results/")
    assert found.endswith("plate_07.ome.zarr")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["labels/a.tif", "labels/b.tif"], "labels/*.tif"),
        (["labels/a.tif", "labels/ab.tif"], "labels/*.tif"),
        (["a/x", "b/x"], "*/x"),
        (["a", "b"], "*"),
        (["s1_t1.csv", "s2_t1.csv"], "*_t1.csv"),
    ],
)
def test_groups_are_named_by_what_their_files_share(paths: list[str], expected: str) -> None:
    """A group's name has a star where its files differ."""
    assert pattern(paths) == expected


def test_amounts_are_told_as_people_tell_them() -> None:
    """Times and sizes have a unit that fits."""
    assert [duration(s) for s in (0.04, 59.4, 61, 3661)] == ["0.0 s", "59 s", "1 min 1 s", "1 h 1 min"]
    assert [size_text(s) for s in (0, 999, 1000, 25_000_000, 3.2e15)] == ["0 B", "999 B", "1.0 kB", "25 MB", "3200 TB"]


def test_renderers_accept_the_picture(any_run: Run, tmp_path: Path) -> None:
    """librsvg, where it is installed, draws the picture."""
    if not shutil.which("rsvg-convert"):
        pytest.skip("rsvg-convert is not installed")
    (tmp_path / "run.svg").write_bytes(draw(any_run))
    subprocess.run(["rsvg-convert", "run.svg", "-o", "run.png"], cwd=tmp_path, check=True)
    assert (tmp_path / "run.png").stat().st_size > 1000
