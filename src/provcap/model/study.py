"""What people say of the sample, its preparation, the imaging and the images: a REMBI sheet, with MIFA's annotations.

Fields are those of REMBI (doi:10.1038/s41592-021-01166-8; version 1.5 of the BioImage Archive) and of MIFA
(doi:10.1038/s41592-025-02835-8). `id` is the name that the sheet gives an entry; entries refer to each other by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from provcap.model.people import Organization


@dataclass(frozen=True, slots=True)
class Concept:
    """A value out of an ontology."""

    name: str | None = None  #: as the sheet has it; not looked up
    id: str | None = None  #: compact, "NCBITaxon:9606"
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Contributor:
    """A person who took part in the study."""

    name: str
    id: str | None = None  #: ORCID URL
    role: str | None = None
    affiliation: Organization | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Who paid."""

    funder: str
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """A paper on the study."""

    title: str | None = None
    authors: str | None = None
    doi: str | None = None  #: bare, "10.…"
    year: int | None = None
    pubmed: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Something else that belongs to the study."""

    url: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Biosample:
    """What was imaged."""

    id: str
    biological_entity: Concept
    organism: Concept  #: NCBITaxon
    common_name: str | None = None  #: of the organism
    tissue: Concept | None = None  #: UBERON
    cell_line: Concept | None = None  #: CLO, or Cellosaurus as RRID:CVCL_…
    disease: Concept | None = None  #: MONDO, DOID
    strain: Concept | None = None  #: RRID or name
    description: str | None = None
    intrinsic_variables: tuple[str, ...] = ()  #: alterations of its genes, say
    extrinsic_variables: tuple[str, ...] = ()  #: treatments
    experimental_variables: tuple[str, ...] = ()  #: what is varied between images


@dataclass(frozen=True, slots=True)
class Specimen:
    """How a biosample was prepared for imaging."""

    id: str
    biosamples: tuple[str, ...]  #: their ids
    preparation: str
    growth_protocol: str | None = None
    signal: str | None = None  #: signal or contrast mechanism
    channels: tuple[str, ...] = ()  #: "content: biological entity", a channel each
    reagents: tuple[str, ...] = ()  #: RRIDs of antibodies and other resources
    location: str | None = None  #: within the biosample
    status: str | None = None  #: "test" or "control"
    protocol: str | None = None  #: bare DOI, or URL


@dataclass(frozen=True, slots=True)
class Instrument:
    """A microscope."""

    description: str
    pid: str | None = None  #: PIDINST: "doi:…" or "hdl:…"
    facility: str | None = None  #: RRID of the core facility


@dataclass(frozen=True, slots=True)
class ImageAcquisition:
    """How images were taken."""

    id: str
    methods: tuple[Concept, ...]  #: FBbi
    instrument: Instrument
    parameters: str
    specimens: tuple[str, ...] = ()  #: their ids


@dataclass(frozen=True, slots=True)
class ImageData:
    """A component of the study: images of one kind, and what they are of."""

    id: str
    description: str
    files: tuple[str, ...] = ()  #: globs over the paths of the run
    biosamples: tuple[str, ...] = ()  #: ids
    specimens: tuple[str, ...] = ()
    acquisitions: tuple[str, ...] = ()
    kind: str | None = None  #: "raw" or "processed"
    processing: str | None = None  #: how they were made of raw ones
    dimensions: str | None = None
    pixel_size: str | None = None
    channels: str | None = None
    quality: str | None = None


@dataclass(frozen=True, slots=True)
class ImageCorrelation:
    """How images of one correlative study are linked."""

    id: str
    alignment: str  #: spatial and temporal
    fiducials: str
    transformations: str
    images: tuple[str, ...] = ()  #: ids of ImageData


@dataclass(frozen=True, slots=True)
class AnalyzedData:
    """What was made of the images."""

    id: str
    method: str  #: how image analysis was carried out
    results: str | None = None  #: their kind
    images: tuple[str, ...] = ()  #: ids of ImageData that were analysed
    files: tuple[str, ...] = ()  #: globs
    features: str | None = None  #: what was measured


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """A file with annotations of one image."""

    annotation: str  #: id of the Annotations
    file: str  #: path of the run
    source_image: str  #: path of the run
    kinds: tuple[str, ...] = ()  #: MIFA's annotation types, when they differ
    transformations: str | None = None
    spatial_information: str | None = None
    created: str | None = None  #: date or time


@dataclass(frozen=True, slots=True)
class Annotations:
    """A set of annotations of images, as MIFA asks for it."""

    id: str
    overview: str
    kinds: tuple[str, ...]  #: MIFA's annotation types: "segmentation_mask", "tracks" …
    method: str
    criteria: str | None = None
    coverage: str | None = None
    confidence: str | None = None
    authors: tuple[Contributor, ...] = ()
    files: tuple[AnnotationFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The file that a Study was read from."""

    name: str
    digest: str
    size_bytes: int
    annotated: str  #: when it was put into the run, by the clock of that machine


@dataclass(frozen=True, slots=True)
class Study:
    """A filled sheet."""

    sheet: Sheet
    title: str
    description: str
    keywords: tuple[str, ...] = ()
    license: str | None = None
    released: str | None = None  #: REMBI's "private until" date
    kind: Concept | None = None  #: the type of study, EFO
    authors: tuple[Contributor, ...] = ()
    acknowledgements: str | None = None
    funding: str | None = None  #: funding statement
    grants: tuple[Grant, ...] = ()
    publications: tuple[Publication, ...] = ()
    links: tuple[Link, ...] = ()
    models: tuple[str, ...] = ()  #: URLs of AI models that were trained on it (MIFA)
    biosamples: tuple[Biosample, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    acquisitions: tuple[ImageAcquisition, ...] = ()
    image_data: tuple[ImageData, ...] = ()
    correlations: tuple[ImageCorrelation, ...] = ()
    analyses: tuple[AnalyzedData, ...] = ()
    annotations: tuple[Annotations, ...] = ()
