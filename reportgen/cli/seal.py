"""`reportgen seal`: finished journals become Parquet segments."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import log_dirs_of, plain_count
from reportgen.cli.messages import say
from reportgen.cli.place import PLACE

if TYPE_CHECKING:
    from reportgen.log.seal import SealResult


@click.command()
@click.argument("logs", nargs=-1, type=PLACE)
@click.option("--run", "run_id", metavar="ID", help="Seal the journals of this run only.")
@click.option(
    "--idle",
    type=click.FloatRange(min=0),
    default=24,
    metavar="HOURS",
    show_default=True,
    help="How long nothing must have been appended to a run that has no end.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sealed, and change nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def seal(logs: tuple[Path | str, ...], run_id: str | None, idle: float, dry_run: bool, quiet: bool) -> int:
    """Turn finished journals of log directories LOGS into Parquet files with the same records.

    LOGS are chosen as reportgen build does. A journal is finished when its run has ended, or when nothing was
    appended to the run for a day; one that a process has open is left alone. The site stays the same to the byte.
    """
    if math.isnan(idle):
        raise click.UsageError("--idle must be a number of hours, not NaN")
    from reportgen.log.seal import find_finished, try_to_seal
    from reportgen.mirror import refuse_url
    from reportgen.options import load_options

    log_dirs = [refuse_url(place, "seal") for place in log_dirs_of(logs, load_options().logs)]
    journals = find_finished(log_dirs, run_id=run_id, idle_hours=idle)
    paths = [journal.path for journal in journals]
    if dry_run:
        _show_plan(paths)
        return 0
    with _progress(paths, quiet=quiet or not paths) as steps:
        results = [try_to_seal(path) for path in steps]
    return _report(results, quiet=quiet)


def _show_plan(paths: Sequence[Path]) -> None:
    for path in paths:
        click.echo(path)
    n_bytes = sum(path.stat().st_size for path in paths)
    click.echo(f"{_count(len(paths))} would be sealed, {_size(n_bytes)}" if paths else "nothing to seal")


@contextmanager
def _progress(paths: Sequence[Path], *, quiet: bool) -> Iterator[Iterator[Path]]:
    if quiet:
        yield iter(paths)
        return
    with click.progressbar(paths, label=f"Sealing {_count(len(paths))}") as bar:
        yield iter(bar)


def _report(results: Sequence[SealResult], *, quiet: bool) -> int:
    """Say what became of the journals, and give the exit code."""
    failed = [result for result in results if result.outcome == "failed"]
    sealed = [result for result in results if result.outcome == "sealed"]
    for result in results:
        if result.outcome == "skipped" and not quiet:
            say("skipped", "yellow", f"{result.path}: {result.reason}")
    for result in failed:
        say("failed", "red", result.reason)
    if not quiet:
        before, after = sum(r.n_bytes_before for r in sealed), sum(r.n_bytes_after for r in sealed)
        summary = f"{_count(len(sealed))} sealed: {_size(before)} before, {_size(after)} after"
        click.echo(summary if sealed else "nothing was sealed" if results else "nothing to seal")
    return 1 if failed else 0


def _count(n: int) -> str:
    return plain_count(n, "journal")


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:,.1f} kB"
