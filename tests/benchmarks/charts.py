"""Times a chart of four series with 500 points each, beside the floor: formatting the coordinates that it draws.

Run with `python tests/benchmarks/charts.py`. Prints the best of several repeats, in ms, and the chart's size in bytes.
"""

from __future__ import annotations

import math
import timeit

from reportgen.charts import Series, line_chart, thin_points

N_SERIES, N_POINTS, REPEATS, LOOPS = 4, 500, 7, 20


def make_series() -> list[Series]:
    xs = list(range(N_POINTS))
    return [
        Series(f"loss {slot}", xs, [math.exp(-x / 90) + math.sin(x * slot) / 20 for x in xs], slot, label=True)
        for slot in range(1, N_SERIES + 1)
    ]


def draw(series: list[Series]) -> str:
    return line_chart(series, chart_id="c", title="Loss", description="It falls.")


def format_only(points: list[tuple[float, float]]) -> str:
    return " ".join([f"{x:.0f} {y:.1f}" for x, y in points])


def best_ms(statement: str, names: dict[str, object]) -> float:
    return 1000 * min(timeit.repeat(statement, globals=names, repeat=REPEATS, number=LOOPS)) / LOOPS


def main() -> None:
    series = make_series()
    points = [point for one in series for segment in thin_points(one.xs, one.ys) for point in segment]
    chart = best_ms("draw(series)", {"draw": draw, "series": series})
    floor = best_ms("format_only(points)", {"format_only": format_only, "points": points})
    size = len(draw(series).encode())
    print(f"chart {chart:.2f} ms, {size:,} bytes, {len(points):,} points drawn of {N_SERIES * N_POINTS:,}")
    print(f"floor {floor:.2f} ms to format the same coordinates; chart / floor {chart / floor:.1f}")


if __name__ == "__main__":
    main()
