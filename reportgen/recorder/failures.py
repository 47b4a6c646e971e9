"""How a run or a step ended: the status that an exception stands for, and its description for the page."""

from __future__ import annotations

import contextlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import traceback
    from typing import Any

    from reportgen.records import Status

_MAX_TEXT = 64_000


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


def describe_error(error: BaseException | None) -> dict[str, Any] | None:
    """Give type, message and traceback of an exception, the traceback cut to its last 64,000 characters.

    File names in it are shortened to how they are imported, so that a published report does not tell where on
    which machine it was made. An exception that was never raised has no traceback.
    """
    if error is None or outcome_of(error) == "completed":
        return None
    message, trace = "", ""
    with contextlib.suppress(Exception):  # a user's __str__ may raise anything
        message = str(error)
    with contextlib.suppress(Exception):
        trace = _shorten_paths(_format_traceback(error)) if _was_raised(error) else ""
    return {"type": type(error).__qualname__, "message": message[:_MAX_TEXT], "traceback": trace[-_MAX_TEXT:]}


def _was_raised(error: BaseException) -> bool:
    return any(link is not None and link.__traceback__ for link in (error, error.__cause__, error.__context__))


def _format_traceback(error: BaseException) -> str:
    import traceback

    return "".join(_without_own_frames(traceback.TracebackException.from_exception(error)).format())


def _without_own_frames(trace: traceback.TracebackException) -> traceback.TracebackException:
    """Leave out the frames of `@pipeline` and `@step`, which say nothing of the error."""
    wrapper = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "decorators.py")
    links: list[traceback.TracebackException | None] = [trace]
    while links:
        link = links.pop()
        if link is not None:
            kept = [frame for frame in link.stack if frame.filename != wrapper]
            link.stack = type(link.stack).from_list(kept)
            links += [link.__cause__, link.__context__]
    return trace


def _shorten_paths(trace: str) -> str:
    folders = set()
    for folder in [*sys.path, "."]:
        with contextlib.suppress(OSError):  # the working directory may be gone
            folders.add(os.path.abspath(folder or "."))
    for folder in sorted(folders - {os.sep}, key=len, reverse=True):
        trace = trace.replace(f'File "{folder}{os.sep}', 'File "')
    return trace
