"""Results that were up to date: is what made them what the workflow says today?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import workflows

WRITE = "open(snakemake.output[0], 'w').write('x')\n"
RULES = (
    "def text(n):\n    return str(1)\n"
    "rule a:\n    output: 'a'\n    params: n=1\n    script: 'scripts/s.py'\n"
    "rule b:\n    input: 'a'\n    output: 'b'\n    shell: 'cp a b'\n"
    "rule r:\n    output: 'r'\n    run:\n        open('r', 'w').write(text(1))\n"
    "rule sh:\n    output: 'sh'\n    shell: 'bash scripts/run.sh > sh'\n"
    "rule two:\n    output: x='p', y='q'\n    script: 'scripts/two.py'\n"
    "rule t:\n    output: 't'\n    threads: 4\n    shell: 'echo {threads} > t'\n"
    "rule end:\n    input: i='b', r='r', sh='sh', p='p', t='t'\n    output: 'end'\n    script: 'scripts/end.py'\n"
)
FILES = {
    "Snakefile": RULES,
    "scripts/s.py": "import helper\nvalue = open('scripts/table.tsv').read()\n" + WRITE,
    "scripts/s2.py": WRITE,
    "scripts/helper.py": "N = 1\n",
    "scripts/table.tsv": "1\n",
    "scripts/two.py": "n = snakemake.config.get('n')\nfor o in snakemake.output: open(o, 'w').write('x')\n",
    "scripts/run.sh": "Rscript() { cat; }; Rscript < scripts/deep.R\n",
    "scripts/deep.R": "# one\n",
    "scripts/end.py": WRITE,
    "scripts/other.py": WRITE,
    "scripts/README.md": "one\n",
    "rules/unused.smk": "",
    "config/config.yaml": "n: 1\n",
}


@dataclass
class Change:
    """What is different when the rest is run; the first of `made` was made before."""

    made: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    in_snakefile: tuple[str, str] = ("", "")
    named: str = ""
    before: tuple[str, ...] = ()


CHANGES = {
    "another rule": Change("b", in_snakefile=("output: 'end'", "output: 'end'\n    priority: 2")),
    "command": Change("b", in_snakefile=("'cp a b'", "'cat a > b'"), named="Snakefile"),
    "parameter": Change("b", in_snakefile=("n=1", "n=2"), named="Snakefile"),
    "script of the rule": Change("b", in_snakefile=("'scripts/s.py'", "'scripts/s2.py'"), named="Snakefile"),
    "function of a run block": Change("r", in_snakefile=("str(1)", "str(2)"), named="Snakefile"),
    "outputs swapped": Change("p", in_snakefile=("x='p', y='q'", "y='p', x='q'"), named="Snakefile"),
    "prefix": Change("t", in_snakefile=("rule a:", "shell.prefix('true; ')\nrule a:"), named="Snakefile"),
    "threads by cores": Change("t", in_snakefile=("rule a:", "\n# so\nrule a:"), before=("--cores", "1")),
    "what is imported": Change("b", {"scripts/helper.py": "N = 2\n"}, named="scripts/helper.py"),
    "a package in its place": Change(
        "b",
        {"scripts/helper.py": None, "scripts/helper/__init__.py": "N = 2\n"},
        named="scripts/helper.py (no part of the workflow any more)",
    ),
    "what a called script calls": Change("sh", {"scripts/deep.R": "# two\n"}, named="scripts/deep.R"),
    "a table that was read": Change("b", {"scripts/table.tsv": "2\n"}, named="scripts/table.tsv"),
    "configuration that is looked into": Change("p", {"config/config.yaml": "n: 2\n"}, named="config/config.yaml"),
    "configuration that is not": Change("b", {"config/config.yaml": "n: 2\n"}),
    "another script": Change("b", {"scripts/other.py": "2\n", "scripts/end.py": WRITE + "2\n"}),
    "nothing that counts": Change("b", {"scripts/README.md": "two\n", "rules/unused.smk": "# two\n"}),
}


@pytest.mark.parametrize("case", list(CHANGES))
def test_only_what_bears_on_a_result_makes_it_that_of_another_workflow(tmp_path: Path, case: str) -> None:
    """Snakemake does not look into what a script imports, calls or reads past its inputs, and with --rerun-triggers
    mtime not into the rule: when such a thing has changed, the run says so. Who works on another rule is not warned."""
    change = CHANGES[case]
    workdir = workflows.write(tmp_path, "")
    config = ("--configfile", "config/config.yaml")
    put(workdir, FILES)
    first = workflows.snakemake(workdir, change.made, *config, *change.before)
    assert first.returncode == 0, first.stderr
    made_by = workflows.latest(workdir).id
    put(workdir, {**change.files, "Snakefile": RULES.replace(*change.in_snakefile)})
    then = workflows.snakemake(workdir, "end", *config, "--rerun-triggers", "mtime")
    assert then.returncode == 0, then.stderr
    run = workflows.latest(workdir)
    assert made_by in {job.run for job in run.jobs}
    found = [gap.message for gap in run.gaps if gap.slug == "made-by-other-sources"]
    assert [message.rpartition("changed: ")[2] for message in found] == ([change.named] if change.named else [])


def put(workdir: Path, files: Mapping[str, str | None]) -> None:
    """Write the `files` that are others, so that times do not tell more than contents; None removes one."""
    for name, content in files.items():
        path = workdir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif not path.exists() or path.read_text() != content:
            path.write_text(content)


def test_two_workflows_of_one_directory_are_told_apart(tmp_path: Path) -> None:
    """What another workflow made, which nobody has changed since, is no result of changed files; when this workflow has
    a rule of its own for the result, which says something else, it is."""
    one, copy = "rule a:\n    output: 'a'\n    shell: 'echo 1 > a'\n", "rule b:\n    input: 'a'\n    output: 'b'\n"
    copy += "    shell: 'cp a b'\n"
    (tmp_path / "w").mkdir()
    for name, text in {"A": one, "B": copy, "C": one.replace("echo 1", "echo 2") + copy.replace("b", "c")}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "Snakefile").write_text(text)
    for name, target in {"A": "a", "B": "b", "C": "c"}.items():
        done = workflows.snakemake(tmp_path, target, "-s", f"{name}/Snakefile", "-d", "w", "--rerun-triggers", "mtime")
        assert done.returncode == 0, done.stderr
        found = [gap for gap in workflows.latest(tmp_path / "w").gaps if gap.slug == "made-by-other-sources"]
        assert len(found) == (name == "C"), found


def test_a_batch_is_held_against_the_text_of_its_rule(tmp_path: Path) -> None:
    """The parts of an earlier batch are in no plan: a comment elsewhere changes nothing, another rule does."""
    text = (
        "rule all:\n    input: expand('p{n}', n=[0, 1])\n    output: 'all'\n    shell: 'cat {input} > {output}'\n"
        "rule p:\n    output: 'p{n}'\n    shell: 'echo {wildcards.n} > {output}'\n"
    )
    for comment, expected in (("# so\n", 0), ("", 1)):
        workdir = workflows.write(tmp_path / str(expected), text)
        assert workflows.snakemake(workdir, "all", "--batch", "all=1/2").returncode == 0
        new = text + comment if comment else text.replace("echo {wildcards.n}", "echo n{wildcards.n}")
        (workdir / "Snakefile").write_text(new)
        done = workflows.snakemake(workdir, "all", "--batch", "all=2/2", "--rerun-triggers", "mtime")
        assert done.returncode == 0, done.stderr
        found = [gap for gap in workflows.latest(workdir).gaps if gap.slug == "made-by-other-sources"]
        assert len(found) == expected


def test_what_an_earlier_run_ran_is_explained_by_its_own_sources(tmp_path: Path) -> None:
    """`provcap diff` finds the helper beside a script that made the difference, where one of the runs took the result
    over; the same attempt in two runs has no differences."""
    text = "rule a:\n    output: 'a'\n    script: 'steps/a.py'\nrule c:\n    input: 'a'\n    output: 'c'\n    shell: 'cp a c'\n"
    script = "from helper import N\nopen(snakemake.output[0], 'w').write(str(N))\n"
    workdir = workflows.write(tmp_path, text)
    put(workdir, {"steps/a.py": script, "steps/helper.py": "N = 1\n"})
    runs = []
    for content, arguments in (("N = 1\n", ()), ("N = 2\n", ()), ("N = 2\n", ("--forcerun", "a"))):
        put(workdir, {"steps/helper.py": content})
        (workdir / "c").unlink(missing_ok=True)
        assert workflows.snakemake(workdir, "c", *arguments).returncode == 0
        runs.append(workflows.latest(workdir))
    assert "steps/helper.py" in {source.path for source in runs[0].workflow.sources}
    assert [g.slug for g in runs[1].gaps if g.slug == "made-by-other-sources"]
    same = workflows.provcap(workdir, "diff", runs[0].id, runs[1].id).stdout
    assert "helper.py" not in same
    other = workflows.provcap(workdir, "diff", runs[1].id, runs[2].id).stdout
    assert "steps/helper.py" in other
    assert "nothing that was recorded differs" not in other


def test_what_a_result_was_made_from_is_known_in_later_runs(tmp_path: Path) -> None:
    """A file that a job read past its inputs belongs to its record also where its results were taken over."""
    text = (
        "rule a:\n    output: 'a'\n    script: 's.py'\nrule c:\n    input: 'a'\n    output: 'c'\n    shell: 'cp a c'\n"
    )
    workdir = workflows.write(tmp_path, text, s__py="open(snakemake.output[0], 'w').write(open('t.tsv').read())\n")
    put(workdir, {"t.tsv": "1\n"})
    for target in ("a", "c"):
        assert workflows.snakemake(workdir, target).returncode == 0
    (taken,) = [job for job in workflows.latest(workdir).jobs if job.status == "up_to_date"]
    assert [artifact.path for artifact in taken.undeclared_inputs] == ["t.tsv"]
