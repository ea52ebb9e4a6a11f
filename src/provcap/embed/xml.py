"""The annotation in OME-XML, put in and taken out as text: all that stood there before stays byte for byte.

An XMLAnnotation among the StructuredAnnotations, and a reference to it as the last element of each Image, as the
schema has their order since 2010 (https://www.openmicroscopy.org/Schemas/OME/2016-06). From 2016 on, where annotations
may stand in any order, a MapAnnotation says the same to people. expat tells where elements begin and end; a document
type declaration, which can make a small text endless, is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from provcap.embed.annotation import LARGEST, NAMESPACE, Left

_OME: Final = re.compile(r"http://www\.openmicroscopy\.org/Schemas/(?:OME|SA)/(\d{4}-\d\d)")
_NAME: Final = "Annotation:provcap-lineage"
_PAIRS: Final = "Annotation:provcap-pairs"
_KINDS: Final = ("XMLAnnotation", "MapAnnotation")  #: of annotations of ours
_CONTROLS: Final = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  #: stand in no XML, or mean nothing there
#: of the tag that begins where it is asked: a ">" may stand in a quoted value
_TAG: Final = re.compile(rb"<[^\"'>]*(?:(?:\"[^\"]*\"|'[^']*')[^\"'>]*)*>")
_ENCODING: Final = "its OME-XML is in an encoding that is not written to"
TAGS: Final = 2_000_000  #: of a text that is read
_SEPARATOR: Final = "\x1f"  #: stands in no XML


@dataclass(slots=True)
class _Seen:
    """What was met in the text. A span is from the first byte to the one behind the last."""

    namespace: str = ""
    uuid: str = ""
    images: list[int] = field(default_factory=list)  #: where each end tag begins
    after: int = 0  #: behind the last Image
    structured: tuple[int, int, str] | None = None  #: the start tag, and its namespace
    ours: list[tuple[int, int]] = field(default_factory=list)
    references: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  #: by what is referred to
    names: set[str] = field(default_factory=set)  #: every ID
    own_names: set[str] = field(default_factory=set)
    payload: str | None = None  #: of the first annotation of ours
    files: set[str] = field(default_factory=set)  #: UUIDs of the files that planes lie in
    companion: bool = False


@dataclass(frozen=True, slots=True)
class _Element:
    name: str  #: local
    ome: str  #: its namespace when that is one of OME's
    start: int
    tag_end: int  #: behind its start tag
    ours: bool  #: it is our annotation
    id: str


class _Walk:
    """The handlers of expat."""

    def __init__(self, xml: bytes) -> None:
        self.seen = _Seen()
        self._xml = xml
        self._path: list[_Element] = []
        self._text: list[str] | None = None  #: of the element that is read
        self._length = 0
        self._parser = parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        if b"\0" in xml:
            raise Left(_ENCODING)
        if xml.count(b"<") > TAGS:
            raise Left(f"its OME-XML has more than {TAGS} tags")
        try:
            parser.Parse(xml, True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            why = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else "its encoding is unknown"
            raise Left(f"its OME-XML is not well-formed ({why})") from None

    def _refuse(self, *_: Any) -> None:
        raise Left("its OME-XML has a document type declaration, which can do harm")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_SEPARATOR)
        place, seen = self._parser.CurrentByteIndex, self.seen
        if self._xml[place : place + 1] != b"<":
            raise Left(_ENCODING)
        ome = namespace if _OME.fullmatch(namespace) else ""
        inside = self._path[-1].name if self._path else ""
        ours = bool(ome) and local in _KINDS and attributes.get("Namespace") == NAMESPACE
        identifier = attributes.get("ID", "")
        here = _Element(local, ome, place, _tag_end(self._xml, place), ours, identifier)
        if not self._path:
            seen.namespace, seen.uuid = namespace, attributes.get("UUID", "")
        elif len(self._path) == 1 and ome:
            seen.companion |= local == "BinaryOnly"
            if local == "StructuredAnnotations" and seen.structured is None:
                seen.structured = (place, here.tag_end, namespace)
        if identifier and local != "AnnotationRef":
            seen.names.add(identifier)
            seen.own_names |= {identifier} if ours else set()
        lineage = name == f"{NAMESPACE}{_SEPARATOR}lineage" and any(one.ours for one in self._path)
        if lineage or (ome and local == "UUID" and inside == "TiffData"):
            self._text, self._length = [], 0
        self._path.append(here)

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._length += len(data)
            if self._length > LARGEST:
                raise Left(f"the annotation in it has more than {LARGEST} bytes")
            self._text.append(data)

    def _end(self, _: str) -> None:
        here, seen = self._path.pop(), self.seen
        empty = self._xml[here.tag_end - 2 : here.tag_end] == b"/>"
        place = self._parser.CurrentByteIndex  # of the end tag
        end = here.tag_end if empty else _tag_end(self._xml, place)
        if self._text is not None and here.name in ("lineage", "UUID"):
            words, self._text = "".join(self._text), None
            if here.name == "UUID":
                seen.files.add(words.strip())
            elif seen.payload is None:
                seen.payload = words
        if here.ours:
            seen.ours.append((here.start, end))
        if here.ome and here.name == "Image" and len(self._path) == 1:
            seen.after = end
            seen.images += [] if empty else [place]
        if here.ome and here.name == "AnnotationRef":
            seen.references.setdefault(here.id, []).append((here.start, end))


def _tag_end(xml: bytes, place: int) -> int:
    found = _TAG.match(xml, place)
    if found is None:
        raise Left("its OME-XML cannot be followed")
    return found.end()


def is_ome(xml: bytes) -> bool:
    """Whether the description may be OME-XML at all, by how it begins and ends."""
    return b"openmicroscopy.org/Schemas/" in xml[:4096] or xml[-64:].rstrip().endswith(b"OME>")


def payload(xml: bytes) -> str | None:
    """The text of the annotation in `xml`, the first when there are several; None without one. Raises Left."""
    return _Walk(xml).seen.payload if NAMESPACE.encode() in xml else None


def without(xml: bytes) -> bytes:
    """`xml` without annotations of ours and what refers to them. Raises Left."""
    seen = _Walk(xml).seen
    spans = {*seen.ours, *(span for name in seen.own_names for span in seen.references.get(name, ()))}
    outer = [span for span in spans if not any(a < span[0] and span[1] < b for a, b in seen.ours)]
    return _spliced(xml, [(start, end, b"") for start, end in outer])


def annotated(xml: bytes, content: bytes, pairs: Iterable[tuple[str, str]] = ()) -> bytes:
    """`xml` with the annotation `content`, and `pairs` for people, in place of what is ours. Raises Left."""
    xml = without(xml)
    seen = _Walk(xml).seen
    known = _OME.fullmatch(seen.namespace)
    if known is None:
        raise Left("its description is no OME-XML")
    if seen.companion:
        raise Left("its OME-XML stands in another file, a companion")
    if len(seen.files) > 1 or (seen.uuid and seen.files - {seen.uuid}):
        raise Left("its OME-XML describes an image that lies in several files")
    if not seen.after:
        raise Left("its OME-XML describes no image")
    kind = "OME" if known[1] >= "2016" else "SA"  # the namespaces were one from 2016 on
    spoken = seen.structured[2] if seen.structured else f"http://www.openmicroscopy.org/Schemas/{kind}/{known[1]}"
    lineage = f'<lineage xmlns="{NAMESPACE}">'.encode() + content + b"</lineage>"
    said = {_free(_NAME, seen): ("XMLAnnotation", lineage)}
    map_of = b"".join(map(_pair, pairs))
    if map_of and spoken[spoken.rindex("/") :] >= "/2016":
        said[_free(_PAIRS, seen)] = ("MapAnnotation", map_of)
    inner = b"".join(_annotation(element, name, spoken, value) for name, (element, value) in said.items())
    reference = "".join(f'<AnnotationRef xmlns="{spoken}" ID="{name}"/>' for name in said).encode()
    return _spliced(xml, [*((place, place, reference) for place in seen.images), _structured(xml, seen, spoken, inner)])


def _free(name: str, seen: _Seen) -> str:
    """An ID that nothing in the text has."""
    return next(own for n in itertools.count(1) if (own := f"{name}-{n}") not in seen.names)


def _annotation(element: str, name: str, spoken: str, value: bytes) -> bytes:
    head = f'<{element} xmlns="{spoken}" ID="{name}" Namespace="{NAMESPACE}"><Value>'
    return head.encode() + value + f"</Value></{element}>".encode()


def _pair(pair: tuple[str, str]) -> bytes:
    """An entry of the map, in ASCII: the text may be in any encoding."""
    name, value = (_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text) for text in pair)
    return f"<M K={quoteattr(name)}>{escape(value)}</M>".encode("ascii", "xmlcharrefreplace")


def _structured(xml: bytes, seen: _Seen, spoken: str, inner: bytes) -> tuple[int, int, bytes]:
    """Where the annotation goes, and what is written there: first in what is there, for older schemas have it so."""
    if seen.structured is None:
        whole = f'<StructuredAnnotations xmlns="{spoken}">'.encode() + inner + b"</StructuredAnnotations>"
        return seen.after, seen.after, whole
    start, end, _ = seen.structured
    if xml[end - 2 : end] != b"/>":
        return end, end, inner
    name = xml[start + 1 : end].split()[0].removesuffix(b"/>")
    return end - 2, end, b">" + inner + b"</" + name + b">"


def _spliced(xml: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """`xml` with other bytes from here to there, any number of times without overlaps."""
    parts, done = [], 0
    for start, end, new in sorted(changes):
        parts += [xml[done:start], new]
        done = end
    return b"".join([*parts, xml[done:]])
