"""The picture of the steps and the chart of their times, as shapes that the template draws in its own colours."""

from __future__ import annotations

from dataclasses import dataclass

from provcap.drawing.diagram import Box, diagram, duration, seconds_between, shortened
from provcap.drawing.layout import LINE, PADDING, Place, place, text_width
from provcap.drawing.svg import path_of
from provcap.model import Job, Run
from provcap.report.rows import anchors, order, wall

BOXES = 160  #: more boxes are not laid out: nobody can read them, and 240 in a long chain take seconds
MARGIN = 12.0
ROWS, WIDE, ROW, LEFT, RIGHT = 60, 860.0, 24.0, 190.0, 76.0  #: of the chart of times; pixels


@dataclass(frozen=True, slots=True)
class Shape:
    """A box of the picture."""

    box: Box
    x: float
    y: float
    place: Place
    texts: tuple[tuple[str, float, str], ...]  #: CSS class, y and text of each line
    link: str | None  #: id of the step's section


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture; `shapes` is empty when the run has no boxes, or too many."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    paths: tuple[str, ...]
    told: str
    boxes: int


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in the chart of times; bars are (x, width, class)."""

    rule: str
    label: str
    anchor: str
    y: float
    bars: tuple[tuple[float, float, str], ...]
    took: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the steps ran."""

    width: float
    height: float
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    left_out: int
    told: str


def drawing(run: Run) -> Drawing:
    """The rules and the files between them."""
    shown = diagram(run)
    told = " ".join(f"{box.told}." for box in shown.boxes[:BOXES])
    if not 0 < len(shown.boxes) <= BOXES:
        return Drawing(0.0, 0.0, (), (), told, len(shown.boxes))
    picture = place(shown)
    links = anchors(run)
    shapes = tuple(
        _shape(box, at, links.get(box.title) if box.kind == "rule" else None)
        for box, at in zip(shown.boxes, picture.places, strict=True)
    )
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    return Drawing(width, height, shapes, tuple(map(path_of, picture.routes)), told, len(shown.boxes))


def _shape(box: Box, at: Place, link: str | None) -> Shape:
    top = at.top
    texts = [("name", top + PADDING + 11, shortened(box.title))]
    texts += [("line", top + PADDING + 10 + n * LINE, line) for n, line in enumerate(filter(None, box.lines), 1)]
    return Shape(box, at.x - at.width / 2, top, at, tuple(texts), link)


def timeline(run: Run) -> Timeline | None:
    """Bars from the begin to the end of every job, drawn together where they touch; None when no time is known."""
    rules = [(rule, [j for j in jobs if _between(run, j) is not None]) for rule, jobs in order(run)]
    rules = [(rule, jobs) for rule, jobs in rules if jobs]
    ends = [end for _, jobs in rules for job in jobs if (times := _between(run, job)) for end in (times[1],)]
    whole = max([seconds_between(run.started, run.ended) or 0.0, *ends], default=0.0)
    if whole <= 0.0:
        return None
    scale = (WIDE - LEFT - RIGHT) / whole
    links = anchors(run)
    lines = tuple(
        Line(
            rule,
            _fitted(rule, LEFT - 26),
            links[rule],
            n * ROW,
            _bars(run, jobs, scale),
            duration(sum(wall(job) or 0.0 for job in jobs)),
        )
        for n, (rule, jobs) in enumerate(rules[:ROWS])
    )
    ticks = tuple((LEFT + whole * part / 4 * scale, duration(whole * part / 4)) for part in range(5))
    told = "; ".join(f"{line.rule}: {line.took}" for line in lines)
    return Timeline(WIDE, len(lines) * ROW + 30, lines, ticks, max(len(rules) - ROWS, 0), told)


def _between(run: Run, job: Job) -> tuple[float, float] | None:
    """Seconds from the start of the run to the job's begin and end; None for what did not run in it."""
    begun, done = seconds_between(run.started, job.started), seconds_between(run.started, job.ended)
    if job.status not in ("succeeded", "failed") or begun is None or done is None or done < begun:
        return None
    return begun, done


def _bars(run: Run, jobs: list[Job], scale: float) -> tuple[tuple[float, float, str], ...]:
    bars: list[tuple[float, float, str]] = []
    for kind in ("succeeded", "failed"):
        merged: list[list[float]] = []
        found = sorted(times for job in jobs if job.status == kind and (times := _between(run, job)))
        for begun, done in found:
            start, end = LEFT + begun * scale, LEFT + max(done * scale, begun * scale + 1.5)
            if merged and start <= merged[-1][1] + 0.8:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        bars += [(start, end - start, kind) for start, end in merged]
    return tuple(bars)


def _fitted(text: str, width: float) -> str:
    limit = 34
    while limit > 8 and text_width(shortened(text, limit), 12.5) > width:
        limit -= 1
    return shortened(text, limit)
