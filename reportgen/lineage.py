"""The functions that record which datasets outside a run's steps read and wrote."""

from __future__ import annotations

from typing import Literal

from reportgen.inputs.names import check_name
from reportgen.recorder import scope_unless_outside
from reportgen.records import Use

_MAX_URI = 4000


def record_input(uri: str, name: str | None = None, digest: str | None = None) -> bool:
    """Record that the current step, or run, read a dataset.

    Parameters
    ----------
    uri
        Where it is: a URL, a path, a table's name; at most 4,000 characters.
    name
        A short name; by default the `uri` is shown.
    digest
        What tells its content, e.g. a SHA-256, so that a change can be seen.

    Returns
    -------
    bool
        Whether it was recorded: `False`, with a warning, outside a run.

    Raises
    ------
    TypeError, ValueError
        An argument is not text, or empty or too long.
    """
    return _record("read", "the input", uri, name, digest)


def record_output(uri: str, name: str | None = None, digest: str | None = None) -> bool:
    """Record that the current step, or run, wrote a dataset. Arguments, result and errors as for `record_input`."""
    return _record("write", "the output", uri, name, digest)


def _record(direction: Literal["read", "write"], what: str, uri: str, name: str | None, digest: str | None) -> bool:
    if not isinstance(uri, str):
        raise TypeError(f"the uri of {what} must be text, not {type(uri).__name__}")
    if not uri.strip() or len(uri) > _MAX_URI:
        raise ValueError(f"the uri of {what} must be 1 to {_MAX_URI:,} characters")
    for value, label in ((name, f"the name of {what}"), (digest, f"the digest of {what}")):
        if value is not None:
            check_name(value, label)
    scope = scope_unless_outside(what)
    if scope is None:
        return False
    scope.run.record(Use, direction=direction, uri=uri, name=name, digest=digest, step=scope.step)
    return True
