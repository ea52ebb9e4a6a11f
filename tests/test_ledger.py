"""Keys, states that are put back, other libraries, and files: what the watcher of a Python process sees of them."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from provcap.capture import shellscope
from tests import workflows
from tests.test_interpreters import PYTHONS, drawn, job_of, replayed, slugs, watched

papermill = pytest.mark.skipif(importlib.util.find_spec("papermill") is None, reason="papermill: not installed here")
BESIDE = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # where papermill lies


def ledger(workdir: Path, code: str, python: Path | str = sys.executable) -> list[tuple[str, str, str]]:
    """Source, kind and value of the draws of one process that runs `code`; entropy is left out."""
    seen, (told,) = watched(workdir, python, "-c", code)
    assert seen.startswith("0\n"), seen
    return [(d["source"], d["kind"], d["value"] if d["kind"] == "seeded" else "") for d in told["draws"]]


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("np.random.Philox(key=9)", ["key 9"]),
        ("k = 7; make = np.random.Philox; np.random.Generator(make(counter=1, key=k)).random()", ["key 7"]),
        ("[np.random.Philox(key=n) for n in range(3)]", ["key 0", "key 1", "key 2"]),
        ("np.random.Philox(3); np.random.PCG64(4); np.random.SFC64(5); np.random.PCG64DXSM(6)", ["3", "4", "5", "6"]),
        ("np.random.Philox(3, counter=5).jumped(2); np.random.Philox(8).advance(3)", ["3", "8"]),
    ],
)
def test_bit_generators_with_seeds_and_keys(tmp_path: Path, code: str, values: list[str]) -> None:
    """A key is told as a seed is; the entropy that its generator threw away, a counter and a jump are not."""
    found = ledger(tmp_path, f"import numpy as np; {code}")
    assert found == [("numpy.random.Generator", "seeded", value) for value in values]


def test_philox_without_a_key_is_unseeded(tmp_path: Path) -> None:
    """A counter is no seed."""
    found = ledger(tmp_path, "import numpy as np; np.random.Philox(); np.random.Philox(counter=3)")
    assert found == [("numpy.random.Generator", "unseeded", "")] * 2


@pytest.mark.parametrize(
    ("code", "sources"),
    [
        ("r.setstate(r.Random(3).getstate()); r.random()", ["random.Random", "random"]),
        ("np.random.set_state(np.random.RandomState(3).get_state()); np.random.rand()", ["numpy.random"] * 2),
    ],
)
def test_state_that_is_put_back_is_told(tmp_path: Path, code: str, sources: list[str]) -> None:
    """The state that somebody puts into a hidden generator has a short digest, and what it draws is not unseeded."""
    found = ledger(tmp_path, f"import random as r; import numpy as np; {code}")
    assert [(source, kind) for source, kind, _ in found] == [(source, "seeded") for source in sources]
    assert re.fullmatch(r"state sha512:[0-9a-f]{16}", found[-1][2])
    assert found == ledger(tmp_path, f"import random as r; import numpy as np; {code}")


@pytest.mark.parametrize("names", [("r.getstate", "r.setstate", "r.random"), ("n.get_state", "n.set_state", "n.rand")])
def test_own_entropy_put_back_stays_unseeded(tmp_path: Path, names: tuple[str, str, str]) -> None:
    """A generator that gets its first state back, which nobody had seeded, draws unseeded numbers."""
    get, put, draw = names
    code = f"import random as r; import numpy.random as n; s = {get}(); {draw}(); {put}(s); {draw}()"
    assert [kind for _, kind, _ in ledger(tmp_path, code)] == ["unseeded"]


def test_copies_are_no_seeding(tmp_path: Path) -> None:
    """A generator that is copied or pickled sets a state of its own: that is nobody's seeding."""
    code = "import random as r, pickle, copy; x = r.Random(3); copy.deepcopy(x); pickle.loads(pickle.dumps(x))"
    assert ledger(tmp_path, code) == [("random.Random", "seeded", "3")]


@pytest.mark.parametrize("python", [p for p in PYTHONS if "2.7" not in str(p)], ids=lambda p: p.parts[-3])
def test_open_is_what_it_is_without_us(tmp_path: Path, python: Path) -> None:
    """open and os.open look and behave alike, as attributes, keys and pickles too; files are told once per name."""
    (tmp_path / "x.txt").write_text("x")
    code = (
        "import copy, inspect, io, os, pathlib, pickle, shutil, tempfile\n"
        "class A:\n    opener = open\n"
        "print(A().opener('x.txt').read(), open, os.open, inspect.signature(open), os.open in os.supports_dir_fd)\n"
        "print(pickle.loads(pickle.dumps(open)) is open is io.open, pickle.loads(pickle.dumps(os.open)) is os.open)\n"
        "print(copy.copy(open) is open, open.__name__, open.__doc__ == io.open.__doc__, shutil.rmtree.avoids_symlink_attacks)\n"
        "print(pathlib.Path('x.txt').read_text(), os.read(os.open(b'x.txt', os.O_RDONLY), 9), open(0).fileno())\n"
        "open('new.txt', 'w').close(); open('new.txt').close(); os.remove('new.txt')\n"
        "for bad in ('none.txt', None, 'a\\0b'):\n"
        "    try: open(bad)\n"
        "    except Exception as error: print(type(error), error)\n"
    )
    without, _ = watched(tmp_path, python, "-c", code, hook=False)
    seen, (told,) = watched(tmp_path, python, "-c", code)
    assert seen == without
    assert told["opened"] == ["x.txt"]


@pytest.mark.slow
def test_deepcopy_is_not_slowed_down(tmp_path: Path) -> None:
    """Copying a large structure calls id() all the time, which an audit hook would make much slower."""
    code = "import copy; copy.deepcopy([[n] for n in range(200000)])"
    probe = shellscope.stage(tmp_path)
    (tmp_path / ".provcap/runs/r/shell").mkdir(parents=True)
    ours = {"PROVCAP_TOLD": str(tmp_path / ".provcap/runs/r/shell/j.0"), "PYTHONPATH": str(probe / "python")}
    times: list[list[float]] = [[], []]
    for _ in range(9):
        for found, variables in zip(times, ({}, ours), strict=True):
            began = os.times()
            subprocess.run([sys.executable, "-c", code], env={**workflows.QUIET, **variables}, check=True)
            found.append(os.times().children_user - began.children_user)
    # the least of each: other work on the machine only adds to them. Measured: 1.02; with an audit hook 1.6
    assert min(times[1]) / min(times[0]) < 1.15


NOTEBOOK = (
    '{"cells": [%s], "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},'
    ' "language_info": {"file_extension": ".py", "name": "python"}}, "nbformat": 4, "nbformat_minor": 5}'
)
CELL = '{"cell_type": "code", "execution_count": null, "id": "c%d", "metadata": {}, "outputs": [], "source": ["%s"]}'


@papermill
@pytest.mark.slow
def test_only_cells_of_a_notebook_count(tmp_path: Path) -> None:
    """The kernel draws from `random` as well: a notebook that draws nothing is not flagged."""
    cells = CELL % (1, "open(snakemake.output[0], 'w').close()")
    job = job_of(tmp_path, "notebook: 'n.py.ipynb'", files={"n__py__ipynb": NOTEBOOK % cells}, **BESIDE)
    assert not job.randomness
    assert "unseeded-randomness" not in slugs(tmp_path)


@papermill
@pytest.mark.slow
def test_cells_of_a_notebook_are_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cells draw is in the ledger, and each gets its own entropy back, whatever the kernel drew in between."""
    monkeypatch.setitem(workflows.QUIET, "PATH", BESIDE["PATH"])
    cells = ",".join(
        [
            CELL % (1, "import random; x = random.random()"),
            CELL % (2, "y = random.random(); open(snakemake.output[0], 'w').write(repr([x, y]))"),
        ]
    )
    job = job_of(tmp_path / "w", "notebook: 'n.py.ipynb'", files={"n__py__ipynb": NOTEBOOK % cells})
    assert {(source, kind, where) for source, kind, where in drawn(job)} == {("random", "unseeded", "notebook")}
    (first, without, with_replay), _ = replayed(tmp_path / "w")
    assert first != without
    assert first == with_replay


def other_python(module: str) -> str:
    """A Python that has `module`: this one, or the one that PROVCAP_TEST_<MODULE> names; skips without one."""
    named = os.environ.get(f"PROVCAP_TEST_{module.upper()}")
    if named is None and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module}: not installed here, and no PROVCAP_TEST_{module.upper()} names a Python that has it")
    return named or sys.executable


def test_torch_is_told(tmp_path: Path) -> None:
    """PyTorch: a draw before any seed, and the seed that is set; a Generator of its own is not seen."""
    code = "import torch; torch.rand(2); torch.manual_seed(4); torch.rand(2)"
    found = [entry for entry in ledger(tmp_path, code, other_python("torch")) if entry[0] == "torch"]
    assert found == [("torch", "unseeded", ""), ("torch", "seeded", "4")]


@pytest.mark.slow
def test_tensorflow_is_told(tmp_path: Path) -> None:
    """TensorFlow: a draw before any seed, tf.random.set_seed, and Keras, which seeds all three."""
    code = "import tensorflow as tf; tf.random.uniform([2]); tf.random.set_seed(3); tf.keras.utils.set_random_seed(9)"
    found = ledger(tmp_path, code, other_python("tensorflow"))
    assert [entry for entry in found if entry[0] == "tensorflow"] == [
        ("tensorflow", "unseeded", ""),
        ("tensorflow", "seeded", "3"),
        ("tensorflow", "seeded", "9"),
    ]
    assert {("random", "seeded", "9"), ("numpy.random", "seeded", "9")} <= set(found)
