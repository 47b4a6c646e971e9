"""Where a record goes: the current scope, a run that another process began, or this process's detached run.

A process without a current run joins the one that `REPORTGEN_RUN_ID` names, if any, when it first records, and stays
with it.
"""

from __future__ import annotations

import os

from reportgen.errors import warn_caller
from reportgen.ids import new_id
from reportgen.log.writer import Journal, new_writer
from reportgen.recorder import process
from reportgen.recorder.context import gather_context
from reportgen.recorder.process import DETACHED_PIPELINE
from reportgen.recorder.run import Run
from reportgen.recorder.scopes import Scope, active, given_variable
from reportgen.settings import Settings, is_disabled, is_url, load_settings, resolve_log_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reportgen.outbox import Sender

MAIN_WRITER = "main"


def make_run(
    run_id: str,
    writer: str,
    log_dir: str | os.PathLike[str] | None,
    settings: Settings,
    pipeline: str = "",
    name: str | None = None,
    deployment: str | None = None,
) -> Run:
    """Make a run that records with the writer of this name, unless recording is disabled.

    Raises
    ------
    InputError
        The configuration, or the URL of an object store, cannot be used.
    """
    journal = sender = None
    place = ""
    if not is_disabled():
        place = resolve_log_dir(log_dir or given_variable("REPORTGEN_LOG_DIR") or settings.log_dir, settings)
        sender = _open_sender(place, settings) if is_url(place) else None
        folder = sender.folder if sender else place
        journal = Journal(folder, run_id, writer, durability=settings.durability, strict=settings.strict)
    return Run(run_id, journal, settings, place, sender, pipeline=pipeline, name=name, deployment=deployment)


def _open_sender(url: str, settings: Settings) -> Sender:
    from reportgen.outbox import open_sender

    return open_sender(url, strict=settings.strict, before_exit=process.end_open_runs)


def rejoin(
    run_id: str,
    log_dir: str | None,
    pipeline: str = "",
    name: str | None = None,
    deployment: str | None = None,
    is_recording: bool = True,
) -> Run:
    """Give the run that was pickled: itself in the process that began it, else one that joins it."""
    with process.lock:
        run = process.open_runs.get(run_id) or process.joined_runs.get(run_id)
        if run is None:
            settings, names = load_settings(), (pipeline, name, deployment)
            if is_recording:
                run = make_run(run_id, new_writer(), log_dir, settings, *names)
            else:
                run = Run(run_id, None, settings, pipeline=pipeline, name=name, deployment=deployment)
            process.joined_runs[run_id] = run
        return run


def join_run(run_id: str, step: str | None = None, log_dir: str | None = None) -> Scope:
    """Give a scope to record in a run, or a step of it, that another process began."""
    return Scope(rejoin(run_id, log_dir), step or None)


def current_scope() -> Scope | None:
    """Give the run and step that records go to now, joining a run named by the environment if need be.

    Raises
    ------
    ValueError
        `REPORTGEN_RUN_ID` is not a UUID.
    """
    return active.get() or joined_scope()


def joined_scope() -> Scope | None:
    if process.joined_scopes:
        return process.joined_scopes[0]
    run_id = given_variable("REPORTGEN_RUN_ID")
    if not run_id:
        return None
    scope = join_run(
        run_id if is_disabled() else _check_run_id(run_id),
        given_variable("REPORTGEN_STEP_ID"),
        given_variable("REPORTGEN_LOG_DIR"),
    )
    process.joined_scopes.append(scope)
    return scope


def _check_run_id(run_id: str) -> str:
    import uuid

    try:
        return str(uuid.UUID(run_id))
    except ValueError as error:
        raise ValueError(f"REPORTGEN_RUN_ID must be a UUID, not {run_id!r}") from error


def scope_for_artifact() -> Scope:
    """Give the scope to record an artifact in: the current one, else this process's detached run, with a warning."""
    scope = active.get() or joined_scope()
    if scope is not None:
        return scope
    settings = load_settings()
    if settings.warn_outside_run and not is_disabled():
        warn_caller("no run is active: the artifact is recorded in a detached run")
    with process.lock:
        if not process.detached_runs or is_disabled():
            run = make_run(new_id(), MAIN_WRITER, None, settings, DETACHED_PIPELINE)
            if not run.is_recording:
                return Scope(run)
            run.context = gather_context(settings)
            run.begin(detached=True)
            process.detached_runs.append(run)
        return Scope(process.detached_runs[0])


def scope_unless_outside(what: str) -> Scope | None:
    """Give the current scope; outside a run nothing, with a warning that `what` is not recorded."""
    scope = current_scope()
    if scope is None and not is_disabled() and load_settings().warn_outside_run:
        warn_caller(f"no run is active: {what} is not recorded")
    return scope
