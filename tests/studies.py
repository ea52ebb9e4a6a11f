"""A study by hand: one raw kind of image, masks that annotate it, and an analysis; and runs that have it."""

from __future__ import annotations

from dataclasses import replace

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
    Run,
    Sheet,
    Specimen,
    Study,
)
from tests.conftest import read_run

OBO = "http://purl.obolibrary.org/obo/"
HOSTILE = 'a\tb\n"c", \u65e5\u672c <script>alert(1)</script> \x00\x1b[31m'

STUDY = Study(
    sheet=Sheet("study.xlsx", "sha256:" + "0" * 64, 9000, "2026-11-21T12:00:00.000+00:00"),
    title="Nuclei in immunostained human colon",
    description="Nuclei of the mucosa were segmented and measured in one micrograph.",
    keywords=("nuclei", "colon"),
    license="CC-BY-4.0",
    released="2026-12-01",
    authors=(
        Contributor(
            "Josiah Carberry",
            "https://orcid.org/0000-0002-1825-0097",
            "image analysis",
            Organization("Brown University", "https://ror.org/05gq02987"),
        ),
        Contributor("Jane Doe", affiliation=Organization("An institute without ROR")),
    ),
    acknowledgements="The imaging facility",
    funding="A foundation paid.",
    grants=(Grant("A foundation", "F-1"), Grant("A foundation", "F-2")),
    publications=(Publication("On nuclei", "J. Carberry, J. Doe", "10.5555/12345678", 2026, "1"),),
    links=(Link("https://example.org/code", "the code"),),
    models=("https://example.org/model",),
    biosamples=(
        Biosample(
            "colon",
            Concept("nuclei of colon mucosa", "UBERON:0000317", OBO + "UBERON_0000317"),
            Concept("Homo sapiens", "NCBITaxon:9606", OBO + "NCBITaxon_9606"),
            "human",
            tissue=Concept("colon", "UBERON:0001155"),
            experimental_variables=("time",),
        ),
        Biosample("not imaged", Concept("liver"), Concept("Mus musculus", "NCBITaxon:10090")),
    ),
    specimens=(
        Specimen("section", ("colon",), "fixed, cut and stained", "none", "absorption", ("DAB: FHL2", "haematoxylin")),
        Specimen("thick section", ("colon",), "fixed, cut thick and stained"),
    ),
    acquisitions=(
        ImageAcquisition(
            "scan",
            (Concept("bright-field microscopy", "FBbi:00000243", OBO + "FBbi_00000243"),),
            Instrument("a slide scanner", "hdl:21.T11998/0000-001A-3905-1", "RRID:SCR_017877"),
            "20x, one exposure",
            ("section",),
        ),
    ),
    image_data=(ImageData("raw", "as they were taken", ("inputs/**",), acquisitions=("scan",), kind="raw"),),
    analyses=(AnalyzedData("nuclei", "segmented and counted", "tables", ("raw",), ("results/**",), "area"),),
)
MASKS = Annotations("masks", "masks of nuclei", ("segmentation_mask",), "by the workflow", "all", "every image", "good")
COMPONENTS = replace(
    STUDY,
    image_data=(
        *STUDY.image_data,
        ImageData("labels", "labels of nuclei", ("results/labels.ome.zarr",), kind="processed", processing="watershed"),
        ImageData("both", "of two kinds", ("results/plots",), specimens=("section", "thick section"), acquisitions=("scan",)),
    ),
    correlations=(ImageCorrelation("overlay", "by hand", "corners", "[[1, 0], [0, 1]]", ("raw", "labels")),),
)  # fmt: skip


def studied(name: str) -> Run:
    """The hand-written run `name` with a study that fits it."""
    run = read_run(name)
    if name == "directory":
        return replace(run, study=COMPONENTS)
    if name == "scatter-gather":
        files = tuple(AnnotationFile("masks", f"labels/{n}.tif", f"inputs/{n}.tif") for n in "ab")
        return replace(run, study=replace(STUDY, annotations=(replace(MASKS, files=files),)))
    return replace(run, study=STUDY)


def hostile(study: Study) -> Study:
    """The same with every text that the archive only shows full of what breaks tables, pages and terminals."""
    return replace(
        study,
        title=HOSTILE,
        description=HOSTILE,
        keywords=(HOSTILE,),
        authors=(replace(study.authors[0], name=HOSTILE), Contributor(HOSTILE, None, HOSTILE, Organization(HOSTILE))),
        links=(Link("https://example.org/", HOSTILE),),
        grants=(Grant(HOSTILE, HOSTILE),),
        image_data=tuple(replace(data, id=f"{data.id}{HOSTILE}", description=HOSTILE) for data in study.image_data),
        analyses=tuple(replace(a, id=HOSTILE, method=HOSTILE, images=(), features=HOSTILE) for a in study.analyses),
        biosamples=tuple(replace(sample, description=HOSTILE, strain=Concept(HOSTILE)) for sample in study.biosamples),
    )  # fmt: skip
