"""A pipeline: its runs, how long they took and what they measured over time, how many succeeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series, line_chart
from reportgen.model import MetricInfo, Model, Pipeline
from reportgen.text import (
    Change,
    count_word,
    first_line,
    format_clock,
    format_count,
    format_date,
    format_duration,
    format_number,
    format_short_time,
)
from reportgen.views.parts import (
    MARKS,
    Fact,
    Frame,
    Here,
    Link,
    Mark,
    Page,
    change_of,
    headline_order,
    make_frame,
    tick_format,
)
from reportgen.views.runs import RunDay, describe_statuses, group_by_day

_N_RUNS = 200
_N_CHARTS = 12
_MAX_RUNS = 400
_MAX_LINES = 5
_DAYS_OF_YEAR = 366
_MINUTE_US = 60_000_000
_DAY_US = 24 * 60 * _MINUTE_US


class Trend(msgspec.Struct, frozen=True):
    """A quantity over the pipeline's runs: its name and page, last value, change, chart."""

    name: Link
    last: str
    change: Change | None
    chart: Markup


class PipelineView(msgspec.Struct, frozen=True):
    """A pipeline's page.

    Attributes
    ----------
    frame
        What surrounds the page.
    mark
        How its newest run ended.
    name
        The pipeline.
    lede
        How it does, in a sentence.
    facts
        Newest run, success rate, usual duration.
    trends
        Duration and metrics over its runs.
    days
        Its runs by day, newest first.
    runs_note
        How many there are.
    compare
        Where runs are compared.
    """

    frame: Frame
    mark: Mark
    name: str
    lede: str
    facts: Sequence[Fact]
    trends: Sequence[Trend]
    days: Sequence[RunDay]
    runs_note: str
    compare: Link


def make_page(model: Model, pipeline: Pipeline) -> Page:
    """Make the page of a pipeline."""
    url = urls.pipeline(pipeline.name)
    here = Here(url)
    shown = pipeline.runs[-_N_RUNS:]
    note = format_count(len(pipeline.runs), "run")
    view = PipelineView(
        frame=make_frame(model, url, pipeline.name, crumbs=[("Pipelines", urls.PIPELINES)]),
        mark=MARKS[pipeline.newest.status],
        name=pipeline.name,
        lede=_lede(pipeline),
        facts=_facts(here, pipeline),
        trends=[_duration_trend(model, here, pipeline), *_metric_trends(model, here, pipeline)],
        days=group_by_day(model, here, shown),
        runs_note=note if len(shown) == len(pipeline.runs) else f"The newest {len(shown)} of {note}",
        compare=here.comparison("Choose runs to compare"),
    )
    return Page(url, "pipeline.html", view)


def _lede(pipeline: Pipeline) -> str:
    newest = pipeline.newest
    ended = {"running": "is running", "stalled": "has stalled", "cancelled": "was cancelled"}
    outcome = ended.get(newest.status, newest.status)
    runs = "its only run" if len(pipeline.runs) == 1 else f"{count_word(len(pipeline.runs))} runs"
    if len(pipeline.runs) == 1:
        return f"{runs.capitalize()} {outcome}."
    return f"The newest of {runs} {outcome}; in all, {describe_statuses(pipeline.runs)}."


def _facts(here: Here, pipeline: Pipeline) -> list[Fact]:
    newest = pipeline.newest
    counts = pipeline.runs.count_statuses()
    n_ended = counts["completed"] + counts["failed"]
    deployments = sorted(filter(None, pipeline.runs.deployments))
    facts = [Fact("Newest run", [here.run(newest), Link(format_short_time(newest.started_at))])]
    if n_ended:
        rate = f"{100 * counts['completed'] / n_ended:.0f}\u00a0%"
        facts.append(Fact("Success rate", [Link(f"{rate}, {counts['completed']} of {n_ended}")]))
    if counts["completed"]:
        usual = format_duration(round(median(pipeline.runs.durations_us("completed"))))
        facts.append(Fact("Takes", [Link(f"{usual} (median)")]))
    if deployments:
        facts.append(Fact("Deployment", [Link(", ".join(deployments))]))
    facts.append(Fact("Since", [Link(format_date(pipeline.runs[0].started_at))]))
    return facts


def run_labels(starts: Sequence[int]) -> list[str]:
    """Label the beginnings of runs along an axis: the day, or of more than a year the month with its year.

    Where all are of one day it is the time, in seconds if need be.
    """
    days = [at // _DAY_US for at in starts]
    if len(set(days)) > 1:
        part = slice(1, None) if max(days) - min(days) > _DAYS_OF_YEAR else slice(-1)
        names = {day: " ".join(format_date(day * _DAY_US).split(" ")[part]) for day in set(days)}
        return [names[day] for day in days]
    minutes = [at // _MINUTE_US for at in starts]
    if len(set(minutes)) <= len(minutes) // 2:
        return [format_clock(at, seconds=True) for at in starts]
    clocks = {minute: format_clock(minute * _MINUTE_US) for minute in set(minutes)}
    return [clocks[minute] for minute in minutes]


def _duration_trend(model: Model, here: Here, pipeline: Pipeline) -> Trend:
    columns = model.columns
    drawn = pipeline.runs[-_MAX_RUNS:].positions
    positions = [position for position in drawn if columns.ended_at[position] is not None] or drawn
    durations = [columns.duration_us(position) for position in positions]
    chart = _trend_chart(
        model,
        here,
        positions,
        [duration / 1e6 for duration in durations],
        chart_id="duration",
        title=f"Duration of {format_count(len(positions), 'run')}",
        description=f"From {format_duration(durations[0])} to {format_duration(durations[-1])}.",
        write=lambda seconds: format_duration(round(seconds * 1e6)),
        tick=lambda seconds: format_duration(round(seconds * 1e6)),
        from_zero=True,
    )
    return Trend(Link("Duration"), format_duration(durations[-1]), None, chart)


def _trend_chart(
    model: Model,
    here: Here,
    positions: Sequence[int],
    values: Sequence[float],
    *,
    chart_id: str,
    title: str,
    description: str,
    write: Callable[[float], str],
    tick: Callable[[float], str],
    from_zero: bool = False,
) -> Markup:
    """Draw a number of each of some runs, oldest first, a line for each deployment."""
    places: dict[str, list[int]] = {}
    for place, position in enumerate(positions):
        places.setdefault(model.columns.deployment[position], []).append(place)
    lines = sorted(places.items())[:_MAX_LINES]
    return line_chart(
        [
            Series(
                first_line(deployment, 28) or "no deployment",
                line,
                [values[place] for place in line],
                slot=slot,
                urls=partial(_url_at, model, here, [positions[place] for place in line]),
                tips=partial(_tip_at, model, write, [(positions[place], values[place]) for place in line]),
                label=len(lines) > 1,
            )
            for slot, (deployment, line) in enumerate(lines, 1)
        ],
        chart_id=chart_id,
        title=title,
        description=description,
        height=120,
        x_kind="category",
        x_labels=run_labels([model.columns.started_at[position] for position in positions]),
        y_format=tick,
        y_from_zero=from_zero,
    )


def _url_at(model: Model, here: Here, positions: Sequence[int], index: int) -> str:
    return here.run(model.run_at(positions[index])).url


def _tip_at(model: Model, write: Callable[[float], str], points: Sequence[tuple[int, float]], index: int) -> str:
    position, value = points[index]
    run = model.run_at(position)
    return f"{run.name}, {format_short_time(run.started_at)}: {write(value)}"


def _metric_trends(model: Model, here: Here, pipeline: Pipeline) -> Iterator[Trend]:
    """Draw the metrics that were recorded last; of those of one run the headline metrics first."""
    found: list[tuple[int, int, MetricInfo, Sequence[int], Sequence[float]]] = []
    for rank, name in enumerate(headline_order(model, model.metrics)):
        series = [one for one in model.metrics[name].series if one.pipeline == pipeline.name]
        if series:
            pairs = sorted(pair for one in series for pair in zip(one.positions, one.values, strict=True))
            shown = pairs[-_MAX_RUNS:]
            columns = [position for position, _ in shown], [value for _, value in shown]
            found.append((-shown[-1][0], rank, model.metrics[name], *columns))
    for number, (_, _, info, positions, values) in enumerate(sorted(found, key=lambda one: one[:2])[:_N_CHARTS]):
        name = info.name
        deployment = model.columns.deployment[positions[-1]]
        before = info.series_of(pipeline.name, deployment).values_before(positions[-1], 1)
        last = format_number(values[-1], info.form)
        chart = _trend_chart(
            model,
            here,
            positions,
            values,
            chart_id=f"trend{number}",
            title=f"{name} of {format_count(len(positions), 'run')}",
            description=f"{name} of the newest run is {last}.",
            write=partial(format_number, form=info.form),
            tick=tick_format(info.form),
        )
        yield Trend(here.metric(name), last, change_of(info, values[-1], before[0] if before else None), chart)
