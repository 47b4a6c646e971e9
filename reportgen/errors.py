"""The one family of errors that users see.

Low-level errors are wrapped where they are caught, with the file, line or run they concern;
`reportgen.cli` turns each into one line on stderr. A wrong call of the Python API raises
`ValueError` or `TypeError` as Python itself would, so those do not live here.
"""

from __future__ import annotations


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


class InputError(ReportgenError):
    """The logs, the configuration or an argument cannot be used."""


class OutputError(ReportgenError):
    """The output folder cannot be written or is not ours."""
