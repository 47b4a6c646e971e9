"""Layers of a directed graph: what leads on stands further to the right. Circles are opened first.

The longest path to a node gives its layer; then nodes with more edges out than in move to the right as far as they may,
so that an input stands beside what reads it. Nothing here recurses: a graph may be one long path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

Edge = tuple[int, int]


def find_back_edges(n_nodes: int, edges: Sequence[Edge]) -> set[Edge]:
    """Find few edges without which there is no circle; where there is none, none is found but edges to oneself.

    Nodes are put in a line: those that nothing leads to first, those that lead to nothing last, and when there are
    neither, the one that leads to more than leads to it, of several the one with the lowest number. Edges that run
    against the line lead back. (Eades, Lin, Smyth: A fast and effective heuristic for the feedback arc set problem.)
    """
    sources, targets = _neighbours(n_nodes, {*edges})
    n_in, n_out = [len(found) for found in sources], [len(found) for found in targets]
    left = set(range(n_nodes))
    heap = [(n_in[node] - n_out[node], node) for node in range(n_nodes)]
    heapify(heap)
    ends = [node for node in range(n_nodes) if not n_in[node] or not n_out[node]]
    first: list[int] = []
    last: list[int] = []

    def take(node: int) -> None:
        (last if not n_out[node] and n_in[node] else first).append(node)
        left.discard(node)
        for others, counts in ((targets, n_in), (sources, n_out)):
            for other in others[node]:
                counts[other] -= 1
                if other in left:
                    ends.extend([other] if not counts[other] else ())
                    heappush(heap, (n_in[other] - n_out[other], other))

    while left:
        while ends:
            node = ends.pop()
            if node in left:
                take(node)
        while heap and heap[0][1] not in left:
            heappop(heap)
        if heap:
            surplus, node = heappop(heap)
            if surplus == n_in[node] - n_out[node]:  # else there is a newer entry for it
                take(node)
    line = {node: place for place, node in enumerate([*first, *reversed(last)])}
    return {(source, target) for source, target in edges if line[source] >= line[target]}


def assign_layers(n_nodes: int, edges: Sequence[Edge]) -> list[int]:
    """Give each node of a graph without circles its layer, from 0; every edge leads to a higher one."""
    sources, targets = _neighbours(n_nodes, edges)
    layers = [0] * n_nodes
    order = _sort(sources, targets)
    for node in order:
        layers[node] = max((layers[source] + 1 for source in sources[node]), default=0)
    for node in reversed(order):
        if len(targets[node]) > len(sources[node]):
            layers[node] = min(layers[target] for target in targets[node]) - 1
    return layers


def _neighbours(n_nodes: int, edges: Iterable[Edge]) -> tuple[list[list[int]], list[list[int]]]:
    """Give for each node those that lead to it and those that it leads to."""
    sources: list[list[int]] = [[] for _ in range(n_nodes)]
    targets: list[list[int]] = [[] for _ in range(n_nodes)]
    for source, target in edges:
        targets[source].append(target)
        sources[target].append(source)
    return sources, targets


def _sort(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[int]:
    """Sort nodes so that each comes after those that lead to it."""
    waiting = [len(found) for found in sources]
    order = [node for node, n in enumerate(waiting) if n == 0]
    for node in order:  # grows meanwhile
        for target in targets[node]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    return order
