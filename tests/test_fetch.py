"""A deposited crate comes back whole, and hostile archives do no harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provcap import check, deposit
from provcap.deposit.fetch import RESOLVER_VARIABLE, fetch, is_reference
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError, TargetExists
from tests import archive_server
from tests.archive_server import Archive
from tests.crates import unpacked
from tests.deposits import NAME, send


@pytest.fixture
def page(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> str:
    """The page of a published record; the requests that made it are forgotten."""
    receipt = send(server, ready, tmp_path / "deposit")
    server.requests.clear()
    return f"{server.url}/records/{receipt.record}"


def by_hand(server: Archive, **files: bytes) -> str:
    """The page of a record that somebody has made with `files` (``__`` is a slash)."""
    record = "hand-made"
    made = {k: {"status": "completed", "data": v, "transfer": {"type": "L"}} for k, v in files.items()}
    server.records[record] = {"metadata": {}, "files": made, "pids": {}, "published": True, "parent": None}
    return f"{server.url}/records/{record}"


@pytest.mark.parametrize("form", ["/records/{}", "/api/records/{}", "/record/{}?preview=1", "/records/{}/files/x.zip"])
def test_a_record_is_named_as_people_copy_it(server: Archive, page: str, tmp_path: Path, form: str) -> None:
    """The URL of the page, of a file in it or of the API: all lead to the crate, which is whole."""
    found = fetch(server.url + form.format(page.rpartition("/")[2]), None, tmp_path)
    assert found == tmp_path / NAME
    assert check.check(found, conforms=False).ok
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deposit", NAME]


@pytest.mark.parametrize("form", ["{}", "doi:{}", "https://doi.org/{}"])
def test_a_doi_leads_to_its_record(
    server: Archive, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """In every spelling, by the resolver; no token goes where a DOI leads."""
    monkeypatch.setenv(RESOLVER_VARIABLE, server.url)
    doi = server.records[page.rpartition("/")[2]]["pids"]["doi"]["identifier"]
    assert is_reference(form.format(doi))
    found = fetch(form.format(doi), None, tmp_path, token=server.token)
    assert check.check(found, conforms=False).ok
    assert not [headers for _, _, headers in server.requests if server.token in str(headers)]


def test_a_draft_is_fetched_with_its_token(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """The URL of a draft brings it back to its owner, and to nobody else."""
    url = send(server, ready, tmp_path, publish=False).url
    assert fetch(url, None, tmp_path, token=server.token).name == NAME
    with pytest.raises(ProvcapError) as caught:
        fetch(url, tmp_path / "again.zip", tmp_path)
    assert caught.value.slug == "archive-forbids"


def test_a_crate_in_files_comes_back_as_a_directory(server: Archive, crate: Path, tmp_path: Path) -> None:
    """A directory that went file by file is one again."""
    folder = unpacked(crate, tmp_path / "words")
    target = deposit.Target(server.url, Settings(), lambda: server.token, lambda _: None)
    place = deposit.archive("invenio", target)
    with deposit.prepared(folder, target, place, tmp_path) as ready:
        assert ready.plan.layout == "files"
        receipt = send(server, ready, tmp_path)
    assert receipt.doi
    found = fetch(receipt.url.replace("uploads", "records"), tmp_path / "back", tmp_path)
    root = next(e for e in json.loads((found / "ro-crate-metadata.json").read_bytes())["@graph"] if e["@id"] == "./")
    assert root["identifier"][0] == f"https://doi.org/{receipt.doi}"
    assert check.check(found, conforms=False).ok
    assert receipt.doi.encode() not in (folder / "ro-crate-metadata.json").read_bytes()


@pytest.mark.parametrize("fault", ["half", "drop-before", "500", "429"])
def test_what_passes_is_waited_for(server: Archive, page: str, tmp_path: Path, fault: str) -> None:
    """Half answers and broken connections cost time and nothing else."""
    server.fault = lambda number, method, path: fault if number % 2 else None
    assert check.check(fetch(page, None, tmp_path), conforms=False).ok


def test_an_interrupted_fetch_goes_on(server: Archive, page: str, tmp_path: Path) -> None:
    """What came before a break is not fetched again."""
    server.fault = lambda number, method, path: (
        ("half" if not any("Range" in h for _, _, h in server.requests) else "401")
        if path.endswith(".zip/content")
        else None
    )
    with pytest.raises(ProvcapError):
        fetch(page, None, tmp_path)
    assert not (tmp_path / NAME).exists()
    server.fault = lambda number, method, path: None
    server.requests.clear()
    assert check.check(fetch(page, None, tmp_path), conforms=False).ok
    ranges = [headers["Range"] for _, path, headers in server.requests if "Range" in headers and NAME in path]
    assert len(ranges) == 1
    assert ranges[0] != "bytes=0-"


def test_what_is_not_what_the_archive_promises_is_not_kept(server: Archive, page: str, tmp_path: Path) -> None:
    """A file with another checksum is fetched again, and at last refused."""
    server.fault = lambda number, method, path: "wrong-checksum" if path.endswith("/content") else None
    with pytest.raises(ProvcapError) as caught:
        fetch(page, None, tmp_path)
    assert caught.value.slug == "checksum-differs"
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize(
    "keys",
    [
        ("../evil", "ro-crate-metadata.json"),
        ("/etc/evil", "ro-crate-metadata.json"),
        ("a/../../evil", "ro-crate-metadata.json"),
        ("a\\b", "ro-crate-metadata.json"),
        ("a\nb", "ro-crate-metadata.json"),
        ("a", "a/b", "ro-crate-metadata.json"),
        ("", "ro-crate-metadata.json"),
        (".", "ro-crate-metadata.json"),
    ],
)
def test_names_that_lead_outside_are_refused(server: Archive, tmp_path: Path, keys: tuple[str, ...]) -> None:
    """Nothing is written for a record whose files would be elsewhere, or in each other's way."""
    page = by_hand(server, **dict.fromkeys(keys, b"{}"))
    with pytest.raises(ProvcapError) as caught:
        fetch(page, None, tmp_path)
    assert caught.value.slug == "unsafe-path"
    assert list(tmp_path.iterdir()) == []


def test_a_record_without_a_crate_is_told(server: Archive, tmp_path: Path) -> None:
    """What holds no crate is not fetched."""
    with pytest.raises(ProvcapError) as caught:
        fetch(by_hand(server, **{"paper.pdf": b"%PDF"}), None, tmp_path)
    assert caught.value.slug == "no-crate"
    assert list(tmp_path.iterdir()) == []


def test_an_endless_file_is_not_written(
    server: Archive, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More bytes than the archive promised, or than the disk has, are not taken."""
    real = archive_server.entry
    monkeypatch.setattr(archive_server, "entry", lambda *words: {**real(*words), "size": 10})
    with pytest.raises(ProvcapError) as caught:
        fetch(page, None, tmp_path)
    assert caught.value.slug == "checksum-differs"
    monkeypatch.setattr(archive_server, "entry", lambda *words: {**real(*words), "size": 1 << 60})
    with pytest.raises(ProvcapError) as caught:
        fetch(page, None, tmp_path)
    assert caught.value.slug == "too-large"


def test_nothing_is_overwritten(server: Archive, page: str, tmp_path: Path) -> None:
    """A target that exists is refused before a file is fetched."""
    (tmp_path / NAME).write_text("mine")
    with pytest.raises(TargetExists):
        fetch(page, None, tmp_path)
    assert not [path for _, path, _ in server.requests if path.endswith("/content")]


@pytest.mark.parametrize("url", ["/", "/records/zzz", "/anything"])
def test_what_is_no_record_is_told(server: Archive, tmp_path: Path, url: str) -> None:
    """A page of something else is one clear line."""
    with pytest.raises(ProvcapError) as caught:
        fetch(server.url + url, None, tmp_path)
    assert caught.value.slug in ("unknown-record", "unknown-archive")
    assert caught.value.hint


@pytest.mark.parametrize("words", ["demo/ihc.crate.zip", "10.5281", "latest", "/records/1"])
def test_a_path_is_no_reference(words: str) -> None:
    """Only DOIs and URLs are fetched."""
    assert not is_reference(words)
