"""A run in words and columns for a terminal."""

from provcap.summary.answer import of_answer
from provcap.summary.columns import counted, line, screen, table
from provcap.summary.comparison import of_comparison
from provcap.summary.crate import of_findings
from provcap.summary.dependence import dependences_plain, of_dependences
from provcap.summary.explanation import of_explanation
from provcap.summary.finds import of_finds
from provcap.summary.images import images_plain, of_images
from provcap.summary.job import find_job, of_file, of_job
from provcap.summary.lineage import of_carried, of_lineage
from provcap.summary.models import models_plain, of_models
from provcap.summary.quality import of_quality, quality_plain
from provcap.summary.run import gaps, of_jobs, of_run, of_runs, packages
from provcap.summary.study import of_study

__all__ = [
    "counted",
    "dependences_plain",
    "find_job",
    "gaps",
    "images_plain",
    "line",
    "models_plain",
    "of_answer",
    "of_carried",
    "of_comparison",
    "of_dependences",
    "of_explanation",
    "of_file",
    "of_findings",
    "of_finds",
    "of_images",
    "of_job",
    "of_jobs",
    "of_lineage",
    "of_models",
    "of_quality",
    "of_run",
    "of_runs",
    "of_study",
    "packages",
    "quality_plain",
    "screen",
    "table",
]
