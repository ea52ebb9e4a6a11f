"""Jupyter notebooks: sources and outputs; execution counts, ids and times do not count."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from provcap.compare.comparator import Comparator, Measured, Options, reading
from provcap.compare.text import clean
from provcap.model import Measure


def _read(place: Path, side: str) -> list[tuple[str, list[str]]]:
    """For each cell its type with its source, and the texts of its outputs; the format: nbformat 4."""
    with reading(side, "notebook"):
        import nbformat

        notebook = nbformat.read(place, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
        return [(f"{c.cell_type}\n{c.source}", [_output(o) for o in c.get("outputs", [])]) for c in notebook.cells]


def _output(output: Any) -> str:
    kind = output.output_type
    if kind == "stream":
        return f"{output.name}\n{output.text}"
    if kind == "error":
        return f"{kind}\n{output.ename}\n{output.evalue}"
    return "\n".join([kind, *(f"{mime}\n{output.data[mime]}" for mime in sorted(output.data))])


def _measure(first: Path, second: Path, options: Options) -> Measured:
    """cells_differ: cells with another source, or that one side lacks; outputs_differ: cells with other outputs."""
    one, other = _read(first, "first"), _read(second, "second")
    pairs = list(zip(one, other, strict=False))
    texts = clean(["\0".join(outputs) for pair in pairs for _, outputs in pair], options)
    apart = [i for i in range(len(pairs)) if texts[2 * i] != texts[2 * i + 1]]
    sources = sum(a != b for (a, _), (b, _) in pairs) + abs(len(one) - len(other))
    found = (Measure("cells_differ", sources, about="cells"), Measure("outputs_differ", len(apart), about="outputs"))
    return Measured(found, f"first in cell {apart[0] + 1}" if apart else "")


NOTEBOOK: Final = Comparator("notebook", lambda s: s.ends(".ipynb"), _measure)
