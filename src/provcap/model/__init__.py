"""What a run is: frozen values.

Nothing here reads or writes. Times are ISO 8601 strings in UTC with milliseconds (``2026-11-21T09:00:30.123+00:00``),
so that they sort as text. Digests are ``"sha256:<hex>"``. Paths are POSIX paths relative to the run's work directory,
absolute only when they lie outside it. An unknown value is None or empty, and has a `Gap` where a reader would miss it.
"""

from provcap.model.acquisition import Acquisition, Channel, Intensities, Objective
from provcap.model.comparison import Comparison, Direction, Measure, Outcome, Verdict
from provcap.model.dependence import Dependence, Judgement
from provcap.model.embedding import Embedding
from provcap.model.files import Artifact, Gap, Source
from provcap.model.job import JSON, Draw, Job, Status
from provcap.model.machine import Accounting, Gpu, Hardware, Usage
from provcap.model.people import About, Agent, Organization, Term
from provcap.model.quality import Quality, QualityMeasure
from provcap.model.rerun import Assessment, Origin
from provcap.model.run import Run, Step, Workflow
from provcap.model.software import Environment, Image, Imports, Interpreter, Library, Module, Package, Tool
from provcap.model.study import (
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
    Publication,
    Sheet,
    Specimen,
    Study,
)
from provcap.model.weights import Card, Load, Tensor, Weights

__all__ = [
    "JSON",
    "About",
    "Accounting",
    "Acquisition",
    "Agent",
    "AnalyzedData",
    "AnnotationFile",
    "Annotations",
    "Artifact",
    "Assessment",
    "Biosample",
    "Card",
    "Channel",
    "Comparison",
    "Concept",
    "Contributor",
    "Dependence",
    "Direction",
    "Draw",
    "Embedding",
    "Environment",
    "Gap",
    "Gpu",
    "Grant",
    "Hardware",
    "Image",
    "ImageAcquisition",
    "ImageCorrelation",
    "ImageData",
    "Imports",
    "Instrument",
    "Intensities",
    "Interpreter",
    "Job",
    "Judgement",
    "Library",
    "Link",
    "Load",
    "Measure",
    "Module",
    "Objective",
    "Organization",
    "Origin",
    "Outcome",
    "Package",
    "Publication",
    "Quality",
    "QualityMeasure",
    "Run",
    "Sheet",
    "Source",
    "Specimen",
    "Status",
    "Step",
    "Study",
    "Tensor",
    "Term",
    "Tool",
    "Usage",
    "Verdict",
    "Weights",
    "Workflow",
]
