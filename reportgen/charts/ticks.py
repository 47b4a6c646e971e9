"""Round numbers for axes, and how they are written.

A step is 1, 2 or 5 times a power of ten. A tick is read back from its decimal spelling (`float("3e-1")`), so it is the
float nearest to the round number and never 0.30000000000000004. Ranges too small for floats to tell apart are widened
around their middle, so there are always at least two ticks and never an endless loop.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence

_TINY = 1e-300  # below this a range is treated as a single value
_NEAREST = ((2**0.5, 1, 0), (3.0, 2, 0), (50**0.5, 5, 0), (math.inf, 1, 1))  # size of step, mantissa, shift
_PLAIN = re.compile(r"(−?[\d,]+)(?:\.(\d+))?(\D*)")  # whole part, decimals, unit
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def nice_ticks(low: float, high: float, n: int) -> list[float]:
    """Choose about `n` round numbers that cover a range.

    Parameters
    ----------
    low, high
        Ends of the range, in any order; both finite.
    n
        Number of intervals aimed at, at least 1; the result has at most `1.5 n + 3` ticks.

    Returns
    -------
    list[float]
        Ascending; the first is at or below the lower end and the last at or above the upper one, unless that number
        would be beyond the largest float. A range
        whose ends are both below 1e-300 in size counts as zero.
    """
    low, high = widen(low, high)
    mantissa, exponent = _round_step(low, high, max(1, n))
    step = float(f"{mantissa}e{exponent}")
    first, last = math.floor(low / step), math.ceil(high / step)
    if float(f"{first * mantissa}e{exponent}") > low:  # low / step was rounded up
        first -= 1
    if float(f"{last * mantissa}e{exponent}") < high:
        last += 1
    ticks = (float(f"{k * mantissa}e{exponent}") for k in range(first, last + 1))
    return [tick + 0.0 for tick in ticks if math.isfinite(tick)]


def widen(low: float, high: float) -> tuple[float, float]:
    """Order a range, and open it around its middle when its ends are equal or nearly so."""
    low, high = min(low, high), max(low, high)
    size = max(abs(low), abs(high))
    if size < _TINY:
        return 0.0, 1.0
    if high / 2 - low / 2 > size * 1e-12:
        return low, high
    return _bounded(low - size / 2), _bounded(high + size / 2)


def _bounded(value: float) -> float:
    return min(max(value, -sys.float_info.max), sys.float_info.max)


def _round_step(low: float, high: float, n: int) -> tuple[int, int]:
    """Return (mantissa, exponent) of a round step near span / n: at least 2/3 of it, so that ticks stay few."""
    raw = 2 * ((high / 2 - low / 2) / n) if n > 1 else min(high / 2 - low / 2, sys.float_info.max / 4) * 2
    exponent = math.floor(math.log10(raw))
    size = raw / float(f"1e{exponent}") if exponent > -307 else 1.0
    mantissa, shift = next((m, e) for limit, m, e in _NEAREST if size < limit)
    if math.isfinite(float(f"{mantissa}e{exponent + shift}")):
        return mantissa, exponent + shift
    return 1, 308  # the largest power of ten there is


def log_ticks(low: float, high: float) -> list[float]:
    """Choose round numbers for a logarithmic axis, within a positive range.

    Powers of ten, thinned to at most seven; with 2 and 5 between them while the range has less than three decades;
    plain round numbers when even those are fewer than two.
    """
    low, high = min(low, high), max(low, high)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / 6))
    mantissas = (1, 2, 5) if last - first <= 3 else (1,)
    exponents = range(math.ceil(first / stride) * stride, last + 1, stride)
    ticks = [float(f"{mantissa}e{exponent}") for exponent in exponents for mantissa in mantissas]
    ticks = [tick for tick in ticks if low <= tick <= high]
    return ticks if len(ticks) > 1 else [tick for tick in nice_ticks(low, high, 4) if low <= tick <= high]


def format_tick(value: float) -> str:
    """Write a round number shortly: thousands with a comma, k M G T from 100,000 on, powers at the extremes."""
    size = abs(value)
    if size and not 1e-4 <= size < 1e15:
        mantissa, _, exponent = f"{value:.6e}".partition("e")
        written = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    elif size < 1e5:
        written = f"{value:,.12g}"
    else:
        unit, suffix = next(pair for pair in _SUFFIXES if size >= pair[0])
        written = f"{value / unit:,.12g}\u00a0{suffix}"
    return written.replace("-", "\u2212")


def align_decimals(labels: Sequence[str]) -> list[str]:
    """Give the numbers of an axis as many decimals as the longest of them needs: 0.90 beside 0.92, 5 s beside 20 s.

    Numbers of one unit are alike; nought has no decimals; what is no plain number stays as it is.
    """
    parts = [_PLAIN.fullmatch(label) for label in labels]
    most: dict[str, int] = {}
    for part in parts:
        if part:
            most[part[3]] = max(most.get(part[3], 0), len((part[2] or "").rstrip("0")))
    return [_align(part, most[part[3]]) if part else label for part, label in zip(parts, labels, strict=True)]


def _align(part: re.Match[str], n: int) -> str:
    whole, decimals, unit = part.groups(default="")
    if not n or not (whole + decimals).strip("−0,"):
        return whole + unit
    return f"{whole}.{decimals[:n]:0<{n}}{unit}"
