"""The pixels of an image file as one array that is read piece by piece: always its full resolution."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from provcap.bioimage import ngff, other, tiff
from provcap.bioimage.codecs import is_cut, runs_programs
from provcap.bioimage.found import Unreadable
from provcap.bioimage.reader import PICTURES, TIFF, ZARR, suffix

PIECE: Final = 256 << 20  #: bytes, decoded, of the smallest piece that can be read
COLOURS: Final = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class Planes:
    """An array with its axes, slowest first, a letter each as in an Acquisition."""

    array: Any  #: has shape and dtype; array[index] gives values
    axes: str
    reader: str  #: the libraries that read it, with versions
    images: int = 1  #: in the file; this is the first
    names: tuple[str, ...] = ()  #: of the samples, where they are colours; further ones are transparency
    samples: int | None = None  #: of each pixel that are no transparency, the first ones; None: all
    inverted: bool = False  #: the lowest value is white


@contextlib.contextmanager
def opened(path: str) -> Iterator[Planes]:
    """The image at `path`. Raises Unreadable, and what libraries raise."""
    end = suffix(path)
    opener = _tiff if end in TIFF else _zarr if end in ZARR else _picture if end in PICTURES else _other
    with opener(path) as found:
        yield found


@contextlib.contextmanager
def _tiff(path: str) -> Iterator[Planes]:
    import tifffile
    import zarr

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with open(path, "rb") as stream, tifffile.TiffFile(stream, _multifile=False) as tif:
        series = tiff.first(tif)
        if missing := tiff.absent(series):
            raise Unreadable(missing)
        page: Any = tif.pages[0]
        colours = page.photometric == 2  # TIFF 6.0: RGB
        levels = {"level": 0} if series is not page else {}
        array: Any = zarr.open_array(series.aszarr(**levels), mode="r")
        _refuse_pieces(array)
        images = 1 if series is page else len(tif.series)
        names = COLOURS if colours else ()
        library = f"tifffile {tifffile.__version__}"
        white = page.photometric == 0  # TIFF 6.0: WhiteIsZero
        yield Planes(array, tiff.letters(series), library, images, names, tiff.colours(page), white)


@contextlib.contextmanager
def _zarr(path: str) -> Iterator[Planes]:
    import zarr

    root, said = ngff.opened(path)
    multiscale = said["multiscales"][0]
    array = root[multiscale["datasets"][0]["path"]]  # the first is the largest (NGFF 0.4 and 0.5, "multiscales")
    if runs_programs(array):
        raise Unreadable("its codec is pickle, which runs programs")
    _refuse_pieces(array)
    letters = ngff.letters(multiscale)
    axes = letters if len(letters) == array.ndim else "Q" * array.ndim
    yield Planes(array, axes, f"zarr {zarr.__version__}", ngff.images(path, root, said))


@contextlib.contextmanager
def _picture(path: str) -> Iterator[Planes]:
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        version = f"Pillow {importlib.metadata.version('pillow')}"
        if is_cut(image):
            raise Unreadable("its values have 16 bits a channel, which Pillow cuts to 8")
        size = math.prod(image.size) * 4
        if size > PIECE:
            raise Unreadable(f"its pixels take {size / 2**20:.4g} MiB, and cannot be read in pieces")
        if image.mode in ("1", "L", "F", "I") or image.mode.startswith("I;"):
            yield Planes(np.asarray(image), "YX", version)
        elif image.mode == "LA":
            yield Planes(np.asarray(image.getchannel("L")), "YX", version)
        else:
            yield Planes(np.asarray(image.convert("RGB")), "YXS", version, names=COLOURS)


@contextlib.contextmanager
def _other(path: str) -> Iterator[Planes]:
    """Images with samples are read as a whole: piece by piece, bioio-czi 3.0.1 gives the first for all of them."""
    image = other.opened(path)
    colours = dict(zip(image.dims.order, image.dims.shape, strict=True)).get("S", 1) > 1
    size = math.prod(image.shape) * image.dtype.itemsize
    if colours and size > PIECE:
        raise Unreadable(f"its pixels take {size / 2**20:.4g} MiB, and its colours cannot be read in pieces")
    array = image.data if colours else _Dask(image.dask_data)
    yield Planes(array, image.dims.order, other.libraries(image), len(image.scenes))


class _Dask:
    """An array whose values are there when they are asked for."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, index: Any) -> Any:
        return self._array[index].compute(scheduler="synchronous")


def _refuse_pieces(array: Any) -> None:
    """Raise Unreadable when the smallest piece of the `array` that can be decoded is too large."""
    size = math.prod(array.chunks) * array.dtype.itemsize
    if size > PIECE:
        raise Unreadable(f"its pixels are stored in pieces of {size / 2**20:.4g} MiB")
