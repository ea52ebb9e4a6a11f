"""Code of `run:` blocks is watched like a script, and this process is as it was when the block has ended."""

from __future__ import annotations

import builtins
import io
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.random
import pytest

from provcap import codec
from provcap.capture import observed, replay, runblock
from provcap.capture.recorder import Attempt, Recorder
from tests import workflows

WORKFLOW = """
import numpy as np
rule all:
    input: "a", "b"
rule a:
    output: "a"
    run:
        import random, jinja2
        random.seed(1)
        x = [random.random(), np.random.default_rng().random(), np.random.rand(), len(open("extra.txt").read())]
        shell("echo {x} > {output}; python3 -c 'import random; print(random.random())' >> {output}")
rule b:
    output: "b"
    run:
        import random, os
        with open(output[0], "w") as stream:
            print(random.random(), [name for name in os.environ if name == "PROVCAP_RUN"], file=stream)
"""


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    """An attempt at a job with a run: block, begun in a run of its own."""
    made = Attempt(Recorder("20260101T000000-aaaaaa", tmp_path), {"rule": "a", "kind": "run"})
    made.begin()
    return made


def told(attempt: Attempt) -> tuple[list[tuple[str, str, str | None]], list[str]]:
    """Source, kind and value of what `attempt` told, and the names of the modules."""
    seen = observed.read(attempt.blocks, attempt.facts, {}, "job:a")
    modules = [m["name"] for m in seen.get("imports", {}).get("modules", ())]
    return [(d["source"], d["kind"], d.get("value")) for d in seen["randomness"]], modules


def watch(attempt: Attempt, function: Callable[[], Any]) -> None:
    with runblock.watching(attempt, lambda: (function, {}), False):
        function()


def places() -> list[Any]:
    """What is replaced while a block runs."""
    bits, mtrand = sys.modules["numpy.random.bit_generator"], sys.modules["numpy.random.mtrand"]
    common, legacy = sys.modules["numpy.random._common"], sys.modules["numpy.random._mt19937"]
    found = [builtins.open, io.open, os.open, os.fork, random.Random.seed, random.seed, random.setstate]
    found += [random.Random.setstate, bits.randbits, common.np, legacy.operator, mtrand.set_state, np.random.set_state]  # type: ignore[attr-defined]
    return [*found, *sys.meta_path, "_provcap_watch" in sys.modules, "_provcap_told" in sys.modules]


@pytest.mark.slow
def test_run_blocks_are_recorded_and_replayed(tmp_path: Path) -> None:
    """Seeds, entropy, modules and files of a block, with the lines of the Snakefile; replay gives the same bytes."""
    workflows.write(tmp_path / "w", WORKFLOW, extra__txt="x")
    file = tmp_path / "replay.json"
    results = []
    for variables in ({}, {}, {"PROVCAP_REPLAY": str(file)}):
        done = workflows.snakemake(tmp_path / "w", "--forceall", **variables)
        assert done.returncode == 0, done.stderr
        results.append([(tmp_path / "w" / name).read_text() for name in "ab"])
        if len(results) == 1:
            run = workflows.latest(tmp_path / "w")
            file.write_text(codec.dumps(replay.replay_file(run)))
    a, b = sorted(run.jobs, key=lambda job: job.rule)
    assert [(d.source, d.kind, d.where) for d in a.randomness] == [
        ("numpy.random", "unseeded", "run block of a"),
        ("random", "seeded", "Snakefile:9"),
        ("numpy.random.Generator", "unseeded", "Snakefile:10"),
        ("random", "unseeded", "-c"),
    ]
    assert [(d.source, d.kind) for d in b.randomness] == [("random", "unseeded")]
    assert [found.path for found in a.undeclared_inputs] == ["extra.txt"]
    (modules,) = ({m.name for m in i.modules} for i in run.imports if i.id == a.imports)
    assert {"numpy", "jinja2"} <= modules
    assert results[0] != results[1]
    assert results[0] == results[2]
    assert results[0][1].endswith("[]\n")


def test_nothing_is_left_behind(attempt: Attempt) -> None:
    """After a block, and after one that failed, all names lead where they led, and the next draws are in no ledger."""
    earlier = places()

    def fails() -> None:
        random.seed(4)
        assert places() != earlier
        raise ValueError("the block's own")

    with pytest.raises(ValueError, match="the block's own"):
        watch(attempt, fails)
    assert [one is other for one, other in zip(places(), earlier, strict=True)].count(False) == 0
    random.seed(5)
    assert told(attempt)[0] == [("random", "seeded", "4")]
    assert not attempt.gaps


def test_two_blocks_at_once_are_not_mixed_up(attempt: Attempt) -> None:
    """Of two blocks that one process runs at the same time, neither's ledger is believed without a gap."""
    other = Attempt(attempt.recorder, {"rule": "b", "kind": "run"})
    inner = threading.Thread(target=watch, args=(other, lambda: random.seed(2)))

    def outer() -> None:
        inner.start()
        inner.join()

    watch(attempt, outer)
    assert [gap["slug"] for gap in attempt.gaps + other.gaps] == ["randomness-unseen"] * 2
    watch(other, lambda: random.seed(3))
    assert told(other)[0] == [("random", "seeded", "3")]


def test_hook_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PROVCAP_OFF=python leaves the process of a block alone."""
    seen: list[bool] = []
    monkeypatch.setenv("PROVCAP_OFF", "python")
    attempt = Attempt(Recorder("20260101T000000-aaaaaa", tmp_path), {"rule": "a", "kind": "run"})
    earlier = places()
    watch(attempt, lambda: seen.extend(one is other for one, other in zip(places(), earlier, strict=True)))
    assert seen
    assert all(seen)
    assert not attempt.blocks


def test_modules_that_a_block_names(attempt: Attempt) -> None:
    """What stands at the top of the Snakefile and is used by the block, or by a function that it calls, is its import."""

    def block() -> None:
        places()

    found = runblock.modules_of(block)
    assert {"numpy", "io", "random"} <= found
    assert not {"pytest", "threading"} & found


def test_generators_that_were_there_before(attempt: Attempt) -> None:
    """NumPy's hidden generator, seeded by somebody before the block, is not called unseeded: nobody saw who did it."""
    np.random.seed(1)
    watch(attempt, lambda: np.random.rand())
    seen = observed.read(attempt.blocks, attempt.facts, {}, "job:a")
    assert not seen["randomness"]
    assert [gap["slug"] for gap in seen["gaps"]] == ["randomness-unseen"]
