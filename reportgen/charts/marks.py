"""Marks of single points: the five shapes of the palette, NaN on the axis, infinities at the frame's edge.

Shapes keep their size while the chart stretches: circle and square stand at a per cent of the width, the other three in
a nested `svg` placed there, whose content is in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.charts.scale import Scale
from reportgen.charts.series import Points, Series
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


def frame_marks(series: Series, odd: Points, x_scale: Scale, height: int) -> Iterator[str]:
    """Mark the NaN and infinite values of a series on the frame, and label them where there is room.

    Values closer than 2 % of the width share one mark, so that thousands of them stay a readable row; the mark's tip
    says how many they are.
    """
    places = x_scale.shares(odd.xs)
    kinds = [_kind(y) for y in odd.ys]
    for kind in ("NaN", "∞", "−∞"):
        cells: dict[int, list[tuple[int, float]]] = {}
        for index, place, its_kind in zip(odd.indices, places, kinds, strict=True):
            if its_kind == kind:
                cells.setdefault(int(place * 50), []).append((index, place))
        labelled_to = -1.0
        for _, cell in sorted(cells.items()):
            index, place = cell[0]
            tip = (series.tip(index) or kind) if len(cell) == 1 else f"{len(cell):,} × {kind}"
            url = series.url(index) if len(cell) == 1 else ""
            yield link(_frame_mark(kind, series.slot, height, place), url=url, tip=tip)
            if place > labelled_to:
                yield _frame_label(kind, height, place)
                labelled_to = place + 0.12


def _kind(y: float) -> str:
    if math.isnan(y):
        return "NaN"
    return "∞" if y > 0 else "−∞"


def _frame_mark(kind: str, slot: int, height: int, place: float) -> str:
    x = percent(place)
    if kind == "NaN":
        return f'<circle class="open s{slot}" cx="{x}" cy="{height}" r="3.5"/>'
    path, y = (_UP, 0) if kind == "∞" else (_DOWN, height)
    return _placed(f'<path class="pt" d="{path}"/>', slot, x, y)


def _frame_label(kind: str, height: int, place: float) -> str:
    """Write the label beside its mark, on the side that has room."""
    anchor, shift = ("lab e", -8) if place > 0.5 else ("lab", 8)
    y = 9 if kind == "∞" else height - 7
    return f'<text class="{anchor}" x="{percent(place)}" dx="{shift}" y="{y}">{kind}</text>'
