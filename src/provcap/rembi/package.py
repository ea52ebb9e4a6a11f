"""Whether a file may be read as an Excel workbook: what would act, or would not end, is refused before it is parsed.

A workbook is a zip with XML inside (ECMA-376). No writer of workbooks needs a document type declaration, and without
one XML has no entities to grow or to lead out.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

from provcap.rembi.entries import Unreadable

MAX_BYTES: Final = 16 << 20  #: of a sheet as a file
MAX_INFLATED: Final = 16 << 20  #: of all its parts: with a cell in each of 300,000 rows they take 10 s to read
MAX_SMALL: Final = 1 << 20  #: of a part that is no sheet and has no texts of cells: styles, names, relations
MAX_PARTS: Final = 1000
_ACTING: Final = {
    r"vbaProject|macrosheets/": "macros: save it as a workbook without (.xlsx)",
    r"externalLinks/": "links to other workbooks: put their values in (Data, Edit Links, Break)",
    r"embeddings/|activeX/|ctrlProps/|oleObject": "objects of other programs: remove them",
}
_DECLARED: Final = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["']([^"']*)""")


def check(data: bytes) -> zipfile.ZipFile:
    """The workbook in `data` as a zip. Raises Unreadable."""
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise Unreadable("an old .xls, or a workbook with a password: save it as .xlsx without one")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_INFLATED:
            raise Unreadable(f"more than {MAX_PARTS} parts or {MAX_INFLATED >> 20} MiB in it: no sheet of metadata")
        for pattern, what in _ACTING.items():
            if any(re.search(pattern, part.filename, re.I) for part in parts):
                raise Unreadable(f"it has {what}")
        if not any(part.filename == "xl/workbook.xml" for part in parts):
            raise Unreadable("a zip, and no Excel workbook")
        for part in parts:
            if _is_small(part.filename) and part.file_size > MAX_SMALL:
                raise Unreadable(f"{part.filename} in it has more than {MAX_SMALL >> 20} MiB: no sheet of metadata")
            if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                _check_xml(archive.read(part), part.filename)
    except Unreadable:
        raise
    except Exception as error:  # whatever a damaged directory makes of zipfile: of seven kinds, as seen
        raise Unreadable(f"it is no Excel workbook, or damaged: {error}") from error
    return archive


def _is_small(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels")) and not re.match(
        r"xl/(?:worksheets/[^/]+|sharedStrings)\.xml", name
    )


def _check_xml(content: bytes, name: str) -> None:
    bare = content.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED.match(bare)
    if b"\0" in bare or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii")):
        raise Unreadable(f"{name} in it is not UTF-8, as workbooks are")
    if b"<!DOCTYPE" in bare or b"<!ENTITY" in bare:
        raise Unreadable(f"{name} in it declares a document type or entities, which no workbook needs")


def merged(archive: zipfile.ZipFile, part: str) -> list[str]:
    """The ranges of cells that are merged in a sheet: ``B3:B5``."""
    content = archive.read(part.lstrip("/"))
    found = re.findall(rb"""<(?:\w+:)?mergeCell\b[^>]*?\bref=["']([A-Z0-9:$]{2,32})["']""", content)
    return [ref.decode() for ref in found]
