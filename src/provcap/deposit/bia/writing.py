"""A submission as a directory: metadata, file list, the provenance crate, and the files."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from provcap import bioimage, bundle, digest, progress, redact, store, unpack
from provcap.crate.places import inside, media_type
from provcap.crate.policy import Policy
from provcap.deposit import copying, gate
from provcap.deposit.archive import Item
from provcap.deposit.bia import file_list, submission
from provcap.deposit.bia.components import Component, components
from provcap.deposit.bia.file_list import Row
from provcap.deposit.bia.missing import missing
from provcap.deposit.bia.places import PROVENANCE, Places
from provcap.deposit.bia.submission import Lying
from provcap.deposit.zipping import write_zip
from provcap.errors import ProvcapError
from provcap.model import Artifact, Run
from provcap.model.study import Study
from provcap.opening import METADATA, Opened
from provcap.redact import Allowed, known

ACCESSION: Final = re.compile(r"S-[A-Z]{2,10}[0-9]{1,10}")
_SHOWN: Final = 50
_CHANGED: Final = "it has changed since the run"
_GONE: Final = "it cannot be read"
_HINT: Final = "leave such files out of the sheet; what may pass is named under allow in config/deposit.yaml"


def write(
    opened: Opened,
    target: Path,
    accession: str | None = None,
    data: bool = True,
    link: bool = False,
    allow: Sequence[Allowed] = (),
) -> tuple[int, int]:
    """Write the submission of a run to the directory `target`; how many files it lists, and their bytes.

    Without `data` the files are only listed, with `link` they are hard links where the disk allows it. Raises
    ProvcapError, and leaves nothing, when something is missing, all of which it names, or when something in it is
    secret or personal and none of `allow`.
    """
    store.refuse_existing(target)
    said = _said(opened, accession)
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with (
        _files(opened) as (run, place),
        TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as work,
    ):
        root = Path(work, "submission")
        root.mkdir()
        parts, found = _complete(run, said, place, opened.crate is None)
        graph = submission.graph(run, said, parts, accession)
        listed = submission.rows(run, parts, graph, lambda artifact: found[artifact.path])
        rows = [row for row, _ in listed]
        store.write_atomic(root / METADATA, graph.serialise())
        store.write_atomic(root / file_list.NAME, file_list.table(rows))
        if data:
            _bring(listed, root, link)
        gate.refuse(target, redact.scan(root, allow, known.of_run(run)), _HINT)
        rows.append(_provenance(opened, place("."), root, allow))
        store.write_atomic(root / file_list.NAME, file_list.table(rows))
        os.rename(root, target)
    return len(rows), sum(row.size_bytes or 0 for row in rows)


def _said(opened: Opened, accession: str | None) -> Study:
    """The study of the run. Raises ProvcapError when it has none, or when nothing can be said of it yet."""
    if accession is not None and not ACCESSION.fullmatch(accession):
        raise ProvcapError("bad-accession", f"{accession!a} is no accession", "as the archive writes it: S-BIAD1234")
    if opened.going_on:
        raise ProvcapError("still-running", f"the run {opened.run.id} is still going on", "wait until it has ended")
    if opened.run.study is None:
        hint = "provcap template rembi -o study.xlsx, fill it in, then: provcap annotate RUN study.xlsx"
        raise ProvcapError("not-annotated", f"nobody has said what the images of {opened.run.id} are of", hint)
    return opened.run.study


@contextmanager
def _files(opened: Opened) -> Iterator[tuple[Run, Callable[[str], Path]]]:
    """The run with what its images say, and where on the disk the file lies that it calls by a path."""
    if opened.crate is None:
        base = opened.files or Path()
        yield bioimage.described(opened.run, opened.files, 0), lambda path: base / path
    else:
        with unpack.opened(opened.crate) as root:
            yield opened.run, lambda path: root / inside(path)


def _provenance(opened: Opened, base: Path, root: Path, allow: Sequence[Allowed]) -> Row:
    """Bring the provenance crate, the one that was named and lies unpacked in `base`, or a public one; its row."""
    original = f"{opened.run.id}.crate.zip"
    name = Places().take(original, PROVENANCE)
    target = root / name
    target.parent.mkdir(parents=True)
    if opened.crate is None:
        bundle.write_public(opened.run, opened.files, target, Policy(), allow)
    else:
        gate.refuse(opened.crate, redact.scan(base, allow))
        if opened.crate.is_dir():
            write_zip(opened.crate, target)
        else:
            copying.bring([Item(name, opened.crate, opened.crate.stat().st_size, digest.of_file(opened.crate))], root)
    content = digest.of_file(target)
    return Row(name, submission.CRATE, original, target.stat().st_size, media_type(name), content)


def _complete(
    run: Run, said: Study, place: Callable[[str], Path], own: bool
) -> tuple[list[Component], dict[str, list[Lying]]]:
    """The components, and the files of each artifact by its path; `own`: they lie where the run left them.

    Raises ProvcapError with all that is missing.
    """
    parts, wrong = components(run, said)
    wrong = [*missing(run, said), *wrong]
    files = progress.over([a for part in parts for a in part.files], "checking files")
    odd: list[str] = []
    found = {a.path: _lying(_now(run, a, place(a.path)), place(a.path), own, odd) for a in files}
    if wrong or odd:
        every = [*wrong, *odd]
        more = [f"and {len(every) - _SHOWN} more"] if len(every) > _SHOWN else []
        lines = "".join(f"\n  {text}" for text in [*every[:_SHOWN], *more])
        message = f"for the BioImage Archive, {run.id} lacks ({len(every)}):{lines}"
        raise ProvcapError("submission-incomplete", message, _hint(bool(wrong), odd, own))
    return parts, found


def _hint(lacking: bool, files: Sequence[str], own: bool) -> str:
    """What to do when the sheet is `lacking` something, and when there is something wrong with `files`."""
    told = []
    if any(_GONE in text for text in files) and not own:
        told.append("a crate may lack files that its sheet names: name the run, or write it with --with-intermediates")
    elif files:
        told.append(f"bring back the files as the {'run' if own else 'crate'} had them, or run again")
    if lacking:
        run = "" if own else ", and name the run in place of its crate"
        also = "what the sheet lacks, " if told else ""
        told.append(f"{also}put it into the sheet, then: provcap annotate RUN study.xlsx{run}")
    return "; ".join(told)


def _now(run: Run, artifact: Artifact, path: Path) -> Artifact:
    """`artifact` as it lies at `path`, where its lineage may have been embedded since."""
    known = [e for e in run.embeddings if (e.path, e.file) == (artifact.path, artifact.digest)]
    with contextlib.suppress(OSError, ValueError):
        found = known and (digest.of_tree(path)[0] if artifact.kind == "directory" else digest.of_file(path))
        known = [e for e in known if e.embedded == found]
        return replace(artifact, digest=known[0].embedded, size_bytes=known[0].size_bytes) if known else artifact
    return artifact


def _lying(artifact: Artifact, path: Path, links: bool, wrong: list[str]) -> list[Lying]:
    """The files of an artifact; what keeps them from being listed goes to `wrong`. It may itself be one of `links`, as
    raw data often are, into a store."""
    tree = artifact.kind == "directory"
    try:
        info = path.stat() if links else path.lstat()
        kind = stat.S_ISDIR if tree else stat.S_ISREG
        if not kind(info.st_mode):
            wrong.append(f"{artifact.path!a}: it is no {artifact.kind} now")
        elif tree:
            return list(_members(artifact, path, wrong))
        elif artifact.size_bytes not in (None, info.st_size) or artifact.digest not in (None, digest.of_file(path)):
            wrong.append(f"{artifact.path!a}: {_CHANGED}")
        return [Lying(artifact.path, artifact.path, info.st_size, artifact.digest, path)]
    except OSError as error:
        wrong.append(f"{artifact.path!a}: {_GONE}: {error.strerror}")
    return []


def _members(artifact: Artifact, path: Path, wrong: list[str]) -> Iterator[Lying]:
    """The files of a directory, which must be what the run recorded."""
    if artifact.digest not in (None, digest.of_tree(path)[0]):
        wrong.append(f"{artifact.path!a}: {_CHANGED}")
        return
    every = [(Path(folder), folders, names) for folder, folders, names in os.walk(path)]
    files = sorted(f / name for f, _, names in every for name in names if name not in digest.SIDE_FILES)
    folders = [f / name for f, names, _ in every for name in names]
    called = {file: f"{artifact.path}/{file.relative_to(path).as_posix()}" for file in (*files, *folders)}
    wrong += sorted(f"{called[file]!a}: it is a link" for file in called if file.is_symlink())
    kept = [file for file in files if not file.is_symlink()]
    hexes = digest.of_files(map(str, kept))
    for file in kept:
        yield Lying(artifact.path, called[file], file.stat().st_size, hexes.get(str(file)), file)


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
