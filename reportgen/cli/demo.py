"""`reportgen demo`: the example pipelines, run on real data, and their site."""

from __future__ import annotations

import time
from pathlib import Path

import click

from reportgen.cli.build import report


@click.command()
@click.argument("folder", default="demo", type=click.Path(path_type=Path, file_okay=False))
def demo(folder: Path) -> int:
    """Run the example pipelines on real data and build their site in FOLDER (default: demo).

    The logs are in FOLDER/runs and the site in FOLDER/site. Running it again adds runs.
    """
    from reportgen.build import build_site
    from reportgen.datafolders import find_data_folder
    from reportgen.demo import load_runs, make_run, recording_into
    from reportgen.options import load_options
    from reportgen.publish import check_output

    logs, site = folder / "runs", folder / "site"
    check_output(site, [logs])
    runs = load_runs()
    with recording_into(logs), click.progressbar(runs, label=f"Running {len(runs)} example runs") as bar:
        completed = [make_run(run) for run in bar]
    n_failed = completed.count(False)
    if n_failed:
        click.echo(f"{n_failed} of {len(runs)} failed for reasons in their data: see the site")
    begin = time.monotonic()
    report(build_site([logs], site, load_options(find_data_folder("examples"))), time.monotonic() - begin)
    return 0
