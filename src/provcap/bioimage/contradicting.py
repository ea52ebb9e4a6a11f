"""Whether the sheet of a study says of images what their files do not say: their pixel size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from provcap.bioimage.acquiring import acquired
from provcap.bioimage.facts import number
from provcap.bioimage.found import LENGTH_UM
from provcap.matching import files_of
from provcap.model import Gap, ImageData, Run

ALIKE: Final = 0.01  #: sizes are the same when they differ by at most this part
_SHOWN: Final = 3  #: files that a message names
_LONGEST: Final = 200  #: characters of a cell that is read as sizes
_SIZE: Final = re.compile(r"([0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)\s*(µm|μm|um|nm)?(?![0-9A-Za-z])")

#: 1,000 may be one or a thousand; powers of ten are not reckoned
_UNCLEAR: Final = re.compile(r"\^|[·*×xX]\s*10\s*[-−⁻]|[0-9][.,][0-9]+[.,][0-9]|[1-9][0-9]*,[0-9]{3}(?![0-9])")


def contradicted(run: Run) -> Run:
    """`run` with a Gap for each row of image data with another pixel size than its files; as it is when it has them
    already."""
    new = [gap for data in (run.study.image_data if run.study else ()) for gap in _contradicting(run, data)]
    if set(new) <= set(run.gaps):
        return run
    every = sorted({*run.gaps, *new}, key=lambda gap: (gap.subject, gap.slug, gap.message))
    return replace(run, gaps=tuple(every))


def held_against_files(run: Run, files: Path | None) -> Run:
    """`contradicted`, with what the images say, which are looked at when the sheet has a size to hold against them."""
    said = run.study.image_data if run.study else ()
    return contradicted(acquired(run, files)) if any(sizes_um(data.pixel_size) for data in said) else run


def sizes_um(text: str | None) -> frozenset[float]:
    """The lengths in `text`, in µm; a number without a unit has that of the next one. Empty when unclear."""
    found, unit = set(), ""
    if text is None or len(text) > _LONGEST or _UNCLEAR.search(text):
        return frozenset()
    for amount, own in reversed(_SIZE.findall(text)):
        unit = own or unit
        if unit:
            found.add(float(amount.replace(",", ".")) * LENGTH_UM[unit])
    return frozenset(found)


def _contradicting(run: Run, data: ImageData) -> Iterator[Gap]:
    said = sizes_um(data.pixel_size)
    if not said:
        return
    known = {found.file: found.pixel_size_x_um for found in run.acquisitions}
    others: dict[float, list[str]] = {}
    for artifact in files_of(run, data.files):
        size = known.get(artifact.digest or "")
        if size is not None and not any(abs(one - size) <= ALIKE * size for one in said):
            others.setdefault(size, []).append(artifact.path)
    for size, paths in sorted(others.items()):
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        names = ", ".join(paths[:_SHOWN]) + more
        words = f"Pixel size is {data.pixel_size}, and {number(size)} µm in {names}"
        yield Gap("sheet-contradicts-image", "study", f"image data {data.id}: {words}")
