"""A submission as a directory: metadata, file list, the provenance crate, and the files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from provcap import bioimage, bundle, digest, progress, store, unpack
from provcap.crate.places import inside, media_type
from provcap.deposit import copying
from provcap.deposit.archive import Item
from provcap.deposit.bia import file_list, submission
from provcap.deposit.bia.components import components
from provcap.deposit.bia.file_list import Row
from provcap.deposit.bia.graph import METADATA
from provcap.deposit.bia.missing import missing
from provcap.deposit.bia.places import PROVENANCE
from provcap.deposit.bia.submission import Lying
from provcap.deposit.zipping import write_zip
from provcap.errors import ProvcapError
from provcap.model import Artifact, Run
from provcap.model.study import Study
from provcap.opening import Opened

ACCESSION: Final = re.compile(r"S-[A-Z]{2,10}[0-9]{1,10}")
_SHOWN: Final = 50


def write(
    opened: Opened, target: Path, accession: str | None = None, data: bool = True, link: bool = False
) -> tuple[int, int]:
    """Write the submission of a run to the directory `target`; how many files it lists, and their bytes.

    Without `data` the files are only listed, with `link` they are hard links where the disk allows it. Raises
    ProvcapError, and leaves nothing, when something is missing, all of which it names.
    """
    store.refuse_existing(target)
    if accession is not None and not ACCESSION.fullmatch(accession):
        raise ProvcapError("bad-accession", f"{accession!a} is no accession", "as the archive writes it: S-BIAD1234")
    said = opened.run.study
    if said is None:
        hint = "provcap template rembi -o study.xlsx, fill it in, then: provcap annotate RUN study.xlsx"
        raise ProvcapError("not-annotated", f"nobody has said what the images of {opened.run.id} are of", hint)
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with (
        _files(opened) as (run, place),
        TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as work,
    ):
        root = Path(work, "submission")
        root.mkdir()
        listed = _compose(run, said, place, root, accession, lambda file: _zip(opened, file))
        if data:
            _bring([(row, file) for row, file in listed if file.path is not None], root, link)
        os.rename(root, target)
    return len(listed), sum(row.size_bytes or 0 for row, _ in listed)


@contextmanager
def _files(opened: Opened) -> Iterator[tuple[Run, Callable[[str], Path]]]:
    """The run with what its images say, and where on the disk the file lies that it calls by a path."""
    if opened.crate is None:
        base = opened.files or Path()
        yield bioimage.described(opened.run, opened.files, 0), lambda path: base / path
    else:
        with unpack.opened(opened.crate) as root:
            yield opened.run, lambda path: root / inside(path)


def _zip(opened: Opened, target: Path) -> None:
    """The provenance crate: the one that was named, or one of the run."""
    if opened.crate is None:
        bundle.write_crate(opened.run, opened.files, target)
    elif opened.crate.is_dir():
        write_zip(opened.crate, target)
    else:
        copying.bring([_item(target.name, opened.crate)], target.parent)


def _item(key: str, path: Path) -> Item:
    return Item(key, path, path.stat().st_size, digest.of_file(path))


def _compose(
    run: Run, said: Study, place: Callable[[str], Path], root: Path, accession: str | None, pack: Callable[[Path], None]
) -> list[tuple[Row, Lying]]:
    """Write all but the data to `root`; the rows of the file list with where each file lies."""
    parts, wrong = components(run, said)
    wrong = [*missing(run, said), *wrong]
    found = {a.path: _lying(a, place, wrong) for part in parts for a in part.files}
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        lines = "".join(f"\n  {text}" for text in [*wrong[:_SHOWN], *more])
        hint = "put it into the sheet, then: provcap annotate RUN study.xlsx"
        raise ProvcapError(
            "submission-incomplete", f"for the BioImage Archive, {run.id} lacks ({len(wrong)}):{lines}", hint
        )
    graph = submission.graph(run, said, parts, accession)
    rows = submission.rows(run, parts, graph, lambda artifact: found[artifact.path])
    zipped = f"{PROVENANCE}/{run.id}.crate.zip"
    (root / PROVENANCE).mkdir()
    pack(root / zipped)
    item = _item(zipped, root / zipped)
    kind = media_type(zipped)
    own = Row(zipped, submission.CRATE, zipped, item.size_bytes, kind, item.digest)
    rows.append((own, Lying(zipped, zipped, item.size_bytes, item.digest)))
    store.write_atomic(root / file_list.NAME, file_list.table(row for row, _ in rows))
    store.write_atomic(root / METADATA, graph.serialise())
    return rows


def _lying(artifact: Artifact, place: Callable[[str], Path], wrong: list[str]) -> list[Lying]:
    """The files of an artifact; what keeps them from being listed goes to `wrong`."""
    path, tree = place(artifact.path), artifact.kind == "directory"
    try:
        info = path.lstat()
        kind = stat.S_ISDIR if tree else stat.S_ISREG
        if path.is_symlink() and path.exists():
            info = path.stat()  # raw data often are links into a store
        if not kind(info.st_mode):
            wrong.append(f"{artifact.path!a}: it is no {artifact.kind} now")
        elif tree:
            return list(_members(artifact, path, wrong))
        elif artifact.size_bytes not in (None, info.st_size):
            wrong.append(f"{artifact.path!a}: it has changed since the run")
        return [Lying(artifact.path, artifact.path, info.st_size, artifact.digest, path)]
    except OSError as error:
        wrong.append(f"{artifact.path!a}: it cannot be read: {error.strerror}")
    return []


def _members(artifact: Artifact, path: Path, wrong: list[str]) -> Iterator[Lying]:
    """The files of a directory, which must be what the run recorded."""
    if artifact.digest not in (None, digest.of_tree(path)[0]):
        wrong.append(f"{artifact.path!a}: it has changed since the run")
        return
    files = sorted(Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    kept = [file for file in files if file.name not in digest.SIDE_FILES]
    links = [file for file in kept if file.is_symlink()]
    wrong += [f"{str(file)!a}: it is a link" for file in links]
    hexes = digest.of_files(map(str, kept))
    for file in kept:
        original = f"{artifact.path}/{file.relative_to(path).as_posix()}"
        yield Lying(artifact.path, original, file.stat().st_size, hexes.get(str(file)), file)


def _bring(listed: Sequence[tuple[Row, Lying]], root: Path, link: bool) -> None:
    """Copy or link the files to their places, each verified."""
    items = [
        Item(row.path, file.path, file.size_bytes or 0, file.digest or digest.of_file(file.path))
        for row, file in listed
        if file.path is not None
    ]
    if link:
        for item in progress.over(items, "linking files"):
            target = root / item.key
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(item.path.resolve(), target)
            except OSError:
                break  # another disk, or one without hard links: the rest is copied
    copying.bring(items, root)
