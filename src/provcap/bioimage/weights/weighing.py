"""The models of a run, each looked at once: what their files say.

After the run, never in a job, and in the limited process that reads images. What was found is kept below
``.provcap/images/`` by the digest of the file.
"""

from __future__ import annotations

import contextlib
import posixpath
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from provcap import codec, digest, progress, store
from provcap.bioimage import kept
from provcap.bioimage.found import Unreadable
from provcap.bioimage.reader import OTHER, TIFF, ZARR, Reader, suffix
from provcap.bioimage.weights.cards import NAMES
from provcap.bioimage.weights.cards import OTHER as OTHER_SHA
from provcap.bioimage.weights.reading import alone
from provcap.errors import DamagedRecord
from provcap.model import Artifact, Gap, Job, Run, Weights
from provcap.questions import external_inputs, is_transient, outputs

SURE: Final = (".onnx", ".pt", ".pth", ".safetensors", ".keras", ".czann", ".czseg")  #: the name says: a model
MAYBE: Final = (".h5", ".hdf5", ".zip")  #: looked at, and left alone when they are something else
SAVED: Final = "saved_model.pb"
FORMAT: Final = "provcap.weights/2"
MOST: Final = 200  #: files of a run that are looked at
LARGEST: Final = 1 << 30  #: bytes of a file of weights that is read
SLUG: Final = "weights-not-read"
_PICTURES: Final = (*TIFF, *ZARR, *OTHER)


def weighed(run: Run, files: Path | None) -> Run:
    """`run` with what the files of its models say; `files` is the directory that its paths are relative to, and without
    one, or when nothing is new, the run is given back as it is.

    A model that a job loaded and that cannot be read, or not any more, has a Gap.
    """
    if files is None or not files.is_dir():
        return run
    wanted = candidates(run, files)
    known = {one.digest: one for one in run.weights}
    done = known.keys() | {one.file for one in run.weights}
    left = {name: artifact for name, artifact in wanted.items() if name not in done}
    gaps = [Gap(SLUG, "run", f"of {len(left)} models {MOST} were looked at")] if len(left) > MOST else []
    loaded = {load.digest for job in run.jobs for load in job.loads}
    with Reader() as reader:
        for name, artifact in progress.over(sorted(left.items())[:MOST], "reading what models say"):
            try:
                found = _known(files, artifact)
                found = _read(files, artifact, reader, name in loaded) if found is None else found
                known.update((one.digest, one) for one in found if one.digest not in known or one.file)
            except Unreadable as error:
                if name in loaded or suffix(artifact.path) in SURE:
                    gaps.append(Gap(SLUG, f"file:{artifact.path}", f"what this model says is not known: {error}"))
    gaps += [gap for job in run.jobs for gap in _elsewhere(job, known)]
    gaps += _untold(run, known, {gap.subject for gap in gaps}, wanted)
    every = tuple(sorted({*run.gaps, *gaps}, key=lambda gap: (gap.subject, gap.slug, gap.message)))
    weights = tuple(known[name] for name in sorted(known))
    return run if (weights, set(every)) == (run.weights, set(run.gaps)) else replace(run, weights=weights, gaps=every)


def candidates(run: Run, files: Path) -> dict[str, Artifact]:
    """The files that may be models: read by the run, made by it and left, or loaded by a job; by digest."""
    every = {a.path: a for a in (*outputs(run), *external_inputs(run)) if a.digest and not is_transient(a)}
    loads = [load for job in run.jobs for load in job.loads]
    loaded = {load.digest for load in loads}
    found = {str(a.digest): a for a in every.values() if a.digest in loaded or _may_be(a, files)}
    for load in loads:  # from elsewhere: an installed package, a directory of downloads
        if load.digest and load.path and load.digest not in found and (files / load.path).is_file():
            found[load.digest] = Artifact(load.path, digest=load.digest, size_bytes=load.size_bytes)
    return {name: artifact for name, artifact in found.items() if suffix(artifact.path) not in _PICTURES}


def _may_be(artifact: Artifact, files: Path) -> bool:
    if artifact.kind == "directory":
        return "\0" not in artifact.path and (files / artifact.path / SAVED).is_file()
    return artifact.kind == "file" and suffix(artifact.path) in (*SURE, *MAYBE)


def paths(run: Run) -> dict[str, list[str]]:
    """For the digest of each file of the run the paths that held it, those that jobs loaded from elsewhere, too."""
    found: dict[str, list[str]] = {}
    named = [(a.digest, a.path) for a in (*external_inputs(run), *outputs(run))]
    named += [(load.digest, load.path) for job in run.jobs for load in job.loads if load.path]
    for name, path in named:
        if name and path not in found.setdefault(name, []):
            found[name].append(path)
    return found


def _untold(run: Run, known: dict[str, Weights], told: set[str], wanted: dict[str, Artifact]) -> list[Gap]:
    """The loads of which nothing else is known: from bytes, out of an image, from a file that is gone."""
    every = known.keys() | {one.file for one in known.values()}
    found = []
    for job in run.jobs:
        for load in job.loads:
            artifact = wanted.get(load.digest or "")
            if load.digest in every or (artifact is not None and f"file:{artifact.path}" in told):
                continue
            what = f"{load.path or 'a model given as bytes'}, loaded by {load.library}"
            found.append(Gap(SLUG, f"job:{job.id}", f"what it says is not known, as its file is not at hand: {what}"))
    return found


def _elsewhere(job: Job, known: dict[str, Weights]) -> list[Gap]:
    """The models that the job used whose arrays are in other files, which are no inputs of it: no digest tells them.

    What a SavedModel has besides is in the digest of its directory.
    """
    inputs = [a for a in (*job.inputs, *job.undeclared_inputs) if a.digest]
    held = {posixpath.normpath(a.path) for a in inputs}
    used = {(a.digest, a.path) for a in inputs} | {(load.digest, load.path) for load in job.loads}
    found = []
    for name, path in sorted(used, key=repr):
        one = known.get(name or "")
        if one is None or one.format != "ONNX":
            continue
        left = [other for other in one.external if not path or not _held(path, other, held)]
        if left:
            words = f"{', '.join(left[:5])}{f' and {len(left) - 5} more files' if len(left) > 5 else ''}"
            message = f"{path or 'a model given as bytes'}: its weights in {words} are not in its digest"
            found.append(Gap("weights-not-hashed", f"job:{job.id}", message))
    return found


def _held(path: str, other: str, held: set[str]) -> bool:
    """Is the file `other` of the model at `path` among the paths, or in a directory that is?"""
    whole = PurePosixPath(posixpath.normpath(posixpath.join(posixpath.dirname(path), other)))
    return any(str(part) in held for part in (whole, *whole.parents))


def card(files: Path | None, weights: Weights) -> bytes | None:
    """The text of the bioimage.io description of the model, as it was kept; None when nothing is kept here."""
    return kept.text(files, weights.card.file if weights.card else None, ".rdf.yaml")


def _place(files: Path, artifact: Artifact) -> Path:
    """By the digest of the file, and what decides whether a description is about it, which may come or go."""
    folder = (files / artifact.path) if artifact.kind == "directory" else (files / artifact.path).parent
    beside = [str(digest.key_of(folder / name)) for name in NAMES if (folder / name).is_file()]
    beside += [artifact.path, str(alone(files / artifact.path))] if beside else []
    mark = "." + digest.of_bytes("\n".join(beside).encode())[7:19] if beside else ""
    return kept.place(files, str(artifact.digest), f"{mark}.weights.json")


def _known(files: Path, artifact: Artifact) -> tuple[Weights, ...] | None:
    """What was read of this file before; nothing when it was found to be no model then, None when it was not read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, DamagedRecord):
        plain = kept.recall(_place(files, artifact), FORMAT)
        found = tuple(codec.decode(Weights, one) for one in plain["weights"])
        good = all(artifact.digest in (one.digest, one.file) for one in found)
        if good and all(one.card is None or card(files, one) for one in found):
            return found
    return None


def _read(files: Path, artifact: Artifact, reader: Reader, loaded: bool) -> tuple[Weights, ...]:
    """What the models in the file say, and keep it. Raises Unreadable."""
    try:
        with kept.reading(files, artifact) as path:
            answer = reader.read(str(path), LARGEST)
    except Unreadable:
        if suffix(artifact.path) in MAYBE and not loaded:
            _keep(files, artifact, [])
        raise
    plain = [_of_file(one, artifact) for one in answer["values"]["weights"]]
    try:
        found = tuple(codec.decode(Weights, one) for one in plain)
    except DamagedRecord as error:
        raise Unreadable(f"it says what cannot be: {error.message}"[:300]) from None
    text = answer["metadata"].encode("utf-8", "surrogateescape")
    if text and any(one.card for one in found):
        with contextlib.suppress(OSError):
            store.write_atomic(kept.place(files, digest.of_bytes(text), ".rdf.yaml"), text)
    _keep(files, artifact, [codec.encode(one) for one in found])
    return found


def _of_file(one: dict[str, Any], artifact: Artifact) -> dict[str, Any]:
    """`one` with the digest of its file; without its description when that says another SHA-256 of the file."""
    said = one.pop("said", None)
    if said and artifact.kind == "file" and artifact.digest != f"sha256:{said}":
        one = {n: value for n, value in one.items() if n != "card"} | {"notes": [*one.get("notes", ()), OTHER_SHA]}
    if "member" in one:
        return {**one, "file": artifact.digest}
    return {**one, "digest": artifact.digest, "size_bytes": artifact.size_bytes}


def _keep(files: Path, artifact: Artifact, weights: list[dict[str, Any]]) -> None:
    with contextlib.suppress(OSError):  # a description beside it that is gone by now
        kept.keep(_place(files, artifact), FORMAT, weights=weights)
