"""Runs and steps: who is recording now.

A run is one execution of a pipeline, a step one named stage in it. The current ones live in a
`ContextVar`; a process without one joins the run that `REPORTGEN_RUN_ID` names, if any.
Recording costs one encoded line and one `write`; neither pyarrow nor jinja2 is imported.
"""

from __future__ import annotations

import atexit
import os
import platform
import secrets
import sys
import time
import traceback
import uuid
import warnings
from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from reportgen.inputs.cells import to_param
from reportgen.inputs.names import check_name
from reportgen.log.writer import Journal, new_writer
from reportgen.options import Options, load_options, resolve_log_dir
from reportgen.records import ArtifactType, End, ErrorInfo, Record, RunStart, Status, StepStart

_MAX_TRACEBACK = 64_000
DETACHED_PIPELINE = "detached"


class Scope(NamedTuple):
    """Where a record goes: the run, and the step inside it if there is one."""

    run: Run
    step: str | None


_scope: ContextVar[Scope | None] = ContextVar("reportgen_scope", default=None)
_joined: dict[str, Run] = {}
_detached: list[Run] = []


def new_id() -> str:
    """Give a UUIDv7 (RFC 9562): sortable by time, unique without asking anybody."""
    stamp = time.time_ns() // 1_000_000
    value = stamp << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def is_disabled() -> bool:
    """Whether `REPORTGEN_DISABLED` turns recording off."""
    return os.environ.get("REPORTGEN_DISABLED", "") not in ("", "0")


class Run:
    """One execution of a pipeline; made by `start_run`. A context manager that ends the run.

    Attributes
    ----------
    id
        UUIDv7.
    pipeline, name, deployment
        As given to `start_run`.
    log_dir
        The log directory it records to.
    """

    def __init__(self, run_id: str, journal: Journal | None, pipeline: str, options: Options) -> None:
        self.id = run_id
        self.pipeline = pipeline
        self.name: str | None = None
        self.deployment: str | None = None
        self.options = options
        self.artifact_types: dict[str, ArtifactType] = {}
        self.list_lengths: dict[str, int] = {}
        self._journal = journal
        self._token: Token[Scope | None] | None = None
        self._ended = False
        self._pid = os.getpid()

    @property
    def log_dir(self) -> Path | None:
        """The log directory; `None` while recording is disabled."""
        return self._journal.log_dir if self._journal else None

    def record(self, kind: type[Record], **fields: Any) -> None:
        """Append one record, unless recording is disabled."""
        if self._journal:
            self._journal.append(kind, **fields)

    def add_blob(self, content: bytes, extension: str) -> str:
        """Keep a file by content and give its name; no name while recording is disabled."""
        return self._journal.add_blob(content, extension) if self._journal else ""

    def step(self, name: str, *, attempt: int = 1) -> Step:
        """Give a context manager for one stage of this run, inside the current step if there is one.

        Parameters
        ----------
        name
            1 to 200 printable characters.
        attempt
            Which try this is, from 1.
        """
        return Step(self, name, attempt)

    def end(self, status: Status = "completed", error: BaseException | None = None) -> None:
        """End the run. Done by the context manager; call it where there is none. A second call does nothing."""
        if self._ended:
            return
        self._ended = True
        if os.getpid() == self._pid:  # a forked child that leaves the block does not end its parent's run
            self.record(End, status=status, error=describe_error(error))
            if self._journal:
                self._journal.close()
        _leave(self._token)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(outcome_of(error), error)


class Step:
    """One named stage of a run; made by `Run.step`. A context manager."""

    def __init__(self, run: Run, name: str, attempt: int) -> None:
        check_name(name, "the name of a step")
        self.run = run
        self.name = name
        self.attempt = attempt
        self.id = new_id()
        self._pid = os.getpid()
        self._token: Token[Scope | None] | None = None

    def __enter__(self) -> Step:
        outer = current_scope()
        parent = outer.step if outer and outer.run is self.run else None
        self.run.record(StepStart, id=self.id, name=self.name, attempt=self.attempt, step=parent)
        self._token = _scope.set(Scope(self.run, self.id))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() == self._pid:
            self.run.record(End, step=self.id, status=outcome_of(error), error=describe_error(error))
        _leave(self._token)


def _leave(token: Token[Scope | None] | None) -> None:
    if token is None:
        return
    try:
        _scope.reset(token)
    except ValueError:  # ended in another context than it began in, e.g. another asyncio task
        _scope.set(None)


def outcome_of(error: BaseException | None) -> Status:
    """Give the status that an exception leaving a run or a step stands for."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "completed"
    if isinstance(error, (KeyboardInterrupt, GeneratorExit)) or _is_task_cancelled(error):
        return "cancelled"
    return "failed"


def _is_task_cancelled(error: BaseException) -> bool:
    asyncio = sys.modules.get("asyncio")  # its import would cost every job milliseconds
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


def describe_error(error: BaseException | None) -> ErrorInfo | None:
    """Give type, message and traceback of an exception, the traceback cut to its last 64,000 characters.

    File names in it are shortened to how they are imported, so that a published report does not tell where on
    which machine it was made.
    """
    if error is None or outcome_of(error) == "completed":
        return None
    try:
        message = str(error)
        trace = _shorten_paths(
            "".join(_without_own_frames(traceback.TracebackException.from_exception(error)).format())
        )
    except Exception:  # a user's __str__ may raise anything, the working directory be gone
        message, trace = "", ""
    return ErrorInfo(type(error).__qualname__, message[:_MAX_TRACEBACK], trace[-_MAX_TRACEBACK:])


def _without_own_frames(trace: traceback.TracebackException) -> traceback.TracebackException:
    """Leave out the frames of `@pipeline` and `@step`, which say nothing of the error."""
    wrapper = str(Path(__file__).with_name("decorators.py"))
    links: list[traceback.TracebackException | None] = [trace]
    while links:
        link = links.pop()
        if link is not None:
            link.stack = traceback.StackSummary.from_list([f for f in link.stack if f.filename != wrapper])
            links += [link.__cause__, link.__context__]
    return trace


def _shorten_paths(trace: str) -> str:
    folders = {str(Path(folder or ".").absolute()) for folder in [*sys.path, "."]} - {os.sep}
    for folder in sorted(folders, key=len, reverse=True):
        trace = trace.replace(f'File "{folder}{os.sep}', 'File "')
    return trace


def start_run(
    pipeline: str,
    *,
    name: str | None = None,
    deployment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    log_dir: str | os.PathLike[str] | None = None,
    parent: str | None = None,
) -> Run:
    """Begin a run and make it the current one.

    Parameters
    ----------
    pipeline
        What is being run: 1 to 200 printable characters.
    name
        A name for this run; without one the site derives a readable name from its id.
    deployment
        A name under which the pipeline is run, e.g. `"nightly"`.
    params
        Parameters by name. Values without a JSON form are shown by their `repr`.
    tags
        Words to find the run by.
    log_dir
        Where to record; else `REPORTGEN_LOG_DIR`, else the configuration, else `runs`.
    parent
        Id of the run that started this one; by default the current run.

    Returns
    -------
    Run
        A context manager: an exception ends it as failed, and goes on up.

    Raises
    ------
    TypeError, ValueError
        A name or tag is not 1 to 200 printable characters, or `params` is no dict.
    """
    _check_run(pipeline, name, deployment, params, tags)
    outer = current_scope()
    run = _open_run(new_id(), pipeline, "main", log_dir)
    run.name, run.deployment = name, deployment
    run.record(
        RunStart,
        pipeline=pipeline,
        name=name,
        deployment=deployment,
        params={str(key): to_param(value) for key, value in (params or {}).items()},
        tags=list(tags or ()),
        parent=parent or (outer.run.id if outer else None),
        context=_context(),
    )
    run._token = _scope.set(Scope(run, None))
    return run


def _check_run(pipeline: Any, name: Any, deployment: Any, params: Any, tags: Any) -> None:
    """Refuse arguments of `start_run` before anything is recorded.

    Raises
    ------
    TypeError, ValueError
        As `start_run` says.
    """
    for value, what in ((pipeline, "pipeline"), (name, "the name of a run"), (deployment, "deployment")):
        if value is not None or what == "pipeline":
            check_name(value, what)
    if isinstance(tags, str):
        raise TypeError(f"tags must be a list of words, e.g. [{tags!r}]")
    if not isinstance(params, Mapping | None):
        raise TypeError(f"params must be a dict, not {type(params).__name__}")
    for tag in tags or ():
        check_name(tag, "a tag")


def _open_run(run_id: str, pipeline: str, writer: str, log_dir: str | os.PathLike[str] | None) -> Run:
    options = load_options()
    if is_disabled():
        return Run(run_id, None, pipeline, options)
    folder = resolve_log_dir(log_dir, options).absolute()
    journal = Journal(folder, run_id, writer, durability=options.durability, strict=options.strict)
    return Run(run_id, journal, pipeline, options)


def _context() -> dict[str, Any]:
    from reportgen import __version__

    return {"python": platform.python_version(), "system": sys.platform, "reportgen": __version__}


def current_scope() -> Scope | None:
    """Give the run and step that records go to now, joining a run named by the environment if need be."""
    scope = _scope.get()
    if scope is not None:
        return scope
    run_id = os.environ.get("REPORTGEN_RUN_ID")
    if not run_id:
        return None
    if run_id not in _joined:
        try:
            identity = str(uuid.UUID(run_id))
        except ValueError as error:
            raise ValueError(f"REPORTGEN_RUN_ID must be a UUID, not {run_id!r}") from error
        _joined[run_id] = _open_run(identity, "", new_writer(), None)
    return Scope(_joined[run_id], os.environ.get("REPORTGEN_STEP_ID") or None)


def scope_for_artifact() -> Scope:
    """Give the scope to record an artifact in: the current one, else this process's detached run, with a warning."""
    scope = current_scope()
    if scope is not None:
        return scope
    options = load_options()
    if options.warn_outside_run and not is_disabled():
        warn_caller("no run is active: the artifact is recorded in a detached run")
    if not _detached:
        run = _open_run(new_id(), DETACHED_PIPELINE, "main", None)
        run.record(RunStart, pipeline=DETACHED_PIPELINE, context=_context(), detached=True)
        atexit.register(run.end)
        _detached.append(run)
    return Scope(_detached[0], None)


def scope_unless_outside(what: str) -> Scope | None:
    """Give the current scope; outside a run nothing, with a warning that `what` is not recorded."""
    scope = current_scope()
    if scope is None and not is_disabled() and load_options().warn_outside_run:
        warn_caller(f"no run is active: {what} is not recorded")
    return scope


def warn_caller(message: str) -> None:
    """Warn (`UserWarning`) at the line outside this package that made the call."""
    package = str(Path(__file__).parent) + os.sep
    depth, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, UserWarning, stacklevel=depth)
