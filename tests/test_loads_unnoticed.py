"""Models that a job fails to load, or names in a way of its own: the job sees what it always sees."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from provcap import digest
from provcap.capture import loaded
from tests.models import write_onnx
from tests.test_interpreters import watched

PATHS = """
import onnxruntime as ort, os, traceback, sys
ort.set_default_logger_severity(4)
class Own:
    calls = 0
    def __init__(self, name):
        self.name = name
    def __fspath__(self):
        Own.calls += 1
        return self.name
ort.InferenceSession(Own("tiny.onnx"))
print(Own.calls)
try:
    try:
        raise KeyError("before")
    except KeyError:
        ort.InferenceSession(Own("nothing.onnx"))
except Exception as error:
    print(Own.calls, type(error), repr(error.__cause__), repr(error.__context__), error.__suppress_context__)
    if sys.version_info >= (3, 11):
        traceback.print_exc(file=sys.stdout)
"""


def test_a_failure_looks_as_it_always_does(tmp_path: Path) -> None:
    """The same traceback, cause and context; an object that stands for a path is asked once, and the model is known."""
    place = write_onnx(tmp_path / "tiny.onnx")
    os.utime(place, (1, 1))
    time.sleep(0.03)
    (tmp_path / "s.py").write_text(PATHS)
    seen, told = watched(tmp_path, sys.executable, "s.py")
    assert seen == watched(tmp_path, sys.executable, "s.py", hook=False)[0]
    assert seen.startswith("0\n1\n2 ")
    (load,) = loaded.read(told[-1]["loads"])
    assert (load["path"], load["digest"]) == ("tiny.onnx", digest.of_file(place))


def test_paths_of_the_library_are_known(tmp_path: Path) -> None:
    """pathlib's paths and entries of a directory are asked for their name, as nobody sees that."""
    place = write_onnx(tmp_path / "m/tiny.onnx")
    code = "import onnxruntime as o, os, pathlib; o.InferenceSession(pathlib.Path('m/tiny.onnx'))\n"
    code += "o.InferenceSession(next(os.scandir('m')))"
    _, told = watched(tmp_path, sys.executable, "-c", code)
    found = loaded.read(told[-1]["loads"])
    assert [(one["path"], one["digest"]) for one in found] == [("m/tiny.onnx", digest.of_file(place))] * 2


def test_a_file_that_may_have_been_replaced_is_not_hashed(tmp_path: Path) -> None:
    """What only the library tells, after it has read it, has a digest when it was not changed since; else its path."""
    write_onnx(tmp_path / "tiny.onnx")
    code = PATHS.split("try:")[0].replace("ort.Inf", "os.utime('tiny.onnx'); ort.Inf")
    _, told = watched(tmp_path, sys.executable, "-c", code)
    (load,) = loaded.digested(loaded.read(told[-1]["loads"]), tmp_path, lambda _: "")
    assert (load["path"], load.get("digest")) == ("tiny.onnx", None)
