"""Points of list metrics as their charts and tables take them: few to draw, few to list, values by position."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Iterable, Sequence

TABLE_ROWS = 50


def pick_evenly(n: int, limit: int) -> Sequence[int]:
    """Choose at most `limit` of `n` places, evenly spaced, the first and the last among them; `limit` is 2 or more."""
    return range(n) if n <= limit else [place * (n - 1) // (limit - 1) for place in range(limit)]


def ascends(xs: Sequence[float]) -> bool:
    """Whether positions are finite and each is greater than the one before."""
    return all(map(operator.lt, xs, xs[1:])) and all(map(math.isfinite, (*xs[:1], *xs[-1:])))


def values_by_x(points: Iterable[tuple[float, float]]) -> list[dict[float, float]]:
    """Give the values of a list metric by their x.

    The n-th value at an x is in the n-th dict, so all but the first are mostly missing. An x that is NaN counts as
    infinity: it has no order, and stands last.
    """
    pairs = [(math.inf if math.isnan(x) else x, y) for x, y in points]
    layers = [dict(pairs)]
    if len(layers[0]) == len(pairs):
        return layers
    layers = []
    seen: Counter[float] = Counter()
    for x, y in pairs:
        if seen[x] == len(layers):
            layers.append({})
        layers[seen[x]][x] = y
        seen[x] += 1
    return layers
