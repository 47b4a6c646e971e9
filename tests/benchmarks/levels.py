"""Counts false alarms of `reportgen.levels` on flat noise, what it finds of true changes, and times it.

Run with `python tests/benchmarks/levels.py [SERIES]`: series of each kind and length, 400 by default. Each figure is a
share of series. Noise is drawn anew for each; `ar 0.3` is noise of which 0.3 carries over to the next run, which the
method does not know of. The floor of the time is one sorting of the values.
"""

from __future__ import annotations

import random
import sys
import timeit
from collections.abc import Callable

from reportgen.levels import find_levels

LENGTHS = (10, 20, 50, 100, 400, 1000)
SHIFTS = (2.0, 4.0, 8.0)  # of the level, in deviations of single values
Draw = Callable[[random.Random, int], list[float]]


def one_by_one(draw: Callable[[random.Random], float]) -> Draw:
    return lambda rng, n: [draw(rng) for _ in range(n)]


def heavy(rng: random.Random) -> float:
    """Draw from Student's distribution with three degrees of freedom."""
    return rng.gauss(0, 1) / (sum(rng.gauss(0, 1) ** 2 for _ in range(3)) / 3) ** 0.5


def carried(share: float) -> Draw:
    def draw(rng: random.Random, n: int) -> list[float]:
        values = [rng.gauss(0, 1)]
        for _ in range(n - 1):
            values.append(share * values[-1] + rng.gauss(0, 1))
        return values

    return draw


NOISE: dict[str, Draw] = {
    "normal": one_by_one(lambda rng: rng.gauss(0, 1)),
    "uniform": one_by_one(lambda rng: rng.random()),
    "heavy tails": one_by_one(heavy),
    "skewed": one_by_one(lambda rng: rng.lognormvariate(0, 1)),
    "10 % wild": one_by_one(lambda rng: rng.gauss(0, 1) + (rng.choice([-10, 10]) if rng.random() < 0.1 else 0)),
    "whole": one_by_one(lambda rng: float(rng.choice([5, 5, 5, 5, 5, 6, 4]))),
    "two modes": one_by_one(lambda rng: rng.gauss(0, 0.3) + (4 if rng.random() < 0.3 else 0)),
    "ar 0.3": carried(0.3),
    "ar 0.5": carried(0.5),
}


def share(n_series: int, test: Callable[[random.Random], bool]) -> float:
    rng = random.Random(1)
    return sum(test(rng) for _ in range(n_series)) / n_series


def main() -> None:
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"false alarms: share of {n_series} flat series with a change\n{'':14}", *(f"n={n:<6}" for n in LENGTHS))
    for name, draw in NOISE.items():
        figures = [share(n_series, lambda rng, n=n, draw=draw: len(find_levels(draw(rng, n))) > 1) for n in LENGTHS]
        print(f"{name:14}", *(f"{figure:<8.3f}" for figure in figures))
    print(
        "found: share of series of normal noise whose level moves, where the only change found is within 2 runs of it"
    )
    for n, n_after in ((20, 10), (20, 4), (100, 50), (100, 5), (1000, 500), (1000, 8)):
        figures = [share(n_series, lambda rng, n=n, m=n_after, by=by: is_found(rng, n, m, by)) for by in SHIFTS]
        by_shift = ", ".join(f"{by:g} deviations {figure:.2f}" for by, figure in zip(SHIFTS, figures, strict=True))
        print(f"  {n_after} of {n} runs by {by_shift}")
    values = NOISE["normal"](random.Random(1), 1000)
    ours = min(timeit.repeat(lambda: find_levels(values), number=5, repeat=5)) / 5 * 1e3
    floor = min(timeit.repeat(lambda: sorted(values), number=5, repeat=5)) / 5 * 1e3
    print(f"1,000 values: {ours:.1f} ms; floor, one sorting: {floor:.2f} ms")


def is_found(rng: random.Random, n: int, n_after: int, by: float) -> bool:
    values = [value + (by if place >= n - n_after else 0) for place, value in enumerate(NOISE["normal"](rng, n))]
    cuts = [level.start for level in find_levels(values)][1:]
    return len(cuts) == 1 and abs(cuts[0] - (n - n_after)) <= 2


if __name__ == "__main__":
    main()
