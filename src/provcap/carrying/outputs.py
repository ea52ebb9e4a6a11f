"""Which outputs of a run get their lineage, and where the images with it go."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from provcap import bioimage, embed, identifiers, lineage, progress, questions
from provcap.capture.scrub import Scrubber
from provcap.carrying.facts import facts
from provcap.carrying.nested import crate
from provcap.crate.places import inside
from provcap.embed import Carried, Left, Placed
from provcap.errors import ProvcapError, TargetExists
from provcap.model import Artifact, Embedding, Run
from provcap.opening import Opened


def carry(
    opened: Opened, given: Sequence[str], here: Path, target: Path | None, identifier: str | None = None
) -> tuple[Carried, ...]:
    """Put the lineage into images among the outputs: those called `given` in the directory `here`, or all.

    Copies go below the directory `target`; without one they take the place of the outputs. Raises ProvcapError before
    anything is written.
    """
    run, files = opened.run, opened.files
    if files is None or not files.is_dir():
        raise ProvcapError("no-files", f"the files of run {run.id} are not at hand", "unpack the crate; RUN may be it")
    if target is None and opened.crate is not None:
        hint = "write copies: -o DIR"
        raise ProvcapError("crate-not-changed", "the files of a crate are not changed: its digests are of them", hint)
    reference = None if identifier is None else _identifier(identifier)
    artifacts = _wanted(opened, given, here)
    places = {artifact.path: _place(artifact, files, target) for artifact in artifacts}
    for place in places.values() if target is not None else ():
        if os.path.lexists(place):
            raise TargetExists("target-exists", f"{place} exists already", "remove it or choose another directory")
    if target is None and artifacts:
        bioimage.described(run, files)  # what the images say is kept as it stands in them now
    return tuple(
        _carry(opened, artifact, files, places[artifact.path], target is None, reference)
        for artifact in progress.over(artifacts, "embedding the lineage")
    )


def _identifier(given: str) -> str:
    """A DOI or another address as a URL. Raises ProvcapError."""
    try:
        return f"https://doi.org/{identifiers.doi(given)}"
    except ValueError:
        plain = given.isprintable() and " " not in given and len(given) <= identifiers.MAX
        if plain and given.startswith(("https://", "http://")):
            return _public(given)
    hint = "a DOI such as 10.5281/zenodo.1234567, or the URL of the crate"
    raise ProvcapError("bad-identifier", f"{given[:200]} is no identifier of a crate", hint)


def _public(url: str) -> str:
    """`url` when it has no user, password or token, which all who get the image could read. Raises ProvcapError."""
    try:
        secret = "@" in urlsplit(url).netloc
    except ValueError:
        secret = "@" in url
    if not secret and Scrubber().text(url) == url:
        return url
    hint = "leave it out (what stands before the @, or behind token=): everybody who gets the image reads it"
    raise ProvcapError("bad-identifier", "the URL of the crate has a user name, a password or a token in it", hint)


def _wanted(opened: Opened, given: Sequence[str], here: Path) -> list[Artifact]:
    run = opened.run
    made = {artifact.path: artifact for artifact in questions.outputs(run)}
    if not given:
        return [a for a in made.values() if embed.is_image(a.path) and not questions.is_transient(a)]
    paths = [lineage.recorded_path(run, name, here) for name in given]
    for path in paths:
        if path not in made:
            raise ProvcapError("not-an-output", f"no job of run {run.id} made {path}", "only outputs have a lineage")
    return [made[path] for path in dict.fromkeys(paths)]


def _place(artifact: Artifact, files: Path, target: Path | None) -> Path:
    return files / artifact.path if target is None else target / inside(artifact.path)


def _folder(run: Run, path: str) -> str | None:
    """The directory among the outputs that the file at `path` lies in."""
    return next(
        (a.path for a in questions.outputs(run) if a.kind == "directory" and path.startswith(a.path.rstrip("/") + "/")),
        None,
    )


def _carry(
    opened: Opened, artifact: Artifact, files: Path, place: Path, in_place: bool, identifier: str | None
) -> Carried:
    path, known = artifact.path, artifact.digest
    job = questions.producers(opened.run)[path]

    passing: list[str] = []

    def remember(placed: Placed, pixels: str) -> None:
        if embed.known_as(files, placed.digest) is None:
            passing.append(placed.digest)
        embed.note(files, Embedding(path, str(known), placed.digest, placed.size_bytes, pixels))

    try:
        if not embed.is_image(path):
            raise Left("it is neither a TIFF nor an OME-Zarr")
        if in_place and (folder := _folder(opened.run, path)):
            raise Left(f"it lies in {folder}, and the digest of that directory was recorded")
        if known is None:
            raise Left("the run has no digest of it")
        told = facts(opened, job, artifact, identifier)
        describe = functools.partial(crate, opened.run)
        placed = embed.write(files / path, place, known, told, describe, remember if in_place else None)
    except Left as left:
        return Carried(path, recorded=known, why_not=str(left))
    for found in passing:
        if found != placed.digest:
            embed.forget(files, found)
    return Carried(path, str(place), known, placed.digest)
