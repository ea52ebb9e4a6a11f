"""The annotation: JSON of bounded size, which any text can hold, and how it is read: anybody may have written it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = "provcap.lineage/1"
KEY: Final = "provcap.lineage"  #: among the attributes of a Zarr group
NAMESPACE: Final = "https://w3id.org/provcap/lineage/1"  #: of the annotation in OME-XML
LARGEST: Final = 1 << 20  #: bytes of an annotation
_DEEPEST: Final = 40  #: levels of its JSON
#: so that the text stands in XML and in JSON as it is, whatever their encoding
_PLAIN: Final = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"}


class Left(Exception):
    """The image is left as it is; the message says why, in a half-sentence."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An image with an annotation in it, as it was written."""

    digest: str  #: of the file or tree
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of one output."""

    path: str  #: as the run calls it
    target: str | None = None  #: where the image with its lineage is
    recorded: str | None = None  #: digest of the image as its job made it
    digest: str | None = None  #: and with its lineage
    why_not: str | None = None  #: it was left as it is


def text(lineage: dict[str, Any]) -> bytes:
    """`lineage` as ASCII without markup, the same for the same. Raises Left."""
    plain = json.dumps({"format": FORMAT, **lineage}, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for sign, escaped in _PLAIN.items():
        plain = plain.replace(sign, escaped)
    if len(plain) > LARGEST:
        raise Left(f"what is to be told of it has {len(plain)} bytes, and {LARGEST} fit")
    return plain.encode("ascii")


def read(content: str | bytes) -> dict[str, Any]:
    """The annotation in `content`. Raises Left when it is none, or none that we read."""
    if len(content) > LARGEST:
        raise Left(f"the annotation in it has more than {LARGEST} bytes")
    try:
        return checked(json.loads(content))
    except (ValueError, RecursionError):
        raise Left("the annotation in it is no JSON that can be read") from None


def commit(workflow: dict[str, Any]) -> str | None:
    """The commit that a lineage names, and whether its files were others."""
    named = workflow.get("commit")
    return f"{named}, with changes" if isinstance(named, str) and workflow.get("changed") else named


def checked(plain: Any) -> dict[str, Any]:
    """`plain` when it is an annotation of bounded depth. Raises Left."""
    if not isinstance(plain, dict) or not str(plain.get("format", "")).startswith("provcap.lineage/"):
        raise Left("the annotation in it is not of this format")
    level: list[Any] = [plain]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return plain
    raise Left("the annotation in it is nested too deep")
