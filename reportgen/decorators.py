"""`@pipeline` and `@step`: runs and steps around functions, plain and async."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar, cast, overload

from reportgen.recorder import current_scope, start_run

P = ParamSpec("P")
R = TypeVar("R")


@overload
def pipeline(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def pipeline(
    *,
    name: str | None = None,
    deployment: str | None = None,
    tags: Sequence[str] | None = None,
    log_dir: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def pipeline(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    deployment: str | None = None,
    tags: Sequence[str] | None = None,
    log_dir: str | None = None,
) -> Any:
    """Make each call of a function a run; its arguments, defaults included, become the run's parameters.

    Parameters
    ----------
    name
        Name of the pipeline; by default the function's name with dashes.
    deployment, tags, log_dir
        As in `start_run`.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        def begin(args: Any, kwargs: Any) -> AbstractContextManager[Any]:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            params = {key: value for key, value in bound.arguments.items() if key not in ("self", "cls")}
            pipeline_name = name or _name_of(function)
            return start_run(pipeline_name, deployment=deployment, tags=tags, params=params, log_dir=log_dir)

        return _wrap(function, begin)

    return decorate if function is None else decorate(_check_function(function))


@overload
def step(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def step(*, name: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def step(function: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
    """Make each call of a function a step of the current run; outside a run it is an ordinary call.

    Parameters
    ----------
    name
        Name of the step; by default the function's name with dashes.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        def begin(args: Any, kwargs: Any) -> AbstractContextManager[Any]:
            scope = current_scope()
            return scope.run.step(name or _name_of(function)) if scope else nullcontext()

        return _wrap(function, begin)

    return decorate if function is None else decorate(_check_function(function))


def _check_function(function: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(function):
        raise TypeError(f"give the name as name={function!r}")
    return function


def _name_of(function: Callable[..., Any]) -> str:
    return function.__name__.strip("_").replace("_", "-") or "step"


def _wrap(function: Callable[P, R], begin: Callable[[Any, Any], AbstractContextManager[Any]]) -> Callable[P, R]:
    """Run a function inside what `begin(args, kwargs)` gives, awaiting it there when it is async.

    Raises
    ------
    TypeError
        The function is a generator, whose body runs after the call has returned.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function.__name__} is a generator: record its runs and steps with start_run and run.step")
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            with begin(args, kwargs):
                return await function(*args, **kwargs)

        return cast("Callable[P, R]", call_async)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with begin(args, kwargs):
            return function(*args, **kwargs)

    return call
