"""Descriptions of models by the specification of bioimage.io (https://bioimage.io/docs): rdf.yaml, bioimageio.yaml."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Final

from provcap import digest
from provcap.bioimage.found import text
from provcap.bioimage.weights.graphs import SHOWN

NAMES: Final = ("rdf.yaml", "bioimageio.yaml")
OTHER: Final = "a description of a model of its name says another SHA-256"
LARGEST: Final = 1 << 20  #: bytes of a description
_DOI: Final = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")


def read(data: bytes) -> dict[str, Any] | None:
    """The fields of Card that the description `data` tells; None when it describes no model, or is no YAML.

    `weights` maps the name of each file of weights that it names to the SHA-256 that it says.
    """
    import yaml

    try:
        plain = yaml.safe_load(data[:LARGEST])
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(plain, dict) or plain.get("type") != "model":
        return None
    config = plain.get("config")
    inner = config.get("bioimageio") if isinstance(config, dict) else None
    more = inner if isinstance(inner, dict) else {}
    given = [_word(source.get(key)) for source in (plain, more) for key in ("doi", "id")]
    doi = next((found[0] for word in given if word and (found := _DOI.search(word))), None)
    return {
        "file": digest.of_bytes(data),
        "name": _word(plain.get("name")),
        "version": _word(plain.get("version")),
        "id": _word(plain.get("id")) or _word(more.get("nickname")) or _word(more.get("id")),
        "doi": doi,
        "authors": [name for author in _list(plain.get("authors")) if (name := _of(author, "name"))],
        "license": _word(plain.get("license")),
        "cite": [cited for entry in _list(plain.get("cite")) if (cited := _cited(entry))],
        "weights": _weights(plain.get("weights")),
    }


def _weights(plain: object) -> dict[str, str]:
    found = {}
    for entry in list(plain.values())[:SHOWN] if isinstance(plain, dict) else ():
        source, known = _of(entry, "source"), _of(entry, "sha256")
        if source:
            found[PurePosixPath(source.removesuffix("/content")).name] = (known or "").lower()
    return found


def _list(plain: object) -> list[Any]:
    return plain[:SHOWN] if isinstance(plain, list) else []


def _word(plain: object) -> str | None:
    """A text or a number; anything else says nothing."""
    return text(plain) if isinstance(plain, str | int | float) and not isinstance(plain, bool) else None


def _of(plain: object, key: str) -> str | None:
    return _word(plain.get(key)) if isinstance(plain, dict) else None


def _cited(entry: object) -> str | None:
    parts = [_of(entry, "text"), _of(entry, "doi"), _of(entry, "url")]
    return text(" ".join(part for part in parts[:2] if part) or parts[2])
