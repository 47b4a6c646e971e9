"""What may go wrong with the disk, and what is said of it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reportgen.errors import OutputError

_KEPT = "the old site is as it was; make room or mend the path and its permissions, then build again"
_SHARED = "leave it alone while a build runs; workers on other machines need logs and output where they see them, too"
_BEGUN = "make room or mend the path and its permissions, then build again, which finishes the update"


@contextlib.contextmanager
def explaining(output: Path) -> Iterator[None]:
    """Turn a failing disk into an `OutputError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{output} cannot be written ({_reason(error)})", hint=_KEPT, slug="cannot-write") from error


@contextlib.contextmanager
def explaining_below(folder: Path, output: Path) -> Iterator[None]:
    """Do so for errors that concern a file below a folder, or a full disk, and leave others as they are."""
    try:
        yield
    except OSError as error:
        if not _is_full(error) and not _is_below(folder, error.filename):
            raise
        with explaining(output):
            raise


_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}


def _is_full(error: OSError) -> bool:
    """Whether a disk is full, which names no file; a build writes nowhere else."""
    return error.filename is None and error.errno in _FULL


def _is_below(folder: Path, name: object) -> bool:
    return isinstance(name, str | os.PathLike) and folder in Path(name).parents


@contextlib.contextmanager
def explaining_begun(output: Path) -> Iterator[None]:
    """Turn a failing disk into an `OutputError` when the site is neither the old nor the new one."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{output} cannot be updated to its end ({_reason(error)})", hint=_BEGUN, slug="cannot-finish"
        ) from error


def not_shared(folder: Path) -> OutputError:
    """The error of a worker that does not see what it is to write into."""
    return OutputError(f"{folder} is gone, or not there for a worker", hint=_SHARED, slug="not-shared")


def cannot_update(output: Path, reason: str) -> OutputError:
    """The error of a site that has to be built in full."""
    return OutputError(
        f"{output} cannot be updated ({reason})", hint="build all of it, with --full", slug="cannot-update"
    )


def foreign_output(output: Path, names: Sequence[str]) -> OutputError:
    """The error of an output folder that holds files of others."""
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    hint = "give an empty folder or an earlier site; move other files away first"
    return OutputError(f"{output} holds files that reportgen did not write ({shown})", hint=hint, slug="foreign-output")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
