"""Is the PROV of a crate what PROV-CONSTRAINTS calls valid?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provcap import constraints, graph, progress
from provcap.check.finding import Finding

PROV: Final = "provenance/prov.json"  #: the format that is read fastest
MAX_BYTES: Final = 64 << 20  #: about 100,000 statements, half a minute
MAX_FINDINGS: Final = 20


def valid(root: Path) -> Iterator[Finding]:
    """What is wrong with the PROV in the crate in `root`; nothing when it has none."""
    path = root / PROV
    if not path.is_file() or path.is_symlink():
        return
    if path.stat().st_size > MAX_BYTES:
        yield Finding(
            "note", "prov-unchecked", PROV, f"it has more than {MAX_BYTES} bytes; its constraints were not asked"
        )
        return
    try:
        with progress.step("asking PROV-CONSTRAINTS"):
            found = constraints.violations(graph.read(path.read_bytes(), "json"))
    except Exception as error:  # prov's reader raises whatever the text makes it raise
        yield Finding("error", "prov-invalid", PROV, f"it cannot be read as PROV-JSON: {str(error)[:200]}")
        return
    for one in found[:MAX_FINDINGS]:
        yield Finding("error", "prov-invalid", PROV, f"{one.message} (PROV-CONSTRAINTS {one.constraint})")
    if len(found) > MAX_FINDINGS:
        yield Finding("error", "prov-invalid", PROV, f"and {len(found) - MAX_FINDINGS} more")
