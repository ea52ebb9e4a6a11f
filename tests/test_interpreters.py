"""What Python and R processes of real jobs tell: modules, libraries, seeds, entropy, files; and that jobs do not notice."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provcap import codec, model
from provcap.capture import observed, replay, rewind, shellscope
from tests import workflows

RULE = "rule a:\n    output: 'o.txt'\n    {}\n"
PYTHONS = sorted(Path.home().glob(".pyenv/versions/*/bin/python")) or [Path(sys.executable)]
needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R: there is no Rscript on the PATH")


def job_of(workdir: Path, directive: str, *words: str, files: dict[str, str] | None = None, **more: str) -> model.Job:
    """The one job of a captured workflow whose rule `a` has `directive`."""
    workflows.write(workdir, RULE.format(directive), **(files or {}))
    done = workflows.snakemake(workdir, "--forceall", *words, **more)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert len(run.jobs) == 1
    return run.jobs[0]


def drawn(job: model.Job) -> list[tuple[str, str, str | None]]:
    """Source, kind and place of each event of the ledger."""
    return [(d.source, d.kind, d.where) for d in job.randomness]


def slugs(workdir: Path) -> set[str]:
    return {gap.slug for gap in workflows.latest(workdir).gaps}


def watched(workdir: Path, python: Path | str, *words: str, hook: bool = True, **more: str) -> tuple[str, list[dict]]:
    """Standard output of `python words…`, and what it told, with the hook that the prologue puts in."""
    probe = shellscope.stage(workdir)
    told = workdir / ".provcap/runs/r/shell/j.0"
    told.parent.mkdir(parents=True, exist_ok=True)
    places = [str(probe / "python"), *([more.pop("PYTHONPATH")] if "PYTHONPATH" in more else [])]
    ours = {"PROVCAP_TOLD": str(told), "PYTHONPATH": ":".join(places)} if hook else {}
    if not hook and places[1:]:
        ours = {"PYTHONPATH": places[1]}
    done = workflows.run([str(python), *words], workdir, **ours, **more)
    lines = [json.loads(line) for path in sorted(told.parent.glob("j.0.py.*")) for line in path.open()]
    for path in told.parent.glob("j.0.py.*"):
        path.unlink()
    return f"{done.returncode}\n{done.stdout}\n{done.stderr}", lines


SCRIPT = """
import random
import numpy as np
text = open("extra.txt").read()
rng = np.random.default_rng()
values = [random.random(), np.random.rand(), rng.random(), np.random.RandomState().rand(), random.Random().random()]
values += [np.random.default_rng(7).random(), np.random.RandomState(42).rand()]
with open(snakemake.output[0], "w") as out:
    out.write(repr(values))
"""


def test_ledger_tells_what_was_seeded_and_what_was_not(tmp_path: Path) -> None:
    """Every generator is in the ledger with its line in the user's script; RandomState(42) is not called unseeded."""
    job = job_of(tmp_path, "params: seed=3\n    script: 's.py'", files={"s__py": SCRIPT, "extra__txt": "x"})
    assert drawn(job) == [
        ("params", "declared", "params.seed"),
        ("random", "unseeded", "s.py"),
        ("numpy.random", "unseeded", "s.py"),
        ("numpy.random.Generator", "unseeded", "s.py:5"),
        ("numpy.random.Generator", "unseeded", "s.py:6"),
        ("random.Random", "unseeded", "s.py:6"),
        ("numpy.random.Generator", "seeded", "s.py:7"),
        ("numpy.random", "seeded", "s.py:7"),
    ]
    assert [d.value for d in job.randomness if d.kind != "unseeded"] == ["3", "7", "42"]
    assert [a.path for a in job.undeclared_inputs] == ["extra.txt"]
    assert {"unseeded-randomness", "undeclared-input"} <= slugs(tmp_path)


def test_seeded_job_is_not_flagged(tmp_path: Path) -> None:
    """A job that seeds all it uses has no gap, though temporary names, copies and pickles drew entropy as well."""
    script = (
        "import copy, pickle, random, tempfile\nimport numpy as np\nrandom.seed(1); np.random.seed(2)\n"
        "tempfile.mkdtemp(); random.random(); np.random.rand()\nr = np.random.default_rng(3)\n"
        "pickle.loads(pickle.dumps(r)); copy.deepcopy(np.random.RandomState(4)); r.spawn(2)\n"
        "np.random.PCG64(5).jumped()\nopen(snakemake.output[0], 'w').close()\n"
    )
    job = job_of(tmp_path, "script: 's.py'", files={"s__py": script})
    assert [(d.kind, d.value) for d in job.randomness] == [("seeded", str(n)) for n in (1, 2, 3, 4, 5)]
    assert not {"unseeded-randomness", "undeclared-input", "randomness-unseen", "interpreter-unseen"} & slugs(tmp_path)


def replayed(workdir: Path) -> tuple[list[bytes], bool]:
    """The output of two runs and of a replay of the first; whether the replay noted the same entropy."""
    first = workflows.latest(workdir)
    results = [(workdir / "o.txt").read_bytes()]
    file = workdir.parent / "replay.json"
    file.write_text(codec.dumps(replay.replay_file(first)))
    for variables in ({}, {"PROVCAP_REPLAY": str(file)}):
        done = workflows.snakemake(workdir, "--forceall", **variables)
        assert done.returncode == 0, done.stderr
        results.append((workdir / "o.txt").read_bytes())
    return results, workflows.latest(workdir).jobs[0].randomness == first.jobs[0].randomness


def test_replay_of_unseeded_python_gives_the_same_bytes(tmp_path: Path) -> None:
    """Without replay an unseeded job differs; with it, `random` and all of NumPy's generators give the same again."""
    job_of(tmp_path / "w", "script: 's.py'", files={"s__py": SCRIPT, "extra__txt": "x"})
    (first, without, with_replay), same = replayed(tmp_path / "w")
    assert first != without
    assert first == with_replay
    assert same


def test_replay_keeps_processes_apart(tmp_path: Path) -> None:
    """Each of the Python processes that one shell command starts gets its own entropy back."""
    code = "import random; print(random.random())"
    job_of(tmp_path / "w", f"shell: \"for i in 1 2 3; do python3 -c '{code}'; done > {{output}}\"")
    (first, without, with_replay), _ = replayed(tmp_path / "w")
    assert len(set(first.split())) == 3
    assert first != without
    assert first == with_replay


@needs_r
def test_r_is_recorded_and_replayed(tmp_path: Path) -> None:
    """R's packages, its seeds, and the seed that it took by itself, which replay gives back."""
    script = "x <- c(rnorm(2000), {set.seed(4); 1})\nwriteLines(as.character(x), snakemake@output[[1]])\n"
    job = job_of(tmp_path / "w", "script: 's.R'", files={"s__R": script})
    assert drawn(job) == [("R", "unseeded", "s.R"), ("R", "seeded", "s.R")]
    (imports,) = (i for i in workflows.latest(tmp_path / "w").imports if i.id == job.imports)
    assert {"base", "stats"} <= {m.name for m in imports.modules}
    assert any(re.search(r"libR\.so|stats\.so", e.path) and e.digest for e in imports.libraries)
    (first, without, with_replay), _ = replayed(tmp_path / "w")
    assert first != without
    assert first == with_replay


@needs_r
@pytest.mark.parametrize("words", [["--vanilla"], [], ["--no-environ"]])
def test_r_notices_nothing(tmp_path: Path, words: list[str]) -> None:
    """Search path, first library, objects, and error messages of R are the same with and without capture."""
    code = "print(search()); print(.libPaths()[1]); print(ls(all.names=TRUE)); try(set.seed()); args(set.seed); quit(status=3)"
    rule = RULE.format(f"shell: \"Rscript {' '.join(words)} -e '{code}' > {{output}} 2>&1 || echo $? >> {{output}}\"")
    seen = []
    for capture in (False, True):
        workflows.write(tmp_path, rule)
        assert workflows.snakemake(tmp_path, "--forceall", capture=capture).returncode == 0
        seen.append((tmp_path / "o.txt").read_text())
    assert seen[0] == seen[1]
    assert seen[0].endswith("3\n")


@needs_r
@pytest.mark.parametrize("code", ["set.seed(42)", "set.seed(-7); x <- runif(1000)", "set.seed(9L); x <- rnorm(1e5)"])
def test_seed_of_r_is_found_in_its_state(code: str) -> None:
    """From the state after any use, the seed that it began with."""
    done = subprocess.run(["Rscript", "--vanilla", "-e", code + "; cat(.Random.seed)"], capture_output=True, check=True)
    expected = re.search(r"-?\d+", code)
    assert expected
    assert rewind.seed_of([int(word) for word in done.stdout.split()]) == int(expected[0])


def test_state_without_a_seed_is_left_alone() -> None:
    """A state that no seed led to, or of another generator, has none."""
    assert rewind.seed_of([10407, 1, 2, 3, 4, 5, 6]) is None
    assert rewind.seed_of([10403, 624, *range(1, 625)]) is None


@pytest.mark.parametrize("python", PYTHONS, ids=lambda p: p.parts[-3])
def test_every_python_runs_as_without_us(tmp_path: Path, python: Path) -> None:
    """Output, exit code and sys.path are the same; nothing is imported for us that is not built in."""
    code = (
        "import sys; names = sorted(n for n in sys.modules if n.partition('.')[0] not in"
        " ('sitecustomize', '_provcap_watch', 'atexit', 'time')); print(sys.path); print(names); sys.exit(3)"
    )
    without, _ = watched(tmp_path, python, "-c", code, hook=False)
    seen, lines = watched(tmp_path, python, "-c", code)
    assert seen == without
    assert len(lines) == (1 if "2.7" not in str(python) else 0)
    assert [e["version"] for e in lines] == [str(python).split("/")[-3]][: len(lines)] or python == Path(sys.executable)


def test_shadowed_sitecustomize_runs(tmp_path: Path) -> None:
    """A sitecustomize of the user runs as it would without ours, also one that fails."""
    (tmp_path / "site").mkdir()
    for text in ("import sys; sys.there = 1\n", "raise ValueError('broken')\n", "import no_such_module\n"):
        (tmp_path / "site/sitecustomize.py").write_text(text)
        code = "import sys; print(getattr(sys, 'there', 0), sys.modules.get('sitecustomize'))"
        runs = [
            watched(tmp_path, sys.executable, "-c", code, hook=hook, PYTHONPATH=str(tmp_path / "site"))
            for hook in (False, True)
        ]
        if "no_such" not in text:
            assert runs[0][0].replace("None", "") == re.sub("<module.*probe.*>|None", "", runs[1][0])
        assert len(runs[1][1]) == 1


POOL = """
import multiprocessing, pickle, sys, random
import numpy as np
def draw(g): return g.random(), np.random.default_rng().random()
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    pool = context.Pool(2)
    print(pool.map(draw, [np.random.default_rng(1)] * 4)[0][0])
    pool.close(); pool.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_a_pool_tell_their_draws(tmp_path: Path, method: str) -> None:
    """Generators travel to the processes of a pool, whose own draws are not lost, nor those of the parent."""
    (tmp_path / "p.py").write_text(POOL)
    without, _ = watched(tmp_path, sys.executable, "p.py", method, hook=False)
    seen, lines = watched(tmp_path, sys.executable, "p.py", method)
    assert seen == without
    draws = [line["draw"] for line in lines if "draw" in line] + [d for line in lines for d in line.get("draws", ())]
    assert [(d["kind"], d["where"]) for d in draws].count(("unseeded", "p.py:4")) == 4
    assert [(d["kind"], d["where"]) for d in draws].count(("seeded", "p.py:8")) == 1
    assert not [d for d in draws if d["source"] in ("random", "numpy.random")]


def test_fork_unseeds_random(tmp_path: Path) -> None:
    """Python seeds `random` anew in a forked process: its use there is unseeded although the parent had set a seed."""
    code = (
        "import random, os; random.seed(1); random.random(); pid = os.fork()\nif pid: os.waitpid(pid, 0)\n"
        "else: random.random()"
    )
    _, lines = watched(tmp_path, sys.executable, "-c", code)
    assert sorted((bool(e["parent"]), [d["kind"] for d in e["draws"]]) for e in lines) == [
        (False, ["seeded"]),
        (True, ["unseeded"]),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(5)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import threading, random; [threading.Thread(target=random.Random).start() for _ in range(50)]",
        "import numpy as np; [np.random.default_rng() for _ in range(3000)]",
        "import sys; sys.stdout.close(); sys.modules.clear()",
        "import sys, os; sys.path[:] = []; sys.meta_path[:] = []; os.environ.clear()",
        "import shutil; shutil.rmtree('.provcap')",
        "import random, inspect; print(inspect.signature(random.seed), random.seed, random.Random.seed.__qualname__)",
        "import random; random.seed(1, 2, 3)",
        "import random, pickle; pickle.loads(pickle.dumps(random.seed)); random.seed(1); print(random.random())",
        "import random\nclass R(random.Random):\n    def seed(self, *a): super().seed(5)\nprint(R().random(), R(3).random())",
        "import numpy as np; np.random.default_rng('x')",
        "import numpy as np; np.random.seed(-1)",
        "import numpy as np; print(type(np.random.default_rng), isinstance(np.random.mtrand._rand, np.random.RandomState))",
        "import random; random.seed = None; random.Random.seed = None",
    ],
)
def test_programs_behave_as_without_us(tmp_path: Path, code: str) -> None:
    """Exit code, output and error messages (but for lines of a traceback that lie in `random`) are the same."""
    runs = [watched(tmp_path, sys.executable, "-c", code, hook=hook)[0] for hook in (False, True)]
    scrub = [re.sub(r" at 0x[0-9a-f]+|Random\.Random object", "", text) for text in runs]
    scrub = ["\n".join(line for line in text.splitlines() if not line.startswith("  ")) for text in scrub]
    assert scrub[0] == scrub[1]


def test_many_draws_are_counted(tmp_path: Path) -> None:
    """No ledger grows without end; what is left out is told."""
    _, (told,) = watched(tmp_path, sys.executable, "-c", "import random; [random.seed(n) for n in range(1500)]")
    assert len(told["draws"]) <= 1000
    assert len(told["draws"]) + told["lost"] == 1500


def test_hostile_files_are_survived(tmp_path: Path) -> None:
    """What a job writes in our place is limited, or left out, and removed."""
    shell = tmp_path / ".provcap/runs/r/shell/j.0"
    shell.parent.mkdir(parents=True)
    contents = [
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"draws": [{"kind": "seeded", "source": {}, "value": [1], "where": 3}, 7, {"kind": "evil"}]}',
        b'{"modules": [[1, {}, [], 0], ["x"]], "libraries": [["/etc/shadow", 1, "x", 2, "sha256:zz"], ["a", 1, 2, 3, 4]]}',
        b'{"opened": ["../x", "data.txt", 5], "forks": "many", "lost": [], "unseen": [3]}',
    ]
    for number, content in enumerate(contents):
        shell.with_name(f"j.0.py.{number}-1").write_bytes(content)
    shell.with_name("j.0.R.9-1").write_bytes(b"draw\nmodule\tx\ndraw\tunseeded\tx y\n")
    found = observed.read([shell], {}, {}, "job:j")
    assert found["opened"] == ["data.txt"]
    assert [d["kind"] for d in found["randomness"]] == ["seeded"]
    assert [e["path"] for e in found["imports"]["libraries"]] == ["/etc/shadow"]
    assert not list(shell.parent.iterdir())


def test_seeds_are_declared_by_name() -> None:
    """Params that are named like a seed, at any depth, and PYTHONHASHSEED are declared seeds; others are not."""
    params = {
        "seed": 1,
        "model": {"random_state": 2, "n": 3},
        "seeds": [4, 5],
        "seedling": 6,
        "split_seed": 7,
        "rng": None,
    }
    found = observed.declared({"params": params}, {"PYTHONHASHSEED": "0"})
    assert [(d["where"], d["value"]) for d in found] == [
        ("params.seed", "1"),
        ("params.model.random_state", "2"),
        ("params.seeds", "[4, 5]"),
        ("params.split_seed", "7"),
        ("environment", "0"),
    ]


def test_rebuilt_library_is_seen(tmp_path: Path) -> None:
    """A shared object that was rebuilt under the same name has another digest."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc: there is no C compiler on the PATH")
    digests = []
    for number in (1, 2):
        (tmp_path / "x.c").write_text(f"int x(void) {{ return {number}; }}\n")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "libx.so", tmp_path / "x.c"], check=True)
        script = "import ctypes\nctypes.CDLL('./libx.so')\nopen(snakemake.output[0], 'w').close()\n"
        job = job_of(tmp_path, "script: 's.py'", files={"s__py": script})
        run = workflows.latest(tmp_path)
        libraries = next(i.libraries for i in run.imports if i.id == job.imports)
        digests.append(next(e.digest for e in libraries if e.path.endswith("libx.so")))
    assert digests[0] != digests[1]
    assert None not in digests


def test_versions_are_those_of_the_distribution(tmp_path: Path) -> None:
    """A module that is named otherwise than its package has that package's name and version."""
    script = "import yaml\nopen(snakemake.output[0], 'w').close()\n"
    job = job_of(tmp_path, "script: 's.py'", files={"s__py": script})
    modules = next(i.modules for i in workflows.latest(tmp_path).imports if i.id == job.imports)
    import yaml

    found = next(m for m in modules if m.name == "yaml")
    assert (found.version, (found.distribution or "").lower()) == (yaml.__version__, "pyyaml")
    assert not any(m.from_host for m in modules)


def test_hooks_can_be_switched_off(tmp_path: Path) -> None:
    """With the hooks off, the job's environment has none of our variables."""
    job_of(tmp_path, 'shell: "env > {output}"', PROVCAP_OFF="python,r")
    names = {line.partition("=")[0] for line in (tmp_path / "o.txt").read_text().splitlines()}
    assert not {"PYTHONPATH", "R_LIBS", "R_DEFAULT_PACKAGES"} & (names - set(os.environ))


@pytest.mark.apptainer
@pytest.mark.slow
def test_inside_a_container(tmp_path: Path, ihc_sif: Path) -> None:
    """In a closed container: its own modules, libraries with digests, entropy, and a module that came from the host."""
    script = (
        "import numpy, yaml, pulp\nx = numpy.random.default_rng().random()\n"
        "open(snakemake.output[0], 'w').write(repr(x))\n"
    )
    job = job_of(
        tmp_path / "w",
        f"container: '{ihc_sif}'\n    script: 's.py'",
        "--sdm",
        "apptainer",
        "--apptainer-args",
        "--containall --cleanenv",
        files={"s__py": script},
    )
    imports = next(i for i in workflows.latest(tmp_path / "w").imports if i.id == job.imports)
    modules = {m.name: m for m in imports.modules}
    assert not modules["numpy"].from_host
    assert modules["pulp"].from_host
    assert "modules-from-host" in slugs(tmp_path / "w")
    assert imports.libraries
    assert all(e.digest for e in imports.libraries)
    assert drawn(job) == [("numpy.random.Generator", "unseeded", "s.py:2")]


def test_old_r_that_a_command_names_is_said_to_be_unseen(tmp_path: Path) -> None:
    """Rscript of an R that the hook does not know tells nothing, and the record says so."""
    base = tmp_path / "r/lib/R/library/base/DESCRIPTION"
    base.parent.mkdir(parents=True)
    base.write_text("Package: base\nVersion: 3.6.3\n")
    program = tmp_path / "r/bin/Rscript"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nenv | grep -c ^R_LIBS= || :\n")
    program.chmod(0o755)
    workdir = tmp_path / "w"
    path = f"{program.parent}:{os.environ['PATH']}"
    job = job_of(workdir, "shell: 'Rscript a.R > {output}'", PATH=path)
    assert (workdir / "o.txt").read_text() == "0\n"
    assert [t.path for t in job.tools if t.name == "Rscript"] == [str(program)]
    assert "interpreter-unseen" in slugs(workdir)
