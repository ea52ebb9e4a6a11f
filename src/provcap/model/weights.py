"""Trained models of deep learning: what their files say, and which job loaded them how."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a model."""

    name: str
    data_type: str | None = None  #: as ONNX calls it: FLOAT, UINT8 …
    shape: tuple[str, ...] = ()  #: a number, the name of an open dimension, or "?" for each


@dataclass(frozen=True, slots=True)
class Card:
    """What a bioimage.io description (rdf.yaml, bioimageio.yaml) beside the weights says."""

    file: str  #: digest of that description
    name: str | None = None
    version: str | None = None
    id: str | None = None
    doi: str | None = None
    authors: tuple[str, ...] = ()
    license: str | None = None
    cite: tuple[str, ...] = ()  #: a text each, with its DOI or address


@dataclass(frozen=True, slots=True)
class Weights:
    """A model as its file says. What the file does not say is None; nothing in it was executed."""

    digest: str  #: of the weights; of an archive's member, when they lie in one; a tree digest for a directory
    format: str  #: "ONNX", "safetensors", "PyTorch", "TorchScript", "Keras", "TensorFlow SavedModel" …
    reader: str  #: what read it, with versions
    file: str | None = None  #: digest of the file that holds them as `member`
    member: str | None = None
    size_bytes: int | None = None
    ir_version: int | None = None  #: of ONNX
    opsets: dict[str, int] = field(default_factory=dict)  #: of ONNX, by domain; "ai.onnx" is the default one
    producer: str | None = None  #: name and version of the program that wrote it
    name: str | None = None  #: of the graph, or what the file calls the model
    version: str | None = None
    description: str | None = None
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    tensors: int | None = None  #: stored arrays
    parameters: int | None = None  #: numbers in them
    data_types: tuple[str, ...] = ()  #: of the stored arrays
    external: tuple[str, ...] = ()  #: files that hold arrays besides
    pickled: bool | None = None  #: whether loading it runs what pickle finds in it
    metadata: dict[str, str] = field(default_factory=dict)  #: free fields of the file
    card: Card | None = None
    notes: tuple[str, ...] = ()  #: what was found odd, or left out


@dataclass(frozen=True, slots=True)
class Load:
    """A job loaded a model; equal ones are told once."""

    library: str  #: "onnxruntime", "torch", "torch.jit", "safetensors", "keras", "tensorflow"
    version: str | None = None
    path: str | None = None  #: as the job gave it, relative to the work directory; None: it gave the bytes
    digest: str | None = None  #: of what was loaded, when it was
    size_bytes: int | None = None
    asked: tuple[str, ...] = ()  #: execution providers that the job asked for
    providers: tuple[str, ...] = ()  #: those in force, the first one first
    device: str | None = None
    settings: dict[str, str] = field(default_factory=dict)  #: threads, graph optimisation, deterministic flags
    where: str | None = None  #: "script.py:12"
    times: int = 1
