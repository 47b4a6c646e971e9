"""Runs and steps: context managers that record when they begin and end, and are the current ones in between."""

from __future__ import annotations

import contextlib
import os
import sys

from reportgen.errors import warn_caller
from reportgen.ids import new_id
from reportgen.inputs.names import check_name
from reportgen.log.writer import Journal, open_line
from reportgen.recorder import process
from reportgen.recorder.failures import describe_error, outcome_of
from reportgen.recorder.scopes import Scope, active, enter, leave
from reportgen.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Any

    from reportgen.outbox import Sender
    from reportgen.records import ArtifactType, Status

_STATUSES = ("completed", "failed", "cancelled")
_LARGE_JOURNAL = 8_000_000  # bytes


class Run:
    """One execution of a pipeline; made by `start_run`. A context manager that ends the run.

    It can be pickled: another process that unpickles it records into the same run, with a journal of its own, and
    does not end it.

    Attributes
    ----------
    id
        UUIDv7.
    pipeline, name, deployment
        As given to `start_run`.
    context
        What was recorded of code and machine.
    has_ended
        Whether `end` was called, in this process.
    """

    def __init__(
        self,
        run_id: str,
        journal: Journal | None,
        settings: Settings,
        place: str = "",
        sender: Sender | None = None,
        *,
        pipeline: str = "",
        name: str | None = None,
        deployment: str | None = None,
    ) -> None:
        self.id = run_id
        self.pipeline = pipeline
        self.name = name
        self.deployment = deployment
        self.max_list_values = settings.max_list_values or sys.maxsize
        self.has_ended = False
        self.artifact_types: dict[int, ArtifactType] = {}  # by the number of its UUID
        self.list_rooms: dict[str, list[int]] = {}
        self._log_format = settings.log_format
        self.context: dict[str, Any] = {}
        self._journal = journal
        self._place = place
        self._sender = sender
        self.append = journal.append if journal else _ignore
        self._scopes: list[Scope] = []  # one for each block that it is the current run of
        self._n_blocks = 0  # `with` blocks that are open; the outermost ends the run
        self._owner = 0  # the process that ends the run; none when this one only joined it

    @property
    def is_recording(self) -> bool:
        """Whether its records are kept, which `REPORTGEN_DISABLED` turns off."""
        return self._journal is not None

    @property
    def place(self) -> str | None:
        """The log directory it records to, as text; `None` while recording is disabled."""
        return self._place or None

    @property
    def log_dir(self) -> Path | str | None:
        """The log directory it records to, as text if it is a URL; `None` while recording is disabled."""
        from pathlib import Path

        return self._place if self._sender else Path(self._place) if self._journal else None

    def flush(self) -> None:
        """Send what was recorded until now to the object store, which happens now and then and when the run ends.

        A log directory on a disk has it already.

        Raises
        ------
        ReportgenError
            The store cannot be written, and the configuration is `strict`.
        """
        if self._sender:
            self._sender.send(self.id)

    def record(self, kind: str, **fields: Any) -> None:
        """Append one record, unless recording is disabled; fields that are `None` are left out."""
        self.append(open_line(kind, **fields))

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

        Raises
        ------
        TypeError, ValueError
            The name or the attempt is not allowed.
        """
        return Step(self, name, attempt)

    def environment(self) -> dict[str, str]:
        """Give the environment variables with which a child process joins this run, in the current step.

        This process's own environment has them already while this is its only run; they are for children that are
        given an environment of their own, on another machine or in a container.
        """
        scope = active.get()
        return self.environment_at(scope.step if scope and scope.run is self else None)

    def environment_at(self, step: str | None) -> dict[str, str]:
        """Give the environment variables with which a child process joins a step of this run."""
        if not self._journal:
            return {"REPORTGEN_DISABLED": "1"}
        variables = {"REPORTGEN_LOG_DIR": self._place, "REPORTGEN_RUN_ID": self.id}
        return {**variables, "REPORTGEN_STEP_ID": step} if step else variables

    def begin(self, **fields: Any) -> None:
        """Record that the run begins, in this process, which is to end it."""
        if self._journal:
            named = {"pipeline": self.pipeline, "name": self.name, "deployment": self.deployment}
            self._journal.begin(open_line("run", **named, **fields, context=self.context))
        self._owner = os.getpid()
        process.open_runs[self.id] = self

    def end(self, status: Status = "completed", error: BaseException | None = None) -> None:
        """End the run. Done by the context manager; call it where there is none. A second call does nothing.

        Parameters
        ----------
        status
            `"completed"`, `"failed"` or `"cancelled"`.
        error
            What ended it.

        Raises
        ------
        TypeError
            The error is no exception.
        ValueError
            The status is another.
        """
        if status not in _STATUSES:
            raise ValueError(f"status must be one of {', '.join(_STATUSES)}, not {status!r}")
        if error is not None and not isinstance(error, BaseException):
            raise TypeError(f"error must be an exception or None, not {type(error).__name__}")
        try:
            if self.end_unsealed(status, error) and self._journal:
                if self._sender:
                    self.flush()
                else:
                    self._seal_if_wanted(self._journal)
        finally:
            here = self._scope_here()
            for scope in reversed([*self._scopes]):
                if self.has_ended or scope is here:
                    self._leave(scope)

    def end_unsealed(self, status: Status, error: BaseException | None) -> bool:
        """Record the end and close the journal, if this process began the run and has not ended it yet."""
        if not self._owner or self.has_ended:
            return False
        self.has_ended = True
        process.open_runs.pop(self.id, None)
        self.record("end", status=status, error=describe_error(error))
        if self._journal:
            self._journal.close()
        return True

    def _seal_if_wanted(self, journal: Journal) -> None:
        if self._log_format == "parquet" or journal.size > _LARGE_JOURNAL:
            _seal(journal.path)

    def enter(self) -> None:
        """Make the run the current one of this thread or task."""
        current = active.get()
        is_current = current is not None and current.run is self
        if not self.has_ended and not (is_current and self._owner):  # a run that was joined ends with no block
            scope = Scope(self, outer=current)
            self._scopes.append(scope)
            enter(scope)

    def _leave(self, scope: Scope) -> None:
        self._scopes.remove(scope)
        leave(scope)

    def _scope_here(self) -> Scope | None:
        """Give the innermost scope that entering the run made in this thread or task."""
        scope = active.get()
        while scope is not None and scope not in self._scopes:
            scope = scope.outer
        return scope

    def find_open_scope(self) -> Scope | None:
        """Give an open scope of the run as a whole, in whatever thread or task."""
        return next((scope for scope in [*self._scopes] if scope.is_open), None)

    def give_up(self) -> None:
        """After a fork: the child is not to end its parent's run."""
        self._owner = 0

    def __enter__(self) -> Run:
        self._n_blocks += 1
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._n_blocks = max(self._n_blocks - 1, 0)
        here = self._scope_here()
        if self._n_blocks == 0 or not self._owner:
            self.end(outcome_of(error), error)
        elif here is not None and here is not self._scopes[0]:  # a block inside that of the run, e.g. in a thread
            self._leave(here)

    def __reduce__(self) -> tuple[Any, ...]:
        from reportgen.recorder.joining import rejoin

        return rejoin, (self.id, self.place, self.pipeline, self.name, self.deployment, self.is_recording)


def _seal(path: str) -> None:
    """Turn a journal into Parquet. Where that fails it stays as it is, with a warning: the job goes on."""
    from pathlib import Path

    try:
        from reportgen.log.seal import try_to_seal

        result = try_to_seal(Path(path))
        reason = result.reason if result.outcome == "failed" else ""
    except Exception as error:  # pyarrow is missing, or memory is short
        reason = f"{path}: {error}"
    if reason:
        with contextlib.suppress(RuntimeWarning):  # where warnings are errors, the job goes on all the same
            warn_caller(f"reportgen could not seal a journal, which stays as it is: {reason}", RuntimeWarning)


def _ignore(opening: str, rest: str = "") -> None:
    """Take the place of `Journal.append` while recording is disabled."""


class Step:
    """One named stage of a run; made by `Run.step`. A context manager.

    Attributes
    ----------
    id
        UUIDv7.
    run, name, attempt
        As given to `Run.step`.
    """

    def __init__(self, run: Run, name: str, attempt: int) -> None:
        check_name(name, "the name of a step")
        if not isinstance(attempt, int) or isinstance(attempt, bool) or attempt < 1:
            raise ValueError(f"attempt must be a whole number from 1, not {attempt!r}")
        self.run = run
        self.name = name
        self.attempt = attempt
        self.id = new_id()
        self._owner = os.getpid()
        self._scope: Scope | None = None

    def __enter__(self) -> Step:
        if self._scope is not None:
            raise RuntimeError(f"step {self.name!r} was begun before: ask the run for another one")
        around = active.get() or next(iter(process.joined_scopes), None)
        parent = around.step if around and around.run is self.run else None
        attempt = self.attempt if self.attempt > 1 else None
        self.run.record("step", id=self.id, name=self.name, attempt=attempt, step=parent)
        self._scope = Scope(self.run, self.id, outer=active.get())
        enter(self._scope)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if os.getpid() == self._owner:  # a forked child that leaves the block does not end its parent's step
                self.run.record("end", step=self.id, status=outcome_of(error), error=describe_error(error))
        finally:
            if self._scope:
                leave(self._scope)
