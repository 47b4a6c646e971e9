"""All runs, newest first, by day; older ones in pages that never change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import msgspec

from reportgen import urls
from reportgen.model import Model, Run, RunList
from reportgen.text import Change, count_word, format_count, format_number, format_weekday, iso_day, join_words
from reportgen.views.parts import (
    MARKS,
    Frame,
    Here,
    Link,
    Mark,
    Moment,
    Page,
    Pager,
    change_of,
    clock_moment,
    count_pages,
    duration_text,
    headline_metrics,
    make_frame,
    make_pager,
)

PAGE_SIZE = 100


class RunRow(msgspec.Struct, frozen=True):
    """A run in a listing; `metric`, `value` and `change` are of its first headline metric."""

    mark: Mark
    run: Link
    pipeline: Link
    started: Moment
    took: str
    metric: Link | None
    value: str
    change: Change | None


class RunDay(msgspec.Struct, frozen=True):
    """The runs that began on one day (UTC), newest first."""

    label: str
    rows: Sequence[RunRow]


class RunsView(msgspec.Struct, frozen=True):
    """A page of the listing of all runs.

    Attributes
    ----------
    frame
        What surrounds the page.
    heading
        Its title.
    lede
        How many runs there are and how they ended; empty on pages of older runs.
    days
        The runs.
    pager
        Where the listing goes on.
    compare
        Where runs are compared.
    feed_url
        The feed of the newest runs.
    """

    frame: Frame
    heading: str
    lede: str
    days: Sequence[RunDay]
    pager: Pager
    compare: Link
    feed_url: str


def make_run_row(model: Model, here: Here, run: Run) -> RunRow:
    """Make the entry of a run."""
    value = next(iter(headline_metrics(model, run, 1)), None)
    info = model.metrics[value.name] if value else None
    return RunRow(
        mark=MARKS[run.status],
        run=here.run(run),
        pipeline=here.pipeline(run.pipeline),
        started=clock_moment(run.started_at),
        took=duration_text(run),
        metric=here.metric(value.name) if value else None,
        value=format_number(value.value, info.form) if value and info else "",
        change=change_of(info, value.value, model.value_before(value)) if value and info else None,
    )


def group_by_day(model: Model, here: Here, runs: Sequence[Run]) -> list[RunDay]:
    """Group runs, given oldest first, by day; newest first."""
    days = groupby(reversed(runs), key=lambda run: iso_day(run.started_at))
    groups = [list(group) for _, group in days]
    return [
        RunDay(format_weekday(group[0].started_at), [make_run_row(model, here, run) for run in group])
        for group in groups
    ]


def describe_statuses(runs: RunList) -> str:
    """Say how runs ended, e.g. `"168 completed, 12 failed and one stalled"`."""
    counts = runs.count_statuses()
    return join_words(f"{count_word(n)} {status}" for status in MARKS if (n := counts[status]))


def _make_pager(here: Here, model: Model, page: int | None) -> Pager:
    """Make the pager of one page; `page` is its number, `None` for the page of the newest runs."""
    n, n_pages = len(model.runs), count_full_pages(model)
    shown = range(n_pages * PAGE_SIZE, n) if page is None else range((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    return make_pager(
        here, "Runs", shown, n, page, n_pages, lambda number: urls.runs_page(number) if number <= n_pages else urls.RUNS
    )


def _view(model: Model, here: Here, frame: Frame, heading: str, lede: str, runs: RunList, pager: Pager) -> RunsView:
    compare = here.comparison("Choose runs to compare")
    return RunsView(frame, heading, lede, group_by_day(model, here, runs), pager, compare, here.to(urls.FEED))


def count_full_pages(model: Model) -> int:
    """Say how many pages of older runs there are, which never change."""
    return count_pages(len(model.runs), PAGE_SIZE)


def make_older_page(model: Model, number: int) -> Page:
    """Make a page of older runs; page 1 has the oldest."""
    url = urls.runs_page(number)
    here = Here(url)
    title = f"Runs, page {number}"
    start = (number - 1) * PAGE_SIZE
    runs = model.runs[start : start + PAGE_SIZE]
    pager = _make_pager(here, model, number)
    frame = make_frame(model, url, title, crumbs=[("Runs", urls.RUNS)])
    return Page(url, "runs.html", _view(model, here, frame, title, "", runs, pager))


def make_page(model: Model) -> Page:
    """Make the page of the newest runs."""
    here = Here(urls.RUNS)
    n_full = count_full_pages(model)
    newest = model.runs[n_full * PAGE_SIZE :]
    pager = _make_pager(here, model, None)
    lede = f"{format_count(len(model.runs), 'run')} in all: {describe_statuses(model.runs)}." if model.runs else ""
    frame = make_frame(model, urls.RUNS, "Runs")
    return Page(urls.RUNS, "runs.html", _view(model, here, frame, "Runs", lede, newest, pager))
