"""All metrics: the last value and change of each, by pipeline."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reportgen import urls
from reportgen.charts import sparkline
from reportgen.model import ListSummary, MetricInfo, Model, Series
from reportgen.text import Change, format_count, format_number, format_short_time
from reportgen.views.parts import Frame, Here, Link, Page, change_of, make_frame

_HISTORY = 20


@dataclass(frozen=True)
class MetricRow:
    """A metric of a pipeline: last value, change, best, last 20 values."""

    metric: Link
    goal: str
    last: str
    run: Link
    when: str
    change: Change | None
    best: str
    spark: Markup


@dataclass(frozen=True)
class MetricGroup:
    """The metrics of one pipeline and deployment."""

    pipeline: Link
    deployment: str
    rows: Sequence[MetricRow]


@dataclass(frozen=True)
class MetricsView:
    """The list of metrics.

    Attributes
    ----------
    frame
        What surrounds the page.
    kind
        How many there are, in words.
    groups
        Metrics by pipeline and deployment.
    list_groups
        List metrics, the same way.
    """

    frame: Frame
    kind: str
    groups: Sequence[MetricGroup]
    list_groups: Sequence[MetricGroup]


def make_pages(model: Model) -> Iterator[Page]:
    """Make the list of metrics."""
    here = Here(urls.METRICS)
    values: dict[tuple[str, str], list[MetricRow]] = {}
    lists: dict[tuple[str, str], list[MetricRow]] = {}
    for info in model.metrics.values():
        for series in info.series:
            values.setdefault((series.pipeline, series.deployment), []).append(_value_row(model, here, info, series))
        for place, summaries in list_series(model, info).items():
            lists.setdefault(place, []).append(_list_row(model, here, info, summaries))
    view = MetricsView(
        frame=make_frame(model, urls.METRICS, "Metrics"),
        kind=format_count(len(model.metrics), "name"),
        groups=_groups(here, values),
        list_groups=_groups(here, lists),
    )
    yield Page(urls.METRICS, "metrics.html", view)


def _groups(here: Here, rows: dict[tuple[str, str], list[MetricRow]]) -> list[MetricGroup]:
    return [
        MetricGroup(here.pipeline(pipeline), deployment, rows[pipeline, deployment])
        for pipeline, deployment in sorted(rows)
    ]


def list_series(model: Model, info: MetricInfo) -> dict[tuple[str, str], list[ListSummary]]:
    """The list metrics of a name by pipeline and deployment, oldest first."""
    places: dict[tuple[str, str], list[ListSummary]] = {}
    for summary in info.lists:
        run = model.run_by_id[summary.run_id]
        places.setdefault((run.pipeline, run.deployment), []).append(summary)
    return dict(sorted(places.items()))


def goal_text(info: MetricInfo) -> str:
    """Say which direction is better."""
    return {"max": "higher is better", "min": "lower is better", None: ""}[info.options.goal]


def _value_row(model: Model, here: Here, info: MetricInfo, series: Series) -> MetricRow:
    return _row(model, here, info, [v.value for v in series.values], series.values[-1].run_id)


def _list_row(model: Model, here: Here, info: MetricInfo, summaries: Sequence[ListSummary]) -> MetricRow:
    return _row(model, here, info, [s.last for s in summaries if s.last is not None], summaries[-1].run_id)


def _row(model: Model, here: Here, info: MetricInfo, values: Sequence[float], run_id: str) -> MetricRow:
    run = model.run_by_id[run_id]
    last, before = (values[-1] if values else None), (values[-2] if len(values) > 1 else None)
    finite = [value for value in values if math.isfinite(value)]
    pick = {"max": max, "min": min}.get(info.options.goal or "")
    return MetricRow(
        metric=here.metric(info.name),
        goal=goal_text(info),
        last=format_number(last, info.form),
        run=here.run(run),
        when=format_short_time(run.started_at),
        change=change_of(info, last, before),
        best=format_number(pick(finite), info.form) if pick and finite else "",
        spark=sparkline(values[-_HISTORY:]),
    )
