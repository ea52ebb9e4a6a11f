"""Models that jobs load: seen in their interpreters, with file, digest, providers and flags; and jobs do not notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provcap import digest
from provcap.bundle import write_crate
from provcap.capture import loaded
from provcap.model import Run
from tests import workflows
from tests.models import write_onnx
from tests.real_images import real_image
from tests.test_interpreters import PYTHONS, job_of, watched
from tests.test_ledger import other_python

ROOT = Path(__file__).parents[1]
SESSIONS = """
import numpy as np
import onnxruntime as ort
ort.set_default_logger_severity(4)
def once(model, **more):
    session = ort.InferenceSession(model, **more)
    print(session.run(None, {"x": np.ones((1, 3), "f4")}))
once("tiny.onnx", providers=["CPUExecutionProvider"])
options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.use_deterministic_compute = True
for turn in range(2):
    once(open("tiny.onnx", "rb").read(), sess_options=options)
try:
    ort.InferenceSession("nothing.onnx")
except Exception as error:
    print(type(error).__name__)
"""


def loads(workdir: Path, code: str, python: Path | str = sys.executable) -> list[dict[str, Any]]:
    """What one process that runs `code` tells of its loads, as the host reads it."""
    seen, told = watched(workdir, python, "-c", code)
    assert seen.startswith("0\n"), seen
    assert not told[-1]["unseen"]
    return loaded.read(told[-1]["loads"])


def test_sessions_of_onnxruntime_are_seen(tmp_path: Path) -> None:
    """By path and by bytes: digest, providers asked for and in force, threads and flags; a failed one is no load."""
    place = write_onnx(tmp_path / "tiny.onnx")
    first, second = loads(tmp_path, SESSIONS)
    assert first["path"] == "tiny.onnx"
    assert "path" not in second
    assert first["digest"] == second["digest"] == digest.of_file(place)
    assert (first["asked"], first["providers"]) == (["CPUExecutionProvider"], ["CPUExecutionProvider"])
    assert (first["where"], first["times"], second["times"]) == ("-c:6", 1, 2)
    flags = [
        (one["settings"]["intra_op_num_threads"], one["settings"]["use_deterministic_compute"])
        for one in (first, second)
    ]
    assert flags == [("0", "False"), ("1", "True")]


def test_the_job_does_not_notice(tmp_path: Path) -> None:
    """The same output, errors and exit code as without the hook; the class is the library's own, with its signature."""
    write_onnx(tmp_path / "tiny.onnx")
    code = (
        SESSIONS
        + "import inspect; print(inspect.signature(ort.InferenceSession), ort.InferenceSession.__init__.__name__)"
    )
    assert (
        watched(tmp_path, sys.executable, "-c", code)[0] == watched(tmp_path, sys.executable, "-c", code, hook=False)[0]
    )


def test_nothing_is_imported_for_it(tmp_path: Path) -> None:
    """A job without such libraries runs none of this code; one with onnxruntime gets no module that it did not import,
    and no native library is told that only the hook loaded."""
    write_onnx(tmp_path / "tiny.onnx")
    ours = ("_hashlib", "_provcap_watch", "_provcap_told", "atexit", "sitecustomize")
    names = f"import sys; print(sorted(set(sys.modules) - {set(ours)}))"
    code = f"import onnxruntime as o; o.InferenceSession('tiny.onnx'); {names}"
    seen, told = watched(tmp_path, sys.executable, "-c", code)
    bare, _ = watched(tmp_path, sys.executable, "-c", code, hook=False)
    assert seen == bare
    assert told[0]["loads"][0]["digest"]
    assert not [path for path, *_ in told[0]["libraries"] if "_hashlib" in path]
    seen, _ = watched(tmp_path, sys.executable, "-c", "import sys; print(sys.modules['_provcap_watch']._weights)")
    assert seen.startswith("0\nNone")


@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.parts[-3])
def test_it_parses_in_every_python(tmp_path: Path, python: Path) -> None:
    """The hook's file runs in each Python from 3.6 on; a library of the same name that is another one harms nothing."""
    if "2.7" in str(python):
        pytest.skip("Python 2 is not watched")
    folder = tmp_path / "onnxruntime" / "capi"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "onnxruntime_inference_collection.py").write_text(
        "class InferenceSession:\n    def __init__(self, path):\n        print('mine', path)\n"
    )
    code = "from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession as S; S('x')"
    seen, told = watched(tmp_path, python, "-c", code)
    assert seen == "0\nmine x\n\n"
    assert told[0]["unseen"] == ["a model that was loaded"]


@pytest.mark.parametrize("large", [False, True], ids=["hashed in the job", "too large for that"])
def test_models_under_one_temporary_name_are_two(tmp_path: Path, large: bool) -> None:
    """Of the same size, mtime and inode, copied with shutil.copy2 to one path: each load has its own digest, or none."""
    for name, fill in (("a", b"\x28\x07"), ("b", b"\x28\x08")):  # model_version 7 and 8
        place = write_onnx(tmp_path / f"{name}.onnx")
        place.write_bytes(place.read_bytes() + fill)
        os.utime(place, (1, 1))
    code = f"""
import onnxruntime as ort, shutil, sys
if {large}:
    sys.modules["_provcap_watch"]._weights["SMALL"] = 0
for name in "abab":
    shutil.copy2(name + ".onnx", "m.onnx")
    ort.InferenceSession("m.onnx")
"""
    found = loaded.digested(loads(tmp_path, code), tmp_path, lambda _: "")
    assert sum(one["times"] for one in found) == 4
    known = {name: digest.of_file(tmp_path / f"{name}.onnx") for name in "ab"}
    if large:
        assert {one.get("digest") for one in found} <= {None, known["b"]}
        assert sum(one["times"] for one in found if "digest" in one) <= 1
    else:
        assert [(one["digest"], one["times"]) for one in found] == [(known["a"], 2), (known["b"], 2)]


def test_a_forked_process_tells_at_once(tmp_path: Path) -> None:
    """A child that ends without a word has told what it loaded; one that ends as usual tells it once."""
    write_onnx(tmp_path / "tiny.onnx")
    code = """
import os, onnxruntime as ort
if os.fork() == 0:
    ort.InferenceSession("tiny.onnx")
    os._exit(0)
os.wait()
"""
    _, told = watched(tmp_path, sys.executable, "-c", code)
    assert [line["load"]["path"] for line in told if "load" in line] == ["tiny.onnx"]


def test_torch_is_seen(tmp_path: Path) -> None:
    """torch.load by path, open file and bytes in memory, and torch.jit.load; a flag set later is told as such."""
    code = """
import io, torch, zipfile
torch.save({"a": torch.ones(3)}, "a.pt")
torch.load("a.pt", weights_only=True)
torch.load(open("a.pt", "rb"), map_location="cpu")
torch.load(io.BytesIO(open("a.pt", "rb").read()))
zipfile.ZipFile("z.zip", "w").write("a.pt")
torch.load(io.BytesIO(zipfile.ZipFile("z.zip").open("a.pt").read()))
torch.load(zipfile.ZipFile("z.zip").open("a.pt"))
torch.jit.script(torch.nn.Linear(2, 2)).save("b.pt")
torch.jit.load("b.pt")
torch.use_deterministic_algorithms(True)
"""
    found = loads(tmp_path, code, other_python("torch"))
    assert [(one["library"], one.get("path")) for one in found] == [
        ("torch", "a.pt"),
        ("torch", "a.pt"),
        ("torch", None),
        ("torch", None),
        ("torch", None),
        ("torch.jit", "b.pt"),
    ]
    assert [one.get("digest") for one in found] == [
        digest.of_file(tmp_path / name) if name else None for name in ("a.pt", "a.pt", "a.pt", "a.pt", None, "b.pt")
    ]  # of a member that torch reads piece by piece, nobody has the bytes
    assert {one["device"] for one in found} == {"cpu"}
    assert {one["settings"]["deterministic_algorithms at the end"] for one in found} == {"True"}


@pytest.mark.slow
def test_keras_and_tensorflow_are_seen(tmp_path: Path) -> None:
    """keras.models.load_model, load_weights and tf.saved_model.load, whichever way they are called."""
    code = """
import keras, tensorflow as tf
m = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
m.save("k.keras"); m.export("sm", verbose=False); m.save_weights("k.weights.h5")
tf.keras.models.load_model("k.keras"); m.load_weights("k.weights.h5"); tf.saved_model.load("sm")
"""
    found = loads(tmp_path, code, other_python("tensorflow"))
    assert [one["path"] for one in found] == ["k.keras", "k.weights.h5", "sm"]
    assert [one["library"] for one in found] == ["keras", "keras", "tensorflow"]
    assert found[0]["digest"] == digest.of_file(tmp_path / "k.keras")
    (whole,) = loaded.digested(found[2:], tmp_path, lambda _: "")
    assert whole["digest"] == digest.of_tree(tmp_path / "sm")[0]


SCRIPT = """
import tempfile, zipfile
import onnxruntime as ort
archive = zipfile.ZipFile(snakemake.input[0])
name = next(n for n in archive.namelist() if n.endswith(".model"))
ort.InferenceSession(archive.read(name))
with tempfile.TemporaryDirectory() as folder:
    ort.InferenceSession(archive.extract(name, folder))
ort.InferenceSession("tiny.onnx")
open(snakemake.output[0], "w").write("done")
"""


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A captured workflow that loads the real model out of its archive, and one that its rule does not name."""
    workdir = tmp_path_factory.mktemp("segmented")
    write_onnx(workdir / "tiny.onnx")
    (workdir / "net.czseg").write_bytes(real_image("PGC_20X.czseg").read_bytes())
    job = job_of(workdir, "input: 'net.czseg'\n    script: 's.py'", files={"s__py": SCRIPT})
    assert job.status == "succeeded"
    return workdir


def test_a_model_out_of_an_archive_is_known(segmented: Path) -> None:
    """As bytes, or from a temporary directory that is gone: its digest leads to the member of the job's input."""
    run = _whole(segmented)
    job = run.jobs[0]
    by_bytes, extracted, beside = job.loads
    (member,) = [one for one in run.weights if one.member]
    assert by_bytes.path is None
    assert extracted.path is not None
    assert not Path(extracted.path).exists()
    assert by_bytes.digest == extracted.digest == member.digest
    assert member.file == job.inputs[0].digest
    assert member.opsets == {"ai.onnx": 12}
    assert not [gap for gap in run.gaps if gap.slug.startswith("weights")]
    assert beside.digest == digest.of_file(segmented / "tiny.onnx")


def test_a_model_that_no_rule_names_is_an_undeclared_input(segmented: Path) -> None:
    """onnxruntime opens files by itself: what it loaded is among the undeclared inputs all the same."""
    run = _whole(segmented)
    assert [a.path for a in run.jobs[0].undeclared_inputs] == ["tiny.onnx"]
    assert "undeclared-input" in {gap.slug for gap in run.gaps}


def test_its_crate_is_valid(segmented: Path, tmp_path: Path) -> None:
    """The archive is packed as an input, the model in it is an object of the job; `provcap check` has nothing to say."""
    write_crate(_whole(segmented), segmented, tmp_path / "c")
    done = workflows.provcap(segmented, "check", str(tmp_path / "c"), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "c/net.czseg").exists()
    shown = json.loads(workflows.provcap(segmented, "show", "--models", "--json").stdout)
    assert len(shown["models"]) == 2
    assert len(shown["loads"]) == 3


def _whole(workdir: Path) -> Run:
    from provcap import bioimage

    return bioimage.described(workflows.latest(workdir), workdir)


@pytest.mark.apptainer
@pytest.mark.docker
@pytest.mark.slow
def test_a_model_that_only_the_container_has(tmp_path: Path) -> None:
    """What lies in a container's own /tmp is hashed there, when it is loaded; that nobody could read it is a gap."""
    subprocess.run([ROOT / "containers/build", "nuclei", "--sif"], check=True, stdout=subprocess.DEVNULL)
    place = write_onnx(tmp_path / "tiny.onnx", 5)
    script = """
import onnxruntime as ort, os
inside = f"/tmp/{os.getpid()}-inside.onnx"
open(inside, "wb").write(open("tiny.onnx", "rb").read() + b"\\x28\\x07")  # model_version 7
ort.InferenceSession(inside)
open(snakemake.output[0], "w").write("done")
"""
    directive = f"container: '{ROOT}/containers/nuclei/nuclei.sif'\n    script: 's.py'"
    words = ["--sdm", "apptainer", "--apptainer-args= --containall"]
    (load,) = job_of(tmp_path, directive, *words, files={"s__py": script}).loads
    assert load.path is not None
    assert not Path(load.path).exists()
    assert load.digest == digest.of_bytes(place.read_bytes() + b"\x28\x07")
    assert [gap.slug for gap in _whole(tmp_path).gaps if gap.slug.startswith("weights")] == ["weights-not-read"]


def test_run_blocks_are_seen_too(tmp_path: Path) -> None:
    """A run: block loads a model in Snakemake's own process; afterwards the class is as it was."""
    place = write_onnx(tmp_path / "tiny.onnx")
    directive = (
        "run:\n        import onnxruntime as ort\n        ort.InferenceSession('tiny.onnx')\n"
        "        open(output[0], 'w').write(str(hasattr(ort.InferenceSession.__init__, '__wrapped__')))"
    )
    job = job_of(tmp_path, directive)
    assert [(one.path, one.digest) for one in job.loads] == [("tiny.onnx", digest.of_file(place))]
