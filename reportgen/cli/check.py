"""`reportgen check`: whether runs are good enough to go on with."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.place import PLACE, complete_run, open_place

FORMATS = ["text", "json", "junit", "github", "openmetrics"]


@click.command()
@click.argument("place", nargs=-1, type=PLACE, metavar="[SITE|LOGS]...")
@click.option(
    "--rule", "rules", multiple=True, metavar="RULE", help="What runs must meet, in place of the configuration's rules."
)
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="RUN|LOGS",
    shell_complete=complete_run,
    help="Judge this run, or the newest ones of a log directory.",
)
@click.option("--pipeline", "pipelines", multiple=True, metavar="NAME", help="Judge only runs of this pipeline.")
@click.option("--allow-failed", is_flag=True, help="Let runs pass that did not complete, if they meet the rules.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print what was found.",
)
def check(
    place: tuple[Path | str, ...],
    rules: tuple[str, ...],
    runs: tuple[str, ...],
    pipelines: tuple[str, ...],
    allow_failed: bool,
    output: str,
) -> int:
    """Judge runs, and exit with 1 when one is not good enough.

    Judged is the newest run of every pipeline and deployment of SITE or LOGS: it must have completed, and must meet the
    rules that concern it. A rule is one of

    \b
      NAME >= 0.9             a metric against a limit; or < <= > == !=
      NAME against BASELINE   not worse than latest, branch:NAME, a run, or a site
      NAME steady             not worse than the noise of earlier runs explains
      metric NAME             recorded at all
      artifact KEY            made at all

    with * for every metric that has a goal, and pipeline=NAME, deployment=NAME and other options after it. By default
    the rules are those of reportgen.toml, and SITE or LOGS what all commands read.
    """
    from reportgen.basis import source_date_us
    from reportgen.gates import check_rules, choose_runs, judge_runs, parse_rule
    from reportgen.gates.reports import WRITERS
    from reportgen.jsontext import encode_text
    from reportgen.model import Model
    from reportgen.options import load_options

    options = load_options()
    chosen = [parse_rule(text) for text in rules] or check_rules(options.check.rules)
    source = open_place(place)
    model = Model(source.store, options, source_date_us=source_date_us())
    allowed = allow_failed or options.check.allow_failed
    verdicts = judge_runs(model, source, choose_runs(model, source, runs, pipelines), chosen, allow_failed=allowed)
    click.echo(encode_text(WRITERS[output](verdicts)), nl=False)
    return 1 if any(one.outcome == "failed" for one in verdicts) else 0
