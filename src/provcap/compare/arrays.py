"""Arrays in files: NumPy's npy and npz, HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from provcap.compare.comparator import Comparator, Measured, Options, Unmeasured, differs, reading
from provcap.compare.pixels import Part, Tally, blocks, measures
from provcap.model import Measure

MAX_BYTES: Final = 4 << 30  #: of an array in an npz, as it is unpacked into memory
MAX_OBJECTS: Final = 100_000


def read_npy(place: Path, side: str) -> list[Part]:
    """The array, mapped into memory. Pickled objects are refused: they are programs."""
    with reading(side, "npy"):
        import numpy as np

        array = np.load(place, mmap_mode="r", allow_pickle=False)
        return [Part.of("array", array)]


def _read_npz(place: Path, side: str) -> list[Part]:
    import zipfile

    with reading(side, "npz"):
        import numpy as np

        with zipfile.ZipFile(place) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise Unmeasured(f"larger than {MAX_BYTES} bytes in memory")
        with np.load(place, allow_pickle=False) as arrays:
            loaded = {name: arrays[name] for name in sorted(arrays.files)}
        return [Part.of(n, a) for n, a in loaded.items()]


def measure_arrays(first: Sequence[Part], second: Sequence[Part], options: Options) -> Measured:
    """By name: presence, type, shape, and for each array what `pixels.measures` says of its values."""
    one, other = ({p.name: p for p in parts if not _ignored(p.name, options)} for parts in (first, second))
    found = [differs("names", "names", *(", ".join(sorted(s)[:20]) for s in (one, other)))]
    where = ""
    for name in sorted(one.keys() & other.keys()):
        left, right = one[name], other[name]
        found.append(differs(f"type of {name}", "dtype", left.dtype, right.dtype))
        found.append(differs(f"shape of {name}", "shape", left.shape, right.shape))
        if left.shape != right.shape:
            continue
        tally = Tally()
        a, b = left.load(), right.load()
        for index in blocks(left.shape, 8):
            tally.add(a[index], b[index])
        found += [_as_values(m) for m in measures(tally, name, None)]
        where = where or (f"first in {name}" if tally.differ else "")
    return Measured(tuple(found), where)


def _as_values(measure: Measure) -> Measure:
    from dataclasses import replace

    return replace(measure, name="values_differ") if measure.name == "pixels_differ" else measure


def _ignored(name: str, options: Options) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in options.ignore)


def _measure_hdf5(first: Path, second: Path, options: Options) -> Measured:
    """Data sets as arrays; attributes as a whole, but those that `ignore` names."""
    import contextlib

    with contextlib.ExitStack() as stack:
        files = []
        for place, side in ((first, "first"), (second, "second")):
            with reading(side, "HDF5"):
                import h5py

                files.append(stack.enter_context(h5py.File(place, "r")))
        one, said = _walk(files[0], "first", options)
        other, other_said = _walk(files[1], "second", options)
        measured = measure_arrays(one, other, options)
    apart = sorted(k for k in {*said, *other_said} if said.get(k) != other_said.get(k))[:1]
    told = [[f"{k} {side.get(k, 'not given')}" for k in apart] for side in (said, other_said)]
    return Measured((*measured.measures, differs("attributes", "attributes", *told)), measured.where)


def _walk(file: Any, side: str, options: Options) -> tuple[list[Part], dict[str, str]]:
    """Every data set with its path, and every attribute. Links to other files are not followed."""
    import h5py

    parts: list[Part] = []
    attributes = _attributes("", file)

    def visit(name: str, item: Any) -> None:
        if len(parts) + len(attributes) > MAX_OBJECTS:
            raise Unmeasured(f"more than {MAX_OBJECTS} objects")
        attributes.update(_attributes(name, item))
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            load = _Reading(item, side)
            parts.append(Part(name, tuple(item.shape), str(item.dtype), lambda: load))

    with reading(side, "HDF5"):
        file.visititems(visit)
    return parts, {k: v for k, v in attributes.items() if not _ignored(k, options)}


class _Reading:
    def __init__(self, data: Any, side: str) -> None:
        self._data, self._side = data, side

    def __getitem__(self, index: Any) -> Any:
        with reading(self._side, "HDF5"):
            if self._data.external or self._data.is_virtual:
                raise Unmeasured("its data are in other files")
            return self._data[index]


def _attributes(name: str, item: Any) -> dict[str, str]:
    import numpy as np

    found = {}
    for key in item.attrs:
        value = item.attrs[key]
        found[f"{name}@{key}"] = str(value.tolist() if isinstance(value, np.ndarray | np.generic) else value)
    return found


NPY: Final = Comparator(
    "npy",
    lambda s: s.begins(b"\x93NUMPY") or s.ends(".npy"),
    lambda a, b, options: measure_arrays(read_npy(a, "first"), read_npy(b, "second"), options),
)
NPZ: Final = Comparator(
    "npz",
    lambda s: s.ends(".npz"),
    lambda a, b, options: measure_arrays(_read_npz(a, "first"), _read_npz(b, "second"), options),
)
HDF5: Final = Comparator(
    "hdf5", lambda s: s.begins(b"\x89HDF\r\n\x1a\n") or s.ends(".h5", ".hdf5", ".he5"), _measure_hdf5
)
