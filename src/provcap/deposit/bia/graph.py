"""The graph of a crate in the BioImage Archive's profile: its classes and terms, and entities that hold together.

The terms are those of bia-ro-crate-validator 0.3.1 (https://github.com/BioImage-Archive/bia-ro-crate-validator). Its
profile is closed: an entity of no BIA class is an error, and so is a reference to what is not there; an entity to which
nothing refers is a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from provcap.opening import METADATA

Entity = dict[str, Any]
Ref = dict[str, str]

BIA: Final = "http://bia/"
SCHEMA: Final = "http://schema.org/"
RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_ROOT: Final = "./"
_RO_CRATE: Final = "https://w3id.org/ro/crate/1.1"
_PREFIXES: Final = {"bia": BIA, "csvw": "http://www.w3.org/ns/csvw#", "schema": SCHEMA}
#: called as in BIA's ontology
_BIA: Final = (
    "accessionId acknowledgement annotationCoverage annotationCriteria annotationSourceIndicator authorNames "
    "channelBiologicalEntity channelContentDescription doi experimentalVariableDescription "
    "extrinsicVariableDescription fbbiId featuresAnalysed fiducialsUsed fundingStatement growthProtocol "
    "imagingInstrumentDescription "
    "imagingMethodName imagingPreparationProtocol intrinsicVariableDescription pubmedId relatedPublication role "
    "signalChannelInformation signalContrastMechanismDescription spatialInformation transformationDescription "
    "transformationMatrix website yearPublished associatedBiologicalEntity associatedImageAcquisitionProtocol "
    "associatedAnnotationMethod associatedProtocol"
).split()
_RENAMED: Final = {
    "associatedImageAnalysisMethod": "bia:associatedAnalysisMethod",
    "associatedImageCorrelationMethod": "bia:associatedCorrelationMethod",
    "associatedSpecimen": "bia:associatedSubject",
    "associatedSpecimenImagingPreparationProtocol": "bia:associatedImagingPreparationProtocol",
    "biologicalEntity": "bia:sampleOf",
    "column": "csvw:column",
    "columnName": "csvw:name",
    "commonName": "http://rs.tdwg.org/dwc/terms/vernacularName",
    "methodType": "bia:annotationMethodType",
    "organismClassification": "schema:taxonomicRange",
    "propertyUrl": "csvw:propertyUrl",
    "scientificName": "http://rs.tdwg.org/dwc/terms/scientificName",
    "seeAlso": "http://www.w3.org/2000/01/rdf-schema#seeAlso",
    "tableSchema": "csvw:tableSchema",
}


class Graph:
    """Entities by @id; each @id once."""

    def __init__(self) -> None:
        self._entities: dict[str, Entity] = {}

    def __getitem__(self, identifier: str) -> Entity:
        return self._entities[identifier]

    def add(self, identifier: str, /, *types: str, **properties: Any) -> Ref:
        """Add an entity with what is known of it, and refer to it; one that is there already stays as it is."""
        known = {name: value for name, value in properties.items() if value is not None and value not in ("", [], ())}
        entity = {"@id": identifier, "@type": list(types)} | {name: _plain(value) for name, value in known.items()}
        self._entities.setdefault(identifier, entity)
        return {"@id": identifier}

    def new(self, kind: str, /, *types: str, **properties: Any) -> Ref:
        """Add an entity under the next free name of its `kind`."""
        number = sum(identifier.startswith(f"#{kind}-") for identifier in self._entities) + 1
        return self.add(f"#{kind}-{number}", *types, **properties)

    def named(self, kind: str, name: str) -> str:
        """The @id of the entity of this `kind` and `name`, or a free one."""
        known = (i for i, e in self._entities.items() if i.startswith(f"#{kind}-") and e.get("name") == clean(name))
        return next(known, f"#{kind}-{sum(i.startswith(f'#{kind}-') for i in self._entities) + 1}")

    def link(self, identifier: str, name: str, refs: Iterable[Ref]) -> None:
        """Let an entity refer to further ones."""
        found = self._entities[identifier].setdefault(name, [])
        found += [ref for ref in refs if ref not in found]
        if not found:
            del self._entities[identifier][name]

    def serialise(self) -> bytes:
        """The text of ``ro-crate-metadata.json``, in ASCII: some readers open it in the machine's own encoding."""
        descriptor = {
            "@id": METADATA,
            "@type": ["CreativeWork"],
            "conformsTo": {"@id": _RO_CRATE},
            "about": {"@id": _ROOT},
        }
        context = [_RO_CRATE + "/context", _terms()]
        return (json.dumps({"@context": context, "@graph": [descriptor, *self._entities.values()]}, indent=1)).encode()


def _terms() -> dict[str, Any]:
    named = {name: f"bia:{name}" for name in _BIA} | _RENAMED
    return _PREFIXES | {name: {"@id": iri} for name, iri in sorted(named.items())}


def _plain(value: Any) -> Any:
    """`value` as JSON: lists for tuples, and no text that is no Unicode."""
    if isinstance(value, str):
        return clean(value)
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def clean(text: str) -> str:
    """`text` with bytes that are not UTF-8 as escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
