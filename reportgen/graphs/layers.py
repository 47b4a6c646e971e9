"""Layers of a directed graph: what leads on stands further to the right. Circles are opened first.

The longest path to a node gives its layer; then nodes with more edges out than in move to the right as far as they may,
so that an input stands beside what reads it. Nothing here recurses: a graph may be one long path.
"""

from __future__ import annotations

from collections.abc import Sequence

Edge = tuple[int, int]


def find_back_edges(n_nodes: int, edges: Sequence[Edge]) -> set[Edge]:
    """Find edges without which there is no circle: those that lead back while a search in depth goes on.

    It begins at nodes that no edge leads to, then goes by the nodes' numbers. Edges from a node to itself count too.
    """
    targets = _neighbours(n_nodes, edges)[1]
    led_to = {target for _, target in edges}
    roots = [node for node in range(n_nodes) if node not in led_to] + [*range(n_nodes)]
    back: set[Edge] = set()
    done: set[int] = set()
    for root in roots:
        if root in done:
            continue
        path = {root}
        stack = [(root, iter(targets[root]))]
        while stack:
            node, rest = stack[-1]
            target = next((one for one in rest if one not in done), None)
            if target is None:
                stack.pop()
                path.discard(node)
                done.add(node)
            elif target in path:
                back.add((node, target))
            else:
                path.add(target)
                stack.append((target, iter(targets[target])))
    return back


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


def _neighbours(n_nodes: int, edges: Sequence[Edge]) -> tuple[list[list[int]], list[list[int]]]:
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
