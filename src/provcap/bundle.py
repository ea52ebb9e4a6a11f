"""A run as a crate with its PROV inside."""

from __future__ import annotations

import contextlib
from pathlib import Path

from provcap import codec, crate, drawing, graph, progress, report, store
from provcap.crate.policy import Policy
from provcap.model import Gap, Run, Source

PROV_FILES = {
    "json": "prov.json",
    "provn": "prov.provn",
    "xml": "prov.xml",
    "turtle": "prov.ttl",
    "jsonld": "prov.jsonld",
}


def write_crate(run: Run, files: Path | None, target: Path, policy: Policy | None = None) -> tuple[Gap, ...]:
    """Write the Provenance Run Crate of `run` to `target` (a zip or a directory) and return the Gaps of packing.

    `files` is the directory that the run's paths are relative to. Raises TargetExists before anything is done.
    """
    store.refuse_existing(target)
    document = graph.document(run)
    extras = {f"provenance/{name}": graph.serialise(document, fmt) for fmt, name in PROV_FILES.items()}
    extras["provenance/prov.svg"] = drawing.draw(run)
    with progress.step("writing the page to read"):
        extras["ro-crate-preview.html"] = report.page(run, files)
    extras["provenance/run.json"] = codec.dump_run(run).encode("utf-8", "surrogateescape")

    def kept(source: Source) -> bytes | None:
        if files is not None:
            with contextlib.suppress(OSError):
                return store.source_path(files, source.kept or source.digest).read_bytes()
        return None

    return crate.write(run, files, target, extras, policy or Policy(), kept)
