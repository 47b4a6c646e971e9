"""The steps of a run as a waterfall, with what each recorded; and the errors that ended steps."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from reportgen.charts import waterfall_bar
from reportgen.model import Run, Step
from reportgen.text import first_line, format_count, format_duration
from reportgen.views.content import artifact_title, artifact_url
from reportgen.views.parts import MARKS, Here, Link, Mark

_LINES = (0.0, 0.25, 0.5, 0.75, 1.0)


class StepRow(msgspec.Struct, frozen=True):
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


class ErrorView(msgspec.Struct, frozen=True):
    """An error: what failed, in words, and the traceback."""

    mark: Mark
    where: str
    type: str
    message: str
    traceback: str


def make_step_row(here: Here, run: Run, step: Step, number: int) -> StepRow:
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


def _has_retry(run: Run, step: Step) -> bool:
    return any(other.name == step.name and other.attempt > 1 for other in run.steps)


def _recorded(here: Here, run: Run, step: Step) -> list[Link]:
    """What a step recorded, in few words: artifacts as links, metrics as counts."""
    links = [
        Link(artifact_title(artifact), artifact_url(here, artifact))
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


def make_errors(run: Run) -> list[ErrorView]:
    """Errors of steps, innermost first, and of the run where no step has the same one."""
    errors: list[ErrorView] = []
    seen: set[tuple[str, str]] = set()
    for step in reversed(run.steps):
        if step.error and (step.error.type, step.error.message) not in seen:
            seen.add((step.error.type, step.error.message))
            attempt = f", attempt {step.attempt}," if step.attempt > 1 or _has_retry(run, step) else ""
            where = f"Step {step.name}{attempt} failed {format_duration(step.ended_at - run.started_at)} into the run"
            errors.append(
                ErrorView(MARKS["failed"], where, step.error.type, first_line(step.error.message), step.error.traceback)
            )
    if run.error and (run.error.type, run.error.message) not in seen:
        where = f"The run failed after {format_duration(run.duration_us)}"
        errors.append(
            ErrorView(MARKS[run.status], where, run.error.type, first_line(run.error.message), run.error.traceback)
        )
    return errors
