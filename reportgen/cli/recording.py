"""What the commands that record share: where they record, and how they say that something is wrong.

A warning of the recorder is one line, not Python's two with a line of source. What the environment says is checked
before anything is recorded, so that no id from outside ends up in a path or half of a record in a log.
"""

from __future__ import annotations

import os
import sys
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from reportgen.cli.messages import say
from reportgen.errors import InputError, OutputError
from reportgen.log.layout import journal_name
from reportgen.recorder.joining import current_scope, join_run
from reportgen.recorder.scopes import Scope, enter, leave
from reportgen.settings import is_disabled, is_url, load_settings, resolve_log_dir


@contextmanager
def recording() -> Iterator[None]:
    """Show warnings as lines, and a disk that fails a log with `strict` as an error.

    Raises
    ------
    InputError
        The environment names a run or a step by something that is no id.
    OutputError
        A record cannot be written, and the configuration is `strict`.
    """
    _check_environment()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = _show_warning
        try:
            yield
            _send()
        except OSError as error:
            raise OutputError(
                f"cannot record: {error}", hint="see to the log directory", slug="cannot-record"
            ) from error


def _send() -> None:
    """Send what was recorded to an object store, as the end of Python would, but with warnings as lines."""
    if "reportgen.outbox" in sys.modules:
        from reportgen.outbox import close_senders

        close_senders()


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    say("warning", "yellow", str(message))


def _check_environment() -> None:
    for name in ("REPORTGEN_RUN_ID", "REPORTGEN_STEP_ID"):
        value = os.environ.get(name)
        if value and not _is_uuid(value):
            hint = "unset it; reportgen exec sets it for the commands that it runs"
            raise InputError(f"{name} must be a UUID, not {value!r}", hint=hint, slug="bad-environment")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def require_run() -> None:
    """Refuse to go on where no run is active, unless recording is disabled.

    Raises
    ------
    InputError
        There is none.
    """
    if not is_disabled() and current_scope() is None:
        hint = "start one with reportgen exec --pipeline NAME -- …, or name one with --run"
        raise InputError("no run is active", hint=hint, slug="no-active-run")


@contextmanager
def recording_into(log_dir: str | None, run_id: str | None, step_id: str | None) -> Iterator[None]:
    """Record into a log directory, run and step that options name; what they leave out the environment says.

    Raises
    ------
    InputError
        The log directory does not hold the run, or a step is named and no run.
    """
    with _log_dir(log_dir):
        if run_id is None and step_id is None:
            yield
            return
        scope = _choose_scope(run_id, step_id)
        enter(scope)
        try:
            yield
        finally:
            leave(scope)


@contextmanager
def _log_dir(log_dir: str | None) -> Iterator[None]:
    before = os.environ.get("REPORTGEN_LOG_DIR")
    if log_dir:
        os.environ["REPORTGEN_LOG_DIR"] = log_dir if is_url(log_dir) else str(Path(log_dir).absolute())
    try:
        yield
    finally:
        os.environ.pop("REPORTGEN_LOG_DIR", None)
        if before is not None:
            os.environ["REPORTGEN_LOG_DIR"] = before


def _choose_scope(run_id: str | None, step_id: str | None) -> Scope:
    if run_id is None:
        require_run()
        current = current_scope()
        return Scope(current.run, step_id) if current else join_run(str(uuid.uuid4()))  # the latter while disabled
    if not is_disabled():
        _check_run(run_id, resolve_log_dir(None, load_settings()))
    return join_run(run_id, step_id)


def _check_run(run_id: str, folder: str) -> None:
    if is_url(folder):
        from reportgen.outbox import Outbox

        outbox = Outbox(folder)
        folder, is_there = outbox.shown, outbox.knows(run_id)
    else:
        is_there = Path(folder, journal_name(run_id, "main")).parent.is_dir()
    if not is_there:
        hint = "the folders of the log directory are named after their runs; --log-dir names another one"
        raise InputError(f"there is no run {run_id!r} in {folder}", hint=hint, slug="no-such-run")
