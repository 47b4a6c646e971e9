"""`reportgen prune`: what has had its time goes from the logs, and leaves a tombstone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.asking import confirm, log_dirs_to_change, report_deletion
from reportgen.cli.build import plain_count
from reportgen.cli.output import Column, exact_values, print_json, print_rows
from reportgen.cli.place import PLACE
from reportgen.text import NBSP, format_bytes

if TYPE_CHECKING:
    from reportgen.deletion import Deletion
    from reportgen.retention import Doomed, Plan, Policy

_RUNS = [
    Column("Run", "run_id", "id"),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Reason", "reason", shrinks=True),
    Column("Started", "started_at", "time"),
    Column("Last record", "last_record_at", "time"),
]
_VERSIONS = [
    Column("Key", "key", shrinks=True),
    Column("Version", "version", "count"),
    Column("Reason", "reason", shrinks=True),
    Column("Created", "created_at", "time"),
    Column("Run", "run_id", "id"),
]
_ARTIFACT = Column("Artifact", "artifact_id", "id")
_DELETED = Column("Deleted", "deleted")


def _to_microseconds(ctx: click.Context, param: click.Parameter, age: str | None) -> int | None:
    from reportgen.options import parse_age

    try:
        return None if age is None else parse_age(age)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_COUNT = click.IntRange(min=1)


@click.command()
@click.argument("logs", nargs=-1, type=PLACE)
@click.option(
    "--max-age", callback=_to_microseconds, metavar="AGE", help='Keep runs for so long: "36h", "90d", "12w" or "2y".'
)
@click.option("--max-versions", type=_COUNT, metavar="N", help="Keep the newest N versions of each key.")
@click.option("--max-runs", type=_COUNT, metavar="N", help="Keep the newest N runs of each pipeline.")
@click.option("--dry-run", is_flag=True, help="List what would go, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
def prune(logs: tuple[Path | str, ...], dry_run: bool, yes: bool, output: str, **flags: int | None) -> int:
    """Delete old runs and versions from log directories LOGS.

    LOGS are chosen as reportgen build does, and what goes by the flags or else by [retention] of reportgen.toml. Tagged
    runs stay, and so do running ones and those that hold the newest version of a key. What goes is listed first, and
    leaves a tombstone: versions keep their numbers. Not to be undone.
    """
    from reportgen import retention
    from reportgen.sources import open_source

    policy = _choose_policy(**flags)
    log_dirs = log_dirs_to_change(logs, "prune")
    now_us = time.time_ns() // 1000
    plan = retention.plan(open_source(log_dirs).store, policy, now_us)
    what = _describe(len(plan.runs), len(plan.versions))
    if output == "table":
        _show(plan, now_us)
    if dry_run:
        _report_plan(plan, what, output)
        return 0
    if plan.runs or plan.versions:
        confirm(f"Delete {what}?", yes=yes)
    result = retention.prune(log_dirs, plan, _show_progress)
    if output == "json":
        _print_all(plan, result)
        return 1 if result.failed else 0
    _report_rest(result)
    return report_deletion(f"deleted {_describe(len(result.runs), len(result.artifacts))}", result)


def _choose_policy(max_age: int | None, max_versions: int | None, max_runs: int | None) -> Policy:
    """Take each flag, else what the configuration says."""
    from reportgen.options import load_options
    from reportgen.retention import Policy

    options = load_options().retention
    policy = Policy(
        max_age or options.max_age_us,
        max_versions or options.max_versions,
        max_runs or options.max_runs,
    )
    if policy.is_empty:
        message = "give --max-age, --max-versions or --max-runs, or set [retention] in reportgen.toml"
        raise click.UsageError(message)
    return policy


def _show(plan: Plan, now_us: int) -> None:
    """List what goes, if anything does."""
    if plan.runs:
        print_rows(_rows_of(plan.runs), _RUNS, "table", now_us=now_us)
    if plan.runs and plan.versions:
        click.echo()
    if plan.versions:
        print_rows(_rows_of(plan.versions), _VERSIONS, "table", now_us=now_us)


def _rows_of(doomed: Iterable[Doomed]) -> list[dict[str, Any]]:
    return [{**row, "reason": reason} for row, reason in doomed]


def _describe(n_runs: int, n_versions: int) -> str:
    counts = [plain_count(n, noun) for n, noun in ((n_runs, "run"), (n_versions, "version")) if n]
    return " and ".join(counts)


def _show_progress(run_ids: Sequence[str]) -> Iterator[str]:
    if not (sys.stderr.isatty() and run_ids):
        yield from run_ids
        return
    with click.progressbar(run_ids, label="Pruning", file=sys.stderr) as bar:
        yield from bar


def _report_plan(plan: Plan, what: str, output: str) -> None:
    from reportgen.deletion import Deletion

    if output == "json":
        _print_all(plan, Deletion())
    else:
        click.echo(f"{what} would be deleted" if what else "nothing to prune")


def _report_rest(result: Deletion) -> None:
    """Say what `report_deletion` does not: that nothing was deleted now, and what was finished of earlier deletions."""
    is_new = bool(result.runs or result.artifacts)
    if result.purged:
        freed = "" if is_new else f"; {format_bytes(result.n_bytes).replace(NBSP, ' ')} freed"
        click.echo(f"took out what was deleted before from {plain_count(len(result.purged), 'run')}{freed}")
    elif not (is_new or result.failed):
        click.echo("nothing to prune")


def _print_all(plan: Plan, result: Deletion) -> None:
    """Print what was to go and what became of it as one object."""
    deleted_runs, deleted_artifacts = {*result.runs}, {*result.artifacts}
    runs = [{**row, "deleted": row["run_id"] in deleted_runs} for row in _rows_of(plan.runs)]
    versions = [
        {**row, "deleted": (row["run_id"], row["artifact_id"]) in deleted_artifacts} for row in _rows_of(plan.versions)
    ]
    print_json(
        {
            "runs": [exact_values(row, [*_RUNS, _DELETED]) for row in runs],
            "versions": [exact_values(row, [*_VERSIONS, _ARTIFACT, _DELETED]) for row in versions],
            "purged": result.purged,
            "skipped": [{"file": str(path), "reason": reason} for path, reason in result.skipped],
            "failed": [{"run_id": run_id, "reason": reason} for run_id, reason in result.failed],
            "n_bytes_freed": result.n_bytes,
        }
    )
