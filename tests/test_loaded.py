"""What the host makes of the loads that a job's processes told: digests, gaps, and no belief."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap.capture import loaded, observed


def large(place: Path) -> dict[str, Any]:
    """The load of a file in the work directory that was too large to be hashed in the job."""
    place.write_bytes(b"x" * 100)
    info = place.stat()
    file = [str(place), info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns]
    return {"library": "torch", "path": place.name, "file": file, "times": 1}


def test_large_files_are_hashed_after_the_job(tmp_path: Path) -> None:
    """On the host, when size, time and inode are those of the load; a file that was changed has a gap."""
    load = large(tmp_path / "a.pt")
    (found,) = loaded.digested([load], tmp_path, lambda _: "")
    assert found["digest"] == "sha256:" + hashlib.sha256(b"x" * 100).hexdigest()
    assert loaded.gaps([found], "job:j") == []
    (tmp_path / "a.pt").write_bytes(b"y" * 101)
    (found,) = loaded.digested([load], tmp_path, lambda _: "")
    assert [gap["slug"] for gap in loaded.gaps([found], "job:j")] == ["weights-not-hashed"]
    (found,) = loaded.digested([large(tmp_path / "b.pt")], tmp_path, lambda _: "hashing is off")
    assert "digest" not in found


def test_a_copy_that_keeps_the_time_is_another_file(tmp_path: Path) -> None:
    """Content that was replaced under the same size, mtime and inode is not hashed for what was loaded."""
    place = tmp_path / "a.pt"
    load = large(place)
    info = place.stat()
    time.sleep(0.03)
    place.write_bytes(b"y" * 100)
    os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert (place.stat().st_mtime_ns, place.stat().st_ino) == (info.st_mtime_ns, info.st_ino)
    (found,) = loaded.digested([load], tmp_path, lambda _: "")
    assert "digest" not in found


@pytest.mark.parametrize(
    ("load", "steady"),
    [
        ({"providers": ["CUDAExecutionProvider"], "settings": {"use_deterministic_compute": "False"}}, False),
        ({"providers": ["CUDAExecutionProvider"], "settings": {"use_deterministic_compute": "True"}}, True),
        ({"providers": ["CPUExecutionProvider"], "settings": {"use_deterministic_compute": "False"}}, True),
        ({"device": "cuda", "settings": {"deterministic_algorithms": "False"}}, False),
        ({"device": "cuda", "settings": {"deterministic_algorithms": "True"}}, True),
        ({"device": "cpu", "settings": {"deterministic_algorithms": "False"}}, True),
        ({"device": "gpu", "settings": {"op_determinism": "False"}}, False),
    ],
)
def test_what_may_differ_on_a_gpu_is_a_gap(load: dict[str, Any], steady: bool) -> None:
    """Without the flag that the library has for it, and only where another device than the processor was at work."""
    found = loaded.gaps([{"library": "l", "digest": "sha256:" + "0" * 64, **load}], "job:j")
    assert [gap["slug"] for gap in found] == ([] if steady else ["inference-not-deterministic"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from("library path file settings digest times size providers asked".split()), inner, max_size=6
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_a_job_tells_is_read(told: object) -> None:
    """What comes out of a job is not believed: any value is read without an error, and what is kept has its type."""
    for one in loaded.read(told if isinstance(told, list) else [told]):
        assert isinstance(one["library"], str)
        assert isinstance(one["times"], int)
        assert all(isinstance(value, str) for value in one.get("settings", {}).values())
        loaded.digested([one], Path("/nowhere"), lambda _: "")
    line = json.dumps({"loads": told}).encode()
    assert observed._read_python(line, 1).ended


def test_a_device_or_pipe_is_not_opened() -> None:
    """A path that the job told is hashed on the host only when it is a regular file."""
    load = {"library": "torch", "path": "/dev/zero", "file": ["/dev/zero", 0, 0, 0, 0], "times": 1}
    assert "digest" not in loaded.digested([load], Path("/"), lambda _: "")[0]
