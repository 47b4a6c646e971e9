"""Keeps what builds hold of the memory near to what they use.

Arrow's own allocators keep what was freed for later: a worker that reads and drops the rows of one block of runs after
the other comes to hold more than twice of what it needs. That of the system gives it back when it is asked to, the more
the fewer its arenas are: by default each thread has its own.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_M_ARENA_MAX = -8  # as malloc.h of glibc numbers it


@contextmanager
def held_low() -> Iterator[None]:
    """Let Arrow use the allocator of the system meanwhile, and give back what is free at the end.

    In a program that has no other threads, those to come share one arena from now on.
    """
    pool = pa.default_memory_pool()
    if threading.active_count() == 1:
        _ask_allocator("mallopt", _M_ARENA_MAX, 1)
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        give_back()


def give_back() -> None:
    """Give back to the system what is free: before a fork, too, or it is held by both processes."""
    _ask_allocator("malloc_trim", 0)


def _ask_allocator(function: str, *numbers: int) -> None:
    """Call a function of glibc, where that is what the system has."""
    if sys.platform.startswith("linux"):
        ask = getattr(ctypes.CDLL(None), function, None)
        if ask is not None:
            ask(*numbers)
