"""The lineage of a version as a tree, to be read, or as a graph, to be drawn; cut where that was asked for."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from reportgen.queries.lineage import Direction, Lineage, LineageItem

_BOTH: tuple[Direction, Direction] = ("ancestors", "descendants")


@dataclass(frozen=True)
class LineageNode:
    """A mention of an item in a tree, with what it was made from, or else what was made from it.

    Attributes
    ----------
    children
        In the order of time.
    repeated
        Whether it has children, which are at another mention of it that is as near to the start or nearer.
    n_hidden
        How many children the limits left out.
    """

    item: LineageItem
    children: Sequence[LineageNode] = ()
    repeated: bool = False
    n_hidden: int = 0


@dataclass(frozen=True)
class LineageGraph:
    """The items around a version, each once.

    Attributes
    ----------
    items
        The version itself, then the nearest first.
    edges
        All pairs of places in `items` of which the second was made from the first.
    n_hidden
        How many ties that lead on, to ancestors of ancestors and descendants of descendants, the limits left out.
    """

    items: Sequence[LineageItem]
    edges: Sequence[tuple[int, int]]
    n_hidden: int


def lineage_tree(
    lineage: Lineage, start: int, direction: Direction, *, max_depth: int | None = None, max_nodes: int | None = None
) -> LineageNode:
    """Give the ancestors or the descendants of a node as a tree.

    Parameters
    ----------
    start
        A node, as `Lineage.versions_of` gives it.
    max_depth
        How many steps away from the start to go; by default all.
    max_nodes
        How many mentions to give beside the start, the nearest first; by default all.
    """
    mentions = [*islice(_trace(lineage, start, direction, max_depth), None if max_nodes is None else max_nodes + 1)]
    items = lineage.describe({mention.node for mention in mentions})
    below: list[list[LineageNode]] = [[] for _ in mentions]
    for place in range(len(mentions) - 1, -1, -1):  # what is below a mention comes after it
        node, parent, _, _, repeated = mentions[place]
        children = tuple(reversed(below[place]))
        n_left = lineage.count(node, direction) - len(children)
        tree = LineageNode(items[node], children, repeated and n_left > 0, 0 if repeated else n_left)
        below[parent].append(tree)
    return tree


def lineage_graph(
    lineage: Lineage, start: int, *, max_depth: int | None = None, max_nodes: int | None = None
) -> LineageGraph:
    """Give the ancestors and the descendants of a node as items and edges.

    Parameters
    ----------
    start, max_depth
        As for `lineage_tree`.
    max_nodes
        How many items to give at most, the start among them.
    """
    places: dict[int, int] = {}
    reached: list[_Mention] = []
    for mention in heapq.merge(*(_trace(lineage, start, way, max_depth) for way in _BOTH), key=lambda m: m.depth):
        if mention.node not in places and len(places) == max_nodes:
            break
        places.setdefault(mention.node, len(places))
        if not mention.repeated:
            reached.append(mention)
    sources = ((other, node) for node in places for other in lineage.neighbours(node, "ancestors"))
    edges = [(places[other], places[node]) for other, node in sources if other in places]
    onward = chain.from_iterable(lineage.neighbours(mention.node, mention.direction) for mention in reached)
    items = lineage.describe(places)
    return LineageGraph([items[node] for node in places], edges, sum(node not in places for node in onward))


class _Mention(NamedTuple):
    """A node on the way from the start; `parent` is the place on that way of the mention that led to it."""

    node: int
    parent: int
    depth: int
    direction: Direction
    repeated: bool


def _trace(lineage: Lineage, start: int, direction: Direction, max_depth: int | None) -> Iterator[_Mention]:
    """Give the start and all that is reached from it, the nearest first, going on from each node once."""
    yield _Mention(start, 0, 0, direction, False)
    seen = {start}
    n_given = 1
    queue = deque([(start, 0, 0)])
    while queue:
        node, place, depth = queue.popleft()
        for other in lineage.neighbours(node, direction) if depth != max_depth else ():
            yield _Mention(other, place, depth + 1, direction, other in seen)
            if other not in seen:
                seen.add(other)
                queue.append((other, n_given, depth + 1))
            n_given += 1
