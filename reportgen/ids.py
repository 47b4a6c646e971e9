"""Ids of runs, steps and artifacts: UUIDs of version 7 (RFC 9562), sorted by time, unique without asking anybody."""

from __future__ import annotations

import os
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION_BITS = 0x7 << 76 | 0b10 << 62
_RANDOM_MASK = 0xFFF << 64 | (1 << 62) - 1
_N_RANDOM_BYTES = 10
_N_AT_ONCE = 64

_random_numbers: Iterator[int] = iter(())


def new_id() -> str:
    """Give a new id as text."""
    return format_id(new_id_number())


def time_of(identity: str) -> int | None:
    """Give the nanoseconds since the epoch at which an id was made; `None` for one that does not tell."""
    digits = identity.replace("-", "")
    if len(digits) != 32 or digits[12] != "7":
        return None
    try:
        return int(digits[:12], 16) * 1_000_000
    except ValueError:
        return None


def new_id_number() -> int:
    """Give a new id as the number that `uuid.UUID(int=…)` takes."""
    try:
        random_number = next(_random_numbers)
    except StopIteration:
        random_number = _draw()
    return time_ns() // 1_000_000 << 80 | random_number & _RANDOM_MASK | _VERSION_BITS


def _draw() -> int:
    """Ask the system for random numbers, for several ids at once."""
    global _random_numbers  # noqa: PLW0603 — drawing ahead is what it is for
    content = os.urandom(_N_RANDOM_BYTES * _N_AT_ONCE)
    numbers = iter(
        [int.from_bytes(content[at : at + _N_RANDOM_BYTES], "big") for at in range(0, len(content), _N_RANDOM_BYTES)]
    )
    first = next(numbers)
    _random_numbers = numbers
    return first


def format_id(number: int) -> str:
    """Write an id."""
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _forget() -> None:
    """After a fork: a child must not use the numbers that its parent has drawn."""
    global _random_numbers  # noqa: PLW0603
    _random_numbers = iter(())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
