"""Checking crates: damage is found, malice is refused, and nothing needs a network."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provcap import cli, unpack
from provcap.check import Findings, check
from provcap.crate import conformance
from provcap.crate.policy import Policy
from provcap.errors import ProvcapError
from provcap.seal.manifest import BLOCKS, MANIFEST, compose, measure
from tests.conftest import read_run
from tests.test_crate import METADATA, pack


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crate without fault."""
    return pack(read_run("directory"), tmp_path_factory.mktemp("whole"), policy=Policy(intermediates=True))[0]


@pytest.fixture
def crate(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to damage."""
    return Path(shutil.copytree(whole, tmp_path / "crate"))


def errors(path: Path) -> set[tuple[str, str]]:
    """Slug and subject of the errors in a crate."""
    return {(f.slug, f.subject) for f in check(path).findings if f.level == "error"}


def slugs(found: Findings) -> list[str]:
    """The slugs of all findings."""
    return [f.slug for f in found.findings]


def change(crate: Path, how: Callable[[dict[str, dict[str, Any]]], object]) -> None:
    """Change the metadata of `crate` by a function of its entities by @id, and seal it again."""
    document = json.loads((crate / METADATA).read_bytes())
    how({e["@id"]: e for e in document["@graph"]})
    (crate / METADATA).write_text(json.dumps(document))
    reseal(crate)


def reseal(crate: Path) -> None:
    """Write the manifest anew, as whoever changes a crate and means harm would."""
    own = {crate / MANIFEST, crate / BLOCKS}
    files = [path for path in crate.rglob("*") if path.is_file() and path not in own]
    for place, data in compose({path.relative_to(crate).as_posix(): measure(path) for path in files}).items():
        (crate / place).write_bytes(data)


@pytest.mark.parametrize("name", ["crate", "crate.zip"])
def test_whole_crate(tmp_path: Path, name: str) -> None:
    """A crate as it was written has no findings, as a directory and as a zip."""
    target, _ = pack(read_run("succeeded"), tmp_path, name)
    found = check(target)
    assert (found.ok, slugs(found), found.profile) == (True, ["unsigned"], "provenance-run-crate-0.5")


def test_flipped_byte(crate: Path) -> None:
    """One changed byte in a result is found."""
    path = crate / "results/nuclei.csv"
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)
    assert errors(crate) == {("digest-differs", "results/nuclei.csv")}


def test_flipped_byte_in_a_directory(crate: Path) -> None:
    """So is one inside a directory that has only a tree digest."""
    (crate / "results/labels.ome.zarr/0/c/0/0").write_bytes(b"other")
    inner = "results/labels.ome.zarr/0/c/0/0"
    assert errors(crate) == {("digest-differs", "results/labels.ome.zarr/"), ("digest-differs", inner)}


def test_missing_file(crate: Path) -> None:
    """A file that is listed and not there is an error."""
    (crate / "results/nuclei.csv").unlink()
    assert ("file-missing", "results/nuclei.csv") in errors(crate)


def test_unlisted_file(crate: Path) -> None:
    """A file that nobody describes is worth a note; one inside a described directory is described."""
    (crate / "stray.txt").write_bytes(b"")
    found = [(f.level, f.slug, f.subject) for f in check(crate).findings if f.slug != "unsigned"]
    assert found == [("note", "file-unlisted", "stray.txt")]


def test_broken_rules(crate: Path) -> None:
    """REQUIRED rules make errors, RECOMMENDED ones warnings."""

    def spoil(entities: dict[str, dict[str, Any]]) -> None:
        del entities["./"]["publisher"]
        entities["#job/segment-1"]["randomSeed"] = 1

    change(crate, spoil)
    found = {(f.level, f.message.rsplit("(", 1)[1]) for f in check(crate).findings if "(" in f.message}
    assert found == {("warning", "ro-crate-1.1_22.3)"), ("error", "ro-crate-1.1_3.1)")}


def test_unknown_context(crate: Path) -> None:
    """A context that is not shipped is an error and no reason to go to the network."""
    document = json.loads((crate / METADATA).read_bytes())
    document["@context"].append("https://example.org/context")
    (crate / METADATA).write_text(json.dumps(document))
    assert not check(crate).ok


def test_damaged_record(crate: Path) -> None:
    """A record of the run that cannot be read is an error."""
    (crate / "provenance/run.json").write_bytes(b"{}")
    assert ("unknown-format", "provenance/run.json") in errors(crate)


def test_link_out_of_the_crate(crate: Path) -> None:
    """A file that is a link to somewhere else is an error, whatever is there."""
    path = crate / "results/nuclei.csv"
    path.rename(crate.parent / "nuclei.csv")
    path.symlink_to(crate.parent / "nuclei.csv")
    assert ("leads-outside", "results/nuclei.csv") in errors(crate)


@pytest.mark.parametrize("identifier", ["../x.csv", "a%00b", "results/%FF.csv", "file:///etc/passwd", "http://[", "/x"])
def test_strange_identifiers(crate: Path, identifier: str) -> None:
    """An @id that stands for no file of the crate makes findings, never a traceback."""

    def rename(entities: dict[str, dict[str, Any]]) -> None:
        entities["results/nuclei.csv"]["@id"] = identifier

    change(crate, rename)
    assert not check(crate).ok


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"@graph": 1}', '{"@graph": [1]}', '{"@graph": [{"@id": []}]}', '{"@graph": []}']
)
def test_damaged_metadata(tmp_path: Path, text: str) -> None:
    """Metadata that is no RO-Crate is refused with a way out."""
    (tmp_path / METADATA).write_text(text)
    with pytest.raises(ProvcapError) as caught:
        check(tmp_path)
    assert caught.value.slug == "damaged-metadata"
    assert caught.value.hint


@pytest.mark.parametrize("types", [None, {}, 3, [[]], ["File", 3]])
def test_nonsense_in_entities(crate: Path, types: Any) -> None:
    """Values of the wrong kind make findings, never a traceback."""

    def spoil(entities: dict[str, dict[str, Any]]) -> None:
        entities["results/nuclei.csv"].update({"@type": types, "sha256": [], "contentSize": {}, "identifier": 3})
        entities["./"]["conformsTo"] = 3

    change(crate, spoil)
    assert not check(crate).ok


def test_no_crate(tmp_path: Path) -> None:
    """What is no crate is refused with a way out."""
    (tmp_path / "note.txt").write_bytes(b"hello")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "note.txt"):
        with pytest.raises(ProvcapError) as caught:
            check(path)
        assert caught.value.hint


def test_truncated_zip(tmp_path: Path) -> None:
    """A zip that was cut off, or whose bytes changed, is refused."""
    data = pack(read_run("succeeded"), tmp_path, "crate.zip")[0].read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    (tmp_path / "bad.zip").write_bytes(data[:200] + bytes(b ^ 255 for b in data[200:300]) + data[300:])
    for name in ("cut.zip", "bad.zip"):
        with pytest.raises(ProvcapError) as caught:
            check(tmp_path / name)
        assert caught.value.slug == "damaged-zip"


def _zip(path: Path, *entries: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries",
    [
        [("../../evil", b"", 0)],
        [("/etc/evil", b"", 0)],
        [("a/../../evil", b"", 0)],
        [("a\\..\\evil", b"", 0)],
        [("link", b"/etc/passwd", stat.S_IFLNK | 0o777)],
        [("pipe", b"", stat.S_IFIFO | 0o644)],
        [("twice", b"1", 0), ("twice", b"2", 0)],
        [("twice", b"1", 0), ("./twice", b"2", 0)],
    ],
)
def test_hostile_zip(tmp_path: Path, entries: list[tuple[str, bytes, int]]) -> None:
    """A zip that would write elsewhere, or twice, or links, is refused before anything is unpacked."""
    with pytest.raises(ProvcapError) as caught:
        check(_zip(tmp_path / "evil.zip", (METADATA, b"{}", 0), *entries))
    assert caught.value.slug == "unsafe-zip"
    assert not (tmp_path.parent / "evil").exists()


def test_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip that would become a thousand times larger is refused."""
    monkeypatch.setattr(unpack, "FREE_BYTES", 1 << 20)
    with pytest.raises(ProvcapError, match="would become"):
        check(_zip(tmp_path / "bomb.zip", ("zeros", bytes(20 << 20), 0)))


def test_zip_with_one_directory(crate: Path, tmp_path: Path) -> None:
    """A crate that was zipped together with its directory is found in it."""
    shutil.make_archive(str(tmp_path / "again"), "zip", tmp_path, "crate")
    assert check(tmp_path / "again.zip").ok


def test_without_the_validator(crate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where roc-validator is missing the rest is checked, and that is said."""
    monkeypatch.setattr(conformance, "is_installed", lambda: False)
    assert [(f.level, f.slug) for f in check(crate).findings] == [
        ("warning", "conformance-unchecked"),
        ("note", "unsigned"),
    ]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_needs_no_network(whole: Path, tmp_path: Path) -> None:
    """In a process that has no network and no cache of an earlier one, a crate passes."""
    code = "import sys; from pathlib import Path; from provcap.check import check; f = check(Path(sys.argv[1])); "
    code += "print(f.profile, [x.slug for x in f.findings])"
    isolated = ["unshare", "--net", "--map-root-user", sys.executable, "-c", code, str(whole)]
    if subprocess.run([*isolated[:3], "true"], check=False, capture_output=True).returncode:
        pytest.skip("may not make namespaces")
    environment = {"HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(isolated, check=False, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "provenance-run-crate-0.5 ['unsigned']", done.stderr


def test_leaves_the_crate_alone(crate: Path) -> None:
    """Checking writes nothing into a crate."""
    before = sorted(p.relative_to(crate) for p in crate.rglob("*"))
    check(crate)
    assert sorted(p.relative_to(crate) for p in crate.rglob("*")) == before


def test_names_cannot_forge_a_verdict(crate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file name with line ends and escape sequences stays on its line, and steers no terminal."""
    (crate / "a\nnote: signed by alice [signed]\x1b[31m").write_text("")
    reseal(crate)
    cli.main(["check", str(crate)])
    said = capsys.readouterr().out
    assert "\\x1b" in said
    assert "\x1b" not in said
    assert not any(line.startswith("note: signed by") for line in said.splitlines())


def test_halves_of_characters(crate: Path) -> None:
    """An @id that no file can have is damage, not a crash."""
    change(crate, lambda entities: entities["./"].update(name="\ud800"))
    with pytest.raises(ProvcapError) as caught:
        check(crate)
    assert caught.value.slug == "damaged-metadata"
