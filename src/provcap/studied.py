"""What a study says, line by line, for people: names of fields are those of the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provcap.matching import files_of
from provcap.model import Biosample, Concept, Contributor, ImageAcquisition, ImageData, Run, Specimen, Study

FILES = 8  #: of an entry that are named


@dataclass(frozen=True, slots=True)
class Block:
    """An entry of a module."""

    module: str
    name: str
    lines: tuple[tuple[str, str], ...]  #: field and value


def blocks(run: Run) -> tuple[Block, ...]:
    """The entries of the run's study in the order of REMBI; empty without one."""
    study = run.study
    if study is None:
        return ()
    return (
        _block("Study", study.title, _study(study)),
        *(_block("Biosample", sample.id, _biosample(sample)) for sample in study.biosamples),
        *(_block("Specimen", specimen.id, _specimen(specimen)) for specimen in study.specimens),
        *(_block("Image acquisition", way.id, _acquisition(way)) for way in study.acquisitions),
        *(_block("Image data", data.id, _data(run, data)) for data in study.image_data),
        *_others(run, study),
    )


def concept_text(concept: Concept | None) -> str:
    """A value and its identifier."""
    if concept is None:
        return ""
    return f"{concept.name} ({concept.id})" if concept.name and concept.id else concept.name or concept.id or ""


def person_text(person: Contributor) -> str:
    """A name, and where the person works."""
    known = [person.name, f"({person.id})" if person.id else ""]
    place = person.affiliation.name if person.affiliation else ""
    return ", ".join(filter(None, [" ".join(filter(None, known)), person.role or "", place]))


def files_text(run: Run, patterns: tuple[str, ...]) -> str:
    """The files of the run that are meant, or that none is."""
    if not patterns:
        return ""
    found = [artifact.path for artifact in files_of(run, patterns)]
    more = f" and {len(found) - FILES} more" if len(found) > FILES else ""
    return ", ".join(found[:FILES]) + more if found else f"none of this run ({'; '.join(patterns[:FILES])})"


def _block(module: str, name: str, lines: Iterator[tuple[str, str | None]]) -> Block:
    return Block(module, name, tuple((label, value) for label, value in lines if value))


def _study(study: Study) -> Iterator[tuple[str, str | None]]:
    yield "Description", study.description
    yield "Keywords", ", ".join(study.keywords)
    yield "Authors", "; ".join(map(person_text, study.authors))
    yield "Licence", study.license
    yield "Release date", study.released
    yield "Study type", concept_text(study.kind)
    yield "Funding", study.funding
    yield "Grants", "; ".join(f"{grant.funder} {grant.identifier or ''}".strip() for grant in study.grants)
    for paper in study.publications:
        parts = [paper.authors, paper.title, str(paper.year or ""), f"doi:{paper.doi}" if paper.doi else ""]
        yield "Publication", ". ".join(filter(None, parts))
    for link in study.links:
        yield "Link", f"{link.url} {link.description or ''}".strip()
    yield "Acknowledgements", study.acknowledgements
    yield "AI models", "; ".join(study.models)
    sheet = study.sheet
    yield "From the sheet", f"{sheet.name}, {sheet.digest}, put into the run on {sheet.annotated[:10]}"


def _biosample(sample: Biosample) -> Iterator[tuple[str, str | None]]:
    yield "Biological entity", concept_text(sample.biological_entity)
    yield "Organism", concept_text(sample.organism)
    yield "Common name", sample.common_name
    yield "Tissue", concept_text(sample.tissue)
    yield "Cell line", concept_text(sample.cell_line)
    yield "Disease", concept_text(sample.disease)
    yield "Strain", concept_text(sample.strain)
    yield "Description", sample.description
    yield "Intrinsic variables", "; ".join(sample.intrinsic_variables)
    yield "Extrinsic variables", "; ".join(sample.extrinsic_variables)
    yield "Experimental variables", "; ".join(sample.experimental_variables)


def _specimen(specimen: Specimen) -> Iterator[tuple[str, str | None]]:
    yield "Biosample", ", ".join(specimen.biosamples)
    yield "Sample preparation", specimen.preparation
    yield "Growth protocol", specimen.growth_protocol
    yield "Signal or contrast mechanism", specimen.signal
    yield "Channels", "; ".join(specimen.channels)
    yield "Reagents", ", ".join(specimen.reagents)
    yield "Location", specimen.location
    yield "Experimental status", specimen.status
    yield "Protocol", specimen.protocol


def _acquisition(way: ImageAcquisition) -> Iterator[tuple[str, str | None]]:
    yield "Specimen", ", ".join(way.specimens)
    yield "Imaging method", ", ".join(map(concept_text, way.methods))
    yield "Imaging instrument", way.instrument.description
    yield "Instrument PID", way.instrument.pid
    yield "Facility", way.instrument.facility
    yield "Acquisition parameters", way.parameters


def _data(run: Run, data: ImageData) -> Iterator[tuple[str, str | None]]:
    yield "Description", data.description
    yield "Files", files_text(run, data.files)
    yield "Biosample", ", ".join(data.biosamples)
    yield "Specimen", ", ".join(data.specimens)
    yield "Image acquisition", ", ".join(data.acquisitions)
    yield "Type", data.kind
    yield "Processing", data.processing
    yield "Dimensions", data.dimensions
    yield "Pixel size", data.pixel_size
    yield "Channels", data.channels
    yield "Quality", data.quality


def _others(run: Run, study: Study) -> Iterator[Block]:
    for link in study.correlations:
        lines = [
            ("Image data", ", ".join(link.images)),
            ("Alignment", link.alignment),
            ("Fiducials", link.fiducials),
            ("Transformations", link.transformations),
        ]
        yield _block("Image correlation", link.id, iter(lines))
    for made in study.analyses:
        lines = [
            ("Image data", ", ".join(made.images)),
            ("Analysis method", made.method),
            ("Results", made.results or ""),
            ("Files", files_text(run, made.files)),
            ("Features", made.features or ""),
        ]
        yield _block("Analyzed data", made.id, iter(lines))
    for one in study.annotations:
        lines = [
            ("Overview", one.overview),
            ("Type", ", ".join(one.kinds)),
            ("Method", one.method),
            ("Criteria", one.criteria or ""),
            ("Coverage", one.coverage or ""),
            ("Confidence", one.confidence or ""),
            ("Annotators", "; ".join(map(person_text, one.authors))),
            *(("File", f"{file.file} annotates {file.source_image}") for file in one.files),
        ]
        yield _block("Annotations", one.id, iter(lines))
