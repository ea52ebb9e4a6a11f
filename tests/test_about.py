"""provcap.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from provcap.about import load, read_about
from provcap.errors import BadConfig
from tests import workflows
from tests.engines import ROOT


def test_example_is_valid() -> None:
    """The file in config/ that users copy is valid and says everything."""
    about = load(ROOT / "config/provcap.yaml")
    assert about.license == "CC-BY-4.0"
    assert about.authors[0].id == "https://orcid.org/0000-0002-1825-0097"
    assert about.publisher is not None
    assert about.publisher.id == "https://ror.org/05gq02987"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("licence: MIT", "licence"),
        ("- a", "mapping"),
        ("title: [a]", "title"),
        ("authors: {name: x}", "list"),
        ("authors: [x]", "mapping"),
        ("authors: [{orcid: 0000-0002-1825-0097}]", "name"),
        ("authors: [{name: x, orcid: 0000-0002-1825-0098}]", "ORCID"),
        ("authors: [{name: x, orcid: hello}]", "ORCID"),
        ("publisher: {name: x, ror: 05gq02988}", "ROR"),
        ("title: !!python/object/apply:os.system ['true']", "python/object"),
        ("a: &a [*a]", "unknown key"),
        ("title: \x00", "special characters"),
        ("title: 'x", "quoted"),
        ("[" * 5000, "provcap.yaml"),
        ("license: MIT\nlicense: CC0-1.0", "line 2: the key 'license' is there twice"),
    ],
)
def test_errors_name_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    """A wrong file gives one line that names it and what is wrong; nothing in it is executed."""
    path = tmp_path / "provcap.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert named in caught.value.message
    assert "\n" not in caught.value.message


def test_what_stands_in_a_broken_file_is_not_told(tmp_path: Path) -> None:
    """The error names the line, and does not quote it: it goes into logs and records, and a secret may stand there."""
    path = tmp_path / "provcap.yaml"
    path.write_text("title: ok\nnote: [hunter2")
    with pytest.raises(BadConfig) as caught:
        load(path)
    assert "line 2" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_wrong_file_is_a_gap_of_the_run(tmp_path: Path) -> None:
    """A wrong file does not keep a run from being collected."""
    (tmp_path / "provcap.yaml").write_text("licence: MIT")
    about, gaps = read_about(tmp_path)
    assert about.license is None
    assert [g.slug for g in gaps] == ["bad-config"]


def test_what_is_not_said_is_a_gap(tmp_path: Path) -> None:
    """Each of title, licence and authors that nobody gave is a gap."""
    (tmp_path / "provcap.yaml").write_text("license: MIT")
    assert [g.message.split()[-1] for g in read_about(tmp_path)[1]] == ["authors", "title"]


@pytest.mark.parametrize(
    "text", ["keywords: [&a [x, x], [*a, *a]]", 'title: "a\\ud800b"', "license: true", "keywords: [true]"]
)
def test_what_is_no_text_is_refused(tmp_path: Path, text: str) -> None:
    """Lists, truth values and halves of characters in the place of a text are errors, and do not grow into one."""
    (tmp_path / "provcap.yaml").write_text(text)
    with pytest.raises(BadConfig):
        load(tmp_path / "provcap.yaml")


def test_mistake_in_it_is_told_by_every_verb_that_records(tmp_path: Path) -> None:
    """run, collect and crate say that provcap.yaml has a mistake; crate says when it was mended and not taken in."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'touch a'\n")
    about = workdir / "provcap.yaml"
    about.write_text("titel: Nuclei")
    verbs = [["run", "--", "--cores", "1"], ["collect"], ["crate", "-o", "a.crate.zip"]]
    for words in verbs:
        done = workflows.provcap(workdir, *words)
        assert done.returncode == 0, done.stderr
        assert f"warning: not taken in: {about}: unknown key 'titel' [bad-config]" in done.stderr
        assert "has changed" not in done.stderr
    about.write_text("title: Nuclei")
    note = "note: provcap.yaml has changed since this run was collected: provcap collect takes it in"
    assert note in workflows.provcap(workdir, "crate", "-o", "b.crate.zip").stderr
    assert "bad-config" not in workflows.provcap(workdir, "collect").stderr
    assert "provcap.yaml" not in workflows.provcap(workdir, "crate", "-o", "c.crate.zip").stderr
