"""The functions that record artifacts, to be awaited. Recording takes microseconds, so they do it where they stand."""

from __future__ import annotations

import functools

from reportgen.artifacts import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")


def _twin(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(function)
    async def twin(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    twin.__name__ = twin.__qualname__ = f"a{function.__name__}"
    twin.__doc__ = f"Do what `{function.__name__}` does, to be awaited."
    return twin


acreate_link_artifact = _twin(create.create_link_artifact)
acreate_markdown_artifact = _twin(create.create_markdown_artifact)
acreate_table_artifact = _twin(create.create_table_artifact)
acreate_image_artifact = _twin(create.create_image_artifact)
acreate_progress_artifact = _twin(create.create_progress_artifact)
aupdate_progress_artifact = _twin(create.update_progress_artifact)
