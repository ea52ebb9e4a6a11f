"""What documents and data files say of themselves: HDF5 attributes, PDF properties, the authors of Office files."""

from __future__ import annotations

import re
from typing import IO, Any, Final

from provcap.redact.look import Look

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_PDF: Final = b"%PDF-"
MAX_ATTRIBUTES: Final = 100_000
#: ECMA-376 part 2, core properties: who wrote a docx or xlsx
_AUTHOR: Final = re.compile(rb"<(?:dc:creator|cp:lastModifiedBy)>(?P<value>[^<>]{1,300})<")
_NOBODY: Final = frozenset("openpyxl python-docx xlsxwriter apache poi unknown user".split())


def look(head: bytes, stream: IO[bytes], look: Look, file: str, place: str) -> bool:
    """Look through what a document says of itself; False when it is none that is known here."""
    if head.startswith(_HDF5):
        return _hdf5(stream, look, file, place)
    if head.startswith(_PDF):
        return _pdf(stream, look, file, place)
    if place.endswith("docProps/core.xml"):
        for match in _AUTHOR.finditer(stream.read(1 << 20)):
            value = match["value"].decode("utf-8", "replace").strip()
            if value.lower() not in _NOBODY:
                look.note(file, place, "document-person", value)
        stream.seek(0)
    return False


def _hdf5(stream: IO[bytes], look: Look, file: str, place: str) -> bool:
    """Attributes of all groups and datasets. The numbers in datasets are not looked at; False without h5py."""
    try:
        import h5py
    except ImportError:
        return False
    count = 0

    def visit(name: str, item: Any) -> bool | None:
        nonlocal count
        for key, value in item.attrs.items():
            count += 1
            if count > MAX_ATTRIBUTES or look.late:
                look.unseen(file, place, f"only the first {count} attributes were looked at")
                return True
            where = f"{place}!{name}@{key}"
            for text in _texts(value):
                look.json(text, file, where, str(key))
        return None

    try:
        with h5py.File(stream, "r") as data:
            if not visit("", data):
                data.visititems(visit)
    except Exception as error:  # foreign code on foreign data, and its exceptions are not documented
        look.unseen(file, place, f"its attributes cannot be read: {type(error).__name__}")
    return True


def _texts(value: Any) -> list[str]:
    plain = value.tolist() if hasattr(value, "tolist") else value
    items = plain if isinstance(plain, list) else [plain]
    texts = [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in items[:10_000]]
    return [text for text in texts if isinstance(text, str)]


def _pdf(stream: IO[bytes], look: Look, file: str, place: str) -> bool:
    """The properties of a PDF; the texts on its pages are packed, and not looked at. False without pypdf."""
    try:
        import pypdf
    except ImportError:
        return False
    try:
        found: dict[str, Any] = dict(pypdf.PdfReader(stream).metadata or {})
        for key, value in found.items():
            if key == "/Author" and str(value).strip() and str(value).lower() not in _NOBODY:
                look.note(file, f"{place}!Author", "document-person", str(value))
            else:
                look.text(str(value), file, f"{place}!{key.strip('/')}")
    except Exception as error:  # foreign code on foreign data, and its exceptions are not documented
        look.unseen(file, place, f"its properties cannot be read: {type(error).__name__}")
    return True
