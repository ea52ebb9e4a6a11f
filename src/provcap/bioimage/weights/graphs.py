"""ONNX: what a model says of itself. Its arrays are counted, not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

from provcap.bioimage.found import Unreadable, text

MOST: Final = 2 << 30  #: bytes of a message, as Protocol Buffers allow
SHOWN: Final = 50  #: inputs, outputs, free fields, files with arrays, that are told


def read(data: bytes) -> dict[str, Any]:
    """The fields of Weights that an ONNX file tells, from its bytes. Raises Unreadable; ImportError without onnx."""
    import onnx

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception:  # DecodeError, of whichever implementation of Protocol Buffers is installed
        raise Unreadable("it is not ONNX") from None
    graph = model.graph
    if not model.ir_version or not (graph.node or graph.output):
        raise Unreadable("it is not ONNX")
    stored = {array.name for array in graph.initializer}
    return {
        "format": "ONNX",
        "reader": f"onnx {onnx.__version__}",
        "ir_version": model.ir_version,
        "opsets": {text(o.domain) or "ai.onnx": o.version for o in list(model.opset_import)[:SHOWN]},
        "producer": text(f"{model.producer_name} {model.producer_version}"),
        "name": text(graph.name),
        "version": str(model.model_version) if model.model_version else None,
        "description": text(model.doc_string) or text(graph.doc_string),
        "inputs": [_tensor(onnx, value) for value in graph.input if value.name not in stored][:SHOWN],
        "outputs": [_tensor(onnx, value) for value in graph.output][:SHOWN],
        "metadata": {key: value for entry in list(model.metadata_props)[:SHOWN] for key, value in _pair(entry)},
        **_arrays(onnx, graph),
    }


def _pair(entry: Any) -> list[tuple[str, str]]:
    key = text(entry.key)
    return [(key, text(entry.value) or "")] if key else []


def _tensor(onnx: Any, value: Any) -> dict[str, Any]:
    kind = value.type.tensor_type
    told = {"name": text(value.name) or "?"}
    if not value.type.HasField("tensor_type"):
        return told
    shape = [str(d.dim_value) if d.HasField("dim_value") else text(d.dim_param) or "?" for d in kind.shape.dim]
    return {**told, "data_type": _type(onnx, kind.elem_type), "shape": shape[:SHOWN]}


def _type(onnx: Any, number: int) -> str:
    known: Mapping[int, str] = {n: name for name, n in onnx.TensorProto.DataType.items()}
    return known.get(number, f"type {number}")


def _arrays(onnx: Any, graph: Any) -> dict[str, Any]:
    """How many arrays and numbers it stores, of which types, and in which other files."""
    outside: set[str] = set()
    for array in graph.initializer:
        if array.data_location == onnx.TensorProto.EXTERNAL:
            outside |= {text(e.value) or "?" for e in array.external_data if e.key == "location"}
    return {
        "tensors": len(graph.initializer),
        "parameters": min(sum(prod(max(d, 0) for d in array.dims) for array in graph.initializer), 1 << 62),
        "data_types": sorted({_type(onnx, array.data_type) for array in graph.initializer}),
        "external": sorted(outside)[:SHOWN],
    }
