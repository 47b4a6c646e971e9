"""The group `reportgen log`: what its commands share, from their options to what they print.

Each call is a process of its own that joins the run, so it starts with as little as it can: no pyarrow unless there is
a table, no Jinja at all. Everything is checked before anything is recorded. A command that makes an artifact prints
its id, the others print nothing.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from reportgen.cli.recording import recording, recording_into, require_run
from reportgen.cli.words import DashedWords, checking, parsing, to_id
from reportgen.errors import InputError, OutputError
from reportgen.inputs.names import check_key

_COMMON = ["key", "description", "run_id", "step_id", "log_dir"]  # the last options in a help


@click.group()
def log() -> None:
    """Record metrics, artifacts and datasets from a shell script.

    They belong to the run that is active: inside reportgen exec, or in what a Python script with a run starts.

    \b
    reportgen log metric accuracy 0.93
    reportgen log table worst.csv --key worst-rows
    """


def measuring(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function that records what only a run can have a command."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return _add_command(name, _choosing_scope(function, needs_run=True))

    return decorate


def creating(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function that records an artifact, and gives its id, a command."""
    key_help = "Makes it the next version of this key: lowercase letters, numbers, dashes."

    def decorate(function: Callable[..., Any]) -> click.Command:
        command = _choosing_scope(function, needs_run=False)
        command = click.option("--description", metavar="MARKDOWN", help="What it shows.")(command)
        command = click.option("--key", callback=checking(check_key), help=key_help)(command)
        return _add_command(name, command)

    return decorate


def _add_command(name: str, function: Callable[..., Any]) -> click.Command:
    command = log.command(name, cls=DashedWords)(function)
    command.params.sort(key=lambda option: _COMMON.index(str(option.name)) if option.name in _COMMON else -1)
    return command


def _choosing_scope(function: Callable[..., Any], *, needs_run: bool) -> Callable[..., None]:
    """Let options say where a function records, and print the id that it gives."""

    @click.option(
        "--run", "run_id", callback=parsing(to_id), metavar="ID", help="Record into this run, not the active one."
    )
    @click.option("--step", "step_id", callback=parsing(to_id), metavar="ID", help="Record into this step of the run.")
    @click.option("--log-dir", metavar="FOLDER|URL", help="Where to record, if not where the environment says.")
    @functools.wraps(function)
    def record(run_id: str | None, step_id: str | None, log_dir: str | None, **values: Any) -> None:
        with recording(), recording_into(log_dir, run_id, step_id):
            if needs_run:
                require_run()
            try:
                made = function(**values)
            except (TypeError, ValueError) as error:  # what the recorder refuses; it has recorded nothing then
                raise InputError(str(error), hint="nothing was recorded", slug="unusable-input") from error
        if made is not None:
            _print_line(str(made))

    return record


def _print_line(line: str) -> None:
    try:
        click.echo(line)
    except OSError as error:
        sys.stdout = None  # or Python tries again when it exits
        if not isinstance(error, BrokenPipeError):  # nobody wants to know
            what = f"the artifact was recorded, but its id {line} cannot be printed: {error.strerror}"
            raise OutputError(what, hint="use this id", slug="cannot-print") from error
