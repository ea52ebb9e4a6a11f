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
BESIDE: Final = (*INSIDE, ".h5", ".hdf5", ".zip", ".czann", ".czseg")  #: files that may be models
WITHIN: Final = 20  #: of them in one archive
_HDF5: Final = b"\x89HDF\r\n\x1a\n"


def read(path: str, most: int) -> Found:
    """``weights``: the fields of Weights for each model in the file or SavedModel at `path`, without the digest of the
    whole file; ``metadata`` is the text of the bioimage.io description in it or beside it that is about one of them.
    ``said`` is the SHA-256 of the whole file by that description, if it says one.

    A member of more than `most` bytes is not read. Raises Unreadable, also for what is no model.
    """
    found = Found()
    place = Path(path)
    inside: str | None = None
    if place.is_dir():
        weights, data = [_saved(place)], _beside(place)
    elif is_zipfile(place):
        weights, inside, data = _of_archive(place, most)
        data = data or _beside(place.parent)
    else:
        weights, data = [_single(place, most)], _beside(place.parent)
    card = cards.read(data) if data else None
    if card is not None:
        named = card.pop("weights")
        for one, said in _described(place, weights, named) if inside is None else _members(weights, inside, named):
            _carded(one, _known(card), said)
        found.metadata = data.decode("utf-8", "surrogateescape") if any("card" in one for one in weights) else ""
    found.values["weights"] = [{"reader": OWN, **_known(one)} for one in weights]
    return found


def _known(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if value not in (None, [], {}, "")}


def _carded(one: dict[str, Any], card: dict[str, Any], said: str) -> None:
    """Give the model `one` the description `card`, which says that its SHA-256 is `said`; nothing when it says none."""
    if said and "digest" in one and f"sha256:{said}" != one["digest"]:
        one.setdefault("notes", []).append(cards.OTHER)
    else:
        one["card"] = card


def _members(weights: list[dict[str, Any]], inside: str, named: dict[str, str]) -> list[tuple[dict[str, Any], str]]:
    """The members of an archive that the description `inside` it is about, each with the SHA-256 that it says.

    It is about those that it names, in its own folder or, where there is none of the name, the only one below.
    """
    if not named:
        return [(one, "") for one in weights] if len(weights) == 1 else []
    folder, found = PurePosixPath(inside).parent, []
    for name, said in named.items():
        places = [(PurePosixPath(one.get("member") or ""), one) for one in weights]
        below = [(path, one) for path, one in places if path.name == name and path.is_relative_to(folder)]
        near = [(path, one) for path, one in below if path.parent == folder] or below
        found += [(one, said) for _, one in near] if len(near) == 1 else []
    return found


def _described(place: Path, weights: list[dict[str, Any]], named: dict[str, str]) -> list[tuple[dict[str, Any], str]]:
    """The model that the file is or holds, when the description beside the file is about it.

    The SHA-256 that it says is that of the file, which is not known here: it is left in ``said``.
    """
    if len(weights) != 1 or (place.name not in named if named else not alone(place)):
        return []
    weights[0]["said"] = named.get(place.name)
    return [(weights[0], "")]


def alone(place: Path) -> bool:
    """Is there no other file in the folder of `place` that may be a model? A SavedModel is a folder of its own."""
    if place.is_dir():
        return True
    with os.scandir(place.parent) as entries:
        return not any(entry.name != place.name and entry.name.lower().endswith(BESIDE) for entry in entries)


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


def _of_archive(place: Path, most: int) -> tuple[list[dict[str, Any]], str | None, bytes]:
    """The models in a zip; the name of the description in it, when there is one, and its text."""
    try:
        with ZipFile(place) as archive:
            if len(archive.namelist()) > MEMBERS:
                raise Unreadable(f"it has more than {MEMBERS} members")
            whole = tensors.of_torch(archive) or layers.of_keras(archive)
            if whole is not None:
                return [whole], None, b""
            weights = [_member(archive, name, most) for name in _inside(archive)]
            if not weights:
                raise Unreadable("no model was found in it")
            return weights, *_card_in(archive)
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


def _card_in(archive: ZipFile) -> tuple[str | None, bytes]:
    for name in archive.namelist():
        if PurePosixPath(name).name in cards.NAMES and archive.getinfo(name).file_size <= cards.LARGEST:
            return name, archive.read(name)
    return None, b""
