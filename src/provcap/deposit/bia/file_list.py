"""The file list of a submission: a line for each file, in tab-separated values as CSVW reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provcap.deposit.bia.graph import BIA, RDF_TYPE, SCHEMA, Graph, Ref, clean

NAME: Final = "file_list.tsv"
IMAGE: Final = BIA + "Image"
ANNOTATION: Final = BIA + "AnnotationData"
#: columns and what they mean; the first, `dataset` and `type` are called as the archive calls them
COLUMNS: Final = {
    "file_path": BIA + "filePath",
    "dataset": SCHEMA + "isPartOf",
    "type": RDF_TYPE,
    "label": SCHEMA + "name",
    "size_in_bytes": BIA + "sizeInBytes",
    "media_type": SCHEMA + "encodingFormat",
    "sha256": SCHEMA + "sha256",
    "source_image": BIA + "associatedSourceImage",
    "associated_biological_entity": BIA + "associatedBiologicalEntity",
    "associated_specimen": BIA + "associatedSubject",
    "associated_imaging_preparation_protocol": BIA + "associatedImagingPreparationProtocol",
    "associated_image_acquisition_protocol": BIA + "associatedImageAcquisitionProtocol",
    "associated_annotation_method": BIA + "associatedAnnotationMethod",
    "original_path": SCHEMA + "alternateName",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the submission."""

    path: str  #: in the submission
    dataset: str  #: @id
    original: str  #: path of the run, or what it is called there
    size_bytes: int | None = None
    media_type: str | None = None
    digest: str | None = None
    type: str | None = None
    label: str | None = None  #: the image that several files make up
    sources: tuple[str, ...] = ()  #: paths or labels of images in this list
    associated: tuple[str, ...] = ("", "", "", "", "")  #: @ids for the columns from `associated_…`


def table(rows: Iterable[Row]) -> bytes:
    """The text of the file list."""
    return tsv([tuple(COLUMNS), *(_cells(row) for row in rows)])


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.path,
        row.dataset,
        row.type or "",
        row.label or "",
        "" if row.size_bytes is None else str(row.size_bytes),
        row.media_type or "",
        (row.digest or "").removeprefix("sha256:"),
        ",".join(row.sources),
        *row.associated,
        row.original,
    )


def tsv(lines: Iterable[Sequence[str]]) -> bytes:
    """`lines` as tab-separated values: a cell with a tab, a quote or a line end in it is quoted."""
    return "".join(_line(line) for line in lines).encode()


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    # csv quotes the characters of its own line end, and so both of them; the lines here end in one
    csv.writer(text, dialect="excel-tab", lineterminator="\r\n").writerow([clean(cell) for cell in cells])
    return text.getvalue().removesuffix("\r\n") + "\n"


def add(graph: Graph) -> Ref:
    """Describe the file list and its columns in the crate."""
    columns = [
        graph.add(f"#column-{name.replace('_', '-')}", "csvw:Column", columnName=name, propertyUrl=meaning)
        for name, meaning in COLUMNS.items()
    ]
    schema = graph.add("#columns", "csvw:Schema", column=columns)
    return graph.add(NAME, "File", "bia:FileList", "csvw:Table", tableSchema=schema)
