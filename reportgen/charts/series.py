"""What a chart is made of: `Series` and `Band`, and the sorting of their values into finite, NaN and infinite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Weight = Literal["thin", "normal", "fat"]


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Parameters
    ----------
    name
        Shown in the legend, or at the line's end with `label`.
    xs, ys
        Points of equal length. A y of None is a gap, NaN an open mark on the x axis, an infinity a triangle at the
        frame's edge. Points whose x is not finite are left out.
    slot
        0 for grey context, 1 to 5 for a colour, dash and marker of the palette.
    urls, tips
        Address and tip of each point; empty or shorter than the points when there are none.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    slot: int = 1
    weight: Weight = "normal"
    urls: Sequence[str] = ()
    label: bool = False
    tips: Sequence[str] = ()

    def __post_init__(self) -> None:
        if len(self.xs) != len(self.ys):
            raise ValueError(f"series {self.name!r} has {len(self.xs)} xs and {len(self.ys)} ys")
        if self.slot not in range(6):
            raise ValueError(f"series {self.name!r} has slot {self.slot}; slots go from 0 to 5")


@dataclass(frozen=True)
class Band:
    """An area between two lines, such as a mean with its standard deviation; None, NaN and infinities are gaps."""

    xs: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True)
class Point:
    """A value to draw or mark; `y` may be NaN or infinite, `x` is finite."""

    x: float
    y: float
    url: str = ""
    tip: str = ""

    @property
    def is_finite(self) -> bool:
        """Whether the point lies on the line rather than on the frame."""
        return math.isfinite(self.y)


def points_of(series: Series) -> list[Point]:
    """List the values of a series that are not missing."""
    n_urls, n_tips = len(series.urls), len(series.tips)
    return [
        Point(x, y, series.urls[i] if i < n_urls else "", series.tips[i] if i < n_tips else "")
        for i, (x, y) in enumerate(zip(series.xs, series.ys, strict=True))
        if y is not None and math.isfinite(x)
    ]


def band_segments(band: Band, limit: int = 200) -> list[list[tuple[float, float, float]]]:
    """Cut a band at its gaps into lists of (x, low, high), taking together neighbours when there are over `limit`."""
    segments: list[list[tuple[float, float, float]]] = [[]]
    for x, low, high in zip(band.xs, band.low, band.high, strict=True):
        if low is None or high is None or not math.isfinite(x + low / 4 + high / 4):
            segments.append([])
        else:
            segments[-1].append((x, min(low, high), max(low, high)))
    width = max(1, math.ceil(sum(map(len, segments)) / limit))
    return [_merged(segment, width) for segment in segments if len(segment) > 1]


def _merged(segment: list[tuple[float, float, float]], width: int) -> list[tuple[float, float, float]]:
    """Replace each `width` neighbours by their outline, and keep the last x."""
    if width == 1:
        return segment
    parts = [segment[start : start + width] for start in range(0, len(segment), width)]
    merged = [(part[0][0], min(low for _, low, _ in part), max(high for _, _, high in part)) for part in parts]
    return [*merged, (segment[-1][0], merged[-1][1], merged[-1][2])]
