"""Whether a value is worse than its noise explains: the look-back window of the rule `steady`.

The method is the modified z-score of B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers" (ASQC, 1993): the
distance from the median of earlier values, in deviations that are made of the median absolute deviation (MAD), so that
a few wild runs among them change neither. Where most earlier values are the same the MAD is zero, and the mean absolute
deviation stands in for it, as there. Windows are short, so the deviation is widened: by n / (n − 0.8), after C. Croux
and P. Rousseeuw, "Time-efficient algorithms for two highly robust estimators of scale" (COMPSTAT, 1992), and by
√(1 + π / 2n), since the median of n values is uncertain, too.

After a lasting change of level, which `reportgen.levels` finds, only values since then count: what was before is no
noise. False alarms and what is found are counted by `tests/benchmarks/gates.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median
from typing import NamedTuple

from reportgen.levels import find_levels

LEAST_VALUES = 8
_MAD_TO_DEVIATION = 1.4826
_MEAN_TO_DEVIATION = 1.2533


class Noise(NamedTuple):
    """What earlier values were like: their median, the deviation of a further one, and how many they were."""

    median: float
    deviation: float
    n: int


def measure_noise(values: Sequence[float | None]) -> Noise | None:
    """Measure the noise of earlier values, oldest first; `None` when fewer than eight of them are finite numbers."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    levels = find_levels(finite)
    if levels and len(finite) - levels[-1].start >= LEAST_VALUES:
        finite = finite[levels[-1].start :]
    n = len(finite)
    if n < LEAST_VALUES:
        return None
    middle = median(finite)
    distances = [abs(value - middle) for value in finite]
    spread = _MAD_TO_DEVIATION * median(distances) or _MEAN_TO_DEVIATION * fmean(distances)
    return Noise(middle, spread * n / (n - 0.8) * math.sqrt(1 + math.pi / (2 * n)), n)
