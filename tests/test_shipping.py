"""Records that come home from a node without a shared file system, in the job's own log."""

from __future__ import annotations

import sys
from pathlib import Path

from provcap import journal
from provcap.journal import SHIPPED
from tests import workflows

TEXT = "rule a:\n    output: 'a'\n    shell: 'echo a > {output}'\n"


def test_record_comes_home_in_the_log(tmp_path: Path) -> None:
    """A job that ran where `.provcap` is not shared is a full record, environment included, after collect --from."""
    home, node = workflows.write(tmp_path / "home", TEXT), workflows.write(tmp_path / "node", TEXT)
    assert workflows.snakemake(home).returncode == 0
    (folder,) = (home / ".provcap/runs").iterdir()
    for path in [*folder.glob("records*"), *(folder / "environments").glob("*")]:
        path.unlink()  # as if the job had left nothing here
    assert workflows.provcap(home, "collect").returncode == 0
    assert {g.slug for g in workflows.latest(home).gaps} >= {"no-record"}

    words = "--mode remote --cores 1 --force --nolock --ignore-incomplete --target-jobs a: --allowed-rules a"
    usage = "--shared-fs-usage sources input-output software-deployment source-cache"
    command = [sys.executable, "-P", "-m", "snakemake", *words.split(), *usage.split()]
    done = workflows.run(command, node, PROVCAP_RUN=folder.name)
    assert done.returncode == 0, done.stderr
    log = tmp_path / "job.log"
    log.write_text(done.stderr)
    collected = workflows.provcap(home, "collect", "--from", str(log))
    assert collected.returncode == 0, collected.stderr
    run = workflows.latest(home)
    (job,) = run.jobs
    assert (job.status, job.outputs[0].size_bytes) == ("succeeded", 2)
    assert [e.id for e in run.environments] == [job.environment]
    assert "no-record" not in {g.slug for g in run.gaps}


def test_shared_file_systems_ship_nothing(tmp_path: Path) -> None:
    """Where files are shared, no job log holds a parcel."""
    workdir = workflows.write(tmp_path, TEXT.replace("shell: 'echo a > {output}'", "run:\n        open('a', 'w')"))
    done = workflows.snakemake(workdir)
    assert done.returncode == 0
    assert SHIPPED not in done.stderr


def test_hostile_logs_are_passed_over(tmp_path: Path) -> None:
    """Broken, foreign and exploding parcels are no records, and harm nothing."""
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(b'{"record": {"id": "' + b"a" * (journal.MAX_PARCEL + 10) + b'"}}')).decode()
    foreign = base64.b64encode(zlib.compress(b'["record"]')).decode()
    log = tmp_path / "job.log"
    log.write_text("\n".join(SHIPPED + x for x in ("", "???", "aaaa", foreign, bomb)))
    (tmp_path / "run").mkdir()
    assert journal.unship(tmp_path / "run", [log]) == 0
    assert list((tmp_path / "run").iterdir()) == []
