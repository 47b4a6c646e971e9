"""A metric: its value over all runs by pipeline, its list metrics overlaid, every value."""

from __future__ import annotations

import csv
import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from types import SimpleNamespace
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from reportgen import urls
from reportgen.arrays import int_array, text_array
from reportgen.charts import Series as ChartSeries
from reportgen.charts import line_chart, sample, sparkline
from reportgen.model import ListSeries, MetricInfo, Model, Series
from reportgen.stats import deviation, mean
from reportgen.text import LAST_US, Change, describe_change, first_line, format_count, format_date, format_number
from reportgen.views.badge import Badge, badge_file, make_badge
from reportgen.views.levels import (
    MOST_RUNS,
    LevelChange,
    SeriesLevels,
    describe_levels,
    label_changes,
    newest_changes,
)
from reportgen.views.metrics import goal_text
from reportgen.views.overlay import ListChart, make_list_chart
from reportgen.views.parts import (
    Fact,
    Frame,
    Here,
    Link,
    Moment,
    Page,
    RawFile,
    change_of,
    comma_separated,
    make_frame,
    short_moment,
    tick_format,
)
from reportgen.views.pipeline import run_labels

_MAX_SERIES = 5
_MAX_VALUES = 100
_MAX_ROWS = 10_000
_MEAN_OF = 14
_FIRST_US, _LAST_US = int_array([0, LAST_US])
_PLAIN = re.compile("[0-9A-Za-z_-]*")


class SeriesRow(msgspec.Struct, frozen=True):
    """A metric in one pipeline and deployment: last, change, best, mean and spread."""

    pipeline: Link
    deployment: str
    n_runs: str
    sample: Markup
    last: str
    change: Change | None
    best: Link
    best_when: str
    mean: str
    spread: str
    spark: Markup


class HistoryChart(msgspec.Struct, frozen=True):
    """Values over runs: what it shows, and the chart."""

    caption: str
    chart: Markup


class ValueRow(msgspec.Struct, frozen=True):
    """A value of a run."""

    run: Link
    pipeline: Link
    recorded: Moment
    value: str
    change: Change | None


class MetricView(msgspec.Struct, frozen=True):
    """A metric's page.

    Attributes
    ----------
    frame
        What surrounds the page.
    name
        The metric.
    kind
        What it is, and which direction is better.
    lede
        Its last value and change, in a sentence.
    facts
        Who records it, goal and tolerance, download.
    histories
        Its values over runs; at most five pipelines in one chart.
    rows
        A row for each pipeline and deployment.
    changes
        Runs from which on its level was another, the newest first.
    lists
        List metrics of this name, overlaid; those that an earlier site has drawn already as HTML.
    values
        Every value, newest first, at most 100.
    values_label
        How many there are.
    badge
        Its badge, and how to show it elsewhere.
    """

    frame: Frame
    name: str
    kind: str
    lede: str
    facts: Sequence[Fact]
    histories: Sequence[HistoryChart]
    rows: Sequence[SeriesRow]
    changes: Sequence[LevelChange]
    lists: Sequence[ListChart | Markup]
    values: Sequence[ValueRow]
    values_label: str
    badge: Badge


def make_files(model: Model, info: MetricInfo) -> Iterator[Page | RawFile]:
    """Make the page of a metric, its badge, and its values as CSV."""
    yield make_page(model, info)
    yield badge_file(model, info)
    if info.series:
        yield _values_file(model, info)


def make_page(model: Model, info: MetricInfo) -> Page:
    """Make the page of one metric."""
    url = urls.metric(info.name)
    here = Here(url)
    found = [SeriesLevels(model, info, series) for series in info.series]
    chunks = [found[start : start + _MAX_SERIES] for start in range(0, len(found), _MAX_SERIES)]
    values = _value_rows(model, here, info)
    goal = goal_text(info)
    view = MetricView(
        frame=make_frame(model, url, info.name, crumbs=[("Metrics", urls.METRICS)]),
        name=info.name,
        kind=", ".join(word for word in ("metric" if info.series else "list metric", goal) if word),
        lede=_lede(model, info),
        facts=_facts(model, here, info),
        histories=[_history(model, here, info, chunk, number) for number, chunk in enumerate(chunks)],
        rows=[_series_row(model, here, info, series, number) for number, series in enumerate(info.series)],
        changes=newest_changes(chain(*(one.changes(here, _pipeline_link(here, one.series)) for one in found))),
        lists=[
            model.drawn.get((info.name, number)) or make_list_chart(model, here, info, line, number)
            for number, line in enumerate(info.lists)
        ],
        values=values,
        values_label=_label_values(len(values), sum(len(series.values) for series in info.series)),
        badge=make_badge(model, here, info),
    )
    return Page(url, "metric.html", view)


def _label_values(n_shown: int, n: int) -> str:
    if n_shown == n:
        return f"Table of {format_count(n, 'value')}"
    rest = "all" if n <= _MAX_ROWS else f"the newest {_MAX_ROWS:,}, the table metrics has all"
    return f"The newest {n_shown:,} of {n:,} values; the download has {rest}"


def _place(series: Series) -> str:
    return f"{series.pipeline}, {series.deployment}" if series.deployment else series.pipeline


def _lede(model: Model, info: MetricInfo) -> str:
    """The newest value of the pipeline that ran last, and its change."""
    if info.series:
        series = max(info.series, key=lambda series: series.positions[-1])
        now = series.values[-1]
        before = series.values[-2] if len(series.values) > 1 else None
        name = series.pipeline
    else:
        line = max(info.lists, key=lambda line: line.positions[-1])
        old = model.run_before(model.run_at(line.positions[-1]))
        now = line.lasts[-1] if line.lasts[-1] is not None else math.nan
        before = old.lists[info.name].last if old and info.name in old.lists else None
        name = line.pipeline
    change = change_of(info, now, before)
    text = f"{name}: {format_number(now, info.form)}"
    return f"{text}, {change.text}{' ' + change.word if change.word else ''}." if change else f"{text}."


def _facts(model: Model, here: Here, info: MetricInfo) -> list[Fact]:
    lines: Sequence[Series | ListSeries] = info.series or info.lists
    n_runs = sum(len(line.positions) for line in lines)
    pipelines = {line.pipeline for line in lines}
    first = model.run_at(min(line.positions[0] for line in lines)).started_at
    last = model.run_at(max(line.positions[-1] for line in lines)).started_at
    days = (
        format_date(first)
        if format_date(first) == format_date(last)
        else f"{format_date(first)} to {format_date(last)}"
    )
    by = f"{format_count(len(pipelines), 'pipeline')}, {format_count(n_runs, 'run')}, {days}"
    facts = [Fact("Recorded by", [Link(by)])]
    if info.series and info.lists:
        facts.append(
            Fact(
                "Also a list metric",
                [Link(format_count(sum(len(line.positions) for line in info.lists), "run"), "#lists")],
            )
        )
    if info.options.goal:
        tolerance = (
            f"; ±{format_number(info.options.tolerance * 100)}\u00a0% is noise" if info.options.tolerance else ""
        )
        facts.append(Fact("Goal and tolerance", [Link(goal_text(info) + tolerance)]))
    downloads = [Link("values as CSV", here.to(urls.download(urls.metric(info.name), "csv")))] if info.series else []
    downloads += [Link("points as Parquet", here.to(urls.DATA))] if info.lists else []
    return [*facts, Fact("Download", comma_separated(downloads))]


def _pipeline_link(here: Here, series: Series) -> Link:
    return Link(_place(series), here.pipeline(series.pipeline).url)


def _history(model: Model, here: Here, info: MetricInfo, found: Sequence[SeriesLevels], number: int) -> HistoryChart:
    chunk = [one.series for one in found]
    every = sorted(position for series in chunk for position in series.positions)
    positions = every[-MOST_RUNS:]
    place = {position: number for number, position in enumerate(positions)}
    lines = []
    for slot, series in enumerate(chunk, 1):
        start = bisect_left(series.positions, positions[0])
        drawn, values = series.positions[start:], series.values[start:]
        name = series.pipeline if len({s.pipeline for s in chunk}) == len(chunk) else _place(series)
        lines.append(
            ChartSeries(
                name=first_line(name, 28),
                xs=[place[position] for position in drawn],
                ys=values,
                slot=slot,
                urls=partial(_url_at, model, here, drawn),
                tips=partial(_tip_at, model, info, drawn, values),
                label=len(chunk) > 1,
            )
        )
    n_values = sum(len(series.values) for series in info.series)
    listed = "every number" if n_values <= _MAX_VALUES else f"the newest {_MAX_VALUES} numbers"
    levels = describe_levels(found)
    chart = line_chart(
        lines,
        chart_id=f"history{number}",
        title=f"{info.name} of {format_count(len(positions), 'run')}",
        description=" ".join(filter(None, [_lede(model, info), levels, f"The table of values has {listed}."])),
        height=210,
        x_kind="category",
        x_labels=run_labels([model.columns.started_at[position] for position in positions]),
        y_format=tick_format(info.form),
        rules=[(place[at], label) for at, label in label_changes(found, model) if at in place],
        levels=[*_level_lines(found, place)],
    )
    which = "each run" if len(positions) == len(every) else f"the newest {len(positions):,} of {len(every):,} runs"
    return HistoryChart(f"Value at the end of {which}, in the order they began. {levels}".strip(), chart)


def _level_lines(found: Sequence[SeriesLevels], place: Mapping[int, int]) -> Iterator[tuple[float, float, float]]:
    """Give the levels as they are drawn, of those that began before the frame the rest."""
    for first, last, value in chain(*(one.lines() for one in found)):
        if last in place:
            yield place.get(first, 0), place[last], value


def _url_at(model: Model, here: Here, positions: Sequence[int], index: int) -> str:
    return here.run(model.run_at(positions[index])).url


def _tip_at(model: Model, info: MetricInfo, positions: Sequence[int], values: Sequence[float], index: int) -> str:
    run = model.run_at(positions[index])
    return f"{run.name}, {format_date(run.started_at)}: {format_number(values[index], info.form)}"


def _series_row(model: Model, here: Here, info: MetricInfo, series: Series, number: int) -> SeriesRow:
    values = series.values
    recent = [value for value in values[-_MEAN_OF:] if math.isfinite(value)]
    pick = {"max": max, "min": min}.get(info.options.goal or "")
    finite = [value for value in values if math.isfinite(value)] if pick else []
    best = pick(finite) if pick and finite else None
    best_run = None if best is None else model.run_at(series.positions[values.index(best)])
    slot = number % _MAX_SERIES + 1
    return SeriesRow(
        pipeline=here.pipeline(series.pipeline),
        deployment=series.deployment,
        n_runs=format_count(len(values), "run"),
        sample=sample(ChartSeries("", [], [], slot=slot)) if len(info.series) > 1 else Markup(),
        last=format_number(values[-1], info.form),
        change=change_of(info, values[-1], values[-2] if len(values) > 1 else None),
        best=Link(format_number(best, info.form), here.run(best_run).url) if best_run else Link("–"),
        best_when=format_date(best_run.started_at) if best_run else "",
        mean=format_number(mean(recent), info.form) if recent else "–",
        spread=f"± {format_number(deviation(recent), info.form)}, {format_count(len(recent), 'run')}" if recent else "",
        spark=sparkline(values[-30:]),
    )


def _newest_values(info: MetricInfo, n: int) -> list[tuple[int, float, float | None]]:
    """Give the newest values, each with the position of its run before and the value before after it, oldest first."""
    rows: list[tuple[int, float, float | None]] = []
    for series in info.series:
        start = max(len(series.values) - n, 0)
        before = [series.values[start - 1] if start else None, *series.values[start:]]
        rows += zip(series.positions[start:], series.values[start:], before, strict=False)
    return sorted(rows)[-n:]


def _value_rows(model: Model, here: Here, info: MetricInfo) -> list[ValueRow]:
    return [
        ValueRow(
            run=here.run(run := model.run_at(position)),
            pipeline=here.pipeline(run.pipeline),
            recorded=short_moment(run.started_at),
            value=format_number(value, info.form),
            change=describe_change(value, before, info.form, goal=info.options.goal, tolerance=info.options.tolerance),
        )
        for position, value, before in reversed(_newest_values(info, _MAX_VALUES))
    ]


def _values_file(model: Model, info: MetricInfo) -> RawFile:
    start = _start_of_newest(info, _MAX_ROWS)
    values: dict[int, float] = {}
    for series in info.series:
        first = bisect_left(series.positions, start)
        values.update(zip(series.positions[first:], series.values[first:], strict=True))
    begun = _begin_rows(model)
    rows = [f"{begun[at]},{values[at]!r}\n" for at in sorted(values)]
    text = "".join(["started_at,run_id,pipeline,deployment,value\n", *rows])
    return RawFile(urls.download(urls.metric(info.name), "csv"), text.encode())


def _start_of_newest(info: MetricInfo, n: int) -> int:
    """Give the position from which on at most `n` runs have a value."""
    last = max(series.positions[-1] for series in info.series)

    def count(start: int) -> int:
        return sum(len(series.positions) - bisect_left(series.positions, start) for series in info.series)

    return bisect_left(range(last), -n, key=lambda start: -count(start))


@lru_cache(maxsize=1)
def _begin_rows(model: Model) -> list[str]:
    """Give for each run how a row of CSV begins that is about it, made column by column."""
    columns = model.columns
    places = [*zip(columns.pipeline, columns.deployment, strict=True)]
    written = {place: _csv_row(place) for place in {*places}}
    ids = columns.ids if _PLAIN.fullmatch("".join(columns.ids)) else map(_csv_row, zip(columns.ids))
    parts = (_iso_times(columns.started_at), text_array(ids), text_array(written[place] for place in places))
    rows: list[str] = pc.binary_join_element_wise(*parts, *text_array([","])).to_pylist()
    return rows


def _csv_row(cells: Sequence[str]) -> str:
    rows: list[str] = []
    csv.writer(SimpleNamespace(write=rows.append), lineterminator="\n").writerow(cells)
    return rows[0][:-1]


def _iso_times(ats_us: Sequence[int]) -> Any:
    """Give many times as `text.iso_time` does, as a column."""
    first, last = int_array([_FIRST_US, _LAST_US])
    ats: Any = pc.min_element_wise(pc.max_element_wise(int_array(ats_us), first), last)
    texts: Any = pc.binary_replace_slice(ats.cast(pa.timestamp("us")).cast(pa.string()), 10, 11, "T")
    return pc.binary_join_element_wise(texts, *text_array(["", "Z"]))
