"""Where records go now: the current run and step of this thread or task, and what child processes are told of it.

The current scope is in a `ContextVar`: asyncio tasks and `asyncio.to_thread` inherit it, a plain thread or a pool of
threads has the one that its caller hands over with `contextvars.copy_context().run`.

Child processes join through `REPORTGEN_LOG_DIR`, `REPORTGEN_RUN_ID` and `REPORTGEN_STEP_ID`. This process's environment
names the innermost scope that all active ones share: when two runs go on at once it names neither, and with two
steps of one run at once only the run, so that nothing a child records can end up in the wrong place.
"""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar

from reportgen.jsontext import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from reportgen.recorder.run import Run

VARIABLES = ("REPORTGEN_LOG_DIR", "REPORTGEN_RUN_ID", "REPORTGEN_STEP_ID")


class Scope:
    """A run, and the step inside it if there is one.

    Attributes
    ----------
    run, step
        The run, and the id of the step.
    outer
        The scope that was current before.
    is_open
        Whether it was entered and not left yet.
    around, inner
        The open scope that it is inside of, and those right inside it, in whatever thread or task.
    step_field
        The step as text in the lines of records, `,"step":"…"`; empty without one.
    append
        Appends a record, as `reportgen.log.writer.Journal.append` does; does nothing while recording is disabled.
    metric_openings, list_openings
        By name: how the lines of its records begin, and for a list metric how many values it may still take, in a list
        that scopes of a run share. A name that is here has been checked.
    """

    __slots__ = (
        "append",
        "around",
        "inner",
        "is_open",
        "list_openings",
        "metric_openings",
        "outer",
        "run",
        "step",
        "step_field",
    )

    def __init__(self, run: Run, step: str | None = None, outer: Scope | None = None) -> None:
        self.run = run
        self.step = step
        self.step_field = f',"step":{to_json(step)}' if step else ""
        self.outer = outer
        self.is_open = False
        self.around: Scope | None = None
        self.inner: set[Scope] = set()
        self.append: Callable[..., None] = run.append
        self.metric_openings: dict[str, str] = {}
        self.list_openings: dict[str, tuple[str, list[int]]] = {}


active: ContextVar[Scope | None] = ContextVar("reportgen_scope", default=None)


def enter(scope: Scope) -> None:
    """Make a scope the current one, and tell child processes."""
    _exported.add(scope)
    active.set(scope)


def leave(scope: Scope) -> None:
    """Make the innermost scope that is still open the current one, and tell child processes.

    Scopes may be left in any order, as those of generators are, and in another thread or task than they began in; one
    that is not the current one leaves the current one as it is.
    """
    _exported.discard(scope)
    current = active.get()
    while current is not None and (not current.is_open or current.run.has_ended):
        current = current.outer
    active.set(current)


class _Exported:
    """What this process's environment says of its scopes."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start as a process does: what the environment says came from outside."""
        self._lock = threading.RLock()
        self._roots: set[Scope] = set()  # the open scopes that are in no other
        self._given: dict[str, str | None] = {}  # before this process set them
        self._told: dict[str, str | None] = {}

    def begin_in_child(self) -> None:
        """Start as a forked process: of the open scopes only those around the thread that forked are left."""
        around, scope = [], active.get()
        while scope is not None:
            around += [scope] if scope.is_open else []
            scope = scope.outer
        others = [*self._roots]
        while others:
            other = others.pop()
            others += other.inner
            other.inner, other.is_open = set(), False
        self.begin()
        for scope in reversed(around):
            self._put_in(scope)

    def given(self, name: str) -> str | None:
        """The value of a variable as it came from outside."""
        value = os.environ.get(name)
        return self._given[name] if name in self._told and self._told[name] == value else value

    def add(self, scope: Scope) -> None:
        with self._lock:
            self._put_in(scope)
            self._tell()

    def discard(self, scope: Scope) -> None:
        with self._lock:
            self._take_out(scope)
            self._tell()

    def _put_in(self, scope: Scope) -> None:
        around = scope.outer
        while around is not None and not around.is_open:
            around = around.outer
        if around is None and scope.step:  # of a plain thread
            around = scope.run.find_open_scope()
        scope.is_open, scope.around = True, around
        self._beside(scope).add(scope)

    def _take_out(self, scope: Scope) -> None:
        if not scope.is_open:
            return
        scope.is_open = False
        self._beside(scope).discard(scope)
        inner, scope.inner = scope.inner, set()
        for one in inner:
            one.around = scope.around
            self._beside(one).add(one)
            if one.run.has_ended:
                self._take_out(one)

    def _beside(self, scope: Scope) -> set[Scope]:
        return self._roots if scope.around is None else scope.around.inner

    def _tell(self) -> None:
        shared, inner = None, self._roots
        while len(inner) == 1:
            (only,) = inner
            if only.run.has_ended:
                break
            shared, inner = only, only.inner
        wanted = shared.run.environment_at(shared.step) if shared and shared.run.is_recording else {}
        for name in VARIABLES:
            value = os.environ.get(name)
            if name not in self._told or self._told[name] != value:  # set by somebody else
                self._given[name] = value
            self._told[name] = wanted.get(name) if wanted else self._given[name]
            _set_variable(name, self._told[name])
        if not wanted:
            self._told.clear()


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    elif os.environ.get(name) != value:
        os.environ[name] = value


_exported = _Exported()
given_variable = _exported.given

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_exported.begin_in_child)
