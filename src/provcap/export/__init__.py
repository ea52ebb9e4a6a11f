"""Runs in the formats of databases and of software inventories."""

from provcap.export.codemeta import codemeta
from provcap.export.database import parquet, sql
from provcap.export.inventory import cyclonedx, spdx

__all__ = ["codemeta", "cyclonedx", "parquet", "spdx", "sql"]
