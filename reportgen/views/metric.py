"""A metric: its value over all runs by pipeline, its list metrics overlaid, every value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series as ChartSeries
from reportgen.charts import line_chart, sample, sparkline
from reportgen.model import MetricInfo, Model, Run, Series
from reportgen.stats import deviation, mean
from reportgen.text import Change, describe_change, first_line, format_count, format_date, format_number, iso_time
from reportgen.views.content import to_csv
from reportgen.views.metrics import goal_text, list_series
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
_MAX_VALUES = 1000
_MEAN_OF = 14


@dataclass(frozen=True)
class SeriesRow:
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


@dataclass(frozen=True)
class HistoryChart:
    """Values over runs: what it shows, and the chart."""

    caption: str
    chart: Markup


@dataclass(frozen=True)
class ValueRow:
    """A value of a run."""

    run: Link
    pipeline: Link
    recorded: Moment
    value: str
    change: Change | None


@dataclass(frozen=True)
class MetricView:
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
    lists
        List metrics of this name, overlaid.
    values
        Every value, newest first, at most 1,000.
    values_label
        How many there are.
    """

    frame: Frame
    name: str
    kind: str
    lede: str
    facts: Sequence[Fact]
    histories: Sequence[HistoryChart]
    rows: Sequence[SeriesRow]
    lists: Sequence[ListChart]
    values: Sequence[ValueRow]
    values_label: str


def make_pages(model: Model) -> Iterator[Page | RawFile]:
    """Make the page of every metric, and its values as CSV."""
    for info in model.metrics.values():
        yield make_page(model, info)
        if info.series:
            yield _values_file(model, info)


def make_page(model: Model, info: MetricInfo) -> Page:
    """Make the page of one metric."""
    url = urls.metric(info.name)
    here = Here(url)
    chunks = [info.series[start : start + _MAX_SERIES] for start in range(0, len(info.series), _MAX_SERIES)]
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
        lists=[
            make_list_chart(model, here, info, place, summaries, number)
            for number, (place, summaries) in enumerate(list_series(model, info).items())
        ],
        values=values[:_MAX_VALUES],
        values_label=f"Table of {format_count(len(values), 'value')}"
        if len(values) <= _MAX_VALUES
        else f"The newest {_MAX_VALUES:,} of {len(values):,} values; the download has all",
    )
    return Page(url, "metric.html", view)


def _place(series: Series) -> str:
    return f"{series.pipeline}, {series.deployment}" if series.deployment else series.pipeline


def _lede(model: Model, info: MetricInfo) -> str:
    """The newest value of the pipeline that ran last, and its change."""
    if info.series:
        series = max(info.series, key=lambda series: model.run_by_id[series.values[-1].run_id].started_at)
        now = series.values[-1].value
        before = series.values[-2].value if len(series.values) > 1 else None
        name = series.pipeline
    else:
        newest = max(info.lists, key=lambda summary: model.run_by_id[summary.run_id].started_at)
        run = model.run_by_id[newest.run_id]
        old = model.run_before(run)
        now = newest.last if newest.last is not None else math.nan
        before = old.lists[info.name].last if old and info.name in old.lists else None
        name = run.pipeline
    change = change_of(info, now, before)
    text = f"{name}: {format_number(now, info.form)}"
    return f"{text}, {change.text}{' ' + change.word if change.word else ''}." if change else f"{text}."


def _facts(model: Model, here: Here, info: MetricInfo) -> list[Fact]:
    runs = [model.run_by_id[value.run_id] for series in info.series for value in series.values]
    runs = runs or [model.run_by_id[summary.run_id] for summary in info.lists]
    pipelines = {run.pipeline for run in runs}
    first, last = min(run.started_at for run in runs), max(run.started_at for run in runs)
    days = (
        format_date(first)
        if format_date(first) == format_date(last)
        else f"{format_date(first)} to {format_date(last)}"
    )
    by = f"{format_count(len(pipelines), 'pipeline')}, {format_count(len(runs), 'run')}, {days}"
    facts = [Fact("Recorded by", [Link(by)])]
    if info.series and info.lists:
        facts.append(Fact("Also a list metric", [Link(format_count(len(info.lists), "run"), "#lists")]))
    if info.options.goal:
        tolerance = (
            f"; ±{format_number(info.options.tolerance * 100)}\u00a0% is noise" if info.options.tolerance else ""
        )
        facts.append(Fact("Goal and tolerance", [Link(goal_text(info) + tolerance)]))
    downloads = [Link("values as CSV", here.to(urls.download(urls.metric(info.name), "csv")))] if info.series else []
    downloads += [Link("points as Parquet", here.to(urls.DATA))] if info.lists else []
    return [*facts, Fact("Download", comma_separated(downloads))]


def _history(model: Model, here: Here, info: MetricInfo, chunk: Sequence[Series], number: int) -> HistoryChart:
    runs = sorted(
        {v.run_id for series in chunk for v in series.values}, key=lambda i: (model.run_by_id[i].started_at, i)
    )
    place = {run_id: position for position, run_id in enumerate(runs)}
    lines = [
        ChartSeries(
            name=first_line(series.pipeline if len({s.pipeline for s in chunk}) == len(chunk) else _place(series), 28),
            xs=[place[value.run_id] for value in series.values],
            ys=[value.value for value in series.values],
            slot=position + 1,
            urls=[here.to(urls.run(value.run_id)) for value in series.values],
            tips=[_tip(model, info, value.run_id, value.value) for value in series.values],
            label=len(chunk) > 1,
        )
        for position, series in enumerate(chunk)
    ]
    chart = line_chart(
        lines,
        chart_id=f"history{number}",
        title=f"{info.name} of {format_count(len(runs), 'run')}",
        description=f"{_lede(model, info)} The table of values has every number.",
        height=210,
        x_kind="category",
        x_labels=run_labels([model.run_by_id[run_id] for run_id in runs]),
        y_format=tick_format(info.form),
    )
    return HistoryChart("Value at the end of each run, in the order they began.", chart)


def _tip(model: Model, info: MetricInfo, run_id: str, value: float) -> str:
    run = model.run_by_id[run_id]
    return f"{run.name}, {format_date(run.started_at)}: {format_number(value, info.form)}"


def _series_row(model: Model, here: Here, info: MetricInfo, series: Series, number: int) -> SeriesRow:
    values = [value.value for value in series.values]
    recent = [value for value in values[-_MEAN_OF:] if math.isfinite(value)]
    finite = [value for value in series.values if math.isfinite(value.value)]
    pick = {"max": max, "min": min}.get(info.options.goal or "")
    best = pick(finite, key=lambda value: value.value) if pick and finite else None
    best_run = model.run_by_id[best.run_id] if best else None
    slot = number % _MAX_SERIES + 1
    return SeriesRow(
        pipeline=here.pipeline(series.pipeline),
        deployment=series.deployment,
        n_runs=format_count(len(values), "run"),
        sample=sample(ChartSeries("", [], [], slot=slot)) if len(info.series) > 1 else Markup(),
        last=format_number(values[-1], info.form),
        change=change_of(info, values[-1], values[-2] if len(values) > 1 else None),
        best=Link(format_number(best.value, info.form), here.run(best_run).url) if best and best_run else Link("–"),
        best_when=format_date(best_run.started_at) if best_run else "",
        mean=format_number(mean(recent), info.form) if recent else "–",
        spread=f"± {format_number(deviation(recent), info.form)}, {format_count(len(recent), 'run')}" if recent else "",
        spark=sparkline(values[-30:]),
    )


def _all_values(model: Model, info: MetricInfo) -> list[tuple[Run, float, float | None]]:
    """Every value with its run and the value before, oldest first."""
    rows = []
    for series in info.series:
        before: float | None = None
        for value in series.values:
            rows.append((model.run_by_id[value.run_id], value.value, before))
            before = value.value
    return sorted(rows, key=lambda row: (row[0].started_at, row[0].id))


def _value_rows(model: Model, here: Here, info: MetricInfo) -> list[ValueRow]:
    return [
        ValueRow(
            run=here.run(run),
            pipeline=here.pipeline(run.pipeline),
            recorded=short_moment(run.started_at),
            value=format_number(value, info.form),
            change=describe_change(value, before, info.form, goal=info.options.goal, tolerance=info.options.tolerance),
        )
        for run, value, before in reversed(_all_values(model, info))
    ]


def _values_file(model: Model, info: MetricInfo) -> RawFile:
    rows = [
        [iso_time(run.started_at), run.id, run.pipeline, run.deployment, value]
        for run, value, _ in _all_values(model, info)
    ]
    url = urls.download(urls.metric(info.name), "csv")
    return RawFile(url, to_csv(["started_at", "run_id", "pipeline", "deployment", "value"], rows))
