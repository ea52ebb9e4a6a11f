"""The picture as pixels, for programs that do not draw SVG. resvg does it: one wheel, no Cairo, no browser."""

from __future__ import annotations

from typing import Final

from provcap.errors import ProvcapError

ZOOM: Final = 2  #: pixels per unit of the SVG: sharp in print and on fine screens
_BARE: Final = "text { display: none }"


def png(svg: bytes, zoom: int = ZOOM) -> bytes:
    """The PNG of `svg`, on white.

    Raises ProvcapError: resvg is not installed, the picture cannot be drawn, or the machine has no font to write with.
    """
    try:
        import resvg_py
    except ImportError as error:
        message = "resvg-py, which draws PNG, is not installed"
        raise ProvcapError("no-png", message, "pip install 'provcap[png]', or take the picture as svg") from error
    text = svg.decode()
    try:
        drawn: bytes = resvg_py.svg_to_bytes(svg_string=text, zoom=zoom, background="#ffffff")
        bare: bytes = resvg_py.svg_to_bytes(svg_string=text, zoom=zoom, background="#ffffff", style_sheet=_BARE)
    except ValueError as error:
        raise ProvcapError("no-png", f"the picture cannot be drawn as PNG: {error}", "take it as svg") from error
    if "<text" in text and drawn == bare:  # without a font resvg leaves the words out, silently
        raise ProvcapError("no-png", "there is no font on this machine to write with", "install one, or take it as svg")
    return drawn
