"""Ticks of a time axis: whole seconds, minutes, hours, days, months or years, in UTC.

Times are whole microseconds since 1970. Labels say only what changes from tick to tick ("06:00", "22 Oct",
"Nov 2026", "2026"); on an axis of hours, midnight is written as its date. English month names are spelled here, because
`strftime` follows the locale of the machine. Times outside the years 1 to 9999 are written as plain numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from reportgen.charts.ticks import format_tick, nice_ticks

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_MONTH = 28 * _DAY  # of months and years only the order of size matters, to skip useless steps
_MONDAY = 4 * _DAY  # 5 January 1970; weeks are counted from it
_STEPS = (
    *(10**power * factor for power in range(6) for factor in (1, 2, 5)),
    *(_SECOND * count for count in (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200)),
    *(_DAY * count for count in (1, 2, 7, 14)),
)
_MONTH_STEPS = (1, 2, 3, 6, *(12 * years for years in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)))
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def time_ticks(low_us: int, high_us: int, n: int) -> list[tuple[int, str]]:
    """Choose at most `n` round instants within a range of time.

    Parameters
    ----------
    low_us, high_us
        Ends of the range, microseconds since the epoch, UTC.
    n
        Most ticks wanted, at least 1.

    Returns
    -------
    list[tuple[int, str]]
        Instant and label, ascending; the two ends when no round instant lies between them.
    """
    low_us, high_us = min(low_us, high_us), max(low_us, high_us)
    try:
        _at(low_us), _at(high_us)
    except OverflowError:
        ticks = [round(tick) for tick in nice_ticks(low_us, high_us, max(2, n - 2))]
        ticks = [tick for tick in ticks if low_us <= tick <= high_us][: max(1, n)] or [low_us]
        return [(tick, format_tick(tick)) for tick in ticks]
    ticks, unit = _choose(low_us, high_us, max(1, n))
    if not ticks:
        ticks = sorted({low_us, high_us})
        unit = _DAY if high_us - low_us >= _DAY or low_us == high_us else 60 * _SECOND
    return [(tick, _label(tick, unit)) for tick in ticks]


def _choose(low: int, high: int, n: int) -> tuple[list[int], int]:
    """Find the finest step that gives at most `n` ticks; return the ticks and the step."""
    for step in _STEPS:
        offset = _MONDAY if step >= 7 * _DAY else 0
        first, last = -((offset - low) // step), (high - offset) // step
        if last - first < n:
            return [offset + k * step for k in range(first, last + 1)], step
    for months in _MONTH_STEPS:
        if (high - low) // (months * _MONTH) <= 2 * n + 2:
            ticks = list(_iter_months(low, high, months))
            if len(ticks) <= n:
                return ticks, months * _MONTH
    return [], _DAY


def _iter_months(low: int, high: int, months: int) -> Iterator[int]:
    start = _at(low)
    index = math.ceil((12 * start.year + start.month - 1) / months) * months
    for month in range(index, 12 * 10_000, months):
        tick = (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
        if tick > high:
            return
        if tick >= low:
            yield tick


def _at(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _label(us: int, unit: int) -> str:
    at = _at(us)
    if unit >= 12 * _MONTH:
        return str(at.year)
    if unit >= _MONTH:
        return f"{_NAMES[at.month - 1]} {at.year}"
    if unit >= _DAY or (us % _DAY == 0 and unit >= 60 * _SECOND):
        return f"{at.day} {_NAMES[at.month - 1]}"
    if unit >= 60 * _SECOND:
        return f"{at:%H:%M}"
    return f"{at:%H:%M:%S}" if unit >= _SECOND else f"{at:%H:%M:%S.%f}".rstrip("0").rstrip(".")
