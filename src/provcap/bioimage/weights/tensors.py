"""Files of safetensors and of PyTorch. What is pickled in the latter is never loaded: it could run anything."""

from __future__ import annotations

import json
import struct
from math import prod
from typing import IO, Any, Final
from zipfile import ZipFile

from provcap.bioimage.found import Unreadable, text
from provcap.bioimage.weights.graphs import SHOWN

HEADER: Final = 100_000_000  #: bytes of the header of safetensors, the most that its format allows
#: how PyTorch began its files before 1.6: the pickled number 0x1950a86a20f9469cfc6c
OLD_TORCH: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def read_safetensors(stream: IO[bytes], size: int) -> dict[str, Any]:
    """A header: its length in 8 bytes, little-endian, then JSON (https://huggingface.co/docs/safetensors). Raises
    Unreadable."""
    start = stream.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if not 2 <= length <= min(HEADER, size - 8):
        raise Unreadable("it is not safetensors")
    try:
        header = json.loads(stream.read(length))
        arrays = {name: value for name, value in header.items() if name != "__metadata__"}
        counts = [prod(max(int(side), 0) for side in value["shape"]) for value in arrays.values()]
        kinds = sorted({str(text(value["dtype"])) for value in arrays.values()})
        free = dict(header.get("__metadata__") or {})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unreadable("its header is not that of safetensors") from None
    return {
        "format": "safetensors",
        "tensors": len(counts),
        "parameters": min(sum(counts), 1 << 62),
        "data_types": kinds[:SHOWN],
        "metadata": {str(text(k)): text(v) or "" for k, v in list(free.items())[:SHOWN] if text(k)},
        "pickled": False,
    }


def of_torch(archive: ZipFile) -> dict[str, Any] | None:
    """What the members of a zip of PyTorch tell by their names; None when it is another zip.

    All are in one directory, with the version of the layout (caffe2/serialize/inline_container.h).
    """
    names = archive.namelist()
    roots = {name.partition("/")[0] + "/" for name in names}
    root = min(roots, default="")
    if len(roots) != 1 or not {root + "data.pkl", root + "version"} <= set(names):
        return None
    script = any(name.startswith(root + "code/") for name in names)
    found: dict[str, Any] = {
        "format": "TorchScript" if script else "PyTorch",
        "name": text(root.rstrip("/")),
        "tensors": sum(name.startswith(root + "data/") for name in names),
        "pickled": True,
    }
    return {**found, "notes": ["it holds code that runs when the model is used"]} if script else found


def of_old_torch(start: bytes) -> dict[str, Any] | None:
    """PyTorch before 1.6, or any other pickle that a name says is a model; None when it is none."""
    if start.startswith(OLD_TORCH):
        return {"format": "PyTorch before 1.6", "pickled": True}
    if len(start) > 1 and start[0] == 0x80 and 2 <= start[1] <= 5:
        return {"format": "pickle", "pickled": True}
    return None
