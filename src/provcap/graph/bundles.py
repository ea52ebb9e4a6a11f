"""The PROV of runs in bundles, so that what is said has a provenance of its own (PROV-DM, section 5.4)."""

from __future__ import annotations

from collections.abc import Sequence

from prov.constants import PROV_LABEL, PROV_TYPE
from prov.model import PROV, ProvBundle, ProvDocument

from provcap import codec, digest
from provcap.graph.document import document
from provcap.graph.draft import SCHEMA, TERMS, WFPROV, attributes, run_iri
from provcap.graph.surroundings import SOFTWARE
from provcap.model import Run


def bundled(runs: Sequence[Run]) -> ProvDocument:
    """One bundle per run, each with what `document` says, and outside of them where each comes from.

    A bundle is an entity: it was derived from the record of its run, run.json, by a version of provcap. When that was
    done is not told, as the document must not depend on it. A rerun's bundle is an alternate of that of the first run.
    """
    whole = ProvDocument(namespaces=[TERMS, WFPROV, SCHEMA])
    names = {}
    for number, run in enumerate({run.id: run for run in runs}.values(), 1):
        space = whole.add_namespace("run" if len(runs) == 1 else f"run{number}", run_iri(run.id))
        name = names[run.id] = space["provenance"]
        _fill(whole.bundle(name), run)
        text = codec.dump_run(run).encode("utf-8", "surrogateescape")
        told = {SCHEMA["sha256"]: digest.of_bytes(text).removeprefix("sha256:"), TERMS["sizeBytes"]: len(text)}
        whole.entity(name, [(PROV_TYPE, PROV["Bundle"]), (PROV_LABEL, f"The provenance of run {run.id}")])
        record = whole.entity(space["record"], attributes([TERMS["Record"]], f"run.json of run {run.id}", told))
        writer = whole.activity(space["description"], None, None, [(PROV_LABEL, "Description of the run as PROV")])
        version = run.provcap_version
        label = f"provcap {version}" if version else "provcap"
        agent = whole.agent(space["provcap"], attributes([SOFTWARE], label, {SCHEMA["softwareVersion"]: version}))
        whole.usage(writer, record)
        whole.generation(name, writer)
        whole.association(writer, agent)
        whole.derivation(name, record, writer)
    for run in runs:
        if run.rerun_of in names and run.rerun_of != run.id:
            whole.alternate(names[run.id], names[run.rerun_of])
    return whole


def _fill(bundle: ProvBundle, run: Run) -> None:
    for record in document(run).get_records():
        bundle.add_record(record)
