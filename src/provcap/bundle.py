"""A run as a crate with its PROV inside."""

from __future__ import annotations

import contextlib
from pathlib import Path

from provcap import codec, crate, drawing, graph, progress, report, store
from provcap.crate.policy import Policy
from provcap.model import Gap, Run, Source
from provcap.seal import chain, statement

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
    with progress.step("describing the run as W3C PROV"):
        document = graph.document(run)
    written = progress.over(PROV_FILES.items(), "writing W3C PROV")
    extras = {f"provenance/{name}": graph.serialise(document, fmt) for fmt, name in written}
    extras["provenance/prov.svg"] = drawing.draw(run)
    with progress.step("writing the page to read"):
        extras["ro-crate-preview.html"] = report.page(run, files)
    extras |= _sealed(run, files, (policy or Policy()).journals)
    extras["provenance/run.json"] = codec.dump_run(run).encode("utf-8", "surrogateescape")

    def kept(source: Source) -> bytes | None:
        if files is not None:
            with contextlib.suppress(OSError):
                return store.source_path(files, source.kept or source.digest).read_bytes()
        return None

    return crate.write(run, files, target, extras, policy or Policy(), kept)


def _sealed(run: Run, files: Path | None, journals: bool) -> dict[str, bytes]:
    """The seal of the run, with its journals if wanted, and the statement on its outputs, by place in the crate."""
    found = {}
    names = [chain.SEAL, *(chain.JOURNALS if journals else ())]
    folder = None if files is None else store.run_folder(files, run.id)
    for name in names if folder is not None else ():
        with contextlib.suppress(OSError):
            found[f"provenance/{name}"] = Path(folder or "", name).read_bytes()
    said = statement.compose(run)
    return found | ({"provenance/statement.json": said} if said else {})
