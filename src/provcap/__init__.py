"""Provenance of Snakemake runs: captured on the node, told in W3C PROV and RO-Crate."""

__version__ = "0.1.0"
