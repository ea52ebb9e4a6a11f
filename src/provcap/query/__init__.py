"""Questions to crates and runs, in SPARQL or by name; no network, and an end in any case."""

from provcap.query.asking import Answer, Limits, ask
from provcap.query.named import Named, named
from provcap.query.sources import graphs

__all__ = ["Answer", "Limits", "Named", "ask", "graphs", "named"]
