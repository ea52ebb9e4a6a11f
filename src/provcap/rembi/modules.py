"""The sheets of REMBI (doi:10.1038/s41592-021-01166-8, version 1.5) and MIFA (doi:10.1038/s41592-025-02835-8), with a
column for each field of `provcap.model.Study`."""

from __future__ import annotations

from typing import Final

from provcap import identifiers
from provcap.rembi import values
from provcap.rembi.fields import Field, Module
from provcap.rembi.ontologies import METHODS, ORGANISMS, reader

KINDS: Final = (
    "class_labels", "bounding_boxes", "counts", "derived_annotations", "geometrical_annotations", "graphs",
    "point_annotations", "segmentation_mask", "tracks", "weak_annotations", "other",
)  # fmt: skip

STUDY: Final = Module(
    "study", "Study", "What the study is about. One line.",
    (
        Field("Title", "title", "at least 25 characters", True, "Nuclei in immunostained human colon",
              values.at_least(25), width=40),
        Field("Description", "description", "what was done and why; at least 25 characters", True,
              read=values.at_least(25), width=50),
        Field("Keywords", "keywords", "words to find it by", True, "colon; immunohistochemistry", many=True,
              commas=True),
        Field("Licence", "license", "under which the data may be used; for MIFA CC0 or CC-BY", False, "CC-BY-4.0",
              suggestions=("CC0-1.0", "CC-BY-4.0")),
        Field("Release date", "released", "the day from which the data may be public; it may be past", True,
              "2026-11-21", values.release, date=True),
        Field("Study type", "kind", "as EFO calls it"),
        Field("Study type ID", "kind_id", "of EFO or OBI", read=reader("EFO", "OBI")),
        Field("Funding statement", "funding", "who paid, in a sentence; MIFA requires it"),
        Field("Acknowledgements", "acknowledgements", "whom to thank"),
        Field("AI models", "models", "URLs of models that were trained on these data", False, "", identifiers.url,
              many=True),
    ),
)  # fmt: skip
AUTHORS: Final = Module(
    "authors", "Authors", "Who did the study, in the order of authors. One line for each.",
    (
        Field("Name", "name", "given name and family name", True, "Josiah Carberry"),
        Field("ORCID", "orcid", "", False, "0000-0002-1825-0097", identifiers.orcid),
        Field("Role", "role", "in the study", False, "image analysis"),
        Field("Affiliation", "affiliation", "where they work", False, "Brown University"),
        Field("ROR", "ror", "of that place", False, "https://ror.org/05gq02987", identifiers.ror),
    ),
)  # fmt: skip
GRANTS: Final = Module(
    "grants", "Grants", "Who paid. One line for each grant.",
    (
        Field("Funder", "funder", "", True),
        Field("Grant ID", "identifier", "the number of the grant"),
    ),
)  # fmt: skip
PUBLICATIONS: Final = Module(
    "publications", "Publications", "Papers on this study. One line for each.",
    (
        Field("Title", "title", "", True, width=40),
        Field("Authors", "authors", "as the paper has them"),
        Field("DOI", "doi", "", False, "10.1038/s41592-021-01166-8", identifiers.doi),
        Field("Year", "year", "", False, "2021", values.year),
        Field("PubMed ID", "pubmed", "", False, "", values.pubmed),
    ),
)  # fmt: skip
LINKS: Final = Module(
    "links", "Links", "What else belongs to the study: code, other data.",
    (
        Field("URL", "url", "", True, "", identifiers.url, width=40),
        Field("Description", "description", "what is there", width=40),
    ),
)  # fmt: skip
BIOSAMPLE: Final = Module(
    "biosamples", "Biosample", "What was imaged. One line for each kind of sample.",
    (
        Field("Name", "id", "by which other sheets refer to it", True, "colon"),
        Field("Biological entity", "biological_entity", "what is imaged", True, "nuclei of colon mucosa"),
        Field("Biological entity ID", "biological_entity_id", "of an ontology", False, "UBERON:0000317",
              reader("UBERON", "GO", "CL", "BTO", "FBbt", "PO", "WBbt", "ZFA", "XAO", "CLO", "EFO", "CHEBI")),
        Field("Organism", "organism", "scientific name", True, "Homo sapiens", suggestions=tuple(ORGANISMS)),
        Field("Organism ID", "organism_id", "of the NCBI taxonomy; 32644 is for unidentified ones", True,
              "NCBITaxon:9606", reader("NCBITaxon")),
        Field("Common name", "common_name", "of the organism", False, "human"),
        Field("Tissue", "tissue", "or organ", False, "colon"),
        Field("Tissue ID", "tissue_id", "of UBERON, BTO, PO or FBbt", False, "UBERON:0001155",
              reader("UBERON", "BTO", "PO", "FBbt", "EFO")),
        Field("Cell line", "cell_line", "its name", False, "HeLa"),
        Field("Cell line ID", "cell_line_id", "of Cellosaurus (its RRID) or CLO", False, "CVCL_0030",
              reader("CVCL", "CLO", "EFO", "BTO")),
        Field("Disease", "disease", "of the donor"),
        Field("Disease ID", "disease_id", "of MONDO or DOID", False, "MONDO:0005575",
              reader("MONDO", "DOID", "EFO", "HP")),
        Field("Strain", "strain", "or line of the organism"),
        Field("Strain ID", "strain_id", "its RRID", False, "RRID:IMSR_JAX:000664", identifiers.rrid),
        Field("Description", "description", "in a sentence", width=40),
        Field("Intrinsic variables", "intrinsic_variables", "alterations of the organism: genotype", many=True),
        Field("Extrinsic variables", "extrinsic_variables", "treatments: drugs, temperature", many=True),
        Field("Experimental variables", "experimental_variables", "what is varied between images", False, "time",
              many=True),
    ),
)  # fmt: skip
SPECIMEN: Final = Module(
    "specimens", "Specimen", "How samples were prepared for imaging. One line for each kind of preparation.",
    (
        Field("Name", "id", "by which other sheets refer to it", True, "section"),
        Field("Biosample", "biosamples", "names of the sheet Biosample", True, "colon", many=True,
              refers="biosamples"),
        Field("Sample preparation", "preparation", "fixation, sectioning, staining, mounting", True, width=50),
        Field("Growth protocol", "growth_protocol", "how it was grown or kept"),
        Field("Signal or contrast mechanism", "signal", "", False, "fluorescence"),
        Field("Channels", "channels", "content and biological entity of each", False, "DAPI: nuclei; GFP: actin",
              many=True),
        Field("Reagents", "reagents", "RRIDs of antibodies and others", False, "RRID:AB_2298772", identifiers.rrid,
              many=True),
        Field("Location", "location", "within the biosample"),
        Field("Experimental status", "status", "", choices=("test", "control")),
        Field("Protocol", "protocol", "its DOI or URL", read=values.protocol),
    ),
)  # fmt: skip
ACQUISITION: Final = Module(
    "acquisitions", "Image acquisition", "How images were taken. One line for each way.",
    (
        Field("Name", "id", "by which other sheets refer to it", True, "scan"),
        Field("Specimen", "specimens", "names of the sheet Specimen", many=True, refers="specimens"),
        Field("Imaging method", "methods", "as FBbi calls it", True, "bright-field microscopy", many=True,
              suggestions=tuple(METHODS)),
        Field("Imaging method ID", "methods_id", "of FBbi, in the same order", True, "FBbi:00000243",
              reader("FBbi", "EFO", "OBI"), many=True),
        Field("Imaging instrument", "instrument", "maker, model, objective, camera", True, width=40),
        Field("Instrument PID", "pid", "PIDINST: DOI or Handle", False, "hdl:21.T11998/0000-001A-3905-1",
              identifiers.pidinst),
        Field("Facility", "facility", "RRID of the imaging facility", read=identifiers.rrid),
        Field("Acquisition parameters", "parameters", "exposure, laser power, filters, steps", True, width=50),
    ),
)  # fmt: skip
IMAGE_DATA: Final = Module(
    "image_data", "Image data", "Which images are of what. One line for each kind of image.",
    (
        Field("Name", "id", "by which other sheets refer to it", True, "raw images"),
        Field("Description", "description", "", True, width=40),
        Field("Files", "files", "paths of the run; * stands for a part of a name, ** for folders", False,
              "data/*.tif", values.pattern, many=True, width=32),
        Field("Biosample", "biosamples", "names of that sheet", many=True, refers="biosamples"),
        Field("Specimen", "specimens", "names of that sheet", many=True, refers="specimens"),
        Field("Image acquisition", "acquisitions", "names of that sheet", many=True, refers="acquisitions"),
        Field("Type", "kind", "", choices=("raw", "processed")),
        Field("Processing", "processing", "how it was made from raw images"),
        Field("Dimensions", "dimensions", "axes and their extents", False, "512 x 512 x 3"),
        Field("Pixel size", "pixel_size", "with its unit", False, "0.65 µm"),
        Field("Channels", "channels", "what is in them"),
        Field("Quality", "quality", "what is known of it"),
    ),
)  # fmt: skip
CORRELATION: Final = Module(
    "correlations", "Image correlation", "How images of one correlative study are linked. Leave it empty otherwise.",
    (
        Field("Name", "id", "", True),
        Field("Image data", "images", "names of that sheet", many=True, refers="image_data"),
        Field("Alignment", "alignment", "spatial and temporal", True, "manual overlay"),
        Field("Fiducials", "fiducials", "features by which they were aligned", True),
        Field("Transformations", "transformations", "matrix, or where it is", True),
    ),
)  # fmt: skip
ANALYZED: Final = Module(
    "analyses", "Analyzed data", "What was made of the images. One line for each analysis.",
    (
        Field("Name", "id", "", True, "nuclei"),
        Field("Image data", "images", "what was analysed: names of that sheet", many=True, refers="image_data"),
        Field("Analysis method", "method", "how", True, width=50),
        Field("Results", "results", "their kind", False, "table of nuclei"),
        Field("Files", "files", "paths of the run", False, "results/**", values.pattern, many=True),
        Field("Features", "features", "what was measured", False, "area, intensity"),
    ),
)  # fmt: skip
ANNOTATIONS: Final = Module(
    "annotations", "Annotations", "Labels, masks, tracks for training and testing. One line for each set.",
    (
        Field("Name", "id", "by which the sheet Annotation files refers to it", True, "masks"),
        Field("Overview", "overview", "", True, width=40),
        Field("Type", "kinds", "", True, "segmentation_mask", many=True, choices=KINDS),
        Field("Method", "method", "by whom or what, and how", True, "drawn by hand by two people", width=40),
        Field("Criteria", "criteria", "rules that the annotators followed"),
        Field("Coverage", "coverage", "which part of the images is annotated", False, "all nuclei of all images"),
        Field("Confidence", "confidence", "how sure they are"),
        Field("Annotators", "authors", "names of the sheet Authors", many=True, refers="authors"),
    ),
    of="mifa",
)  # fmt: skip
ANNOTATION_FILES: Final = Module(
    "annotation_files", "Annotation files", "Which file annotates which image. One line for each file.",
    (
        Field("Annotations", "annotation", "name of that sheet", True, refers="annotations"),
        Field("File", "file", "path of the run", True, "labels/1.tif", values.pattern, width=32),
        Field("Source image", "source_image", "path of the image that it annotates", True, "images/1.tif",
              values.pattern, width=32),
        Field("Type", "kinds", "if other than that of the set", many=True, choices=KINDS),
        Field("Transformations", "transformations", "between image and annotation"),
        Field("Spatial information", "spatial_information", "where in the image"),
        Field("Created", "created", "", False, "2026-11-21", values.moment, date=True),
    ),
    of="mifa",
)  # fmt: skip

MODULES: Final = (
    STUDY, AUTHORS, GRANTS, PUBLICATIONS, LINKS, BIOSAMPLE, SPECIMEN, ACQUISITION, IMAGE_DATA, CORRELATION, ANALYZED,
    ANNOTATIONS, ANNOTATION_FILES,
)  # fmt: skip
BY_KEY: Final = {module.key: module for module in MODULES}
NAMES: Final = {"rembi": "REMBI", "mifa": "MIFA"}


def modules(template: str) -> tuple[Module, ...]:
    """The sheets of a template, "rembi" or "mifa"."""
    return MODULES if template == "mifa" else tuple(module for module in MODULES if module.of == "rembi")
