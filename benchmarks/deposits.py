"""Deposits that are killed at random moments: how many end complete, as one record, with the right checksums?

    benchmarks/deposits.py --kills 200

kill -9 at a random request of a deposit, before the archive has carried it out or after, or at a random moment between
requests; then the same deposit again, until it is published. The archive is tests/archive_server.py, or with --url a
real InvenioRDM, where deposits are killed at random moments only.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import archive_server
from tests.deposits import NAME, Real, alone, make, send

from provcap import check, deposit
from provcap.deposit import invenio_files
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError

PART = 40_000  #: bytes, so that the crate goes in some ten parts


def killed(archive: archive_server.Archive | Real, ready: deposit.Prepared, workdir: Path, seconds: float) -> str:
    """Start a deposit in a process of its own; how it ended: killed, done, or the slug of an error."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.read(told, 1)
            send(archive, ready, workdir)
            os._exit(0)
        except BaseException:
            os._exit(1)
    if isinstance(archive, archive_server.Archive):
        archive.victim = pid
    os.write(tell, b"!")
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            break
        time.sleep(0.001)
    else:
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    os.close(told)
    os.close(tell)
    return "killed" if os.WIFSIGNALED(status) else "done before" if os.WEXITSTATUS(status) == 0 else "gave up"


def complete(ready: deposit.Prepared, files: dict[str, bytes], doi: bool) -> bool:
    """Whether the archive has all files, and the crate among them is as it was, or is whole with its DOI in it."""
    if set(files) != {key for key, _ in ready.plan.files}:
        return False
    if not doi:
        return files[NAME] == ready.crate.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / NAME).write_bytes(files[NAME])
        return check.check(Path(folder) / NAME, conforms=False).ok


def trial(ready: deposit.Prepared, workdir: Path, dice: random.Random, length: int) -> tuple[str, bool, bool, float]:
    """One deposit on a new archive: how the first try ended, complete, one record, seconds of the second."""
    with archive_server.running() as archive:
        at, how = dice.randint(1, length), dice.choice(("kill-before", "kill-after", "moment"))
        if how != "moment":
            archive.fault = lambda number, *_: how if number == at else None
        ended = killed(archive, ready, workdir, dice.uniform(0, 0.4) if how == "moment" else 60)
        archive.victim = None
        began = time.monotonic()
        record = send(archive, ready, workdir).record
        took = time.monotonic() - began
        return ended, complete(ready, archive.content(record), True), len(archive.records) == 1, took


def real(archive: Real, ready: deposit.Prepared, workdir: Path, dice: random.Random) -> tuple[str, bool, bool, float]:
    """One deposit in a real archive, of a crate that it has not seen."""
    fresh = alone(ready, workdir / "crate")
    ended = killed(archive, fresh, workdir, dice.uniform(0, 1.5))
    began = time.monotonic()
    try:
        record = send(archive, fresh, workdir).record
    except ProvcapError as error:
        return f"{ended}, then {error.slug}", False, True, time.monotonic() - began
    took = time.monotonic() - began
    entries = requests.get(f"{archive.url}/records/{record}/files", timeout=60).json()["entries"]
    base = f"{archive.url}/records/{record}/files"
    files = {e["key"]: requests.get(f"{base}/{e['key']}/content", timeout=60).content for e in entries}
    right = all(e["checksum"] == f"md5:{hashlib.md5(files[e['key']]).hexdigest()}" for e in entries)
    return ended, right and complete(fresh, files, False), True, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--url", help="of a real InvenioRDM, like http://127.0.0.1:55000/api")
    parser.add_argument("--token-file", help="with a token for it")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    invenio_files.PART_BYTES, invenio_files.IN_PARTS_FROM = PART, 2 * PART
    ends: Counter[str] = Counter()
    whole = once = 0
    times = []
    with tempfile.TemporaryDirectory() as folder:
        crate = make(Path(folder) / "run")
        target = deposit.Target("http://127.0.0.1:9", Settings(), lambda: "", lambda _: None)
        with deposit.prepared(crate, target, deposit.archive("invenio", target), crate.parent) as ready:
            if options.url:
                os.environ |= {
                    "PROVCAP_TEST_INVENIO": options.url,
                    "PROVCAP_TEST_INVENIO_TOKEN_FILE": options.token_file,
                }
            length = requests_of(ready, Path(folder) / "count")
            for number in range(options.kills):
                workdir = Path(folder) / str(number)
                with contextlib.suppress(KeyboardInterrupt):
                    found = real(Real(), ready, workdir, dice) if options.url else trial(ready, workdir, dice, length)
                    ends[found[0]] += 1
                    whole, once = whole + found[1], once + found[2]
                    times.append(found[3])
                    continue
                break
    print(f"a deposit is {length} requests; first tries: {dict(ends)}")
    print(
        f"{len(times)} deposits: {whole} complete with the right checksums"
        + ("" if options.url else f", {once} with exactly one record")
    )
    print(f"going on took {statistics.median(times):.2f} s (median), at most {max(times):.1f} s")
    sys.exit(0 if whole == once == len(times) else 1)


def requests_of(ready: deposit.Prepared, workdir: Path) -> int:
    """How many requests a deposit is that nobody interrupts."""
    with archive_server.running() as archive:
        send(archive, ready, workdir)
        return len(archive.requests)


if __name__ == "__main__":
    main()
