"""The index of a large run answers as the run itself does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provcap import codec, index, lineage, store
from provcap.errors import ProvcapError
from provcap.model import Run


@pytest.fixture
def folder(any_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a collected run that is large enough for an index."""
    monkeypatch.setattr(index, "LEAST_BYTES", 0)
    folder = store.run_folder(tmp_path, any_run.id)
    store.write_atomic(folder / "run.json", codec.dump_run(any_run).encode("utf-8", "surrogateescape"))
    return folder


def paths_of(run: Run) -> list[str]:
    return sorted({a.path for job in run.jobs for a in (*job.read, *job.made, *job.logs)})


def test_index_tells_what_the_run_tells(any_run: Run, folder: Path) -> None:
    """For every file of every run, the jobs and gaps that the index gives are those of the run's own history."""
    index.build(folder, any_run)
    for path in paths_of(any_run):
        assert index.history(folder, path, folder) == (lineage.history(any_run, path), path)


def test_history_holds_the_whole_way_back(any_run: Run) -> None:
    """The history of a file has the same chain and origins as the run."""
    for path in paths_of(any_run):
        history = lineage.history(any_run, path)
        assert lineage.chain(history, path) == lineage.chain(any_run, path)
        assert lineage.origins(history, path) == lineage.origins(any_run, path)


def test_first_question_leaves_an_index_and_later_ones_use_it(any_run: Run, folder: Path) -> None:
    """The second question gives the same answer without run.json being read as a whole."""
    path = next(iter(paths_of(any_run)), None)
    if path is None:
        pytest.skip("a run without files")
    first = index.look_up("latest", folder.parents[2], path)
    assert (folder / index.NAME).is_file()
    stamp = os.stat(folder / "run.json")
    size = stamp.st_size
    text = (folder / "run.json").read_bytes()
    # damage what is not needed: the last line ends the object
    (folder / "run.json").write_bytes(text[:-2] + b"]\n")
    os.utime(folder / "run.json", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert os.stat(folder / "run.json").st_size == size
    assert index.look_up("latest", folder.parents[2], path)[0].run == first[0].run


def test_index_of_another_run_json_is_not_used(any_run: Run, folder: Path) -> None:
    """A run that was collected again is read again."""
    index.build(folder, any_run)
    os.utime(folder / "run.json", ns=(1, 1))
    assert all(index.history(folder, path, folder) is None for path in paths_of(any_run))


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_damaged_index_is_ignored(any_run: Run, folder: Path, content: bytes) -> None:
    """An index that cannot be read costs time, no answer."""
    (folder / index.NAME).write_bytes(content)
    for path in paths_of(any_run)[:1]:
        assert index.look_up("latest", folder.parents[2], path)[0].run == lineage.history(any_run, path)


def test_directory_without_room_for_an_index(any_run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no index can be written the question is answered all the same, and nothing is left behind."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "_write", full)
    for path in paths_of(any_run)[:1]:
        assert index.look_up("latest", folder.parents[2], path)[0].run == lineage.history(any_run, path)
    assert os.listdir(folder) == ["run.json"]


def test_unknown_file_is_an_error_with_near_names(any_run: Run, folder: Path) -> None:
    """A file that the run does not know is one clear error, with an index and without."""
    for _ in range(2):
        with pytest.raises(ProvcapError, match="no record of no/such/file"):
            index.look_up("latest", folder.parents[2], "no/such/file")
        index.build(folder, any_run)


def test_small_run_gets_no_index(any_run: Run, tmp_path: Path) -> None:
    """A run of few jobs is read as fast as an index of it, and gets none."""
    folder = store.run_folder(tmp_path, any_run.id)
    store.write_atomic(folder / "run.json", codec.dump_run(any_run).encode("utf-8", "surrogateescape"))
    index.build(folder, any_run)
    assert os.listdir(folder) == ["run.json"]
