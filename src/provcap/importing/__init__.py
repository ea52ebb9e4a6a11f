"""What others recorded, as a Run: Snakemake's own metadata of a run without provcap, and crates of other engines."""

from provcap.importing.foreign import as_run, names
from provcap.importing.posthoc import import_run

__all__ = ["as_run", "import_run", "names"]
