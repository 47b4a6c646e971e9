"""`@pipeline` and `@step`: runs and steps around functions, plain and async."""

from __future__ import annotations

import functools
import time
from contextlib import nullcontext

from reportgen.inputs.names import check_name
from reportgen.recorder.joining import current_scope
from reportgen.recorder.start import start_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import Any, ParamSpec, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")

_LONGEST = 1e9  # seconds; what clocks can count to is not far beyond

if TYPE_CHECKING:  # nothing but the overloads may stand here

    @overload
    def pipeline(function: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def pipeline(
        *,
        name: str | None = None,
        deployment: str | None = None,
        tags: Sequence[str] | None = None,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def pipeline(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    deployment: str | None = None,
    tags: Sequence[str] | None = None,
    log_dir: str | os.PathLike[str] | None = None,
) -> Any:
    """Make each call of a function a run; its arguments, defaults included, become the run's parameters.

    Parameters
    ----------
    name
        Name of the pipeline; by default the function's name with dashes.
    deployment, tags, log_dir
        As in `start_run`.

    Raises
    ------
    TypeError
        The function is a generator, whose body runs after the call has returned.
    TypeError, ValueError
        The name is not 1 to 200 printable characters.
    """
    if name is not None:
        check_name(name, "the name of a pipeline")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        def begin(args: Any, kwargs: Any, attempt: int) -> AbstractContextManager[Any]:
            pipeline_name = name or _name_of(function)
            params = _params_of(function, args, kwargs)
            return start_run(pipeline_name, deployment=deployment, tags=tags, params=params, log_dir=log_dir)

        return _wrap(function, begin)

    return decorate if function is None else decorate(function)


def _params_of(function: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    import inspect

    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return {key: value for key, value in bound.arguments.items() if key not in ("self", "cls")}


if TYPE_CHECKING:

    @overload
    def step(function: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def step(
        *, name: str | None = None, retries: int = 0, retry_delay_seconds: float | Sequence[float] = 0
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float | Sequence[float] = 0,
) -> Any:
    """Make each call of a function a step of the current run; outside a run it is an ordinary call.

    Parameters
    ----------
    name
        Name of the step; by default the function's name with dashes.
    retries
        How often a call that raises an `Exception` is made again. Each try is a step of its own with the next
        `attempt`; the last one's exception goes on up.
    retry_delay_seconds
        How long to wait before each further try: one number, or one for each, the last of which holds for all others.

    Raises
    ------
    TypeError
        The function is a generator, whose body runs after the call has returned; or an argument has a wrong type.
    ValueError
        A number is negative.
    """
    delays = _check_retries(retries, retry_delay_seconds)
    if name is not None:
        check_name(name, "the name of a step")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        def begin(args: Any, kwargs: Any, attempt: int) -> AbstractContextManager[Any]:
            scope = current_scope()
            return scope.run.step(name or _name_of(function), attempt=attempt) if scope else nullcontext()

        return _wrap(function, begin, retries, delays)

    return decorate if function is None else decorate(function)


def _check_retries(retries: Any, delay: Any) -> list[float]:
    """Give the pauses before further tries, the last of which holds for all others.

    Raises
    ------
    TypeError, ValueError
        As `step` says.
    """
    if not isinstance(retries, int) or isinstance(retries, bool):
        raise TypeError(f"retries must be a whole number, not {retries!r}")
    if retries < 0:
        raise ValueError(f"retries must be 0 or more, not {retries}")
    delays = list(delay) if isinstance(delay, (list, tuple)) else [delay]
    if not delays or not all(isinstance(seconds, (int, float)) and 0 <= seconds <= _LONGEST for seconds in delays):
        raise ValueError(f"retry_delay_seconds must be a number of seconds from 0, or a list of them, not {delay!r}")
    return delays


def _check_function(function: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(function, str):
        raise TypeError(f"give the name as name={function!r}")
    if not callable(function):
        raise TypeError(f"a decorator of reportgen takes a function, not {type(function).__name__}")
    return function


def _name_of(function: Callable[..., Any]) -> str:
    name: str = getattr(function, "__name__", type(function).__name__)
    return name.strip("_").replace("_", "-") or "step"


def _wrap(
    function: Callable[P, R],
    begin: Callable[[Any, Any, int], AbstractContextManager[Any]],
    retries: int = 0,
    delays: Sequence[float] = (0,),
) -> Callable[P, R]:
    """Run a function inside what `begin(args, kwargs, attempt)` gives, awaiting it there when it is async.

    Raises
    ------
    TypeError
        It is no function, or a generator.
    """
    import inspect

    _check_function(function)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{_name_of(function)} is a generator: record its runs and steps with start_run and run.step")
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
    wrap = _wrap_async if is_async else _wrap_plain
    call = wrap(function, begin, retries, delays)
    result: Callable[P, R] = functools.wraps(function)(call)
    return result


def _wrap_plain(function: Any, begin: Any, retries: int, delays: Sequence[float]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        for attempt in range(1, retries + 1):
            try:
                with begin(args, kwargs, attempt):
                    return _check_result(function, function(*args, **kwargs))
            except Exception:  # recorded with the step
                time.sleep(delays[min(attempt, len(delays)) - 1])
        with begin(args, kwargs, retries + 1):
            return _check_result(function, function(*args, **kwargs))

    return call


def _check_result(function: Any, result: Any) -> Any:
    """Refuse a coroutine, whose body would run after run or step has ended.

    Raises
    ------
    TypeError
        The function is not async, but gives a coroutine.
    """
    if hasattr(result, "cr_code"):
        result.close()
        raise TypeError(
            f"{_name_of(function)} gives a coroutine: decorate the async function itself, or await it inside"
        )
    return result


def _wrap_async(function: Any, begin: Any, retries: int, delays: Sequence[float]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        import asyncio

        for attempt in range(1, retries + 1):
            try:
                with begin(args, kwargs, attempt):
                    return await function(*args, **kwargs)
            except Exception:  # recorded with the step
                await asyncio.sleep(delays[min(attempt, len(delays)) - 1])
        with begin(args, kwargs, retries + 1):
            return await function(*args, **kwargs)

    return call
