"""The answer to a query as columns for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from provcap.summary.columns import line, table

WIDEST: Final = 120  #: characters of a cell; --json and --csv have all of them
_SHORT: Final = {"http://schema.org/": "schema:", "https://w3id.org/provcap/terms#": "provcap:"}


def of_answer(columns: Sequence[str], rows: Sequence[Sequence[object]], bases: Sequence[str]) -> str:
    """Aligned columns; what lies below one of the `bases`, the IRIs of the crates asked, is named as in the crate."""
    return table([[*columns], *([_cell(value, bases) for value in row] for row in rows)])


def _cell(value: object, bases: Sequence[str]) -> str:
    text = "" if value is None else str(value)
    for base in bases:
        if text.startswith(base):
            label = unquote(base.rstrip("/").rsplit("/", 1)[-1]) + ":" if len(bases) > 1 else ""
            text = label + (unquote(text.removeprefix(base)) or "./")
            break
    for iri, prefix in _SHORT.items():
        if text.startswith(iri):
            text = prefix + text.removeprefix(iri)
    plain = line(" / ".join(text.splitlines()))
    return plain if len(plain) <= WIDEST else plain[: WIDEST - 1] + "…"
