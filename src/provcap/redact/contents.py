"""Looking into one file, whatever it is: by how it begins, never by its name alone."""

from __future__ import annotations

import binascii
import io
import json
import posixpath
import re
from collections.abc import Iterator
from typing import IO, Final

from provcap.redact import boxes, documents, patients, pictures
from provcap.redact.look import BLOCK, MAX_DEPTH, Look

_CODE: Final = frozenset(
    ".py .pyx .r .rmd .qmd .jl .smk .rs .js .ts .java .c .h .cpp .hpp .go .pl .m .groovy .nf .scala .lua .ijm".split()
)
_JSON: Final = frozenset(".json .jsonld .ipynb .zattrs .zgroup .zarray .zmetadata .geojson".split())
_TABLES: Final = frozenset(".csv .tsv .txt .tab".split())
MAX_JSON: Final = 32 << 20  #: bytes; a larger one is read as text
_VISIBLE: Final = re.compile(rb"[\x20-\x7e]{12,4096}")
_WIDE: Final = re.compile(rb"(?:[\x20-\x7e]\0){12,4096}")  #: UTF-16, as microscopes write it
#: base64 of a PNG, a JPEG, a TIFF, a gzip or a zip, in one line or, as in notebooks and SVG, in many
_EMBEDDED: Final = re.compile(r"(?:iVBORw0KGgo|/9j/|SUkq|TU0A|H4sI|UEsD)[A-Za-z0-9+/\r\n\\]{400,}={0,2}")


def look_into(stream: IO[bytes], size: int, look: Look, file: str, place: str, depth: int = 0) -> None:
    """Look through the `size` bytes of `stream`, which is the file `file` of the crate, or lies in it at `place`."""
    if look.late:
        look.unseen(file, place, f"the time was up ({look.limits.seconds:.0f} s)")
        return
    head = stream.read(1024)
    stream.seek(0)
    try:
        special = patients.look(head, stream, look, file, place) or pictures.look(head, stream, look, file, place)
        if special or documents.look(head, stream, look, file, place):
            if not special:
                _strings(stream, size, look, file, place)
            return
        if boxes.is_box(head):
            if depth >= MAX_DEPTH:
                look.unseen(file, place, f"more than {MAX_DEPTH} levels of files in files")
                return
            for member, inner, length in boxes.members(head, stream, look, file, place):
                label = look.label(member)
                look.text(member.rpartition("!")[2], file, f"{label} (its name)")
                look_into(inner, length, look, file, label, depth + 1)
        elif b"\0" in head:
            _strings(stream, size, look, file, place)
        else:
            _text(stream, size, look, file, place, depth)
    except (OSError, ValueError, RuntimeError, EOFError, LookupError, MemoryError, RecursionError) as error:
        look.unseen(file, place, f"it cannot be read: {type(error).__name__}")


def _strings(stream: IO[bytes], size: int, look: Look, file: str, place: str) -> None:
    """The texts in a binary file: 12 visible signs and more, as less comes about by chance."""
    if size > look.limits.file_bytes:
        look.unseen(file, place, f"larger than {look.limits.file_bytes} bytes")
        return
    stream.seek(0)
    tail = b""
    while block := stream.read(BLOCK):
        data = tail + block
        found = b"\n".join(_VISIBLE.findall(data)).decode("ascii")
        wide = b"\n".join(_WIDE.findall(data)).replace(b"\0", b"").decode("ascii")
        for text in (found, wide):
            look.text(text, file, place, code=True)
            pictures.persons(text, look, file, place)
        if look.late:
            look.unseen(file, place, "the time was up before its end")
            return
        tail = data[-64:]


def is_code(place: str) -> bool:
    """Whether the file at `place` is the text of a program, in which only quoted literals are values."""
    name = posixpath.basename(place).lower()
    return posixpath.splitext(name)[1] in _CODE or name.startswith("snakefile")


def _text(stream: IO[bytes], size: int, look: Look, file: str, place: str, depth: int) -> None:
    suffix = posixpath.splitext(posixpath.basename(place).lower())[1] or posixpath.basename(place).lower()
    if suffix in _JSON and size <= MAX_JSON:
        data = stream.read()
        try:
            plain = json.loads(data)
        except (ValueError, RecursionError):
            stream.seek(0)
        else:
            look.json(plain, file, f"{place}!", code=suffix == ".ipynb")
            _embedded(data.decode("utf-8", "replace"), look, file, place, depth)
            return
    if size > look.limits.file_bytes:
        look.unseen(file, place, f"larger than {look.limits.file_bytes} bytes")
        return
    code = is_code(place)
    whole = size <= MAX_JSON  # an image that is embedded must not be cut
    for line, text in [(1, stream.read().decode("utf-8", "surrogateescape"))] if whole else _pieces(stream):
        if line == 1 and suffix in _TABLES:
            look.header(text, file, place)
        clear = _EMBEDDED.sub(lambda match: "\n" * match[0].count("\n"), text)
        pictures.persons(text, look, file, place)
        look.text(clear, file, place, code, line)
        if len(clear) != len(text):
            _embedded(text, look, file, place, depth)
        if look.late:
            look.unseen(file, place, f"the time was up at line {line}")
            return


def _pieces(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The text in pieces of about a megabyte that end with a line, and the number of the first line of each.

    A line that is longer than two pieces is cut, with a lap of 1024 bytes.
    """
    line, rest = 1, b""
    while block := stream.read(BLOCK):
        data = rest + block
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) < 2 * BLOCK:
            rest = data
            continue
        end = cut or len(data)
        text = data[:end].decode("utf-8", "surrogateescape")
        yield line, text
        line += text.count("\n")
        rest = data[end:] if cut else data[-1024:]
    if rest:
        yield line, rest.decode("utf-8", "surrogateescape")


def _embedded(text: str, look: Look, file: str, place: str, depth: int) -> None:
    """Images and archives that stand in the text in base64, as in notebooks and in data URIs."""
    if depth >= MAX_DEPTH:
        return
    for number, match in enumerate(_EMBEDDED.finditer(text)):
        where = f"{place}!embedded-{number}"
        if number >= look.limits.members or look.late:
            look.unseen(file, where, f"only the first {number} of what is embedded were looked into")
            return
        value = re.sub(r"\\n|\s", "", match[0]).rstrip("=")
        data = binascii.a2b_base64(value[: len(value) // 4 * 4])
        look_into(io.BytesIO(data), len(data), look, file, where, depth + 1)
