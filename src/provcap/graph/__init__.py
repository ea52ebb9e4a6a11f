"""Run → W3C PROV: `document` says what happened, `serialise` writes it down, `read` takes it back."""

from provcap.graph.document import document
from provcap.graph.formats import FORMATS, read, serialise

__all__ = ["FORMATS", "document", "read", "serialise"]
