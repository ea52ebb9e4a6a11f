"""What the repository promises about itself."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

from provcap import cli
from tests.engines import ROOT

SOURCES = sorted((ROOT / "src").rglob("*.py"))


def requirements() -> set[str]:
    """What pyproject.toml requires, all extras included; an extra that names others adds nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    extras = (r for extra in project["optional-dependencies"].values() for r in extra)
    return {*project["dependencies"], *(r for r in extras if not r.startswith("provcap["))}


def test_environment_and_pyproject_name_the_same_set() -> None:
    """environment.yml and pyproject.toml hold the same requirements."""
    wanted = requirements()
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    assert set(pip) - {"-e ."} == wanted
    assert "python>=3.11" in conda


def test_every_requirement_is_locked_with_a_hash() -> None:
    """The lock file has every requirement, and a hash for every entry."""
    wanted = requirements()
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^([a-zA-Z0-9._-]+)==[^\n]*\\\n((?: +--hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", lock, re.M)
    locked = {name.lower().replace("_", "-") for name, _ in entries}
    assert {re.split(r"[\[>=<]", r)[0].lower().replace("_", "-") for r in wanted} <= locked
    assert len(entries) == len(re.findall(r"^[a-zA-Z0-9._-]+==", lock, re.M))


def test_probe_parses_as_python_3_6() -> None:
    """The probe's Python is syntax of 3.6 and imports the standard library alone."""
    tree = ast.parse((ROOT / "src/provcap/capture/probe/collect.py").read_text(), feature_version=(3, 6))
    imported = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    lazily = {"sqlite3", "struct", "subprocess", "urllib.parse"}
    assert imported <= {"glob", "io", "json", "os", "platform", "re", "sys"} | lazily
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_every_slug_is_explained() -> None:
    """Each slug of a Gap, Finding or error in the code has its paragraph in docs/messages.md."""
    raised = re.compile(
        r"(?:\bGap|Error|RunNotFound|DamagedRecord|TargetExists|BadConfig|_gap|Finding\(\s*\"(?:error|warning|note)\",?"
        r"|fenced\([^,]+,|\"slug\":)[\s(]*\"([a-z][a-z-]+)\""
    )
    used = {slug for path in SOURCES for slug in raised.findall(path.read_text())}
    for path in (ROOT / "src/provcap/cli").glob("*.py"):
        used |= set(re.findall(r"\[([a-z-]+)\]\"", path.read_text()))
    explained = set(re.findall(r"\*\*([a-z-]+)\*\*", (ROOT / "docs/messages.md").read_text()))
    assert used - explained == set()
    assert len(used) > 30


def test_readme_names_verbs_that_exist() -> None:
    """Every `provcap VERB` in the documentation is a verb of the command line."""
    verbs = set(re.findall(r"\{([a-z,]+)\}|^    ([a-z]+)\b", cli._parser()[0].format_help(), re.M))
    known = {word for pair in verbs for word in ",".join(pair).split(",") if word}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for verb in re.findall(r"^provcap ([a-z]+)\b", "\n".join(re.findall(r"`([^`\n]+)`", page.read_text())), re.M):
            assert verb in known, f"{page.name}: provcap {verb}"


def test_links_of_the_documentation_lead_somewhere() -> None:
    """Relative links in Markdown files lead to files that are there."""
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for page in map(Path, pages.split()):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", (ROOT / page).read_text()):
            assert (ROOT / page.parent / target).exists(), f"{page}: {target}"


def test_workflow_knows_nothing_of_provcap() -> None:
    """Not one line of the reference workflow or its container speaks of provcap."""
    for folder in ("workflows", "containers"):
        files = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in files.split():
            assert "provcap" not in (ROOT / name).read_text().lower(), name


def test_files_and_functions_are_small() -> None:
    """Files have at most 300 lines and functions 40, the probe excepted."""
    for path in SOURCES:
        if "probe" in path.parts:
            continue
        text = path.read_text()
        assert text.count("\n") <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= 40, f"{path}: {node.name} {lines}"
