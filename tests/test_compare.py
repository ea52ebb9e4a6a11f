"""How far apart are two files, runs, crates and directories, and is that within the limits?"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from skimage import metrics

from provcap import bundle, digest, questions
from provcap.codec import decode
from provcap.compare import archives, choosing, compare, pixels, scrubbing
from provcap.compare import labels as labels_module
from provcap.compare.comparator import Measured, number
from provcap.compare.judging import judge
from provcap.compare.limits import Entry, Limits, load, match
from provcap.compare.pixels import Part, compare_parts
from provcap.errors import BadConfig, ProvcapError
from provcap.model import Comparison, Draw, Embedding, Gap, Hardware, Image, Measure, Run, Verdict
from provcap.opening import Opened, open_run
from tests.comparison.files import (
    TABLE,
    Writer,
    content,
    gzipped,
    micrograph,
    nuclei,
    ome_zarr,
    png16,
    renamed,
    table,
    tiff,
)
from tests.comparison.pairs import PAIRS, SWAP, Pair
from tests.conftest import materialise, read_run


def limits(folder: Path, *files: dict[str, Any], labels: list[dict[str, Any]] | None = None) -> Limits:
    """Limits with these entries, each with a reason if it has none."""
    entries = [{"pattern": "**", "because": "it is a test", **entry} for entry in files]
    plain: dict[str, Any] = {"format": "provcap.limits/1", "files": entries}
    if labels:
        plain["labels"] = [{"because": "labels are names", **entry} for entry in labels]
    path = folder / "tolerance.yaml"
    path.write_text(yaml.safe_dump(plain))
    return load(path)


def verdict_on(pair: Pair, folder: Path) -> Verdict:
    """What is said about the files of `pair`."""
    places = [folder / side / pair.name for side in ("first", "second")]
    for place, write in zip(places, (pair.first, pair.second), strict=True):
        place.parent.mkdir()
        write(place)
    allowed = limits(folder, pair.entry) if pair.entry is not None else None
    found = compare(*places, allowed).verdicts
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_every_pair_gets_the_right_verdict(pair: Pair, tmp_path: Path) -> None:
    """Identical, within, beyond, damaged, of another type: the verdict is the right one and says why."""
    found = verdict_on(pair, tmp_path)
    assert (found.verdict, found.reason) == (pair.verdict, found.reason)
    assert pair.reason in found.reason, found.reason
    assert pair.comparator in (None, found.comparator)
    assert (found.because is not None) == (found.verdict == "equivalent")


def test_every_comparator_has_its_pairs() -> None:
    """Each comparator measures at least three pairs; ONNX is apart, as its library is not installed with the tests."""
    measured = Counter()
    for pair in PAIRS:
        with TemporaryDirectory() as folder:
            measured[verdict_on(pair, Path(folder)).comparator] += 1
    wanted = {c.name for c in (*choosing.COMPARATORS, labels_module.LABELS)} - {"onnx"}
    assert {name for name in wanted if measured[name] < 3} == set()
    assert len(PAIRS) >= 40


# --- laws


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_file_is_identical_to_itself(data: st.DataObject) -> None:
    """Whatever the file is and whatever the limits say, it is identical to itself."""
    pair = data.draw(st.sampled_from(PAIRS))
    with TemporaryDirectory() as folder:
        place = Path(folder, pair.name)
        pair.first(place)
        assert [v.verdict for v in compare(place, place).verdicts] == ["identical"]


@given(
    value=st.floats(), low=st.floats(-10, 10), high=st.floats(-10, 10), better=st.sampled_from(["smaller", "larger"])
)
def test_a_wider_limit_never_forbids_what_a_narrower_one_allows(
    value: float, low: float, high: float, better: Any
) -> None:
    """judge() is monotone in the limit, also for measures that are not finite."""
    measured = Measured((Measure("m", number(value), direction=better),))
    narrow, wide = sorted((low, high), reverse=better == "larger")
    verdicts = [judge("f", "c", measured, Entry("*", "why", limits={"m": limit})).verdict for limit in (narrow, wide)]
    assert verdicts != ["equivalent", "different"]


@given(names=st.permutations(range(1, 13)))
@settings(max_examples=20, deadline=None)
def test_any_renaming_of_labels_is_equivalent(names: list[int]) -> None:
    """Under a label limit without tolerance every permutation of the labels is the same image."""
    renamed_image = nuclei(dict(zip(range(1, 13), names, strict=True)))
    found = _labels_apart(nuclei(), renamed_image)
    assert [m.value for m in found] == [0, 1.0, 0, 1.0, 0]


@given(first=st.integers(1, 12), second=st.integers(0, 12))
@settings(max_examples=20, deadline=None)
def test_a_renaming_that_merges_is_not(first: int, second: int) -> None:
    """Two objects with one name, or an object that becomes background, are a difference."""
    assume(first != second)
    assert _labels_apart(nuclei(), nuclei({first: second}))[0].value != 0


@given(change=st.integers(1, 200), limit=st.integers(0, 255))
@settings(max_examples=20, deadline=None)
def test_the_largest_difference_of_pixels_decides(change: int, limit: int) -> None:
    """max_abs is what was added, so it is kept exactly when the limit is not smaller."""
    with TemporaryDirectory() as folder:
        pair = Pair("", "a.tif", tiff(np.zeros((9, 9), "u1")), tiff(np.pad([[change]], 4).astype("u1")), "")
        found = verdict_on(replace(pair, entry={"limits": {"max_abs": limit}}), Path(folder))
    assert found.verdict == ("equivalent" if change <= limit else "different")


@given(blocks_of=st.integers(8, 4000), shape=st.sampled_from([(40, 30), (3, 20, 30), (2, 2, 15, 9)]))
@settings(max_examples=15, deadline=None)
def test_blocks_do_not_change_the_measures(blocks_of: int, shape: tuple[int, ...]) -> None:
    """Whatever the size of the blocks, the measures are those of the whole arrays, as scikit-image gives them."""
    rng = np.random.default_rng(1)
    one = rng.integers(0, 200, shape).astype("u1")
    other = one + rng.integers(0, 50, shape).astype("u1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels, "BLOCK_BYTES", blocks_of)
        found = {m.name: m.value for m in compare_parts([Part.of("a", one)], [Part.of("a", other)])[0]}
    span = float(one.max()) - float(one.min())
    planes = list(zip(one.reshape(-1, *shape[-2:]), other.reshape(-1, *shape[-2:]), strict=True))
    similar = np.mean(
        [metrics.structural_similarity(a.astype(float), b.astype(float), data_range=span) for a, b in planes]
    )
    assert found["max_abs"] == (other.astype(int) - one).max()
    assert found["psnr"] == pytest.approx(metrics.peak_signal_noise_ratio(one, other, data_range=span))
    assert found["ssim"] == pytest.approx(similar)


def _labels_apart(first: np.ndarray, second: np.ndarray) -> list[Measure]:
    with TemporaryDirectory() as folder:
        places = Path(folder, "a.npy"), Path(folder, "b.npy")
        np.save(places[0], first)
        np.save(places[1], second)
        return [m for m in labels_module.measure(*places).measures if m.about == "labels"]


def test_adjusted_rand_is_that_of_its_definition() -> None:
    """The index is the one that comparing all pairs of pixels gives (Hubert and Arabie 1985)."""
    rng = np.random.default_rng(2)
    one, other = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    pairs = list(combinations(range(60), 2))
    same = [[side[i] == side[j] for i, j in pairs] for side in (one, other)]
    both, first, second = sum(map(min, *same)), sum(same[0]), sum(same[1])
    expected = first * second / len(pairs)
    wanted = (both - expected) / ((first + second) / 2 - expected)
    assert _labels_apart(one.reshape(6, 10), other.reshape(6, 10))[3].value == pytest.approx(wanted)


# --- series of labels and the tables that name them


def _two(tmp_path: Path, first: dict[str, Writer], second: dict[str, Writer]) -> tuple[Path, Path]:
    for side, files in (("first", first), ("second", second)):
        for name, write in files.items():
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            write(tmp_path / side / name)
    return tmp_path / "first", tmp_path / "second"


def _verdicts(
    tmp_path: Path, first: dict[str, Writer], second: dict[str, Writer], allowed: Limits | None
) -> dict[str, str]:
    return {v.path: v.verdict for v in compare(*_two(tmp_path, first, second), allowed).verdicts}


def test_a_series_has_one_renaming(tmp_path: Path) -> None:
    """Frames that are renamed alike are equivalent; one that is renamed in another way is not."""
    allowed = limits(tmp_path, labels=[{"pattern": "t*.tif"}])
    other = {i: 13 - i for i in range(1, 13)}
    frames = {f"t{i}.tif": tiff(nuclei()) for i in range(4)}
    again = {f"t{i}.tif": tiff(nuclei(SWAP)) for i in range(3)} | {"t3.tif": tiff(nuclei(other))}
    found = _verdicts(tmp_path, frames, again, allowed)
    assert found == {"t0.tif": "equivalent", "t1.tif": "equivalent", "t2.tif": "equivalent", "t3.tif": "different"}


def test_a_wildcard_makes_a_series_for_each_of_its_values(tmp_path: Path) -> None:
    """With {tile} in the pattern every tile has a renaming of its own."""
    allowed = limits(tmp_path, labels=[{"pattern": "{tile}.tif"}])
    other = {i: 13 - i for i in range(1, 13)}
    found = _verdicts(
        tmp_path,
        {"A1.tif": tiff(nuclei()), "A2.tif": tiff(nuclei())},
        {"A1.tif": tiff(nuclei(SWAP)), "A2.tif": tiff(nuclei(other))},
        allowed,
    )
    assert set(found.values()) == {"equivalent"}


@pytest.mark.parametrize(("names", "verdict"), [(SWAP, "equivalent"), ({i: 13 - i for i in SWAP}, "different")])
def test_a_renaming_is_carried_into_tables(names: dict[int, int], verdict: str, tmp_path: Path) -> None:
    """A table whose rows are named by label and tile agrees when it was renamed as its image was, and only then."""
    tables = [{"pattern": "{tile}.tsv", "key": "label"}, {"pattern": "all.csv", "key": "label"}]
    allowed = limits(tmp_path, {}, labels=[{"pattern": "{tile}.tif", "tables": tables}])
    moved = renamed(TABLE, names)
    found = _verdicts(
        tmp_path,
        {"A1.tif": tiff(nuclei()), "A1.tsv": table(), "all.csv": table(delimiter=",")},
        {"A1.tif": tiff(nuclei(SWAP)), "A1.tsv": table(moved), "all.csv": table(moved, ",")},
        allowed,
    )
    assert found == {"A1.tif": "equivalent", "A1.tsv": verdict, "all.csv": verdict}


def test_a_table_says_when_its_labels_are_not_at_hand(tmp_path: Path) -> None:
    """Without the label images the labels are taken as they are, and the verdict says so."""
    tables = [{"pattern": "t.tsv", "key": "label"}]
    allowed = limits(tmp_path, {}, labels=[{"pattern": "l.tif", "tables": tables}])
    found = compare(*_two(tmp_path, {"t.tsv": table()}, {"t.tsv": table(renamed(TABLE, SWAP))}), allowed).verdicts[0]
    assert found.verdict == "different"
    assert "labels were taken as they are" in found.reason


# --- directories


def test_directories_by_their_files(tmp_path: Path) -> None:
    """Files of one side alone are missing; records of runs are no results; a Zarr is one thing."""
    found = _verdicts(
        tmp_path,
        {
            "a.txt": content("a"),
            "x/only.txt": content("1"),
            "z.zarr": ome_zarr(micrograph()),
            ".provcap/r": content("1"),
        },
        {"a.txt": content("a"), "y/extra.txt": content("1"), "z.zarr": ome_zarr(micrograph())},
        None,
    )
    assert found == {"a.txt": "identical", "x/only.txt": "missing", "y/extra.txt": "missing", "z.zarr": "identical"}


def test_odd_names_and_special_files(tmp_path: Path) -> None:
    """Names may hold anything; a FIFO is unchecked, and nobody waits for it."""
    odd = os.fsdecode(b"a\n\xff<b>'.txt")
    for side in ("first", "second"):
        (tmp_path / side).mkdir()
        (tmp_path / side / odd).write_text(side)
        os.mkfifo(tmp_path / side / "pipe")
    found = {v.path: v for v in compare(tmp_path / "first", tmp_path / "second").verdicts}
    assert (found[odd].verdict, found["pipe"].verdict) == ("different", "unchecked")
    done = _provcap("compare", str(tmp_path / "first"), str(tmp_path / "second"))
    assert done.returncode == 1
    assert r"a\n\udcff<b>'.txt" in done.stdout


@pytest.mark.parametrize(("kind", "samples"), [(2, 3), (4, 2), (6, 4)])
def test_pixels_that_would_be_cut_are_not_judged(tmp_path: Path, kind: int, samples: int) -> None:
    """Two PNG of 16 bits a channel that differ in the lower 8 alone are never said to have the same content."""
    values = np.full((4, 5, samples), 0x1200)
    for side, added in (("first", 0), ("second", 1)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "a.png").write_bytes(png16(kind, values + added))
    for allowed in (None, limits(tmp_path, {})):
        found = compare(tmp_path / "first", tmp_path / "second", allowed)
        assert (found.verdicts[0].verdict, found.ok) == ("unchecked", False)
        assert "16 bits a channel, which Pillow cuts to 8" in found.verdicts[0].reason


def test_what_cannot_be_read_is_unchecked(tmp_path: Path) -> None:
    """A link that leads nowhere is neither the same nor different."""
    sides = _two(tmp_path, {"a": content("1")}, {"b": content("1")})
    (sides[0] / "b").symlink_to("nowhere")
    found = {v.path: v for v in compare(*sides).verdicts}
    assert found["b"].verdict == "unchecked"


def test_a_file_is_not_compared_with_a_directory(tmp_path: Path) -> None:
    """That is an error with a way out, not a verdict."""
    (tmp_path / "f").write_text("")
    with pytest.raises(ProvcapError, match="only be compared with a file"):
        compare(tmp_path / "f", tmp_path)


def test_unchecked_fails_unless_it_is_allowed(tmp_path: Path) -> None:
    """A file that needs a library that is not there fails; an entry with allow_unchecked lets it pass."""
    sides = _two(tmp_path, {"m.onnx": content("1")}, {"m.onnx": content("2")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "onnx", None)
        strictly = compare(*sides, limits(tmp_path, {}))
        leniently = compare(*sides, limits(tmp_path, {"allow_unchecked": True}))
    assert (strictly.verdicts[0].verdict, strictly.ok) == ("unchecked", False)
    assert "onnx is not installed" in strictly.verdicts[0].reason
    assert (leniently.verdicts[0].verdict, leniently.ok) == ("unchecked", True)


def test_nothing_compared_is_not_ok(tmp_path: Path) -> None:
    """Two empty directories prove nothing."""
    assert not compare(*_two(tmp_path, {".git/a": content("")}, {".git/a": content("")})).ok


# --- runs and crates


def _run(workdir: Path, change: Any = None) -> Opened:
    run = read_run("succeeded")
    materialise(run, workdir)
    return Opened(change(run) if change else run, files=workdir)


def _changed(run: Run, path: str, **fields: Any) -> Run:
    """`run` with other facts about the output at `path`."""
    jobs = [
        replace(job, outputs=tuple(replace(a, **fields) if a.path == path else a for a in job.outputs))
        for job in run.jobs
    ]
    return replace(run, jobs=tuple(jobs))


def _other(workdir: Path, path: str, text: str, change: Any = None) -> Opened:
    """The run `succeeded` with `text` as its output at `path`, recorded as such."""
    opened = _run(workdir, change)
    (workdir / path).write_text(text)
    found = digest.of_bytes(text.encode())
    return replace(opened, run=_changed(opened.run, path, digest=found, size_bytes=len(text)))


RESULT = questions.final_outputs(read_run("succeeded"))[-1].path


def test_two_runs_of_the_same_are_identical(tmp_path: Path) -> None:
    """The results of a run, and with `everything` all outputs, are compared by their recorded paths."""
    first, second = _run(tmp_path / "1"), _run(tmp_path / "2")
    found, every = compare(first, second), compare(first, second, everything=True)
    assert found.ok
    assert every.ok
    assert [v.path for v in found.verdicts] == [a.path for a in questions.final_outputs(first.run)]
    assert len(every.verdicts) > len(found.verdicts)
    assert [v.path for v in compare(first, second, only=[RESULT]).verdicts] == [RESULT]


def test_a_file_that_changed_since_is_not_trusted(tmp_path: Path) -> None:
    """Its recorded digest is the same, but the file is another one: unchecked, and the reason says so."""
    first, second = _run(tmp_path / "1"), _run(tmp_path / "2")
    (tmp_path / "2" / RESULT).write_text("edited by hand")
    found = {v.path: v for v in compare(first, second).verdicts}[RESULT]
    assert found.verdict == "unchecked"
    assert "changed since" in found.reason


def test_a_lineage_that_was_embedded_since_is_told(tmp_path: Path) -> None:
    """`embed --in-place` changed the bytes of one side: identical as made, and the reason does not call them the same.
    In a plain directory nothing says what the file was."""
    plain, made = _run(tmp_path / "1"), _run(tmp_path / "2")
    embedded = b"with its lineage"
    known = digest.of_file(tmp_path / "2" / RESULT)
    (tmp_path / "2" / RESULT).write_bytes(embedded)
    note = Embedding(RESULT, known, digest.of_bytes(embedded), len(embedded), "")
    told = replace(made, run=replace(made.run, embeddings=(note,)))

    def said(first: Opened | Path, second: Opened | Path) -> tuple[str, str]:
        (verdict,) = compare(first, second, only=[RESULT]).verdicts
        return verdict.verdict, verdict.reason

    since = ("identical", "the same bytes, but for the lineage that was embedded since")
    assert said(plain, told) == said(told, plain) == said(tmp_path / "1", told) == since
    assert said(told, told) == said(told, tmp_path / "2") == said(plain, plain) == ("identical", "the same bytes")
    assert said(plain, tmp_path / "2")[0] == "different"


def test_a_file_that_is_not_at_hand(tmp_path: Path) -> None:
    """Digests are enough for identical, and for different when nothing allows a difference; else it is unchecked."""
    first, second = _run(tmp_path / "1"), _run(tmp_path / "2")
    (tmp_path / "1" / RESULT).unlink()
    other = _other(tmp_path / "3", RESULT, "something else\n")
    assert compare(first, second, only=[RESULT]).verdicts[0].verdict == "identical"
    assert compare(first, other, only=[RESULT]).verdicts[0].verdict == "different"
    assert compare(first, other, limits(tmp_path, {}), only=[RESULT]).verdicts[0].verdict == "unchecked"


def test_what_only_one_run_has_is_missing(tmp_path: Path) -> None:
    """Both a result that is gone and one that is new are told."""

    def without(run: Run) -> Run:
        return replace(run, jobs=tuple(j for j in run.jobs if RESULT not in {a.path for a in j.outputs}))

    first, second = _run(tmp_path / "1"), _run(tmp_path / "2", without)
    assert {v.path: v.verdict for v in compare(first, second).verdicts}[RESULT] == "missing"
    assert {v.path: v.verdict for v in compare(second, first).verdicts}[RESULT] == "missing"


@pytest.mark.parametrize("target", ["c.zip", "c"])
def test_a_crate_against_its_run(target: str, tmp_path: Path) -> None:
    """A crate, zipped or not, agrees with the run that it was made from; a file that was exchanged in it is told."""
    opened = _run(tmp_path / "1")
    bundle.write_crate(opened.run, opened.files, tmp_path / target)
    crate = open_run(target, tmp_path)
    assert compare(crate, opened).ok
    if target == "c":
        (tmp_path / "c" / RESULT).write_text("exchanged")
        found = {v.path: v for v in compare(crate, opened).verdicts}[RESULT]
        assert (found.verdict, "changed since" in found.reason) == ("unchecked", True)


@pytest.mark.parametrize("name", ["odd-names", "directory", "deep", "storage", "retried"])
def test_every_run_agrees_with_its_crate(name: str, tmp_path: Path) -> None:
    """Odd names, directories, deep paths: what is packed is found again, and nothing differs."""
    run = read_run(name)
    opened = Opened(run, files=materialise(run, tmp_path / "work"))
    bundle.write_crate(run, opened.files, tmp_path / "c.zip")
    found = compare(open_run("c.zip", tmp_path), opened).verdicts
    assert {v.verdict for v in found} <= {"identical", "unchecked"}
    assert any(v.verdict == "identical" for v in found)


def test_a_run_against_a_plain_directory(tmp_path: Path) -> None:
    """The run says what its results are; the rest of the directory does not matter."""
    opened = _run(tmp_path / "1")
    found = compare(opened, tmp_path / "1")
    assert found.ok
    assert len(found.verdicts) == len(questions.final_outputs(opened.run))


def test_a_crate_cannot_lead_outside(tmp_path: Path) -> None:
    """A link in a crate to a file elsewhere is not followed."""
    opened = _run(tmp_path / "1")
    bundle.write_crate(opened.run, opened.files, tmp_path / "c")
    (tmp_path / "c" / RESULT).unlink()
    (tmp_path / "c" / RESULT).symlink_to(tmp_path / "1" / RESULT)
    other = _other(tmp_path / "2", RESULT, "something else\n")
    found = compare(open_run("c", tmp_path), other, limits(tmp_path, {}), only=[RESULT]).verdicts[0]
    assert found.verdict == "unchecked"


# --- the same machine


def _machine(cpu: str = "AMD EPYC", image: str = "sha256:aa", draw: Draw | None = None, slug: str = "") -> Any:
    """A change that gives every job of a run this image and CPU, one draw, and a gap."""

    def change(run: Run) -> Run:
        jobs = tuple(
            replace(
                j, image="i", hardware="h", script=None, command=j.command or "true", randomness=(draw,) if draw else ()
            )
            for j in run.jobs
        )
        gaps = (*run.gaps, *((Gap(slug, f"job:{j.id}", "m") for j in jobs[:1]) if slug else ()))
        images = (Image("i", "i", digest=image or None),)
        return replace(run, jobs=jobs, images=images, hardware=(Hardware("h", cpu_model=cpu),), gaps=gaps)

    return change


SEEDED, UNSEEDED = Draw("random", "seeded", "3"), Draw("random", "unseeded", "9")


@pytest.mark.parametrize(
    ("what", "first", "second", "verdict"),
    [
        ("the same", _machine(), _machine(), "different"),
        ("the same seed", _machine(draw=SEEDED), _machine(draw=SEEDED), "different"),
        ("another seed", _machine(draw=SEEDED), _machine(draw=replace(SEEDED, value="4")), "equivalent"),
        ("another CPU", _machine(), _machine("Intel"), "equivalent"),
        ("another image", _machine(), _machine(image="sha256:bb"), "equivalent"),
        ("no image digest", _machine(image=""), _machine(image=""), "equivalent"),
        ("unseeded", _machine(draw=UNSEEDED), _machine(draw=UNSEEDED), "equivalent"),
        ("unseeded by a gap", _machine(slug="unseeded-randomness"), _machine(slug="unseeded-randomness"), "equivalent"),
        ("unseen", _machine(slug="interpreter-unseen"), _machine(), "equivalent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_same_machine_demands_identical_results(
    what: str, first: Any, second: Any, verdict: str, tmp_path: Path
) -> None:
    """Same image digest, same CPU model, nothing drawn without a seed: no limit excuses a difference."""
    sides = _other(tmp_path / "1", RESULT, "a\n", first), _other(tmp_path / "2", RESULT, "b\n", second)
    lenient = limits(tmp_path, {"as": "text", "limits": {"lines_differ": 9}})
    found = compare(*sides, lenient, only=[RESULT]).verdicts[0]
    assert found.verdict == verdict, found.reason
    assert ("identical is demanded" in found.reason) == (verdict == "different")


def test_the_limits_can_lift_the_demand(tmp_path: Path) -> None:
    """even_on_same_machine: true makes the limits count there, too."""
    sides = _other(tmp_path / "1", RESULT, "a\n", _machine()), _other(tmp_path / "2", RESULT, "b\n", _machine())
    lenient = limits(tmp_path, {"as": "text", "limits": {"lines_differ": 9}, "even_on_same_machine": True})
    assert compare(*sides, lenient, only=[RESULT]).verdicts[0].verdict == "equivalent"


def test_another_input_lifts_the_demand(tmp_path: Path) -> None:
    """What was put in differs, so what comes out may."""
    second = _other(tmp_path / "2", RESULT, "b\n", _machine())
    jobs = tuple(replace(j, inputs=tuple(replace(a, digest="sha256:00") for a in j.inputs)) for j in second.run.jobs)
    sides = _other(tmp_path / "1", RESULT, "a\n", _machine()), replace(second, run=replace(second.run, jobs=jobs))
    lenient = limits(tmp_path, {"as": "text", "limits": {"lines_differ": 9}})
    assert compare(*sides, lenient, only=[RESULT]).verdicts[0].verdict == "equivalent"


# --- limits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "the file should be a mapping"),
        ("files: []", "format should be"),
        ("format: provcap.limits/1\nfile: []", "unknown key 'file'"),
        ("format: provcap.limits/1\nfiles: [{pattern: a}]", "files[0]: because is missing"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: ' '}]", "because is missing"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: b, limit: 3}]", "unknown key 'limit'"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: b, limits: {max_abs: x}}]", "max_abs should be a number"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: b, limits: {max_abs: .nan}}]", "should be a number"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: b, rtol: -1}]", "cannot be negative"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: b, scrub: [{pattern: '('}]}]", "scrub[0]"),
        ("format: provcap.limits/1\nlabels: [{pattern: a, because: b, tables: [{pattern: c}]}]", "tables[0]: key is missing"),
        ("format: provcap.limits/1\nfiles: [{pattern: a, because: b, even_on_same_machine: 1}]", "true or false"),
        ("format: provcap.limits/1\nfiles: []\nfiles: [{pattern: a, because: b}]", "'files' is there twice"),
        ("a: [", "while parsing"),
        ("!!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("[" * 5000, "tolerance.yaml"),
    ],
)  # fmt: skip
def test_wrong_limits_are_refused_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    """The message names the file, the place and what is wrong."""
    path = tmp_path / "tolerance.yaml"
    path.write_text(text)
    with pytest.raises(BadConfig) as caught:
        load(path)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("results/*.tif", "results/a.tif", {}),
        ("results/*.tif", "results/x/a.tif", None),
        ("**/*.tif", "a.tif", {}),
        ("**/*.tif", "x/y/a.tif", {}),
        ("results/**", "results/x/y", {}),
        ("{s}/{t}.tif", "a/b.tif", {"s": "a", "t": "b"}),
        ("{s}/{s}.tif", "a/b.tif", None),
        ("a[1].tif", "a[1].tif", {}),
        ("a.tif", "axtif", None),
    ],
)
def test_patterns(pattern: str, path: str, found: dict[str, str] | None) -> None:
    """* stays within a directory, ** does not, {name} is a wildcard like Snakemake's; all else is meant literally."""
    assert match(pattern, path) == found


def test_the_first_entry_that_matches_counts(tmp_path: Path) -> None:
    """A special entry stands before a general one."""
    allowed = limits(tmp_path, {"pattern": "a.txt", "because": "first"}, {"because": "second"})
    assert [allowed.entry(p).because for p in ("a.txt", "b.txt")] == ["first", "second"]  # type: ignore[union-attr]


def test_a_limit_on_what_is_not_measured_is_not_kept(tmp_path: Path) -> None:
    """A mistyped name of a measure does not allow anything."""
    pair = Pair("", "a.tif", tiff(micrograph()), tiff(micrograph(1)), "", {"limits": {"max_asb": 3, "max_abs": 3}})
    found = verdict_on(pair, tmp_path)
    assert (found.verdict, "max_asb" in found.reason) == ("different", True)


def test_an_unknown_comparator_is_an_error(tmp_path: Path) -> None:
    """`as:` with a name that does not exist says which exist."""
    sides = _two(tmp_path, {"a": content("1")}, {"a": content("2")})
    with pytest.raises(ProvcapError, match="no comparator imge") as caught:
        compare(*sides, limits(tmp_path, {"as": "imge"}))
    assert "ome-tiff" in caught.value.hint


def test_a_catastrophic_scrub_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regular expression that would take years is stopped, and the file is unchecked."""
    monkeypatch.setattr(scrubbing, "TIMEOUT_S", 1.0)
    text = "a" * 60
    entry = {"scrub": [{"pattern": "(a+)+$"}]}
    found = verdict_on(Pair("", "t.txt", content(text + "!"), content(text + "?"), "", entry), tmp_path)
    assert (found.verdict, "did not end" in found.reason) == ("unchecked", True)


def test_an_archive_that_grows_too_much_is_unchecked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is not unpacked to its end."""
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 20)
    bombs = [gzipped(bytes([i]) * (8 << 20)) for i in (0, 1)]
    found = verdict_on(Pair("", "b.gz", *bombs, ""), tmp_path)
    assert (found.verdict, "when unpacked" in found.reason) == ("unchecked", True)


def test_archives_in_archives_end(tmp_path: Path) -> None:
    """Each level is an archive again: after a few nobody looks further."""
    ends = [b"1", b"2"]
    for _ in range(9):
        ends = [gzip.compress(data, mtime=0) for data in ends]
    found = verdict_on(Pair("", "x.gz" + ".gz" * 8, *map(content, ends), ""), tmp_path)
    assert (found.verdict, "deep" in found.reason) == ("unchecked", True)


def test_pickled_zarr_runs_nothing(tmp_path: Path) -> None:
    """A codec that would run a program is refused before a chunk is read."""
    mark = tmp_path / "ran"
    program = b"cos\nmkdir\n(V%s\ntR." % str(mark).encode()

    def pickled(chunk: bytes) -> Writer:
        def write(path: Path) -> None:
            path.mkdir()
            codec = {"id": "pickle", "protocol": 5}
            entry = {"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "|u1", "order": "C", "fill_value": 0}
            (path / ".zarray").write_text(json.dumps({**entry, "compressor": None, "filters": [codec]}))
            (path / "0").write_bytes(chunk)

        return write

    found = verdict_on(Pair("", "a.zarr", pickled(program), pickled(program + b" "), ""), tmp_path)
    assert (found.verdict, "pickle" in found.reason, mark.exists()) == ("different", True, False)


def test_an_array_that_claims_to_be_endless_is_unchecked(tmp_path: Path) -> None:
    """A few bytes of HDF5 can claim any number of zeros: nobody counts them."""

    def endless(unit: str) -> Writer:
        def write(path: Path) -> None:
            with h5py.File(path, "w") as file:
                file.create_dataset("x", shape=(1 << 50,), dtype="u1", chunks=(1 << 20,)).attrs["unit"] = unit

        return write

    found = verdict_on(Pair("", "a.h5", endless("m"), endless("s"), ""), tmp_path)
    assert (found.verdict, "more than" in found.reason) == ("unchecked", True)


def test_weights_of_a_model(tmp_path: Path) -> None:
    """Another producer does not count, other weights do by their limit, another operator always."""
    onnx = pytest.importorskip("onnx", reason="the library onnx is not installed")

    def model(change: float = 0.0, operator: str = "Add", producer: str = "a") -> Writer:
        weights = onnx.numpy_helper.from_array(np.arange(4, dtype="f4") + np.float32(change), "w")
        x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4]) for name in "xy")
        graph = onnx.helper.make_graph([onnx.helper.make_node(operator, ["x", "w"], ["y"])], "g", [x], [y], [weights])
        opset = [onnx.helper.make_opsetid("", 17)]
        made = onnx.helper.make_model(graph, producer_name=producer, opset_imports=opset, ir_version=8)
        return content(made.SerializeToString())

    limit = {"limits": {"max_abs": 0.01}}
    seconds = [model(producer="b"), model(0.001), model(1.0), model(operator="Mul"), content("text")]
    found = []
    for i, second in enumerate(seconds):
        (tmp_path / str(i)).mkdir()
        found.append(verdict_on(Pair("", "m.onnx", model(), second, "", limit), tmp_path / str(i)).verdict)
    assert found == ["equivalent", "equivalent", "different", "different", "different"]


# --- other people's comparators

PLUGIN = """
from provcap.compare.comparator import Comparator, Measured
from provcap.model import Measure

def measure(first, second, options):
    return Measured((Measure("length_apart", abs(first.stat().st_size - second.stat().st_size), "B"),))

BY_LENGTH = Comparator("by-length", lambda seen: seen.ends(".len"), measure)
"""


def test_a_comparator_from_another_package(tmp_path: Path) -> None:
    """A package with the entry point `provcap.comparators` is asked first, and its measures can be limited."""
    packages = tmp_path / "packages"
    (packages / "by_length-1.dist-info").mkdir(parents=True)
    (packages / "by_length.py").write_text(PLUGIN)
    (packages / "by_length-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: by_length\nVersion: 1\n")
    point = "[provcap.comparators]\nby-length = by_length:BY_LENGTH\n"
    (packages / "by_length-1.dist-info/entry_points.txt").write_text(point)
    _two(tmp_path, {"a.len": content("abc")}, {"a.len": content("xyz1")})
    limits(tmp_path, {"limits": {"length_apart": 1}})
    words = ["compare", "first", "second", "-d", str(tmp_path), "--limits", str(tmp_path / "tolerance.yaml"), "--json"]
    done = _provcap(*words, PYTHONPATH=str(packages))
    found = json.loads(done.stdout)
    assert found["verdicts"][0]["comparator"] == "by-length"
    assert (found["ok"], done.returncode) == (True, 0)
    (packages / "by_length.py").write_text("raise RuntimeError('broken')")
    broken = _provcap(*words, PYTHONPATH=str(packages))
    assert broken.returncode == 2
    assert "[bad-comparator]" in broken.stderr


# --- the command line


def _provcap(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "provcap", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables}, check=False)


def test_exit_codes_and_json(tmp_path: Path) -> None:
    """0: the same, 1: not, 2: trouble; --json is the whole comparison with its format."""
    _two(
        tmp_path, {"a.txt": content("1\n"), "b.txt": content("1\n")}, {"a.txt": content("1\n"), "b.txt": content("2\n")}
    )
    same = _provcap("compare", "first", "first", "-d", str(tmp_path))
    assert (same.returncode, "2 identical" in same.stdout) == (0, True)
    apart = _provcap("compare", "first", "second", "-d", str(tmp_path), "--json")
    plain = json.loads(apart.stdout)
    assert (apart.returncode, plain["format"], plain["ok"]) == (1, "provcap.comparison/1", False)
    assert decode(Comparison, plain).verdicts[1].measures[0].name == "lines_differ"
    trouble = _provcap("compare", "first", "nowhere", "-d", str(tmp_path))
    assert (trouble.returncode, trouble.stdout) == (2, "")


def test_the_authors_limits_are_told_of_and_not_used(tmp_path: Path) -> None:
    """config/tolerance.yaml beside the reference counts when it is asked for, as limits are the reader's decision."""
    _two(tmp_path, {"a.txt": content("1\n")}, {"a.txt": content("1\r\n")})
    (tmp_path / "first/config").mkdir()
    (tmp_path / "second/config").mkdir()
    allowed = limits(tmp_path, {})
    for side in ("first", "second"):
        (tmp_path / side / "config/tolerance.yaml").write_bytes((tmp_path / "tolerance.yaml").read_bytes())
    done = _provcap("compare", "first", "second", "-d", str(tmp_path))
    assert (done.returncode, "--limits" in done.stderr) == (1, True)
    assert compare(tmp_path / "first", tmp_path / "second", allowed).ok
