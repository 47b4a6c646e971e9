"""The one family of errors that users see, and warnings where they can do something about them.

Low-level errors are wrapped where they are caught, with the file, line or run they concern;
`reportgen.cli` turns each into one line on stderr. A wrong call of the Python API raises
`ValueError` or `TypeError` as Python itself would, so those do not live here.
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ReportgenError(Exception):
    """An input or an environment that reportgen cannot work with.

    Parameters
    ----------
    message
        What is wrong and where, in one line.
    hint
        What to do next, in one line.
    slug
        A stable name of the case, for tests and for searching the documentation.
    """

    def __init__(self, message: str, *, hint: str, slug: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.slug = slug

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), hint=self.hint, slug=self.slug), (self.message,), self.__dict__


class InputError(ReportgenError):
    """The logs, the configuration or an argument cannot be used."""


class OutputError(ReportgenError):
    """The output folder cannot be written or is not ours."""


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside this package that made the call."""
    package = os.path.dirname(os.path.abspath(__file__)) + os.sep
    depth, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth)
