"""Models of Keras and TensorFlow, from what stands beside their arrays."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from zipfile import ZipFile

from provcap.bioimage.found import Unreadable, text
from provcap.bioimage.weights.graphs import SHOWN

CONFIG: Final = 64 << 20  #: bytes of a configuration
DEPTH: Final = 50
MEMBERS: Final = 10_000  #: of a group of HDF5


def of_keras(archive: ZipFile) -> dict[str, Any] | None:
    """The zip that Keras 3 writes (config.json, metadata.json, model.weights.h5); None when it is another zip."""
    if not {"config.json", "metadata.json"} <= set(archive.namelist()):
        return None
    about = _json(_limited(archive, "metadata.json"))
    if "keras_version" not in about:
        return None
    return {
        "producer": text(f"Keras {about['keras_version']}"),
        **_configured(_json(_limited(archive, "config.json"))),
    }


def of_hdf5(path: str) -> dict[str, Any]:
    """The HDF5 file that Keras writes. Raises Unreadable when it is another one; ImportError without h5py."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            said = {name: _attribute(file, name) for name in ("keras_version", "backend", "model_config")}
            if said["keras_version"] is None and said["model_config"] is None and not _has_weights(file):
                raise Unreadable("it is not a model of Keras")
    except (OSError, KeyError, RuntimeError):  # h5py has each of them for a damaged file
        raise Unreadable("it is no HDF5 that can be read") from None
    producer = f"Keras {said['keras_version']}" if said["keras_version"] else None
    found = _configured(_json((said["model_config"] or "{}").encode()))
    return {**found, "producer": text(producer), "metadata": {"backend": said["backend"]} if said["backend"] else {}}


def _has_weights(file: Any) -> bool:
    """Is it laid out as Keras does? 3: layers/NAME/vars, or a model in the model; before: model_weights. Many others
    have "layers", too (AnnData). Links to elsewhere are not followed."""
    import h5py

    def groups(parent: Any) -> dict[str, Any]:
        names = itertools.islice(parent, MEMBERS)
        hard = [n for n in names if parent.get(n, getclass=True, getlink=True) is h5py.HardLink]
        return {n: parent[n] for n in hard if parent.get(n, getclass=True) is h5py.Group}

    top = groups(file)
    return "model_weights" in top or any("vars" in groups(one) for one in _below(top.get("layers"), groups, 0))


def _below(layers: Any, groups: Callable[[Any], dict[str, Any]], depth: int) -> Iterator[Any]:
    """The layers in a group, and those in them."""
    for one in groups(layers).values() if layers is not None and depth < DEPTH else ():
        yield one
        yield from _below(groups(one).get("layers"), groups, depth + 1)


def _attribute(file: Any, name: str) -> str | None:
    value = file.attrs.get(name)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value[:CONFIG] if isinstance(value, str) else None


def _limited(archive: ZipFile, name: str) -> bytes:
    with archive.open(name) as stream:
        data = stream.read(CONFIG + 1)
    if len(data) > CONFIG:
        raise Unreadable(f"its {name} is larger than {CONFIG} bytes")
    return data


def _json(data: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise Unreadable("its configuration is not JSON")
    return plain


def _configured(plain: Mapping[str, Any]) -> dict[str, Any]:
    inner = plain.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    return {
        "format": "Keras",
        "name": text(name) if isinstance(name, str) else None,
        "description": text(f"{plain['class_name']}") if isinstance(plain.get("class_name"), str) else None,
        "inputs": list(_inputs(inner))[:SHOWN],
        "pickled": False,
        "notes": ["it holds Python code in Lambda layers"] if _has_lambda(inner, 0) else [],
    }


def _layers(inner: object) -> Iterator[dict[str, Any]]:
    layers = inner.get("layers") if isinstance(inner, dict) else None
    yield from (layer for layer in layers if isinstance(layer, dict)) if isinstance(layers, list) else ()


def _inputs(inner: object) -> Iterator[dict[str, Any]]:
    for layer in _layers(inner):
        told = layer.get("config")
        if layer.get("class_name") != "InputLayer" or not isinstance(told, dict):
            continue
        shape = told.get("batch_shape", told.get("batch_input_shape"))
        sides = [str(side) if isinstance(side, int) else "?" for side in shape] if isinstance(shape, list) else []
        kind = text(told["dtype"]) if isinstance(told.get("dtype"), str) else None
        yield {"name": text(told.get("name")) or "?", "data_type": kind, "shape": sides[:SHOWN]}


def _has_lambda(inner: object, depth: int) -> bool:
    if depth > DEPTH:
        return False
    return any(
        layer.get("class_name") == "Lambda" or _has_lambda(layer.get("config"), depth + 1) for layer in _layers(inner)
    )
