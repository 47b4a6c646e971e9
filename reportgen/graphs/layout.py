"""Places the nodes of any directed graph in layers from left to right, so that few edges cross.

Circles are opened, nodes get layers (`layers`), edges over several layers get a piece in each of them, the items of
each layer are ordered (`crossings`) and moved near their neighbours (`heights`). Parts that are not connected lie one
below the other. The same graph gives the same layout, always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import pairwise

import msgspec

from reportgen.graphs.crossings import reduce_crossings
from reportgen.graphs.heights import place_rows
from reportgen.graphs.layers import Edge, assign_layers, find_back_edges

_MAX_PIECES = 4000  # of long edges; those that would have the most go straight then


class Layout(msgspec.Struct, frozen=True):
    """Where nodes and edges of a graph lie.

    Attributes
    ----------
    layers
        By node: its layer, from 0 at the left.
    middles
        By node: the middle of its height; the topmost node begins at 0.
    routes
        By edge, from its lower to its higher layer: the heights at which it passes the layers between.
    back
        The edges that lead to a lower layer.
    height
        Of it all.
    """

    layers: Sequence[int]
    middles: Sequence[float]
    routes: Mapping[Edge, Sequence[float]]
    back: Set[Edge]
    height: float


def lay_out(n_nodes: int, edges: Sequence[Edge], *, node_height: float = 40, gap: float = 12) -> Layout:
    """Lay a graph out.

    Parameters
    ----------
    n_nodes
        Nodes are numbered from 0.
    edges
        Pairs of nodes. Repeated ones count once, those from a node to itself not at all.
    node_height, gap
        How high nodes are, and how far apart they are at least.
    """
    ties = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    back = find_back_edges(n_nodes, ties)
    forward = [*dict.fromkeys(edge[::-1] if edge in back else edge for edge in ties)]
    graph = _Graph(n_nodes, forward)
    middles: dict[int, float] = {}
    bottom = 0.0
    for rows in graph.parts():
        rows = reduce_crossings(rows, graph.left, graph.right)  # noqa: PLW2901
        ys = place_rows(rows, graph.left, graph.right, ((node_height + gap) / 2, gap / 2), n_nodes)
        middles.update((item, bottom + y - gap / 2) for item, y in ys.items())
        bottom += max(y + (node_height / 2 if item < n_nodes else 0) for item, y in ys.items()) + gap / 2
    routes = {edge: [middles[piece] for piece in pieces] for edge, pieces in graph.pieces.items()}
    return Layout(graph.layers, [middles[node] for node in range(n_nodes)], routes, back, max(bottom - gap, 0.0))


class _Graph:
    """A graph in layers.

    Attributes
    ----------
    layers
        By node.
    pieces
        By edge: the items in the layers between.
    left, right
        By item: its neighbours in the layer before, and after.
    """

    def __init__(self, n_nodes: int, edges: Sequence[Edge]) -> None:
        self.layers = assign_layers(n_nodes, edges)
        self.pieces: dict[Edge, list[int]] = {edge: [] for edge in edges}
        self.left: list[list[int]] = [[] for _ in range(n_nodes)]
        self.right: list[list[int]] = [[] for _ in range(n_nodes)]
        self._n_nodes = n_nodes
        self._layer_of = [*self.layers]
        n_left = _MAX_PIECES
        for edge in sorted(edges, key=self._length):
            n_left -= self._length(edge) - 1
            if n_left >= 0:
                self._add(edge)

    def _length(self, edge: Edge) -> int:
        return self.layers[edge[1]] - self.layers[edge[0]]

    def _add(self, edge: Edge) -> None:
        """Connect two nodes by pieces, one in each layer between."""
        first = len(self._layer_of)
        between = range(self.layers[edge[0]] + 1, self.layers[edge[1]])
        self._layer_of += between
        self.left += [[] for _ in between]
        self.right += [[] for _ in between]
        self.pieces[edge] = [*range(first, first + len(between))]
        way = [edge[0], *self.pieces[edge], edge[1]]
        for item, following in pairwise(way):
            self.right[item].append(following)
            self.left[following].append(item)

    def parts(self) -> Iterator[list[list[int]]]:
        """Give the layers of each connected part, items in the order of a search in depth."""
        seen: set[int] = set()
        for node in range(self._n_nodes):
            if node in seen:
                continue
            rows: dict[int, list[int]] = {}
            stack = [node]
            while stack:
                item = stack.pop()
                if item not in seen:
                    seen.add(item)
                    rows.setdefault(self._layer_of[item], []).append(item)
                    stack += reversed(self.left[item])
                    stack += reversed(self.right[item])
            yield [rows[layer] for layer in sorted(rows)]
