"""Diagram and places → SVG that needs nothing else: no script, no font, no link; readable without colours."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from provcap.drawing.diagram import Box, Diagram, duration, seconds_between, shortened
from provcap.drawing.layout import BOLD, LINE, PADDING, Picture, Place, text_width
from provcap.model import Run
from provcap.questions import executed

MARGIN, HEAD, FOOT, NARROWEST, WIDEST_HEAD = 32.0, 84.0, 54.0, 620.0, 1000.0  #: pixels
STYLE = """
text { font-family: Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: #1b2733; }
.head { font-size: 20px; font-weight: 650; } .sub { font-size: 12.5px; fill: #52606d; }
.name { font-size: 13.5px; } .rule .name { font-weight: 650; } .line, .key { font-size: 11.5px; fill: #52606d; }
.box { stroke-width: 1.4; } .arrow { fill: none; stroke: #8a98a6; stroke-width: 1.5; }
.done .box { fill: #e8f1fb; stroke: #2f6fb3; } .kept .box { fill: #f4f5f7; stroke: #7b8794; stroke-dasharray: 2 3; }
.failed .box { fill: #fdecea; stroke: #b42318; stroke-width: 2; stroke-dasharray: 7 4; }
.retried .box { fill: #fff6e5; stroke: #9a5b00; stroke-width: 2; stroke-dasharray: 7 4; }
.failed .line { fill: #912018; font-weight: 600; }
.input .box { fill: #fbfbfc; stroke: #9aa5b1; } .between .box { fill: #ffffff; stroke: #c3ccd5; }
.result .box { fill: #e9f6ee; stroke: #2d7d4f; stroke-width: 2; } .result .name { font-weight: 600; }
"""
LEGEND = (
    ("rule", "done", "rule, with its jobs"),
    ("rule", "failed", "rule with a failure"),
    ("rule", "retried", "done at a later attempt"),
    ("rule", "kept", "nothing had to run"),
    ("files", "input", "input"),
    ("files", "between", "intermediate"),
    ("files", "result", "result"),
)


def render(run: Run, diagram: Diagram, picture: Picture) -> bytes:
    """The SVG document, UTF-8."""
    title = run.about.title or f"Run {run.id}"
    kinds = {(box.kind, box.state) for box in diagram.boxes}
    key = [entry for entry in LEGEND if entry[:2] in kinds]
    heading = min(BOLD * text_width(title, 20), WIDEST_HEAD)
    inner = max(picture.width, NARROWEST, heading, text_width(_subtitle(run), 12.5), _legend_width(key))
    width, height = inner + 2 * MARGIN, HEAD + picture.height + FOOT + 2 * MARGIN
    left, top = MARGIN + (inner - picture.width) / 2, MARGIN + HEAD
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="title desc">',
        f'<title id="title">Provenance of {_text(title)}</title>',
        f'<desc id="desc">{_text(" ".join(_told(run, diagram)))}</desc>',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7.5" markerHeight="7.5" '
        'orient="auto"><path d="M0 0.8 L10 5 L0 9.2 z" fill="#8a98a6"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text class="head" x="{MARGIN}" y="{MARGIN + 20}">{_text(_fitted(title, inner, 20))}</text>',
        f'<text class="sub" x="{MARGIN}" y="{MARGIN + 42}">{_text(_subtitle(run))}</text>',
        f'<g transform="translate({left:.1f} {top:.1f})">',
        *(_arrow(route) for route in picture.routes),
        *(_shape(box, place) for box, place in zip(diagram.boxes, picture.places, strict=True)),
        "</g>",
        *_legend(key, MARGIN, height - MARGIN - 14),
        "</svg>",
    ]
    return ("\n".join(body) + "\n").encode("utf-8", "replace")


def _subtitle(run: Run) -> str:
    ran = sum(1 for _ in executed(run))
    took = seconds_between(run.started, run.ended)
    parts = [
        f"Snakemake {run.snakemake_version}" if run.snakemake_version else "",
        f"{ran} job{'' if ran == 1 else 's'}",
        run.started[:16].replace("T", " ") + " UTC",
        duration(took) if took is not None else "",
        run.status,
    ]
    return "  ·  ".join(part for part in parts if part)


def _told(run: Run, diagram: Diagram) -> Iterable[str]:
    """The picture in words."""
    yield f"{_subtitle(run)}."
    for box in diagram.boxes:
        yield f"{box.told}."


def _shape(box: Box, place: Place) -> str:
    x, y = place.x - place.width / 2, place.top
    radius = 5.0 if box.kind == "rule" else min(place.height / 2, 16.0)
    lines = [line for line in box.lines if line]
    texts = [f'<text class="name" x="{place.x:.1f}" y="{y + PADDING + 11:.1f}">{_text(shortened(box.title))}</text>']
    for number, line in enumerate(lines, 1):
        at = y + PADDING + 10 + number * LINE
        texts.append(f'<text class="line" x="{place.x:.1f}" y="{at:.1f}">{_text(line)}</text>')
    return (
        f'<g class="{box.kind} {box.state}" text-anchor="middle"><title>{_text(box.told)}</title>'
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" '
        f'rx="{radius:g}"/>{"".join(texts)}</g>'
    )


def path_of(points: tuple[tuple[float, float], ...]) -> str:
    """A smooth line through `points`, vertical at each of them, as the commands of an SVG path."""
    (x, y), *rest = points
    path = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        half = (y + to_y) / 2
        path.append(f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return " ".join(path)


def _arrow(points: tuple[tuple[float, float], ...]) -> str:
    """An arrow through `points`; its head stops short of the box."""
    return f'<path class="arrow" d="{path_of(points)}" marker-end="url(#head)"/>'


def _legend(key: list[tuple[str, str, str]], x: float, y: float) -> Iterable[str]:
    for kind, state, words in key:
        radius = 3 if kind == "rule" else 7
        yield (
            f'<g class="{kind} {state}"><rect class="box" x="{x:.1f}" y="{y:.1f}" width="26" height="14" '
            f'rx="{radius}"/><text class="key" x="{x + 33:.1f}" y="{y + 11:.1f}">{words}</text></g>'
        )
        x += _entry_width(words)


def _legend_width(key: list[tuple[str, str, str]]) -> float:
    return sum(_entry_width(words) for _, _, words in key)


def _entry_width(words: str) -> float:
    return 33 + text_width(words, 11.5) + 22


def _fitted(text: str, width: float, size: float) -> str:
    limit = len(text)
    while limit > 8 and BOLD * text_width(shortened(text, limit), size) > width:
        limit -= 1
    return shortened(text, limit)


def _text(text: str) -> str:
    """Escaped, and with U+FFFD for what XML 1.0 cannot say (production 2)."""
    said = (
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in text
    )
    return escape("".join(said))
