"""The sparkline: a metric's last values at the height of a line of text, the last finite one marked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from reportgen.charts.scale import Scale
from reportgen.charts.svg import finish
from reportgen.charts.thin import thin_points

_LEFT, _RIGHT, _TOP, _BOTTOM, _FLAT = 2.0, 118.0, 3.0, 21.0, 18.0


def sparkline(values: Sequence[float | None]) -> Markup:
    """Draw values, oldest first.

    None and NaN are gaps; an infinity stands at the height of the highest or lowest finite value. A constant is a flat
    line low in the frame. Under three values there are only marks. Hidden from screen readers: the number it
    accompanies is written beside it.
    """
    finite = [value for value in values if value is not None and math.isfinite(value)]
    scale = Scale(min(finite), max(finite)) if finite else Scale(0.0, 0.0)
    xs = [_LEFT + (_RIGHT - _LEFT) * i / (len(values) - 1) if len(values) > 1 else _RIGHT for i in range(len(values))]
    ys = [_height(value, scale) for value in values]
    segments = thin_points(xs, ys, limit=120)
    parts = ['<svg class="tiny s1" viewBox="0 0 120 24" aria-hidden="true">']
    if sum(map(len, segments)) >= 3:
        path = "".join(_piece(segment) for segment in segments)
        parts.append(f'<path class="ln" d="{path}"/>')
        marked = _last_finite(xs, ys, values)
    else:
        marked = [point for segment in segments for point in segment]
    parts += [f'<circle class="pt" cx="{x:.1f}" cy="{y:.1f}" r="2.75"/>' for x, y in marked]
    return finish([*parts, "</svg>"])


def _height(value: float | None, scale: Scale) -> float | None:
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return _TOP if value > 0 else _BOTTOM
    return _BOTTOM - (_BOTTOM - _TOP) * scale.share(value) if scale.high > scale.low else _FLAT


def _piece(segment: list[tuple[float, float]]) -> str:
    joined = " ".join(f"{x:.1f} {y:.1f}" for x, y in segment)
    return f"M{joined}" if len(segment) > 1 else f"M{joined}h0"


def _last_finite(xs: list[float], ys: list[float | None], values: Sequence[float | None]) -> list[tuple[float, float]]:
    for x, y, value in zip(reversed(xs), reversed(ys), reversed(values), strict=True):
        if y is not None and value is not None and math.isfinite(value):
            return [(x, y)]
    return []
