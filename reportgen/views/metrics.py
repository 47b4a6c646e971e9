"""All metrics: the last value and change of each, by pipeline."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.charts import sparkline
from reportgen.model import MetricInfo, Model
from reportgen.text import Change, format_count, format_number, format_short_time
from reportgen.views.parts import Frame, Here, Link, Page, change_of, make_frame

_HISTORY = 20


class MetricRow(msgspec.Struct, frozen=True):
    """A metric of a pipeline: last value, change, best, last 20 values."""

    metric: Link
    goal: str
    last: str
    run: Link
    when: str
    change: Change | None
    best: str
    spark: Markup


class MetricGroup(msgspec.Struct, frozen=True):
    """The metrics of one pipeline and deployment."""

    pipeline: Link
    deployment: str
    rows: Sequence[MetricRow]


class MetricsView(msgspec.Struct, frozen=True):
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


def make_page(model: Model) -> Page:
    """Make the list of metrics."""
    here = Here(urls.METRICS)
    values: dict[tuple[str, str], list[MetricRow]] = {}
    lists: dict[tuple[str, str], list[MetricRow]] = {}
    for info in model.metrics.values():
        for series in info.series:
            values.setdefault((series.pipeline, series.deployment), []).append(
                _make_row(model, here, info, series.values, series.positions[-1])
            )
        for line in info.lists:
            lasts = [last for last in line.lasts if last is not None]
            row = _make_row(model, here, info, lasts, line.positions[-1])
            lists.setdefault((line.pipeline, line.deployment), []).append(row)
    view = MetricsView(
        frame=make_frame(model, urls.METRICS, "Metrics"),
        kind=format_count(len(model.metrics), "name"),
        groups=_groups(here, values),
        list_groups=_groups(here, lists),
    )
    return Page(urls.METRICS, "metrics.html", view)


def _groups(here: Here, rows: dict[tuple[str, str], list[MetricRow]]) -> list[MetricGroup]:
    return [
        MetricGroup(here.pipeline(pipeline), deployment, rows[pipeline, deployment])
        for pipeline, deployment in sorted(rows)
    ]


def goal_text(info: MetricInfo) -> str:
    """Say which direction is better."""
    return {"max": "higher is better", "min": "lower is better", None: ""}[info.options.goal]


def _make_row(model: Model, here: Here, info: MetricInfo, values: Sequence[float], position: int) -> MetricRow:
    """Make the row of a metric in one pipeline and deployment, whose newest run is at a position."""
    run = model.run_at(position)
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
