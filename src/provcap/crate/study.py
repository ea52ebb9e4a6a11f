"""What people say of sample and imaging, as entities: a sample, its preparation, the way of imaging, the images.

Terms are those of schema.org that both versions of RO-Crate know; which of bioschemas and the OBO ontologies an entity
is, `additionalType` says. Biosample and specimen have the terms of the OME-NGFF challenge of 2024.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Final

from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, ref, short_hash
from provcap.crate.packing import Packing
from provcap.crate.people import add_organization
from provcap.crate.places import file_id
from provcap.matching import files_of
from provcap.model import Biosample, Concept, Contributor, Grant, ImageAcquisition, ImageData, Run, Specimen, Study
from provcap.studied import blocks

STUDY: Final = "#study"
_OBO: Final = "http://purl.obolibrary.org/obo/"
_BIOSCHEMAS: Final = "https://bioschemas.org/types/"
_BIOSAMPLE: Final = [_BIOSCHEMAS + "BioSample", _OBO + "OBI_0002648"]
_SPECIMEN: Final = [_BIOSCHEMAS + "BioSample", _OBO + "HSO_0000308"]
_PROTOCOL: Final = _BIOSCHEMAS + "LabProtocol"


def place(study: Study) -> str:
    """Where in the crate the sheet is."""
    return f"provenance/study{PurePath(study.sheet.name).suffix.lower()}"


def add_study(draft: Draft, run: Run, packing: Packing, extras: Mapping[str, bytes]) -> str | None:
    """The study with all its entries, and the images linked to them; its @id, None without one."""
    study = run.study
    if study is None:
        return None
    for sample in study.biosamples:
        _add_biosample(draft, sample)
    for specimen in study.specimens:
        _add_specimen(draft, specimen)
    for way in study.acquisitions:
        _add_acquisition(draft, way)
    parts = [_add_images(draft, run, packing, data) for data in study.image_data]
    parts += _add_others(draft, run, packing, study)
    _add_study(draft, study, parts)
    _add_value(draft, STUDY, "funding statement", study.funding)
    _add_value(draft, STUDY, "acknowledgements", study.acknowledgements)
    if place(study) in extras:
        sheet = file_id(place(study))
        draft.add(sheet, "File", description=f"The sheet {study.sheet.name}, as it was filled in", about=ref(STUDY))
        draft.link(STUDY, "isBasedOn", sheet)
    return STUDY


def _add_study(draft: Draft, study: Study, parts: Iterable[str]) -> None:
    draft.add(
        STUDY,
        "CreativeWork",
        additionalType=_BIOSCHEMAS + "Study",
        name=study.title,
        description=study.description,
        keywords=", ".join(study.keywords),
        author=[ref(_add_person(draft, person)) for person in study.authors],
        datePublished=study.released,
        funding={_add_grant(draft, grant) for grant in study.grants},
        mentions={
            draft.add(link.url, "WebSite", name=link.description or link.url, url=link.url) for link in study.links
        },
        about={fragment("biosample", sample.id) for sample in study.biosamples},
        hasPart=set(parts),
        citation={
            draft.add(f"https://doi.org/{paper.doi}", "ScholarlyArticle", name=paper.title or paper.doi)
            for paper in study.publications
            if paper.doi
        },
        dateModified=study.sheet.annotated,
    )


def _add_grant(draft: Draft, grant: Grant) -> str:
    name = " ".join(filter(None, [grant.funder, grant.identifier]))
    told = {"identifier": grant.identifier, "description": f"Funded by {grant.funder}"}
    return draft.add(fragment("grant", name), "Grant", name=name, **told)


def _add_person(draft: Draft, person: Contributor) -> str:
    where = add_organization(draft, person.affiliation) if person.affiliation else None
    identifier = person.id or fragment("person", person.name)
    return draft.add(identifier, "Person", name=person.name, affiliation=ref(where) if where else None)


def _add_concept(draft: Draft, concept: Concept | None) -> set[str]:
    """The DefinedTerm of a value, which needs an identifier."""
    if concept is None or concept.iri is None:
        return set()
    return {draft.add(concept.iri, "DefinedTerm", name=concept.name, termCode=concept.id, url=concept.iri)}


def _add_value(draft: Draft, entity: str, name: str, value: str | None, concept: Concept | None = None) -> None:
    """A field of the sheet as a property of `entity`."""
    text = value or (concept.name if concept else None)
    if text:
        key = fragment("study", name.replace(" ", "-"), short_hash(text, concept.id if concept else None))
        term = profile.OWN + name.title().replace(" ", "")
        told = _add_concept(draft, concept)
        draft.add(key, "PropertyValue", name=name, value=text, propertyID=term, valueReference=told)
        draft.link(entity, "additionalProperty", key)


def _add_biosample(draft: Draft, sample: Biosample) -> None:
    entity = fragment("biosample", sample.id)
    draft.add(entity, "Thing", additionalType=_BIOSAMPLE, name=sample.id, description=sample.description)
    concepts = {
        "biological entity": sample.biological_entity,
        "organism": sample.organism,
        "tissue": sample.tissue,
        "cell line": sample.cell_line,
        "disease": sample.disease,
        "strain": sample.strain,
    }
    for name, concept in concepts.items():
        _add_value(draft, entity, name, None, concept)
    _add_value(draft, entity, "intrinsic variables", "; ".join(sample.intrinsic_variables))
    _add_value(draft, entity, "extrinsic variables", "; ".join(sample.extrinsic_variables))
    _add_value(draft, entity, "experimental variables", "; ".join(sample.experimental_variables))


def _add_specimen(draft: Draft, specimen: Specimen) -> None:
    entity, protocol = fragment("specimen", specimen.id), fragment("preparation", specimen.id)
    address = f"https://doi.org/{specimen.protocol}" if (specimen.protocol or "").startswith("10.") else None
    draft.add(
        protocol,
        "HowTo",
        additionalType=_PROTOCOL,
        name=f"Preparation of {specimen.id}",
        description=specimen.preparation,
        url=address or specimen.protocol,
    )
    samples = {fragment("biosample", name) for name in specimen.biosamples}
    draft.add(entity, "Thing", additionalType=_SPECIMEN, name=specimen.id, isBasedOn=samples, subjectOf={protocol})
    _add_value(draft, entity, "growth protocol", specimen.growth_protocol)
    _add_value(draft, entity, "signal or contrast mechanism", specimen.signal)
    _add_value(draft, entity, "channels", "; ".join(specimen.channels))
    _add_value(draft, entity, "location", specimen.location)
    _add_value(draft, entity, "experimental status", specimen.status)
    for reagent in specimen.reagents:
        _add_value(draft, entity, "reagent", None, Concept(reagent, reagent, f"https://identifiers.org/{reagent}"))


def _add_acquisition(draft: Draft, way: ImageAcquisition) -> None:
    instrument, pid = way.instrument, way.instrument.pid
    web = {"doi:": "https://doi.org/", "hdl:": "https://hdl.handle.net/"}
    address = web[pid[:4]] + pid[4:] if pid else None
    device = draft.add(
        address or fragment("instrument", short_hash(instrument.description)),
        "IndividualProduct",
        name=instrument.description,
        identifier=pid,
        url=address,
    )
    _add_value(draft, device, "facility", instrument.facility)
    draft.add(
        fragment("image-acquisition", way.id),
        "HowTo",
        additionalType=_PROTOCOL,
        name=way.id,
        description=way.parameters,
        instrument={device},
        measurementTechnique={term for method in way.methods for term in _add_concept(draft, method)},
        object={fragment("specimen", name) for name in way.specimens},
    )


def _add_images(draft: Draft, run: Run, packing: Packing, data: ImageData) -> str:
    """The images of one kind; each of them is about its samples, and made by its technique."""
    ways = {fragment("image-acquisition", name) for name in data.acquisitions}
    samples = {fragment("biosample", name) for name in data.biosamples}
    samples |= {fragment("specimen", name) for name in data.specimens}
    files = _files(draft, run, packing, data.files)
    for file in files:
        for sample in samples:
            draft.link(file, "about", sample)
        for way in ways:
            draft.link(file, "subjectOf", way)
    entity = draft.add(
        fragment("image-data", data.id),
        "Collection" if files else "CreativeWork",
        name=data.id,
        description=data.description,
        hasPart=files,
        about=samples,
        subjectOf=ways,
    )
    told = {"type": data.kind, "processing": data.processing, "dimensions": data.dimensions}
    told |= {"pixel size": data.pixel_size, "channels": data.channels, "quality": data.quality}
    for name, value in told.items():
        _add_value(draft, entity, name, value)
    return entity


def _files(draft: Draft, run: Run, packing: Packing, patterns: Iterable[str]) -> set[str]:
    """The entities of the files that are meant."""
    found = files_of(run, patterns)
    known = {packing.items[packing.key(a)].id for a in found if packing.key(a) in packing.items}
    return {identifier for identifier in known if identifier in draft}


def _add_others(draft: Draft, run: Run, packing: Packing, study: Study) -> list[str]:
    """Correlations, analyses and annotations: what they say, and of what."""
    said = {(block.module, block.name): "; ".join(f"{k}: {v}" for k, v in block.lines) for block in blocks(run)}
    parts = []
    for link in study.correlations:
        about = {fragment("image-data", name) for name in link.images}
        words = said["Image correlation", link.id]
        key = fragment("image-correlation", link.id)
        parts.append(draft.add(key, "CreativeWork", name=link.id, description=words, about=about))
    for made in study.analyses:
        about = {fragment("image-data", name) for name in made.images}
        about |= _files(draft, run, packing, made.files)
        key = fragment("analyzed-data", made.id)
        parts.append(draft.add(key, "CreativeWork", name=made.id, description=made.method, about=about))
    for one in study.annotations:
        key, files = fragment("annotations", one.id), set()
        for file in one.files:
            masks = _files(draft, run, packing, [file.file])
            for mask in masks:
                for source in _files(draft, run, packing, [file.source_image]):
                    draft.link(mask, "about", source)
            files |= masks
        words = said["Annotations", one.id]
        kind = "Collection" if files else "CreativeWork"
        parts.append(draft.add(key, kind, name=one.id, description=words, hasPart=files))
        for person in one.authors:
            draft.link(key, "author", _add_person(draft, person))
    return parts
