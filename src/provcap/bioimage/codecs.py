"""Which codecs of a Zarr array may be let run."""

from __future__ import annotations

from typing import Any


def runs_programs(array: Any) -> bool:
    """Whether a codec of the Zarr array `array` is Python's pickle, which runs what it reads."""
    said = array.metadata.to_dict()
    return "pickle" in str([said.get(key) for key in ("filters", "compressor", "codecs")]).lower()
