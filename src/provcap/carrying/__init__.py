"""Outputs of a run that carry their lineage: which ones, what is told in them, where they are written."""

from provcap.carrying.facts import facts
from provcap.carrying.outputs import carry

__all__ = ["carry", "facts"]
