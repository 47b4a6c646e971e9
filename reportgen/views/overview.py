"""The overview: is it fine, what is new, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.charts import StripBar, run_strip
from reportgen.model import Error, Model, Pipeline, Run
from reportgen.text import (
    Change,
    count_word,
    first_line,
    format_count,
    format_date,
    format_duration,
    format_short_time,
    iso_day,
    join_words,
    no_break,
)
from reportgen.views.content import Card, artifact_source, artifact_url, kind_word, make_card
from reportgen.views.parts import (
    MARKS,
    Frame,
    Here,
    Link,
    Mark,
    MetricCell,
    Page,
    comma_separated,
    duration_text,
    headline_metrics,
    make_frame,
    metric_cell,
)
from reportgen.views.runs import RunDay, group_by_day
from reportgen.views.version import short_difference

_N_STRIP = 20
_N_CARDS = 8
_N_RUNS = 25
_MAX_CHANGES = 6
_MAX_GROUPS = 10
_MAX_ALERTS = 10
_MAX_PIPELINES = 20
_MAX_PARAM, _PARAM_BEFORE = 40, 8  # characters of a value, and of those before the first that differs


class Alert(msgspec.Struct, frozen=True):
    """A newest run that needs attention.

    Attributes
    ----------
    mark, pipeline, when, step, message
        What happened, and where.
    run
        The run's page.
    note
        What is known besides.
    artifacts
        What the run recorded that tells more.
    """

    mark: Mark
    pipeline: str
    run: Link
    when: str
    step: str
    message: str
    note: str
    artifacts: Sequence[Link]


class PipelineRow(msgspec.Struct, frozen=True):
    """A pipeline: its newest run, its last 20 runs as a strip, its headline metrics."""

    mark: Mark
    pipeline: Link
    deployment: str
    run: Link
    outcome: str
    detail: str
    strip: Markup
    strip_text: str
    metrics: Sequence[MetricCell]


class ChangeRow(msgspec.Struct, frozen=True):
    """What differs from the run before: a metric, an artifact or a parameter."""

    what: Link
    kind: str
    before: str
    now: str
    change: Change | None
    note: str


class ChangeGroup(msgspec.Struct, frozen=True):
    """The differences of one pipeline's newest run; `run` names the pipeline and links to that run."""

    pipeline: Link
    run: Link
    is_worse: bool
    rows: Sequence[ChangeRow]
    more: Link | None


class OverviewView(msgspec.Struct, frozen=True):
    """The first page.

    Attributes
    ----------
    frame
        What surrounds the page.
    headline
        Is it fine? In one sentence.
    lede
        What the site holds, in one sentence.
    alerts
        Newest runs that need attention, at most 10.
    more_alerts
        How many more there are, with a link to them; `None` when none.
    pipelines
        Pipelines, those that need attention first, at most 20.
    more_pipelines
        How many more there are and how they stand, with a link to them; `None` when none.
    changes
        What differs from the run before, by pipeline, those where a metric is worse first, at most 10.
    more_changes
        The newest runs of the other pipelines where something differs.
    cards
        Newest artifacts.
    cards_note
        How many there are in all.
    artifacts_url
        Their page.
    days
        The newest runs by day.
    runs_url
        The page of all runs.
    runs_note
        How many there are in all.
    feed_url
        The feed of the newest runs.
    """

    frame: Frame
    headline: str
    lede: str
    alerts: Sequence[Alert]
    more_alerts: Link | None
    pipelines: Sequence[PipelineRow]
    more_pipelines: Link | None
    changes: Sequence[ChangeGroup]
    more_changes: Sequence[Link]
    cards: Sequence[Card]
    cards_note: str
    artifacts_url: str
    days: Sequence[RunDay]
    runs_url: str
    runs_note: str
    feed_url: str


def make_page(model: Model) -> Page:
    """Make the overview."""
    here = Here(urls.OVERVIEW)
    order = model.worst_first()
    living = (artifact for artifact in model.newest_artifacts() if artifact.deleted_at is None)
    newest_keys = sorted(living, key=lambda a: (a.updated_at, a.key), reverse=True)
    cards = [make_card(model, a, here, artifact_source(model, here, a)) for a in newest_keys[:_N_CARDS]]
    newest_runs = model.runs[-_N_RUNS:]
    n_keys = format_count(len(model.keys), "key")
    attention = [pipeline for pipeline in order if pipeline.newest.status in ("failed", "stalled")]
    groups = [group for group in (_change_group(model, here, pipeline.newest) for pipeline in order) if group]
    groups.sort(key=lambda group: not group.is_worse)
    view = OverviewView(
        frame=make_frame(model, urls.OVERVIEW, "Overview"),
        headline=headline([pipeline.newest for pipeline in order]),
        lede=_lede(model),
        alerts=[_alert(model, here, pipeline) for pipeline in attention[:_MAX_ALERTS]],
        more_alerts=_more_alerts(here, len(attention) - _MAX_ALERTS),
        pipelines=[make_pipeline_row(model, here, pipeline) for pipeline in order[:_MAX_PIPELINES]],
        more_pipelines=_more_pipelines(here, order[_MAX_PIPELINES:]),
        changes=groups[:_MAX_GROUPS],
        more_changes=comma_separated(group.run for group in groups[_MAX_GROUPS:]),
        cards=cards,
        cards_note=f"{len(cards)} of {n_keys} with {format_count(model.n_versions, 'version')}",
        artifacts_url=here.to(urls.ARTIFACTS),
        days=group_by_day(model, here, newest_runs),
        runs_url=here.to(urls.RUNS),
        feed_url=here.to(urls.FEED),
        runs_note=f"The newest {len(newest_runs)} of {len(model.runs):,}",
    )
    return Page(urls.OVERVIEW, "overview.html", view)


def _more_alerts(here: Here, n: int) -> Link | None:
    return Link(f"{n:,} more {'needs' if n == 1 else 'need'} attention", here.to(urls.PIPELINES)) if n > 0 else None


def _more_pipelines(here: Here, rest: Sequence[Pipeline]) -> Link | None:
    """Say how the newest runs of further pipelines stand."""
    counts = Counter[str](pipeline.newest.status for pipeline in rest)
    words = [f"{counts[status]:,} {status}" for status in MARKS if counts[status]]
    if not words:
        return None
    outcome = join_words(words) if len(words) > 1 else f"all {rest[0].newest.status}"
    return Link(f"{format_count(len(rest), 'more pipeline')}, {outcome}", here.to(urls.PIPELINES))


_BAD = {
    "failed": ("failed", "failed"),
    "stalled": ("has stalled", "have stalled"),
    "cancelled": ("was cancelled", "were cancelled"),
}


def headline(newest: Sequence[Run]) -> str:
    """Say in one sentence whether the newest runs of the pipelines are fine."""
    if not newest:
        return "No run yet."
    phrases: list[str] = []
    for status, (one, many) in _BAD.items():
        n = sum(run.status == status for run in newest)
        if n:
            noun = "" if phrases else " pipeline" if n == 1 else " pipelines"
            phrases.append(f"{count_word(n)}{noun} {one if n == 1 else many}")
    n_fine = sum(run.status in ("completed", "running") for run in newest)
    if not phrases:
        return _all_fine(newest)
    rest = {0: "", 1: "; the other one is fine"}.get(n_fine, f"; the other {count_word(n_fine)} are fine")
    return _capital(f"{join_words(phrases)}{rest}.")


def _all_fine(newest: Sequence[Run]) -> str:
    n_running = sum(run.status == "running" for run in newest)
    if len(newest) == 1:
        return "The last run has not ended yet." if n_running else "The last run completed."
    if n_running == len(newest):
        return "The last runs have not ended yet."
    if n_running:
        has = "has" if n_running == 1 else "have"
        return f"All is fine; {count_word(n_running)} of {len(newest)} pipelines {has} not ended yet."
    every = "Both" if len(newest) == 2 else f"All {count_word(len(newest))}"
    return f"{every} pipelines completed their last run."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lede(model: Model) -> str:
    if not model.runs:
        return ""
    first, last = model.runs[0].started_at, model.runs[-1].started_at
    when = f"on {format_date(last)}" if iso_day(first) == iso_day(last) else f"since {format_date(first)}"
    parts = [format_count(len(model.runs), "run"), format_count(len(model.pipelines), "pipeline")]
    metrics = f", with {format_count(len(model.metrics), 'metric')}" if model.metrics else ""
    return f"{parts[0]} of {parts[1]} {when}{metrics}."


def _alert(model: Model, here: Here, pipeline: Pipeline) -> Alert:
    run = pipeline.newest
    bad_step = next((step for step in reversed(run.steps) if step.status == run.status), None)
    error = (bad_step.error if bad_step else None) or run.error
    return Alert(
        mark=MARKS[run.status],
        pipeline=pipeline.name,
        run=here.run(run),
        when=format_short_time(run.started_at),
        step=bad_step.name if bad_step else "",
        message=_failure(error) if run.status == "failed" else _silence(model, run),
        note=_streak(pipeline) if run.status == "failed" else "No end was recorded: it hangs, or it was killed.",
        artifacts=[
            Link(f"{a.key} v{a.version}", artifact_url(here, a)) for a in run.artifacts if a.key and not a.deleted_at
        ][-3:],
    )


def _failure(error: Error | None) -> str:
    return first_line(f"{error.type}: {error.message}") if error else "no error was recorded"


def _silence(model: Model, run: Run) -> str:
    silence = format_duration(model.as_of - run.last_record_at)
    return f"no record for {silence}; its longest silence before was {format_duration(run.longest_silence_us)}"


def _streak(pipeline: Pipeline) -> str:
    """Say how unusual the failure is."""
    runs = pipeline.runs
    n_failed = next((n for n, run in enumerate(reversed(runs)) if run.status != "failed"), len(runs))
    if n_failed == len(runs):
        return "It never completed." if n_failed > 1 else "This was its first run."
    if n_failed > 1:
        return f"The last {count_word(n_failed)} runs failed."
    n_fine = next((n for n, run in enumerate(reversed(runs[:-1])) if run.status == "failed"), len(runs) - 1)
    if n_fine > 1:
        return f"First failure in {format_count(n_fine + 1, 'run')}."
    outcome = {"completed": "completed", "cancelled": "was cancelled"}.get(runs[-2].status, "has not ended")
    return f"The run before it {outcome}."


def make_pipeline_row(model: Model, here: Here, pipeline: Pipeline) -> PipelineRow:
    """Make the row of a pipeline, as the overview and the list of pipelines show it."""
    run = pipeline.newest
    shown = pipeline.runs[-_N_STRIP:]
    n_failed = sum(r.status == "failed" for r in shown)
    n_completed = sum(r.status == "completed" for r in shown)
    detail = duration_text(run)
    if run.error:
        bad_step = next((step.name for step in reversed(run.steps) if step.status == "failed"), "")
        detail = f"{detail}, at step {bad_step}" if bad_step else detail
    return PipelineRow(
        mark=MARKS[run.status],
        pipeline=here.pipeline(pipeline.name),
        deployment=run.deployment,
        run=here.run(run),
        outcome=f"{MARKS[run.status].word}, {no_break(format_short_time(run.started_at))}",
        detail=detail,
        strip=run_strip(_strip_bars(here, shown)),
        strip_text=f"{n_completed} of {len(shown)} completed, {n_failed} failed",
        metrics=[metric_cell(model, here, value) for value in headline_metrics(model, run)],
    )


def _strip_bars(here: Here, runs: Sequence[Run]) -> list[StripBar]:
    longest = max((run.duration_us for run in runs), default=0) or 1
    return [
        StripBar(
            share=run.duration_us / longest,
            status=run.status,
            url=here.run(run).url,
            tip=f"{run.name}, {format_short_time(run.started_at)}, {run.status}, {duration_text(run)}",
        )
        for run in runs
    ]


def _change_group(model: Model, here: Here, run: Run) -> ChangeGroup | None:
    before = model.run_before(run)
    if before is None:
        return None
    rows = [*_metric_changes(model, here, run), *_artifact_changes(model, here, run), *_param_changes(run, before)]
    if not rows:
        return None
    link = here.run(run)
    n_more = len(rows) - _MAX_CHANGES
    more = Link(f"{n_more} more on the run's page", link.url) if n_more > 0 and link.url else None
    is_worse = any(row.change is not None and row.change.tone == "worse" for row in rows)
    return ChangeGroup(here.pipeline(run.pipeline), Link(run.pipeline, link.url), is_worse, rows[:_MAX_CHANGES], more)


def _metric_changes(model: Model, here: Here, run: Run) -> list[ChangeRow]:
    """Metrics that changed beyond their tolerance; worse first, then better, then the rest."""
    rows = []
    for value in headline_metrics(model, run, len(run.metrics)):
        cell = metric_cell(model, here, value)
        if cell.change and cell.change.text != "no change" and cell.change.word != "in tolerance":
            rows.append(ChangeRow(cell.link, "metric", cell.before, cell.value, cell.change, ""))
    order = {"worse": 0, "better": 1, "quiet": 2}
    return sorted(rows, key=lambda row: order[row.change.tone] if row.change else 3)


def _artifact_changes(model: Model, here: Here, run: Run) -> list[ChangeRow]:
    rows = []
    for artifact in run.artifacts:
        if artifact.key is None or artifact.version < 2 or artifact.deleted_at is not None:
            continue
        before = model.version_before(artifact)
        if before and before.content_digest != artifact.content_digest:
            what = Link(artifact.key, here.to(urls.key(artifact.key)))
            versions = f"v{before.version}", f"v{artifact.version}"
            rows.append(ChangeRow(what, kind_word(artifact), *versions, None, short_difference(before, artifact)))
    return rows


def _param_changes(run: Run, before: Run) -> list[ChangeRow]:
    return [
        ChangeRow(Link(f"parameter {name}"), "parameter", *_params(before, run, name), None, "")
        for name in sorted({*run.params, *before.params})
        if run.params.get(name) != before.params.get(name)
    ]


def _params(before: Run, run: Run, name: str) -> tuple[str, str]:
    """Write a parameter of both runs short; where the beginnings are the same, from shortly before they differ."""
    was, now = (str(one.params[name]) if name in one.params else "–" for one in (before, run))
    shared = next((place for place, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), len(was))
    if shared > _MAX_PARAM - 2 * _PARAM_BEFORE:
        was, now = (f"…{text[shared - _PARAM_BEFORE :]}" for text in (was, now))
    return first_line(was, _MAX_PARAM), first_line(now, _MAX_PARAM)
