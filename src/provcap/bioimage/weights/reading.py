"""What the file of a model says: by what is in it, not by its name.

Runs in the process of `provcap.bioimage.reader`.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile, is_zipfile

from provcap import __version__, regular
from provcap.bioimage.found import Found, Unreadable, text
from provcap.bioimage.weights import cards, graphs, layers, tensors

OWN: Final = f"provcap {__version__}"
MEMBERS: Final = 20_000  #: of an archive
INSIDE: Final = (".onnx", ".model", ".pt", ".pth", ".safetensors", ".keras")  #: members that are looked at
WITHIN: Final = 20  #: of them in one archive
_HDF5: Final = b"\x89HDF\r\n\x1a\n"


def read(path: str, most: int) -> Found:
    """``weights``: the fields of Weights for each model in the file or SavedModel at `path`, without the digest of the
    whole file; ``metadata`` is the text of the bioimage.io description in it or beside it.

    A member of more than `most` bytes is not read. Raises Unreadable, also for what is no model.
    """
    found = Found()
    place = Path(path)
    inside = False
    if place.is_dir():
        weights, data = [_saved(place)], _beside(place)
    elif is_zipfile(place):
        weights, data = _of_archive(place, most)
        inside, data = bool(data), data or _beside(place.parent)
    else:
        weights, data = [_single(place, most)], _beside(place.parent)
    card = cards.read(data) if data else None
    if card is not None:
        named = card.pop("weights")
        for one in weights:
            names = {place.name, PurePosixPath(one.get("member", place.name)).name}
            if inside or not named or names & named.keys():
                _carded(one, card, named.get(PurePosixPath(one.get("member", "")).name, ""))
        found.metadata = data.decode("utf-8", "surrogateescape")
    found.values["weights"] = [{"reader": OWN, **_known(one)} for one in weights]
    return found


def _known(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if value not in (None, [], {}, "")}


def _carded(one: dict[str, Any], card: dict[str, Any], said: str) -> None:
    """Give the model `one` the description `card`, which says that its SHA-256 is `said`."""
    one["card"] = _known(card)
    if said and "digest" in one and f"sha256:{said}" != one["digest"]:
        one.setdefault("notes", []).append("its description names another SHA-256")


def _beside(folder: Path) -> bytes:
    """The description in `folder`; empty when there is none, or one that is too large."""
    for name in cards.NAMES:
        try:
            data = regular.read(folder / name, cards.LARGEST + 1, links=True)
        except OSError:
            continue
        return data if len(data) <= cards.LARGEST else b""
    return b""


def _saved(place: Path) -> dict[str, Any]:
    if not (place / "saved_model.pb").is_file():
        raise Unreadable("it is no SavedModel of TensorFlow")
    arrays = sorted(name for name in os.listdir(place / "variables")) if (place / "variables").is_dir() else []
    return {"format": "TensorFlow SavedModel", "external": [f"variables/{text(n)}" for n in arrays[: graphs.SHOWN]]}


def _single(place: Path, most: int) -> dict[str, Any]:
    with open(place, "rb") as stream:
        start = stream.read(64)
        size = os.fstat(stream.fileno()).st_size
        if start.startswith(_HDF5):
            import h5py

            return {**layers.of_hdf5(str(place)), "reader": f"h5py {h5py.__version__}"}
        found = tensors.of_old_torch(start)
        if found is not None:
            return found
        stream.seek(0)
        if start[8:9] == b"{":
            return tensors.read_safetensors(stream, size)
        return graphs.read(_all(stream, size, most))


def _all(stream: IO[bytes], size: int, most: int) -> bytes:
    if size > min(most, graphs.MOST):
        raise Unreadable(f"it has more than {min(most, graphs.MOST)} bytes")
    return stream.read(size)


def _of_archive(place: Path, most: int) -> tuple[list[dict[str, Any]], bytes]:
    try:
        with ZipFile(place) as archive:
            if len(archive.namelist()) > MEMBERS:
                raise Unreadable(f"it has more than {MEMBERS} members")
            whole = tensors.of_torch(archive) or layers.of_keras(archive)
            if whole is not None:
                return [whole], b""
            weights = [_member(archive, name, most) for name in _inside(archive)]
            if not weights:
                raise Unreadable("no model was found in it")
            return weights, _card_in(archive)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:  # encrypted, too
        raise Unreadable(f"it is no zip that can be read ({type(error).__name__})") from None


def _inside(archive: ZipFile) -> list[str]:
    names = [name for name in archive.namelist() if name.lower().endswith(INSIDE)]
    return names[:WITHIN]


def _member(archive: ZipFile, name: str, most: int) -> dict[str, Any]:
    """The model in a member. One that is a zip in itself is told by its digest alone."""
    size = archive.getinfo(name).file_size
    if size > most:
        raise Unreadable(f"{text(name)} in it has more than {most} bytes")
    whole, kept = hashlib.sha256(), bytearray()
    with archive.open(name) as stream:
        while block := stream.read(1 << 20):
            whole.update(block)
            kept += block
            if len(kept) > size:
                raise Unreadable(f"{text(name)} in it is larger than it says")
    told: dict[str, Any] = {"member": text(name), "digest": f"sha256:{whole.hexdigest()}", "size_bytes": len(kept)}
    if kept.startswith(b"PK"):
        found: dict[str, Any] = {"format": "zip in a zip", "notes": ["what it says was not read"]}
    elif kept[8:9] == b"{":
        import io

        found = tensors.read_safetensors(io.BytesIO(kept), len(kept))
    else:
        found = tensors.of_old_torch(bytes(kept[:64])) or graphs.read(bytes(kept))
    return {**found, **told, **_named(archive, name)}


def _named(archive: ZipFile, name: str) -> dict[str, str]:
    """What the model is called by the XML that ZEISS puts beside it: .czann, .czseg."""
    beside = re.sub(r"\.model$", ".xml", name)
    if beside == name or beside not in archive.namelist() or archive.getinfo(beside).file_size > cards.LARGEST:
        return {}
    try:
        said = ElementTree.fromstring(archive.read(beside)).findtext("ModelName")  # noqa: S314 (its own limited process)
    except (ElementTree.ParseError, ValueError, LookupError):
        return {}
    return {"name": known} if (known := text(said)) else {}


def _card_in(archive: ZipFile) -> bytes:
    for name in archive.namelist():
        if PurePosixPath(name).name in cards.NAMES and archive.getinfo(name).file_size <= cards.LARGEST:
            return archive.read(name)
    return b""
