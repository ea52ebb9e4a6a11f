"""What a real InvenioRDM says to it, the software that Zenodo runs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import requests

from provcap import deposit
from provcap.deposit import invenio_files
from provcap.deposit.invenio_metadata import marker
from provcap.errors import ProvcapError
from tests import workflows
from tests.deposits import NAME, Real, alone, is_sound, make, send

pytestmark = pytest.mark.invenio


@pytest.fixture
def archive() -> Real:
    """The server."""
    return Real()


def ask(archive: Real, path: str) -> dict[str, Any]:
    """What the server says at `path`."""
    headers = {"Authorization": f"Bearer {archive.token}"}
    found: dict[str, Any] = requests.get(f"{archive.url}/{path}", headers=headers, timeout=60).json()
    return found


def files(archive: Real, path: str) -> dict[str, Any]:
    """The files of a record or draft by key."""
    return {file["key"]: file for file in ask(archive, path)["entries"]}


def content(archive: Real, record: str, key: str) -> bytes:
    """A published file."""
    return requests.get(f"{archive.url}/records/{record}/files/{key}/content", timeout=60).content


@pytest.mark.slow
def test_a_deposited_crate_comes_back_and_runs_again(archive: Real, tmp_path: Path) -> None:
    """Deposit, fetch, check, rerun, compare: what the archive gives back repeats the results, byte for byte."""
    crate = make(tmp_path / "run")
    token = tmp_path / "token"
    token.write_text(archive.token)
    token.chmod(0o600)
    words = ["deposit", str(crate), "--to", "invenio", "--url", archive.url, "--token-file", str(token), "--json"]
    draft = workflows.provcap(tmp_path, *words)
    assert draft.returncode == 0, draft.stderr
    assert json.loads(draft.stdout)["published"] is False
    done = workflows.provcap(tmp_path, *words, "--publish", "--yes")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["published"] is True
    assert receipt["record"] == json.loads(draft.stdout)["record"]

    page = f"{archive.url.removesuffix('/api')}/records/{receipt['record']}"
    got = workflows.provcap(tmp_path, "fetch", page)
    assert got.returncode == 0, got.stderr
    fetched = tmp_path / got.stdout.strip()
    assert fetched.read_bytes() == crate.read_bytes()
    assert workflows.provcap(tmp_path, "check", str(fetched)).returncode == 0

    again = workflows.provcap(tmp_path, "rerun", page, "-C", "again", "--cores", "1", "--json")
    assert again.returncode == 0, again.stderr
    assert {found["verdict"] for found in json.loads(again.stdout)["verdicts"]} == {"identical"}
    compared = workflows.provcap(tmp_path, "compare", str(fetched), "again", "--json")
    assert compared.returncode == 0, compared.stderr


def test_a_killed_upload_goes_on(archive: Real, ready: deposit.Prepared, tmp_path: Path) -> None:
    """kill -9 when the last file has arrived and is not committed: the others are not sent again, and all is whole."""
    ready = alone(ready, tmp_path)
    pid = os.fork()
    if pid == 0:
        commit = invenio_files.Files._commit
        invenio_files.Files._commit = lambda files, key: (  # type: ignore[method-assign]
            commit(files, key) if key != NAME else os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[return-value]
        )
        send(archive, ready, tmp_path)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    (state,) = (tmp_path / ".provcap/deposits").glob("*.json")
    record = json.loads(state.read_bytes())["facts"]["record"]
    before = files(archive, f"records/{record}/draft/files")
    assert before.pop(NAME)["status"] == "pending"
    assert before
    assert send(archive, ready, tmp_path).record == record
    after = files(archive, f"records/{record}/files")
    assert set(after) == {key for key, _ in ready.plan.files}
    assert {key: after[key]["file_id"] for key in before} == {key: file["file_id"] for key, file in before.items()}
    assert is_sound(content(archive, record, NAME), tmp_path)


def test_a_next_version_belongs_to_its_record(archive: Real, ready: deposit.Prepared, tmp_path: Path) -> None:
    """--new-version makes the second version of the same record, with the files of the new crate only."""
    first = send(archive, alone(ready, tmp_path / "one"), tmp_path / "one")
    second = send(archive, alone(ready, tmp_path / "two"), tmp_path / "two", new_version=first.record)
    assert second.record != first.record
    shown = [ask(archive, f"records/{receipt.record}") for receipt in (first, second)]
    assert shown[0]["parent"] == shown[1]["parent"]
    assert [s["versions"]["index"] for s in shown] == [1, 2]
    assert is_sound(content(archive, second.record, NAME), tmp_path)


def test_large_files_go_in_parts(
    archive: Real, ready: deposit.Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server puts the parts of a file together, and its checksum is that of the file."""
    monkeypatch.setattr(invenio_files, "PART_BYTES", 100_000)
    monkeypatch.setattr(invenio_files, "IN_PARTS_FROM", 200_000)
    said: list[str] = []
    receipt = send(archive, alone(ready, tmp_path), tmp_path, said=said)
    assert not [line for line in said if "MD5" in line]
    assert is_sound(content(archive, receipt.record, NAME), tmp_path)
    (state,) = (tmp_path / ".provcap/deposits").glob("*.json")
    assert "no_parts" not in json.loads(state.read_bytes())["facts"]


def test_the_record_says_what_the_crate_says(archive: Real, ready: deposit.Prepared, tmp_path: Path) -> None:
    """Title, people with ORCID, licence and keywords; what the server's vocabularies lack stands there in words."""
    receipt = send(archive, alone(ready, tmp_path), tmp_path)
    shown = ask(archive, f"records/{receipt.record}")["metadata"]
    assert isinstance(shown, dict)
    assert shown["title"] == ready.description.title
    (person,) = shown["creators"]
    assert person["person_or_org"]["identifiers"] == [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}]
    assert person["affiliations"] == [{"name": "Brown University"}]
    assert [right["id"] for right in shown["rights"]] == ["cc-by-4.0"]
    assert {"subject": "words"} in shown["subjects"]
    assert [i["identifier"] for i in shown["identifiers"]] == [marker(_digest(tmp_path))]


def test_a_wrong_token_is_told(archive: Real, ready: deposit.Prepared, tmp_path: Path) -> None:
    """One line, and the token is not in it."""
    archive.token = "no-such-token-here"
    with pytest.raises(ProvcapError) as caught:
        send(archive, ready, tmp_path)
    assert caught.value.slug == "archive-forbids"
    assert "no-such-token" not in caught.value.message


def _digest(workdir: Path) -> str:
    (state,) = (workdir / ".provcap/deposits").glob("*.json")
    return str(json.loads(state.read_bytes())["crate"])
