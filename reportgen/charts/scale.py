"""From values to places: a share of the width for x, a share of the height for y.

A scale is fixed by its domain and clamps what lies outside, so every coordinate is finite and within the frame whatever
the data. Domains end at round numbers, except where the outermost one would leave more than half a step empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reportgen.charts.ticks import log_ticks, nice_ticks, widen


@dataclass(frozen=True)
class Scale:
    """A mapping of `low`..`high` onto 0..1, with `inset` kept free at both ends."""

    low: float
    high: float
    log: bool = False
    inset: float = 0.0

    @cached_property
    def _domain(self) -> tuple[float, float]:
        """Half the lower end and half the width: halves, because the difference of two floats may be infinite."""
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        return low / 2, high / 2 - low / 2

    def share(self, value: float) -> float:
        """Return the place of a finite value."""
        start, half = self._domain
        if self.log:
            if value <= 0:
                return 0.0
            value = math.log10(value)
        if half <= 0:
            return 0.5
        return self.inset + (1 - 2 * self.inset) * min(max(0.0, (value / 2 - start) / half), 1.0)

    def shares(self, values: Sequence[float]) -> list[float]:
        """Return the place of each of many finite values, fast when there is nothing to clamp."""
        start, half = self._domain
        if half <= 0 or not values or min(values) < self.low or max(values) > self.high:
            return [self.share(value) for value in values]
        if self.log:
            values = [math.log10(value) for value in values]
        inset, width = self.inset, 1 - 2 * self.inset
        return [inset + width * ((value / 2 - start) / half) for value in values]

    def places(self, values: Sequence[float], size: int) -> list[int]:
        """Return the places of many finite values as whole parts of a size."""
        start, half = self._domain
        if self.log or self.inset or half <= 0 or not values or min(values) < self.low or max(values) > self.high:
            return [round(size * share) for share in self.shares(values)]
        return [round(size * ((value / 2 - start) / half)) for value in values]


def extent(columns: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the lowest and the highest of all values, at least one."""
    filled = [column for column in columns if column]
    return min(map(min, filled)), max(map(max, filled))


def linear_scale(low: float, high: float, n: int, *, from_zero: bool = False) -> tuple[Scale, list[float]]:
    """Choose the domain and the ticks of a linear y axis for finite values from `low` to `high`."""
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = _opened(low, high, from_zero=from_zero)
    ticks = nice_ticks(low, high, n)
    margin = (high / 2 - low / 2) * 0.08
    step = ticks[1] / 2 - ticks[0] / 2
    if len(ticks) > 3 and ticks[-1] / 2 - high / 2 > step / 2:
        ticks.pop()
        high += margin
    if len(ticks) > 3 and low / 2 - ticks[0] / 2 > step / 2:
        ticks.pop(0)
        low -= margin
    return Scale(min(low, ticks[0]), max(high, ticks[-1])), ticks


def _opened(low: float, high: float, *, from_zero: bool) -> tuple[float, float]:
    """Open a range of no width; one that starts at zero opens upwards only."""
    opened = widen(low, high)
    return (0.0, opened[1]) if from_zero and low == high == 0.0 else opened


def log_scale(low: float, high: float) -> tuple[Scale, list[float]]:
    """Choose the domain and the ticks of a logarithmic y axis for positive finite values from `low` to `high`."""
    low, high = math.log10(low), math.log10(high)
    margin = (high - low) * 0.04 or 0.5
    low, high = 10 ** max(low - margin, -307.0), 10 ** min(high + margin, 308.0)
    return Scale(low, high, log=True), log_ticks(low, high)
