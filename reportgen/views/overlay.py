"""List metrics of many runs in one chart: every run thin, the mean and its spread, the newest run on top."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec
from markupsafe import Markup

from reportgen.charts import Band, Series, legend, line_chart, shorten
from reportgen.model import ListSeries, MetricInfo, Model, Run
from reportgen.stats import deviation, mean
from reportgen.text import format_count, format_number
from reportgen.views.parts import Here, Link, needs_log_scale, tick_format
from reportgen.views.points import TABLE_ROWS, ascends, pick_evenly, values_by_x

_MAX_RUNS = 20
_MEAN_POINTS = 120
_THIN_POINTS = 80  # of the curves in the background
_SHARED_BY = 3  # values that a mean takes
_OUTLIER = 100.0
_CHART_END = "</table></div></details></div>"  # as metric.html has it; no text of a record is markup

_LEGEND = [
    Series("mean of completed runs", [], [], slot=1, weight="fat"),
    Series("one run", [], [], slot=0, weight="thin"),
    Series("newest run", [], [], slot=2),
]


class ListChart(msgspec.Struct, frozen=True):
    """List metrics of one pipeline and deployment: what is drawn, in words, its legend, mean and spread as a table."""

    pipeline: str
    caption: str
    newest: Link
    legend: Markup
    chart: Markup
    table: Sequence[Sequence[str]]


class _Curve(msgspec.Struct, frozen=True, dict=True):
    run: Run
    xs: tuple[float, ...]
    ys: tuple[float, ...]

    @cached_property
    def short(self) -> tuple[list[float], list[float | None]]:
        """Few points that draw the same; the highest and the lowest are among them."""
        return shorten(self.xs, self.ys, _THIN_POINTS)

    @cached_property
    def bounds(self) -> list[float]:
        """The lowest and the highest finite value; nothing when there is none."""
        finite = [y for y in self.short[1] if y is not None and math.isfinite(y)]
        return [min(finite), max(finite)] if finite else []

    @property
    def largest(self) -> float:
        return max(map(abs, self.bounds), default=0.0)

    @property
    def is_whole(self) -> bool:
        """Whether all values are finite, told quickly: not where they are so large that their sum is not."""
        return math.isfinite(sum(self.ys))


def describe_list_chart(model: Model, info: MetricInfo, line: ListSeries) -> tuple[Any, ...]:
    """Give all that a chart of `make_list_chart` depends on but the points of its runs."""
    runs = [(run.id, run.name, run.status, run.has_page) for run in drawn_runs(model, line)]
    return line.pipeline, line.deployment, len(line.positions), line.lasts[-1], info.form, runs


def find_list_charts(page: str) -> Iterator[str]:
    """Give the HTML of each of these charts on the page of a metric, in order."""
    for number in itertools.count(1):
        start = page.find(f'<div id="lists-{number}">')
        end = page.find(_CHART_END, start)
        if min(start, end) < 0:
            return
        yield page[start : end + len(_CHART_END)]


def drawn_runs(model: Model, line: ListSeries) -> list[Run]:
    """Give the newest runs of a list metric, which are drawn."""
    return [model.run_at(position) for position in line.positions[-_MAX_RUNS:]]


def make_list_chart(model: Model, here: Here, info: MetricInfo, line: ListSeries, number: int) -> ListChart:
    """Make the chart of a list metric in one pipeline and deployment."""
    runs = drawn_runs(model, line)
    curves = [_Curve(run, *model.points.fetch(info.name, run.id)) for run in runs]
    newest, last = curves[-1], format_number(line.lasts[-1], info.form)
    drawn, outliers = _set_outliers_aside(curves)
    completed = [curve for curve in drawn if curve.run.status == "completed"]
    values = _values_of(completed)
    band, mean_line = _mean_and_spread(values)
    log_y = needs_log_scale([bound for curve in drawn for bound in curve.bounds])
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
            *(Series("one run", *curve.short, slot=0, weight="thin") for curve in drawn if curve is not newest),
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
    return ListChart(name, caption, here.run(newest.run), names, chart, _table(info, values, newest))


def _set_outliers_aside(curves: Sequence[_Curve]) -> tuple[list[_Curve], list[_Curve]]:
    """Part the runs that did not complete and whose values would flatten all others from the rest.

    The newest run is always drawn.
    """
    usual = max((curve.largest for curve in curves if curve.run.status == "completed"), default=math.inf)
    outliers = [
        curve for curve in curves[:-1] if curve.run.status != "completed" and curve.largest > _OUTLIER * usual > 0
    ]
    return [curve for curve in curves if curve not in outliers], outliers


class _SharedValues:
    """The values of curves that all have the same ascending x and no value that is not finite."""

    def __init__(self, curves: Sequence[_Curve]) -> None:
        self.xs: Sequence[float] = curves[0].xs
        self.shared = self.xs if len(curves) >= _SHARED_BY else ()
        self._columns = [curve.ys for curve in curves]

    @cached_property
    def _place_of(self) -> Mapping[float, int]:
        return {x: place for place, x in enumerate(self.xs)}

    def at(self, x: float) -> list[float]:
        """Give the values at an x."""
        place = self._place_of.get(x)
        return [] if place is None else [column[place] for column in self._columns]


class _AnyValues:
    """The finite values of any curves; several of one curve at an x count as those of several."""

    def __init__(self, curves: Sequence[_Curve]) -> None:
        self._layers = [layer for curve in curves for layer in values_by_x(_finite_points(curve))]
        counts = Counter(chain.from_iterable(self._layers))
        self.xs: Sequence[float] = sorted(counts)
        self.shared: Sequence[float] = [x for x in self.xs if counts[x] >= _SHARED_BY]

    def at(self, x: float) -> list[float]:
        """Give the values at an x."""
        return [layer[x] for layer in self._layers if x in layer]


_Values = _SharedValues | _AnyValues


def _values_of(curves: Sequence[_Curve]) -> _Values:
    """Give access to the finite values of curves by x: all x, and those at which at least three are shared."""
    if curves and all(curve.xs == curves[0].xs and curve.is_whole for curve in curves) and ascends(curves[0].xs):
        return _SharedValues(curves)
    return _AnyValues(curves)


def _finite_points(curve: _Curve) -> list[tuple[float, float]]:
    return [(x, y) for x, y in zip(curve.xs, curve.ys, strict=True) if math.isfinite(x) and math.isfinite(y)]


def _mean_and_spread(values: _Values) -> tuple[Band | None, list[Series]]:
    """Mean and standard deviation (population) at positions that at least three runs share, at most 120 of them."""
    xs = [values.shared[place] for place in pick_evenly(len(values.shared), _MEAN_POINTS)]
    if len(xs) < 2:
        return None, []
    shared = [values.at(x) for x in xs]
    means = [mean(ys) for ys in shared]
    spreads = [deviation(ys, middle) for ys, middle in zip(shared, means, strict=True)]
    smallest = min(map(min, shared))
    floor = smallest if smallest > 0 else -math.inf  # keeps the band above zero, where a log scale needs it
    low = [max(middle - spread, floor) for middle, spread in zip(means, spreads, strict=True)]
    high = [middle + spread for middle, spread in zip(means, spreads, strict=True)]
    return Band(xs, low, high), [Series("mean", xs, means, slot=1, weight="fat")]


def _table(info: MetricInfo, values: _Values, newest: _Curve) -> list[list[str]]:
    """Position, mean, deviation, number of runs and the newest run's value, at most 50 rows."""
    latest = dict(zip(newest.xs, newest.ys, strict=True))
    xs = values.xs
    if xs != newest.xs:
        xs = sorted({*xs, *(x for x in latest if math.isfinite(x))})
    picked = [xs[place] for place in pick_evenly(len(xs), TABLE_ROWS)]
    return [_row(info, x, values.at(x), latest.get(x)) for x in picked]


def _row(info: MetricInfo, x: float, ys: Sequence[float], latest: float | None) -> list[str]:
    return [
        format_number(x),
        format_number(mean(ys), info.form) if ys else "–",
        format_number(deviation(ys), info.form) if ys else "–",
        str(len(ys)),
        format_number(latest, info.form),
    ]
