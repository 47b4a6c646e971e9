"""The frame of a chart: horizontal hairlines with their numbers, the x axis with its ticks.

Numbers stand left of the frame; those too long for the margin move inside, above their line. Where the x labels would
not all fit a narrow frame, every second one has class `x2`, which the style sheet hides there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

from reportgen.charts.scale import Scale
from reportgen.charts.svg import percent, px, text
from reportgen.charts.ticks import align_decimals, format_tick, nice_ticks
from reportgen.charts.timeticks import time_ticks

XKind = Literal["number", "time", "category"]
XTick = tuple[float, str]

_MARGIN_CHARS = 6  # what 40 px hold of 12 px text
_NARROW_CHARS = 36  # what the narrowest frame, 216 px, holds below it
_LONGEST = 24  # a longer category is cut


def y_lines(ticks: Sequence[float], scale: Scale, height: int) -> Iterator[str]:
    """Draw one hairline per tick."""
    for tick in ticks:
        y = px(height * (1 - scale.share(tick)))
        yield f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>'


def y_texts(ticks: Sequence[float], scale: Scale, height: int, y_format: Callable[[float], str]) -> Iterator[str]:
    """Write the tick's numbers; a number that reads like the one before is left out."""
    labels = [y_format(tick) for tick in ticks]
    if not scale.log:
        labels = align_decimals(labels)
    inside = any(len(label) > _MARGIN_CHARS for label in labels)
    for before, label, tick in zip(["", *labels], labels, ticks, strict=False):
        y = height * (1 - scale.share(tick))
        place = f'class="lab" x="0" y="{px(y - 4)}"' if inside else f'class="e" x="-8" y="{px(y + 4)}"'
        if label != before:
            yield f"<text {place}>{text(label)}</text>"


@lru_cache(maxsize=32)  # the curves of a run, and those of the runs before, mostly have the same x
def x_axis(ticks: tuple[XTick, ...], scale: Scale, height: int) -> str:
    """Draw the axis line, its ticks and their labels; labels at the ends are anchored so that they stay inside."""
    return "".join(_iter_axis(ticks, scale, height))


def _iter_axis(ticks: Sequence[XTick], scale: Scale, height: int) -> Iterator[str]:
    yield f'<line class="axis" x1="0" x2="100%" y1="{height}" y2="{height}"/>'
    crowded = sum(len(label) + 3 for _, label in ticks) > _NARROW_CHARS
    for index, (value, label) in enumerate(ticks):
        share = scale.share(value)
        x = percent(share)
        names = f"{_anchor(share, label)} {'x2' if crowded and _goes_first(index, len(ticks)) else ''}".strip()
        attribute = f' class="{names}"' if names else ""
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{height}" y2="{height + 4}"/>'
        yield f'<text{attribute} x="{x}" y="{height + 18}">{text(label)}</text>'


def _anchor(share: float, label: str) -> str:
    if len(label) <= 2 or 0.06 < share < 0.94:  # two figures are narrower than the margin
        return "c"
    return "e" if share > 0.5 else ""


def _goes_first(index: int, n: int) -> bool:
    """Tell whether a label is hidden in a narrow frame: every second one, and any beside the last."""
    return 0 < index < n - 1 and (index % 2 == 1 or index == n - 2)


def x_ticks(
    kind: XKind, low: float, high: float, columns: Sequence[Sequence[float]], labels: Sequence[str]
) -> list[XTick]:
    """Choose the ticks for columns of finite x values that reach from `low` to `high`."""
    if kind == "category":
        return _category_ticks(labels)
    if kind == "time":
        return [(float(tick), label) for tick, label in time_ticks(math.ceil(low), math.floor(high), 6)]
    ticks = _number_ticks(low, high)
    if not _are_whole(ticks) and all(map(_are_whole, columns)):
        ticks = [tick for tick in ticks if tick == math.floor(tick)]
    return [*zip(ticks, align_decimals([format_tick(tick) for tick in ticks]), strict=True)]


@lru_cache(maxsize=32)
def _number_ticks(low: float, high: float) -> list[float]:
    return [tick for tick in nice_ticks(low, high, 5) if low <= tick <= high] or [low]


def _are_whole(values: Iterable[float]) -> bool:
    return all(value == math.floor(value) for value in values)


def _category_ticks(labels: Sequence[str]) -> list[XTick]:
    """Take as many labels as fit a frame of 36 characters once every second one is hidden; always both ends."""
    if not labels:
        return []
    short = [label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…" for label in labels]
    last = len(short) - 1
    n = max(2, min(7, 2 * _NARROW_CHARS // (max(map(len, short)) + 3)))
    stride = max(1, math.ceil(last / (n - 1)))
    chosen = [*range(0, max(1, last - stride // 2), stride), last] if last else [0]
    return [(float(index), short[index]) for index in chosen]
