"""What people say of sample and imaging: images come from specimens, and these from biosamples."""

from __future__ import annotations

from collections.abc import Mapping

from prov.constants import PROV_TYPE
from prov.identifier import Identifier, QualifiedName
from prov.model import PROV

from provcap.graph.draft import SCHEMA, TERMS, Draft, Value, attributes, iri
from provcap.matching import files_of
from provcap.model import Concept, ImageAcquisition, Study
from provcap.studied import concept_text

PERSON = PROV["Person"]


def add_study(draft: Draft, images: Mapping[str, QualifiedName], whole: bool) -> None:
    """The study and its samples; `images` are the entities of files by path. Where the document is not of the `whole`
    run, only if one of them is meant.
    """
    study = draft.run.study
    if study is None:
        return
    meant = [(data, [a.path for a in files_of(draft.run, data.files) if a.path in images]) for data in study.image_data]
    if not whole and not any(paths for _, paths in meant):
        return
    _add_sheet(draft, study)
    _add_samples(draft, study)
    for way in study.acquisitions:
        _add_acquisition(draft, way)
    for data, paths in meant:
        kind = draft.name("imagedata", data.id, data.id)
        told = {SCHEMA["description"]: data.description, TERMS["imageType"]: data.kind}
        draft.document.entity(kind, attributes([PROV["Collection"], TERMS["ImageData"]], data.id, told))
        for path in paths:
            draft.document.membership(kind, images[path])
            for name in data.specimens:
                draft.document.derivation(images[path], draft.name("specimen", name, name))
            for name in () if data.specimens else data.biosamples:
                draft.document.derivation(images[path], draft.name("biosample", name, name))
        for name in data.acquisitions:
            way_name = draft.name("acquisition", name, name)
            draft.document.influence(kind, way_name, None, [(PROV_TYPE, TERMS["imageAcquisition"])])


def _add_sheet(draft: Draft, study: Study) -> None:
    """The study comes from a sheet, which was put into the record at some time after the run."""
    document, sheet = draft.document, study.sheet
    told: dict[QualifiedName, Value] = {
        SCHEMA["description"]: study.description,
        SCHEMA["keywords"]: study.keywords,
        SCHEMA["license"]: study.license,
        SCHEMA["datePublished"]: study.released,
        TERMS["annotated"]: sheet.annotated,
    }
    said, file = draft.name("study", study.title, sheet.digest), draft.name("sheet", sheet.name, sheet.digest)
    document.entity(said, attributes([TERMS["Study"]], study.title, told))
    facts = {SCHEMA["sha256"]: sheet.digest.removeprefix("sha256:"), TERMS["sizeBytes"]: sheet.size_bytes}
    document.entity(file, attributes([TERMS["Sheet"]], sheet.name, facts))
    document.derivation(said, file)
    for person in dict.fromkeys(study.authors):
        name = draft.name("person", person.name, person.name, person.id or "")
        if not document.get_record(name):
            document.agent(name, attributes([PERSON], person.name, {SCHEMA["sameAs"]: iri(person.id)}))
        document.attribution(said, name)


def _add_samples(draft: Draft, study: Study) -> None:
    document = draft.document
    for sample in study.biosamples:
        told = {
            SCHEMA["description"]: sample.description,
            TERMS["biologicalEntity"]: concept_text(sample.biological_entity),
            TERMS["organism"]: concept_text(sample.organism),
            TERMS["tissue"]: concept_text(sample.tissue) or None,
            TERMS["cellLine"]: concept_text(sample.cell_line) or None,
            TERMS["disease"]: concept_text(sample.disease) or None,
            TERMS["strain"]: concept_text(sample.strain) or None,
        }
        same = _same(sample.biological_entity, sample.organism, sample.tissue, sample.cell_line, sample.disease)
        kinds = attributes([TERMS["Biosample"]], sample.id, told)
        document.entity(draft.name("biosample", sample.id, sample.id), kinds + same)
    for specimen in study.specimens:
        facts = {
            TERMS["preparation"]: specimen.preparation,
            TERMS["signal"]: specimen.signal,
            TERMS["reagent"]: specimen.reagents,
        }
        name = draft.name("specimen", specimen.id, specimen.id)
        document.entity(name, attributes([TERMS["Specimen"]], specimen.id, facts))
        for sample_id in specimen.biosamples:
            document.derivation(name, draft.name("biosample", sample_id, sample_id))


def _same(*concepts: Concept | None) -> list[tuple[QualifiedName, Identifier | str | None]]:
    """What the values are in their ontologies."""
    return [(SCHEMA["about"], iri(c.iri)) for c in dict.fromkeys(concepts) if c is not None and c.iri]


def _add_acquisition(draft: Draft, way: ImageAcquisition) -> None:
    told = {
        TERMS["imagingMethod"]: [concept_text(method) for method in way.methods],
        TERMS["parameters"]: way.parameters,
        TERMS["instrument"]: way.instrument.description,
        TERMS["instrumentPid"]: way.instrument.pid,
    }
    kinds = attributes([PROV["Plan"], TERMS["ImageAcquisition"]], way.id, told)
    draft.document.entity(draft.name("acquisition", way.id, way.id), kinds + _same(*way.methods))
