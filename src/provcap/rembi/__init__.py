"""Sheets of REMBI and MIFA: the template that people fill in, and what they filled in."""

from provcap.rembi.entries import Problem
from provcap.rembi.prefilling import prefilled
from provcap.rembi.putting import now, place, put
from provcap.rembi.reading import KINDS, Filled, read
from provcap.rembi.template import TEMPLATES, write

__all__ = ["KINDS", "TEMPLATES", "Filled", "Problem", "now", "place", "prefilled", "put", "read", "write"]
