"""A run as a crate with its PROV inside: for its owner, or for others to read."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from provcap import annotated, bioimage, codec, crate, digest, drawing, graph, progress, redact, report, store
from provcap.bioimage.weights import weighing
from provcap.crate import acquisitions, models, study
from provcap.crate.packing import SourceReader
from provcap.crate.places import inside
from provcap.crate.policy import Policy
from provcap.errors import ProvcapError
from provcap.model import Gap, Run, Source
from provcap.redact import Allowed, Find, public
from provcap.redact.public import Public
from provcap.seal import chain, statement

PROV_FILES = {
    "json": "prov.json",
    "provn": "prov.provn",
    "xml": "prov.xml",
    "turtle": "prov.ttl",
    "jsonld": "prov.jsonld",
}


def write_crate(run: Run, files: Path | None, target: Path, policy: Policy | None = None) -> tuple[Gap, ...]:
    """Write the Provenance Run Crate of `run` to `target` (a zip or a directory) and return the Gaps of packing.

    `files` is the directory that the run's paths are relative to. Raises TargetExists before anything is done.
    """
    store.refuse_existing(target)
    policy = policy or Policy()
    run = bioimage.described(run, files, policy.pixels)
    return _write(run, files, target, policy, lambda source: _kept(files, source))


def _write(run: Run, files: Path | None, target: Path, policy: Policy, read: SourceReader) -> tuple[Gap, ...]:
    store.refuse_existing(target)
    with progress.step("describing the run as W3C PROV"):
        document = graph.document(run)
    written = progress.over(PROV_FILES.items(), "writing W3C PROV")
    extras = {f"provenance/{name}": graph.serialise(document, fmt) for fmt, name in written}
    extras["provenance/prov.svg"] = drawing.draw(run)
    with progress.step("writing the page to read"):
        extras["ro-crate-preview.html"] = report.page(run, files, withheld=policy.withheld)
    extras |= _sealed(run, files, policy.journals)
    if policy.clean is None:  # who made an image often stands in its OME-XML, and in the properties of a sheet
        extras |= _ome(run, files) | _sheet(run, files)
    extras["provenance/run.json"] = codec.dump_run(run).encode("utf-8", "surrogateescape")
    return crate.write(run, files, target, extras, policy, read)


def _kept(files: Path | None, source: Source) -> bytes | None:
    """The copy of a file of the workflow that was kept when the run began."""
    if files is not None:
        with contextlib.suppress(OSError):
            return store.source_path(files, source.kept or source.digest).read_bytes()
    return None


def _sealed(run: Run, files: Path | None, journals: bool) -> dict[str, bytes]:
    """The seal of the run, with its journals if wanted, and the statement on its outputs, by place in the crate."""
    found = {}
    names = [chain.SEAL, *(chain.JOURNALS if journals else ())]
    folder = None if files is None else store.run_folder(files, run.id)
    for name in names if folder is not None else ():
        with contextlib.suppress(OSError):
            found[f"provenance/{name}"] = Path(folder or "", name).read_bytes()
    said = statement.compose(run)
    return found | ({"provenance/statement.json": said} if said else {})


def _ome(run: Run, files: Path | None) -> dict[str, bytes]:
    """The OME-XML of the images and the descriptions of the models, as they are, by place in the crate."""
    found = {acquisitions.place(a): bioimage.metadata(files, a) for a in run.acquisitions if a.metadata}
    found |= {models.place(one): weighing.card(files, one) for one in run.weights if one.card}
    return {place: data for place, data in found.items() if data is not None}


def _sheet(run: Run, files: Path | None) -> dict[str, bytes]:
    """The sheet that people filled in, by its place in the crate."""
    if run.study is None or files is None:
        return {}
    content = annotated.sheet(store.run_folder(files, run.id), run.study)
    return {study.place(run.study): content} if content is not None else {}


def write_public(
    run: Run, files: Path | None, target: Path, policy: Policy, allow: Sequence[Allowed] = (), withhold: bool = False
) -> tuple[tuple[Gap, ...], tuple[Gap, ...]]:
    """As `write_crate`, for others to read: names and secrets in the record and in texts are replaced, and data with a
    find that `allow` does not cover are left out where `withhold` says so. Returns the Gaps of packing, and those that
    tell what was replaced and left out.

    Raises ProvcapError, and writes nothing, when something is left that should not leave.
    """
    store.refuse_existing(target)
    record, run = run, bioimage.described(run, files, policy.pixels)
    new = public.public(run, files, lambda source: _kept(files, source) or _original(source), record)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as folder:
        policy = replace(policy, moved=_moved(new, files, Path(folder)), clean=new.clean)
        root = Path(folder, "first")
        gaps, found = _tried(new, files, root, policy, allow)
        left_out = _data(new.run, root, found) if withhold else {}
        if left_out:
            new.run = replace(new.run, gaps=(*new.run.gaps, *_withheld(left_out)))
            policy = replace(policy, withheld=left_out)
            root = Path(folder, "second")
            gaps, found = _tried(new, files, root, policy, allow)
        if found:
            raise _blocked(found, _data(new.run, root, found), withhold)
        crate.place(root, target, new.run)
    return gaps, new.run.gaps[len(run.gaps) :]


def _withheld(left_out: Mapping[str, str]) -> tuple[Gap, ...]:
    return tuple(Gap("withheld", f"file:{path}", why) for path, why in sorted(left_out.items()))


def _tried(
    new: Public, files: Path | None, target: Path, policy: Policy, allow: Sequence[Allowed]
) -> tuple[tuple[Gap, ...], tuple[Find, ...]]:
    """Write the crate as a directory and look through it for the names of the original, and for everything else."""
    gaps = _write(new.run, files, target, policy, lambda s: new.sources.get(s.kept or s.digest))
    known = replace(new.known, published=new.known.published | redact.of_crate(target).published)
    return gaps, redact.blocking(redact.scan(target, allow, known))


def _moved(new: Public, files: Path | None, folder: Path) -> dict[str, Path]:
    """Where the files are that the new record calls otherwise; the new texts lie in `folder`."""
    moved = {path: (files or Path()) / original for path, original in new.paths.items() if files is not None}
    for number, (path, data) in enumerate(sorted(new.texts.items())):
        moved[path] = folder / f"text-{number}"
        moved[path].write_bytes(data)
    return moved


def _data(run: Run, root: Path, found: Sequence[Find]) -> dict[str, str]:
    """The files and directories of the run whose content in the crate in `root` is among `found`, and why."""
    rules: dict[str, set[str]] = {}
    artifacts = {a.path: a for job in run.jobs for a in (*job.read, *job.made, *job.logs)}
    places = {inside(path): path for path in artifacts}
    digests = {artifact.digest: path for path, artifact in artifacts.items() if artifact.digest}
    sources = {inside(source.path) for source in run.workflow.sources}
    for find in found:
        path = next((places[p] for p in _upwards(find.path) if p in places), None)
        if path is None and (root / find.path).is_file():
            path = digests.get(digest.of_file(root / find.path))
        if path is not None and find.path not in sources:
            rules.setdefault(path, set()).add(find.rule)
    return {path: f"withheld, as the gate found in it: {', '.join(sorted(names))}" for path, names in rules.items()}


def _upwards(place: str) -> list[str]:
    return [place, *map(str, PurePosixPath(place).parents)]


def _blocked(found: Sequence[Find], data: Mapping[str, str], withhold: bool) -> ProvcapError:
    shown = "; ".join(f"{find.rule} in {find.place}: {find.what}" for find in found[:8])
    more = f"; and {len(found) - 8} more" if len(found) > 8 else ""
    hint = "what may pass is named, with the reason, under allow in config/deposit.yaml (docs/publishing.md)"
    if data and not withhold:
        hint = f"data are not altered: --withhold leaves {', '.join(sorted(data)[:3])} out, or {hint}"
    return ProvcapError("not-public", f"{len(found)} finds keep this crate from being public: {shown}{more}", hint)


def _original(source: Source) -> bytes | None:
    """The file of the workflow where it was, if it is one; the digest says whether it still is the same."""
    with contextlib.suppress(OSError, ValueError):
        path = Path(source.place)
        return path.read_bytes() if source.kept is None and stat.S_ISREG(os.stat(path).st_mode) else None
    return None
