"""Small trained models, made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def onnx_model(side: int = 3) -> onnx.ModelProto:
    """A matrix product with `side` × `side` weights, opset 12, as "maker 1" would write it."""
    weights = numpy_helper.from_array(np.ones((side, side), "f4"), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", side]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "tiny", ends[:1], ends[1:], [weights])
    options: dict[str, Any] = {"producer_name": "maker", "producer_version": "1", "doc_string": "A tiny one"}
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], **options)
    model.ir_version = 8
    helper.set_model_props(model, {"stage": "trained"})
    return model


def write_onnx(place: Path, side: int = 3) -> Path:
    """The same in a file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(onnx_model(side).SerializeToString())
    return place


CARD = """\
type: model
format_version: 0.5.3
name: Tiny model
version: 0.1.0
id: tiny-fox
doi: 10.5281/zenodo.1234567
authors: [{name: Ada Example}]
license: MIT
cite: [{text: Somebody 2020, doi: 10.1000/x}]
weights: {onnx: {source: tiny.onnx}}
"""
