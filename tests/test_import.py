"""Runs that provcap did not record: Snakemake's metadata of a run without it, and crates of other engines."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import bundle, codec, digest, importing
from provcap.check import check
from provcap.compare import compare
from provcap.errors import ProvcapError
from provcap.importing.posthoc import import_run
from provcap.importing.records import _path
from provcap.model import Artifact, Job, Run
from provcap.opening import open_run
from provcap.questions import executed, external_inputs, final_outputs
from tests import foreign_crates, workflows
from tests.conftest import materialise, read_run
from tests.crates import ABOUT, pack
from tests.engines import ROOT

FOREIGN = Path(__file__).parent / "foreign"
SNAKEFILE = """
configfile: "config.yaml"
LONG = "out/deep/" + "x" * 240 + ".txt"
rule all:
    input: "out/sorted.txt", LONG, "out/dir"
rule upper:
    input: "in.txt"
    output: "out/upper.txt", t=temp("out/tmp.txt")
    params: word="hello", n=3, option="--password abcdef123"
    log: "logs/upper.log"
    shell: "tr a-z A-Z < {input} > {output[0]} 2> {log}; echo {params.word} > {output.t}"
rule sort:
    input: "out/upper.txt"
    output: "out/sorted.txt"
    container: "docker://debian:12"
    run:
        open(output[0], "w").write("".join(sorted(open(input[0]))))
rule long:
    input: "out/upper.txt", "out/tmp.txt"
    output: LONG
    script: "a.py"
rule folder:
    output: directory("out/dir")
    shell: "mkdir {output}; echo 1 > {output}/a"
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which Snakemake ran without provcap."""
    workdir = workflows.write(
        tmp_path_factory.mktemp("ran") / "w",
        SNAKEFILE,
        config__yaml="a: 1\n",
        in__txt="b\na\n",
        a__py="open(snakemake.output[0], 'w').write('x')\n",
    )
    done = workflows.snakemake(workdir, capture=False)
    assert done.returncode == 0, done.stderr
    return workdir


@pytest.fixture
def workdir(ran: Path, tmp_path: Path) -> Path:
    """A copy of it, with all times."""
    return Path(shutil.copytree(ran, tmp_path / "w", symlinks=True))


def taken(directory: Path, **options: Any) -> Run:
    """The imported run, read back from its file."""
    folder, run = import_run(directory, **options)
    assert codec.load_run((folder / "run.json").read_bytes()) == run
    return run


def job(run: Run, rule: str) -> Job:
    """The only job of `rule`."""
    (found,) = [j for j in run.jobs if j.rule == rule]
    return found


def said(run: Run, slug: str) -> list[str]:
    """The subjects of the gaps called `slug`."""
    return [gap.subject for gap in run.gaps if gap.slug == slug]


def plant(directory: Path, path: str, **record: Any) -> Path:
    """A record of the output `path`, as Snakemake would write it, with a second in 2023 as its time."""
    place = directory / ".snakemake/metadata" / base64.urlsafe_b64encode(path.encode()).decode()
    place.parent.mkdir(parents=True, exist_ok=True)
    plain = {"rule": "r", "input": [], "starttime": 1700000000.0, "endtime": 1700000001.0, "job_hash": 1}
    place.write_text(json.dumps({**plain, **record}))
    return place


def make(directory: Path, path: str, content: str = "x\n", seconds: float = 1700000001.0) -> None:
    """A file that was last changed at `seconds`."""
    place = directory / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    os.utime(place, (seconds, seconds))


# Snakemake's metadata ----------------------------------------------------------------------------------------------


def test_metadata_of_a_real_run(workdir: Path) -> None:
    """Rules, commands, inputs, outputs, logs, params and times of a real run are found; outputs are hashed now."""
    run = taken(workdir)
    assert {j.rule: len(j.outputs) for j in run.jobs} == {"upper": 2, "sort": 1, "long": 1, "folder": 1}
    upper = job(run, "upper")
    assert upper.command == "tr a-z A-Z < in.txt > out/upper.txt 2> logs/upper.log; echo hello > out/tmp.txt"
    assert [a.path for a in upper.inputs + upper.logs] == ["in.txt", "logs/upper.log"]
    assert [a.digest for a in upper.outputs] == [None, digest.of_file(workdir / "out/upper.txt")]
    assert (job(run, "sort").kind, job(run, "long").kind) == ("run", "script")
    assert job(run, "folder").outputs[0].digest == digest.of_tree(workdir / "out/dir")[0]
    assert all(j.status == "succeeded" and j.ended and (j.started or "") <= j.ended for j in run.jobs)
    assert all(j.started for j in run.jobs if j.rule != "sort")
    assert [a.path for a in external_inputs(run)] == ["in.txt"]
    assert {a.path for a in final_outputs(run)} == {"out/sorted.txt", "out/dir", "out/deep/" + "x" * 240 + ".txt"}
    assert said(run, "post-hoc-changed") == []


def test_checksum_of_what_is_gone(workdir: Path) -> None:
    """A temporary file is gone, and its reader's record still has its checksum."""
    (read,) = [a for a in job(taken(workdir), "long").inputs if a.path == "out/tmp.txt"]
    assert read.digest == digest.of_bytes(b"hello\n")


def test_what_is_not_known_is_said_once(workdir: Path) -> None:
    """Gaps stand for the run, one for each kind, however many jobs there are; nothing unknown has a value."""
    run = taken(workdir)
    assert set(said(run, "post-hoc")) == {"run"}
    text = " ".join(gap.message for gap in run.gaps)
    for word in (
        "exit codes",
        "machines",
        "software",
        "randomness",
        "hashed when this was imported",
        "without their names",
    ):
        assert word in text
    for one in run.jobs:
        assert (one.exit_code, one.hardware, one.environment, one.usage, one.randomness) == (None, None, None, None, ())


def test_image_that_was_not_used_is_left_out(workdir: Path) -> None:
    """A rule names an image; Snakemake was not told to use containers, so no image is recorded."""
    run = taken(workdir)
    assert (run.images, job(run, "sort").image) == ((), None)
    (gap,) = [gap for gap in run.gaps if "rule sort: it names the image docker://debian:12" in gap.message]
    assert "was not used" in gap.message


def test_secrets_are_replaced(workdir: Path) -> None:
    """A password in params does not reach the run, and the replacement is counted."""
    run = taken(workdir)
    assert "abcdef123" not in codec.dump_run(run)
    assert job(run, "upper").redactions == {"named-value": 1}


def test_two_imports_are_one(workdir: Path) -> None:
    """Importing twice gives the same bytes under the same id."""
    first, _ = import_run(workdir)
    content = (first / "run.json").read_bytes()
    second, _ = import_run(workdir)
    assert (first, content) == (second, (second / "run.json").read_bytes())
    assert len(list((workdir / ".provcap/runs").iterdir())) == 1


def test_changed_output_is_not_trusted(workdir: Path) -> None:
    """An output that is later than its job has no checksum, unless a later job had noted the same."""
    for name in ("out/sorted.txt", "out/upper.txt"):
        os.utime(workdir / name)
    run = taken(workdir)
    assert said(run, "post-hoc-changed") == ["file:out/sorted.txt"]
    assert job(run, "sort").outputs == (Artifact("out/sorted.txt"),)
    assert all(a.digest for a in job(run, "upper").outputs if a.path == "out/upper.txt")


def test_every_verb_works_on_an_imported_run(workdir: Path) -> None:
    """import, show, prov, report, methods and crate end well, and nobody claims that the run was watched."""
    done = workflows.provcap(workdir, "import", "--snakefile", "Snakefile")
    assert (done.returncode, Path(done.stdout.strip()).name) == (0, taken(workdir, snakefile=workdir / "Snakefile").id)
    texts = [
        workflows.provcap(workdir, *words)
        for words in (["show"], ["prov"], ["methods"], ["show", "--file", "out/sorted.txt"])
    ]
    assert [t.returncode for t in texts] == [0, 0, 0, 0]
    assert "not recorded while the workflow ran" in texts[2].stdout
    assert workflows.provcap(workdir, "report", "-o", "r.html").returncode == 0
    assert "Whether random numbers were drawn was not recorded" in (workdir / "r.html").read_text()
    assert workflows.provcap(workdir, "crate", "-o", "c.zip").returncode == 0
    findings = check(workdir / "c.zip")
    assert [f for f in findings.findings if f.level == "error"] == []


def test_strict_import(workdir: Path) -> None:
    """--strict ends with 1: an imported run always has gaps."""
    done = workflows.provcap(workdir, "import", "--strict", "--json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, "succeeded")


def test_records_of_snakemake_7_and_8(tmp_path: Path) -> None:
    """Code that is a pickle is not opened; checksums without their algorithm are SHA-256; the image that ran is named."""
    make(tmp_path, "o", seconds=1700000000.5)
    checksum, url = "ab" * 32, "docker://debian:12"
    plant(
        tmp_path,
        "o",
        code="gASVKAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU",
        shellcmd=None,
        input=["i"],
        params=["'a'", "nan", "[1]"],
    )
    plant(tmp_path, "p", input=["i"], input_checksums={"i": checksum}, container_img_url=url, software_stack_hash="c0")
    run = taken(tmp_path)
    first, second = sorted(run.jobs, key=lambda j: j.outputs[0].path)
    assert (first.command, first.kind, first.params) == (None, "run", {"unnamed": ["a", "nan", [1]]})
    assert (second.inputs, second.image) == ((Artifact("i", digest="sha256:" + checksum),), None)
    assert [gap for gap in run.gaps if f"the image {url}, which may have been used or not" in gap.message]


def test_image_that_was_used(tmp_path: Path) -> None:
    """Since format 6, Snakemake's hash tells that the rule's image was used; its digest stays unknown."""
    url = "docker://debian:12"
    hashed = hashlib.md5(url.encode()).hexdigest()
    plant(tmp_path, "p", container_img_url=url, software_stack_hash=hashed, record_format_version=6)
    run = taken(tmp_path)
    assert (run.jobs[0].image, [i.reference for i in run.images]) == (url, [url])
    assert said(run, "image-digest-unknown") == [f"image:{url}"]


def test_conda_environment(tmp_path: Path) -> None:
    """The text of the conda environment is recorded, unless it was not used."""
    text = base64.b64encode(b"dependencies: [samtools=1.20]\n").decode()
    plant(tmp_path, "used", conda_env=text, software_stack_hash="c0", record_format_version=6)
    plant(tmp_path, "not", conda_env=text, software_stack_hash=hashlib.md5(b"").hexdigest())
    found = {j.outputs[0].path: j.conda_env for j in taken(tmp_path).jobs}
    assert found == {"used": "dependencies: [samtools=1.20]\n", "not": None}


def test_jobs_that_only_look_alike(tmp_path: Path) -> None:
    """Outputs of one job stand together; those of another invocation, or without a job's number, do not."""
    for path, started, number in (
        ("a", 10.0, 7),
        ("b", 10.5, 7),
        ("c", 500.0, 7),
        ("d", 10.0, None),
        ("e", 10.0, None),
    ):
        plant(tmp_path, path, starttime=started, endtime=started + 1, job_hash=number)
    run = taken(tmp_path)
    assert sorted([a.path for a in j.outputs] for j in run.jobs) == [["a", "b"], ["c"], ["d"], ["e"]]
    assert len({j.id for j in run.jobs}) == 4


def test_unfinished_jobs(tmp_path: Path) -> None:
    """A record that says incomplete has no end; a marker without a record is a gap."""
    plant(tmp_path, "half", incomplete=True)
    (tmp_path / ".snakemake/incomplete").mkdir()
    (tmp_path / ".snakemake/incomplete" / base64.urlsafe_b64encode(b"begun").decode()).write_text("{}")
    run = taken(tmp_path)
    assert (run.status, run.jobs[0].status, run.jobs[0].ended) == ("lost", "lost", None)
    assert said(run, "post-hoc-unfinished") == ["file:begun"]


def _fifo(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def _link(place: Path) -> None:
    place.unlink()
    place.symlink_to("/etc/passwd")


SPOILT: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda place: place.write_bytes(b'{"rule": '),
    "not UTF-8": lambda place: place.write_bytes(b"\xff\xfe"),
    "deep": lambda place: place.write_bytes(b"[" * 100_000),
    "a list": lambda place: place.write_bytes(b"[]"),
    "no rule": lambda place: place.write_bytes(b'{"rule": 3}'),
    "half a character": lambda place: place.write_bytes(b'{"rule": "\\ud800"}'),
    "huge": lambda place: os.truncate(place, 1 << 40),
    "a link": _link,
    "a fifo": _fifo,
}


@pytest.mark.parametrize("how", SPOILT)
def test_damaged_record_is_a_gap(tmp_path: Path, how: str) -> None:
    """A record that cannot be read is left out, with a gap; the others are imported."""
    plant(tmp_path, "good")
    SPOILT[how](plant(tmp_path, "bad"))
    run = taken(tmp_path)
    assert [a.path for j in run.jobs for a in j.outputs] == ["good"]
    assert len(said(run, "post-hoc-unread")) == 1


def test_nothing_to_import(tmp_path: Path) -> None:
    """No metadata, none that can be read, or none with a time: one error, and nothing is written."""
    for prepare in (
        lambda: None,
        lambda: SPOILT["no JSON"](plant(tmp_path, "x")),
        lambda: plant(tmp_path, "x", starttime=None, endtime=-1),
    ):
        prepare()
        done = workflows.provcap(tmp_path, "import")
        assert (done.returncode, done.stdout) == (2, "")
        assert "[no-metadata]" in done.stderr
        assert len(done.stderr.splitlines()) == 2
    assert not (tmp_path / ".provcap").exists()


def test_names_that_are_no_paths(tmp_path: Path) -> None:
    """A file whose name is no base64 of a path is left out."""
    plant(tmp_path, "good")
    for name in ("!", "AAA", base64.urlsafe_b64encode(b"a\0b").decode(), base64.urlsafe_b64encode(b"\xff").decode()):
        (tmp_path / ".snakemake/metadata" / name).write_text("{}")
        with pytest.raises(ValueError, match="its name"):
            _path(name)
    assert len(said(taken(tmp_path), "post-hoc-unread")) == 4


def test_nothing_outside_is_read(tmp_path: Path) -> None:
    """Paths that lead out, by name or by a link, are neither hashed nor recorded, unless --outside says so."""
    work = tmp_path / "w"
    make(tmp_path, "secret", "secret\n", 1600000000.0)
    plant(work, "../secret")
    (work / "link").symlink_to(tmp_path / "secret")
    plant(work, "link", input=[str(tmp_path / "secret")])
    plant(work, "good")
    make(work, "good")
    run = taken(work)
    known = digest.of_bytes(b"secret\n")
    assert known not in codec.dump_run(run)
    assert len(said(run, "post-hoc-outside")) == 3
    bundle.write_crate(run, work, tmp_path / "c.zip")
    with zipfile.ZipFile(tmp_path / "c.zip") as archive:
        assert not [name for name in archive.namelist() if archive.read(name) == b"secret\n"]
    assert known in codec.dump_run(taken(work, outside=True))


def test_storage_pipes_and_odd_names(tmp_path: Path) -> None:
    """What lies in a storage has its query, pipes are left out, and names may have quotes, lines and markup."""
    odd = "a\n'\"<script>.txt"
    make(tmp_path, odd)
    plant(tmp_path, odd, input=["s3://bucket/x", "<pipe>"], shellcmd="echo '<b>'\x1b[31m")
    run = taken(tmp_path)
    assert [a.path for a in run.jobs[0].inputs] == ["s3://bucket/x"]
    assert run.jobs[0].outputs[0].digest == digest.of_bytes(b"x\n")
    assert workflows.provcap(tmp_path, "show").returncode == 0


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("docker:x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = "input log shellcmd params code conda_env container_img_url software_stack_hash job_hash starttime endtime incomplete input_checksums"


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS.split()), JSONS), st.text(min_size=1, max_size=20))
def test_any_record_gives_a_run(record: dict[str, Any], rule: str) -> None:
    """Whatever stands in the fields of a record, importing ends with a run that can be written and read, or in words."""
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder), "good")
        plant(Path(folder), "any", rule=rule, **record)
        run = taken(Path(folder))
        assert codec.load_run(codec.dump_run(run).encode("utf-8", "surrogateescape")) == run


# crates of other engines ---------------------------------------------------------------------------------------------


def opened(name: str) -> Run:
    """The run in one of the crates that engines wrote."""
    return open_run(str(FOREIGN / name), ROOT, foreign=True).run


@pytest.mark.parametrize("name", ["cwltool", "streamflow"])
def test_crate_of_a_real_engine(name: str) -> None:
    """Jobs, files, parameters and times of crates that cwltool and StreamFlow wrote."""
    run = opened(name)
    assert [(j.rule, j.status) for j in executed(run)] == [("upper.cwl", "succeeded"), ("sort.cwl", "succeeded")]
    upper, sort = run.jobs
    assert [a.path for a in upper.inputs] == ["fruit.txt"]
    assert [a.path for a in sort.inputs] == [a.path for a in upper.outputs] == ["upper.cwl/upper/output.txt"]
    assert [a.path for a in final_outputs(run)] == ["sorted/output.txt"]
    assert sort.params == {"reverse": "True"}
    assert run.started <= (upper.started or "") < (sort.ended or "") <= (run.ended or "")
    assert {step.rule: step.description for step in run.steps}["sort.cwl"] == "Lines are put in order"
    assert set(said(run, "foreign-crate")) == {"run"}


def test_results_of_two_engines_are_compared(tmp_path: Path) -> None:
    """The files of the two crates are found by the same names and have the same bytes; a zip is as good."""
    shutil.make_archive(str(tmp_path / "s"), "zip", FOREIGN / "streamflow")
    done = workflows.provcap(tmp_path, "compare", str(FOREIGN / "cwltool"), "s.zip", "--all", "--json")
    plain = json.loads(done.stdout)
    assert [(v["path"], v["verdict"]) for v in plain["verdicts"]] == [
        ("sorted/output.txt", "identical"),
        ("upper.cwl/upper/output.txt", "identical"),
    ]
    assert done.returncode == 0


def test_changed_result_differs(tmp_path: Path) -> None:
    """One other letter in a result makes the crates differ."""
    first = foreign_crates.nextflow(tmp_path / "a")
    second = foreign_crates.nextflow(tmp_path / "b", b"PEAR\nFIG\nAPPLF\n")
    found = compare(*(open_run(str(p), tmp_path, foreign=True) for p in (first, second)))
    assert [(v.path, v.verdict) for v in found.verdicts] == [("results/sorted.txt", "different")]


def test_crate_in_the_shape_of_nextflow(tmp_path: Path) -> None:
    """Tasks, a failure, publishing, operator and a time zone of a crate as nf-prov writes it."""
    run = open_run(str(foreign_crates.nextflow(tmp_path / "c")), tmp_path, foreign=True).run
    assert [(j.rule, j.status, j.error) for j in sorted(run.jobs, key=lambda j: j.id)] == [
        ("Nextflow 25.04.6", "succeeded", None),
        ("UPPER", "succeeded", None),
        ("SORT", "succeeded", None),
        ("SORT", "failed", "disk full\n"),
    ]
    assert (run.started, run.ended) == ("2025-05-01T08:00:00.500+00:00", "2025-05-01T08:01:00.000+00:00")
    assert run.about.operator
    assert run.about.operator.id == "https://orcid.org/0000-0002-1825-0097"
    assert [a.path for a in final_outputs(run)] == ["results/sorted.txt"]
    text = workflows.provcap(tmp_path, "show", "c", "--file", "results/sorted.txt").stdout
    assert [line for line in text.splitlines() if "UPPER" in line and "fruit.txt" in line]


def test_crate_in_the_shape_of_galaxy(tmp_path: Path) -> None:
    """A crate that tells of the whole run alone is one job; a collection, even in a circle, is its files."""
    run = open_run(str(foreign_crates.galaxy(tmp_path / "c")), tmp_path, foreign=True).run
    (only,) = run.jobs
    assert (only.rule, [a.path for a in only.inputs]) == ("Fruit", ["datasets/pear.txt", "datasets/fig.txt"])
    assert (only.params, run.started) == ({"reverse": "true"}, "2025-01-02T03:04:05.678+00:00")
    told = " ".join(gap.message for gap in run.gaps)
    assert all(words in told for words in ("the steps of the workflow", "read as UTC", "Galaxy workflow engine"))


def test_process_run_crate(tmp_path: Path) -> None:
    """A process without a workflow: tool, version, image, exit code, checksum and size."""
    run = open_run(str(foreign_crates.process(tmp_path / "c")), tmp_path, foreign=True).run
    (only,) = run.jobs
    assert (only.rule, only.exit_code, run.steps[0].description) == ("sort", 0, "version 9.1")
    assert only.outputs[0] == Artifact("sorted.txt", digest=digest.of_bytes(foreign_crates.SORTED), size_bytes=15)
    assert [a.path for a in only.inputs] == ["upper case.txt"]
    assert (run.images[0].reference, run.about.operator and run.about.operator.name) == (
        "docker.io/library/debian:12",
        "Josiah Carberry",
    )


def test_foreign_crates_are_queried() -> None:
    """A named question is answered over the crate of another engine."""
    done = workflows.provcap(ROOT, "query", str(FOREIGN / "streamflow"), "who-made", "output.txt", "--csv")
    assert "sort.cwl" in done.stdout


@pytest.mark.parametrize("words", [["prov"], ["crate"], ["report"], ["methods"], ["export", "--sql", "x.sqlite"]])
def test_other_verbs_refuse(tmp_path: Path, words: list[str]) -> None:
    """What would speak of Snakemake is not written about another engine's run."""
    done = workflows.provcap(tmp_path, *words, str(FOREIGN / "cwltool"))
    assert (done.returncode, "[foreign-crate]" in done.stderr) == (2, True)


def test_crate_without_a_run(tmp_path: Path) -> None:
    """A crate that tells of no action is refused by show, and compared as a directory of files."""
    crate = foreign_crates.write(tmp_path / "c", **{"a.txt": b"a"})
    with pytest.raises(ProvcapError) as caught:
        open_run(str(crate), tmp_path, foreign=True)
    assert caught.value.slug == "foreign-crate"
    assert workflows.provcap(tmp_path, "compare", "c", "c").returncode == 0


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"@graph": [3]}', b'{"@graph": [{"@id": []}]}', b"[" * 100_000])
def test_damaged_metadata(tmp_path: Path, text: bytes) -> None:
    """Metadata that are none are an error in words."""
    (tmp_path / "c").mkdir()
    (tmp_path / "c/ro-crate-metadata.json").write_bytes(text)
    done = workflows.provcap(tmp_path, "show", "c")
    assert (done.returncode, "[damaged-metadata]" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_a_result_that_leads_out_is_not_read(tmp_path: Path) -> None:
    """A crate that names a file outside of itself, by its path or by a link, does not get it compared."""
    (tmp_path / "secret").write_text("secret\n")
    names = ["../secret", str(tmp_path / "secret"), "link"]
    entities = [foreign_crates.entity(name, "File") for name in names]
    action = foreign_crates.entity("#a", "CreateAction", result=foreign_crates.refs(*names))
    crates = [foreign_crates.write(tmp_path / name, action, *entities) for name in "ab"]
    for crate in crates:
        (crate / "link").symlink_to(tmp_path / "secret")
    found = compare(*(open_run(str(crate), tmp_path, foreign=True) for crate in crates))
    assert len(found.verdicts) == 3
    assert not [v for v in found.verdicts if v.verdict in ("identical", "equivalent")]


NAMES = st.sampled_from(["./", "#a", "#b", "x.txt", "../y", "", "\ud800"])
REFERENCES = st.builds(lambda name: {"@id": name}, NAMES) | JSONS
KEYS = st.sampled_from(
    "object result instrument agent hasPart exampleOfWork output input mainEntity name startTime endTime value sha256"
    " contentSize actionStatus error exitCode containerImage alternateName license author publisher".split()
)
TYPES = st.sampled_from(["CreateAction", "OrganizeAction", "File", "Dataset", "Collection", "PropertyValue", "Person"])
ENTITIES = st.dictionaries(
    NAMES,
    st.builds(
        lambda kind, more: {**more, "@type": kind},
        TYPES | st.lists(TYPES | JSONS, max_size=2),
        st.dictionaries(KEYS, REFERENCES | st.lists(REFERENCES, max_size=3) | st.text(max_size=6), max_size=8),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(ENTITIES)
def test_any_entities_give_a_run(entities: dict[str, Any]) -> None:
    """Whatever a crate says of actions, it gives a run that can be written and read again; without one, an error."""
    if not any("CreateAction" in str(e["@type"]) for e in entities.values()):
        with pytest.raises(ProvcapError, match="tells of no run"):
            importing.as_run(entities, "here")
        return
    action = {"@type": "CreateAction", "result": {"@id": "x.txt"}}
    run = importing.as_run({"#sure": action, **entities}, "here")
    assert codec.load_run(codec.dump_run(run).encode("utf-8", "surrogateescape")) == run


def test_a_hundred_thousand_entities() -> None:
    """A crate of 100,000 entities is read."""
    files = {f"f{n}": {"@type": "File"} for n in range(50_000)}
    actions = {f"#{n}": {"@type": "CreateAction", "result": {"@id": f"f{n}"}} for n in range(50_000)}
    assert len(importing.as_run({"./": {}, **files, **actions}, "here").jobs) == 50_000


# others that read ours -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["0.5", "0.6"])
def ours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crate that provcap wrote, in each version of the profile."""
    from provcap.crate.derived import PROFILES
    from provcap.crate.policy import Policy

    folder, run = tmp_path_factory.mktemp("ours"), read_run("succeeded")
    profile = next(p for p in PROFILES if p.version == request.param)
    bundle.write_crate(run, materialise(run, folder / "w"), folder / "crate", Policy(profile=profile))
    return folder / "crate"


def test_ro_crate_py_opens_our_crates(ours: Path, tmp_path: Path) -> None:
    """ro-crate-py opens our crate, finds workflow and actions, and writes it again without losing an entity."""
    from rocrate.rocrate import ROCrate

    crate = ROCrate(str(ours))
    assert "ComputationalWorkflow" in crate.mainEntity.type
    actions = [e for e in crate.get_entities() if e.type == "CreateAction"]
    assert len(actions) == len(list(executed(read_run("succeeded")))) + 1
    crate.write(str(tmp_path / "again"))
    before, after = (
        json.loads((p / "ro-crate-metadata.json").read_text())["@graph"] for p in (ours, tmp_path / "again")
    )
    assert {e["@id"] for e in before} <= {e["@id"] for e in after}


def test_runcrate_reports_on_our_crates(ours: Path) -> None:
    """`runcrate report` tells of every attempt."""
    command = [sys.executable, "-W", "ignore", "-m", "runcrate.cli", "report", str(ours)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for one in executed(read_run("succeeded")):
        assert f"#job-{one.id}" in done.stdout or f"#job/{one.id}" in done.stdout, done.stdout


def test_crate_of_an_imported_run_with_wildcards_is_valid(tmp_path: Path) -> None:
    """Jobs of one rule, of whose wildcards Snakemake's metadata says nothing, have names that tell them apart."""
    text = "rule all:\n    input: 'a.txt', 'b.txt'\nrule one:\n    output: '{n}.txt'\n    shell: 'echo {wildcards.n} > {output}'\n"
    place = workflows.write(tmp_path / "work", text, provcap__yaml=ABOUT)
    assert workflows.snakemake(place, capture=False).returncode == 0
    import_run(place)
    target = pack(place, tmp_path / "it.crate.zip")
    assert [finding for finding in check(target).findings if finding.level == "error"] == []
