"""Counts false alarms of the rule `steady` on flat noise, and what it finds of true regressions.

Run with `python tests/benchmarks/gates.py [SERIES]`: series of each kind and window, 2,000 by default. Each figure is a
share of series whose newest value is refused, with the rule's own defaults otherwise. The kinds of noise are those of
`levels.py`. Half of the alarms of "10 % wild" are bound to be: the newest value is itself a wild one, below.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence

from levels import NOISE, SHIFTS

from reportgen.gates.noise import measure_noise
from reportgen.gates.rules import Steady

WINDOWS = (8, 10, 20, 30, 50)
DEVIATIONS = (3.0, 3.5, 4.0, 5.0)
MOVED_BY = 8.0


def is_refused(values: Sequence[float], deviations: float = Steady.deviations) -> bool:
    """Judge the last of some values, of which more is better, by those before it."""
    noise = measure_noise(values[:-1])
    assert noise
    return noise.median - values[-1] > deviations * noise.deviation


def share(n_series: int, test: Callable[[random.Random], bool]) -> float:
    rng = random.Random(1)
    return sum(test(rng) for _ in range(n_series)) / n_series


def lowered(values: list[float], by: float) -> list[float]:
    return [*values[:-1], values[-1] - by]


def after_a_rise(values: list[float], n_after: int) -> list[float]:
    """Let all but the last values be from before a lasting rise, which the newest has lost again."""
    n = len(values)
    return [value + (MOVED_BY if n - 1 - n_after <= place < n - 1 else 0) for place, value in enumerate(values)]


def main() -> None:
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    heading = " ".join(f"n={n:<6}" for n in WINDOWS)
    print(f"false alarms: share of {n_series:,} flat series whose newest value is refused\n{'':14} {heading}")
    for name, draw in NOISE.items():
        figures = [share(n_series, lambda rng, n=n, draw=draw: is_refused(draw(rng, n + 1))) for n in WINDOWS]
        print(f"{name:14}", *(f"{figure:<8.4f}" for figure in figures))
    normal = NOISE["normal"]
    print(f"found: share of series of normal noise whose newest value is lower\n{'':14} {heading}")
    for by in (*SHIFTS, 6.0):
        figures = [
            share(n_series, lambda rng, n=n, by=by: is_refused(lowered(normal(rng, n + 1), by))) for n in WINDOWS
        ]
        print(f"{f'{by:g} deviations':14}", *(f"{figure:<8.3f}" for figure in figures))
    print(f"found, {MOVED_BY:g} deviations lower again after a lasting rise of as much, by runs since it, of 30")
    for n_after in (8, 12, 20):
        figure = share(n_series, lambda rng, n=n_after: is_refused(after_a_rise(normal(rng, 31), n)))
        print(f"  {n_after:2} runs: {figure:.3f}")
    print("other limits, of 20 values: false alarms in normal noise and with heavy tails; 5 deviations found")
    for limit in DEVIATIONS:
        flat = share(n_series, lambda rng, k=limit: is_refused(normal(rng, 21), k))
        heavy = share(n_series, lambda rng, k=limit: is_refused(NOISE["heavy tails"](rng, 21), k))
        found = share(n_series, lambda rng, k=limit: is_refused(lowered(normal(rng, 21), 5), k))
        print(f"  {limit:g} deviations: {flat:.4f}, {heavy:.4f}; {found:.3f}")


if __name__ == "__main__":
    main()
