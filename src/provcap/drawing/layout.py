"""Layered drawing of a directed graph, from top to bottom, after Sugiyama, Tagawa and Toda (1981).

Layers by longest path, order in a layer by barycentres, horizontal places by isotonic regression (each box as near
to the middle of its neighbours as its order allows). Long arrows pass through a bend in every layer between.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass
from itertools import pairwise

from provcap.drawing.diagram import Box, Diagram, shortened

LINE, PADDING, GAP, BEND_GAP, RISE = 17.0, 11.0, 26.0, 14.0, 46.0  #: pixels
BOLD = 1.22  #: how much wider bold letters are, in DejaVu Sans, the widest of the fonts asked for
SWEEPS = 12  #: more did not uncross anything in workflows of 60 rules
_NARROW, _WIDE = set("fijlrtI.,:;'|!()[]/ -"), set("mwMW@%")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is: its middle, its top, and its size, in pixels."""

    x: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Places by position of the box, and for each arrow the points that it passes, from tail to head."""

    width: float
    height: float
    places: tuple[Place, ...]
    routes: tuple[tuple[tuple[float, float], ...], ...]


def place(diagram: Diagram) -> Picture:
    """Where everything in `diagram` goes."""
    sizes = [_size(box) for box in diagram.boxes]
    arrows = _without_cycles(len(sizes), diagram.arrows)
    depths = _depths(len(sizes), arrows)
    chains, layers = _with_bends(depths, arrows)
    links = [pair for chain in chains for pair in pairwise(chain)]
    widths = {node: sizes[node][0] if node < len(sizes) else 0.0 for layer in layers for node in layer}
    layers = _ordered(layers, links)
    middles = _middles(layers, links, widths)
    return _picture(diagram, sizes, layers, chains, middles)


def text_width(text: str, size: float) -> float:
    """About how wide `text` is in a sans-serif font of `size` pixels; generous, as no font is at hand."""
    total = 0.0
    for character in text:
        if ord(character) > 0x2E80:  # East Asian scripts and pictographs fill a square
            total += 1.0
        else:
            total += (
                0.33 if character in _NARROW else 0.92 if character in _WIDE else 0.66 if character.isupper() else 0.57
            )
    return total * size


def _size(box: Box) -> tuple[float, float]:
    lines = [line for line in box.lines if line]
    bold = BOLD if box.kind == "rule" or box.state == "result" else 1.0
    widest = max([bold * text_width(shortened(box.title), 13.5), *(BOLD * text_width(line, 11.5) for line in lines)])
    return max(widest + 2 * PADDING + 8, 96.0), LINE * (1 + len(lines)) + 2 * PADDING - 4


def _without_cycles(count: int, arrows: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """The arrows with those turned round that lead back (a rule that reads what it made)."""
    following: list[list[int]] = [[] for _ in range(count)]
    for tail, head in arrows:
        following[tail].append(head)
    state = [0] * count  # 1: on the way that led here, 2: done with
    back: set[tuple[int, int]] = set()
    for root in range(count):
        stack = [(root, iter(following[root]))] if not state[root] else []
        state[root] = state[root] or 1
        while stack:
            node, heads = stack[-1]
            head = next(heads, -1)
            if head < 0:
                state[node] = 2
                stack.pop()
            elif state[head] == 1:
                back.add((node, head))
            elif state[head] == 0:
                state[head] = 1
                stack.append((head, iter(following[head])))
    return [(h, t) if (t, h) in back else (t, h) for t, h in arrows]


def _depths(count: int, arrows: list[tuple[int, int]]) -> list[int]:
    """Layers by longest path from the top; what nothing leads to is moved down to just above its first reader."""
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for tail, head in arrows:
        following[tail].append(head)
        waiting[head] += 1
    sources = [node for node in range(count) if not waiting[node]]
    depths = [0] * count
    ready = list(sources)
    for node in ready:
        for head in following[node]:
            depths[head] = max(depths[head], depths[node] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    for node in sources:
        if following[node]:
            depths[node] = min(depths[head] for head in following[node]) - 1
    return depths


def _with_bends(depths: list[int], arrows: list[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """For each arrow the nodes that it passes, bends included; and the nodes of each layer."""
    layers: list[list[int]] = [[] for _ in range(max(depths, default=-1) + 1)]
    for node, depth in enumerate(depths):
        layers[depth].append(node)
    chains, following = [], len(depths)
    for tail, head in arrows:
        chain = [tail]
        for depth in range(depths[tail] + 1, depths[head]):
            layers[depth].append(following)
            chain.append(following)
            following += 1
        chains.append([*chain, head])
    return chains, layers


def _ordered(layers: list[list[int]], links: list[tuple[int, int]]) -> list[list[int]]:
    """The layers with their nodes in the order of their neighbours' barycentres; the best of some sweeps."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for tail, head in links:
        below.setdefault(tail, []).append(head)
        above.setdefault(head, []).append(tail)
    best, fewest = layers, _crossings(layers, below)
    for sweep in range(SWEEPS):
        layers = [list(layer) for layer in layers]
        down = sweep % 2 == 0
        steps = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
        for depth in steps:
            fixed = {node: rank for rank, node in enumerate(layers[depth - 1 if down else depth + 1])}
            ranks = {node: rank for rank, node in enumerate(layers[depth])}
            near = above if down else below
            centres = {
                node: _mean([fixed[other] for other in near.get(node, ())], rank) for node, rank in ranks.items()
            }
            layers[depth].sort(key=centres.__getitem__)
        found = _crossings(layers, below)
        if found < fewest:
            best, fewest = layers, found
    return best


def _mean(values: list[int], otherwise: int) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(layers: list[list[int]], below: dict[int, list[int]]) -> int:
    total = 0
    for upper, lower in pairwise(layers):
        ranks = {node: rank for rank, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            heads = sorted(ranks[head] for head in below.get(node, ()))
            total += sum(len(seen) - bisect_right(seen, head) for head in heads)
            for head in heads:
                insort(seen, head)
    return total


def _middles(layers: list[list[int]], links: list[tuple[int, int]], widths: dict[int, float]) -> dict[int, float]:
    """The x of every node: in its order, never overlapping, near the middle of its neighbours."""
    neighbours: dict[int, list[tuple[int, float]]] = {}
    for tail, head in links:
        # as in Gansner et al. (1993), section 4: what is straight in a long arrow matters most
        weight = (8.0, 2.0, 1.0)[bool(widths[tail]) + bool(widths[head])]
        neighbours.setdefault(tail, []).append((head, weight))
        neighbours.setdefault(head, []).append((tail, weight))
    middles: dict[int, float] = {}
    for layer in layers:
        _settle(layer, dict.fromkeys(layer, 0.0), widths, middles)
    for sweep in range(4 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = {}
            for node in layer:
                of = neighbours.get(node) or [(node, 1.0)]
                wanted[node] = sum(middles[n] * weight for n, weight in of) / sum(weight for _, weight in of)
            _settle(layer, wanted, widths, middles)
    return middles


def _settle(layer: list[int], wanted: dict[int, float], widths: dict[int, float], middles: dict[int, float]) -> None:
    """Least squares under the order: isotonic regression by pooling adjacent violators; bends resist more."""
    offset, offsets = 0.0, []
    for before, node in zip([None, *layer], layer, strict=False):
        if before is not None:
            gap = GAP if widths[before] and widths[node] else BEND_GAP
            offset += (widths[before] + widths[node]) / 2 + gap
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight, number of nodes
    for node, shift in zip(layer, offsets, strict=True):
        weight = 1.0 if widths[node] else 4.0
        pool = ((wanted[node] - shift) * weight, weight, 1)
        while pools and pools[-1][0] / pools[-1][1] >= pool[0] / pool[1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    settled = [total / weight for total, weight, number in pools for _ in range(number)]
    middles.update({node: x + shift for node, x, shift in zip(layer, settled, offsets, strict=True)})


def _picture(
    diagram: Diagram,
    sizes: list[tuple[float, float]],
    layers: list[list[int]],
    chains: list[list[int]],
    middles: dict[int, float],
) -> Picture:
    edges = [(middles[n] - sizes[n][0] / 2, middles[n] + sizes[n][0] / 2) for n in range(len(sizes))]
    edges += [(x, x) for node, x in middles.items() if node >= len(sizes)]
    left, right = min((e[0] for e in edges), default=0.0), max((e[1] for e in edges), default=0.0)
    tops: dict[int, float] = {}
    heights: dict[int, float] = {}
    top = 0.0
    for layer in layers:
        height = max(sizes[node][1] for node in layer if node < len(sizes))
        for node in layer:
            heights[node] = sizes[node][1] if node < len(sizes) else height
            tops[node] = top + (height - heights[node]) / 2
        top += height + RISE
    places = tuple(Place(middles[n] - left, tops[n], *sizes[n]) for n in range(len(sizes)))
    routes = []
    for (tail, _), chain in zip(diagram.arrows, chains, strict=True):
        points: list[tuple[float, float]] = [(middles[chain[0]] - left, tops[chain[0]] + heights[chain[0]])]
        for node in chain[1:-1]:
            points += [(middles[node] - left, tops[node]), (middles[node] - left, tops[node] + heights[node])]
        points.append((middles[chain[-1]] - left, tops[chain[-1]]))
        routes.append(tuple(points if tail == chain[0] else reversed(points)))
    return Picture(right - left, max(top - RISE, 0.0), places, tuple(routes))
