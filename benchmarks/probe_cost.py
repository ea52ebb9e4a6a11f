"""What the probe costs: once per environment (cold), and before each command (warm).

    python benchmarks/probe_cost.py [--packages 1000] [--repeat 200] [--image IMAGE.sif] [--python PYTHON …]

Cold: collect.py with that many synthetic distributions and as many Debian packages, whose lists of files are this
machine's; and the shell's way to the latter without a Python. Warm: a shell that does nothing, with and without the
prologue that tells variables, twenty command words and the network, in turn, inside IMAGE when one is given.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from provcap.capture import shellscope

WORDS = "awk basename bwa cat cp cut date find grep gzip head ls mkdir python3 rm samtools sed sort tail wc".split()

INSIDE = """
import json, statistics, subprocess, sys, time
shell, prefix, repeat = sys.argv[1], sys.argv[2], int(sys.argv[3])
taken = {"without": [], "with": []}
for number in range(repeat + 5):
    for name, text in (("without", ":"), ("with", prefix + ":")):
        began = time.perf_counter()
        subprocess.call([shell, "-c", text])
        if number >= 5:
            taken[name].append(1000 * (time.perf_counter() - began))
paired = [b - a for a, b in zip(taken["without"], taken["with"])]
print(json.dumps([statistics.median(x) for x in (taken["without"], taken["with"], paired)]))
"""


def distributions(folder: Path, number: int) -> Path:
    """A site-packages folder with `number` distributions as pip leaves them."""
    for i in range(number):
        info = folder / f"package_{i}-1.{i}.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: package-{i}\nVersion: 1.{i}\n" + "Classifier: x\n" * 30
        (info / "METADATA").write_text(metadata + "\n" + "About it. " * 500)
        files = [f"package_{i}/module_{n}.py,sha256=abcdefghijklmnopqrstuvwxyz,1234" for n in range(50)]
        (info / "RECORD").write_text("\n".join([f"../../../bin/command-{i},sha256=abc,200", *files]))
        (info / "INSTALLER").write_text("pip\n")
    return folder


def debian(folder: Path, number: int) -> Path:
    """A dpkg database of `number` packages, of real size: the machine's own lists over and over."""
    info = folder / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    lists = sorted(Path("/var/lib/dpkg/info").glob("*.list")) or [Path(os.devnull)]
    status = []
    for i in range(number):
        (info / f"package-{i}.list").write_bytes(lists[i % len(lists)].read_bytes())
        entry = f"Package: package-{i}\nStatus: install ok installed\nPriority: optional\nSection: libs\n"
        entry += "Installed-Size: 100\nMaintainer: Nobody <n@example.org>\nArchitecture: amd64\n"
        status.append(entry + f"Version: 1.{i}-1\nDepends: libc6 (>= 2.36)\nDescription: one\n " + "text " * 80 + "\n")
    (folder / "var/lib/dpkg/status").write_text("\n".join(status))
    return folder


def median_ms(command: list[str], times: int, **variables: str) -> float:
    """The median wall time of `command`."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def cold(python: str, scratch: Path) -> None:
    """The collector under `python`, reading the synthetic packages instead of /var/lib/dpkg."""
    text = shellscope.probe_files()["collect.py"].decode().replace('"/var/lib/dpkg', f'"{scratch}/debian/var/lib/dpkg')
    (scratch / "collect.py").write_text(text)
    out = scratch / "out.json"
    taken = median_ms([python, str(scratch / "collect.py"), str(out)], 15, PYTHONPATH=str(scratch / "site"))
    count = len(json.loads(out.read_text())["packages"])
    print(f"cold  {python}: {taken:.0f} ms for {count} packages")


def warm(shell: str, repeat: int, image: str | None, scratch: Path) -> None:
    """The prologue in `shell`; differences are taken pair by pair."""
    for name, content in shellscope.probe_files().items():
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_bytes(content)
    prefix = shellscope.prefix(scratch, scratch / "told", WORDS)
    within = ["apptainer", "exec", "--bind", str(scratch), image] if image else []
    python = "python3" if image else sys.executable
    done = subprocess.run(
        [*within, python, "-c", INSIDE, shell, prefix, str(repeat)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"warm  {shell}: {done.stderr.strip()[-200:]}")
        return
    without, with_it, paired = json.loads(done.stdout)
    print(f"warm  {shell}: {without:.2f} ms without, {with_it:.2f} ms with the prologue, {paired:+.2f} ms paired")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=200)
    parser.add_argument("--image")
    parser.add_argument("--python", nargs="*", default=[sys.executable])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        distributions(scratch / "site", arguments.packages)
        debian(scratch / "debian", arguments.packages)
        for python in arguments.python:
            cold(python, scratch)
        probe = scratch / "probe.sh"
        probe.write_bytes(
            shellscope.probe_files()["probe.sh"].replace(b"/var/lib/dpkg", f"{name}/debian/var/lib/dpkg".encode())
        )
        for shell in ("dash", "bash"):
            command = [shell, "-c", f"_provcap_probe=/nonexistent; set -- {name}; . {probe}"]
            print(f"cold  {shell}, without a Python: {median_ms(command, 5):.0f} ms")
        for shell in ("dash", "bash"):
            warm(shell, arguments.repeat, arguments.image, scratch / "staged")


if __name__ == "__main__":
    main()
