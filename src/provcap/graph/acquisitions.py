"""What image files say of their acquisition, as attributes of their entities."""

from __future__ import annotations

from prov.constants import PROV_TYPE
from prov.identifier import Namespace, QualifiedName

from provcap.bioimage.facts import OME_CORE, Fact, facts
from provcap.graph.draft import SCHEMA, TERMS, Attributes, Draft, Value, attributes


class Acquisitions:
    """Those of the run, by the digests of its images."""

    def __init__(self, draft: Draft) -> None:
        self._known = {acquisition.file: acquisition for acquisition in draft.run.acquisitions}
        self._ome = Namespace("ome", OME_CORE)
        if self._known:
            draft.document.add_namespace(self._ome)

    def of(self, digest: str | None) -> Attributes:
        """OME's terms with numbers in µm, nm and s, provcap's for the rest; of channels one attribute for each."""
        found = self._known.get(digest or "")
        if found is None:
            return []
        told: dict[QualifiedName, Value] = {}
        channels: dict[int, list[str]] = {}
        for fact in facts(found):
            if fact.channel is None:
                told[self._ome[fact.ome] if fact.ome else TERMS[fact.name]] = fact.value
            else:
                channels.setdefault(fact.channel, []).append(_said(fact))
        told[TERMS["channel"]] = [f"{number}: {'; '.join(said)}" for number, said in channels.items()]
        told[TERMS["omeXml"]] = found.metadata
        told[TERMS["note"]] = found.notes
        return [(PROV_TYPE, SCHEMA["ImageObject"]), *attributes([], None, told)]


def _said(fact: Fact) -> str:
    return f"{fact.name}={fact.value}{' ' + fact.unit if fact.unit else ''}"
