"""Run → a picture of it: what was read, by which rule, into what. One self-contained SVG, in pure Python.

`prov.dot` would need Graphviz, which is a program and not a package; and its picture has a node per file.
"""

from provcap.drawing.diagram import diagram
from provcap.drawing.layout import place
from provcap.drawing.png import png
from provcap.drawing.svg import render
from provcap.model import Run

__all__ = ["draw", "png"]


def draw(run: Run) -> bytes:
    """The SVG of `run`. Jobs are counted by rule and files by the rules that link them, so its size has a bound."""
    shown = diagram(run)
    return render(run, shown, place(shown))
