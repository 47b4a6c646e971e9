"""The functions that record what a run's steps read and wrote: versions of artifacts, and datasets outside."""

from __future__ import annotations

from reportgen.inputs.names import check_name
from reportgen.recorder.joining import scope_unless_outside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from reportgen.artifacts.artifact import Artifact

_MAX_URI = 4000


def use_artifact(key: str, version: int | None = None) -> Artifact:
    """Give a version of a key, and record that the current step, or run, read it.

    Parameters
    ----------
    key
        The key.
    version
        From 1; by default the newest that is not deleted.

    Returns
    -------
    Artifact
        As found in the logs; see `Artifact.get` for where.

    Raises
    ------
    LookupError
        There is no such version, or it was deleted.
    TypeError, ValueError
        The key or the version is not allowed.
    InputError
        The logs cannot be read.
    """
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise TypeError(f"version must be a whole number from 1 or None, not {version!r}")
    if version is not None and version < 1:
        raise ValueError(f"version must be a whole number from 1, not {version}")
    from reportgen.artifacts.lookup import current_paths, find_artifact

    found = find_artifact(key, version, is_use=True)
    if found is None:
        wanted = f"version {version} of artifact {key!r}" if version else f"artifact {key!r}"
        places = ", ".join(map(str, current_paths()))
        raise LookupError(f"there is no {wanted} in {places}, or it was deleted")
    return found


async def ause_artifact(key: str, version: int | None = None) -> Artifact:
    """Do what `use_artifact` does, in a thread."""
    import asyncio

    return await asyncio.to_thread(use_artifact, key, version)


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
    scope.run.record("use", step=scope.step, direction=direction, uri=uri, name=name, digest=digest)
    return True
