"""`reportgen summary`: runs as Markdown, for the page of a CI job and for comments on pull requests."""

from __future__ import annotations

import re
from pathlib import Path

import click

from reportgen.cli.place import PLACE, complete_run, open_place

_LEAST_CHARS = 1000


@click.command()
@click.argument("place", nargs=-1, type=PLACE, metavar="[SITE|LOGS]...")
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="RUN|LOGS",
    shell_complete=complete_run,
    help="Tell of this run, or of the newest ones of a log directory.",
)
@click.option("--pipeline", "pipelines", multiple=True, metavar="NAME", help="Tell only of runs of this pipeline.")
@click.option(
    "--against",
    default="latest",
    show_default=True,
    metavar="BASELINE",
    help="What to compare with: latest, branch:NAME, a run, or a site or logs.",
)
@click.option(
    "--url", "site_url", metavar="URL", help="Where the site is published.  [default: that of reportgen.toml]"
)
@click.option(
    "--max-chars",
    type=click.IntRange(min=_LEAST_CHARS),
    metavar="N",
    help="The longest that it may be, e.g. 65536 for a comment.  [default: 1 MiB]",
)
def summary(
    place: tuple[Path | str, ...],
    runs: tuple[str, ...],
    pipelines: tuple[str, ...],
    against: str,
    site_url: str | None,
    max_chars: int | None,
) -> None:
    """Print a summary of runs as GitHub-flavoured Markdown.

    It tells of the newest run of every pipeline and deployment of SITE or LOGS: status and failure, metrics with their
    change against a baseline, new and changed artifacts, and which rules of reportgen.toml are not met. What does not
    fit is left out, the least important first, and named in the last line.
    """
    from reportgen.basis import source_date_us
    from reportgen.gates import check_rules, choose_runs, find_baseline, judge_runs
    from reportgen.jsontext import encode_text
    from reportgen.model import NO_HORIZON, Model
    from reportgen.options import URL_PATTERN, load_options
    from reportgen.publish import Manifest
    from reportgen.summary import write_summary
    from reportgen.thinning import horizon_of

    if site_url is not None and not re.match(URL_PATTERN, site_url):
        raise click.UsageError(
            f"--url must be an address such as https://owner.github.io/repository/, not {site_url!r}"
        )
    options = load_options()
    rules = check_rules(options.check.rules)
    source = open_place(place)
    manifest = Manifest.read(source.sites[0].parent) if len(source.sites) == 1 and not source.logs else None
    horizon = horizon_of(manifest) if manifest else NO_HORIZON
    model = Model(source.store, options, source_date_us=source_date_us(), horizon=horizon)
    chosen = choose_runs(model, source, runs, pipelines)
    baseline = find_baseline(model, source, against, chosen)
    verdicts = judge_runs(model, source, chosen, rules, allow_failed=options.check.allow_failed)
    url = options.url if site_url is None else site_url
    text = write_summary(model, chosen, baseline, verdicts, site_url=url, max_chars=max_chars)
    click.echo(encode_text(text), nl=False)
