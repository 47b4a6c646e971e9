"""`reportgen build`: log directories become a site."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.messages import say

if TYPE_CHECKING:
    from reportgen.build import BuildResult

_MAX_SHOWN = 10


@click.command()
@click.argument("logs", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the site.  [default: site]")
@click.option("--title", help="Title of the site.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def build(logs: tuple[Path, ...], output: Path | None, title: str | None, quiet: bool) -> int:
    """Compact the runs of log directories LOGS and write their site.

    LOGS are folders that hold one folder per run, and sites that were built before; by default $REPORTGEN_LOG_DIR,
    else those of reportgen.toml, else runs. The site replaces an earlier one at the end, in one step: a build that
    fails changes nothing.
    """
    import msgspec

    from reportgen.build import build_site
    from reportgen.options import load_options

    options = load_options()
    if title is not None:
        options = msgspec.structs.replace(options, title=title)
    result = build_site(log_dirs_of(logs, options.logs), output or Path(options.output), options)
    if not quiet:
        report(result)
    return 0


def log_dirs_of(arguments: tuple[Path, ...], configured: list[str]) -> list[Path]:
    """Choose the log directories: the arguments, else the environment, else the configuration, else `runs`."""
    if arguments:
        return list(arguments)
    environment = os.environ.get("REPORTGEN_LOG_DIR")
    return [Path(name).expanduser() for name in ([environment] if environment else configured or ["runs"])]


def report(result: BuildResult) -> None:
    """Print what a build made and what it could not read."""
    for problem in result.problems[:_MAX_SHOWN]:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        say("skipped", "yellow", f"{place}: {problem.reason}")
    if len(result.problems) > _MAX_SHOWN:
        n_more = len(result.problems) - _MAX_SHOWN
        say("skipped", "yellow", f"{n_more} more, listed on the site's page Data")
    if result.n_missing:
        say("lost", "yellow", f"{plain_count(result.n_missing, 'record')} did not arrive; see the pages of their runs")
    runs, files = plain_count(result.n_runs, "run"), plain_count(result.n_files, "file")
    click.echo(f"{runs}, {files}: {result.output / 'index.html'}")


def plain_count(n: int, noun: str) -> str:
    """Write a number of things for a terminal."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
