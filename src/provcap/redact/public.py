"""A run as it may be published: the record, and the texts that belong to it, under other names.

Texts are the files of the workflow, logs, benchmarks, and Snakemake's own log. Data are not altered. The original is
only read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from provcap import codec, digest
from provcap.model import Artifact, Gap, Run, Source
from provcap.redact.known import Known, of_run
from provcap.redact.pseudonyms import Pseudonyms

MAX_TEXT: Final = 64 << 20  #: bytes of a text in which names are replaced; in a larger one a find blocks
Reader = Callable[[Source], bytes | None]


@dataclass(slots=True)
class Public:
    """What is packed in place of the original."""

    run: Run
    known: Known  #: the names that must not be in the crate any more
    paths: Mapping[str, str]  #: for each path of the run that got another name, the original
    clean: Callable[[bytes, str], bytes]  #: gives a text its other names
    sources: dict[str, bytes] = field(default_factory=dict)  #: the files of the workflow, by digest
    texts: dict[str, bytes] = field(default_factory=dict)  #: other texts, by their new path


def public(run: Run, files: Path | None, read: Reader, record: Run | None = None) -> Public:
    """`run` with other names; `files` is the directory that its paths are relative to, and `read` gives the text of a
    file of the workflow as it was run. `record` is what was recorded of it, when more was found out since."""
    known = of_run(run)
    names = Pseudonyms(known, taken=codec.dump_run(run))
    changed: dict[str, tuple[str, int]] = {}  #: digest of a text to that of the new one, and its size
    sources = dict(_sources(run, read, names, changed))
    texts = dict(_texts(run, files, names, changed))
    plain = codec.encode(run)
    about = plain.pop("about", None)  # people say it there on purpose
    clean = _record(names.value(plain), changed)
    if about is not None:
        clean["about"] = about
    new = _with_people(codec.decode(Run, clean), run)
    new = replace(new, gaps=(*new.gaps, *_told(record or run, names)))
    named = {path: names.text(path) for path in _paths(run)}
    return Public(
        new, known, {new: old for old, new in named.items() if new != old}, names.content, sources,
        {named.get(path, path): data for path, data in texts.items()},
    )  # fmt: skip


def _with_people(new: Run, run: Run) -> Run:
    """`new` with those people of the study who gave an ORCID, which is public, and without all others of it."""
    if run.study is None or new.study is None:
        return new
    known = tuple(person for person in run.study.authors if person.id)
    sets = tuple(
        replace(one, authors=tuple(person for person in old.authors if person.id))
        for one, old in zip(new.study.annotations, run.study.annotations, strict=True)
    )
    study = replace(new.study, authors=known, annotations=sets, acknowledgements=None)
    left = len(run.study.authors) - len(known)
    if not left and not run.study.acknowledgements:
        return replace(new, study=study)
    message = f"{left} people of the sheet without ORCID, and acknowledgements, are left out for publication"
    return replace(new, study=study, gaps=(*new.gaps, Gap("withheld", "study", message)))


def _sources(
    run: Run, read: Reader, names: Pseudonyms, changed: dict[str, tuple[str, int]]
) -> Iterator[tuple[str, bytes]]:
    """The files of the workflow by the digest that the new record gives them."""
    for source in run.workflow.sources:
        data = read(source)
        known = source.kept or source.digest
        if data is None or digest.of_bytes(data) != known:
            continue  # the packing says that it is not what was run
        clean = names.content(data, source.path)
        if clean != data:
            changed[known] = (digest.of_bytes(clean), len(clean))
        yield digest.of_bytes(clean), clean


def _texts(
    run: Run, files: Path | None, names: Pseudonyms, changed: dict[str, tuple[str, int]]
) -> Iterator[tuple[str, bytes]]:
    """Logs, benchmarks and Snakemake's log in which something was replaced, by their old path."""
    logs = {artifact.path: artifact for job in run.jobs for artifact in job.logs if artifact.kind == "file"}
    logs |= {job.benchmark: Artifact(job.benchmark) for job in run.jobs if job.benchmark}
    logs |= {run.log: Artifact(run.log)} if run.log else {}
    for path, artifact in sorted(logs.items()):
        data = _read(files, path)
        if data is None or (artifact.digest and digest.of_bytes(data) != artifact.digest):
            continue
        clean = names.content(data, path)
        if clean != data:
            if artifact.digest:
                changed[artifact.digest] = (digest.of_bytes(clean), len(clean))
            yield path, clean


def _read(files: Path | None, path: str) -> bytes | None:
    if files is None:
        return None
    try:
        info = os.lstat(files / path)
        fits = stat.S_ISREG(info.st_mode) and info.st_size <= MAX_TEXT
        return (files / path).read_bytes() if fits else None
    except (OSError, ValueError):
        return None


def _record(plain: Any, changed: Mapping[str, tuple[str, int]]) -> Any:
    """`plain` with the digests and sizes of the new texts."""
    if isinstance(plain, list):
        return [_record(item, changed) for item in plain]
    if not isinstance(plain, dict):
        return changed[plain][0] if isinstance(plain, str) and plain in changed else plain
    new = {key: _record(value, changed) for key, value in plain.items()}
    own = plain.get("digest")
    if isinstance(own, str) and own in changed and "size_bytes" in plain:
        new["size_bytes"] = changed[own][1]
    return new


def _paths(run: Run) -> Iterator[str]:
    for job in run.jobs:
        for artifact in (*job.read, *job.made, *job.logs):
            yield artifact.path
        if job.benchmark:
            yield job.benchmark
    yield from (image.path for image in run.images if image.path)
    if run.log:
        yield run.log


def _told(run: Run, names: Pseudonyms) -> tuple[Gap, ...]:
    """What was replaced, in numbers, and of which record."""
    if not names.counts:
        return ()
    counts = ", ".join(f"{rule} {number}" for rule, number in sorted(names.counts.items()))
    original = digest.of_bytes(codec.dump_run(run).encode("utf-8", "surrogateescape"))
    message = f"names and secrets were replaced for publication ({counts}); the original record has {original}"
    return (Gap("redacted-for-publication", "run", message),)
