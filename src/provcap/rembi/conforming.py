"""Whether the models of REMBI 1.5 and MIFA in the package ``rembi-mifa`` accept a Study, module by module.

They want e-mail addresses and postal addresses of authors, which a sheet does not ask for: authors are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from provcap.errors import ProvcapError
from provcap.model import Biosample, ImageAcquisition, Study
from provcap.rembi.entries import Problem

_FBBI = "Biological Imaging Methods Ontology (FBbi)"


def check(study: Study) -> list[Problem]:
    """What the models refuse. Raises ProvcapError when they are not there."""
    try:
        from pydantic import ValidationError
    except ImportError as error:
        raise _missing() from error
    found = []
    for where, model, plain in parts(study):
        try:
            model(**plain)
        except ValidationError as error:
            for one in error.errors():
                field = ".".join(map(str, one["loc"]))
                found.append(Problem(where, f"{field}: {one['msg']} (rembi-mifa)"))
    return found


def parts(study: Study) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    """Each module of the study as the models spell it: where it stands, its model, its values."""
    try:
        from rembi_mifa import mifa, rembi
    except ImportError as error:
        raise _missing() from error
    yield "Study", rembi.Study, _study(study)
    for sample in study.biosamples:
        yield f"Biosample {sample.id}", rembi.Biosample, _biosample(sample)
    for specimen in study.specimens:
        yield f"Specimen {specimen.id}", rembi.Specimen, {"sample_preparation": specimen.preparation}
    for way in study.acquisitions:
        yield f"Image acquisition {way.id}", rembi.ImageAcquisition, _acquisition(way)
    for data in study.image_data:
        yield f"Image data {data.id}", rembi.StudyComponent, {"name": data.id, "description": data.description}
    for link in study.correlations:
        plain = {
            "spatial_and_temporal_alignment": link.alignment,
            "fiducials_used": link.fiducials,
            "transformations_used": link.transformations,
        }
        yield f"Image correlation {link.id}", rembi.ImageCorrelation, plain
    for made in study.analyses:
        yield f"Analyzed data {made.id}", rembi.ImageAnalysis, {"analysis_overview": made.method}
    if study.annotations:
        yield "Study", mifa.MifaContainer, _container(study)


def _study(study: Study) -> dict[str, Any]:
    funding = {"funding_statement": study.funding, "grant_references": _grants(study)} if study.funding else None
    return {
        "title": study.title,
        "description": study.description,
        "private_until_date": study.released,
        "keywords": "; ".join(study.keywords),
        "authors": [],
        "license": study.license,
        "funding": funding,
        "publications": [
            {"title": p.title, "authors": p.authors, "doi": p.doi, "year": p.year, "pubmid_id": p.pubmed}
            for p in study.publications
        ],
        "links": [{"link_url": link.url, "link_description": link.description} for link in study.links],
    }


def _grants(study: Study) -> list[dict[str, str]]:
    return [{"identifier": g.identifier, "funder": g.funder} for g in study.grants if g.identifier]


def _biosample(sample: Biosample) -> dict[str, Any]:
    return {
        "organism": {
            "scientific_name": sample.organism.name,
            "common_name": sample.common_name,
            "ncbi_taxon": sample.organism.iri,
        },
        "biological_entity": sample.biological_entity.name,
        "description": sample.description,
        "intrinsic_variables": "; ".join(sample.intrinsic_variables) or None,
        "extrinsic_variables": "; ".join(sample.extrinsic_variables) or None,
        "experimental_variables": "; ".join(sample.experimental_variables) or None,
    }


def _acquisition(way: ImageAcquisition) -> dict[str, Any]:
    method = way.methods[0]
    ontology = _FBBI if (method.id or "").startswith("FBbi:") else (method.id or "").partition(":")[0]
    return {
        "imaging_method": {"value": method.name, "ontology_name": ontology, "ontology_id": method.iri},
        "imaging_instrument": way.instrument.description,
        "image_acquisition_parameters": way.parameters,
    }


def _container(study: Study) -> dict[str, Any]:
    return {
        "title": study.title,
        "description": study.description,
        "keywords": list(study.keywords),
        "license": "CC0" if (study.license or "").upper().startswith("CC0") else "CC_BY",
        "funding_statement": study.funding,
        "acknowledgements": study.acknowledgements,
        "ai_models_trained": list(study.models),
        "annotations": [
            {
                "annotation_overview": one.overview,
                "annotation_type": list(one.kinds),
                "annotation_method": one.method,
                "annotation_criteria": one.criteria,
                "annotation_coverage": one.coverage,
                "annotation_confidence_level": one.confidence,
                "file_metadata": [
                    {
                        "annotation_id": file.file,
                        "annotation_type": list(file.kinds or one.kinds),
                        "source_image_id": file.source_image,
                        "transformations": file.transformations,
                        "spatial_information": file.spatial_information,
                        "annotation_creation_time": file.created,
                    }
                    for file in one.files
                ],
            }
            for one in study.annotations
        ],
    }


def _missing() -> ProvcapError:
    message = "sheets are checked by the models of rembi-mifa, which is not installed"
    return ProvcapError("not-installed", message, "pip install 'provcap[bioimage]'")
