"""What decoders do to images: which of a Zarr array may be let run, and which cut values."""

from __future__ import annotations

from typing import Any


def runs_programs(array: Any) -> bool:
    """Whether a codec of the Zarr array `array` is Python's pickle, which runs what it reads."""
    said = array.metadata.to_dict()
    return "pickle" in str([said.get(key) for key in ("filters", "compressor", "codecs")]).lower()


def is_cut(image: Any) -> bool:
    """Whether Pillow cuts the values of the opened `image` from 16 to 8 bits: a PNG with colours or transparency.

    Greys of 16 bits it keeps. To be asked before pixels are decoded.
    """
    raw = image.tile[0][3] if image.tile else ""
    return image.format == "PNG" and str(raw).endswith(";16B") and not image.mode.startswith("I")
