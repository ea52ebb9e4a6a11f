"""Checked values → the Study."""

from __future__ import annotations

from provcap.model import (
    AnalyzedData,
    AnnotationFile,
    Annotations,
    Biosample,
    Concept,
    Contributor,
    Grant,
    ImageAcquisition,
    ImageCorrelation,
    ImageData,
    Instrument,
    Link,
    Organization,
    Publication,
    Sheet,
    Specimen,
    Study,
)
from provcap.rembi.checking import Checked, Values
from provcap.rembi.fields import ID
from provcap.rembi.ontologies import iri


def build(found: Checked, sheet: Sheet) -> Study:
    """The Study of values without problems."""
    study = found["study"][0]
    people = {values.name: _contributor(values) for values in found["authors"]}
    return Study(
        sheet=sheet,
        title=study.one["title"],
        description=study.one["description"],
        keywords=study.many.get("keywords", ()),
        license=study.one.get("license"),
        released=study.one.get("released"),
        kind=_concept(study, "kind"),
        authors=tuple(people.values()),
        acknowledgements=study.one.get("acknowledgements"),
        funding=study.one.get("funding"),
        grants=tuple(Grant(**values.one) for values in found["grants"]),
        publications=tuple(_publication(values) for values in found["publications"]),
        links=tuple(Link(**values.one) for values in found["links"]),
        models=study.many.get("models", ()),
        biosamples=tuple(_biosample(values) for values in found["biosamples"]),
        specimens=tuple(Specimen(**values.one, **values.many) for values in found["specimens"]),  # type: ignore[arg-type]
        acquisitions=tuple(_acquisition(values) for values in found["acquisitions"]),
        image_data=tuple(ImageData(**values.one, **values.many) for values in found["image_data"]),  # type: ignore[arg-type]
        correlations=tuple(
            ImageCorrelation(**values.one, **values.many)  # type: ignore[arg-type]
            for values in found["correlations"]
        ),
        analyses=tuple(AnalyzedData(**values.one, **values.many) for values in found["analyses"]),  # type: ignore[arg-type]
        annotations=tuple(_annotations(values, found, people) for values in found["annotations"]),
    )


def _contributor(values: Values) -> Contributor:
    where = values.one.get("affiliation") or values.one.get("ror")
    return Contributor(
        values.one["name"],
        values.one.get("orcid"),
        values.one.get("role"),
        Organization(where, values.one.get("ror")) if where else None,
    )


def _publication(values: Values) -> Publication:
    rest = {key: value for key, value in values.one.items() if key != "year"}
    return Publication(**rest, year=int(values.one["year"]) if "year" in values.one else None)


def _concept(values: Values, attribute: str) -> Concept | None:
    name, identifier = values.one.get(attribute), values.one.get(attribute + ID)
    return Concept(name, identifier, iri(identifier) if identifier else None) if name else None


def _biosample(values: Values) -> Biosample:
    concepts = ("biological_entity", "organism", "tissue", "cell_line", "disease", "strain")
    known = {name: concept for name in concepts if (concept := _concept(values, name))}
    rest = {k: v for k, v in values.one.items() if k.removesuffix(ID) not in concepts}
    return Biosample(**rest, **known, **values.many)  # type: ignore[arg-type]


def _acquisition(values: Values) -> ImageAcquisition:
    pairs = zip(values.many["methods"], values.many["methods" + ID], strict=True)
    return ImageAcquisition(
        id=values.one["id"],
        methods=tuple(Concept(name, identifier, iri(identifier)) for name, identifier in pairs),
        instrument=Instrument(values.one["instrument"], values.one.get("pid"), values.one.get("facility")),
        parameters=values.one["parameters"],
        specimens=values.many.get("specimens", ()),
    )


def _annotations(values: Values, found: Checked, people: dict[str, Contributor]) -> Annotations:
    files = tuple(
        AnnotationFile(**one.one, **one.many)  # type: ignore[arg-type]
        for one in found["annotation_files"]
        if one.one["annotation"] == values.name
    )
    authors = tuple(people[name] for name in values.many.get("authors", ()))
    return Annotations(**values.one, kinds=values.many["kinds"], authors=authors, files=files)
