"""A model and its loads in words and single facts."""

from __future__ import annotations

import functools

from provcap.bioimage.weights.weighing import paths
from provcap.model import Load, Run, Tensor, Weights


def facts(found: Weights) -> list[tuple[str, str]]:
    """Name and value of all that the file says; a name can come several times."""
    card = found.card
    told = [
        ("modelFormat", found.format),
        ("modelName", found.name),
        ("modelVersion", found.version),
        ("modelProducer", found.producer),
        ("irVersion", found.ir_version),
        *(("opset", f"{domain} {version}") for domain, version in sorted(found.opsets.items())),
        *(("modelInput", tensor_text(tensor)) for tensor in found.inputs),
        *(("modelOutput", tensor_text(tensor)) for tensor in found.outputs),
        ("modelTensors", found.tensors),
        ("modelParameters", found.parameters),
        ("modelDataType", ", ".join(found.data_types)),
        *(("externalData", name) for name in found.external),
        ("pickled", {True: "yes", False: "no", None: None}[found.pickled]),
        ("archiveMember", found.member),
    ]
    if card is not None:
        told += [("cardName", card.name), ("cardVersion", card.version), ("cardId", card.id), ("cardDoi", card.doi)]
        told += [("cardLicense", card.license), *(("cardAuthor", name) for name in card.authors)]
        told += [("cardCite", text) for text in card.cite]
    return [(name, str(value)) for name, value in told if value not in (None, "")]


def tensor_text(tensor: Tensor) -> str:
    """An input or output: name, type and shape."""
    return f"{tensor.name}: {tensor.data_type or 'type unknown'} [{', '.join(tensor.shape)}]"


def origin_text(found: Weights) -> str:
    """Format, opset and producer: "ONNX, opset 12, produced by tf2onnx 1.9.2"."""
    opset = found.opsets.get("ai.onnx") or next(iter(found.opsets.values()), None)
    producer = f"produced by {found.producer}" if found.producer else None
    parts = [found.format, f"opset {opset}" if opset else None, producer]
    return ", ".join(part for part in parts if part)


def library_text(load: Load) -> str:
    """What loaded it: "onnxruntime 1.22.0"."""
    return f"{load.library} {load.version}" if load.version else load.library


def place_text(load: Load) -> str | None:
    """What it ran on: the first execution provider, or the device."""
    return load.providers[0] if load.providers else load.device


def settings_text(load: Load) -> str:
    """Threads, optimisation and flags, by name."""
    return ", ".join(f"{name}={value}" for name, value in sorted(load.settings.items()))


class Known:
    """What is known of the models of a run, looked up once for all of its loads."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._found: dict[str, Weights] = {}
        for one in run.weights:
            self._found.setdefault(one.file or one.digest, one)
        self._found |= {one.digest: one for one in run.weights}

    @functools.cached_property
    def _held(self) -> dict[str, list[str]]:
        return paths(self._run)

    def of(self, load: Load) -> Weights | None:
        """What is known of the model that was loaded."""
        return self._found.get(load.digest or "")

    def name(self, found: Weights) -> str:
        """Where the model is, as the run calls it."""
        held = self._held.get(found.file or found.digest) or self._held.get(found.digest) or [found.digest]
        return f"{held[0]}!{found.member}" if found.member else held[0]

    def told(self, load: Load) -> str:
        """One line on a load."""
        found = self.of(load)
        what = load.path or (f"the bytes of {self.name(found)}" if found else "a model given as bytes")
        parts = [f"{what}, by {library_text(load)}"]
        parts += [f"on {', '.join(load.providers)}"] if load.providers else [f"on {load.device}"] if load.device else []
        if load.asked and load.asked != load.providers:
            parts.append(f"asked for {', '.join(load.asked)}")
        parts += [f"at {load.where}"] if load.where else []
        parts += [f"{load.times} times"] if load.times > 1 else []
        parts += [load.digest or "not hashed", *([settings_text(load)] if load.settings else [])]
        return "; ".join(parts)
