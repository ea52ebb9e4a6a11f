"""Plans for archives, and the archives that need no live service; Dataverse against a stand-in."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import ocfl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bag, bundle, unpack
from provcap.check import check
from provcap.deposit import copying, dataverse, parts, state
from provcap.deposit.archive import Archive, Item, Limits, Receipt, Target
from provcap.deposit.bioimage_archive import BioImageArchive
from provcap.deposit.dataverse import Dataverse
from provcap.deposit.dataverse_metadata import inverted
from provcap.deposit.describe import describe
from provcap.deposit.folder import Bag, Folder
from provcap.deposit.limits import ALIASES, LIMITS, limits_of
from provcap.deposit.ocfl import Ocfl
from provcap.deposit.plan import items, plan
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError, TargetExists
from provcap.opening import open_run
from tests import dataverse_server, workflows
from tests.conftest import materialise, read_run
from tests.crates import ABOUT

DIGEST = "sha256:" + "0" * 64
SAID = Settings(contact="reports@example.org", subjects=("Other",))
LOCAL = [Folder, Bag, Ocfl, BioImageArchive]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip and a directory of the same crate, ``crate.zip`` and ``crate``."""
    base = tmp_path_factory.mktemp("packed")
    run = read_run("succeeded")
    bundle.write_crate(run, materialise(run, base / "work"), base / "crate.zip")
    with zipfile.ZipFile(base / "crate.zip") as archive:
        archive.extractall(base / "crate")
    return base


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in for Dataverse; nobody waits for its search."""
    monkeypatch.setattr(dataverse, "SETTLED_S", 0.0)
    with dataverse_server.running() as running:
        yield running


def target(url: str | Path, settings: Settings = SAID, said: list[str] | None = None, **more: str) -> Target:
    """Where to; `said` hears what the user should know."""
    return Target(str(url), settings, lambda: dataverse_server.TOKEN, (said if said is not None else []).append, **more)


def bring(place: Archive, crate: Path, workdir: Path, digest: str = DIGEST, publish: bool = False) -> Receipt:
    """What `provcap deposit` does once the gate is open."""
    with unpack.opened(crate) as root, state.locked(workdir, digest, place.name, place.place) as known:
        planned = plan(crate, root, place.limits)
        receipt = place.begin(describe(root, SAID)[0], known)
        if not receipt.published:
            place.upload(items(planned, root, known.folder), known)
        return place.publish(known) if publish else receipt


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` by path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def numbered(folder: Path, sizes: Sequence[int]) -> Path:
    """A directory with files of `sizes`."""
    folder.mkdir(parents=True)
    for number, size in enumerate(sizes):
        (folder / f"{number}.bin").write_bytes(bytes([number % 251]) * size)
    (folder / "ro-crate-metadata.json").write_text("{}")
    return folder


def test_a_zip_goes_as_it_is_with_its_metadata_beside_it(packed: Path, tmp_path: Path) -> None:
    """For Zenodo: the zip, its metadata, its page; the digests are those of the files."""
    crate = packed / "crate.zip"
    with unpack.opened(crate) as root:
        planned = plan(crate, root, LIMITS["zenodo"])
        found = {item.key: item for item in items(planned, root, tmp_path)}
        assert sorted(found) == ["crate.zip", "ro-crate-metadata.json", "ro-crate-preview.html"]
        assert found["crate.zip"].path == crate
        for item in found.values():
            assert item.digest == f"sha256:{hashlib.sha256(item.path.read_bytes()).hexdigest()}"
    assert dict(planned.files) == {key: item.size_bytes for key, item in found.items()}


def test_a_directory_goes_file_by_file_and_beyond_the_limit_as_a_zip(tmp_path: Path) -> None:
    """100 files go one by one to Zenodo, 101 as one zip with the metadata beside it; the plan says why."""
    small, large = numbered(tmp_path / "small", [1] * 99), numbered(tmp_path / "large", [1] * 100)
    assert plan(small, small, LIMITS["zenodo"]).layout == "files"
    planned = plan(large, large, LIMITS["zenodo"])
    assert (planned.layout, planned.exact) == ("zip", False)
    assert "101 files" in planned.notes[0]
    found = items(planned, large, tmp_path / "scratch")
    assert sorted(item.key for item in found) == ["large.zip", "ro-crate-metadata.json"]
    assert sum(item.size_bytes for item in found) <= planned.total_bytes
    with zipfile.ZipFile(tmp_path / "scratch/large.zip") as archive:
        archive.extractall(tmp_path / "back")
    assert contents(tmp_path / "back") == contents(large)


def test_the_same_crate_makes_the_same_zip(tmp_path: Path) -> None:
    """A resumed deposit finds what it had sent: neither times nor the order of files play a part."""
    crate = numbered(tmp_path / "crate", [10, 20])
    limits = Limits(files=2)
    first = items(plan(crate, crate, limits), crate, tmp_path / "a")
    again = shutil.copytree(crate, tmp_path / "again/crate")
    (again / "0.bin").touch()
    second = items(plan(again, again, limits), again, tmp_path / "b")
    assert [i.digest for i in first] == [i.digest for i in second]


def test_a_changed_crate_is_packed_again_under_its_name(packed: Path, tmp_path: Path) -> None:
    """With the DOI in it, the zip is another one: made anew from what was unpacked."""
    crate = packed / "crate.zip"
    with unpack.opened(crate) as root:
        (root / "ro-crate-metadata.json").write_text("{}")
        found = {i.key: i for i in items(plan(crate, root, LIMITS["zenodo"]), root, tmp_path, changed=True)}
    assert found["crate.zip"].path.parent == tmp_path
    with zipfile.ZipFile(found["crate.zip"].path) as archive:
        assert archive.read("ro-crate-metadata.json") == b"{}"


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(total_bytes=100, source="https://example.org/limits"), "https://example.org/limits"),
        (Limits(file_bytes=60, files=3), "files"),
        (Limits(key_pattern="[a-z]+"), "name"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_made(packed: Path, limits: Limits, named: str) -> None:
    """Too large, too many parts, no allowed name: an error that names the limit, its page and a way out."""
    crate = packed / "crate.zip"
    with pytest.raises(ProvcapError) as caught:
        plan(crate, packed / "crate", limits)
    assert caught.value.slug in ("deposit-too-large", "bad-key")
    assert named in caught.value.message
    assert caught.value.hint


def test_what_was_only_estimated_is_checked_when_it_is_there(tmp_path: Path) -> None:
    """A directory that may compress to fit is packed first, and refused when it does not."""
    noise = numbered(tmp_path / "noise", [10])
    (noise / "noise.bin").write_bytes(hashlib.shake_128(b"x").digest(4000))
    zeros = numbered(tmp_path / "zeros", [9000])
    limits = Limits(files=2, total_bytes=3000)
    assert len(items(plan(zeros, zeros, limits), zeros, tmp_path / "z")) == 2
    with pytest.raises(ProvcapError, match="does not fit"):
        items(plan(noise, noise, limits), noise, tmp_path / "n")


def test_a_link_in_a_crate_is_refused(tmp_path: Path) -> None:
    """A link would send a file of this machine to the archive."""
    crate = numbered(tmp_path / "crate", [1])
    (crate / "secret").symlink_to("/etc/hostname")
    with pytest.raises(ProvcapError) as caught:
        plan(crate, crate, LIMITS["zenodo"])
    assert caught.value.slug == "unsafe-crate"


def test_a_zip_in_a_directory_keeps_dataverse_from_unpacking_it(tmp_path: Path) -> None:
    """Dataverse takes zips apart: a directory that has one goes as a zip inside a zip, and the plan says so."""
    crate = numbered(tmp_path / "crate", [1])
    assert plan(crate, crate, LIMITS["dataverse"]).layout == "files"
    shutil.make_archive(str(crate / "inner"), "zip", crate)
    planned = plan(crate, crate, LIMITS["dataverse"])
    assert (planned.layout, planned.files[0][0]) == ("zip", "crate.zip")
    assert any("inside another zip" in note for note in planned.notes)


@pytest.mark.parametrize(
    ("key", "takers"),
    [
        ("results/a b.csv", {"zenodo", "invenio", "dataverse", "bioimage-archive", "folder", "bag", "ocfl"}),
        ("results/ü.csv", {"zenodo", "invenio", "dataverse", "folder", "bag", "ocfl"}),
        ("ü/a.csv", {"zenodo", "invenio", "folder", "bag", "ocfl"}),
        ("a:b", {"zenodo", "invenio", "folder", "bag", "ocfl"}),
        ("a" * 300, {"bioimage-archive", "folder", "bag", "ocfl"}),
        ("../a", set()),
        ("/a", set()),
        ("a//b", set()),
        ("a/./b", set()),
        ("a\nb", set()),
        ("a\\b", set()),
        ("\udcff", set()),
    ],
)
def test_names_that_archives_take(key: str, takers: set[str]) -> None:
    """What each archive allows as the name of a file; what leads out of a folder none does."""
    assert {name for name, limits in LIMITS.items() if re.fullmatch(limits.key_pattern or "", key)} == takers


def test_limits_of_an_installation_count_more() -> None:
    """deposit.yaml overrides what provcap assumes; every assumption about a service names its page."""
    assert limits_of("zenodo", Settings(limits={"files": 7})).files == 7
    assert limits_of("bagit", Settings()) == LIMITS["bag"]
    assert all(LIMITS[name].source.startswith("https://") for name in LIMITS if name != "folder")
    assert set(ALIASES.values()) <= set(LIMITS)
    with pytest.raises(ProvcapError, match="moon"):
        limits_of("moon", Settings())


@settings(deadline=None, max_examples=20)
@given(size=st.integers(0, 3000), most=st.integers(200, 1000))
def test_parts_joined_are_the_whole(tmp_path_factory: pytest.TempPathFactory, size: int, most: int) -> None:
    """For every size and limit no part is too large, and joining gives the file back and leaves no part behind."""
    folder = tmp_path_factory.mktemp("parts")
    content = hashlib.shake_128(str(size).encode()).digest(size)
    (folder / "whole").write_bytes(content)
    made = parts.split(folder / "whole", "crate.zip", folder / "sent", most)
    assert max(p.stat().st_size for p in made[:-2]) <= most
    assert [(p.name, p.stat().st_size) for p in made[:-2]] == parts.sizes("crate.zip", size, most)
    assert parts.join(folder / "sent") == (folder / "sent/crate.zip",)
    assert contents(folder / "sent") == {"crate.zip": content}


def test_parts_are_verified_and_joined_by_hand(tmp_path: Path) -> None:
    """What the list says is what sha256sum reads, and `cat` joins the parts in their order."""
    (tmp_path / "whole").write_bytes(bytes(range(256)) * 50)
    parts.split(tmp_path / "whole", "crate.zip", tmp_path / "sent", 1000)
    command = next(
        line for line in (tmp_path / "sent/crate.zip.parts-readme.txt").read_text().splitlines() if "cat" in line
    )
    done = subprocess.run(
        ["sh", "-ec", command.split(":", 1)[1]], cwd=tmp_path / "sent", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sent/crate.zip").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("harm", ["missing", "changed", "swapped", "list", "outside", "link"])
def test_damaged_parts_are_not_joined(tmp_path: Path, harm: str) -> None:
    """A part that is gone, other, in another place, a link, or a list that leads elsewhere: nothing is made."""
    (tmp_path / "whole").write_bytes(bytes(2500))
    sent = tmp_path / "sent"
    (tmp_path / "whole").write_bytes(hashlib.shake_128(b"1").digest(2500))
    first, second, _, listed, _ = parts.split(tmp_path / "whole", "crate.zip", sent, 1000)
    if harm == "missing":
        first.unlink()
    elif harm == "changed":
        first.write_bytes(bytes(1000))
    elif harm == "swapped":
        one, two = first.read_bytes(), second.read_bytes()
        first.write_bytes(two)
        second.write_bytes(one)
    elif harm == "list":
        listed.write_text(listed.read_text().replace("part-002", "part-003"))
    elif harm == "outside":
        listed.write_text(listed.read_text().replace("  crate.zip.part-001", "  ../whole"))
    else:
        first.rename(tmp_path / "moved")
        first.symlink_to(tmp_path / "moved")
    with pytest.raises(ProvcapError) as caught:
        parts.join(sent)
    assert caught.value.slug == "damaged-parts"
    assert not (sent / "crate.zip").exists()
    assert not (sent / ".crate.zip.joining").exists()


def test_a_crate_in_parts_comes_back(packed: Path, tmp_path: Path) -> None:
    """Plan, parts, lists, page: what was planned is what is made, and its zip is whole again after joining."""
    crate, root = packed / "crate.zip", packed / "crate"
    limits = replace(LIMITS["dataverse"], file_bytes=20_000)
    planned = plan(crate, root, limits)
    found = items(planned, root, tmp_path / "scratch")
    assert planned.layout == "parts"
    assert {i.key for i in found} == {key for key, _ in planned.files}
    assert all(i.size_bytes <= size for i in found for key, size in planned.files if key == i.key)
    for item in found:
        shutil.copy(item.path, tmp_path / item.key)
    parts.join(tmp_path)
    assert (tmp_path / "crate.zip").read_bytes() == crate.read_bytes()


@pytest.mark.parametrize("kind", LOCAL, ids=lambda kind: kind.name)
def test_bringing_it_twice_changes_nothing(kind: Any, packed: Path, tmp_path: Path) -> None:
    """The same crate to the same place again: the same files; what was published is not sent again."""
    said: list[str] = []
    place = kind(target(tmp_path / "place", said=said))
    first = bring(place, packed / "crate.zip", tmp_path)
    before = contents(tmp_path / "place")
    assert bring(kind(target(tmp_path / "place", said=said)), packed / "crate.zip", tmp_path, publish=True).published
    assert contents(tmp_path / "place") == before
    assert bring(kind(target(tmp_path / "place")), packed / "crate.zip", tmp_path).published
    assert first.record == str(tmp_path / "place")
    assert not [p for p in tmp_path.iterdir() if p.name not in ("place", ".provcap")]


@pytest.mark.parametrize("kind", [Folder, Bag, BioImageArchive], ids=lambda kind: kind.name)
def test_a_directory_that_is_in_use_is_refused(kind: Any, packed: Path, tmp_path: Path) -> None:
    """What lies there stays, also when another crate was brought there."""
    (tmp_path / "place").mkdir()
    (tmp_path / "place/mine").write_text("mine")
    with pytest.raises(TargetExists):
        bring(kind(target(tmp_path / "place")), packed / "crate.zip", tmp_path)
    bring(kind(target(tmp_path / "other")), packed / "crate.zip", tmp_path)
    with pytest.raises(TargetExists):
        bring(kind(target(tmp_path / "other")), packed / "crate.zip", tmp_path, digest="sha256:" + "1" * 64)
    assert contents(tmp_path / "place") == {"mine": b"mine"}


def test_a_folder_gets_the_crate_as_it_is(packed: Path, tmp_path: Path) -> None:
    """A zip stays the zip, a directory the directory."""
    bring(Folder(target(tmp_path / "a")), packed / "crate.zip", tmp_path)
    assert contents(tmp_path / "a") == {"crate.zip": (packed / "crate.zip").read_bytes()}
    bring(Folder(target(tmp_path / "b")), packed / "crate", tmp_path)
    assert contents(tmp_path / "b") == contents(packed / "crate")


def test_a_damaged_copy_is_mended(packed: Path, tmp_path: Path) -> None:
    """A copy that was cut short is noticed by its digest, and made again."""
    bring(Folder(target(tmp_path / "a")), packed / "crate", tmp_path)
    (tmp_path / "a/README.md").write_bytes(b"cut")
    (tmp_path / "a/workflow/Snakefile").unlink()
    bring(Folder(target(tmp_path / "a")), packed / "crate", tmp_path)
    assert contents(tmp_path / "a") == contents(packed / "crate")


def test_nothing_is_written_through_a_link(packed: Path, tmp_path: Path) -> None:
    """A link that appeared in the folder does not lead a file elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    bring(Folder(target(tmp_path / "a")), packed / "crate", tmp_path)
    shutil.rmtree(tmp_path / "a/workflow")
    (tmp_path / "a/workflow").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProvcapError, match="a link leads"):
        bring(Folder(target(tmp_path / "a")), packed / "crate", tmp_path)
    assert contents(tmp_path / "elsewhere") == {}


def test_a_copy_that_differs_is_refused(tmp_path: Path) -> None:
    """When what is read is not what was planned nothing appears under the name, and what was read is named."""
    (tmp_path / "x").write_text("changed since")
    with pytest.raises(ProvcapError) as caught:
        copying.bring([Item("x", tmp_path / "x", 13, DIGEST)], tmp_path / "there")
    assert caught.value.slug == "copy-differs"
    assert caught.value.message.startswith(f"{tmp_path / 'x'} is not what was to be copied")
    assert contents(tmp_path / "there") == {}


def test_a_bag_is_valid_and_rerun_reads_it(packed: Path, tmp_path: Path) -> None:
    """bagit validates it, its info names people and licence, and the crate in it is found and whole."""
    bring(Bag(target(tmp_path / "bag")), packed / "crate.zip", tmp_path)
    made = bagit.Bag(str(tmp_path / "bag"))
    made.validate()
    assert (made.info["License"], made.info["Contact-Name"]) == ("CC-BY-4.0", "Josiah Carberry")
    with bag.crate_root(tmp_path / "bag") as root:
        assert contents(root) == contents(packed / "crate")
    assert check(tmp_path / "bag").ok
    assert open_run(str(tmp_path / "bag"), tmp_path).run == open_run(str(packed / "crate"), tmp_path).run
    next((tmp_path / "bag/data/results").iterdir()).write_text("changed")
    with pytest.raises(ProvcapError) as caught:
        check(tmp_path / "bag")
    assert caught.value.slug == "damaged-bag"


def test_a_bag_that_was_begun_is_finished(packed: Path, tmp_path: Path) -> None:
    """A process that died before, or while, the bag was sealed leaves what the next one takes on."""
    work = tmp_path / ".bag.bagging"
    for sealed in (False, True):
        work.mkdir()
        (work / "junk").write_text("x")
        if sealed:
            bagit.make_bag(str(work))
        bring(Bag(target(tmp_path / "bag")), packed / "crate.zip", tmp_path)
        assert contents(tmp_path / "bag/data") == contents(packed / "crate")


def test_a_changed_crate_is_a_new_version_of_its_ocfl_object(packed: Path, tmp_path: Path) -> None:
    """The run packed again is v2 of the same object, which stays valid and keeps v1; another run is another object."""
    said: list[str] = []
    bring(Ocfl(target(tmp_path / "root", said=said)), packed / "crate.zip", tmp_path)
    again = shutil.copytree(packed / "crate", tmp_path / "again")
    (again / "README.md").write_text("changed")
    bring(Ocfl(target(tmp_path / "root", said=said)), again, tmp_path, digest="sha256:" + "1" * 64)
    other = json.loads((again / "ro-crate-metadata.json").read_text())
    next(e for e in other["@graph"] if e["@id"] == "./")["identifier"] = "another"
    (again / "ro-crate-metadata.json").write_text(json.dumps(other))
    bring(Ocfl(target(tmp_path / "root", said=said)), again, tmp_path, digest="sha256:" + "2" * 64)
    inventories = [
        json.loads(p.read_text()) for p in (tmp_path / "root").rglob("inventory.json") if p.parent.name[0] != "v"
    ]
    assert sorted(i["head"] for i in inventories) == ["v1", "v2"]
    assert [text.split(": ")[0].rsplit(" ", 2)[-2:] for text in said] == [
        ["is", "new"],
        ["new", "version"],
        ["is", "new"],
    ]
    assert valid_objects(tmp_path / "root") == 2
    next((tmp_path / "root").rglob("v2/content/README.md")).write_text("tampered")
    assert valid_objects(tmp_path / "root") == 1


def valid_objects(root: Path) -> int:
    """How many objects ocfl-py finds valid; the root's own verdict leaves them out."""
    found = ocfl.StorageRoot(str(root))
    assert found.validate(log_errors=False)
    return int(found.good_objects)


def test_an_ocfl_version_that_was_begun_is_finished(packed: Path, tmp_path: Path) -> None:
    """A process that died while it wrote leaves neither a broken object nor a lost version."""
    place = Ocfl(target(tmp_path / "root"))
    bring(place, packed / "crate.zip", tmp_path)
    made = next(p.parent for p in (tmp_path / "root").rglob("0=ocfl_object*"))
    again = shutil.copytree(packed / "crate", tmp_path / "again")
    (again / "README.md").write_text("changed")
    with state.locked(tmp_path, "sha256:" + "1" * 64, place.name, place.place) as known:
        known.note(writing=str(made), head="v1")
    (made / "v2/content").mkdir(parents=True)
    (made / "v2/content/README.md").write_text("half")
    bring(Ocfl(target(tmp_path / "root")), again, tmp_path, digest="sha256:" + "1" * 64)
    assert json.loads((made / "inventory.json").read_text())["head"] == "v2"
    assert [p.read_text() for p in made.glob("v2/content/**/README.md")] == ["changed"]


def test_a_submission_to_the_bioimage_archive_is_ready(packed: Path, tmp_path: Path) -> None:
    """Every file is in the list, with tabs alone between columns; the study says what is known; the rest is to do."""
    said: list[str] = []
    bring(BioImageArchive(target(tmp_path / "bia", said=said)), packed / "crate.zip", tmp_path)
    assert contents(tmp_path / "bia/files") == contents(packed / "crate")
    rows = [line.split("\t") for line in (tmp_path / "bia/file-list.tsv").read_text().splitlines()]
    assert rows[0][0] == "Files"
    assert {len(row) for row in rows} == {4}
    assert {row[0] for row in rows[1:]} == {f"files/{key}" for key in contents(packed / "crate")}
    study = (tmp_path / "bia/study.tsv").read_text()
    assert "Submission\nTitle\tNuclei segmentation\nAttachTo\tBioImages\n" in study
    assert "License\tCC BY 4.0\nFile List\tfile-list.tsv" in study
    assert not [line for line in study.splitlines() if line.endswith("\t")]
    assert "Biosample" in (tmp_path / "bia/TO-DO.txt").read_text()
    assert any("not sent" in text for text in said)


@pytest.mark.slow
def test_from_run_to_bag_to_rerun(tmp_path: Path) -> None:
    """On the command line: a run becomes a crate, the crate a bag, and the bag runs again with the same results."""
    snakefile = "rule a:\n    output: 'a.txt'\n    shell: 'echo a > {output}'\n"
    workdir = workflows.write(tmp_path / "work", snakefile, provcap__yaml=ABOUT)
    done = workflows.provcap(workdir, "run", "--crate", "a.crate.zip", "--", "--cores", "1", "--quiet", "all")
    assert done.returncode == 0, done.stderr
    words = ("deposit", "a.crate.zip", "--to", "bagit", "--url", "bag")
    planned = workflows.provcap(workdir, *words, "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    assert not (workdir / "bag").exists()
    done = workflows.provcap(workdir, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (workdir / "bag").as_uri()
    files = {path.removeprefix("data/") for path in contents(workdir / "bag") if path.startswith("data/")}
    assert {file["key"] for file in json.loads(planned.stdout)["files"]} == files
    again = workflows.provcap(tmp_path, "rerun", "work/bag", "-C", "again", "--json")
    assert again.returncode == 0, again.stdout + again.stderr


@pytest.mark.parametrize("direct", [0, 10_000, 1 << 30], ids=["through", "parts", "direct"])
@pytest.mark.parametrize("name", ["crate.zip", "crate"])
def test_a_dataset_of_dataverse_has_the_files(
    server: Any, packed: Path, tmp_path: Path, name: str, direct: int
) -> None:
    """A zip stays a zip and a directory its tree, through the server, directly, and directly in parts; the storage
    never hears the token."""
    server.direct = direct
    receipt = bring(Dataverse(target(server.url)), packed / name, tmp_path)
    if name == "crate":
        assert server.keys() == contents(packed / "crate")
    else:
        assert server.keys()["crate.zip"] == (packed / "crate.zip").read_bytes()
        assert sorted(server.keys()) == ["crate.zip", "ro-crate-metadata.json", "ro-crate-preview.html"]
    assert (receipt.doi, receipt.published) == ("10.5072/FK2/000000", False)
    assert not [path for _, path, known in server.seen if path.startswith("/storage") and known]
    assert any(path.startswith("/storage") for _, path, _ in server.seen) is (direct > 0)


def test_lost_answers_make_no_second_dataset_and_no_second_file(server: Any, packed: Path, tmp_path: Path) -> None:
    """The answers to the creation and to an upload get lost: the next call finds the dataset, and each file once."""
    server.lose = 2
    with pytest.raises(ProvcapError, match="connection broke"):
        bring(Dataverse(target(server.url)), packed / "crate.zip", tmp_path)
    bring(Dataverse(target(server.url)), packed / "crate.zip", tmp_path)
    assert len(server.datasets) == 1
    assert sorted(server.keys()) == ["crate.zip", "ro-crate-metadata.json", "ro-crate-preview.html"]


def test_wrong_and_foreign_files_of_a_dataset_are_replaced(server: Any, packed: Path, tmp_path: Path) -> None:
    """What the draft has with another checksum, or beyond the crate, goes; then it is published once."""
    bring(Dataverse(target(server.url)), packed / "crate.zip", tmp_path)
    server.files[2]["content"] = b"damaged"
    server.store("foreign", b"x")
    assert bring(Dataverse(target(server.url)), packed / "crate.zip", tmp_path, publish=True).published
    assert sorted(server.keys()) == ["crate.zip", "ro-crate-metadata.json", "ro-crate-preview.html"]
    assert b"damaged" not in server.keys().values()
    before = len(server.seen)
    assert bring(Dataverse(target(server.url)), packed / "crate.zip", tmp_path).published
    assert {method for method, _, _ in server.seen[before:]} == {"GET"}


def test_a_dataset_says_what_dataverse_requires(server: Any, packed: Path, tmp_path: Path) -> None:
    """The citation block has the required fields, the author with ORCID, the licence as the server calls it."""
    bring(Dataverse(target(server.url)), packed / "crate.zip", tmp_path)
    version = server.datasets["doi:10.5072/FK2/000000"]["version"]
    fields = {f["typeName"]: f["value"] for f in version["metadataBlocks"]["citation"]["fields"]}
    assert version["license"]["name"] == "CC BY 4.0"
    assert fields["author"][0]["authorName"]["value"] == "Carberry, Josiah"
    assert fields["author"][0]["authorIdentifier"]["value"] == "0000-0002-1825-0097"
    assert fields["datasetContact"][0]["datasetContactEmail"]["value"] == "reports@example.org"
    assert fields["subject"] == ["Other"]
    assert any("swh:1:rev:" in text for text in fields["relatedMaterial"])


@pytest.mark.parametrize("said", [Settings(), Settings(contact="a@example.org"), Settings(subjects=("Other",))])
def test_dataverse_without_contact_or_subject_is_not_asked(
    server: Any, packed: Path, tmp_path: Path, said: Settings
) -> None:
    """What only Dataverse wants is missed before a dataset is made."""
    with pytest.raises(ProvcapError) as caught:
        bring(Dataverse(target(server.url, said)), packed / "crate.zip", tmp_path)
    assert caught.value.slug == "deposit-not-described"
    assert server.datasets == {}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Josiah Carberry", "Carberry, Josiah"),
        ("Carberry, Josiah", "Carberry, Josiah"),
        ("Ludwig van Beethoven", "van Beethoven, Ludwig"),
        ("Maria de la Cruz", "de la Cruz, Maria"),
        ("Plato", "Plato"),
    ],
)
def test_names_as_dataverse_sorts_them(name: str, wanted: str) -> None:
    """Family name first, with its particles."""
    assert inverted(name) == wanted
