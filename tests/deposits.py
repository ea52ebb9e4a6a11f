"""A small crate, ready to be deposited, and archives on loopback to deposit it in."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provcap import check, deposit
from provcap.deposit import invenio, transport
from provcap.deposit.settings import Settings
from tests import archive_server, workflows
from tests.archive_server import Archive
from tests.crates import ABOUT

SNAKEFILE = """
rule all:
    input: "words.txt"
rule count:
    input: "in.txt"
    output: "words.txt"
    shell: "wc -w < {input} > {output}"
"""
NAME = "words.crate.zip"


def make(workdir: Path) -> Path:
    """The crate of a small real run in `workdir`; each has a digest of its own."""
    workflows.write(workdir, SNAKEFILE, in__txt="a b c\n", provcap__yaml=ABOUT)
    done = workflows.provcap(workdir, "run", "--crate", NAME, "--", "--cores", "1", "--quiet", "all")
    assert done.returncode == 0, done.stderr
    return workdir / NAME


@pytest.fixture(scope="session")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate of a small real run."""
    return make(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def ready(crate: Path) -> Iterator[deposit.Prepared]:
    """The crate after gate, description and plan."""
    target = deposit.Target("http://127.0.0.1:9", Settings(), lambda: "", lambda _: None)
    with deposit.prepared(crate, target, deposit.archive("invenio", target), crate.parent) as found:
        yield found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An archive on loopback, and no long pauses."""
    monkeypatch.setattr(transport, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(invenio, "SETTLED_S", 2)
    with archive_server.running() as archive:
        yield archive


class Real:
    """The InvenioRDM that PROVCAP_TEST_INVENIO names."""

    def __init__(self) -> None:
        self.url = os.environ["PROVCAP_TEST_INVENIO"]
        self.token = Path(os.environ["PROVCAP_TEST_INVENIO_TOKEN_FILE"]).read_text().strip()


def send(
    archive: Archive | Real,
    ready: deposit.Prepared,
    workdir: Path,
    publish: bool = True,
    said: list[str] | None = None,
    **more: Any,
) -> deposit.Receipt:
    """Deposit as the command line does, without examining the crate again."""
    heard = [] if said is None else said
    target = deposit.Target(archive.url, more.pop("settings", Settings()), lambda: archive.token, heard.append, **more)
    place = deposit.archive("invenio", target)
    return deposit.carry_out(ready, target, place, workdir, (lambda _: True) if publish else None)


def whole(server: Archive, ready: deposit.Prepared) -> str:
    """The one record that the archive has; asserts that it has the files of the plan, all complete, and no other."""
    assert len(server.records) == 1, server.records.keys()
    (record,) = server.records
    content = server.content(record)
    assert set(content) == {key for key, _ in ready.plan.files}
    assert len(server.records[record]["files"]) == len(content)
    return record


def is_sound(data: bytes, folder: Path) -> bool:
    """Whether `data` is a crate whose files are as its manifest says."""
    (folder / "got.zip").write_bytes(data)
    return check.check(folder / "got.zip", conforms=False).ok


def alone(ready: deposit.Prepared, folder: Path) -> deposit.Prepared:
    """The same crate with another digest, so that a test has a record of its own in an archive that all share."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / NAME
    copy.write_bytes(ready.crate.read_bytes())
    with zipfile.ZipFile(copy, "a") as archive:
        archive.comment = secrets.token_hex(8).encode()
    return replace(ready, crate=copy, plan=replace(ready.plan, crate=copy))
