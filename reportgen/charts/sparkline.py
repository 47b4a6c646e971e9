"""The sparkline: a metric's last values at the height of a line of text, the last finite one marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from reportgen.charts.scale import Scale
from reportgen.charts.series import sort_points
from reportgen.charts.svg import finish
from reportgen.charts.thin import Segment, thin_points

_LEFT, _RIGHT, _TOP, _BOTTOM, _FLAT = 2.0, 118.0, 3.0, 21.0, 18.0
_EDGES: dict[float | None, float] = {math.inf: _TOP, -math.inf: _BOTTOM}
_POINT = "%.1f %.1f"


def sparkline(values: Sequence[float | None]) -> Markup:
    """Draw values, oldest first.

    None and NaN are gaps; an infinity stands at the height of the highest or lowest finite value. A constant is a flat
    line low in the frame. Two values are only marks, fewer are nothing. Hidden from screen readers: the number it
    accompanies is written beside it.
    """
    if len(values) < 2:
        return Markup()
    xs = _places(len(values))
    finite, _ = sort_points(xs, values)
    heights = _heights(finite.ys)
    ys = [_EDGES.get(value) for value in values]
    for index, height in zip(finite.indices, heights, strict=True):
        ys[index] = height
    segments = thin_points(xs, ys, limit=120)
    parts = ['<svg class="tiny s1" viewBox="0 0 120 24" aria-hidden="true">']
    if sum(map(len, segments)) >= 3:
        parts.append(f'<path class="ln" d="{"".join(map(_piece, segments))}"/>')
        marked = list(zip(finite.xs[-1:], heights[-1:], strict=True))
    else:
        marked = [point for segment in segments for point in segment]
    parts += [f'<circle class="pt" cx="{x:.1f}" cy="{y:.1f}" r="2.75"/>' for x, y in marked]
    return finish([*parts, "</svg>"])


@lru_cache(maxsize=100)
def _places(n: int) -> tuple[float, ...]:
    """Give the x of each of `n` values; most sparklines have as many values as the one before."""
    return tuple(_LEFT + (_RIGHT - _LEFT) * index / (n - 1) for index in range(n))


def _heights(values: Sequence[float]) -> list[float]:
    """Give the places of finite values, the highest at the top."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if low == high:
        return [_FLAT] * len(values)
    return [_BOTTOM - (_BOTTOM - _TOP) * share for share in Scale(low, high).shares(values)]


def _piece(segment: Segment) -> str:
    joined = " ".join([_POINT % point for point in segment])
    return f"M{joined}" if len(segment) > 1 else f"M{joined}h0"
