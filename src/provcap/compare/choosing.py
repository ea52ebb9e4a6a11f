"""Which comparator measures two files, and what becomes of its troubles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from provcap.compare import (
    archives,
    arrays,
    documents,
    figures,
    images,
    labels,
    models,
    notebooks,
    sequences,
    tables,
    text,
)
from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Unmeasured, Unreadable, glimpse
from provcap.errors import ProvcapError

GROUP: Final = "provcap.comparators"
MAX_DEPTH: Final = 4  #: archives in archives

#: The first that recognises the reference measures. What is told by its content stands before what is told by its
#: name, and the general after the special.
COMPARATORS: Final[tuple[Comparator, ...]] = (
    images.OME_ZARR,
    images.OME_TIFF,
    images.TIFF,
    images.RASTER,
    figures.PDF,
    figures.SVG,
    tables.PARQUET,
    arrays.HDF5,
    arrays.NPY,
    arrays.NPZ,
    models.ONNX,
    sequences.BAM,
    archives.GZIP,
    archives.ZIP,
    archives.TAR,
    notebooks.NOTEBOOK,
    documents.JSON,
    documents.YAML,
    sequences.VCF,
    sequences.FASTA,
    tables.DELIMITED,
    text.TEXT,
    text.BYTES,
)


@dataclass(frozen=True, slots=True)
class Done:
    """It was measured."""

    comparator: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Failed:
    """It was not: a side is not what it should be, or nobody here can tell."""

    comparator: str | None
    reason: str
    unchecked: bool


@cache
def comparators() -> tuple[Comparator, ...]:
    """All there are: those of other packages first. Raises ProvcapError when one of them cannot be loaded."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        try:
            found.append(point.load())
        except Exception as error:  # it is foreign code
            message = f"the comparator {point.name} ({point.value}) cannot be loaded: {error}"
            raise ProvcapError("bad-comparator", message, "repair or remove the package that brings it") from error
        if not isinstance(found[-1], Comparator):
            message = f"{point.value} is no provcap.compare.comparator.Comparator"
            raise ProvcapError("bad-comparator", message, "repair or remove the package that brings it")
    return (*found, *COMPARATORS)


def measure(path: str, first: Path, second: Path, named: str | None, options: Options) -> Done | Failed:
    """Measure with the comparator called `named`, else with the first that recognises `first`. Raises ProvcapError."""
    try:
        looks = glimpse(path, first), glimpse(path, second)
    except OSError as error:
        return Failed(None, f"cannot be read: {error.strerror or error}", unchecked=True)
    chosen = called(named) if named else _recognised(*looks)
    if chosen is None:
        return Failed(None, "one is a directory and the other a file", unchecked=False)
    inner = replace(options, inner=_inner, depth=options.depth + 1)
    return run(chosen.name, lambda: chosen.measure(first, second, inner))


def called(name: str) -> Comparator:
    """The comparator called `name`. Raises ProvcapError."""
    known = {c.name: c for c in (labels.LABELS, *reversed(comparators()))}
    if name not in known:
        raise ProvcapError("unknown-comparator", f"there is no comparator {name}", f"known: {', '.join(sorted(known))}")
    return known[name]


def _recognised(first: Glimpse, second: Glimpse) -> Comparator | None:
    if bool(first.entries) != bool(second.entries):
        return None
    return next((c for c in comparators() if c.recognises(first)), None)


def run(name: str, action: Callable[[], Measured]) -> Done | Failed:
    """What `action` measured, or how it failed: damaged files make libraries raise anything."""
    try:
        return Done(name, action())
    except Unreadable as error:
        return Failed(name, str(error), unchecked=False)
    except Unmeasured as error:
        return Failed(name, str(error), unchecked=True)
    except ImportError as error:
        return Failed(name, f"{error.name or error} is not installed: pip install 'provcap[compare]'", unchecked=True)
    except ProvcapError:
        raise
    except Exception as error:
        return Failed(
            name, f"{name} gave up: {type(error).__name__}: {' '.join(str(error).split())[:200]}", unchecked=True
        )


def _inner(path: str, first: Path, second: Path, options: Options) -> Measured:
    """Measure what lies in a container. Raises Unreadable or Unmeasured."""
    if options.depth > MAX_DEPTH:
        raise Unmeasured(f"archives in archives, more than {MAX_DEPTH} deep")
    answer = measure(path, first, second, None, options)
    if isinstance(answer, Done):
        return answer.measured
    raise Unmeasured(answer.reason) if answer.unchecked else Unreadable(answer.reason)
