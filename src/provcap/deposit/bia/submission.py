"""Run, study and files → the graph of the crate and the rows of its file list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from provcap import questions, report
from provcap.crate.places import media_type
from provcap.deposit.bia import file_list, study
from provcap.deposit.bia.components import Component, is_image, sources
from provcap.deposit.bia.file_list import ANNOTATION, COLUMNS, IMAGE, Row
from provcap.deposit.bia.graph import Entity, Graph, Ref, clean
from provcap.deposit.bia.places import Places
from provcap.deposit.bia.sample import Sample, described
from provcap.model import Acquisition, Artifact, Run
from provcap.model.study import AnalyzedData, Annotations, ImageAcquisition, ImageData, Specimen, Study

WORKFLOW: Final = "#workflow-run"
CRATE: Final = "#provenance-crate"
#: properties of a dataset that hold for each of its files when they have one value, in the order of the columns
_ASSOCIATED: Final = (
    "associatedBiologicalEntity",
    "associatedSpecimen",
    "associatedSpecimenImagingPreparationProtocol",
    "associatedImageAcquisitionProtocol",
    "associatedAnnotationMethod",
)
_REMBI: Final = frozenset(_ASSOCIATED[:4])


@dataclass(frozen=True, slots=True)
class Lying:
    """A file as it lies on the disk."""

    of: str  #: path of the artifact that it is, or is in
    original: str  #: path of the run; of a file in a directory with the path in it
    size_bytes: int | None
    digest: str | None
    path: Path | None = None  #: None: it is only listed


def graph(run: Run, said: Study, parts: Iterable[Component], accession: str | None) -> Graph:
    """All that is said of the study and its components."""
    found = Graph()
    builder = _Builder(found, run, said, list(parts))
    datasets = [builder.dataset(component) for component in builder.parts]
    listed = file_list.add(found)
    study.add(found, run, said, [listed, *datasets, builder.provenance()], accession)
    return found


class _Builder:
    """Adds what components are made of."""

    def __init__(self, found: Graph, run: Run, said: Study, parts: list[Component]) -> None:
        self.graph, self.run, self.said, self.parts = found, run, said, parts
        self.sample = Sample(found, said)
        self._made = questions.producers(run)
        self._seen = {a.file: a for a in run.acquisitions}

    def dataset(self, component: Component) -> Ref:
        """The dataset of a component."""
        ref = self.graph.add(component.id, "Dataset", "bia:Dataset", name=component.name)
        about = component.about
        if isinstance(about, ImageData):
            self._images(component, about)
        elif isinstance(about, Annotations):
            self.graph[component.id]["@type"].append("bia:MifaDataset")
            self._describe(component.id, about.overview)
            self._link(component.id, "AnnotationMethod", [self.sample.annotation(about, "source_image")])
        else:
            self._describe(component.id, about.results or about.method)
            self._link(component.id, "ImageAnalysisMethod", [self._analysis(about)])
        if component.kind != "images" and any(a.path in self._made for a in component.files):
            self._link(component.id, "ImageAnalysisMethod", [self._workflow()])
        return ref

    def _images(self, component: Component, about: ImageData) -> None:
        more = {name: getattr(about, name) for name in ("dimensions", "pixel_size", "channels", "quality")}
        shown = {name.replace("_", " ").capitalize(): value for name, value in more.items()}
        self._describe(component.id, described(about.description, shown))
        acquisitions, specimens = used(self.said, about)
        names = [*about.biosamples, *(name for specimen in specimens for name in specimen.biosamples)]
        biosamples = [self.sample.biosamples[name] for name in dict.fromkeys(names)]
        self._link(component.id, "BiologicalEntity", map(self.sample.biosample, biosamples))
        self._link(component.id, "SpecimenImagingPreparationProtocol", map(self.sample.preparation, specimens))
        if len(specimens) == 1:
            self.graph[component.id]["associatedSpecimen"] = self.sample.specimen(specimens[0])
        taken = [self.sample.acquisition(row, self._seen_with(row)) for row in acquisitions]
        self._link(component.id, "ImageAcquisitionProtocol", taken)
        if about.processing:
            name = f"Processing of {about.id}"
            protocol = self.graph.new("protocol", "bia:Protocol", name=name, description=about.processing)
            self._link(component.id, "Protocol", [protocol])
        analyses = [self._analysis(row) for row in self.said.analyses if about.id in row.images]
        by_run = [self._workflow()] if any(a.path in self._made for a in component.files) else []
        self._link(component.id, "ImageAnalysisMethod", [*analyses, *by_run])
        linked = [self.sample.correlation(row) for row in self.said.correlations if about.id in row.images]
        self._link(component.id, "ImageCorrelationMethod", linked)
        if self.graph[component.id].keys() >= _REMBI:
            self.graph[component.id]["@type"].append("bia:RembiDataset")

    def _describe(self, identifier: str, text: str) -> None:
        self.graph[identifier]["description"] = clean(text)

    def _link(self, identifier: str, name: str, refs: Iterable[Ref]) -> None:
        self.graph.link(identifier, f"associated{name}", refs)

    def _seen_with(self, row: ImageAcquisition) -> Iterator[Acquisition]:
        """What images say of themselves that were taken so, and that the run did not make."""
        for component in self.parts:
            about = component.about
            if isinstance(about, ImageData) and used(self.said, about)[0] == [row]:
                raw = (a.digest for a in component.files if a.path not in self._made)
                yield from (self._seen[digest] for digest in raw if digest in self._seen)

    def _analysis(self, row: AnalyzedData) -> Ref:
        return self.graph.add(
            self.graph.named("analysis-method", row.id),
            "bia:ImageAnalysisMethod",
            name=row.id,
            description=row.method,
            featuresAnalysed=row.features,
        )

    def _workflow(self) -> Ref:
        """What was recorded, in words."""
        name = f"The recorded workflow run {self.run.id}"
        return self.graph.add(
            WORKFLOW, "bia:ImageAnalysisMethod", name=name, description=report.methods(self.run).strip()
        )

    def provenance(self) -> Ref:
        """The dataset of the provenance crate."""
        return self.graph.add(
            CRATE,
            "Dataset",
            "bia:Dataset",
            name="Provenance of the image analysis",
            description=f"The workflow run {self.run.id} as a Workflow Run RO-Crate with W3C PROV: software, "
            "parameters, containers, machines, seeds, inputs and outputs of every job, with digests.",
            associatedImageAnalysisMethod=[self._workflow()],
        )


def used(said: Study, about: ImageData) -> tuple[list[ImageAcquisition], list[Specimen]]:
    """The acquisitions of images, and their specimens: those that the row names, or else those of its acquisitions."""
    acquisitions = [row for row in said.acquisitions if row.id in about.acquisitions]
    names = about.specimens or tuple(name for row in acquisitions for name in row.specimens)
    return acquisitions, [row for row in said.specimens if row.id in names]


def rows(
    run: Run, parts: Sequence[Component], found: Graph, lying: Callable[[Artifact], list[Lying]]
) -> list[tuple[Row, Lying]]:
    """A row for each file of each component, with where it lies; `lying` finds the files of an artifact."""
    places, listed = Places(), list[tuple[Row, Lying]]()
    images: dict[str, str] = {}  # what other rows call an image, by path of the run
    for component in parts:
        associated = _associated(found[component.id])
        for artifact in component.files:
            kind, place = _type(component, artifact), places.take(artifact.path)
            tree = artifact.kind == "directory"
            if kind == IMAGE:
                images[artifact.path] = place
            for file in lying(artifact):
                row = Row(
                    places.take(file.original[len(file.of) + 1 :], place) if tree else place,
                    component.id,
                    file.original,
                    file.size_bytes,
                    media_type(file.original, None if tree else artifact.media_type),
                    file.digest,
                    kind,
                    place if tree else None,
                    associated=associated,
                )
                listed.append((row, file))
    behind = _sources(run, parts, images)
    return [(replace(row, sources=behind.get(file.of, ())), file) for row, file in listed]


def _type(component: Component, artifact: Artifact) -> str | None:
    if component.kind == "analysis":
        return None
    return IMAGE if is_image(artifact) else ANNOTATION if component.kind == "annotations" else None


def _associated(dataset: Entity) -> tuple[str, ...]:
    """What is the same for all files of a dataset, for the columns from `associated_…`."""
    cells = []
    for name in _ASSOCIATED:
        value = dataset.get(name, [])
        refs = value if isinstance(value, list) else [value]
        cells.append(refs[0]["@id"] if len(refs) == 1 else "")
    return tuple(cells)


def _sources(run: Run, parts: Sequence[Component], targets: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """The images that each file was made of, as the file list calls them: what people say, and what was recorded."""
    wanted = [artifact.path for component in parts for artifact in component.files]
    found = {path: {targets[p] for p in of} for path, of in sources(run, targets, wanted).items()}
    for component in parts:
        for path, of in component.annotated.items():
            found.setdefault(path, set()).update(targets[image] for image in of)
    return {path: tuple(sorted(of)) for path, of in found.items()}


assert len(_ASSOCIATED) == sum(name.startswith("associated_") for name in COLUMNS)
