"""List metrics of many runs in one chart: every run thin, the mean and its spread, the newest run on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reportgen.charts import Band, Series, legend, line_chart
from reportgen.model import ListSeries, MetricInfo, Model, Run
from reportgen.stats import deviation, mean
from reportgen.text import format_count, format_number
from reportgen.views.parts import Here, Link, needs_log_scale, tick_format

_MAX_RUNS = 20
_MAX_ROWS = 200
_OUTLIER = 100.0

_LEGEND = [
    Series("mean of completed runs", [], [], slot=1, weight="fat"),
    Series("one run", [], [], slot=0, weight="thin"),
    Series("newest run", [], [], slot=2),
]


@dataclass(frozen=True)
class ListChart:
    """List metrics of one pipeline and deployment: what is drawn, in words, its legend, mean and spread as a table."""

    pipeline: str
    caption: str
    newest: Link
    legend: Markup
    chart: Markup
    table: Sequence[Sequence[str]]


@dataclass(frozen=True)
class _Curve:
    run: Run
    xs: list[float]
    ys: list[float]

    @property
    def largest(self) -> float:
        return max((abs(y) for y in self.ys if math.isfinite(y)), default=0.0)


def make_list_chart(model: Model, here: Here, info: MetricInfo, line: ListSeries, number: int) -> ListChart:
    """Make the chart of a list metric in one pipeline and deployment."""
    runs = [model.run_at(position) for position in line.positions[-_MAX_RUNS:]]
    curves = [_Curve(run, *model.points.fetch(info.name, run.id)) for run in runs]
    newest, last = curves[-1], format_number(line.lasts[-1], info.form)
    drawn, outliers = _set_outliers_aside(curves)
    completed = [curve for curve in drawn if curve.run.status == "completed"]
    band, mean_line = _mean_and_spread(completed)
    log_y = needs_log_scale([y for curve in drawn for y in curve.ys])
    name = f"{line.pipeline}, {line.deployment}" if line.deployment else line.pipeline
    caption = f"{format_count(len(line.positions), 'run')}, the newest ends at {last}"
    if len(curves) < len(line.positions):
        caption = f"the newest {len(curves)} of {caption}"
    for curve in outliers:
        caption += f"; {curve.run.name} left out: it {curve.run.status} and reached {format_number(curve.largest)}"
    if log_y:
        caption += "; log scale"
    chart = line_chart(
        [
            *(Series("one run", curve.xs, curve.ys, slot=0, weight="thin") for curve in drawn if curve is not newest),
            *mean_line,
            Series("newest run", newest.xs, newest.ys, slot=2),
        ],
        chart_id=f"list{number}",
        title=f"{info.name} of {name}",
        description=f"{name}: {caption}.",
        height=190,
        band=band,
        log_y=log_y,
        y_format=tick_format(info.form),
    )
    shown = [*(_LEGEND[:1] if band else []), *_LEGEND[1 if len(drawn) > 1 else 2 :]]
    names = legend(shown, "the band is ± 1 standard deviation" if band else "")
    return ListChart(name, caption, here.run(newest.run), names, chart, _table(info, completed, newest))


def _set_outliers_aside(curves: Sequence[_Curve]) -> tuple[list[_Curve], list[_Curve]]:
    """Part the runs that did not complete and whose values would flatten all others from the rest.

    The newest run is always drawn.
    """
    usual = max((curve.largest for curve in curves if curve.run.status == "completed"), default=math.inf)
    outliers = [
        curve for curve in curves[:-1] if curve.run.status != "completed" and curve.largest > _OUTLIER * usual > 0
    ]
    return [curve for curve in curves if curve not in outliers], outliers


def _values_by_position(curves: Sequence[_Curve]) -> dict[float, list[float]]:
    """The finite values of all curves at each x, x ascending."""
    values: dict[float, list[float]] = {}
    for curve in curves:
        for x, y in zip(curve.xs, curve.ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                values.setdefault(x, []).append(y)
    return dict(sorted(values.items()))


def _mean_and_spread(curves: Sequence[_Curve]) -> tuple[Band | None, list[Series]]:
    """Mean and standard deviation (population) at each position that at least three runs share."""
    shared = {x: ys for x, ys in _values_by_position(curves).items() if len(ys) >= 3}
    if len(shared) < 2:
        return None, []
    means = [mean(ys) for ys in shared.values()]
    spreads = [deviation(ys) for ys in shared.values()]
    smallest = min(min(ys) for ys in shared.values())
    floor = smallest if smallest > 0 else -math.inf  # keeps the band above zero, where a log scale needs it
    low = [max(middle - spread, floor) for middle, spread in zip(means, spreads, strict=True)]
    high = [middle + spread for middle, spread in zip(means, spreads, strict=True)]
    return Band(list(shared), low, high), [Series("mean", list(shared), means, slot=1, weight="fat")]


def _table(info: MetricInfo, completed: Sequence[_Curve], newest: _Curve) -> list[list[str]]:
    """Position, mean, deviation, number of runs and the newest run's value, at most 200 rows."""
    values = _values_by_position(completed)
    latest = dict(zip(newest.xs, newest.ys, strict=True))
    return [
        [
            format_number(x),
            format_number(mean(values[x]), info.form) if x in values else "–",
            format_number(deviation(values[x]), info.form) if x in values else "–",
            str(len(values.get(x, ()))),
            format_number(latest.get(x), info.form),
        ]
        for x in sorted({*values, *(x for x in latest if math.isfinite(x))})[:_MAX_ROWS]
    ]
