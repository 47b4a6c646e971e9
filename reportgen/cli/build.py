"""`reportgen build`: log directories become a site."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.messages import say
from reportgen.cli.place import PLACE
from reportgen.cli.progress import choose_progress
from reportgen.settings import is_url
from reportgen.text import NBSP, format_bytes

if TYPE_CHECKING:
    from reportgen.options import Options
    from reportgen.parallel import OpenExecutor
    from reportgen.plan import BuildResult, Progress
    from reportgen.publish.upload import Uploaded

_MAX_SHOWN = 10
_GARBAGE_AFTER = 50_000  # objects; what a build holds is mostly no garbage, and long to look through


@click.command()
@click.argument("logs", nargs=-1, type=PLACE)
@click.option("-o", "--output", type=PLACE, help="Folder or URL of the site.  [default: site]")
@click.option("--title", help="Title of the site.")
@click.option(
    "--base",
    type=PLACE,
    metavar="SITE",
    help="Keep the runs of an earlier site whose logs are gone.",
)
@click.option(
    "--max-size",
    metavar="SIZE",
    help="Thin the history so that the site is at most so large, about, e.g. 900MB; the site lists what was thinned.",
)
@click.option(
    "--max-files", type=click.IntRange(min=1), metavar="N", help="Thin the history so that it has at most N files."
)
@click.option("--full", is_flag=True, help="Make every page anew.")
@click.option("--check", is_flag=True, help="Change nothing; say which files a build would write otherwise.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Number of processes.  [default: one a processor]"
)
@click.option(
    "--executor",
    metavar="dask|MODULE:FUNCTION",
    help="Let a Dask cluster do the work, or the concurrent.futures.Executor that a function gives.",
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Of the Dask cluster.  [default: $DASK_SCHEDULER_ADDRESS]  e.g. tcp://…:8786"
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def build(
    logs: tuple[Path | str, ...],
    output: Path | str | None,
    title: str | None,
    base: Path | str | None,
    max_size: str | None,
    max_files: int | None,
    full: bool,
    check: bool,
    workers: int | None,
    executor: str | None,
    scheduler: str | None,
    quiet: bool,
) -> int:
    """Compact the runs of log directories LOGS and write their site.

    LOGS are folders that hold one folder per run, and sites that were built before; by default $REPORTGEN_LOG_DIR,
    else those of reportgen.toml, else runs. A site that is there is brought up to date: only what depends on logs that
    changed is made again. On any doubt everything is. A build that fails changes nothing. URLs such as s3://bucket/runs
    are taken wherever a folder is.
    """
    gc.set_threshold(_GARBAGE_AFTER)
    import msgspec

    from reportgen.build import build_site
    from reportgen.mirror import local_path
    from reportgen.options import load_options, parse_size
    from reportgen.publish.upload import hold_remote_site

    open_executor = choose_executor(workers, executor, scheduler)
    options = load_options()
    if title is not None:
        options = msgspec.structs.replace(options, title=title)
    if max_size is not None:
        try:
            parse_size(max_size)
        except ValueError as error:
            raise click.UsageError(f"--max-size {error}") from error
        options = msgspec.structs.replace(options, max_size=max_size)
    if max_files is not None:
        options = msgspec.structs.replace(options, max_files=max_files)
    begin = time.monotonic()
    places, target, progress = log_dirs_of(logs, options.logs), output or options.output, choose_progress(quiet=quiet)
    if check:
        if is_url(target):
            raise click.UsageError("--check compares with a folder, not with an object store")
        return check_build(
            [local_path(place, progress.stage) for place in places],
            Path(target),
            options,
            base=local_path(base, progress.stage) if base else None,
            open_executor=open_executor,
            progress=progress,
            quiet=quiet,
        )
    with hold_remote_site(str(target), places) if is_url(target) else nullcontext() as remote:
        result = build_site(
            [local_path(place, progress.stage) for place in places],
            remote.folder if remote else Path(target),
            options,
            base=local_path(base, progress.stage) if base else None,
            full=full,
            open_executor=open_executor,
            say=(lambda line: None) if quiet else (lambda line: click.echo(line, err=True)),
            progress=progress,
        )
        uploaded = remote.upload(full=full, stage=progress.stage) if remote else None
    if not quiet:
        report(result, time.monotonic() - begin, uploaded)
        warn_of_size(result, options)
    return 0


def check_build(
    inputs: list[Path],
    output: Path,
    options: Options,
    *,
    base: Path | None,
    open_executor: OpenExecutor | None,
    progress: Progress,
    quiet: bool,
) -> int:
    """Say in what a site differs from one that is built now; give the exit code."""
    from reportgen.build import check_site
    from reportgen.cli.verify import count_differences, print_differences

    found = check_site(inputs, output, options, base=base, open_executor=open_executor, progress=progress)
    print_differences(found)
    if found:
        say("error", "red", f"{output} is not what a build makes now: {count_differences(found)}")
    elif not quiet:
        click.echo(f"{output} is what a build makes now, byte for byte")
    return 1 if found else 0


def choose_executor(workers: int | None, executor: str | None, scheduler: str | None) -> OpenExecutor | None:
    """Choose what does the work; `None` leaves it to the build."""
    from reportgen.parallel import Workers, import_executor

    if workers is not None and executor is not None:
        raise click.UsageError("--workers and --executor exclude each other")
    if scheduler is not None and executor != "dask":
        raise click.UsageError("--scheduler is for --executor dask")
    if executor == "dask":
        from reportgen.cluster import open_cluster

        address = scheduler or os.environ.get("DASK_SCHEDULER_ADDRESS")
        if not address:
            hint = "give --scheduler tcp://HOST:PORT or set DASK_SCHEDULER_ADDRESS; on one machine, leave both out"
            raise click.UsageError(f"--executor dask needs a scheduler: {hint}")
        return open_cluster(address)
    return import_executor(executor) if executor else Workers(workers) if workers else None


def log_dirs_of(arguments: tuple[Path | str, ...], configured: list[str]) -> list[Path | str]:
    """Choose the log directories: the arguments, else the environment, else the configuration, else `runs`."""
    if arguments:
        return list(arguments)
    environment = os.environ.get("REPORTGEN_LOG_DIR")
    names = [environment] if environment else configured or ["runs"]
    return [name if is_url(name) else Path(name).expanduser() for name in names]


def report(result: BuildResult, seconds: float, uploaded: Uploaded | None = None) -> None:
    """Print what a build made, what it could not read, and what was uploaded."""
    for problem in result.problems[:_MAX_SHOWN]:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        say("skipped", "yellow", f"{place}: {problem.reason}")
    n_more = result.n_problems - len(result.problems[:_MAX_SHOWN])
    if n_more:
        say("skipped", "yellow", f"{n_more:,} more, listed on the site's page Data")
    if result.n_missing:
        say("lost", "yellow", f"{plain_count(result.n_missing, 'record')} did not arrive; see the pages of their runs")
    if result.masked:
        rules = ", ".join(f"{n:,} {rule}" for rule, n in result.masked.items())
        say("masked", "green", f"{plain_count(sum(result.masked.values()), 'text')} ({rules})")
    if result.thinned:
        say("thinned", "yellow", f"{describe_thinned(result.thinned)}; listed on the site's page Data")
    made = "all" if result.n_written == result.n_files else f"{result.n_written:,}" if result.n_written else "none"
    facts = [
        plain_count(result.n_runs, "run"),
        f"{plain_count(result.n_files, 'file')} ({made} written)",
        format_bytes(result.n_bytes).replace(NBSP, " "),
        f"{seconds:.1f} s",
    ]
    where = f"{uploaded.url}/index.html" if uploaded else result.output / "index.html"
    click.echo(f"{', '.join(facts)}: {where}")
    if uploaded:
        size = format_bytes(uploaded.n_bytes).replace(NBSP, " ")
        sent = f"{plain_count(uploaded.n_files, 'file')} ({size})"
        click.echo(f"uploaded {sent}, removed {uploaded.n_removed:,}, left {uploaded.n_left:,} as they were")


def describe_thinned(thinned: Mapping[str, int]) -> str:
    """Say in words what a site lacks to be within its limits."""
    parts = [
        (thinned["n_files"], "artifact", "without downloads"),
        (thinned["n_artifacts"], "artifact", "without a page"),
        (thinned["n_runs"], "run", "without a page"),
    ]
    return ", ".join(f"{plain_count(n, noun)} {what}" for n, noun, what in parts if n) or "nothing that could be"


def warn_of_size(result: BuildResult, options: Options) -> None:
    """Warn of limits that a site is over: its own, and those of hosts; a line for each."""
    from reportgen.hosting import MOST_SITE_BYTES, MOST_SITE_FILES
    from reportgen.text import format_bytes

    size = format_bytes(result.n_bytes).replace(NBSP, " ")
    remedy = "prune runs, or give a higher limit"
    if options.max_files is not None and result.n_files > options.max_files:
        n_files = plain_count(result.n_files, "file")
        say(
            "warning",
            "yellow",
            f"{n_files}, over --max-files {options.max_files:,}, and no more can be thinned: {remedy}",
        )
    if options.max_bytes is not None and result.n_bytes > options.max_bytes:
        can_thin = result.thinned.get("runs_before", 0) < result.n_runs
        hint = "; pages are estimated: give a lower size" if can_thin else f", and no more can be thinned: {remedy}"
        say("warning", "yellow", f"the site is {size}, over --max-size {options.max_size}{hint}")
    for url, n_bytes in result.large[:_MAX_SHOWN]:
        large = format_bytes(n_bytes).replace(NBSP, " ")
        say("warning", "yellow", f"{url} is {large}; GitHub takes no file over 100 MiB")
    if result.n_bytes > MOST_SITE_BYTES:
        say("warning", "yellow", f"the site is {size}; GitHub Pages publishes none over 1 GB: see --max-size")
    if result.n_files > MOST_SITE_FILES:
        n_files = plain_count(result.n_files, "file")
        say("warning", "yellow", f"{n_files} may take GitHub Pages over 10 minutes, when it gives up: see --max-files")


def plain_count(n: int, noun: str) -> str:
    """Write a number of things for a terminal."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
