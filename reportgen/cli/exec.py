"""`reportgen exec`: any command becomes a run, or a step of one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reportgen.cli.messages import say
from reportgen.cli.recording import recording
from reportgen.cli.words import checking
from reportgen.inputs.names import check_name
from reportgen.metrics import record_metric_value
from reportgen.recorder.context import describe_command
from reportgen.recorder.joining import current_scope
from reportgen.recorder.run import Run, Step
from reportgen.recorder.start import begin_run
from reportgen.settings import is_disabled, load_settings

if TYPE_CHECKING:
    from reportgen.cli.child import Child, Ending

_USAGE = "reportgen exec --pipeline NAME -- COMMAND"


class _CommandAfterDashes(click.Command):
    """A command that ends with `--` and the words of another command, which are taken as they are."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:at])
        if ctx.params["command"]:
            raise click.UsageError(f"put -- before the command, as in {_USAGE}", ctx)
        ctx.params["command"] = tuple(args[at + 1 :])
        return rest


_check_name = checking(lambda name: check_name(name, "it"))


def _read_params(context: click.Context, parameter: click.Parameter, words: Sequence[str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not key.strip() or not equals:
            raise click.BadParameter(f"{word!r} is not of the form KEY=VALUE, e.g. lr=0.1")
        if key in params:
            raise click.BadParameter(f"{key!r} is given twice")
        params[key] = _read_value(text)
    return params


def _read_value(text: str) -> Any:
    """Take what is JSON as JSON, all else as text; so is what only Python calls JSON, such as NaN."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


@click.command(cls=_CommandAfterDashes, context_settings={"allow_interspersed_args": False})
@click.option("--pipeline", metavar="NAME", callback=_check_name, help="What is being run; makes a run.")
@click.option("--step", metavar="NAME", callback=_check_name, help="A stage of the active run; makes a step of it.")
@click.option("--name", metavar="NAME", callback=_check_name, help="A name for this run.")
@click.option("--deployment", metavar="NAME", callback=_check_name, help="A name under which it is run.")
@click.option(
    "--param",
    "params",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_read_params,
    help="A parameter, JSON or text; may be repeated.",
)
@click.option(
    "--tag",
    "tags",
    metavar="WORD",
    multiple=True,
    callback=_check_name,
    help="A word to find the run by; may be repeated.",
)
@click.option("--log-dir", metavar="FOLDER|URL", help="Where to record.  [default: where reportgen build reads]")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT]...")
def execute(
    pipeline: str | None,
    step: str | None,
    command: tuple[str, ...],
    **fields: Any,
) -> int:
    """Run a command as a run of a pipeline, or as a step of the active run.

    Recorded are the command, its exit code and how long it took. What the command starts records into the run: Python
    code with reportgen, reportgen log, and reportgen exec --step for the stages of a script. The exit code is the
    command's; 127 if it is not found, 126 if it cannot be executed. To stop it from outside, send SIGTERM.

    \b
    reportgen exec --pipeline nightly --param lr=0.1 -- ./nightly.sh
    reportgen exec --step train -- python train.py    # inside nightly.sh
    """
    from reportgen.cli.child import Child

    _check_usage(pipeline, step, command, fields)
    shown = describe_command(command if load_settings().command else command[:1])
    with Child(command, shown) as child:
        with recording():
            recorded = _begin_step(step) if step is not None else begin_run(pipeline or "", command=command, **fields)
            ending = _run_recorded(child, recorded)
        if ending.error is not None and not ending.was_started:
            say("error", "red", str(ending.error))
    child.end_as_it_did(ending)
    return ending.exit_code


def _check_usage(
    pipeline: str | None,
    step: str | None,
    command: Sequence[str],
    fields: dict[str, Any],
) -> None:
    """Refuse what contradicts itself, before anything is recorded or run.

    Raises
    ------
    click.UsageError
        The line says what to do instead.
    """
    if (pipeline is None) == (step is None):
        raise click.UsageError(
            f"give either --pipeline NAME, for a run, or --step NAME, for a step of the active run: {_USAGE}"
        )
    if not command or not command[0]:
        raise click.UsageError(f"give a command after --, as in {_USAGE}")
    for name, value in fields.items():
        if step is not None and value:
            option = {"params": "param", "tags": "tag", "log_dir": "log-dir"}.get(name, name)
            raise click.UsageError(f"--{option} is of a run: give it with --pipeline, not with --step")


def _begin_step(name: str) -> Step | None:
    """Begin a step of the active run; none while recording is disabled.

    Raises
    ------
    click.UsageError
        No run is active.
    """
    if is_disabled():
        return None
    scope = current_scope()
    if scope is None:
        raise click.UsageError(f"--step is inside a run, and none is active: start one with {_USAGE}")
    return scope.run.step(name).__enter__()


def _run_recorded(child: Child, recorded: Run | Step | None) -> Ending:
    """Run the command, and record how it ended before anything else can go wrong."""
    started_at = time.monotonic()
    ending = child.run()
    seconds = time.monotonic() - started_at
    if isinstance(recorded, Run):  # of a step they would take the place of the run's metrics
        record_metric_value("exit_code", ending.exit_code)
        record_metric_value("duration_s", round(seconds, 3))
    if recorded is not None:
        recorded.__exit__(type(ending.error) if ending.error else None, ending.error, None)
    return ending
