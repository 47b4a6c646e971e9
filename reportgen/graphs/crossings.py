"""The order within layers, so that few edges cross: sweeps to the mean place of neighbours, then switches of pairs.

Each item has neighbours in the layer before and in the layer after, in no other.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

Rows = list[list[int]]

_MAX_SWEEPS = 12
_PATIENCE = 4  # sweeps without a better order
_MAX_PASSES = 3  # of switches over one layer
_MAX_SWITCHED = 2000  # items of a graph that pairs are switched in


def reduce_crossings(rows: Rows, left: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> Rows:
    """Give the items of each layer in an order with few crossings.

    Parameters
    ----------
    rows
        The items of each layer, in the order to begin with.
    left, right
        By item: its neighbours in the layer before, and after.
    """
    rows = [[*row] for row in rows]
    places = {item: place for row in rows for place, item in enumerate(row)}
    best, fewest = rows, count_crossings(rows, right)
    patience = _PATIENCE
    for sweep in range(_MAX_SWEEPS):
        if not fewest or not patience:
            break
        rows = [[*row] for row in rows]
        _sweep(rows, places, left if sweep % 2 == 0 else right, is_forward=sweep % 2 == 0)
        if len(places) <= _MAX_SWITCHED:
            for row in rows:
                _switch(row, places, left, right)
        n = count_crossings(rows, right)
        patience -= 1
        if n < fewest:
            best, fewest, patience = rows, n, _PATIENCE
    return best


def count_crossings(rows: Rows, right: Sequence[Sequence[int]]) -> int:
    """Count the pairs of edges that cross."""
    n = 0
    for row, following in pairwise(rows):
        places = {item: place for place, item in enumerate(following)}
        seen: list[int] = []
        for item in row:
            ends = [places[one] for one in right[item]]
            for end in ends:
                n += len(seen) - bisect_right(seen, end)
            for end in ends:
                insort(seen, end)
    return n


def _sweep(rows: Rows, places: dict[int, int], side: Sequence[Sequence[int]], *, is_forward: bool) -> None:
    """Sort each layer by the mean place of the neighbours on one side; an item without any stays about where it is."""
    for row in rows if is_forward else reversed(rows):
        means = {
            item: sum(places[one] for one in side[item]) / len(side[item]) if side[item] else float(place)
            for place, item in enumerate(row)
        }
        row.sort(key=means.__getitem__)
        _number(row, places)


def _switch(
    row: list[int], places: dict[int, int], left: Sequence[Sequence[int]], right: Sequence[Sequence[int]]
) -> None:
    """Switch items that stand one after the other while that takes crossings away."""
    ends = {item: [sorted([places[one] for one in side[item]]) for side in (left, right)] for item in row}
    for _ in range(_MAX_PASSES):
        is_better = False
        for place in range(len(row) - 1):
            first, second = row[place], row[place + 1]
            (one, other), (next_one, next_other) = ends[first], ends[second]
            before = _count_pairs(one, next_one) + _count_pairs(other, next_other)
            if before and before > _count_pairs(next_one, one) + _count_pairs(next_other, other):
                row[place], row[place + 1] = second, first
                is_better = True
        if not is_better:
            break
    _number(row, places)


def _count_pairs(first: Sequence[int], second: Sequence[int]) -> int:
    """Count the crossings of the edges of an item and of the next one; both are given where their edges end."""
    if not first or not second or first[-1] <= second[0]:
        return 0
    n = 0
    for end in second:
        n += len(first) - bisect_right(first, end)
    return n


def _number(row: Sequence[int], places: dict[int, int]) -> None:
    places.update((item, place) for place, item in enumerate(row))
