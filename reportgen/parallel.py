"""Divides work over worker processes, or does it here; whichever it is, the results are the same.

Anything with the interface of `concurrent.futures.Executor` can do the work. What a worker that dies was doing is given
to new workers; only work that fails again and again is an error.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

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


def open_workers(n: int) -> OpenExecutor:
    """Give what opens worker processes."""

    def open_processes() -> Executor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("fork" if _can_fork() else "spawn")
        return ProcessPoolExecutor(n, mp_context=context, initializer=_begin_worker)

    return open_processes


def _can_fork() -> bool:
    return sys.platform.startswith("linux") and threading.active_count() == 1


def _begin_worker() -> None:
    """Make a worker end with the build, however that ends, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what is shared with the build stays shared: looking for garbage there would copy it
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
    return open_workers(count_processors()) if pays else None


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
    if open_executor is None:
        yield from map(function, tasks)
        return
    waiting = dict(enumerate(tasks))
    if not waiting:
        return
    from concurrent.futures import BrokenExecutor, as_completed

    for _ in range(_MOST_TRIES):
        with open_executor() as executor:
            futures: dict[Future[R], int] = {}
            try:
                for number, task in waiting.items():
                    futures[executor.submit(function, task)] = number
                for future in as_completed(futures):
                    result = future.result()
                    del waiting[futures.pop(future)]
                    yield result
            except BrokenExecutor:
                for future, number in futures.items():  # what was done before counts
                    if number in waiting and _is_done(future):
                        del waiting[number]
                        yield future.result()
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
        if not waiting:
            return
    hint = "give the build more memory, or fewer workers with --workers 1"
    raise OutputError(f"worker processes died {_MOST_TRIES} times", hint=hint, slug="workers-died")


def _is_done(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
