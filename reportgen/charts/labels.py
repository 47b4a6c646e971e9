"""Text inside the frame: names at line ends and at rules, moved apart so that none covers another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reportgen.charts.marks import marker
from reportgen.charts.svg import percent, px, text

_APART = 14.0  # px between two baselines
_RULES_APART = 0.16  # of the frame, between two labels of rules
_NAME_WIDTH = 0.3  # of the frame, which a name at most takes


@dataclass(frozen=True)
class LineEnd:
    """The end of a line: `x` is a share of the width; `top` and `bottom` bound its last stretch in pixels."""

    name: str
    slot: int
    x: float
    top: float
    bottom: float


def end_labels(ends: Iterable[LineEnd], height: int) -> Iterator[str]:
    """Write each line's name over its end, or under it where there is no room above.

    When names had to be moved apart, each gets its line's marker, because then it is no longer clear which is whose.
    """
    for group in _side_by_side(ends):
        yield from _group_labels(group, height)


def _side_by_side(ends: Iterable[LineEnd]) -> list[list[LineEnd]]:
    """Group the ends whose names could cover one another: those less than a name's width apart."""
    groups: list[list[LineEnd]] = []
    for end in sorted(ends, key=lambda end: (end.x, end.name)):
        if groups and end.x - groups[-1][-1].x < _NAME_WIDTH:
            groups[-1].append(end)
        else:
            groups.append([end])
    return groups


def _group_labels(ends: Iterable[LineEnd], height: int) -> Iterator[str]:
    wanted = sorted(((_beside(end, height), end) for end in ends), key=lambda pair: (pair[0], pair[1].name))
    places = spread([y for y, _ in wanted], low=10.0, high=height - 6.0)
    moved = any(abs(place - y) > 4 for place, (y, _) in zip(places, wanted, strict=True))
    for y, (_, end) in zip(places, wanted, strict=True):
        side = -1 if end.x > 0.5 else 1
        x = percent(end.x)
        shift = f' dx="{side * 20}"' if moved else ""
        yield f'<text class="{"lab e" if side < 0 else "lab"}" x="{x}"{shift} y="{px(y)}">{text(end.name)}</text>'
        if moved:
            yield f'<g transform="translate({side * 13})">{marker(end.slot, x, y - 4)}</g>'


def _beside(end: LineEnd, height: int) -> float:
    return end.top - 8 if end.top >= 18 else min(end.bottom + 18, height - 6.0)


def spread(ys: Sequence[float], *, low: float, high: float) -> list[float]:
    """Move ascending places apart, down first, then up from the lower edge; closer only when the frame is full."""
    apart = min(_APART, (high - low) / max(1, len(ys) - 1))
    placed: list[float] = []
    for y in ys:
        placed.append(max(y, placed[-1] + apart if placed else low))
    edge = high
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], edge)
        edge = placed[index] - apart
    return placed


def rule_labels(rules: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Write the labels of rules above the frame, from the right; one that would touch its neighbour is left out."""
    before = math.inf
    for share, label in sorted(rules, reverse=True):
        if label and before - share >= _RULES_APART:
            before = share
            anchor = "lab e" if share > 1 - _RULES_APART / 2 else "lab c" if share > _RULES_APART / 2 else "lab"
            yield f'<text class="{anchor}" x="{percent(share)}" y="-3">{text(label)}</text>'
