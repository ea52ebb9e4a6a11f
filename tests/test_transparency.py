"""The same workflow with and without capture: same exit code, same files, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import workflows
from tests.engines import ROOT

IHC = ROOT / "workflows/ihc/workflow/Snakefile"

WORKFLOWS = {
    "shell": "rule a:\n    output: 'o/a'\n    shell: 'env | grep -v -e ^_= -e ^OLDPWD -e ^PYTHONPATH= -e ^R_LIBS= -e ^R_DEFAULT_PACKAGES= -e ^PROVCAP_ | sort > {output}; echo $- $0 >> {output}'\n",
    "strict mode": "rule a:\n    output: 'o/a'\n    shell: 'false | cat > {output}'\n",
    "unset variable": "rule a:\n    output: 'o/a'\n    shell: 'echo $nothing > {output}'\n",
    "own prefix": "shell.prefix('X=1; ')\nrule a:\n    output: 'o/a'\n    shell: 'echo $X $- > {output}; false; true'\n",
    "plain sh": "shell.executable('/bin/sh')\nrule a:\n    output: 'o/a'\n    shell: 'echo $- > {output}; false; true'\n",
    "other shell": "shell.executable('/bin/cat')\nrule a:\n    output: 'o/a'\n    shell: 'no such file'\n",
    "script": "rule a:\n    output: 'o/a'\n    script: 's.py'\n",
    "bash script": "rule a:\n    output: 'o/a'\n    script: 's.sh'\n",
    "several lines": 'rule a:\n    output: "o/a"\n    shell:\n        """\n        echo $LINENO > {output}\n        echo $LINENO >> {output}\n        """\n',
    "noclobber": "rule a:\n    output: 'o/a'\n    shell: 'set -C; echo 1 > {output}; echo 2 > {output}'\n",
    "arguments": "rule a:\n    output: 'o/a'\n    shell: 'echo \"$#\" \"$*\" $? > {output}'\n",
    "braces": "rule a:\n    output: 'o/a {{}} b'\n    shell: 'echo {{}} > {output:q}'\n",
    "background": "rule a:\n    output: 'o/a'\n    shell: 'sleep 0.1 & wait; trap \"echo bye >> {output}\" EXIT; echo $PPID > /dev/null'\n",
    "stdin": "rule a:\n    output: 'o/a'\n    shell: 'cat > {output} < /dev/null; echo done >> {output}'\n",
    "long command": "rule a:\n    output: 'o/a'\n    params: 'x' * 70000\n    shell: 'echo {params} > {output}'\n",
    "read": "rule a:\n    output: 'o/a'\n    run:\n        open(output[0], 'w').write(shell('echo hi', read=True) + str(list(shell('seq 2', iterable=True))))\n",
}
FILES = {
    "s__py": "import os\nopen(snakemake.output[0], 'w').write(__name__ + repr(sorted(n for n in os.listdir('.') if n[0] != '.')))\n"
}
FILES["s__sh"] = 'echo "${snakemake_output[0]} $-" > "${snakemake_output[0]}"\n'


@pytest.mark.parametrize("name", WORKFLOWS)
def test_same_with_and_without_capture(tmp_path: Path, name: str) -> None:
    """Exit code, outputs and what the jobs print are the same."""
    seen = []
    for capture in (False, True):
        workdir = workflows.write(tmp_path / "work", WORKFLOWS[name], **FILES)
        done = workflows.snakemake(workdir, capture=capture)
        seen.append((done.returncode, workflows.tree(workdir), done.stdout))
        (tmp_path / "work").rename(tmp_path / f"capture {capture}")
    assert seen[0] == seen[1]
    if seen[0][0] == 0:
        assert len(seen[0][1]) == len(FILES) + 2


@pytest.mark.slow
def test_reference_workflow_gives_the_same_bytes(tmp_path: Path) -> None:
    """The reference workflow with capture writes byte for byte what it writes without."""
    results = []
    for capture in (False, True):
        workdir = tmp_path / str(capture)
        workdir.mkdir()
        done = workflows.snakemake(workdir, "-s", str(IHC), "--quiet", capture=capture)
        assert done.returncode == 0, done.stderr
        results.append(workflows.tree(workdir, "results", "resources"))
    assert results[0] == results[1]
    assert len(results[0]) > 10
