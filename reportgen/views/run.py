"""A run: how it went, what it measured, what it made, with what it was set up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reportgen import urls
from reportgen.model import Artifact, Edge, Model, Run
from reportgen.text import (
    count_word,
    format_count,
    format_duration,
    format_time,
    join_words,
)
from reportgen.views.content import Card, artifact_title, artifact_url, kind_word, make_card
from reportgen.views.curves import (
    Curve,
    PointTable,
    link_points,
    make_curve,
    make_curve_legend,
    make_point_table,
    make_points_files,
)
from reportgen.views.graphs import GraphView, run_graph
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
    comma_separated,
    duration_text,
    headline_metrics,
    make_frame,
    metric_cell,
)
from reportgen.views.setup import Setting, compare_contexts, compare_params
from reportgen.views.steps import ErrorView, StepRow, make_errors, make_step_row
from reportgen.views.version import short_difference


@dataclass(frozen=True)
class LineageRow:
    """What the run read, wrote or made: step, direction and the version or dataset."""

    step: str
    verb: str
    what: Link
    note: str


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
    is_deleted
        Whether only a tombstone of it is left.
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
    points_link
        A file that has all its points; `None` when it has none.
    steps
        The waterfall.
    timeline
        What the waterfall spans, in words.
    errors
        Errors of the run and of steps.
    artifacts, n_artifacts
        What it recorded, in the order of its steps.
    graph
        What its steps read and made, as a graph; `None` when nothing read is recorded, nor that anything of it was.
    lineage
        What its steps read, wrote and made.
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
    is_deleted: bool
    lede: str
    facts: Sequence[Fact]
    sections: Sequence[Link]
    before: Link | None
    metrics: Sequence[MetricCell]
    curves: Sequence[Curve]
    curve_legend: Markup
    points: PointTable | None
    points_link: Link | None
    steps: Sequence[StepRow]
    timeline: str
    errors: Sequence[ErrorView]
    artifacts: Sequence[Card]
    n_artifacts: str
    graph: GraphView | None
    lineage: Sequence[LineageRow]
    params: Sequence[Setting]
    context: Sequence[Setting]
    records: str
    problems: Sequence[ProblemRow]


def make_files(model: Model, run: Run) -> Iterator[Page | RawFile]:
    """Make the page of a run, and its points as CSV if they are few."""
    yield make_page(model, run)
    yield from make_points_files(model, run)


def make_page(model: Model, run: Run) -> Page:
    """Make the page of one run."""
    url = urls.run(run.id)
    here = Here(url)
    before = model.run_before(run)
    curves = [make_curve(model, here, run, before, summary, n) for n, summary in enumerate(run.lists.values())]
    crumbs = [("Runs", urls.RUNS)]
    if run.pipeline in model.pipelines:
        crumbs.append((run.pipeline, urls.pipeline(run.pipeline)))
    cards = _cards(model, here, run)
    lineage = _lineage(model, here, run)
    errors = make_errors(run)
    sections = [
        ("Metrics", "metrics", run.metrics),
        ("Curves", "curves", curves),
        ("Steps", "steps", run.steps),
        ("Errors" if len(errors) > 1 else "Error", "error", errors),
        ("Artifacts", "artifacts", cards),
        ("Lineage", "lineage", lineage),
        ("Setup", "setup", run.deleted_at is None),
        ("Records", "records", run.deleted_at is None),
    ]
    metrics = [metric_cell(model, here, value) for value in headline_metrics(model, run, len(run.metrics))]
    view = RunView(
        frame=make_frame(model, url, run.name, crumbs=crumbs),
        mark=MARKS[run.status],
        name=run.name,
        pipeline=here.pipeline_of(model, run),
        is_deleted=run.deleted_at is not None,
        lede=_lede(run, metrics),
        facts=_facts(model, here, run),
        sections=[Link(text, f"#{anchor}") for text, anchor, there in sections if there],
        before=here.run(before) if before else None,
        metrics=metrics,
        curves=curves,
        curve_legend=make_curve_legend(before),
        points=make_point_table(model, run) if curves else None,
        points_link=link_points(here, run) if curves else None,
        steps=[make_step_row(here, run, step, n) for n, step in enumerate(run.steps)],
        timeline=f"Timeline, 0 to {format_duration(run.duration_us)}",
        errors=errors,
        artifacts=cards,
        n_artifacts=format_count(len(run.artifacts), "artifact"),
        graph=run_graph(model, here, run) if lineage else None,
        lineage=lineage,
        params=compare_params(run, before),
        context=compare_contexts(run, before),
        records=_records(run),
        problems=[
            ProblemRow(f"{problem.file}, line {problem.line}" if problem.line else problem.file, problem.reason)
            for problem in run.problems
        ],
    )
    return Page(url, "run.html", view)


def _lede(run: Run, metrics: Sequence[MetricCell]) -> str:
    """Say the outcome and what changed, in a sentence or two."""
    took = format_duration(run.duration_us)
    if run.deleted_at is not None:
        why = f": {run.deleted_reason}" if run.deleted_reason else ""
        return f"Deleted on {format_time(run.deleted_at)} UTC{why}."
    if run.detached:
        return "Artifacts that were recorded outside a run."
    if run.status in ("running", "stalled"):
        ended = "Not ended yet" if run.status == "running" else "Stalled"
        return f"{ended}: the last record came {took} after it began, at {format_time(run.last_record_at)} UTC."
    text = f"{MARKS[run.status].word} {'in' if run.status == 'completed' else 'after'} {took}."
    for word in ("worse", "better"):
        names = [cell.link.text for cell in metrics if cell.change and cell.change.word == word]
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
    if not run.detached and run.deleted_at is None:
        facts.append(Fact("Took", [Link(duration_text(run))]))
    if run.deployment:
        facts.append(Fact("Deployment", [Link(run.deployment)]))
    if run.tags:
        facts.append(Fact("Tags", [Link(", ".join(run.tags))]))
    parent = model.find_run(run.parent_id)
    if parent:
        facts.append(Fact("Started by", [here.run(parent)]))
    children = model.children(run)
    if children:
        facts.append(Fact("Runs it started", comma_separated(here.run(child) for child in children[:5])))
    if before:
        links = [here.run(before)]
        if run.deleted_at is None:
            links += [Link(","), here.comparison("compare", before, run)]
        facts.append(Fact("Run before", links))
    if run.deleted_at is None:
        facts.append(Fact("Run after", [here.run(after) if after else Link("none yet")]))
    facts.append(Fact("Run id", [Link(run.id)], is_id=True))
    return facts


def _cards(model: Model, here: Here, run: Run) -> list[Card]:
    """Previews of what the run recorded, in the order of its steps."""
    place = {step.id: position for position, step in enumerate(run.steps)}
    ordered = sorted(run.artifacts, key=lambda a: place.get(a.step_id or "", -1))
    return [_card(model, here, run, artifact) for artifact in ordered]


def _card(model: Model, here: Here, run: Run, artifact: Artifact) -> Card:
    step = run.step_name(artifact.step_id)
    words = [f"step {step}"] if step else []
    words += [format_count(artifact.n_updates, "update")] if artifact.n_updates else []
    words += [short_difference(model.version_before(artifact), artifact)] if artifact.key else []
    return make_card(model, artifact, here, [Link(", ".join(words))])


def _lineage(model: Model, here: Here, run: Run) -> list[LineageRow]:
    """Inputs of steps, outside datasets, and who read this run's artifacts; then what it made, if there is any."""
    rows = []
    for edge in run.edges:
        artifact = model.find_artifact(edge.artifact_id)
        if artifact:
            what = Link(artifact_title(artifact), artifact_url(here, artifact))
        else:
            what = Link(edge.name or edge.uri or edge.key or "unknown")
        verb = "read" if edge.direction == "read" else "wrote"
        rows.append(LineageRow(_step_word(run, edge.step_id), verb, what, _dataset_note(edge)))
    for artifact in run.artifacts:
        for user in model.users(artifact):
            what = Link(f"{artifact_title(artifact)} → {user.name}", here.run(user).url)
            rows.append(LineageRow(_step_word(run, artifact.step_id), "was read by", what, user.pipeline))
    return rows and [*rows, *_made(here, run)]


def _made(here: Here, run: Run) -> list[LineageRow]:
    return [
        LineageRow(
            _step_word(run, artifact.step_id),
            "made",
            Link(artifact_title(artifact), artifact_url(here, artifact)),
            kind_word(artifact),
        )
        for artifact in run.artifacts
    ]


def _step_word(run: Run, step_id: str | None) -> str:
    return run.step_name(step_id) or "the run itself"


def _dataset_note(edge: Edge) -> str:
    return ", ".join(part for part in (edge.uri if edge.name else "", edge.digest[:12]) if part)


def _records(run: Run) -> str:
    text = f"{format_count(run.n_records, 'record')} from {format_count(run.n_writers, 'writer')}."
    if run.n_missing:
        return f"{text} {format_count(run.n_missing, 'record')} did not arrive: lost to a failing disk or torn."
    return f"{text} {format_count(len(run.problems), 'problem')}:" if run.problems else f"{text} None was lost."
