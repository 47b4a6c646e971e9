"""The list metrics of a run, beside those of the run before: as charts, as a table, as CSV or Parquet.

A run of few points has them all as CSV beside its page. One of many would say again what the Parquet file of its day
says in a tenth of the space, so its page links to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, repeat

from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series, legend, line_chart, shorten
from reportgen.charts.series import Weight
from reportgen.model import ListSummary, Model, Run
from reportgen.text import Change, format_count, format_date, format_number, format_numbers, iso_day
from reportgen.views.parts import Here, Link, RawFile, change_of, needs_log_scale, tick_format
from reportgen.views.points import TABLE_ROWS, ascends, pick_evenly, values_by_x
from reportgen.views.tables import write_csv

MAX_CSV_POINTS = 2000
_N_WAYS = 9
_DRAWN_POINTS = 120  # of a curve; its frame is 216 to 500 px wide


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


def shorten_curve(xs: Sequence[float], ys: Sequence[float]) -> tuple[list[float], list[float | None]]:
    """Choose the points that are drawn of a curve, as `reportgen.charts.shorten` does."""
    return shorten(xs, ys, _DRAWN_POINTS)


def _series(model: Model, run: Run, name: str, *, slot: int) -> Series:
    xs, ys = model.points.derive(shorten_curve, name, run.id)
    weight: Weight = "fat" if slot else "normal"
    return Series(name=run.name, xs=xs, ys=ys, slot=slot, weight=weight, ways=_find_ways(model, run, name))


def _find_ways(model: Model, run: Run, name: str) -> str:
    """Say at some points how their x goes with their number, and with the time since the run began.

    Nothing where neither tells more than x does: x grows evenly, and all points were recorded at once.
    """
    curve = model.points.fetch_arrow(name, run.id)
    n = len(curve) if curve else 0
    if curve is None or n < 3:
        return ""
    xs, ats = curve["x"], curve["recorded_at"]
    first, middle, last = (xs[place].as_py() for place in (0, n // 2, n - 1))
    has_times = ats[0].as_py() < ats[n - 1].as_py()
    if not has_times and middle - first == (last - first) * (n // 2) / (n - 1):
        return ""
    places = pick_evenly(n, _N_WAYS)
    known = [xs[place].as_py() for place in places]
    if not ascends(known):
        return ""
    seconds = accumulate(((ats[place].as_py() - run.started_at) / 1e6 for place in places), max)
    points = zip(known, places, seconds, strict=True)
    return " ".join(f"{x:.6g},{place}" + (f",{time:.6g}" if has_times else "") for x, place, time in points)


def make_curve(model: Model, here: Here, run: Run, before: Run | None, summary: ListSummary, number: int) -> Curve:
    info = model.metrics[summary.name]
    old = before.lists.get(summary.name) if before else None
    series = [_series(model, before, summary.name, slot=0)] if before and old else []
    series.append(_series(model, run, summary.name, slot=1))
    last = format_number(summary.last, info.form)
    ended = f" The run before ended at {format_number(old.last, info.form)}." if old else ""
    bounds = [bound for one in (summary, old) if one for bound in (one.min, one.max) if bound is not None]
    log_y = needs_log_scale(bounds)
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


def make_point_table(model: Model, run: Run) -> PointTable:
    names = list(run.lists)
    n, xs, columns = _pick_points([model.points.fetch(name, run.id) for name in names])
    label = f"Table of all {n} points" if len(xs) == n else f"Table of {len(xs)} of {n:,} points"
    written = [
        format_numbers(ys, model.metrics[name].form, missing="") for name, ys in zip(names, columns, strict=True)
    ]
    return PointTable(names, [*zip(map(_write_x, xs), *written, strict=True)], label)


_write_x = lru_cache(maxsize=1024)(format_number)  # each alone; the lists of most runs have the same


def _pick_points(
    lists: Sequence[tuple[Sequence[float], Sequence[float]]],
) -> tuple[int, list[float], list[list[float | None]]]:
    """Count the positions of all lists, and give some: x, and the values of each list, `None` where it has none.

    Points with the same x of one list are positions of their own.
    """
    first = lists[0][0]
    if all(xs == first for xs, _ in lists[1:]) and ascends(first):
        places = pick_evenly(len(first), TABLE_ROWS)
        return len(first), [first[at] for at in places], [[ys[at] for at in places] for _, ys in lists]
    layers_of = [values_by_x(zip(xs, ys, strict=True)) for xs, ys in lists]
    positions = sorted({(x, number) for layers in layers_of for number, layer in enumerate(layers) for x in layer})
    picked = [positions[at] for at in pick_evenly(len(positions), TABLE_ROWS)]
    columns = [
        [layers[number].get(x) if number < len(layers) else None for x, number in picked] for layers in layers_of
    ]
    return len(positions), [x for x, _ in picked], columns


def _has_points_file(run: Run) -> bool:
    n_points = sum(summary.n_values for summary in run.lists.values())
    return n_points <= MAX_CSV_POINTS and (run.has_files or not n_points)  # a day without points has no Parquet file


def link_points(here: Here, run: Run) -> Link:
    """Link to the file that has all points of a run."""
    if _has_points_file(run):
        return Link("All points as CSV", here.to(urls.download(urls.run(run.id), "csv")))
    day = urls.day_table("points", iso_day(run.started_at))
    return Link(f"Points of {format_date(run.started_at)} as Parquet", here.to(day))


def make_points_files(model: Model, run: Run) -> list[RawFile]:
    """Give the points of a run as CSV, a row for each: name, index, x, value; nothing when they are many."""
    if not run.lists or not _has_points_file(run):
        return []
    parts = [
        zip(repeat(name), range(len(xs)), xs, ys, strict=False)
        for name in run.lists
        for xs, ys in [model.points.fetch(name, run.id)]
    ]
    content = write_csv(["name", "index", "x", "value"], chain.from_iterable(parts))
    return [RawFile(urls.download(urls.run(run.id), "csv"), content)]
