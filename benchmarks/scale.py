"""How collect, crate, PROV and show grow with the number of jobs, on synthetic records of the real format.

    python benchmarks/scale.py 10000 [100000 …] [--prov]

Each step runs in a process of its own, so that its peak memory is its own. Prints one line per step.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from provcap import bundle, cli, codec, collect, crate, digest, export, graph, index, store, summary
from provcap.capture import clock
from provcap.journal import ENVIRONMENT_FORMAT, EVENT_FORMAT, RECORD_FORMAT
from provcap.opening import open_run

START = 1_780_000_000.0  #: seconds of the epoch
RUN = "20260528T200640-000000"


def generate(workdir: Path, jobs: int) -> None:
    """Records and events of `jobs` jobs: half of them segment an image, half measure the labels."""
    folder = store.run_folder(workdir, RUN)
    packages = [{"manager": "pypi", "name": f"package-{i}", "version": "1.0"} for i in range(300)]
    environment = codec.stamp(ENVIRONMENT_FORMAT, {"packages": packages, "os_name": "Debian GNU/Linux 12"}).encode()
    name = digest.of_bytes(environment)
    store.write_atomic(folder / "environments" / f"{name[7:]}.json", environment)
    lines, events = [], [_started(workdir)]
    for i in range(jobs // 2):
        for step in (_segment(i), _measure(i)):
            lines.append(codec.stamp(RECORD_FORMAT, {**step, **_common(name, i)}))
            told = {"jobid": len(lines), "rule_name": step["rule"], "wildcards": step["wildcards"]}
            events.append({"event": "job_info", "time": clock.iso(START + i), **told})
            events.append({"event": "job_finished", "time": clock.iso(START + i + 5), "jobid": len(lines)})
    events.append({"event": "run_ended", "time": clock.iso(START + jobs), "remaining": 0})
    store.write_atomic(folder / "records" / "node-1.jsonl", ("\n".join(lines) + "\n").encode())
    text = "\n".join(codec.stamp(EVENT_FORMAT, event) for event in events) + "\n"
    store.write_atomic(folder / "events.jsonl", text.encode())


def _started(workdir: Path) -> dict[str, object]:
    steps = [{"rule": rule, "source": "Snakefile", "line": 1} for rule in ("segment", "measure")]
    flow = {"snakefile": "Snakefile", "sources": []}
    more = {"snakemake_version": "9.27.1", "provcap_version": "0.1.0", "user": "u", "hostname": "n"}
    head = {"event": "run_started", "run": RUN, "workdir": str(workdir), "command": ["snakemake"], "steps": steps}
    return {**head, **more, "workflow": flow, "targets": [], "time": clock.iso(START)}


def _file(path: str, name: str | None = None) -> dict[str, object]:
    known = {"path": path, "digest": digest.of_bytes(path.encode()), "size_bytes": 1000, "media_type": "image/tiff"}
    return {**known, "name": name} if name else known


def _segment(i: int) -> dict[str, object]:
    files = {"inputs": [_file(f"in/{i}.tif", "image")], "outputs": [_file(f"labels/{i}.tif")]}
    return {"id": f"s{i:011d}", "rule": "segment", "wildcards": {"sample": str(i)}, "params": {"sigma": 1.5}, **files}


def _measure(i: int) -> dict[str, object]:
    files = {"inputs": [_file(f"labels/{i}.tif")], "outputs": [_file(f"tables/{i}.csv", "table")]}
    return {"id": f"m{i:011d}", "rule": "measure", "wildcards": {"sample": str(i)}, "logs": [_file(f"l/{i}")], **files}


def _common(environment: str, i: int) -> dict[str, object]:
    machine = {"id": "machine00001", "hostname": "node", "cpu_model": "AMD EPYC", "cpus_logical": 64}
    usage = {"wall_s": 5.0, "cpu_user_s": 4.5 + i % 7, "cpu_system_s": 0.1, "max_rss_bytes": 10**8 + i}
    times = {"started": clock.iso(START + i), "ended": clock.iso(START + i + 5)}
    more = {"event": "end", "status": "succeeded", "exit_code": 0, "threads": 2, "kind": "shell", "command": f"run {i}"}
    return {**more, **times, "usage": usage, "machine": machine, "hardware": machine["id"], "environment": environment}


def step_collect(workdir: Path) -> None:
    """Join the records and write run.json."""
    collect.collect(store.run_folder(workdir, RUN))


def step_crate(workdir: Path) -> None:
    """Write the crate's metadata: no file is there to be packed."""
    run = open_run("latest", workdir).run
    crate.write(run, None, workdir / "out.crate", {}, sources=lambda _: b"")


def step_prov(workdir: Path) -> None:
    """The whole document, as PROV-JSON."""
    graph.serialise(graph.document(open_run("latest", workdir).run), "json")


def step_sql(workdir: Path) -> None:
    """Load the run into a new SQLite database."""
    export.sql(workdir / "runs.sqlite", [open_run("latest", workdir).run])


def step_bundle(workdir: Path) -> None:
    """The crate with all that belongs into it."""
    bundle.write_crate(open_run("latest", workdir).run, None, workdir / "whole.crate")


def step_show_file(workdir: Path) -> None:
    """Who made this file: the first question, which leaves an index."""
    opened, path = index.look_up("latest", workdir, "tables/1.csv")
    summary.of_file(opened.run, path)


def step_show_file_again(workdir: Path) -> None:
    """A later question."""
    step_show_file(workdir)


STEPS = {name[5:].replace("_", "-"): step for name, step in list(globals().items()) if name.startswith("step_")}


def measure(step: str, workdir: Path) -> dict[str, float]:
    """Run one step in a process of its own: wall and CPU seconds, peak memory in MiB."""
    command = [sys.executable, __file__, "--step", step, "--workdir", str(workdir)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> None:
    """Measure every size that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", type=int)
    parser.add_argument("--prov", action="store_true", help="also PROV and the whole crate, which take minutes")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--workdir", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        began = time.perf_counter()
        cli.spare_the_collector()
        STEPS[options.step](options.workdir)
        used = resource.getrusage(resource.RUSAGE_SELF)
        wall, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
        print(json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_MiB": used.ru_maxrss / 1024}))
        return
    for jobs in options.jobs:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), jobs)
            for step in STEPS:
                if options.prov or step not in ("prov", "bundle"):
                    found = measure(step, Path(folder))
                    print(
                        f"{jobs:>7} jobs  {step:<10}" + "".join(f"  {k} {v:8.2f}" for k, v in found.items()), flush=True
                    )


if __name__ == "__main__":
    main()
