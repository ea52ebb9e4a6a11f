"""What people said of sample, preparation, imaging and annotation, as entities of the BioImage Archive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from provcap.deposit.bia.graph import Graph, Ref
from provcap.model import Acquisition
from provcap.model.study import Annotations, Biosample, Concept, ImageAcquisition, ImageCorrelation, Specimen, Study


class Sample:
    """The rows of a study's sheets; each is in the graph once something refers to it, and not before."""

    def __init__(self, graph: Graph, study: Study) -> None:
        self._graph = graph
        self.biosamples = {row.id: row for row in study.biosamples}
        self.specimens = {row.id: row for row in study.specimens}
        self.acquisitions = {row.id: row for row in study.acquisitions}
        self._made: dict[tuple[str, str], Ref] = {}

    def _once(self, kind: str, name: str, *types: str, **properties: Any) -> Ref:
        known = self._made.get((kind, name))
        if known is None:
            known = self._made[kind, name] = self._graph.new(kind, *types, name=name, **properties)
        return known

    def biosample(self, row: Biosample) -> Ref:
        """REMBI's Biosample."""
        growth = self._growth(row.id)
        return self._once(
            "biosample",
            row.id,
            "bia:BioSample",
            description=_entity(row),
            organismClassification=[self._taxon(row)],
            intrinsicVariableDescription=row.intrinsic_variables,
            extrinsicVariableDescription=row.extrinsic_variables,
            experimentalVariableDescription=row.experimental_variables,
            growthProtocol=self._once("growth", f"How {row.id} was grown", "bia:Protocol", description=growth)
            if growth
            else None,
        )

    def _growth(self, name: str) -> str | None:
        """How a biosample was grown, when that is one and the same for all its specimens."""
        found = {specimen.growth_protocol for specimen in self.specimens.values() if name in specimen.biosamples}
        return found.pop() if len(found) == 1 else None

    def _taxon(self, row: Biosample) -> Ref:
        match = re.search(r"(\d+)$", row.organism.id or row.organism.iri or "")
        names = {"scientificName": row.organism.name, "commonName": row.common_name}
        if match:
            return self._graph.add(f"NCBI:txid{match[1]}", "bia:Taxon", **names)
        return self._once("taxon", row.organism.name or "", "bia:Taxon", **names)

    def specimen(self, row: Specimen) -> Ref:
        """REMBI's Specimen, when it alone is what was imaged."""
        return self._once(
            "specimen",
            row.id,
            "bia:Specimen",
            biologicalEntity=[self.biosample(self.biosamples[name]) for name in row.biosamples],
            imagingPreparationProtocol=[self.preparation(row)],
        )

    def preparation(self, row: Specimen) -> Ref:
        """How a specimen was made, with what gives its signal."""
        if ("preparation", row.id) in self._made:
            return self._made["preparation", row.id]
        told = all(self._growth(name) for name in row.biosamples)
        more = {
            "Grown": None if told else row.growth_protocol,
            "Reagents": ", ".join(row.reagents),
            "Location within the biosample": row.location,
            "Status": row.status,
            "Protocol": row.protocol,
        }
        channels = [self._channel(row.signal, text) for text in row.channels or ((None,) if row.signal else ())]
        return self._once(
            "preparation",
            row.id,
            "bia:SpecimenImagingPreparationProtocol",
            description=described(row.preparation, more),
            signalChannelInformation=channels,
        )

    def _channel(self, signal: str | None, text: str | None) -> Ref:
        content, _, entity = (text or "").partition(": ")
        return self._graph.new(
            "channel",
            "bia:SignalChannel",
            signalContrastMechanismDescription=signal,
            channelContentDescription=content,
            channelBiologicalEntity=entity,
        )

    def acquisition(self, row: ImageAcquisition, seen: Iterable[Acquisition]) -> Ref:
        """REMBI's Image acquisition; `seen` is what the files of its images say of themselves."""
        files = "; ".join(dict.fromkeys(filter(None, map(_optics, seen))))
        more = {"PIDINST": row.instrument.pid, "Facility": row.instrument.facility, "The image files say": files}
        return self._once(
            "acquisition",
            row.id,
            "bia:ImageAcquisitionProtocol",
            description=row.parameters,
            imagingInstrumentDescription=described(row.instrument.description, more),
            imagingMethodName=[method.name for method in row.methods if method.name],
            fbbiId=[method.iri or method.id for method in row.methods if method.iri or method.id],
        )

    def correlation(self, row: ImageCorrelation) -> Ref:
        """REMBI's Image correlation."""
        return self._once(
            "correlation",
            row.id,
            "bia:ImageCorrelationMethod",
            description=row.alignment,
            fiducialsUsed=row.fiducials,
            transformationMatrix=row.transformations,
        )

    def annotation(self, row: Annotations, column: str) -> Ref:
        """MIFA's Annotations; `column` of the file list has the image of each file."""
        more = {"Confidence": row.confidence, "Annotated by": ", ".join(author.name for author in row.authors)}
        return self._once(
            "annotation-method",
            row.id,
            "bia:AnnotationMethod",
            description=described(row.method, more),
            methodType=row.kinds,
            annotationCriteria=row.criteria,
            annotationCoverage=row.coverage,
            annotationSourceIndicator=f"The column {column} of the file list",
            transformationDescription=_distinct(file.transformations for file in row.files),
            spatialInformation=_distinct(file.spatial_information for file in row.files),
        )


def described(text: str, more: dict[str, str | None]) -> str:
    """`text`, and what else is known, a paragraph each."""
    return "\n\n".join([text, *(f"{name}: {value}" for name, value in more.items() if value)])


def _entity(row: Biosample) -> str:
    names = ("tissue", "cell_line", "disease", "strain")
    more = {name.replace("_", " ").capitalize(): _concept(getattr(row, name)) for name in names}
    first = ". ".join(filter(None, (_concept(row.biological_entity), row.description)))
    return described(first, more)


def _concept(concept: Concept | None) -> str | None:
    if concept is None:
        return None
    identifier = concept.id or concept.iri
    return f"{concept.name} ({identifier})" if concept.name and identifier else concept.name or identifier


def _optics(acquisition: Acquisition) -> str:
    """Microscope and objective, as an image file names them."""
    words = [acquisition.microscope]
    lens = acquisition.objective
    if lens is not None:
        words += [lens.name, f"{lens.magnification:g}x" if lens.magnification else None]
        words += [f"NA {lens.numerical_aperture:g}" if lens.numerical_aperture else None, lens.immersion]
    return ", ".join(word for word in words if word)


def _distinct(texts: Iterable[str | None]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))
