"""Figures: SVG by its elements, PDF by text, images and drawing. Dates, ids and programs do not count."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provcap.compare.cells import Spread
from provcap.compare.comparator import Comparator, Glimpse, Measured, Options, Unmeasured, differs, reading
from provcap.model import Measure

MAX_BYTES: Final = 256 << 20
MAX_OBJECTS: Final = 100_000
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COORDINATES: Final = {
    "d", "points", "transform", "viewBox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy",
    "width", "height", "offset", "gradientTransform", "patternTransform",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Element:
    """An SVG element: everything but its numbers, its text, and the numbers of its coordinates."""

    frame: str
    text: str
    numbers: tuple[float, ...]


def _read_svg(place: Path, side: str) -> list[_Element]:
    with reading(side, "SVG"):
        from xml.etree import ElementTree

        if place.stat().st_size > MAX_BYTES:
            raise Unmeasured(f"larger than {MAX_BYTES} bytes")
        content = place.read_bytes()
        if b"<!ENTITY" in content or b"<\0!\0E" in content:
            raise ValueError("it declares entities")
        root = ElementTree.fromstring(content)  # noqa: S314 - no entities, see above
        if root.tag.rpartition("}")[2] != "svg":
            raise ValueError(f"it is {root.tag}")
        names = {key: f"#{i}" for i, key in enumerate(e.get("id") for e in root.iter() if e.get("id"))}
        return list(_elements(root, names))


def _elements(root: Any, names: dict[str | None, str]) -> Iterator[_Element]:
    """Every element but metadata, in document order. Ids are numbered, as programs draw them by lot."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        tag = str(element.tag).rpartition("}")[2]
        if tag == "metadata":
            continue
        frame, numbers = [f"{depth} {tag}"], []
        for key, value in sorted(element.attrib.items()):
            name = key.rpartition("}")[2]
            if name in _COORDINATES:
                numbers += [float(n) for n in _NUMBER.findall(value)]
                value = _NUMBER.sub("0", value)
            frame.append(f"{key}={names.get(value, value) if name == 'id' else _renamed(value, names)}")
        yield _Element("\n".join(frame), " ".join((element.text or "").split()), tuple(numbers))
        waiting += [(child, depth + 1) for child in reversed(element)]


def _renamed(text: str, names: dict[str | None, str]) -> str:
    return re.sub(r"#([\w:.-]+)", lambda m: names.get(m[1], m[0]), text)


def _measure_svg(first: Path, second: Path, options: Options) -> Measured:
    """elements_differ: those of another kind, style or place in the tree; texts_differ; and a `Spread` of numbers."""
    one, other = _read_svg(first, "first"), _read_svg(second, "second")
    spread, frames, texts = Spread(options.tolerance), abs(len(one) - len(other)), 0
    for a, b in zip(one, other, strict=False):
        frames += a.frame != b.frame or len(a.numbers) != len(b.numbers)
        texts += a.text != b.text
        for x, y in zip(a.numbers, b.numbers, strict=False):
            spread.add(x, y)
    found = (Measure("elements_differ", frames, about="elements"), Measure("texts_differ", texts, about="text"))
    return Measured((*found, *spread.measures("coordinates")))


@dataclass(frozen=True, slots=True)
class _Page:
    size: str
    text: str
    images: tuple[str, ...]
    drawing: str


def _read_pdf(place: Path, side: str) -> list[_Page]:
    with reading(side, "PDF"):
        import pypdf

        logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it would warn of is in the verdict
        if place.stat().st_size > MAX_BYTES:
            raise Unmeasured(f"larger than {MAX_BYTES} bytes")
        reader = pypdf.PdfReader(place)
        return [_page(page) for page in reader.pages]


def _page(page: Any) -> _Page:
    images, drawing = [], hashlib.sha256()
    contents = page.get_contents()
    drawing.update(contents.get_data() if contents is not None else b"")
    for item in _inner(page):
        data = item.get_data()
        if item.get("/Subtype") == "/Image":
            kind = [str(item.get(k)) for k in ("/Width", "/Height", "/BitsPerComponent")]
            images.append(" ".join((*kind, hashlib.sha256(data).hexdigest())))
        else:
            drawing.update(data)
    size = " × ".join(f"{float(n):g}" for n in (page.mediabox.width, page.mediabox.height))
    return _Page(size, page.extract_text(), tuple(images), drawing.hexdigest())


def _inner(page: Any) -> Iterator[Any]:
    """Images and forms that a page or its forms use, by their names."""
    waiting, seen = [page], 0
    while waiting:
        holder = waiting.pop()
        resources = holder.get("/Resources")
        found = resources.get_object().get("/XObject") if resources is not None else None
        objects = found.get_object() if found is not None else {}
        for name in sorted(objects):
            seen += 1
            if seen > MAX_OBJECTS:
                raise Unmeasured(f"more than {MAX_OBJECTS} objects on a page")
            item = objects[name].get_object()
            yield item
            if item.get("/Subtype") == "/Form":
                waiting.append(item)


def _measure_pdf(first: Path, second: Path, _: Options) -> Measured:
    """Pages whose text, images (as stored pixels) or drawing operators differ."""
    one, other = _read_pdf(first, "first"), _read_pdf(second, "second")
    pairs = list(zip(one, other, strict=False))
    return Measured(
        (
            differs("pages", "pages", len(one), len(other)),
            differs("page size", "size", [a.size for a, _ in pairs], [b.size for _, b in pairs]),
            Measure("texts_differ", sum(a.text != b.text for a, b in pairs), about="text"),
            Measure("images_differ", sum(a.images != b.images for a, b in pairs), about="images"),
            Measure("drawings_differ", sum(a.drawing != b.drawing for a, b in pairs), about="drawing"),
        )
    )


def _is_svg(seen: Glimpse) -> bool:
    return not seen.entries and (seen.ends(".svg") or (b"<svg" in seen.head and seen.head.lstrip().startswith(b"<")))


PDF: Final = Comparator("pdf", lambda s: s.begins(b"%PDF-") or s.ends(".pdf"), _measure_pdf)
SVG: Final = Comparator("svg", _is_svg, _measure_svg)
