"""The images of a run, each looked at once: what their files say of how they were acquired.

After the run, never in a job. What was found is kept below ``.provcap/images/`` by the digest of the image.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from provcap import codec, digest, progress, store
from provcap.bioimage import kept
from provcap.bioimage.found import Unreadable
from provcap.bioimage.reader import Reader
from provcap.errors import DamagedRecord
from provcap.model import Acquisition, Artifact, Gap, Run
from provcap.questions import external_inputs, is_transient, outputs

PIXELS: Final = 64 << 20  #: bytes of decoded pixels up to which intensities are measured
MOST: Final = 5_000  #: images of a run that are looked at
FORMAT: Final = "provcap.acquisition/3"


def acquired(run: Run, files: Path | None, pixels: int = PIXELS) -> Run:
    """`run` with the acquisitions of its images; `files` is the directory that its paths are relative to, and without
    one the run is given back as it is. Intensities are measured of images of at most `pixels` bytes, 0 for none.

    An image that is no longer what the run recorded is not read, and a Gap says so.
    """
    wanted = images(run) if files is not None and files.is_dir() else {}
    known = {acquisition.file: acquisition for acquisition in run.acquisitions}
    left = {name: artifact for name, artifact in wanted.items() if name not in known}
    if files is None or not left:
        return run
    gaps: list[Gap] = []
    if len(left) > MOST:
        gaps.append(Gap("image-not-read", "run", f"of {len(left)} images {MOST} were looked at"))
    with Reader() as reader:
        for name, artifact in progress.over(sorted(left.items())[:MOST], "reading what images say"):
            try:
                known[name] = _kept(files, name, pixels) or _read(files, artifact, reader, pixels)
            except Unreadable as error:
                gaps.append(
                    Gap(
                        "image-not-read",
                        f"file:{artifact.path}",
                        f"what an image says of its acquisition is not known: {error}",
                    )
                )
    every = sorted({*run.gaps, *gaps}, key=lambda gap: (gap.subject, gap.slug, gap.message))
    return replace(run, acquisitions=tuple(known[name] for name in sorted(known)), gaps=tuple(every))


def images(run: Run) -> dict[str, Artifact]:
    """The images among what the run read, and what it made and left, by digest."""
    every = (*external_inputs(run), *(a for a in outputs(run) if not is_transient(a)))
    return {artifact.digest: artifact for artifact in every if artifact.digest and kept.is_image(artifact)}


def paths(run: Run) -> dict[str, list[str]]:
    """For the digest of each image of the run the paths that held it."""
    found: dict[str, list[str]] = {}
    for artifact in (*external_inputs(run), *outputs(run)):
        if artifact.digest and artifact.path not in found.setdefault(artifact.digest, []):
            found[artifact.digest].append(artifact.path)
    return found


def metadata(files: Path | None, acquisition: Acquisition) -> bytes | None:
    """The OME-XML of the image, as it was kept; None when it had none, or nothing is kept here."""
    return kept.text(files, acquisition.metadata, ".ome.xml")


def _kept(files: Path, name: str, pixels: int) -> Acquisition | None:
    """What was read of this image before, when as much as now was wanted of it."""
    plain = kept.recall(kept.place(files, name, ".json"), FORMAT)
    with contextlib.suppress(ValueError, KeyError, TypeError, DamagedRecord):
        found = codec.decode(Acquisition, plain["acquisition"])
        good = plain["pixels"] == pixels and found.file == name
        return found if good and (found.metadata is None or metadata(files, found)) else None
    return None


def _read(files: Path, artifact: Artifact, reader: Reader, pixels: int) -> Acquisition:
    """What the image says, and keep it. Raises Unreadable."""
    with kept.reading(files, artifact) as path:
        answer = reader.read(str(path), pixels)
    plain: dict[str, Any] = {**answer["values"], "origin": answer["origin"], "notes": answer["notes"]}
    xml = answer["metadata"].encode("utf-8", "surrogateescape")
    if xml:
        plain["metadata"] = digest.of_bytes(xml)
    try:
        found = codec.decode(Acquisition, {**plain, "file": artifact.digest})
    except DamagedRecord as error:
        raise Unreadable(f"it says what cannot be: {error.message}"[:300]) from None
    if xml:
        with contextlib.suppress(OSError):  # without it what was read counts as not kept
            store.write_atomic(kept.place(files, str(found.metadata), ".ome.xml"), xml)
    place = kept.place(files, str(artifact.digest), ".json")
    kept.keep(place, FORMAT, pixels=pixels, acquisition=codec.encode(found))
    return found
