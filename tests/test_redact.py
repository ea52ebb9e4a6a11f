"""Nothing secret or personal leaves unseen."""

from __future__ import annotations

import base64
import gzip
import io
import json
import shutil
import time
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bundle, check, codec, digest, redact
from provcap.capture.scrub import PATTERNS
from provcap.crate.policy import Policy
from provcap.errors import ProvcapError
from provcap.model import Run
from provcap.opening import open_run
from provcap.redact import Allowed, Known, Limits, scan
from provcap.redact.pseudonyms import Pseudonyms
from provcap.redact.rules import REASONS, spans
from tests import workflows
from tests.conftest import materialise, read_run
from tests.crates import ABOUT, unpacked
from tests.engines import ROOT
from tests.plants import PLANTS

USER, HOST = "mmusterm", "knoten17.cluster.uni-x.de"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crate with nothing in it that should not leave, of a run whose user and host have names."""
    folder = tmp_path_factory.mktemp("clean")
    run = replace(read_run("succeeded"), user="root", hostname="localhost")
    run = replace(run, hardware=tuple(replace(h, hostname="localhost") for h in run.hardware))
    bundle.write_crate(run, materialise(run, folder / "work"), folder / "crate")
    return folder / "crate"


@pytest.fixture
def named(clean: Path, tmp_path: Path) -> Path:
    """A directory with nothing but a record, of a user and a host with names; they are allowed where they belong."""
    (tmp_path / "crate/provenance").mkdir(parents=True)
    plain = json.loads((clean / "provenance/run.json").read_bytes()) | {"user": USER, "hostname": HOST}
    (tmp_path / "crate/provenance/run.json").write_text(json.dumps(plain))
    return tmp_path / "crate"


OWN = (Allowed("user-name", "provenance/run.json", "the test"), Allowed("host-name", "provenance/run.json", "the test"))


def test_a_clean_crate_gives_no_finds(clean: Path) -> None:
    """Digests, DOIs, ORCIDs, package versions and our own words are no finds."""
    assert scan(clean) == ()


@pytest.mark.parametrize("name", PLANTS)
def test_each_plant_is_found_and_not_told(name: str, named: Path) -> None:
    """A secret planted alone is found by its rule, blocks, and does not stand in the find."""
    plant = PLANTS[name]
    plant.put(named)
    finds = redact.blocking(scan(named, OWN))
    assert plant.rule in {find.rule for find in finds}, finds
    assert all(plant.value not in str(asdict(find) | {"place": "", "file": ""}) for find in finds), finds


def test_all_plants_stop_the_crate(clean: Path, tmp_path: Path) -> None:
    """A crate with more than 25 planted secrets is stopped by name of each rule and file; exit code 1, JSON alike."""
    crate = shutil.copytree(clean, tmp_path / "crate")
    before = {path for path in crate.rglob("*") if path.is_file()}
    plain = json.loads((crate / "provenance/run.json").read_bytes()) | {"user": USER, "hostname": HOST}
    (crate / "provenance/run.json").write_text(json.dumps(plain))
    for plant in PLANTS.values():
        plant.put(crate)
    done = workflows.provcap(tmp_path, "redact", "crate", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert len(PLANTS) >= 25
    assert told["blocks"]
    assert {plant.rule for plant in PLANTS.values()} <= {find["rule"] for find in told["finds"]}
    planted = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file() and path not in before}
    assert planted <= {find["file"] for find in told["finds"]}
    in_record = [find["place"] for find in told["finds"] if find["file"] == "provenance/run.json"]
    for part in ("params/db/password", "jobs/0/command", "command/2", "variables/HF_TOKEN"):
        assert any(part in place for place in in_record), part
    done = workflows.provcap(tmp_path, "redact", "crate")
    assert (done.returncode, "should not leave" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    "text",
    [
        "nvidia-curand-cu12==10.3.5.147 version: 10.1.2.3 tokenizers==0.19.1",
        "git@github.com:a/b.git image@2x.png x@example.org pkg:pypi/numpy@2.0.1",
        "threading.local() self.config.local settings.local.yaml np.max(x) /home/root/x /home/user-1/x ~/x",
        'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 "d41d8cd98f00b204e9800998ecf8427e"',
        "swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2 10.5281/zenodo.1234567 0000-0002-1825-0097",
        "https://example.org/home/index.html https://data.example.org/users/me, y ~ group/batch",
        '"IHC_denoise-Haematoxylin/A1.ome" "results/measurements/2023-11/Plate-B07/Well_C3.tif"',
        "token_type: bearer\ntokenizer: wordpiece\npassword_file: /etc/pw PWD=/data/x --token-file FILE TOKEN=… api_key: <yours>",
        "AUTH_TOKEN = os.environ['AUTH_TOKEN'] token: ${{ secrets.T }} primary_key: id dobutamine 2020-01-01",
        "run by host-1 of user-1, email-1@redacted.invalid, 192.0.2.1, host-2.invalid, <redacted:jwt>",
    ],
)
def test_ordinary_text_is_no_find(text: str) -> None:
    """What looks like a name, an address or a key and is none, is passed."""
    assert spans(text, Known()) == []


def test_published_addresses_pass(named: Path) -> None:
    """An address that the metadata gives to an author is there on purpose."""
    entity = {"@id": "#a", "@type": "Person", "email": "mailto:erika@uni-x.de"}
    (named / "ro-crate-metadata.json").write_text(json.dumps({"@graph": [entity]}))
    (named / "x.md").write_text("erika@uni-x.de and max@uni-x.de")
    assert [(f.file, f.rule) for f in scan(named, OWN) if f.blocks] == [("x.md", "email")]


def test_an_entry_lets_its_finds_pass_with_the_reason(named: Path) -> None:
    """What is allowed does not block and says why; the same rule elsewhere, and other rules there, still do."""
    for place in ("results/a.csv", "logs/a.log"):
        (named / place).parent.mkdir(exist_ok=True)
        (named / place).write_text("n,x\n1,a@uni-x.de\n2,/home/carla/x\n")
    finds = scan(named, (*OWN, Allowed("email", "results/*.csv", "they are public")))
    assert {(f.file, f.rule) for f in finds if f.blocks} == {
        ("results/a.csv", "home-path"),
        ("logs/a.log", "email"),
        ("logs/a.log", "home-path"),
    }
    assert [f.because for f in finds if f.file == "results/a.csv" and not f.blocks] == ["they are public"]


def test_what_was_not_looked_into_is_told(tmp_path: Path) -> None:
    """Bombs, encrypted and damaged archives, boxes in boxes in boxes, links and large files block, by name."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(3 << 20))
    (tmp_path / "bomb.zip").write_bytes(bomb.getvalue())
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(3 << 20)))
    (tmp_path / "deep.gz").write_bytes(gzip.compress(gzip.compress(gzip.compress(b"x"))))
    (tmp_path / "torn.zip").write_bytes(bomb.getvalue()[:100])
    (tmp_path / "large.txt").write_bytes(b"a\n" * (3 << 20))
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "odd.tif").write_bytes(b"II*\0" + b"\xff" * 100)
    (tmp_path / "odd").write_bytes(bytes(128) + b"DICM" + b"\xff" * 64)
    finds = scan(tmp_path, limits=Limits(file_bytes=4 << 20, member_bytes=1 << 20))
    missed = {find.file for find in redact.blocking(finds) if find.rule == "not-scanned"}
    assert missed >= {"bomb.zip", "bomb.gz", "deep.gz", "torn.zip", "large.txt", "link", "odd.tif"}
    late = scan(tmp_path, limits=Limits(seconds=-1))
    assert {f.file for f in late if f.rule == "not-scanned"} == {path.name for path in tmp_path.iterdir()}


def test_many_finds_are_counted(tmp_path: Path) -> None:
    """Of 12,000 addresses in a table five are told, and how many more there are."""
    (tmp_path / "x.csv").write_text("".join(f"{n},p{n}@uni-x.de\n" for n in range(12_000)))
    finds = scan(tmp_path)
    assert (len(finds), [f.what for f in finds if "others" in f.what]) == (6, ["… and 11995 others"])


def test_binary_garbage_gives_no_finds(tmp_path: Path) -> None:
    """Random bytes, a megabyte of them, hold nothing."""
    import random

    (tmp_path / "x.bin").write_bytes(b"\0" + random.Random(1).randbytes(1 << 20))
    assert scan(tmp_path) == ()


@pytest.mark.parametrize(
    "piece",
    ["/home", "a@", "a.", "a.b@c.", "x.local", '"', "aws'", "~a", "10.", "/a/b", "aws ", "cloudant ", "patientname ",
     "birth-date=", "://", "AKIA", "eyJ", "password=", "-----BEGIN PRIVATE KEY-----"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(piece: str) -> None:
    """100 kB of what makes expressions go back and forth are looked through in less than two seconds."""
    began = time.perf_counter()
    spans(piece * (100_000 // len(piece)), Known(frozenset({"carla99"}), frozenset({"knoten"})))
    assert time.perf_counter() - began < 2


NAMES = st.sampled_from(
    ["/home/carla/x", "mmusterm", "~carla/x", "knoten17", HOST, "a@uni-x.de", "b@uni-x.de", "10.1.2.3", "10.1.2.4",
     "nas-2.lan", "--password hunter22", "C:\\Users\\carla\\x", "user-1", "host-1", "/data/home/eva/y", "plain"]
)  # fmt: skip
KNOWN = Known(frozenset({USER, "carla"}), frozenset({HOST, "knoten17"}))


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, max_size=8), st.sampled_from([" ", "\n", ", ", '" "']))
def test_pseudonyms_are_consistent_and_replaced_once(parts: list[str], between: str) -> None:
    """The same value gets the same name everywhere, different ones different names; nothing is found in what comes
    out, and replacing again changes nothing."""
    names = Pseudonyms(KNOWN, taken="user-1 host-1")
    text = between.join(parts)
    once = names.text(text)
    assert spans(once, KNOWN) == []
    assert names.text(once) == once
    each = {part: names.text(f"{between}{part}{between}") for part in parts}
    people = {each[p].strip('" ,\n') for p in each if p in ("a@uni-x.de", "b@uni-x.de", "10.1.2.3", "10.1.2.4")}
    assert len(people) == len({p for p in parts if p in ("a@uni-x.de", "b@uni-x.de", "10.1.2.3", "10.1.2.4")})
    assert between.join(parts).count(between) == once.count(between)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("db:\n  password: correct horse battery\n  host: x", "db:\n  password: <redacted:named-value>\n  host: x"),
        ("open C:\\Users\\Eva Maria\\x", "open C:\\Users\\user-1\\x"),
        ("passphrase: a b c # of the key", "passphrase: <redacted:named-value> # of the key"),
        ("mysql --password s3cret --host x", "mysql --password <redacted:named-value> --host x"),
        ("{password: s3cret, host: x}", "{password: <redacted:named-value>, host: x}"),
        ("the token: it has expired", "the token: it has expired"),
    ],
)
def test_passwords_are_replaced_whole(text: str, clean: str) -> None:
    """A password of several words is replaced with all of them, and nothing besides."""
    assert Pseudonyms(Known()).text(text) == clean


def test_a_token_is_replaced_each_time() -> None:
    """The same token twice in a line, and a password with a quotation mark in JSON, do not stay."""
    token = "sk_live_" + "a1b2c3d4" * 3
    assert token not in Pseudonyms(Known()).text(f"a {token} b {token}")
    record = {"password": 'a"b', "db_passphrase": "correct horse battery", "token": "what a token is for"}
    assert Pseudonyms(Known()).value(record) == {
        "password": "<redacted:named-value>",
        "db_passphrase": "<redacted:named-value>",
        "token": "what a token is for",
    }


def test_notebooks_and_json_stay_what_they_are() -> None:
    """Other names are put into the values of JSON, which stays JSON; what needs none keeps its bytes."""
    names = Pseudonyms(KNOWN)
    cell = {"cells": [{"source": ["token = tokenize(x)\n", 'password = "hunter\'22"\n', 'p = "/home/carla/x"\n']}]}
    clean = json.loads(names.content(json.dumps(cell).encode(), "a.ipynb"))
    assert clean["cells"][0]["source"] == [
        "token = tokenize(x)\n",
        'password = "<redacted:named-value>"\n',
        'p = "/home/user-1/x"\n',
    ]
    plain = b'{"a":  [1,\n 2.50]}'
    assert names.content(plain, "a.json") == plain


def test_a_machine_has_one_name() -> None:
    """Short and full name of a machine, and a user by name and by home directory, stay the same one."""
    names = Pseudonyms(KNOWN)
    assert names.text(f"knoten17 {HOST} carla /home/carla/x") == "host-1 host-1 user-1 /home/user-1/x"


def test_short_names_are_replaced_where_they_are_names() -> None:
    """A user called ``max`` on ``n1`` is replaced as account, in paths and addresses; the word stays in programs."""
    names = Pseudonyms(Known(frozenset({"max"}), frozenset({"n1"})))
    record = {
        "user": "max",
        "hostname": "n1",
        "params": {"mode": "max"},
        "command": "ssh max@n1 np.max(x) > /data/max/y",
    }
    assert names.value(record) == {
        "user": "user-1",
        "hostname": "host-1",
        "params": {"mode": "max"},
        "command": "ssh user-1@host-1 np.max(x) > /data/user-1/y",
    }


def test_what_authors_say_of_the_run_is_published(tmp_path: Path) -> None:
    """An address and a name that the description gives, and a repository under one's own name, are there on purpose."""
    run = read_run("succeeded")
    about = replace(run.about, description=f"By {USER}, ask erika@uni-x.de.")
    flow = replace(run.workflow, repository=f"https://github.com/{USER}/wf")
    run = replace(run, about=about, workflow=flow, user=USER, workdir=f"/home/{USER}/x")
    bundle.write_public(run, None, tmp_path / "crate", Policy())
    new = open_run(str(tmp_path / "crate"), tmp_path).run
    assert (new.about, new.workflow.repository) == (about, flow.repository)
    assert (new.user, new.workdir) == ("user-1", "/home/user-1/x")


def test_names_of_files_do_not_give_secrets_away(tmp_path: Path) -> None:
    """A secret in the name of a file, of a member, or of a key is told without it."""
    token = "ghp_" + "a1B2" * 9
    (tmp_path / f"{token}.txt").write_text("x a@uni-x.de")
    (tmp_path / "x.json").write_text(json.dumps({token: "b@uni-x.de"}))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(f"{token}.txt", "c@uni-x.de")
    finds = scan(tmp_path)
    assert sorted(f.rule for f in finds) == ["email"] * 3 + ["github-token"] * 3
    assert all(token not in find.place + find.what for find in finds)


def test_microscopes_write_utf_16(tmp_path: Path) -> None:
    """Texts of binary files are looked through in both ways of writing, and the people in their XML are found."""
    data = b"\x70\0\0\0" + "<UserName>Erika Muster</UserName> /home/carla/x".encode("utf-16-le") + b"\0\1"
    (tmp_path / "x.lif").write_bytes(data)
    (tmp_path / "x.czi").write_bytes(b"ZISRAW\0\0" + b"<UserName>Erika Muster</UserName> /home/carla/x")
    assert [(f.file, f.rule) for f in scan(tmp_path)] == [
        (name, rule) for name in ("x.czi", "x.lif") for rule in ("home-path", "image-person")
    ]


def test_images_in_texts_are_looked_into(tmp_path: Path) -> None:
    """An image in a notebook, a page or a drawing, in base64 and in many lines, is looked into as a file is."""
    from PIL import Image, PngImagePlugin

    for kind in (False, True):
        info = PngImagePlugin.PngInfo()
        info.add_text("Author", "Erika Muster", zip=kind)
        image = io.BytesIO()
        Image.effect_noise((40, 40), 50).save(image, "PNG", pnginfo=info)
        text = base64.encodebytes(image.getvalue()).decode()
        (tmp_path / f"page-{kind}.html").write_text(f'<img src="data:image/png;base64,{text.replace(chr(10), "")}">')
        (tmp_path / f"plot-{kind}.svg").write_text(f'<svg><image href="data:image/png;base64,{text}"/></svg>\n')
        (tmp_path / f"book-{kind}.ipynb").write_text(json.dumps({"cells": [{"outputs": [{"image/png": text}]}]}))
    finds = scan(tmp_path)
    assert {f.file for f in finds if f.rule == "image-person"} == {path.name for path in tmp_path.iterdir()}
    assert {f.rule for f in finds} == {"image-person"}


def test_every_rule_is_explained() -> None:
    """Each rule of ours has its line in docs/publishing.md."""
    text = (ROOT / "docs/publishing.md").read_text()
    assert [
        rule for rule in {**REASONS, **PATTERNS, "named-value": "", "random-text": ""} if f"`{rule}`" not in text
    ] == []


def test_public_crates_of_any_run_hold_no_names(any_run: Run, tmp_path: Path) -> None:
    """Whatever the run, its public crate is whole, its record is readable, the gate finds nothing in it, and writing it
    again, as a zip, gives the same files."""
    run = replace(any_run, user=USER, hostname=HOST, workdir=f"/home/{USER}/project")
    work = materialise(run, tmp_path / "work")
    bundle.write_public(run, work, tmp_path / "crate", Policy())
    bundle.write_public(run, work, tmp_path / "crate.zip", Policy())
    again = unpacked(tmp_path / "crate.zip", tmp_path / "again")
    assert workflows.tree(again) == workflows.tree(tmp_path / "crate")
    assert (
        redact.blocking(scan(tmp_path / "crate", known=Known(frozenset({USER}), frozenset({HOST, "knoten17"})))) == ()
    )
    assert [f for f in check.check(tmp_path / "crate", conforms=False).findings if f.level == "error"] == []
    new = open_run(str(tmp_path / "crate"), tmp_path).run
    assert (new.user, new.workdir) == ("user-1", "/home/user-1/project")
    told = next(gap for gap in new.gaps if gap.slug == "redacted-for-publication")
    assert digest.of_bytes(codec.dump_run(run).encode("utf-8", "surrogateescape")) in told.message


SNAKEFILE = """
configfile: "config.yaml"

rule all:
    input: "results/count.txt", "results/mmusterm.txt"

rule count:
    input: config["words"]
    output: "results/count.txt"
    log: "logs/count.log"
    params: mail="erika@uni-x.de", host="omero.klinik.lan:4064"
    shell: "echo started by mmusterm on 10.1.2.3 > {log}; wc -w < {input} > {output}"

rule other:
    output: "results/mmusterm.txt"
    script: "scripts/other.py"
"""
OTHER = """# written by erika@uni-x.de
where = "/home/carlotta/data"
open(snakemake.output[0], "w").write("fine\\n")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work directory of a real run, full of names."""
    workdir = tmp_path_factory.mktemp("mine") / USER / "project"
    (workdir / "scripts").mkdir(parents=True)
    (workdir / "scripts/other.py").write_text(OTHER)
    workflows.write(workdir, SNAKEFILE, config__yaml=f"words: {workdir}/words.txt\n", words__txt="one two\n")
    (workdir / "provcap.yaml").write_text(ABOUT)
    done = workflows.snakemake(workdir, LOGNAME=USER, USER=USER)
    assert done.returncode == 0, done.stderr
    return workdir


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_a_public_crate_runs_again(project: Path, tmp_path: Path) -> None:
    """Of a real run: the crate is valid without a warning, holds no name, leads to each file, and comes out again with
    the same results; the original is as it was, byte for byte."""
    before = _bytes(project)
    crate = tmp_path / "public.crate.zip"
    done = workflows.provcap(project, "crate", "--public", "-o", str(crate))
    assert done.returncode == 0, done.stderr
    assert _bytes(project) == before
    root = unpacked(crate, tmp_path / "look")
    for place, data in _bytes(root).items():
        for name in (USER, "uni-x.de", "carlotta", "10.1.2.3", "klinik"):
            assert name.encode() not in data, (place, name)
    assert (root / "results/user-1.txt").read_text() == "fine\n"
    assert "0 errors, 0 warnings" in workflows.provcap(tmp_path, "check", str(crate)).stdout
    assert workflows.provcap(tmp_path, "redact", str(crate)).returncode == 0
    project.parent.rename(project.parent.with_name("away"))
    try:
        done = workflows.provcap(tmp_path, "rerun", str(crate), "-C", "again")
    finally:
        project.parent.with_name("away").rename(project.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 identical"


def test_data_block_or_are_withheld(project: Path, tmp_path: Path) -> None:
    """A result with a name in it is not altered: the crate is refused with the ways out and nothing is left behind;
    withheld it is known by its digest only, and a Gap says why; allowed it is there as it was."""
    workdir = shutil.copytree(project, tmp_path / USER / "project")
    run = open_run("latest", workdir).run
    data = b"1 /home/carlotta/x\n"
    (workdir / "results/count.txt").write_bytes(data)
    changed = _with_content(run, "results/count.txt", data)
    with pytest.raises(ProvcapError, match=r"home-path in results/count\.txt") as caught:
        bundle.write_public(changed, workdir, tmp_path / "a.zip", Policy())
    assert (caught.value.slug, "--withhold" in caught.value.hint) == ("not-public", True)
    assert "carlotta" not in caught.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == [USER]
    bundle.write_public(changed, workdir, tmp_path / "b", Policy(), withhold=True)
    assert not (tmp_path / "b/results/count.txt").exists()
    new = open_run(str(tmp_path / "b"), tmp_path).run
    assert [g.subject for g in new.gaps if g.slug == "withheld"] == ["file:results/count.txt"]
    metadata = (tmp_path / "b/ro-crate-metadata.json").read_text()
    assert next(a.digest for j in changed.jobs for a in j.outputs if a.path == "results/count.txt")[7:] in metadata
    assert [f for f in check.check(tmp_path / "b", conforms=False).findings if f.level == "error"] == []
    allow = (Allowed("home-path", "results/*", "the account is closed"),)
    bundle.write_public(changed, workdir, tmp_path / "c", Policy(), allow)
    assert (tmp_path / "c/results/count.txt").read_bytes() == data


def _with_content(run: Run, path: str, data: bytes) -> Run:
    jobs = []
    for job in run.jobs:
        outputs = [
            replace(a, digest=digest.of_bytes(data), size_bytes=len(data)) if a.path == path else a for a in job.outputs
        ]
        jobs.append(replace(job, outputs=tuple(outputs)))
    return replace(run, jobs=tuple(jobs))


def test_a_run_is_looked_through_as_its_crate(project: Path) -> None:
    """`provcap redact` on a run names what its crate would give away, and writes nothing."""
    before = _bytes(project)
    done = workflows.provcap(project, "redact", "--json")
    assert done.returncode == 1, done.stderr
    rules = {find["rule"] for find in json.loads(done.stdout)["finds"]}
    assert rules == {"user-name", "email", "home-path", "private-address", "internal-name"}
    assert _bytes(project) == before


def test_trouble_has_its_own_exit_code(project: Path, tmp_path: Path) -> None:
    """What is no crate, and what cannot be asked for together, end with 2 and no file."""
    assert workflows.provcap(tmp_path, "redact", "nothing.zip").returncode == 2
    for words in (["--public", "--with-journals"], ["--withhold"]):
        done = workflows.provcap(project, "crate", "-o", str(tmp_path / "y.zip"), *words)
        assert (done.returncode, (tmp_path / "y.zip").exists()) == (2, False)
    (tmp_path / "x.zip").write_bytes(b"no zip")
    assert workflows.provcap(tmp_path, "redact", "x.zip").returncode == 2
