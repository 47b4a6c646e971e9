"""Metrics and list metrics over all runs: their values by pipeline and deployment, as columns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

import msgspec

from reportgen.options import MetricOptions
from reportgen.text import NumberForm


class Series(msgspec.Struct, frozen=True):
    """A metric's values in the runs of one pipeline and deployment.

    Attributes
    ----------
    pipeline, deployment
        Whose runs they are.
    positions
        Of the runs, oldest first.
    values
        The value of each.
    """

    pipeline: str
    deployment: str
    positions: Sequence[int]
    values: Sequence[float]

    def values_before(self, position: int, n: int) -> Sequence[float]:
        """Give the last `n` values of runs before one, oldest first."""
        end = bisect_left(self.positions, position)
        return self.values[max(end - n, 0) : end]

    def positions_after(self, position: int, n: int) -> Sequence[int]:
        """Give the next `n` runs after one."""
        start = bisect_left(self.positions, position + 1)
        return self.positions[start : start + n]


class ListSeries(msgspec.Struct, frozen=True):
    """A list metric in the runs of one pipeline and deployment: `positions` as in `Series`, the last value of each."""

    pipeline: str
    deployment: str
    positions: Sequence[int]
    lasts: Sequence[float | None]


class MetricInfo(msgspec.Struct, frozen=True, dict=True):
    """One metric name over all runs.

    Attributes
    ----------
    name
        The metric.
    options
        What is known of it.
    form
        How its numbers are written.
    series, lists
        Its values as a metric and as a list metric, by pipeline and deployment; one of the two may be empty.
    """

    name: str
    options: MetricOptions
    form: NumberForm
    series: Sequence[Series]
    lists: Sequence[ListSeries]

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Series]:
        return {(series.pipeline, series.deployment): series for series in self.series}

    def series_of(self, pipeline: str, deployment: str) -> Series:
        """Give the values of one pipeline and deployment."""
        return self._by_place[pipeline, deployment]
