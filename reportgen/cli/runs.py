"""`reportgen run`: lists, shows, compares and deletes runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reportgen.cli.asking import confirm, log_dirs_to_change, report_deletion
from reportgen.cli.build import plain_count
from reportgen.cli.comparepage import print_comparison
from reportgen.cli.output import Column, output_option, print_rows
from reportgen.cli.place import complete_run, logs_option, open_place
from reportgen.cli.runpage import print_details
from reportgen.cli.sections import one_line, with_cells
from reportgen.errors import InputError

if TYPE_CHECKING:
    from reportgen.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])
Row = dict[str, Any]

STATUSES = ["completed", "failed", "cancelled", "running", "stalled"]
_LIST = [
    Column("Id", "id", "id"),
    Column("Name", "name", shrinks=True),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Deployment", "deployment", shrinks=True),
    Column("Status", "status", "status"),
    Column("Started", "started_at", "time"),
    Column("Took", "duration_us", "duration"),
    Column("Error", "error_type", shrinks=True),
    Column("Deleted", "deleted_at", "time"),
]
_EXACT = [
    Column("", "run_id", "id"),
    Column("", "name"),
    Column("", "pipeline"),
    Column("", "deployment"),
    Column("", "status", "status"),
    Column("", "started_at", "time"),
    Column("", "ended_at", "time"),
    Column("", "duration_us", "duration"),
    Column("", "parent_run_id", "id"),
    Column("", "tags"),
    Column("", "error_type"),
    Column("", "error_message"),
    Column("", "deleted_at", "time"),
]
_AT_MOST_NAMED = 3


@click.group("run")
def runs() -> None:
    """List, show, compare and delete runs.

    RUN is an id, its beginning, latest, or latest~1 for the run that began before that.
    """


def _page_option(function: Command) -> Command:
    """Give a command that shows more than rows the option `--output`."""
    formats = click.Choice(["table", "json"])
    text = "How to print: json has every digit and exact times."
    return click.option("-o", "--output", type=formats, default="table", show_default=True, help=text)(function)


def _now_us() -> int:
    return time.time_ns() // 1000


# ls


@runs.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list at most.")
@click.option("--all", "every", is_flag=True, help="List all.")
@click.option("--pipeline", metavar="NAME", help="Only runs of this pipeline.")
@click.option("--deployment", metavar="NAME", help="Only runs of this deployment.")
@click.option("--tag", metavar="TAG", help="Only runs with this tag.")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only runs with this status.")
@click.option("--deleted", is_flag=True, help="List deleted runs, too.")
@logs_option
@output_option
def ls(limit: int, every: bool, deleted: bool, logs: tuple[Path | str, ...], output: str, **wanted: str | None) -> None:
    """List runs, the newest first, with the headline metrics of reportgen.toml.

    Other commands take an id as it is listed here.
    """
    from reportgen.options import load_options
    from reportgen.queries.runs import find_run_ids, read_runs, shorten_ids

    headlines, now_us = list(dict.fromkeys(load_options().headline_metrics)), _now_us()
    store = open_place(logs).store
    found = find_run_ids(store, now_us, **wanted, with_deleted=deleted)
    shown = found if every else found[:limit]
    metrics = _read_headlines(store, shown, headlines)
    ids = shorten_ids(store, shown)
    fields = {column.field for column in _EXACT} - {"duration_us"}
    rows = [
        {**row, "id": ids[row["run_id"]], **metrics[row["run_id"]]} for row in read_runs(store, shown, now_us, fields)
    ]
    columns = with_cells(rows, _LIST) if output == "table" else _EXACT
    print_rows(rows, [*columns, *map(_headline_column, headlines)], output, now_us=now_us, empty="no runs")
    if len(shown) < len(found):
        click.echo(f"{len(shown):,} of {plain_count(len(found), 'run')}; --all shows all", err=True)


def _headline_column(name: str) -> Column:
    return Column(one_line(name), f"metrics.{name}", "number")


def _read_headlines(store: Store, run_ids: Sequence[str], names: Sequence[str]) -> dict[str, Row]:
    """Give values of metrics by run."""
    metrics: dict[str, Row] = {run_id: {} for run_id in run_ids}
    if names:
        where = {"name": names, "run_id": run_ids}
        for row in store.read("metrics", ["name", "run_id", "value"], where).to_pylist():
            metrics[row["run_id"]][f"metrics.{row['name']}"] = row["value"]
    return metrics


# inspect and compare


@runs.command()
@click.argument("run", shell_complete=complete_run)
@logs_option
@_page_option
def inspect(run: str, logs: tuple[Path | str, ...], output: str) -> None:
    """Show everything of a run but the content of its artifacts.

    RUN is an id, its beginning, latest, or latest~1 for the run that began before that.
    """
    from reportgen.queries.inspect_run import inspect_run
    from reportgen.queries.runs import resolve_run

    now_us = _now_us()
    store = open_place(logs).store
    print_details(inspect_run(store, resolve_run(store, run), now_us), output, now_us)


@runs.command()
@click.argument("old", shell_complete=complete_run)
@click.argument("new", shell_complete=complete_run)
@click.option("--all", "every", is_flag=True, help="Show what is equal, too.")
@logs_option
@_page_option
def compare(old: str, new: str, every: bool, logs: tuple[Path | str, ...], output: str) -> None:
    """Show what differs between the runs OLD and NEW.

    Both are ids, their beginnings, latest, or latest~1 for the run that began before that. Of each key the last version
    that a run made is compared. Whether a metric got better or worse is said where reportgen.toml gives it a goal.
    """
    from reportgen.options import load_options
    from reportgen.queries.compare import compare_runs
    from reportgen.queries.runs import resolve_run, shorten_ids

    now_us, known_metrics = _now_us(), load_options().metrics
    store = open_place(logs).store
    run_ids = resolve_run(store, old), resolve_run(store, new)
    comparison = compare_runs(store, *run_ids, now_us, known_metrics)
    print_comparison(comparison if every else comparison.without_same(), output, shorten_ids(store, run_ids), now_us)


# delete


@runs.command()
@click.argument("run", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--reason", metavar="TEXT", help="Why; the report shows it in place of the content.")
@click.option("--force", is_flag=True, help="Delete a run that is still running, too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@logs_option
def delete(run: tuple[str, ...], reason: str | None, force: bool, yes: bool, logs: tuple[Path | str, ...]) -> int:
    """Delete runs with all that they recorded.

    The content goes, from the logs too. A tombstone stays: versions that other runs made keep their numbers. Not to be
    undone. RUN is an id, its beginning, latest, or latest~1 for the run that began before that.
    """
    from reportgen.deletion import delete_runs
    from reportgen.queries.runs import read_runs, resolve_run

    log_dirs = log_dirs_to_change(logs)
    store = open_place(tuple(log_dirs)).store
    run_ids = list(dict.fromkeys(resolve_run(store, text) for text in run))
    chosen = read_runs(store, run_ids, _now_us(), ["pipeline", "deleted_at"])
    for row in chosen:
        _refuse(row, force=force)
    confirm(f"Delete {_describe(chosen)} with {_count_contents(store, run_ids)}?", yes=yes)
    result = delete_runs(log_dirs, run_ids, reason)
    return report_deletion(f"deleted {_describe([row for row in chosen if row['run_id'] in result.runs])}", result)


def _refuse(row: Row, *, force: bool) -> None:
    """Refuse a run that cannot be deleted.

    Raises
    ------
    InputError
        It is deleted, or still records.
    """
    if row["deleted_at"] is not None:
        raise InputError(f"{_describe([row])} is deleted already", hint="leave it out", slug="no-such-run")
    if row["status"] == "running" and not force:
        hint = "wait for its end, or add --force"
        raise InputError(f"{_describe([row])} is still running", hint=hint, slug="run-still-running")


def _describe(rows: Sequence[Row]) -> str:
    if len(rows) == 1:
        return one_line(f"run {rows[0]['run_id']} ({rows[0]['name']}, {rows[0]['pipeline']})")
    more = ", …" if len(rows) > _AT_MOST_NAMED else ""
    return one_line(f"{len(rows):,} runs ({', '.join(row['run_id'] for row in rows[:_AT_MOST_NAMED])}{more})")


def _count_contents(store: Store, run_ids: Sequence[str]) -> str:
    """Say how much of some runs there is to lose."""
    artifacts = store.read("artifacts", ["deleted_at"], {"run_id": run_ids})["deleted_at"]
    n_metrics = sum(len(store.read(name, ["run_id"], {"run_id": run_ids})) for name in ("metrics", "lists"))
    return f"{plain_count(artifacts.null_count, 'artifact')} and {plain_count(n_metrics, 'metric')}"
