"""A pipeline: its runs, how long they took and what they measured over time, how many succeeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series, line_chart
from reportgen.model import Model, Pipeline, Run
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
    iso_day,
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
    headline_metrics,
    make_frame,
    tick_format,
)
from reportgen.views.runs import RunDay, count_statuses, group_by_day

_N_RUNS = 200
_N_CHARTS = 12
_MAX_LINES = 5


@dataclass(frozen=True)
class Trend:
    """A quantity over the pipeline's runs: its name and page, last value, change, chart."""

    name: Link
    last: str
    change: Change | None
    chart: Markup


@dataclass(frozen=True)
class PipelineView:
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
    """

    frame: Frame
    mark: Mark
    name: str
    lede: str
    facts: Sequence[Fact]
    trends: Sequence[Trend]
    days: Sequence[RunDay]
    runs_note: str


def make_pages(model: Model) -> Iterator[Page]:
    """Make the page of every pipeline."""
    for pipeline in model.pipelines.values():
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
            trends=[_duration_trend(here, pipeline), *_metric_trends(model, here, pipeline)],
            days=group_by_day(model, here, shown),
            runs_note=note if len(shown) == len(pipeline.runs) else f"The newest {len(shown)} of {note}",
        )
        yield Page(url, "pipeline.html", view)


def _lede(pipeline: Pipeline) -> str:
    newest = pipeline.newest
    ended = {"running": "is running", "stalled": "has stalled", "cancelled": "was cancelled"}
    outcome = ended.get(newest.status, newest.status)
    runs = "its only run" if len(pipeline.runs) == 1 else f"{count_word(len(pipeline.runs))} runs"
    if len(pipeline.runs) == 1:
        return f"{runs.capitalize()} {outcome}."
    return f"The newest of {runs} {outcome}; in all, {count_statuses(pipeline.runs)}."


def _facts(here: Here, pipeline: Pipeline) -> list[Fact]:
    newest = pipeline.newest
    ended = [run for run in pipeline.runs if run.status in ("completed", "failed")]
    completed = [run for run in ended if run.status == "completed"]
    deployments = sorted({run.deployment for run in pipeline.runs if run.deployment})
    facts = [Fact("Newest run", [here.run(newest), Link(format_short_time(newest.started_at))])]
    if ended:
        rate = f"{100 * len(completed) / len(ended):.0f}\u00a0%"
        facts.append(Fact("Success rate", [Link(f"{rate}, {len(completed)} of {len(ended)}")]))
    if completed:
        usual = format_duration(round(median(run.duration_us for run in completed)))
        facts.append(Fact("Takes", [Link(f"{usual} (median)")]))
    if deployments:
        facts.append(Fact("Deployment", [Link(", ".join(deployments))]))
    facts.append(Fact("Since", [Link(format_date(pipeline.runs[0].started_at))]))
    return facts


def run_labels(runs: Sequence[Run]) -> list[str]:
    """Short labels of runs along an axis: the day; where all began on one day the time, with seconds if need be."""
    starts = [run.started_at for run in runs]
    if len({iso_day(at) for at in starts}) > 1:
        return [format_date(at).rsplit(" ", 1)[0] for at in starts]
    minutes = [format_clock(at) for at in starts]
    crowded = len(set(minutes)) <= len(minutes) // 2
    return [format_clock(at, seconds=True) for at in starts] if crowded else minutes


def _duration_trend(here: Here, pipeline: Pipeline) -> Trend:
    runs = [run for run in pipeline.runs if run.ended_at is not None] or list(pipeline.runs)
    chart = _trend_chart(
        here,
        pipeline,
        {run.id: run.duration_us / 1e6 for run in runs},
        chart_id="duration",
        title=f"Duration of {format_count(len(runs), 'run')}",
        description=f"From {format_duration(runs[0].duration_us)} to {format_duration(runs[-1].duration_us)}.",
        write=lambda seconds: format_duration(round(seconds * 1e6)),
        tick=lambda seconds: format_duration(round(seconds * 1e6)),
        from_zero=True,
    )
    return Trend(Link("Duration"), format_duration(runs[-1].duration_us), None, chart)


def _trend_chart(
    here: Here,
    pipeline: Pipeline,
    values: Mapping[str, float],
    *,
    chart_id: str,
    title: str,
    description: str,
    write: Callable[[float], str],
    tick: Callable[[float], str],
    from_zero: bool = False,
) -> Markup:
    """Draw a number of some runs, by run id, a line for each deployment."""
    runs = [run for run in pipeline.runs if run.id in values]
    place = {run.id: position for position, run in enumerate(runs)}
    deployments = sorted({run.deployment for run in runs})
    lines = [[run for run in runs if run.deployment == deployment] for deployment in deployments[:_MAX_LINES]]
    return line_chart(
        [
            Series(
                first_line(deployment, 28) or "no deployment",
                [place[run.id] for run in line],
                [values[run.id] for run in line],
                slot=slot,
                urls=[here.run(run).url for run in line],
                tips=[f"{run.name}, {format_short_time(run.started_at)}: {write(values[run.id])}" for run in line],
                label=len(lines) > 1,
            )
            for slot, (deployment, line) in enumerate(zip(deployments, lines, strict=False), 1)
        ],
        chart_id=chart_id,
        title=title,
        description=description,
        height=120,
        x_kind="category",
        x_labels=run_labels(runs),
        y_format=tick,
        y_from_zero=from_zero,
    )


def _metric_trends(model: Model, here: Here, pipeline: Pipeline) -> Iterator[Trend]:
    seen: dict[str, None] = {}
    for run in reversed(pipeline.runs):
        for value in headline_metrics(model, run, len(run.metrics)):
            seen.setdefault(value.name)
    for number, name in enumerate(list(seen)[:_N_CHARTS]):
        info = model.metrics[name]
        runs = [run for run in pipeline.runs if name in run.metrics]
        newest = runs[-1].metrics[name]
        before = model.value_before(newest)
        last = format_number(newest.value, info.form)
        chart = _trend_chart(
            here,
            pipeline,
            {run.id: run.metrics[name].value for run in runs},
            chart_id=f"trend{number}",
            title=f"{name} of {format_count(len(runs), 'run')}",
            description=f"{name} of the newest run is {last}.",
            write=partial(format_number, form=info.form),
            tick=tick_format(info.form),
        )
        yield Trend(here.metric(name), last, change_of(info, newest.value, before.value if before else None), chart)
