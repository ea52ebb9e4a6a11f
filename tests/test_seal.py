"""Claims about seals: no bit of a crate changes unseen, and who signed what is known; with the real ssh-keygen."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provcap import codec, collect, signing, summary
from provcap.check import Findings, check
from provcap.cli import main
from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.questions import final_outputs
from provcap.seal import chain, manifest, signature, statement
from tests.conftest import read_run
from tests.test_crate import pack

needs_keys = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1, max_size=12)


def slugs(found: Findings) -> set[tuple[str, str]]:
    """Slug and subject of all findings."""
    return {(f.slug, f.subject) for f in found.findings}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small crate as a directory, with a seal and journals."""
    folder = tmp_path_factory.mktemp("small")
    return pack(read_run("minimal"), folder)[0]


@pytest.fixture(scope="module")
def small_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a zip."""
    return pack(read_run("minimal"), tmp_path_factory.mktemp("zip"), "crate.zip")[0]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new SSH key, with ``signers`` beside it, which says that it is Alice's."""
    path = tmp_path_factory.mktemp("keys") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    path.with_name("signers").write_text(f"alice@example.org {path.with_suffix('.pub').read_text()}")
    return path


def contents(path: Path) -> dict[str, bytes]:
    """The files of a crate by place."""
    if path.is_dir():
        return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}


def is_whole(crate: Path) -> bool:
    """Whether a crate is neither refused nor has an error."""
    try:
        return check(crate, conforms=False).ok
    except ProvcapError:
        return False


@contextlib.contextmanager
def flipped(path: Path, position: int, bit: int) -> Iterator[None]:
    """The file at `path` with one bit flipped, for a while."""
    with path.open("r+b") as stream:
        for _ in range(2):
            stream.seek(position)
            byte = stream.read(1)[0]
            stream.seek(position)
            stream.write(bytes([byte ^ 1 << bit]))
            stream.flush()
            if _ == 0:
                yield


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bit_of_a_directory_flips_unseen(small: Path, data: st.DataObject) -> None:
    """A flipped bit in any file of a crate is an error."""
    places = sorted(p for p in small.rglob("*") if p.is_file() and p.stat().st_size)
    path = data.draw(st.sampled_from(places))
    position = data.draw(st.integers(0, path.stat().st_size - 1))
    with flipped(path, position, data.draw(st.integers(0, 7))):
        assert not is_whole(small), (path, position)
    assert check(small, conforms=False).ok


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_a_zip_flips_unseen(small_zip: Path, place: float, bit: int) -> None:
    """A flipped bit in any byte of a zip is an error, or leaves all contents as they were."""
    known = contents(small_zip)
    with flipped(small_zip, int(place * small_zip.stat().st_size), bit):
        assert not is_whole(small_zip) or contents(small_zip) == known


@pytest.mark.slow
def test_no_byte_of_a_directory_changes_unseen(small: Path) -> None:
    """One bit in each byte of each file of a directory, one after the other."""
    for path in sorted(p for p in small.rglob("*") if p.is_file()):
        for position in range(path.stat().st_size):
            with flipped(path, position, position % 8):
                assert not is_whole(small), (path, position)


@needs_keys
def test_who_asks_for_signers_gets_one(small: Path, key: Path) -> None:
    """With a file of signers, a crate that nobody signed is an error; without, it is worth a note."""
    assert [f.level for f in check(small, conforms=False).findings if f.slug == "unsigned"] == ["note"]
    found = check(small, key.with_name("signers"), conforms=False)
    last = summary.of_findings("a.zip", found, "signers").splitlines()[-1]
    assert last.startswith(
        "a.zip is whole; its profile was not checked, but nobody in signers has signed it (1 error, "
    )
    assert [f.level for f in found.findings if f.slug == "unsigned"] == ["error"]


@pytest.mark.slow
@pytest.mark.parametrize("bit", [0, 5])
def test_no_byte_of_a_zip_changes_unseen(small_zip: Path, bit: int) -> None:
    """One bit in each byte of a zip, one after the other: headers, contents, directory and all."""
    known = contents(small_zip)
    for position in range(small_zip.stat().st_size):
        with flipped(small_zip, position, bit):
            assert not is_whole(small_zip) or contents(small_zip) == known, position


@needs_keys
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_a_signed_zip_flips_unseen(
    small_zip: Path, key: Path, tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    """Where the zip is signed, every byte counts, those that hold no content as well."""
    path = tmp_path_factory.getbasetemp() / "signed.zip"
    if not path.exists():
        shutil.copy(small_zip, path)
        signing.sign(path, key)
    with flipped(path, int(place * path.stat().st_size), bit):
        assert not is_whole(path)
    assert check(path, key.with_name("signers"), conforms=False).ok


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=40), max_size=5))
def test_a_manifest_reads_back_what_was_written(files: dict[str, bytes]) -> None:
    """Every name survives a manifest, line ends and backslashes too, and each file is read back with its digest."""
    seen = {}
    for name, data in files.items():
        seen[name] = manifest.Seen()
        seen[name].update(data)
    text = manifest.compose(seen)[manifest.MANIFEST]
    found = {name: value for value, name in manifest._parse(text, "it")}
    assert {name: found[name] for name in files} == {name: s.sha256 for name, s in seen.items()}
    assert set(found) == {*files, manifest.BLOCKS}


def test_sha256sum_reads_the_manifest(tmp_path: Path) -> None:
    """The manifest is one for sha256sum, whatever the files are called."""
    target, _ = pack(read_run("odd-names"), tmp_path)
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", manifest.MANIFEST], cwd=target, check=False)
    assert done.returncode == 0


def test_it_is_said_where_a_large_file_is_wrong(tmp_path: Path) -> None:
    """Of a file with many blocks, the block with the first wrong byte is named, or that it ends too early."""
    data = os.urandom(3 * manifest.BLOCK + 5)
    seen = manifest.Seen()
    for part in (data[:7], data[7 : manifest.BLOCK + 9], data[manifest.BLOCK + 9 :]):
        seen.update(part)
    for place, text in manifest.compose({"a b": seen}).items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(text)
    listed = manifest.read(tmp_path) or {}

    def wrong(content: bytes) -> str:
        (tmp_path / "a b").write_bytes(content)
        found, _ = manifest.verify(tmp_path, listed, lambda: iter(()))
        return " ".join(one.message for one in found)

    assert wrong(data) == ""
    for position in (0, manifest.BLOCK, 2 * manifest.BLOCK - 1, len(data) - 1):
        first = position // manifest.BLOCK * manifest.BLOCK
        last = min(first + manifest.BLOCK, len(data)) - 1
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        assert f"one of bytes {first} to {last}" in wrong(changed)
    assert f"ends at byte {2 * manifest.BLOCK}, too early" in wrong(data[: 2 * manifest.BLOCK])


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a\0b", "link"])
def test_a_manifest_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    """What a manifest names outside the crate is missing, and is not read."""
    crate_, outside = tmp_path / "crate", tmp_path / "outside"
    crate_.mkdir()
    outside.write_bytes(b"secret")
    (crate_ / "link").symlink_to(outside)
    found, hashes = manifest.verify(crate_, {name: "0" * 64}, lambda: iter(()))
    assert [one.kind for one in found] == ["missing"]
    assert not hashes


@pytest.mark.parametrize(
    "text", ["x", f"{'0' * 64} a\n", f"{'A' * 64}  a\n", f"{'0' * 64}  b\n{'0' * 64}  a\n", "\\\n"]
)
def test_what_is_no_manifest_is_an_error(small: Path, tmp_path: Path, text: str) -> None:
    """A manifest that provcap would not have written is an error, not a traceback."""
    damaged = Path(shutil.copytree(small, tmp_path / "crate"))
    (damaged / manifest.MANIFEST).write_text(text)
    assert ("bad-manifest", manifest.MANIFEST) in slugs(check(damaged, conforms=False))


def journals(folder: Path, lines: int) -> Path:
    """The folder of a run with so many records."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.jsonl").write_text('{"event":"run_started"}\n{"event":"run_ended"}\n')
    (folder / "records.jsonl").write_text("".join(f'{{"id":"{n}"}}\n' for n in range(lines)))
    return folder


@pytest.mark.parametrize(("lines", "wrong", "told"), [(5, 3, "line 4 is wrong"), (2500, 1234, "one of 1235 to 1236")])
def test_a_changed_line_is_named(tmp_path: Path, lines: int, wrong: int, told: str) -> None:
    """Of a sealed journal the first line that was changed is named; of a long one, a few around it."""
    folder = journals(tmp_path, lines)
    chain.seal(folder)
    assert list(chain.breaks(folder)) == []
    text = (folder / "records.jsonl").read_text().splitlines(keepends=True)
    text[wrong] = text[wrong].replace('"id"', '"ID"')
    (folder / "records.jsonl").write_text("".join(text))
    ((name, message),) = chain.breaks(folder)
    assert (name, told in message) == ("records.jsonl", True), message


@given(st.integers(0, 8), st.sampled_from(["drop", "swap", "cut", "insert", "flip"]), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_no_change_of_a_sealed_journal_passes(line: int, how: str, position: int) -> None:
    """Lines that are dropped, swapped, cut, put in or changed break the chain."""
    with tempfile.TemporaryDirectory() as name:
        folder = journals(Path(name), 10)
        chain.seal(folder)
        path = folder / "records.jsonl"
        lines, data = path.read_bytes().splitlines(keepends=True), bytearray(path.read_bytes())
        if how == "flip":
            data[position % len(data)] ^= 1
        changed = {
            "drop": lines[:line] + lines[line + 1 :],
            "swap": [*lines[:line], lines[line + 1], lines[line], *lines[line + 2 :]],
            "cut": lines[:line],
            "insert": [*lines[:line], b"{}\n", *lines[line:]],
            "flip": [bytes(data)],
        }[how]
        path.write_bytes(b"".join(changed))
        assert [found for found, _ in chain.breaks(folder)] == ["records.jsonl"]


def test_a_journal_may_grow_and_what_was_sealed_stays_so(tmp_path: Path) -> None:
    """Records that come late are sealed too; a change of what was sealed before is never sealed over."""
    folder = journals(tmp_path, 3)
    chain.seal(folder)
    with (folder / "records.jsonl").open("a") as stream:
        stream.write('{"id":"late"}\n')
    assert list(chain.breaks(folder)) == []
    chain.seal(folder)
    before = (folder / chain.SEAL).read_bytes()
    assert json.loads(before)["journals"]["records.jsonl"]["lines"] == 4
    (folder / "records.jsonl").write_text('{"id":"forged"}\n' * 6)
    chain.seal(folder)
    assert (folder / chain.SEAL).read_bytes() == before
    assert [name for name, _ in chain.breaks(folder)] == ["records.jsonl"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format":"provcap.seal/1"}', '{"format":"provcap.seal/1","journals":{"events.jsonl":{}}}',
             '{"format":"provcap.seal/1","journals":{"../x":{}}}', '{"format":"provcap.seal/1","journals":{},"environments":["../x"]}',
             '{"format":"provcap.seal/1","journals":{"events.jsonl":{"lines":1e999,"bytes":1,"step":-9,"marks":["a"],"head":""}}}',
             '{"format":"provcap.seal/1","journals":{"events.jsonl":{"lines":2,"bytes":9,"step":-9,"marks":["a"],"head":""}}}',

             "[" * 100_000]
)  # fmt: skip
def test_a_damaged_seal_is_told(tmp_path: Path, text: str) -> None:
    """A seal that cannot be read is a finding, not a traceback, and is not replaced."""
    folder = journals(tmp_path, 1)
    (folder / chain.SEAL).write_text(text)
    assert [name for name, _ in chain.breaks(folder)] == [chain.SEAL]
    if "journals" not in text:
        chain.seal(folder)
        assert (folder / chain.SEAL).read_text() == text


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work directory of a run of one rule, as recorded and collected."""
    workdir = tmp_path_factory.mktemp("recorded")
    (workdir / "Snakefile").write_text('rule a:\n    output: "a.txt"\n    shell: "echo a > {output}"\n')
    arguments = ["run", "-d", str(workdir), "--", "--cores", "1", "--quiet", "all"]
    done = subprocess.run([sys.executable, "-m", "provcap", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return workdir


def run_folder(workdir: Path) -> Path:
    """The folder of the only run in `workdir`."""
    (folder,) = (workdir / ".provcap" / "runs").iterdir()
    return folder


def test_a_run_is_sealed_when_it_has_ended(recorded: Path) -> None:
    """What Snakemake's run left is sealed, and collecting it again changes neither seal nor run."""
    folder = run_folder(recorded)
    before = {name: (folder / name).read_bytes() for name in (chain.SEAL, "run.json")}
    sealed = chain.read(folder / chain.SEAL)
    assert sealed is not None
    assert set(sealed["journals"]) == {"events.jsonl", "records.jsonl"}
    collect.collect(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_forged_record_is_a_gap(recorded: Path, tmp_path: Path) -> None:
    """Who changes a record after the run and collects it again gets a gap that says so, in run and crate."""
    workdir = Path(shutil.copytree(recorded, tmp_path / "work"))
    folder = run_folder(workdir)
    path = folder / "records.jsonl"
    path.write_text(path.read_text().replace('"rule":"a"', '"rule":"b"'))
    gaps = {gap.slug for gap in collect.collect(folder).gaps}
    assert "seal-broken" in gaps


def test_a_crate_with_journals_is_checked_against_its_seal(recorded: Path, tmp_path: Path) -> None:
    """With --with-journals the chain is checked in the crate, even when whoever changed it made a new manifest."""
    target = tmp_path / "crate"
    assert main(["crate", "-d", str(recorded), "--with-journals", "-o", str(target)]) == 0
    found = check(target, conforms=False)
    assert found.ok, found
    path = target / "provenance/records.jsonl"
    path.write_text(path.read_text().replace("echo a", "echo b"))
    (target / manifest.MANIFEST).unlink()
    assert ("seal-broken", "provenance/records.jsonl") in slugs(check(target, conforms=False))


@needs_keys
@pytest.mark.parametrize("name", ["crate", "crate.zip"])
def test_who_signed_is_known(tmp_path: Path, key: Path, name: str) -> None:
    """A signature holds; with a file of signers it has a name, without it nobody's, and another's is an error."""
    target, _ = pack(read_run("minimal"), tmp_path, name)
    before = contents(target)
    made = signing.sign(target, key)
    assert {k: v for k, v in contents(target).items() if not k.endswith(".sig")} == before
    assert ("signer-unknown", made.name) in slugs(check(target, conforms=False))
    assert ("signed", made.name) in slugs(check(target, key.with_name("signers"), conforms=False))
    others = tmp_path / "others"
    others.write_text("bob ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS\n")
    found = check(target, others, conforms=False)
    assert (found.ok, ("unknown-signer", made.name) in slugs(found)) == (False, True)


@needs_keys
def test_a_signature_for_another_purpose_is_none(small: Path, tmp_path: Path, key: Path) -> None:
    """What the same key has signed as something else, a git commit for instance, does not pass as a crate's signature."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    manifest_ = target / manifest.MANIFEST
    with manifest_.open("rb") as stream:
        done = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", "git"], stdin=stream, capture_output=True
        )
    (target / manifest.SIGNATURE).write_bytes(done.stdout)
    assert ("bad-signature", manifest.SIGNATURE) in slugs(check(target, conforms=False))


@needs_keys
def test_what_was_added_to_a_signed_crate_is_no_part_of_it(small: Path, tmp_path: Path, key: Path) -> None:
    """A file that somebody puts into a signed directory is a warning: the signature does not cover it."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    signing.sign(target, key)
    (target / "more.txt").write_text("more")
    assert [f.level for f in check(target, conforms=False).findings if f.subject == "more.txt"] == ["warning"]


@needs_keys
def test_a_crate_that_is_not_whole_is_not_signed(small: Path, tmp_path: Path, key: Path) -> None:
    """A changed crate, one without a manifest and one that is signed already are refused, and no signature is left."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    (target / "README.md").write_text("other")
    with pytest.raises(ProvcapError) as caught:
        signing.sign(target, key)
    assert caught.value.slug == "not-whole"
    (target / manifest.MANIFEST).unlink()
    (target / "README.md").write_bytes((small / "README.md").read_bytes())
    with pytest.raises(ProvcapError, match="was not signed"):
        signing.sign(target, key)
    assert not (target / manifest.SIGNATURE).exists()
    again = Path(shutil.copytree(small, tmp_path / "again"))
    signing.sign(again, key)
    with pytest.raises(ProvcapError) as caught:
        signing.sign(again, key)
    assert caught.value.slug == "target-exists"


@needs_keys
def test_trouble_with_keys_has_a_way_out(
    small: Path, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, what is no key, no file of signers and no ssh-keygen are errors with a hint; nothing is left behind."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    (tmp_path / "text").write_text("no key")
    for path, slug in ((tmp_path / "nothing", "no-key"), (tmp_path / "text", "not-signed")):
        with pytest.raises(ProvcapError) as caught:
            signing.sign(target, path)
        assert (caught.value.slug, bool(caught.value.hint)) == (slug, True)
    assert not (target / manifest.SIGNATURE).exists()
    signing.sign(target, key)
    with pytest.raises(ProvcapError) as caught:
        check(target, tmp_path / "nothing", conforms=False)
    assert (caught.value.slug, bool(caught.value.hint)) == ("no-signers", True)
    monkeypatch.setattr(signature, "PROGRAM", "no-such-program")
    found = check(target, conforms=False)
    assert (found.ok, ("no-ssh-keygen", manifest.SIGNATURE) in slugs(found)) == (False, True)


@needs_keys
def test_sign_and_check_on_the_command_line(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`provcap sign` prints the file with the signature; `provcap check` says whose it is and ends with 0."""
    target, _ = pack(read_run("succeeded"), tmp_path, "crate.zip")
    assert main(["sign", str(target), "--key", str(key)]) == 0
    assert capsys.readouterr().out.strip() == f"{target}.sig"
    monkeypatch.setattr("provcap.crate.conformance.is_installed", lambda: False)
    assert main(["check", str(target), "--signers", str(key.with_name("signers"))]) == 0
    assert "signed by alice@example.org" in capsys.readouterr().out


def test_a_statement_says_what_the_outputs_come_from(any_run: Run) -> None:
    """Every output with a digest is a subject, and every input, workflow file and image a dependency with a digest."""
    text = statement.compose(any_run)
    if text is None:
        assert not any(artifact.digest for artifact in final_outputs(any_run))
        return
    said = json.loads(text)
    assert (said["_type"], said["predicateType"]) == (statement.STATEMENT, statement.PREDICATE)
    definition = said["predicate"]["buildDefinition"]
    for one in (*said["subject"], *definition["resolvedDependencies"]):
        assert one["digest"]
    assert set(definition) == {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"}
    sources = {one["name"] for one in definition["resolvedDependencies"]}
    assert {s.path for s in any_run.workflow.sources} <= sources
    assert statement.compose(any_run) == text


def test_a_statement_has_no_secrets_of_its_own() -> None:
    """The statement tells nothing that run.json does not: no environment variables, no times but the run's."""
    run = read_run("succeeded")
    said = json.loads(statement.compose(run) or b"{}")
    told = codec.dump_run(run)
    for one in (*said["subject"], *said["predicate"]["buildDefinition"]["resolvedDependencies"]):
        assert all(value in told for value in one["digest"].values())


@needs_keys
def test_a_manifest_that_leaves_out_a_result_is_neither_signed_nor_whole(
    small: Path, tmp_path: Path, key: Path
) -> None:
    """A list of checksums from which somebody removed what the crate is made of protects nothing, and `check` and `sign`
    say so; a signature under an older, shorter list does not make it whole."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    listed = (target / manifest.MANIFEST).read_text().splitlines(keepends=True)
    (target / manifest.MANIFEST).write_text("".join(line for line in listed if "ro-crate-metadata.json" not in line))
    with pytest.raises(ProvcapError) as caught:
        signing.sign(target, key)
    assert caught.value.slug == "not-whole"
    signature.sign(target / manifest.MANIFEST, key, target / manifest.SIGNATURE)  # with another tool
    found = check(target, key.with_name("signers"), conforms=False)
    assert ("file-unlisted", "ro-crate-metadata.json") in {
        (f.slug, f.subject) for f in found.findings if f.level == "error"
    }


@needs_keys
def test_a_crate_with_stray_files_is_not_signed(small: Path, tmp_path: Path, key: Path) -> None:
    """What the manifest does not list would not be under the signature: it is named, and nothing is signed."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    (target / "stray.txt").write_text("x")
    with pytest.raises(ProvcapError, match=r"stray\.txt"):
        signing.sign(target, key)
    assert not (target / manifest.SIGNATURE).exists()


@pytest.mark.parametrize("name", ["./README.md", "provenance/../README.md", "/README.md", "../x", "a//b"])
def test_a_manifest_with_odd_names_is_none(small: Path, tmp_path: Path, name: str) -> None:
    """Only plain paths in the crate stand in a manifest."""
    target = Path(shutil.copytree(small, tmp_path / "crate"))
    lines = [f"{'0' * 64}  {name}\n", *(target / manifest.MANIFEST).read_text().splitlines(keepends=True)]
    (target / manifest.MANIFEST).write_text("".join(sorted(lines, key=lambda line: line[66:])))
    assert ("bad-manifest", manifest.MANIFEST) in slugs(check(target, conforms=False))
