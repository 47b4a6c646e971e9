"""Marks of single points: the five shapes of the palette, NaN on the axis, infinities at the frame's edge.

Shapes keep their size while the chart stretches: circle and square stand at a per cent of the width, the other three in
a nested `svg` placed there, whose content is in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from reportgen.charts.series import Point
from reportgen.charts.svg import link, percent, px

_TRIANGLE = "M0-4.2l4.2 7.3h-8.4z"
_DIAMOND = "M0-4.2l4.2 4.2-4.2 4.2-4.2-4.2z"
_CROSS = "M-3-3l6 6m0-6l-6 6"
_UP, _DOWN = "M0 .5l4.5 7.5h-9z", "M0-.5l4.5-7.5h-9z"


def marker(slot: int, x: str, y: float, *, radius: float = 3) -> str:
    """Draw the marker of a slot at an x with its unit and a y in pixels."""
    size = radius / 3
    if slot == 2:
        side = 5.5 * size
        shift = f' transform="translate({-side / 2:g})"'
        place = f'x="{x}"{shift}' if x.endswith("%") else f'x="{float(x) - side / 2:g}"'
        return f'<rect class="open s2" {place} y="{px(y - side / 2)}" width="{side:g}" height="{side:g}"/>'
    if slot in {3, 4, 5}:
        kind, path = {3: ("pt", _TRIANGLE), 4: ("open", _DIAMOND), 5: ("ln", _CROSS)}[slot]
        return _placed(f'<path class="{kind}" d="{path}"/>', slot, x, y)
    return f'<circle class="pt s{slot}" cx="{x}" cy="{px(y)}" r="{radius:g}"/>'


def _placed(drawing: str, slot: int, x: str, y: float) -> str:
    """Put a drawing around (0, 0) at a place; size 1 because its content overflows."""
    return f'<svg class="s{slot}" x="{x}" y="{px(y)}" width="1" height="1">{drawing}</svg>'


def frame_marks(points: list[Point], slot: int, height: int, share: Callable[[float], float]) -> Iterator[str]:
    """Mark NaN and infinite values on the frame, and label them where there is room.

    Values closer than 2 % of the width share one mark, so that thousands of them stay a readable row; the mark's tip
    says how many they are.
    """
    for kind in ("NaN", "∞", "−∞"):
        cells: dict[int, list[Point]] = {}
        for point in points:
            if _kind(point.y) == kind:
                cells.setdefault(int(share(point.x) * 50), []).append(point)
        labelled_to = -1.0
        for cell in sorted(cells):
            place = share(cells[cell][0].x)
            yield _frame_mark(kind, cells[cell], slot, height, place)
            if place > labelled_to:
                yield _frame_label(kind, height, place)
                labelled_to = place + 0.12


def _kind(y: float) -> str:
    if math.isnan(y):
        return "NaN"
    return "" if math.isfinite(y) else ("∞" if y > 0 else "−∞")


def _frame_mark(kind: str, points: list[Point], slot: int, height: int, place: float) -> str:
    x = percent(place)
    if kind == "NaN":
        drawing = f'<circle class="open s{slot}" cx="{x}" cy="{height}" r="3.5"/>'
    else:
        path, y = (_UP, 0) if kind == "∞" else (_DOWN, height)
        drawing = _placed(f'<path class="pt" d="{path}"/>', slot, x, y)
    if len(points) == 1:
        return link(drawing, url=points[0].url, tip=points[0].tip or kind)
    return link(drawing, tip=f"{len(points):,} × {kind}")


def _frame_label(kind: str, height: int, place: float) -> str:
    """Write the label beside its mark, on the side that has room."""
    anchor, shift = ("lab e", -8) if place > 0.5 else ("lab", 8)
    y = 9 if kind == "∞" else height - 7
    return f'<text class="{anchor}" x="{percent(place)}" dx="{shift}" y="{y}">{kind}</text>'
