"""Levels: the stretches of a series over which its values stay around the same, and so where a metric has changed.

The method is penalised segmentation with the biweight loss of P. Fearnhead and G. Rigaill, "Changepoint detection in
the presence of outliers", JASA 114 (2019): the squared distance of each value from its level, in units of the noise
and capped, plus a penalty for each change. With a capped loss a few wild runs are no change, and a level that holds is
one. The least sum over levels from a grid is found exactly, by dynamic programming (A. Viterbi, 1967), in time that
grows with the number of values times that of the grid's levels.

The noise is taken from the differences of neighbours, which a change of level hardly touches. The penalty is set so
that flat noise of any form gives false alarms in less than one series of a hundred, which
`tests/benchmarks/levels.py` shows, beside what is found of true changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

LEAST_VALUES = 10
_CAP = 9.0  # of the loss: values three times the noise away from a level cost all the same
_PENALTY, _PENALTY_PER_LOG = 12.0, 5.0
_GRID_STEP = 0.25  # in units of the noise
_MOST_LEVELS = 48
_SMOOTHED = 5  # values from which each level of the grid is made
_TO_DEVIATION = 0.9539  # median distance of two values of a normal distribution, in standard deviations


class Level(NamedTuple):
    """A stretch of a series, from `start` up to before `stop`, and the median of its values."""

    start: int
    stop: int
    value: float


def find_levels(values: Sequence[float], *, tolerance: float = 0.0) -> list[Level]:
    """Divide a series into stretches of one level each.

    Parameters
    ----------
    values
        In order. Those that are not finite are passed over and belong to the stretch they stand in.
    tolerance
        A change up to this share of the level before is none.

    Returns
    -------
    list of Level
        In order, without a gap; one when nothing changed, none when there are fewer than ten finite values.
    """
    places = [place for place, value in enumerate(values) if math.isfinite(value)]
    finite = [values[place] for place in places]
    if len(finite) < LEAST_VALUES:
        return []
    cuts = _keep_marked(finite, _move_to_nearer(finite, _find_cuts(_oriented(finite))), tolerance)
    bounds = [0, *(places[cut] for cut in cuts), len(values)]
    medians = _medians(finite, cuts)
    return [Level(start, stop, value) for (start, stop), value in zip(pairwise(bounds), medians, strict=True)]


def _oriented(values: list[float]) -> list[float]:
    """Turn a series so that it rises first: of two divisions as good the same is found of a metric and its negative."""
    first = values[0]
    falls = next((value < first for value in values if value != first), False)
    return [-value for value in values] if falls else values


def _find_cuts(values: Sequence[float]) -> list[int]:
    """Give where new levels begin."""
    noise = _noise(values)
    levels = [level / noise for level in _grid(values, noise)]
    penalty = _PENALTY + _PENALTY_PER_LOG * math.log(len(values))
    costs = [0.0] * len(levels)
    steps = []
    for value in values:
        least = min(costs)
        change = least + penalty
        steps.append((costs, change, costs.index(least)))
        scaled = value / noise
        costs = [
            (cost if cost < change else change)  # noqa: FURB136 — a call each would double the time
            + (loss if (loss := (scaled - level) * (scaled - level)) < _CAP else _CAP)
            for cost, level in zip(costs, levels, strict=True)
        ]
    return _trace_back(steps, costs.index(min(costs)))


def _trace_back(steps: Sequence[tuple[list[float], float, int]], level: int) -> list[int]:
    cuts = []
    for place in range(len(steps) - 1, 0, -1):
        costs, change, best = steps[place]
        if costs[level] >= change and best != level:
            cuts.append(place)
            level = best
    return cuts[::-1]


def _move_to_nearer(values: Sequence[float], cuts: list[int]) -> list[int]:
    """Give wild values beside a change, which cost the same on either side, to the level that they are nearer to."""
    medians = _medians(values, cuts)
    moved = [0]
    for cut, (before, after) in zip(cuts, pairwise(medians), strict=True):
        place = cut
        while place > moved[-1] + 1 and abs(values[place - 1] - after) < abs(values[place - 1] - before):
            place -= 1
        moved.append(place)
    return moved[1:]


def _noise(values: Sequence[float]) -> float:
    """Estimate the deviation of single values; next to nothing for series that mostly repeat the same."""
    noise = median([abs(after - before) for before, after in pairwise(values)]) / _TO_DEVIATION
    return noise or 1e-9 * max(map(abs, values)) or 1.0


def _grid(values: Sequence[float], noise: float) -> list[float]:
    """Choose candidate levels: medians of neighbours, no closer than a part of the noise."""
    grid: list[float] = []
    middles = [
        sorted(values[start : start + _SMOOTHED])[_SMOOTHED // 2] for start in range(len(values) - _SMOOTHED + 1)
    ]
    smoothed = {*middles, median(values[: _SMOOTHED // 2 + 1]), median(values[-_SMOOTHED // 2 :])}
    for level in sorted(smoothed):
        if not grid or level - grid[-1] >= _GRID_STEP * noise:
            grid.append(level)
    if len(grid) > _MOST_LEVELS:
        share = (len(grid) - 1) / (_MOST_LEVELS - 1)
        grid = [grid[round(number * share)] for number in range(_MOST_LEVELS)]
    return grid


def _keep_marked(values: Sequence[float], cuts: list[int], tolerance: float) -> list[int]:
    """Drop changes within the tolerance, the smallest first, since levels that become one get another median."""
    while cuts:
        shares = [*_iter_shares(_medians(values, cuts))]
        least = min(shares)
        if least > tolerance:
            break
        del cuts[shares.index(least)]
    return cuts


def _iter_shares(medians: Sequence[float]) -> Iterator[float]:
    for before, after in pairwise(medians):
        yield abs(after - before) / abs(before) if before else math.inf if after else 0.0


def _medians(values: Sequence[float], cuts: Sequence[int]) -> list[float]:
    return [median(values[start:stop]) for start, stop in pairwise([0, *cuts, len(values)])]
