"""Keeps what builds hold of the memory near to what they use.

Arrow's own allocators keep what was freed for later: a worker that reads and drops the rows of one block of runs after
the other comes to hold more than twice of what it needs. That of the system gives it back when it is asked to.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa


@contextmanager
def held_low() -> Iterator[None]:
    """Let Arrow use the allocator of the system meanwhile, and give back what is free at the end."""
    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        give_back()


def give_back() -> None:
    """Give back to the system what is free: before a fork, too, or it is held by both processes."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
        if trim is not None:
            trim(0)
