"""A crate reaches an archive whole and once, whatever the archive and the network do; and its token goes nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from provcap import check, deposit, unpack
from provcap.deposit import answers, invenio_files, naming, state, tokens, transport
from provcap.deposit.invenio_metadata import marker
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError
from tests import archive_server, deposits, workflows
from tests.archive_server import Archive
from tests.crates import ABOUT, pack
from tests.deposits import is_sound, send, whole

PASSING = ("500", "503", "429", "429-date", "drop-before", "drop-after", "half", "slow", "wrong-checksum")


def test_a_crate_becomes_a_draft_and_is_published_when_that_is_wanted(
    server: Archive, ready: deposit.Prepared, tmp_path: Path
) -> None:
    """Without a yes it stays a draft; the same call with one publishes that draft and sends nothing again."""
    first = send(server, ready, tmp_path, publish=False)
    assert not first.published
    assert not server.records[first.record]["published"]
    before = len(server.requests)
    assert send(server, ready, tmp_path).published
    sent = [path for method, path, _ in server.requests[before:] if method == "PUT" and "content" in path]
    assert sent == []
    assert whole(server, ready) == first.record


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_waited_for(server: Archive, ready: deposit.Prepared, tmp_path: Path, fault: str) -> None:
    """Every third request (or ninth) meets the fault, and the crate is there, whole and once."""
    often = 9 if fault == "429-date" else 3  # dates have whole seconds
    server.fault = lambda number, method, path: fault if number % often == 2 else None
    send(server, ready, tmp_path)
    data = server.content(whole(server, ready))["words.crate.zip"]
    assert is_sound(data, tmp_path)


@pytest.mark.parametrize(
    ("fault", "slug"),
    [
        ("500", "archive-unreachable"),
        ("429", "archive-unreachable"),
        ("half", "archive-unreachable"),
        ("401", "archive-forbids"),
        ("403", "archive-forbids"),
        ("echo", "archive-forbids"),
        ("wrong-checksum", "checksum-differs"),
    ],
)
def test_what_does_not_pass_ends_in_one_clear_line(
    server: Archive, ready: deposit.Prepared, tmp_path: Path, fault: str, slug: str
) -> None:
    """The error says what, and the token is not in it."""
    server.fault = lambda number, method, path: fault
    with pytest.raises(ProvcapError) as caught:
        send(server, ready, tmp_path)
    assert caught.value.slug == slug
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert server.token not in repr((caught.value.message, caught.value.hint, caught.value.__context__))


def test_the_token_goes_to_no_other_host(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """A redirect of a GET is followed without the token, one of anything else is not followed."""
    with archive_server.running() as other:
        server.elsewhere = f"{other.url}/api/user/records?q=x"
        server.fault = lambda number, method, path: "redirect"
        with pytest.raises(ProvcapError):
            send(server, ready, tmp_path)
        http = transport.Transport(f"{server.url}/api", server.token)
        with pytest.raises(transport.Refused) as caught:
            http.call("POST", "records", plain={})
        assert caught.value.slug == "archive-refused"
        assert other.requests
        assert not [headers for _, _, headers in other.requests if server.token in str(headers)]
        assert {method for method, _, _ in other.requests} == {"GET"}


@pytest.mark.parametrize("seed", range(10))
def test_a_killed_deposit_goes_on(server: Archive, ready: deposit.Prepared, tmp_path: Path, seed: int) -> None:
    """kill -9 at a random request, before or after the archive did it: the next try makes one whole record of it."""
    dice = random.Random(seed)
    killed_at, how = dice.randint(1, 26), dice.choice(("kill-before", "kill-after"))
    server.fault = lambda number, method, path: how if number == killed_at else None
    server.victim = pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            while server.victim is None:
                time.sleep(0)
            send(server, ready, tmp_path)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    server.victim = None
    assert os.WIFSIGNALED(status) or len(server.requests) < killed_at
    send(server, ready, tmp_path)
    assert is_sound(server.content(whole(server, ready))["words.crate.zip"], tmp_path)


def test_an_answer_that_was_lost_makes_no_second_draft(
    server: Archive, ready: deposit.Prepared, tmp_path: Path
) -> None:
    """The state is lost together with the answer to the request that made the draft; it is found by its marker."""
    send(server, ready, tmp_path / "first", publish=False)
    send(server, ready, tmp_path / "second")
    whole(server, ready)


def test_where_nobody_can_search_a_person_is_asked(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """An archive without a search that lost the answer: no second draft is made, and --draft goes on with the first."""
    server.searches = False
    server.fault = lambda number, method, path: "drop-after" if (method, path) == ("POST", "/api/records") else None
    for slug in ("archive-unreachable", "draft-unclear"):
        with pytest.raises(ProvcapError) as caught:
            send(server, ready, tmp_path)
        assert caught.value.slug == slug
    assert "--draft" in caught.value.hint
    (record,) = server.records
    assert send(server, ready, tmp_path, draft=record).published
    whole(server, ready)


def test_a_deposit_is_nobody_elses_meanwhile(tmp_path: Path) -> None:
    """Two at once are refused, and a killed process holds nothing."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        with state.locked(tmp_path, "sha256:1", "invenio", "u"):
            os.write(tell, b"!")
            time.sleep(60)
        os._exit(0)
    os.read(told, 1)
    with pytest.raises(ProvcapError) as caught, state.locked(tmp_path, "sha256:1", "invenio", "u"):
        pass
    assert caught.value.slug == "deposit-going-on"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with state.locked(tmp_path, "sha256:1", "invenio", "u") as known:
        assert known.facts == {}


def test_the_doi_is_written_into_what_is_sent(
    server: Archive, ready: deposit.Prepared, crate: Path, tmp_path: Path
) -> None:
    """The crate in the archive says its reserved DOI and is whole; the user's own is not touched."""
    before = crate.read_bytes()
    receipt = send(server, ready, tmp_path)
    content = server.content(receipt.record)
    (tmp_path / "got.zip").write_bytes(content["words.crate.zip"])
    assert check.check(tmp_path / "got.zip").ok
    with zipfile.ZipFile(tmp_path / "got.zip") as archive:
        inside = archive.read("ro-crate-metadata.json")
    assert inside == content["ro-crate-metadata.json"]
    root = next(e for e in json.loads(inside)["@graph"] if e["@id"] == "./")
    assert root["identifier"][0] == f"https://doi.org/{receipt.doi}"
    assert crate.read_bytes() == before


def test_a_doi_fits_newer_crates(crate: Path, tmp_path: Path) -> None:
    """RO-Crate 1.3 wants identifiers as entities; the crate stays valid and says both, DOI and run."""
    newer = pack(crate.parent, tmp_path / "newer.crate.zip", "--profile", "0.6")
    with unpack.opened(newer) as root:
        found = naming.named(newer, root, "10.5072/x.1", tmp_path / "copy")
    entities = {e["@id"]: e for e in json.loads((found / "ro-crate-metadata.json").read_bytes())["@graph"]}
    first, *others = [entities[one["@id"]] for one in entities["./"]["identifier"]]
    assert first["value"] == "doi:10.5072/x.1"
    assert others
    assert check.check(found).ok


def test_a_signed_crate_goes_as_it_is(server: Archive, ready: deposit.Prepared, crate: Path, tmp_path: Path) -> None:
    """Not a byte of it changes, and the user is told that its DOI is not in it."""
    signed = tmp_path / crate.name
    signed.write_bytes(crate.read_bytes())
    signed.with_name(f"{crate.name}.sig").write_text("a signature")
    said: list[str] = []
    receipt = send(server, replace(ready, crate=signed, plan=replace(ready.plan, crate=signed)), tmp_path, said=said)
    assert server.content(receipt.record)["words.crate.zip"] == crate.read_bytes()
    assert any("signed" in line for line in said)


def test_no_doi_is_no_obstacle(server: Archive, ready: deposit.Prepared, crate: Path, tmp_path: Path) -> None:
    """An archive that reserves none gets the crate as it is, and the user is told."""
    server.reserves = False
    said: list[str] = []
    receipt = send(server, ready, tmp_path, said=said)
    assert receipt.doi is None
    assert server.content(receipt.record)["words.crate.zip"] == crate.read_bytes()
    assert any("no DOI" in line for line in said)


def test_what_the_vocabularies_lack_is_said_in_words(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """ROR, licence and kinds of description that the server does not know become names, links and paragraphs."""
    known = server.records[send(server, ready, tmp_path / "a").record]["metadata"]
    person = known["creators"][0]
    assert person["person_or_org"]["identifiers"] == [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}]
    assert person["affiliations"] == [{"id": "05gq02987"}]
    assert known["rights"] == [{"id": "cc-by-4.0"}]
    assert {d["type"]["id"] for d in known["additional_descriptions"]} == {"methods", "technical-info"}
    server.records.clear()
    server.lacks = {"05gq02987", "cc-by-4.0", "methods", "technical-info", "references"}
    said: list[str] = []
    lacking = server.records[send(server, ready, tmp_path / "b", said=said).record]["metadata"]
    assert len([line for line in said if "'References'" in line]) == 1
    assert lacking["creators"][0]["affiliations"] == [{"name": "Brown University"}]
    assert lacking["rights"][0]["link"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert "additional_descriptions" not in lacking
    assert "<h3>Methods</h3>" in lacking["description"]


def test_complaints_of_the_server_are_a_line_each(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """Validation errors name the field and what is wrong with it."""
    short = replace(ready, description=replace(ready.description, title="x"))
    with pytest.raises(ProvcapError) as caught:
        send(server, short, tmp_path)
    assert caught.value.slug == "draft-rejected"
    assert caught.value.message.splitlines()[1:] == ["  title: Shorter than minimum length 3."]


def test_a_next_version_is_one_of_the_same_record(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """--new-version makes the next version of that record, once."""
    first = send(server, ready, tmp_path / "one").record
    server.records[first]["metadata"]["identifiers"] = [{"identifier": marker("sha256:other"), "scheme": "other"}]
    for _ in range(2):
        second = send(server, ready, tmp_path / "two", new_version=f"{server.url}/records/{first}").record
        assert server.records[second]["parent"] == first
    assert len(server.records) == 2


def test_large_files_go_in_parts(
    server: Archive, ready: deposit.Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that arrived before an interruption are not sent again, and together they are the file."""
    monkeypatch.setattr(invenio_files, "PART_BYTES", 50_000)
    monkeypatch.setattr(invenio_files, "IN_PARTS_FROM", 100_000)
    server.fault = lambda number, method, path: "401" if path.endswith("/content/4") else None
    with pytest.raises(ProvcapError):
        send(server, ready, tmp_path)
    server.fault = lambda number, method, path: None
    server.requests.clear()
    send(server, ready, tmp_path)
    sent = [int(path.rpartition("/")[2]) for method, path, _ in server.requests if "words.crate.zip/content/" in path]
    assert sent[0] == 4
    assert is_sound(server.content(whole(server, ready))["words.crate.zip"], tmp_path)


def test_an_archive_without_parts_gets_the_file_at_once(
    server: Archive, ready: deposit.Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where parts are refused, the file goes as a whole."""
    monkeypatch.setattr(invenio_files, "IN_PARTS_FROM", 100_000)
    server.takes_parts = False
    send(server, ready, tmp_path)
    assert is_sound(server.content(whole(server, ready))["words.crate.zip"], tmp_path)


def test_tokens_come_from_where_nobody_else_looks(tmp_path: Path) -> None:
    """A file that others may read is refused, the archive's own variable wins, and nothing else is taken for a token."""
    file = tmp_path / "token"
    file.write_text("secret-in-file\n")
    file.chmod(0o644)
    with pytest.raises(ProvcapError) as caught:
        tokens.find("zenodo", "https://zenodo.org/api", file)
    assert caught.value.slug == "unsafe-token-file"
    assert "chmod 600" in caught.value.hint
    file.chmod(0o600)
    assert tokens.find("zenodo", "https://zenodo.org/api", file) == "secret-in-file"
    both = {"PROVCAP_TOKEN": "general", "PROVCAP_TOKEN_BIOIMAGE_ARCHIVE": "own"}
    assert tokens.find("bioimage-archive", "https://example.org", environment=both) == "own"
    assert (
        tokens.find("zenodo", "https://zenodo.org", environment={"PROVCAP_TOKEN_FILE": str(file)}) == "secret-in-file"
    )
    with pytest.raises(ProvcapError) as caught:
        tokens.find("zenodo", "https://zenodo.org", environment={"PROVCAP_TOKEN": "two\nlines-of-secret"})
    assert caught.value.slug == "no-token"
    assert "lines" not in caught.value.message


@pytest.mark.parametrize("url", ["http://example.org", "ftp://example.org", "https://u:p@example.org", "example.org"])
def test_only_safe_urls_are_spoken_to(url: str) -> None:
    """No TLS, no archive; this machine alone is excepted."""
    with pytest.raises(ProvcapError) as caught:
        transport.Transport(url, "secret")
    assert caught.value.slug == "bad-url"
    assert "u:p" not in caught.value.message
    assert "secret" not in repr(transport.Transport("http://127.0.0.1:1", "secret"))


def test_a_long_retry_after_is_cut_short(server: Archive) -> None:
    """An archive that asks to come back in a year is asked again in two minutes."""
    waited: list[float] = []
    http = transport.Transport(f"{server.url}/api", server.token, pause=waited.append)

    server.fault = lambda number, method, path: {1: "429", 2: "429-long"}.get(number)
    http.call("GET", "vocabularies/languages/eng")
    assert waited == [0, answers.LONGEST_PAUSE_S]


def test_the_token_is_shown_nowhere(server: Archive, crate: Path, tmp_path: Path) -> None:
    """Not on stdout or stderr, not with --debug, not in the state, and not among the arguments that ps shows."""
    server.fault = lambda number, method, path: "403" if path.endswith("/commit") else None
    file = tmp_path / "token"
    file.write_text(server.token)
    file.chmod(0o600)
    words = ["deposit", str(crate), "--to", "invenio", "--url", server.url, "--debug", "-d", str(tmp_path)]
    given: tuple[tuple[list[str], dict[str, str]], ...] = (
        (["--token-file", str(file)], {}),
        ([], {"PROVCAP_TOKEN_INVENIO": server.token}),
    )
    for more, variables in given:
        done = workflows.provcap(tmp_path, *words, *more, **variables)
        assert done.returncode != 0
        assert "Traceback" in done.stderr
        assert server.token not in done.stdout + done.stderr + " ".join(done.args)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path != file]
    assert [path for path in kept if path.suffix == ".json"]
    assert not [path for path in kept if server.token.encode() in path.read_bytes()]


def test_publishing_wants_a_yes(crate: Path, tmp_path: Path) -> None:
    """Without a terminal and without --yes nothing is done."""
    done = workflows.provcap(tmp_path, "deposit", str(crate), "--to", "zenodo", "--publish")
    assert done.returncode == 2
    assert "[not-confirmed]" in done.stderr


def test_a_crate_that_is_not_whole_does_not_leave(server: Archive, crate: Path, tmp_path: Path) -> None:
    """What `provcap check` finds wrong is refused before anything is sent."""
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path / "crate")
    (tmp_path / "crate/words.txt").write_text("4\n")
    words = ["deposit", "crate", "--to", "invenio", "--url", server.url]
    done = workflows.provcap(tmp_path, *words, PROVCAP_TOKEN=server.token)
    assert done.returncode == 2
    assert "[damaged-crate]" in done.stderr
    assert server.requests == []


def test_an_archive_of_a_third_party_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that names an archive under the entry point group provcap.archives gives it, also for a name of ours."""
    (tmp_path / "their_archive.py").write_text(
        "class Own:\n    name = 'folder'\n    def __init__(self, target): pass\n"
    )
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[provcap.archives]\nfolder = their_archive:Own\n")
    monkeypatch.syspath_prepend(tmp_path)
    target = deposit.Target(str(tmp_path), Settings(), lambda: "", lambda _: None)
    assert type(deposit.archive("folder", target)).__module__ == "their_archive"
    with pytest.raises(ProvcapError) as caught:
        deposit.archive("attic", target)
    assert caught.value.slug == "unknown-archive"
    assert "zenodo" in caught.value.hint


def test_what_is_in_the_crate_can_keep_it_from_leaving(
    server: Archive, ready: deposit.Prepared, tmp_path: Path
) -> None:
    """A secret in a file of the crate is named with its place, and nothing is sent."""
    folder = workflows.write(tmp_path / "run", deposits.SNAKEFILE, in__txt="a b c\n", provcap__yaml=ABOUT)
    (folder / "in.txt").write_text("password = 'correct-horse-Battery9-staple'\nAKIAIOSFODNN7EXAMPLE\n")
    words = ("run", "--crate", "secret.crate.zip", "--", "--cores", "1", "--quiet", "all")
    assert workflows.provcap(folder, *words).returncode == 0
    words = ("deposit", "secret.crate.zip", "--to", "invenio", "--url", server.url)
    done = workflows.provcap(folder, *words, PROVCAP_TOKEN=server.token)
    assert done.returncode == 2
    assert "[deposit-blocked]" in done.stderr
    assert "in.txt" in done.stderr
    assert server.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """TLS is verified, and the token is not sent before."""
    pair = (str(tmp_path / "key.pem"), str(tmp_path / "cert.pem"))
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2".split()
    subprocess.run([*words, "-keyout", pair[0], "-out", pair[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair[1], pair[0])
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as stream:
            heard.append(stream.recv(1 << 16))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        http = transport.Transport(f"https://localhost:{listening.getsockname()[1]}/api", "secret-token")
        with pytest.raises(transport.Refused) as caught:
            http.call("GET", "records")
    assert "certificate" in caught.value.message
    assert not any(b"secret-token" in data for data in heard)


def test_a_web_page_is_no_archive(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """A URL that answers with a page for people is told at once."""
    server.fault = lambda number, method, path: "page"
    with pytest.raises(ProvcapError) as caught:
        send(server, ready, tmp_path)
    assert caught.value.slug == "archive-refused"
    assert "URL" in caught.value.hint
    assert len(server.requests) < 20


def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    """What cannot be read as the state of this deposit is not guessed at."""
    with state.locked(tmp_path, "sha256:1", "invenio", "u") as known:
        known.note(record="a")
    for text in ("{", "[]", known.path.read_text().replace("sha256:1", "sha256:2")):
        known.path.write_text(text)
        with pytest.raises(ProvcapError) as caught, state.locked(tmp_path, "sha256:1", "invenio", "u"):
            pass
        assert caught.value.slug == "damaged-deposit"


def test_a_community_is_asked_not_told(server: Archive, ready: deposit.Prepared, tmp_path: Path) -> None:
    """With --community the draft is handed in there, and is not published by us; one that does not exist is told."""
    receipt = send(server, ready, tmp_path, community="lab")
    assert not receipt.published
    assert server.records[receipt.record]["review"] == "submitted"
    with pytest.raises(ProvcapError) as caught:
        send(server, ready, tmp_path / "other", community="nobody")
    assert caught.value.slug == "unknown-community"
    assert len(server.records) == 1


def test_ctrl_c_leaves_what_can_go_on(server: Archive, crate: Path, tmp_path: Path) -> None:
    """Interrupted on the command line, the deposit says so in a line; the same command goes on with the same draft."""
    command = [sys.executable, "-P", "-m", "provcap", "deposit", str(crate), "--to", "invenio", "--url", server.url]
    environment = {**workflows.QUIET, "PROVCAP_TOKEN": server.token}
    more = {"cwd": tmp_path, "env": environment, "text": True, "stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **more) as first:
        reached = threading.Event()

        def fault(number: int, method: str, path: str) -> str | None:
            if path.endswith("/commit") and not reached.is_set():
                reached.set()
                first.send_signal(signal.SIGINT)
                time.sleep(0.5)
            return None

        server.fault = fault
        said = first.communicate(timeout=60)[1]
    assert first.returncode == 2
    assert "[interrupted]" in said
    assert "Traceback" not in said
    done = subprocess.run(
        command, check=False, **{k: v for k, v in more.items() if "std" not in k}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    (record,) = server.records
    assert is_sound(server.content(record)["words.crate.zip"], tmp_path)
