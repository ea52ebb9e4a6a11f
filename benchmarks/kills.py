"""Kill -9 at random moments, again and again: is the history that is left whole and true?

    python benchmarks/kills.py --kills 200 [--workers 2] [--seed 1] [--keep DIR] [--json]

A work directory sees a few runs that are killed, each followed by `snakemake --unlock`, then one that is left in peace.
Killed is, at random: Snakemake's main process (its jobs live on), everything at once (a node dies), the process of
a job, or a step (the Snakemake that was started for a `run:` job). Main process and steps are also the processes that
write records, so half of the kills wait for a write and come right after it. Some killed runs are collected, some not.

The oracle is the jobs themselves: each appends to a log outside which execution it is when it begins and when it ends,
and writes that name into its output, so that the content of a file says who made it. What must hold is in `violations`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from provcap import codec, collect, store
from provcap.errors import DamagedRecord
from provcap.model import Job, Run

SNAKEFILE = """
rule all:
    input: "o/joined"

rule sleeper:
    output: "o/s{n}"
    shell: "T=$ORACLE_RUN:{rule}:{wildcards.n}:$$:$(date +%N); echo begin $T >> {config[oracle]}; sleep 0.2; "
           "echo $T > {output}; echo end $T >> {config[oracle]}"

rule flaky:  # fails at its first attempt
    output: "o/f"
    retries: 1
    resources: nth=lambda wildcards, attempt: attempt
    shell: "T=$ORACLE_RUN:{rule}::$$:$(date +%N); echo begin $T >> {config[oracle]}; test {resources.nth} = 2; "
           "echo $T > {output}; echo end $T >> {config[oracle]}"

rule python:  # a Snakemake of its own runs it
    output: "o/p{n}"
    run:
        import os, time
        token = f"{os.environ['ORACLE_RUN']}:{rule}:{wildcards.n}:{os.getpid()}:{time.time_ns()}"
        for word in ("begin", "end"):
            with open(config["oracle"], "a") as stream:
                stream.write(f"{word} {token}\\n")
            if word == "begin":
                time.sleep(0.2)
                with open(output[0], "w") as stream:
                    stream.write(token + "\\n")

rule joined:
    input: expand("o/s{n}", n=range(4)), "o/f", "o/p0"
    output: "o/joined"
    shell: "T=$ORACLE_RUN:{rule}::$$:$(date +%N); echo begin $T >> {config[oracle]}; sleep 0.1; "
           "echo $T > {output}; echo end $T >> {config[oracle]}"
"""
TARGETS = ("main", "everything", "job", "step")
QUIET = {k: v for k, v in os.environ.items() if not k.startswith(("PROVCAP", "SNAKEMAKE"))}


@dataclass
class Tally:
    """What happened in the directories of one worker."""

    kills: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    unbegun: int = 0  #: runs that were killed before they had written anything
    violations: list[str] = field(default_factory=list)


def children(pid: int) -> dict[int, str]:
    """All processes below `pid`, with their command lines."""
    parents: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError, ValueError):
            text = Path(f"/proc/{entry}/stat").read_text()
            parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, queue = {}, [pid]
    while queue:
        for child in parents.get(queue.pop(), ()):
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            queue.append(child)
    return found


def victim(main: int, target: str, pick: random.Random) -> int | None:
    """The process to kill; None when there is none of that kind now."""
    if target in ("main", "everything"):
        return main
    below = {pid: line for pid, line in children(main).items() if ("--mode subprocess" in line) == (target == "step")}
    if target == "job":
        below = {pid: line for pid, line in below.items() if "ORACLE_RUN" in line}
    return pick.choice(sorted(below)) if below else None


def written(workdir: Path) -> int:
    """How much has been written to the records and events of all runs."""
    with contextlib.suppress(OSError):  # gathered meanwhile
        return sum(p.stat().st_size for p in (workdir / ".provcap/runs").glob("*/**/*.jsonl"))
    return -1


def kill_once(workdir: Path, number: int, target: str, duration: float, pick: random.Random) -> bool:
    """Start a run and kill `target` at a random moment; False when it ended before."""
    child = subprocess.Popen(
        command(workdir), cwd=workdir, env={**QUIET, "ORACLE_RUN": str(number)}, start_new_session=True, **SILENT
    )
    began, hit = time.monotonic(), False
    moment = pick.uniform(0.25, 1.0) * duration
    at_a_write = pick.random() < 0.5
    before = written(workdir)
    while child.poll() is None and not hit:
        time.sleep(0.001 if at_a_write else 0.01)
        if time.monotonic() - began < moment or (at_a_write and written(workdir) == before):
            before = written(workdir) if at_a_write and time.monotonic() - began < moment else before
            continue
        pid = victim(child.pid, target, pick)
        with contextlib.suppress(ProcessLookupError):
            if pid is not None:
                (os.killpg if target == "everything" else os.kill)(pid, signal.SIGKILL)
                hit = True
    child.wait()
    while alive(child.pid):  # orphans that still write would be a race between the workflow's own jobs
        time.sleep(0.02)
    return hit


def alive(session: int) -> bool:
    """Whether a process of `session` is left."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                return True
    return False


def command(workdir: Path, *words: str) -> list[str]:
    config = ["--config", f"oracle={workdir.parent / 'oracle'}"]
    start = [sys.executable, "-P", "-m", "snakemake", "--cores", "2", "--rerun-incomplete", "--keep-going"]
    return [*start, *config, *words, "--logger", "provcap"]


STOP: list[int] = []  #: not empty when somebody has pressed Ctrl-C
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def history(workdir: Path, tally: Tally) -> list[Run]:
    """Every run, collected: twice the same. One that was killed before it began to write has nothing to tell."""
    runs = []
    for folder in store.list_runs(workdir):
        try:
            first = codec.dump_run(collect.collect(folder))
        except DamagedRecord as error:
            if any(p.stat().st_size for p in folder.glob("records/*.jsonl")):
                tally.violations.append(f"{folder}: not readable, though it has records: {error}")
            tally.unbegun += 1
            continue
        if codec.dump_run(collect.collect(folder)) != first:
            tally.violations.append(f"{folder}: collected twice, and not the same")
        runs.append(codec.load_run(first))
    return runs


def violations(workdir: Path, runs: list[Run], peaceful: bool) -> list[str]:
    """What is wrong with the history `runs` of `workdir`; `peaceful`: the last one was not killed."""
    found = []
    begun, ended = executions(workdir.parent / "oracle")
    attempts = [job for run in runs for job in run.jobs if job.status != "up_to_date"]
    numbers = {n: job.run for job in attempts for n in [invocation(job, ended)] if n}
    for name, count in Counter(job.id for job in attempts).items():
        if count > 1:
            found.append(f"attempt {name} stands {count} times in the history")
    told = Counter((job.rule, job.wildcards.get("n", "")) for job in attempts)
    really = Counter(tuple(token.split(":")[1:3]) for token in begun)
    for key, count in really.items():
        if told[key] < count:
            found.append(f"{key} ran {count} times, and {told[key]} attempts are told")
    for job in attempts:
        if job.status == "succeeded" and not {a.digest for a in job.outputs} <= set(ended):
            found.append(f"{job.label} in {job.run} is told to have succeeded, and no execution made that output")
        if peaceful and job.run == runs[-1].id and job.status == "lost":
            found.append(f"{job.label} is lost in a run that nobody killed")
    found += origins(workdir, runs[-1], ended, numbers)
    if peaceful and runs[-1].status != "succeeded":
        found.append(f"the last run is told to have {runs[-1].status}")
    return [f"{workdir}: {text}" for text in found]


def origins(workdir: Path, last: Run, ended: dict[str, str], numbers: dict[str, str]) -> list[str]:
    """Every result must be said to be made by the run that made it, with the digest that it has."""
    found = []
    makers = {a.path: (job, a) for job in last.jobs for a in job.outputs if job.status in ("succeeded", "up_to_date")}
    for path in sorted((workdir / "o").iterdir()):
        name, digest = f"o/{path.name}", "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        token = ended.get(digest)
        if token is None or name not in makers:
            found.append(f"{name}: made by {token}, and the history says {makers.get(name)}")
            continue
        job, artifact = makers[name]
        if artifact.digest != digest or job.run != numbers.get(token.split(":")[0]):
            found.append(f"{name}: made by {token}, and the history says {job.id} of {job.run} ({job.status})")
    return found


def invocation(job: Job, ended: dict[str, str]) -> str:
    """The number that this program gave to the run in which `job` ran, as its output tells."""
    tokens = [ended[a.digest] for a in job.outputs if a.digest in ended]
    return tokens[0].split(":")[0] if job.status == "succeeded" and tokens else ""


def executions(oracle: Path) -> tuple[list[str], dict[str, str]]:
    """The executions that began, and for the digest of what each would leave, those that ended."""
    lines = [line.split(" ", 1) for line in oracle.read_text().splitlines()]
    begun = [token for word, token in lines if word == "begin"]
    whole = {"sha256:" + hashlib.sha256(f"{t}\n".encode()).hexdigest(): t for word, t in lines if word == "end"}
    return begun, whole


def campaign(place: Path, kills: int, seed: int) -> Tally:
    """Work directories below `place`, until there have been `kills` kills."""
    tally, pick = Tally(), random.Random(seed)
    number, duration = 0, 6.0
    while kills > 0 and not STOP:
        workdir = place / f"{seed}-{number}" / "work"
        workdir.mkdir(parents=True)
        (workdir / "Snakefile").write_text(SNAKEFILE)
        (workdir.parent / "oracle").touch()
        for _ in range(pick.randint(2, 6)):
            number += 1
            target = pick.choice(TARGETS)
            if kills > 0 and kill_once(workdir, number, target, duration, pick):
                kills -= 1
                tally.kills[target] += 1
            if any((workdir / ".snakemake/locks").glob("*")):
                subprocess.run(command(workdir, "--unlock"), cwd=workdir, env=QUIET, check=True, **SILENT)
            folders = store.list_runs(workdir)
            if folders and pick.random() < 0.5:
                with contextlib.suppress(DamagedRecord):
                    collect.collect(folders[-1])
        number += 1
        began, before = time.monotonic(), len(store.list_runs(workdir))
        done = subprocess.run(
            command(workdir), cwd=workdir, env={**QUIET, "ORACLE_RUN": str(number)}, capture_output=True, text=True
        )
        duration = max(2.5, min(duration, time.monotonic() - began))
        if done.returncode:
            tally.violations.append(f"{workdir}: the last run failed: {done.stderr[-2000:]}")
            continue
        runs = history(workdir, tally)
        tally.runs += len(runs)
        tally.attempts.update(job.status for run in runs for job in run.jobs)
        # the kill may have come when all was done: then there was nothing left to run, and no run was recorded
        tally.violations += violations(workdir, runs, len(store.list_runs(workdir)) > before)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="work here, and leave everything for a look")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    place = options.keep or Path(tempfile.mkdtemp(prefix="provcap-kills-"))
    shares = [options.kills // options.workers + (i < options.kills % options.workers) for i in range(options.workers)]
    began = time.monotonic()
    signal.signal(signal.SIGINT, lambda number, _: STOP.append(number))  # report what was done by then
    with ThreadPoolExecutor(options.workers) as pool:
        tallies = list(pool.map(lambda i: campaign(place, shares[i], options.seed * 1000 + i), range(options.workers)))
    report = {
        "kills": dict(sum((t.kills for t in tallies), Counter())),
        "runs": sum(t.runs for t in tallies),
        "killed_before_anything_was_written": sum(t.unbegun for t in tallies),
        "attempts": dict(sum((t.attempts for t in tallies), Counter())),
        "violations": [text for t in tallies for text in t.violations],
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(report) if options.json else "\n".join(f"{key:35} {value}" for key, value in report.items()))
    if not options.keep and not report["violations"]:
        subprocess.run(["rm", "-rf", str(place)], check=True)
    return 1 if report["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
