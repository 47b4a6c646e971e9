"""Mean and standard deviation that no finite value can make raise."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """Give the arithmetic mean of finite values, at least one."""
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def deviation(values: Sequence[float], centre: float | None = None) -> float:
    """Give the population standard deviation of finite values, at least one; infinity where sums overflow.

    `centre` is their mean, if it is known.
    """
    middle = mean(values) if centre is None else centre
    return math.dist(values, [middle] * len(values)) / math.sqrt(len(values))
