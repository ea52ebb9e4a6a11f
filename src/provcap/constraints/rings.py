"""Rings in a graph."""

from __future__ import annotations

from collections.abc import Hashable, Iterator


def rings(after: dict[Hashable, list[Hashable]]) -> Iterator[list[Hashable]]:
    """Strongly connected components, each after those that it leads to (Tarjan 1972, without recursion)."""
    found: dict[Hashable, int] = {}
    lowest: dict[Hashable, int] = {}
    path: list[Hashable] = []
    open_: set[Hashable] = set()
    for root in after:
        work = [] if root in found else [(root, iter(after[root]))]
        while work:
            node, heads = work[-1]
            if node not in found:
                found[node] = lowest[node] = len(found)
                path.append(node)
                open_.add(node)
            head = next((h for h in heads if h not in found or h in open_), None)
            if head is not None and head not in found:
                work.append((head, iter(after[head])))
            elif head is not None:
                lowest[node] = min(lowest[node], found[head])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == found[node]:
                    ring = [path.pop()]
                    while ring[-1] != node:
                        ring.append(path.pop())
                    open_.difference_update(ring)
                    yield ring
