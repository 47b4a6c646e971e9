"""`reportgen export`: what a site holds, in the forms of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reportgen.cli.messages import say

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def export() -> None:
    """Write what a site holds as logs, CSV, a bag or lineage events."""


def _place_options(function: Command) -> Command:
    """Give a command the site that it reads, the folder that it writes, and `--quiet`."""
    function = click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and warnings.")(function)
    output = click.Path(path_type=Path)
    text = "A folder that is not there yet, or an empty one."
    function = click.option("-o", "--output", required=True, type=output, metavar="FOLDER", help=text)(function)
    return click.argument("site", required=False, type=click.Path(path_type=Path))(function)


def _choose_site(site: Path | None) -> Path:
    from reportgen.options import load_options

    return site or Path(load_options().output)


@export.command()
@_place_options
def logs(site: Path | None, output: Path, quiet: bool) -> int:
    """Write the logs of SITE, from which a build makes the same site again.

    Of lines that could not be read a site has only a note, and of what was deleted nothing, so neither is in the logs.
    """
    from reportgen.exports import export_logs

    folder = _choose_site(site)
    done = export_logs(folder, output)
    if done.n_unreadable:
        say(
            "warning",
            "yellow",
            f"{done.n_unreadable:,} lines could not be read when {folder} was built: not in the logs",
        )
    if done.n_missing_blobs:
        say("warning", "yellow", f"{done.n_missing_blobs:,} images or large tables are not in {folder}")
    if not quiet:
        click.echo(f"wrote the logs of {done.n_runs:,} run{'' if done.n_runs == 1 else 's'}: {output}")
    return 0


@export.command("csv")
@_place_options
def csv_files(site: Path | None, output: Path, quiet: bool) -> int:
    """Write every table of SITE as a CSV file; docs/data.md says what their columns are."""
    from reportgen.exports import export_csv

    rows = export_csv(_choose_site(site), output)
    if not quiet:
        click.echo(f"wrote {len(rows)} tables with {sum(rows.values()):,} rows: {output}")
    return 0


@export.command()
@_place_options
def bagit(site: Path | None, output: Path, quiet: bool) -> int:
    """Put SITE, a folder or a zip, into a bag (BagIt 1.0) as archives take it; each file is checked on the way."""
    from reportgen.exports import export_bag

    manifest = export_bag(_choose_site(site), output)
    if not quiet:
        click.echo(f"put {len(manifest) + 1:,} files into a bag: {output}")
    return 0


@export.command()
@_place_options
@click.option("--namespace", default="reportgen", show_default=True, metavar="NAME", help="Of jobs and artifacts.")
def openlineage(site: Path | None, output: Path, quiet: bool, namespace: str) -> int:
    """Write the runs and steps of SITE as OpenLineage events, one JSON object a line, into FOLDER/events.jsonl."""
    from reportgen.exports import export_openlineage

    n_events = export_openlineage(_choose_site(site), output, namespace)
    if not quiet:
        click.echo(f"wrote {n_events:,} events: {output}")
    return 0
