"""One build at a time works on a site: it holds a lock on the file `.NAME.lock` beside it.

The system takes the lock off a process that ends in whatever way. Where there are no locks (Windows, some network file
systems), nobody waits.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

from reportgen.publish.disk import explaining

Waiting = Callable[[Path], None]

_held: ContextVar[frozenset[Path]] = ContextVar("_held", default=frozenset())
_descriptors: set[int] = set()


@contextlib.contextmanager
def lock_site(output: Path, waiting: Waiting | None = None) -> Iterator[None]:
    """Keep other builds from a site; within, `open_site` and its like do not lock it again.

    Parameters
    ----------
    output
        The site's folder, which need not be there; the folder around it is made.
    waiting
        Is called with `output` when another build has the site, before waiting for it.

    Raises
    ------
    OutputError
        The disk failed.
    """
    target = output.resolve()
    with explaining(output):
        target.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32" or target in _held.get():
        yield
        return
    path = target.with_name(f".{target.name}.lock")
    with explaining(output):
        descriptor = _lock(path, lambda: waiting(output) if waiting else None)
    _descriptors.add(descriptor)
    before = _held.set(_held.get() | {target})
    try:
        yield
    finally:
        _held.reset(before)
        _descriptors.discard(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _lock(path: Path, wait: Callable[[], None]) -> int:
    """Open a lock file and lock it; who had it before may have removed it meanwhile, so look again."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock_descriptor(descriptor, wait)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock_descriptor(descriptor: int, wait: Callable[[], None]) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        pass


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _leave_locks_to_the_parent() -> None:
    """Close what a fork has inherited: a worker that outlives a killed build must not hold its lock."""
    while _descriptors:
        os.close(_descriptors.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_locks_to_the_parent)
