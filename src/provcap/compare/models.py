"""ONNX models: the weights as arrays, the graph by its nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from provcap.compare.arrays import measure_arrays
from provcap.compare.comparator import Comparator, Measured, Options, differs, reading
from provcap.compare.pixels import Part


def _read(place: Path, side: str) -> tuple[list[Part], list[Any]]:
    """Weights by name, and each node as operator, inputs, outputs and attributes. Data in other files is not read."""
    with reading(side, "ONNX"):
        import onnx
        from onnx import numpy_helper

        model = onnx.load(place, load_external_data=False)
        onnx.checker.check_model(model)
        weights = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
        nodes = [
            (n.op_type, list(n.input), list(n.output), sorted(str(a) for a in n.attribute)) for n in model.graph.node
        ]
        return [Part.of(n, a) for n, a in sorted(weights.items())], nodes


def _measure(first: Path, second: Path, options: Options) -> Measured:
    """graph: that the nodes are the same; for each weight what arrays measure."""
    one, nodes = _read(first, "first")
    other, other_nodes = _read(second, "second")
    measured = measure_arrays(one, other, options)
    return Measured((differs("graph", "nodes", nodes, other_nodes), *measured.measures), measured.where)


ONNX: Final = Comparator("onnx", lambda s: s.ends(".onnx"), _measure)
