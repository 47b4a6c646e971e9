"""Where in its layer an item stands: near its neighbours, in the order that is given, and apart from the next one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

_SWEEPS = 6
_STIFF = 8.0  # how much more than others a piece of a long edge keeps to the pieces before and after it
_LOOSE = 0.01  # what counts of a wish to stay


def place_rows(
    rows: Sequence[Sequence[int]],
    left: Sequence[Sequence[int]],
    right: Sequence[Sequence[int]],
    apart: Sequence[float],
    n_nodes: int,
) -> dict[int, float]:
    """Give the middle of every item; the topmost edge of all is at 0.

    Parameters
    ----------
    rows
        The items of each layer from top to bottom.
    left, right
        By item: its neighbours in the layer before, and after.
    apart
        Half of the height that a node takes with the gap around it, and that of a piece of a long edge.
    n_nodes
        Items from this number on are pieces of long edges.
    """
    halves = {item: apart[item >= n_nodes] for row in rows for item in row}
    offsets = {id(row): _offsets(row, halves) for row in rows}
    ys = {item: offset for row in rows for item, offset in zip(row, offsets[id(row)], strict=True)}
    both = [[*before, *after] for before, after in zip(left, right, strict=True)]
    for sweep in range(_SWEEPS):
        side = both if sweep >= _SWEEPS - 2 else (left, right)[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_want(item, side[item], ys, n_nodes) for item in row]
            ys.update(zip(row, spread(wanted, offsets[id(row)]), strict=True))
    top = min(ys[item] - halves[item] for item in ys)
    return {item: y - top for item, y in ys.items()}


def _offsets(row: Sequence[int], halves: dict[int, float]) -> list[float]:
    """Give how far below the first item of a layer each must be at least."""
    return [*accumulate((halves[one] + halves[other] for one, other in pairwise(row)), initial=0.0)] if row else []


def _want(item: int, neighbours: Sequence[int], ys: dict[int, float], n_nodes: int) -> tuple[float, float]:
    """Give where an item wants to be, and how much."""
    if not neighbours:
        return ys[item], _LOOSE
    weights = [_STIFF if item >= n_nodes and one >= n_nodes else 1.0 for one in neighbours]
    weight = sum(weights)
    return sum(ys[one] * w for one, w in zip(neighbours, weights, strict=True)) / weight, weight


def spread(wanted: Sequence[tuple[float, float]], offsets: Sequence[float]) -> list[float]:
    """Move items as little as may be so that they keep their order and stand apart: least squares, by pooling.

    Parameters
    ----------
    wanted
        Where each wants to be, and how much that counts.
    offsets
        How far below the first one each must be at least.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, number of items
    for (y, weight), offset in zip(wanted, offsets, strict=True):
        pool = (y - offset, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, other, n = pools.pop()
            total = other + pool[1]
            pool = ((mean * other + pool[0] * pool[1]) / total, total, n + pool[2])
        pools.append(pool)
    means = [mean for mean, _, n in pools for _ in range(n)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
