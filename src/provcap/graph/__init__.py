"""Run → W3C PROV: `document` and `bundled` say what happened, `serialise` writes it down, `read` takes it back."""

from provcap.graph.bundles import bundled
from provcap.graph.document import document
from provcap.graph.formats import FORMATS, read, serialise

__all__ = ["FORMATS", "bundled", "document", "read", "serialise"]
