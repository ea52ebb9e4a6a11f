"""JSON-LD contexts from what provcap ships or a user names: a query never asks the network for one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from provcap.errors import ProvcapError

SHIPPED: Final = {
    "w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld",
    "w3id.org/ro/crate/1.3/context": "ro-crate-1.3.jsonld",
    "w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld",
    "w3id.org/ro/terms/workflow-run": "workflow-run.jsonld",  # as crates of the first profiles call it
}
DEEPEST: Final = 32  #: contexts within contexts


def inline(document: Any, given: Mapping[str, str]) -> Any:
    """`document` with each context that it names replaced by its text; `given` are more, IRI to file.

    Raises ProvcapError (``unknown-context``) for any other, as nothing is fetched.
    """
    if not isinstance(document, dict):
        raise ProvcapError("damaged-metadata", "the metadata is no JSON object", "get or write the crate again")
    known = {_plain(iri): path for iri, path in given.items()}
    return {**document, "@context": _resolve(document.get("@context"), known, 0)}


def _plain(iri: str) -> str:
    return iri.removeprefix("https://").removeprefix("http://").rstrip("/")


def _resolve(context: Any, given: Mapping[str, str], depth: int) -> Any:
    if depth > DEEPEST:
        raise ProvcapError("damaged-metadata", "its contexts lead to each other without an end", "do not trust it")
    if isinstance(context, list):
        return [_resolve(one, given, depth + 1) for one in context]
    if isinstance(context, str):
        return _resolve(_text(context, given).get("@context"), given, depth + 1)
    if isinstance(context, dict):
        if "@import" in context:
            raise _unknown(context["@import"])
        return {term: _scoped(meaning, given, depth) for term, meaning in context.items()}
    return context


def _scoped(meaning: Any, given: Mapping[str, str], depth: int) -> Any:
    """A term may bring a context of its own (JSON-LD 1.1, section 4.1.8)."""
    if isinstance(meaning, dict) and "@context" in meaning:
        return {**meaning, "@context": _resolve(meaning["@context"], given, depth + 1)}
    return meaning


def _text(iri: str, given: Mapping[str, str]) -> dict[str, Any]:
    name = _plain(iri)
    try:
        if name in given:
            found = json.loads(Path(given[name]).read_bytes())
        elif name in SHIPPED:
            found = json.loads(files("provcap.crate").joinpath("contexts", SHIPPED[name]).read_bytes())
        else:
            raise _unknown(iri)
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise ProvcapError(
            "unknown-context", f"the context {iri} cannot be read from {given.get(name)}: {error}", "name another file"
        ) from error
    return found


def _unknown(iri: Any) -> ProvcapError:
    return ProvcapError(
        "unknown-context",
        f"the metadata uses the context {iri!s:.300}, which provcap does not have, and nothing is fetched",
        "save it and name the copy: --context IRI=FILE",
    )
