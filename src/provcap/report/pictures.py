"""Which images of a run are shown in the page, and how."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from provcap.model import Artifact, Run
from provcap.questions import final_outputs, is_transient, outputs, producers
from provcap.report.decoder import Decoder
from provcap.report.pixels import Unreadable
from provcap.report.shelf import Shelf

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".svg", ".zarr")
SHOWN, OF_RESULT, OF_OTHER = 24, 6, 3  #: pictures in all; of one step's results; of one step's other files
BYTES, OF_SVG = 2_000_000, 300_000  #: of all pictures; of one SVG, which is embedded as it is
LARGE, SMALL = 1000, 420  #: pixels a side: pictures that are results; all others
TRIED = 2 * SHOWN  #: files that are looked at before it is given up
_LABEL = re.compile(r"label|mask|segm|instance|objects", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bar:
    """A scale bar in pixels of the picture."""

    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the page."""

    path: str
    rule: str
    result: bool
    address: str  #: a data: URL
    width: int | None
    height: int | None
    notes: str
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures, and how many images were not shown."""

    pictures: tuple[Picture, ...]
    images: int  #: image files among the outputs
    left_out: tuple[tuple[str, str], ...]  #: path and reason

    @property
    def limit(self) -> str:
        """Why there may be images without a picture and without a reason of their own; empty when there are none."""
        if len(self.pictures) + len(self.left_out) == self.images:
            return ""
        each = f"{OF_RESULT} results and {OF_OTHER} other images of each step"
        return f"at most {each} are looked at, {TRIED} in all, and {SHOWN} are shown"


def gallery(run: Run, shelf: Shelf) -> Gallery:
    """Pictures of the run's image outputs: results first, then files between, few of each step."""
    makers = producers(run)
    results = {artifact.path for artifact in final_outputs(run)}
    images = [a for a in outputs(run) if _is_image(a) and not is_transient(a)]
    pictures: list[Picture] = []
    left_out: dict[str, str] = {}
    room = BYTES
    with Decoder() as decoder:
        for artifact in _chosen(images, results, {p: job.rule for p, job in makers.items()}):
            if len(pictures) == SHOWN:
                break
            try:
                found = _picture(artifact, makers[artifact.path].rule, artifact.path in results, shelf, decoder)
            except Unreadable as error:
                left_out[artifact.path] = str(error)
                continue
            if len(found.address) > room:
                left_out[artifact.path] = "this page would grow too large"
                continue
            room -= len(found.address)
            pictures.append(found)
    return Gallery(tuple(pictures), len(images), tuple(left_out.items()))


def _chosen(images: list[Artifact], results: set[str], rules: dict[str, str]) -> Iterator[Artifact]:
    taken = Counter[tuple[str, bool]]()
    ordered = sorted(images, key=lambda a: (a.path not in results, a.path))
    for artifact in ordered:
        result = artifact.path in results
        key = (rules[artifact.path], result)
        if taken[key] < (OF_RESULT if result else OF_OTHER) and taken.total() < TRIED:
            taken[key] += 1
            yield artifact


def _is_image(artifact: Artifact) -> bool:
    return _suffix(artifact) in SUFFIXES and artifact.kind == ("directory" if _suffix(artifact) == ".zarr" else "file")


def _suffix(artifact: Artifact) -> str:
    return PurePosixPath(artifact.path).suffix.lower()


def _picture(artifact: Artifact, rule: str, result: bool, shelf: Shelf, decoder: Decoder) -> Picture:
    suffix = _suffix(artifact)
    data = _packed(shelf.tree(artifact)) if suffix == ".zarr" else shelf.read(artifact)
    if data is None:
        raise Unreadable(shelf.refused[artifact.path])
    if suffix == ".svg":
        if len(data) > OF_SVG:
            raise Unreadable("it is too large for this page")
        return Picture(artifact.path, rule, result, _address("image/svg+xml", data), None, None, "a drawing", None)
    measured = suffix in (".tif", ".tiff", ".zarr")
    large = SMALL if measured or not result else LARGE
    small = decoder.thumbnail(data, suffix, large, bool(_LABEL.search(artifact.path)))
    bar = _bar(small.metres, small.width) if small.metres else None
    told = [*small.notes, *(["its pixel size is not given"] if measured and not bar else [])]
    notes = "; ".join(told)
    address = _address(small.media_type, small.data)
    return Picture(artifact.path, rule, result, address, small.width, small.height, notes, bar)


def _packed(files: dict[str, bytes] | None) -> bytes | None:
    """`files` as a zip, for the way to the decoder."""
    if files is None:
        return None
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _address(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _bar(metres: float, width: int) -> Bar | None:
    """A bar of 1, 2 or 5 times a power of ten, at most a quarter of the picture's width."""
    power = 10.0
    while power > 1e-12:
        for step in (5, 2, 1):
            length = step * power
            if length <= 0.25 * width * metres:
                return Bar(length / metres, _length(length))
        power /= 10
    return None


def _length(metres: float) -> str:
    for unit, size in (("m", 1.0), ("mm", 1e-3), ("µm", 1e-6), ("nm", 1e-9)):
        if metres >= size * 0.999:
            return f"{metres / size:.3g} {unit}"
    return f"{metres * 1e12:.3g} pm"
