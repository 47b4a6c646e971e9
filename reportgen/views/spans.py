"""Runs by spans of time, so that files of many runs stay as they are while runs come, change and go.

A span is the widest of the halves of time, halves of these and so on, that no more than a number of runs began in.
So which spans there are follows from the runs alone. A run that comes, late ones too, changes the span that it began in
and no other; when that gets too full it makes place for its two halves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reportgen.model import Model

_DEPTH = 53  # halvings of 2^53 microseconds, the year 2255, down to one
_END = 1 << _DEPTH


class Span(NamedTuple):
    """Runs that began one after the other: `positions` of the model; `name` tells the span of time."""

    name: str
    positions: range


def divide_runs(model: Model, limit: int) -> list[Span]:
    """Divide all runs, deleted ones too, into spans of at most `limit`, oldest first; none is empty.

    Only runs that began in the same microsecond are together however many they are.
    """
    return [*_divide(model.columns.started_at, limit)]


def find_span(model: Model, name: str) -> Span:
    """Give the runs of a span by its name."""
    depth, _, place = name.partition("-")
    width = 1 << (_DEPTH - int(depth))
    times = model.columns.started_at
    start = int(place, 16) * width
    first = bisect_left(times, start) if start else 0  # time before its beginning, and after its end, is of its ends
    return Span(name, range(first, bisect_left(times, start + width, first) if start + width < _END else len(times)))


def _divide(times: Sequence[int], limit: int) -> Iterator[Span]:
    spans = [(0, 0, 0, len(times))]
    while spans:
        depth, place, start, stop = spans.pop()
        if stop - start <= limit or depth == _DEPTH:
            if stop > start:
                yield Span(f"{depth}-{place:x}", range(start, stop))
            continue
        middle = bisect_left(times, (2 * place + 1) << (_DEPTH - 1 - depth), start, stop)
        spans += [(depth + 1, 2 * place + 1, middle, stop), (depth + 1, 2 * place, start, middle)]
