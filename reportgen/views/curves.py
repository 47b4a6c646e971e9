"""The list metrics of a run, beside those of the run before: as charts, as a table, as CSV."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series, legend, line_chart
from reportgen.model import ListSummary, Model, Run
from reportgen.text import Change, format_count, format_number
from reportgen.views.content import to_csv
from reportgen.views.parts import Here, Link, RawFile, change_of, needs_log_scale, tick_format

_TABLE_POINTS = 200


@dataclass(frozen=True)
class Curve:
    """A list metric of the run as a chart; its last value and how that changed; what is special of the axis."""

    metric: Link
    last: str
    change: Change | None
    axis: str
    chart: Markup


@dataclass(frozen=True)
class PointTable:
    """The points of the list metrics: a column for each, a row for each position."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    label: str


def _series(model: Model, run: Run, name: str, *, slot: int) -> Series:
    xs, ys = model.points.fetch(name, run.id)
    return Series(name=run.name, xs=xs, ys=ys, slot=slot, weight="fat" if slot else "normal")


def make_curve(model: Model, here: Here, run: Run, before: Run | None, summary: ListSummary, number: int) -> Curve:
    info = model.metrics[summary.name]
    old = before.lists.get(summary.name) if before else None
    series = [_series(model, before, summary.name, slot=0)] if before and old else []
    series.append(_series(model, run, summary.name, slot=1))
    last = format_number(summary.last, info.form)
    ended = f" The run before ended at {format_number(old.last, info.form)}." if old else ""
    log_y = needs_log_scale([y for one in series for y in one.ys if y is not None])
    chart = line_chart(
        series,
        chart_id=f"curve{number}",
        title=f"{summary.name} over {format_count(summary.n_values, 'point')}",
        description=f"{summary.name} ends at {last}.{ended}",
        height=120,
        log_y=log_y,
        y_format=tick_format(info.form),
    )
    change = change_of(info, summary.last, old.last if old else None)
    return Curve(here.metric(summary.name), last, change, "log scale" if log_y else "", chart)


def make_curve_legend(before: Run | None) -> Markup:
    series = [Series("this run", [], [], slot=1, weight="fat")]
    if before:
        series.append(Series(f"the run before, {before.name}", [], [], slot=0))
    return legend(series)


def _points_by_x(model: Model, run: Run) -> tuple[list[str], list[list[float | None]]]:
    """Names of the list metrics, and a row for each x; points with the same x of one list get rows of their own."""
    names = list(run.lists)
    rows: dict[tuple[float, int], list[float | None]] = {}
    for column, name in enumerate(names):
        seen: Counter[float] = Counter()
        for x, value in zip(*model.points.fetch(name, run.id), strict=True):
            place = (math.inf if math.isnan(x) else x, seen[x])  # NaN has no order; it stands last
            seen[x] += 1
            rows.setdefault(place, [None] * len(names))[column] = value
    return names, [[place[0], *rows[place]] for place in sorted(rows)]


def make_point_table(model: Model, run: Run) -> PointTable:
    names, rows = _points_by_x(model, run)
    forms = [None, *(model.metrics[name].form for name in names)]
    shown = rows[:_TABLE_POINTS]
    label = f"Table of all {len(rows)} points" if len(shown) == len(rows) else f"Table of the first {len(shown)} points"
    cells = [
        ["" if cell is None else format_number(cell, form) for cell, form in zip(row, forms, strict=True)]
        for row in shown
    ]
    return PointTable(names, cells, label)


def make_points_file(model: Model, run: Run) -> RawFile:
    """All points of a run as CSV, a row for each: name, index, x, value."""
    rows = [
        [name, index, x, value]
        for name in run.lists
        for index, (x, value) in enumerate(zip(*model.points.fetch(name, run.id), strict=True))
    ]
    return RawFile(urls.download(urls.run(run.id), "csv"), to_csv(["name", "index", "x", "value"], rows))
