"""A run: how it went, what it measured, what it made, with what it was set up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reportgen import urls
from reportgen.charts import Series, legend, line_chart, waterfall_bar
from reportgen.model import Artifact, ListSummary, Model, Run, Step
from reportgen.text import (
    Change,
    count_word,
    format_count,
    format_date,
    format_duration,
    format_number,
    format_short_time,
    format_time,
    join_words,
)
from reportgen.views.content import Card, artifact_page, artifact_title, make_card, to_csv
from reportgen.views.parts import (
    MARKS,
    Fact,
    Frame,
    Here,
    Link,
    Mark,
    MetricCell,
    Page,
    RawFile,
    change_of,
    duration_text,
    headline_metrics,
    make_frame,
    metric_cell,
)

_TABLE_POINTS = 200


@dataclass(frozen=True)
class Curve:
    """A list metric of the run as a chart; its last value and how that changed."""

    metric: Link
    last: str
    change: Change | None
    chart: Markup


@dataclass(frozen=True)
class PointTable:
    """The points of the list metrics: a column for each, a row for each position."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    label: str


@dataclass(frozen=True)
class StepRow:
    """A step: its bar in the waterfall and what it recorded."""

    anchor: str
    mark: Mark
    name: str
    indent: int
    note: str
    took: str
    bar: Markup
    recorded: Sequence[Link]
    error: str


@dataclass(frozen=True)
class ErrorView:
    """An error: what failed, in words, and the traceback."""

    mark: Mark
    where: str
    type: str
    message: str
    traceback: str


@dataclass(frozen=True)
class StepCards:
    """The artifacts that one step recorded."""

    step: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class LineageRow:
    """What the run read or wrote: step, direction and the version or dataset."""

    step: str
    verb: str
    what: Link
    note: str


@dataclass(frozen=True)
class Pair:
    """A named value; `before` is the value of the run before where it differs."""

    name: str
    value: str
    before: str | None


@dataclass(frozen=True)
class ProblemRow:
    """A line that could not be used."""

    place: str
    reason: str


@dataclass(frozen=True)
class RunView:
    """A run's page.

    Attributes
    ----------
    frame
        What surrounds the page.
    mark
        How it ended.
    name
        What it is called.
    pipeline
        The pipeline it is a run of.
    lede
        The outcome in a sentence.
    facts
        When, how long, neighbours, id.
    sections
        The sections that this page has, for jumping.
    before
        The run that it is compared with.
    metrics
        Its metrics beside the values before.
    curves, curve_legend, points
        Its list metrics as charts and as a table.
    points_url
        All points as CSV.
    steps
        The waterfall.
    timeline
        What the waterfall spans, in words.
    errors
        Errors of the run and of steps.
    artifacts, n_artifacts
        What it recorded, by step.
    lineage
        What its steps read and wrote.
    params, context
        What it was set up with.
    records
        What was read of it, in a sentence.
    problems
        Lines that could not be used.
    """

    frame: Frame
    mark: Mark
    name: str
    pipeline: Link
    lede: str
    facts: Sequence[Fact]
    sections: Sequence[Link]
    before: Link | None
    metrics: Sequence[MetricCell]
    curves: Sequence[Curve]
    curve_legend: Markup
    points: PointTable | None
    points_url: str
    steps: Sequence[StepRow]
    timeline: str
    errors: Sequence[ErrorView]
    artifacts: Sequence[StepCards]
    n_artifacts: str
    lineage: Sequence[LineageRow]
    params: Sequence[Pair]
    context: Sequence[Pair]
    records: str
    problems: Sequence[ProblemRow]


def make_pages(model: Model) -> Iterator[Page | RawFile]:
    """Make the page of every run, and its points as CSV."""
    for run in model.runs:
        yield make_page(model, run)
        if run.lists:
            yield _points_file(model, run)


def make_page(model: Model, run: Run) -> Page:
    """Make the page of one run."""
    url = urls.run(run.id)
    here = Here(url)
    before = model.run_before(run)
    curves = [_curve(model, here, run, before, summary, n) for n, summary in enumerate(run.lists.values())]
    crumbs = [("Runs", urls.RUNS), (run.pipeline, urls.pipeline(run.pipeline))]
    cards = _cards(model, here, run)
    lineage = _lineage(model, here, run)
    errors = _errors(run)
    sections = [
        ("Metrics", "metrics", run.metrics),
        ("Curves", "curves", curves),
        ("Steps", "steps", run.steps),
        ("Errors" if len(errors) > 1 else "Error", "error", errors),
        ("Artifacts", "artifacts", cards),
        ("Lineage", "lineage", lineage),
        ("Setup", "setup", True),
        ("Records", "records", True),
    ]
    view = RunView(
        frame=make_frame(model, url, run.name, crumbs=crumbs),
        mark=MARKS[run.status],
        name=run.name,
        pipeline=here.pipeline(run.pipeline),
        lede=_lede(model, run),
        facts=_facts(model, here, run),
        sections=[Link(text, f"#{anchor}") for text, anchor, there in sections if there],
        before=here.run(before) if before else None,
        metrics=[metric_cell(model, here, run, v) for v in headline_metrics(model, run, len(run.metrics))],
        curves=curves,
        curve_legend=_curve_legend(before),
        points=_point_table(model, run) if curves else None,
        points_url=here.to(urls.download(url, "csv")),
        steps=[_step_row(model, here, run, step, n) for n, step in enumerate(run.steps)],
        timeline=f"Timeline, 0 to {format_duration(run.duration_us)}",
        errors=errors,
        artifacts=cards,
        n_artifacts=format_count(len(run.artifacts), "artifact"),
        lineage=lineage,
        params=_pairs(run.params, before.params if before else None),
        context=_pairs(run.context, before.context if before else None),
        records=_records(run),
        problems=[
            ProblemRow(f"{problem.file}, line {problem.line}" if problem.line else problem.file, problem.reason)
            for problem in run.problems
        ],
    )
    return Page(url, "run.html", view)


def _lede(model: Model, run: Run) -> str:
    """Say the outcome and what changed, in a sentence or two."""
    took = format_duration(run.duration_us)
    if run.detached:
        return "Artifacts that were recorded outside a run."
    if run.status in ("running", "stalled"):
        at = format_time(run.last_record_at)
        state = "Running" if run.status == "running" else "Stalled"
        return f"{state}: began {took} before its last record, at {at} UTC."
    text = f"{MARKS[run.status].word} {'in' if run.status == 'completed' else 'after'} {took}."
    changes = []
    for value in headline_metrics(model, run, len(run.metrics)):
        before = model.value_before(value)
        change = change_of(model.metrics[value.name], value.value, before.value if before else None)
        if change and change.word in ("better", "worse"):
            changes.append((value.name, change.word))
    for word in ("worse", "better"):
        names = [name for name, judged in changes if judged == word]
        if names:
            shown = join_words(names[:3]) if len(names) <= 3 else f"{join_words(names[:2])} and {len(names) - 2} more"
            text += f" {shown} {'is' if len(names) == 1 else 'are'} {word}."
    retried = sum(step.attempt > 1 for step in run.steps)
    if retried:
        text += f" {count_word(retried).capitalize()} step{'s' if retried > 1 else ''} needed another attempt."
    return text


def _facts(model: Model, here: Here, run: Run) -> list[Fact]:
    before, after = model.run_before(run), model.run_after(run)
    facts = [Fact("Started", [Link(format_time(run.started_at))])]
    if not run.detached:
        facts.append(Fact("Took", [Link(duration_text(run))]))
    if run.deployment:
        facts.append(Fact("Deployment", [Link(run.deployment)]))
    if run.tags:
        facts.append(Fact("Tags", [Link(", ".join(run.tags))]))
    parent = model.run_by_id.get(run.parent_id or "")
    if parent:
        facts.append(Fact("Started by", [here.run(parent)]))
    children = model.children.get(run.id, ())
    if children:
        facts.append(Fact("Started", [here.run(child) for child in children[:5]]))
    if before:
        facts.append(Fact("Run before", [here.run(before)]))
    facts.append(Fact("Run after", [here.run(after) if after else Link("none yet")]))
    facts.append(Fact("Run id", [Link(run.id)], is_id=True))
    return facts


def _series(model: Model, run: Run, name: str, *, slot: int) -> Series:
    xs, ys = model.points.fetch(name, run.id)
    return Series(name=run.name, xs=xs, ys=ys, slot=slot, weight="fat" if slot else "normal")


def _curve(model: Model, here: Here, run: Run, before: Run | None, summary: ListSummary, number: int) -> Curve:
    info = model.metrics[summary.name]
    old = before.lists.get(summary.name) if before else None
    series = [_series(model, before, summary.name, slot=0)] if before and old else []
    series.append(_series(model, run, summary.name, slot=1))
    last = format_number(summary.last, info.form)
    ended = f" The run before ended at {format_number(old.last, info.form)}." if old else ""
    chart = line_chart(
        series,
        chart_id=f"curve{number}",
        title=f"{summary.name} over {format_count(summary.n_values, 'point')}",
        description=f"{summary.name} ends at {last}.{ended}",
        height=120,
        y_format=lambda value: format_number(value, None),
    )
    return Curve(here.metric(summary.name), last, change_of(info, summary.last, old.last if old else None), chart)


def _curve_legend(before: Run | None) -> Markup:
    series = [Series("this run", [], [], slot=1, weight="fat")]
    if before:
        series.append(Series(f"the run before, {format_date(before.started_at)}", [], [], slot=0))
    return legend(series)


def _point_rows(model: Model, run: Run) -> tuple[list[str], list[list[float | None]]]:
    names = list(run.lists)
    columns: list[Mapping[int, float]] = []
    xs: dict[int, float] = {}
    for name in names:
        positions, values = model.points.fetch(name, run.id)
        columns.append(dict(enumerate(values)))
        for index, x in enumerate(positions):
            xs.setdefault(index, x)
    return names, [[xs[index], *(column.get(index) for column in columns)] for index in sorted(xs)]


def _point_table(model: Model, run: Run) -> PointTable:
    names, rows = _point_rows(model, run)
    forms = [None, *(model.metrics[name].form for name in names)]
    shown = rows[:_TABLE_POINTS]
    label = f"Table of all {len(rows)} points" if len(shown) == len(rows) else f"Table of the first {len(shown)} points"
    cells = [
        ["" if cell is None else format_number(cell, form) for cell, form in zip(row, forms, strict=True)]
        for row in shown
    ]
    return PointTable(names, cells, label)


def _points_file(model: Model, run: Run) -> RawFile:
    names, rows = _point_rows(model, run)
    return RawFile(urls.download(urls.run(run.id), "csv"), to_csv(["x", *names], rows))


def _step_row(model: Model, here: Here, run: Run, step: Step, number: int) -> StepRow:
    total = max(run.duration_us, 1)
    notes = [f"attempt {step.attempt}"] if step.attempt > 1 or _has_retry(run, step) else []
    return StepRow(
        anchor=f"step-{number + 1}",
        mark=MARKS[step.status],
        name=step.name,
        indent=min(step.depth, 4),
        note=", ".join(notes),
        took=format_duration(step.ended_at - step.started_at),
        bar=waterfall_bar(
            (step.started_at - run.started_at) / total, (step.ended_at - run.started_at) / total, step.status, _LINES
        ),
        recorded=_recorded(here, run, step),
        error=step.error.type if step.error else "",
    )


_LINES = (0.0, 0.25, 0.5, 0.75, 1.0)


def _has_retry(run: Run, step: Step) -> bool:
    return any(other.name == step.name and other.attempt > 1 for other in run.steps)


def _recorded(here: Here, run: Run, step: Step) -> list[Link]:
    """What a step recorded, in few words: artifacts as links, metrics as counts."""
    links = [
        Link(artifact_title(artifact), here.to(artifact_page(artifact)))
        for artifact in run.artifacts
        if artifact.step_id == step.id
    ]
    n_metrics = sum(value.step_id == step.id for value in run.metrics.values())
    n_lists = sum(summary.step_id == step.id for summary in run.lists.values())
    if n_lists:
        links.append(Link(format_count(n_lists, "list metric"), "#curves"))
    if n_metrics:
        links.append(Link(format_count(n_metrics, "metric"), "#metrics"))
    return links


def _errors(run: Run) -> list[ErrorView]:
    """Errors of steps, innermost first, and of the run where no step has the same one."""
    errors: list[ErrorView] = []
    seen: set[tuple[str, str]] = set()
    for step in reversed(run.steps):
        if step.error and (step.error.type, step.error.message) not in seen:
            seen.add((step.error.type, step.error.message))
            attempt = f", attempt {step.attempt}," if step.attempt > 1 or _has_retry(run, step) else ""
            where = f"Step {step.name}{attempt} failed {format_duration(step.ended_at - run.started_at)} into the run"
            errors.append(ErrorView(MARKS["failed"], where, step.error.type, step.error.message, step.error.traceback))
    if run.error and (run.error.type, run.error.message) not in seen:
        where = f"The run failed after {format_duration(run.duration_us)}"
        errors.append(ErrorView(MARKS[run.status], where, run.error.type, run.error.message, run.error.traceback))
    return errors


def _cards(model: Model, here: Here, run: Run) -> list[StepCards]:
    names = {step.id: step.name for step in run.steps}
    groups: dict[str, list[Artifact]] = {}
    for artifact in run.artifacts:
        groups.setdefault(artifact.step_id if artifact.step_id in names else "", []).append(artifact)
    order = [*(step.id for step in run.steps), ""]
    return [
        StepCards(names.get(step_id, ""), [_card(model, here, artifact) for artifact in groups[step_id]])
        for step_id in order
        if step_id in groups
    ]


def _card(model: Model, here: Here, artifact: Artifact) -> Card:
    source = [Link(format_short_time(artifact.updated_at))]
    if artifact.n_updates:
        source.append(Link(f", {format_count(artifact.n_updates, 'update')}"))
    return make_card(model, artifact, here, source)


def _lineage(model: Model, here: Here, run: Run) -> list[LineageRow]:
    """Inputs of steps, outside datasets, and who read this run's artifacts."""
    names = {step.id: step.name for step in run.steps}
    rows = []
    for edge in run.edges:
        artifact = model.artifact_by_id.get(edge.artifact_id or "")
        if artifact:
            what = Link(artifact_title(artifact), here.to(artifact_page(artifact)))
        else:
            what = Link(edge.name or edge.uri or edge.key or "unknown")
        verb = "read" if edge.direction == "read" else "wrote"
        rows.append(LineageRow(names.get(edge.step_id or "", ""), verb, what, edge.digest[:12]))
    for artifact in run.artifacts:
        for edge in model.uses.get(artifact.id, ()):
            user = model.run_by_id[edge.run_id]
            what = Link(f"{artifact_title(artifact)} → {user.name}", here.run(user).url)
            rows.append(LineageRow(names.get(artifact.step_id or "", ""), "was read by", what, user.pipeline))
    return rows


def _pairs(values: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[Pair]:
    names = sorted({*values, *(before or ())})
    pairs = []
    for name in names:
        now = _value_text(values[name]) if name in values else ""
        old = _value_text(before[name]) if before is not None and name in before else ""
        differs = before is not None and values.get(name) != before.get(name)
        pairs.append(Pair(name, now, old if differs else None))
    return pairs


def _value_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _records(run: Run) -> str:
    text = f"{format_count(run.n_records, 'record')} from {format_count(run.n_writers, 'writer')}."
    if run.n_missing:
        return f"{text} {format_count(run.n_missing, 'record')} did not arrive: lost to a failing disk or torn."
    return f"{text} None was lost."
