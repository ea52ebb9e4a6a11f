"""What capture writes of real Snakemake runs on this machine, without containers."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provcap import model, questions
from tests import workflows

TWO_STEPS = """
rule all:
    input: "out/c.txt"

rule make:
    "Makes the first file."
    output: first="out/a.txt"
    params: n=3, name="x y"
    threads: 2
    resources: mem_mb=50
    log: "logs/make.log"
    shell: "echo {params.n} > {output}; echo making > {log}"

rule flaky:
    input: "out/a.txt"
    output: temp("out/b {w}.txt")
    retries: 1
    resources: turn=lambda wc, attempt: attempt
    log: "logs/flaky {w}.log"
    shell: "echo turn {resources.turn} > {log:q}; test {resources.turn} = 2 || exit 3; cat {input} > {output:q}"

rule scripted:
    input: text="out/b ü.txt"
    output: "out/c.txt"
    script: "copy.py"
"""
COPY = "open(snakemake.output[0], 'w').write(open(snakemake.input.text).read())\n"


@pytest.fixture(scope="module")
def two_steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work directory of one captured run of TWO_STEPS."""
    workdir = workflows.write(tmp_path_factory.mktemp("two steps"), TWO_STEPS, copy__py=COPY)
    done = workflows.snakemake(workdir)
    assert done.returncode == 0, done.stderr
    return workdir


def jobs_of(run: model.Run, rule: str) -> list[model.Job]:
    return [job for job in run.jobs if job.rule == rule]


def test_every_attempt_is_one_job(two_steps: Path) -> None:
    """Each attempt is a job of its own; the target rule, which runs nothing, is none."""
    run = workflows.latest(two_steps)
    assert [(j.rule, j.status, j.attempt) for j in run.jobs] == [
        ("make", "succeeded", 1),
        ("flaky", "failed", 1),
        ("flaky", "succeeded", 2),
        ("scripted", "succeeded", 1),
    ]
    assert run.status == "succeeded"


def test_facts_of_a_job(two_steps: Path) -> None:
    """Command, params, threads, resources, wildcards, script and names of files are those of the rule."""
    run = workflows.latest(two_steps)
    (make,), (scripted,) = jobs_of(run, "make"), jobs_of(run, "scripted")
    assert make.command == "echo 3 > out/a.txt; echo making > logs/make.log"
    assert make.params == {"n": 3, "name": "x y"}
    assert (make.threads, make.resources["mem_mb"]) == (2, 50)
    assert make.outputs[0].name == "first"
    assert jobs_of(run, "flaky")[0].wildcards == {"w": "ü"}
    assert (scripted.kind, scripted.script, scripted.inputs[0].name) == ("script", "copy.py", "text")


def test_files_have_their_digest_size_and_type(two_steps: Path) -> None:
    """A recorded digest is the sha256 of the file's bytes, also of a temp() file that is gone when the run has ended."""
    run = workflows.latest(two_steps)
    recorded = {a.path: a for job in run.jobs for a in job.outputs if a.kind == "file"}
    content = b"3\n"
    assert set(recorded) == {"out/a.txt", "out/b ü.txt", "out/c.txt"}
    for artifact in recorded.values():
        assert artifact.digest == "sha256:" + hashlib.sha256(content).hexdigest()
        assert (artifact.size_bytes, artifact.media_type) == (2, "text/plain")
    assert recorded["out/b ü.txt"].flags == ("temp",)
    assert not (two_steps / "out/b ü.txt").exists()


def test_failed_attempt_keeps_exit_code_and_log(two_steps: Path) -> None:
    """A failed attempt has its exit code and the end of its log."""
    failed = jobs_of(workflows.latest(two_steps), "flaky")[0]
    assert (failed.exit_code, failed.error, failed.log_tail) == (3, "exit code 3", "turn 1")


def test_workflow_sources_are_kept(two_steps: Path) -> None:
    """Snakefile and script are kept by digest, and the steps point to their line."""
    run = workflows.latest(two_steps)
    assert {(s.path, s.role) for s in run.workflow.sources} == {("Snakefile", "snakefile"), ("copy.py", "script")}
    for source in run.workflow.sources:
        kept = two_steps / ".provcap/sources" / source.digest.removeprefix("sha256:")
        assert kept.read_bytes() == (two_steps / source.path).read_bytes()
    assert {(s.rule, s.line) for s in run.steps} == {("make", 5), ("flaky", 14), ("scripted", 22)}


def test_packages_are_what_pip_freeze_says(two_steps: Path) -> None:
    """The environment of a script run by Snakemake's own Python lists what pip lists there, at the same versions."""
    run = workflows.latest(two_steps)
    environment = next(e for e in run.environments if e.id == jobs_of(run, "scripted")[0].environment)
    command = [sys.executable, "-m", "pip", "list", "--format", "json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    ours = {(p.name.lower(), p.version) for p in environment.packages if p.manager == "pypi"}
    assert ours == {(p["name"].lower(), p["version"]) for p in listed}
    assert environment.os_name
    assert environment.interpreters[0].path == sys.executable


@pytest.mark.skipif(not Path("/var/lib/dpkg/status").exists(), reason="no dpkg here")
def test_debian_packages_are_what_dpkg_says(two_steps: Path) -> None:
    """The environment lists the Debian packages that dpkg-query calls installed."""
    run = workflows.latest(two_steps)
    command = ["dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Architecture}\t${db:Status-Status}\n"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    expected = {tuple(line.split("\t")[:3]) for line in listed if line.endswith("\tinstalled")}
    found = {(p.name, p.version, p.architecture) for p in run.environments[0].packages if p.manager == "deb"}
    assert found == expected


def test_machine_and_run(two_steps: Path) -> None:
    """The run knows its command, Snakemake, machine and memory."""
    run = workflows.latest(two_steps)
    assert run.snakemake_version
    assert "--cores" in run.command
    machine = run.hardware[0]
    assert machine.cpus_logical == os.cpu_count()
    assert machine.memory_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.kernel == os.uname().release
    assert run.targets == ("out/c.txt",)


def test_few_files_remain(two_steps: Path) -> None:
    """When the run has ended, its folder holds one file of records and none per job."""
    (folder,) = (two_steps / ".provcap/runs").iterdir()
    names = {p.relative_to(folder).parts[0] for p in folder.rglob("*")}
    assert names == {"events.jsonl", "records.jsonl", "run.json", "seal.json", "environments"}


def test_collect_twice_gives_the_same_bytes(two_steps: Path) -> None:
    """A second collect writes the same run.json."""
    (folder,) = (two_steps / ".provcap/runs").iterdir()
    before = (folder / "run.json").read_bytes()
    assert workflows.provcap(two_steps, "collect").returncode == 0
    assert (folder / "run.json").read_bytes() == before


@pytest.mark.parametrize("way", ["logger", "profile", "provcap run"])
def test_three_ways_to_switch_on(tmp_path: Path, way: str) -> None:
    """--logger, a profile's `logger:` and `provcap run` record alike, and Snakemake's exit code is passed on."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'echo a > {output}; exit 0'\n")
    if way == "logger":
        done = workflows.snakemake(workdir)
    elif way == "profile":
        (workdir / "mine").mkdir()
        (workdir / "mine/config.yaml").write_text("logger: provcap\n")
        done = workflows.snakemake(workdir, "--profile", "mine", capture=False)
    else:
        done = workflows.provcap(workdir, "run", "--", "a", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert [j.status for j in workflows.latest(workdir).jobs] == ["succeeded"]


def test_exit_code_of_provcap_run_is_snakemakes(tmp_path: Path) -> None:
    """A failing workflow gives Snakemake's exit code, a recorded failure and a crate when one was asked for."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'exit 7'\n")
    plain = workflows.snakemake(workdir, capture=False)
    done = workflows.provcap(workdir, "run", "--crate", "out.crate.zip", "--", "--cores", "1")
    assert done.returncode == plain.returncode == 1
    run = workflows.latest(workdir)
    assert (run.status, run.jobs[0].exit_code) == ("failed", 7)
    assert (workdir / "out.crate.zip").exists()


def test_run_blocks_are_recorded_by_their_own_process(tmp_path: Path) -> None:
    """A run: block is one job with the packages of Snakemake's Python, and so is its failure."""
    text = "rule a:\n    output: 'a'\n    run:\n        open(output[0], 'w').write('x')\n"
    text += "rule b:\n    output: 'b'\n    run:\n        raise ValueError('no such thing')\n"
    workdir = workflows.write(tmp_path, text)
    assert workflows.snakemake(workdir, "a", "b", "--keep-going").returncode == 1
    run = workflows.latest(workdir)
    made, failed = sorted(run.jobs, key=lambda j: j.rule)
    assert (made.kind, made.status) == ("run", "succeeded")
    assert made.environment in {e.id for e in run.environments}
    assert failed.status == "failed"
    assert "no such thing" in (failed.error or "")


def test_directory_output_has_a_tree_digest(tmp_path: Path) -> None:
    """A directory() output is one artifact with the digest of its tree."""
    from provcap import digest

    text = "rule a:\n    output: directory('d')\n    shell: 'mkdir -p d/e; echo 1 > d/x; echo 2 > d/e/y'\n"
    workdir = workflows.write(tmp_path, text)
    assert workflows.snakemake(workdir).returncode == 0
    (artifact,) = workflows.latest(workdir).jobs[0].outputs
    assert (artifact.kind, artifact.size_bytes) == ("directory", 4)
    assert (artifact.digest, 4) == digest.of_tree(workdir / "d")


@pytest.mark.parametrize("flag", ["--dry-run", "--touch"])
def test_nothing_is_recorded_when_nothing_runs(tmp_path: Path, flag: str) -> None:
    """A dry run and --touch execute nothing and leave no run."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n")
    (workdir / "a").write_text("a\n")
    assert workflows.snakemake(workdir, flag).returncode == 0
    assert not (workdir / ".provcap").exists()


def test_workflow_in_a_workflow_is_not_ours(tmp_path: Path) -> None:
    """A Snakemake that a job calls is no part of the run: it would need a --logger of its own."""
    inner = "rule inner:\n    output: 'i'\n    run:\n        open('i', 'w').write('i')\n"
    outer = f"rule outer:\n    output: 'o'\n    shell: '{sys.executable} -m snakemake -s inner.smk -c1 --nolock i; cp i o'\n"
    workdir = workflows.write(tmp_path, outer, inner__smk=inner)
    done = workflows.snakemake(workdir, "o")
    assert done.returncode == 0, done.stderr
    assert [j.rule for j in workflows.latest(workdir).jobs] == ["outer"]


def test_workdir_directive(tmp_path: Path) -> None:
    """Records lie in the work directory that a Snakefile chooses."""
    workdir = workflows.write(
        tmp_path, "workdir: 'elsewhere'\nrule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n"
    )
    assert workflows.snakemake(workdir).returncode == 0
    assert [a.path for a in workflows.latest(workdir / "elsewhere").jobs[0].outputs] == ["a"]


def test_up_to_date_results_point_to_the_attempt_that_made_them(tmp_path: Path) -> None:
    """A second invocation knows which attempt of the first made what it did not need to make again."""
    text = "rule a:\n    output: 'a'\n    shell: 'echo a > a'\nrule b:\n    input: 'a'\n    output: 'b'\n    shell: 'cp a b'\n"
    workdir = workflows.write(tmp_path, text)
    assert workflows.snakemake(workdir, "a").returncode == 0
    first = workflows.latest(workdir)
    assert workflows.snakemake(workdir, "b").returncode == 0
    second = workflows.latest(workdir)
    maker = questions.producers(second).get("a")
    assert maker is not None
    assert (maker.status, maker.run, maker.id) == ("up_to_date", first.id, first.jobs[0].id)
    assert [j.rule for j in questions.executed(second)] == ["b"]


def test_killed_run_can_be_collected(tmp_path: Path) -> None:
    """kill -9 of Snakemake: what had ended is there, what had begun is lost, and the run says that it did not finish."""
    text = "rule all:\n    input: 'a', 'b'\nrule a:\n    output: 'a'\n    shell: 'echo a > a'\n"
    text += "rule b:\n    input: 'a'\n    output: 'b'\n    shell: 'touch began; sleep 30; echo b > b'\n"
    workdir = workflows.write(tmp_path, text)
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "1", "--logger", "provcap"]
    child = subprocess.Popen(
        command, cwd=workdir, env=workflows.QUIET, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (workdir / "began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "going on" in workflows.provcap(workdir, "show").stdout
    assert "[still-running]" in workflows.provcap(workdir, "crate").stderr
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert workflows.provcap(workdir, "collect").returncode == 0
    run = workflows.latest(workdir)
    assert run.status == "lost"
    assert [(j.rule, j.status) for j in run.jobs] == [("a", "succeeded"), ("b", "lost")]
    assert {"run-unfinished", "end-unknown"} <= {g.slug for g in run.gaps}


def test_job_killed_by_a_signal(tmp_path: Path) -> None:
    """A job that is killed has the signal's name in its error."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'kill -9 $$'\n")
    assert workflows.snakemake(workdir).returncode == 1
    job = workflows.latest(workdir).jobs[0]
    assert (job.status, job.exit_code, job.error) == ("failed", -9, "exit code -9 (killed by SIGKILL)")


def test_memory_and_time_of_a_job(tmp_path: Path) -> None:
    """CPU time is that of the job; memory is at least what it held, and not Snakemake's own size."""
    hold = "x = bytearray(200 << 20); import time; t = time.time()\nwhile time.process_time() < 1: pass\n"
    text = f"rule a:\n    output: touch('a')\n    shell: '{sys.executable} hold.py'\n"
    text += "rule b:\n    output: touch('b')\n    shell: 'sleep 0.6'\n"
    workdir = workflows.write(tmp_path, text, hold__py=hold)
    assert workflows.snakemake(workdir, "a", "b").returncode == 0
    held, slept = (jobs_of(workflows.latest(workdir), rule)[0].usage for rule in "ab")
    assert held is not None
    assert slept is not None
    assert 200 << 20 <= (held.max_rss_bytes or 0) < 300 << 20
    assert 0.9 <= (held.cpu_user_s or 0) + (held.cpu_system_s or 0) < 2.5
    assert (slept.max_rss_bytes or 0) < 20 << 20


def test_a_message_of_snakemake_shows_nothing_of_ours(tmp_path: Path) -> None:
    """The command in Snakemake's error message is the one that it shows without capture."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'exit 5'\n")
    shown = [
        [line for line in workflows.snakemake(workdir, capture=capture).stderr.splitlines() if "Command '" in line]
        for capture in (False, True)
    ]
    assert shown[0] == shown[1] != []


def test_oldest_snakemake(tmp_path: Path) -> None:
    """Snakemake 9.0.0, the oldest version that works, records the same attempts as the newest."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    root = Path(__file__).parent.parent
    packages = ["snakemake==9.0.0", "prov", "rocrate", "docker", "packageurl-python", "rich"]
    subprocess.run([venv / "bin/pip", "install", "-q", *packages], check=True, capture_output=True)
    site = next((venv / "lib").glob("python*/site-packages"))
    (site / "provcap.pth").write_text(str(root / "src"))
    workdir = workflows.write(tmp_path / "work", TWO_STEPS, copy__py=COPY)
    command = [str(venv / "bin/python"), "-P", "-m", "snakemake", "--cores", "2", "--logger", "provcap"]
    done = workflows.run(command, workdir)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    assert run.snakemake_version == "9.0.0"
    assert [(j.rule, j.status) for j in run.jobs] == [
        ("make", "succeeded"),
        ("flaky", "failed"),
        ("flaky", "succeeded"),
        ("scripted", "succeeded"),
    ]
    assert "record-incomplete" not in {gap.slug for gap in run.gaps}


MENDED = """
rule all:
    input: "a", "b"
rule a:
    output: "a"
    script: "draw.py"
rule b:
    input: "a"
    output: "b"
    shell: "exit 3"
"""


def test_what_is_not_known_of_results_that_stand_is_not_known_now(tmp_path: Path) -> None:
    """A run fails, is mended and continued: the unseeded attempt whose result stands is unseeded in the second run, too,
    and where and in what it ran is part of that run."""
    draw = "import random\nopen(snakemake.output[0], 'w').write(str(random.random()))\n"
    workdir = workflows.write(tmp_path, MENDED, draw__py=draw)
    assert workflows.snakemake(workdir).returncode == 1
    (workdir / "Snakefile").write_text(MENDED.replace("exit 3", "touch b"))
    assert workflows.snakemake(workdir).returncode == 0
    run = workflows.latest(workdir)
    (standing,) = (job for job in run.jobs if job.rule == "a")
    assert standing.status == "up_to_date"
    assert ("unseeded-randomness", f"job:{standing.id}") in {(gap.slug, gap.subject) for gap in run.gaps}
    assert standing.environment in {environment.id for environment in run.environments}
    assert standing.hardware in {machine.id for machine in run.hardware}
    assert standing.imports in {imports.id for imports in run.imports}


def test_a_workflow_is_dirty_when_its_own_files_differ(tmp_path: Path) -> None:
    """Neither records nor files that are not the workflow's make it differ from its commit; a script that changed does,
    and so does one that git does not have, and the Gap names it."""
    workdir = workflows.write(tmp_path, "rule a:\n    output: 'a'\n    script: 'scripts/a.py'\n", stray__txt="")
    (workdir / "scripts").mkdir()
    script = workdir / "scripts/a.py"
    script.write_text("open(snakemake.output[0], 'w').close()\n")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "Snakefile", "scripts"], ["commit", "-q", "-m", "x"]):
        workflows.run([*git, *words], workdir).check_returncode()
    assert workflows.snakemake(workdir).returncode == 0
    assert workflows.latest(workdir).workflow.dirty is False
    script.write_text(script.read_text() + "# more\n")
    (workdir / "scripts/new file.py").write_text("")
    assert workflows.snakemake(workdir, "--forceall").returncode == 0
    run = workflows.latest(workdir)
    assert run.workflow.dirty is True
    (told,) = (gap.message for gap in run.gaps if gap.slug == "workflow-dirty")
    assert told.endswith("scripts/a.py, scripts/new file.py")
    assert ".provcap" not in workflows.run([*git, "status", "--porcelain"], workdir).stdout
