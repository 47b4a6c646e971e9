"""Divides work over worker processes, or does it here; whichever it is, the results are the same.

Anything with the interface of `concurrent.futures.Executor` can do the work. What a worker that dies was doing is given
to new workers; only work that fails again and again is an error.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from reportgen.errors import InputError, OutputError

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

T = TypeVar("T")
R = TypeVar("R")

OpenExecutor = Callable[[], "Executor"]

_MOST_TRIES = 3
_WORTH_FORKING_S, _WORTH_SPAWNING_S = 0.25, 2.0  # of work; a worker that is spawned imports all anew


def count_processors() -> int:
    """Say how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """Opens worker processes of this machine: one fewer than are to work, for this process works along."""

    def __init__(self, n: int) -> None:
        """Take how many processes work."""
        self.n = n

    def __call__(self) -> Executor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("fork" if _can_fork() else "spawn")
        return ProcessPoolExecutor(self.n - 1, mp_context=context, initializer=_begin_worker)


def _can_fork() -> bool:
    return sys.platform.startswith("linux") and threading.active_count() == 1


def _begin_worker() -> None:
    """Make a worker end with the build, however that ends, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def choose_executor(n_tasks: int, seconds: float) -> OpenExecutor | None:
    """Give a worker process for each processor where that pays, else none.

    Parameters
    ----------
    n_tasks
        Into how many parts the work is divided.
    seconds
        How long it takes in this process, about.
    """
    enough = _WORTH_FORKING_S if _can_fork() else _WORTH_SPAWNING_S
    pays = n_tasks > 1 and seconds >= enough and count_processors() > 1
    return Workers(count_processors()) if pays else None


@contextmanager
def begin(function: Callable[[], R], *, pays: bool = True) -> Iterator[Callable[[], R]]:
    """Begin something small in a fork of this process, while this one goes on.

    Gives what waits for the result. Where it does not pay, where there is no second processor or no fork, and where
    that failed, the result is made when it is asked for.
    """
    if not pays or count_processors() < 2 or not _can_fork():
        yield function
        return
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        _end_with_result(function, writer)
    os.close(writer)
    status = -1

    def wait() -> R:
        nonlocal status
        content = file.read()
        _, status = os.waitpid(process, 0)
        result: R = function() if status else pickle.loads(content)  # noqa: S301 — from our own fork
        return result

    with os.fdopen(reader, "rb") as file:
        try:
            yield wait
        finally:
            if status < 0:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _end_with_result(function: Callable[[], Any], writer: int) -> NoReturn:
    status = 1
    gc.freeze()  # looking for garbage there would copy what is shared
    try:
        with os.fdopen(writer, "wb") as file:
            pickle.dump(function(), file)
        status = 0
    finally:
        os._exit(status)


def import_executor(name: str, **options: str) -> OpenExecutor:
    """Find the function `module:function` that opens an executor; it gets the options by name.

    Raises
    ------
    InputError
        There is no such module or function.
    """
    module_name, _, function_name = name.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
        if not callable(function):
            raise TypeError("it is no function")
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        hint = "give --executor as module:function, a function that gives a concurrent.futures.Executor"
        raise InputError(f"the executor {name!r} cannot be used ({error})", hint=hint, slug="bad-executor") from error
    return lambda: function(**options)


def run_tasks(
    open_executor: OpenExecutor | None, function: Callable[[T], R], tasks: Sequence[T]
) -> Generator[R, None, None]:
    """Give what a function makes of each task, in the order in which that is done; closing it ends the work.

    A task that was under way when a worker died is done again, maybe while the worker still works on it.

    Raises
    ------
    OutputError
        Workers died again and again.
    """
    n_workers = open_executor.n - 1 if isinstance(open_executor, Workers) else None
    if open_executor is None or n_workers == 0:
        yield from map(function, tasks)
        return
    waiting = dict(enumerate(tasks))
    if not waiting:
        return
    from concurrent.futures import BrokenExecutor

    for _ in range(_MOST_TRIES):
        with _frozen(), open_executor() as executor:
            shared = _Shared(executor, function, waiting)
            try:
                shared.begin(len(waiting) if n_workers is None else n_workers)
                while waiting:
                    number = None if n_workers is None or shared.has_done else shared.take()
                    number, result = shared.wait() if number is None else (number, function(waiting[number]))
                    del waiting[number]
                    yield result
            except BrokenExecutor:
                for number, done in shared.iter_done():  # what was done before counts
                    del waiting[number]
                    yield done
            except BaseException:
                shared.cancel()
                raise
        if not waiting:
            return
    hint = "give the build more memory, or fewer workers with --workers 1"
    raise OutputError(f"worker processes died {_MOST_TRIES} times", hint=hint, slug="workers-died")


class _Shared(Generic[T, R]):
    """Tasks that an executor does, some at a time, while this process may take others of them."""

    def __init__(self, executor: Executor, function: Callable[[T], R], tasks: Mapping[int, T]) -> None:
        self._executor = executor
        self._function = function
        self._tasks = dict(tasks)
        self._left = deque(tasks)
        self._futures: dict[Future[R], int] = {}
        self._done: SimpleQueue[Future[R]] = SimpleQueue()

    def begin(self, n: int) -> None:
        """Give the executor so many tasks; as soon as one is done, it gets the next."""
        for _ in range(n):
            self._submit()

    def _submit(self) -> None:
        try:
            number = self._left.popleft()
        except IndexError:  # none is left
            return
        try:
            future = self._executor.submit(self._function, self._tasks[number])
        except BaseException:
            self._left.appendleft(number)
            raise
        self._futures[future] = number
        future.add_done_callback(self._go_on)

    def _go_on(self, future: Future[R]) -> None:
        if not future.cancelled() and future.exception() is None:
            with contextlib.suppress(RuntimeError):  # it was shut down, or broke meanwhile
                self._submit()
        self._done.put(future)

    def take(self) -> int | None:
        """Take the last task that nobody has begun, if there is one."""
        with contextlib.suppress(IndexError):
            return self._left.pop()
        return None

    @property
    def has_done(self) -> bool:
        """Whether a result is there."""
        return not self._done.empty()

    def wait(self) -> tuple[int, R]:
        """Wait for a result; give it after the number of its task. An error of the task is raised."""
        future = self._done.get()
        return self._futures.pop(future), future.result()

    def iter_done(self) -> Iterator[tuple[int, R]]:
        """Give the results that are there, of tasks that succeeded."""
        for future, number in [*self._futures.items()]:
            if future.done() and not future.cancelled() and future.exception() is None:
                yield number, future.result()

    def cancel(self) -> None:
        """Let nothing more be begun."""
        self._left.clear()
        for future in [*self._futures]:
            future.cancel()


@contextmanager
def _frozen() -> Iterator[None]:
    """Let what is there be no garbage meanwhile: to look for some would copy what workers share with this process."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
