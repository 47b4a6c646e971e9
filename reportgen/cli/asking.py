"""What the commands that delete share: where they may delete, the question before, and what they say after."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.messages import say
from reportgen.errors import InputError
from reportgen.text import NBSP, format_bytes

if TYPE_CHECKING:
    from reportgen.deletion import Deletion


def log_dirs_to_change(logs: Sequence[Path | str], verb: str = "delete") -> list[Path]:
    """Choose the log directories as commands that read do; refuse a URL, and a site, which is made of logs.

    Raises
    ------
    InputError
        One of them is a site or a URL.
    """
    from reportgen.mirror import refuse_url
    from reportgen.places import choose_places, find_store

    paths = [refuse_url(place, verb) for place in [*logs] or choose_places()]
    for path in paths:
        if find_store(path) is not None:
            hint = f"{verb} from the logs and build again"
            raise InputError(f"{path} is a site, not a log directory", hint=hint, slug="site-not-logs")
    return paths


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal, unless that was answered by `--yes`; what is not confirmed is not done.

    Raises
    ------
    InputError
        There is no terminal to ask on.
    click.Abort
        The answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        what = f"{question.rstrip('?')} needs a confirmation, and there is no terminal to ask on"
        raise InputError(what, hint="add --yes", slug="not-confirmed")
    click.confirm(question, abort=True)


def report_deletion(what: str, result: Deletion) -> int:
    """Say what was deleted, what keeps its content for now, and what failed; give the exit code."""
    for path, reason in result.skipped:
        say("kept", "yellow", f"the content in {path}, {reason}: reportgen prune takes it out later")
    for run_id, reason in result.failed:
        say("failed", "red", f"run {run_id}: {reason}")
    if result.runs or result.artifacts:
        click.echo(f"{what}; {format_bytes(result.n_bytes).replace(NBSP, ' ')} freed")
    return 1 if result.failed else 0
