"""What a chart is made of: `Series` and `Band`, and the sorting of their values into finite, NaN and infinite."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeGuard, cast

Weight = Literal["thin", "normal", "fat"]
PerPoint = Sequence[str] | Callable[[int], str]
BandSegment = list[tuple[float, float, float]]  # x, low, high


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
        Address and tip of each point, or a function that gives those of the point at an index; empty or shorter than
        the points when there are none. Only what is marked one by one has them.
    ways
        Other x of some points, from which scripts find those of all: `x,index` or `x,index,seconds`, blanks between
        points.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    slot: int = 1
    weight: Weight = "normal"
    urls: PerPoint = ()
    label: bool = False
    tips: PerPoint = ()
    ways: str = ""

    def __post_init__(self) -> None:
        if len(self.xs) != len(self.ys):
            raise ValueError(f"series {self.name!r} has {len(self.xs)} xs and {len(self.ys)} ys")
        if self.slot not in range(6):
            raise ValueError(f"series {self.name!r} has slot {self.slot}; slots go from 0 to 5")

    def url(self, index: int) -> str:
        """Return the address of a point, empty when it has none."""
        return _text_at(self.urls, index)

    def tip(self, index: int) -> str:
        """Return the tip of a point, empty when it has none."""
        return _text_at(self.tips, index)


def _text_at(texts: PerPoint, index: int) -> str:
    if callable(texts):
        return texts(index)
    return texts[index] if index < len(texts) else ""


@dataclass(frozen=True)
class Band:
    """An area between two lines, such as a mean with its standard deviation; None, NaN and infinities are gaps."""

    xs: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True)
class Points:
    """Some points of a line, as columns; `indices` tell where each stands among all its points."""

    xs: Sequence[float]
    ys: list[float]
    indices: Sequence[int]

    def piece_starts(self) -> list[int]:
        """Return the positions at which an unbroken piece begins; between pieces, points are left out."""
        places = self.indices
        if places and places[-1] - places[0] == len(places) - 1:
            return [0]
        return [at for at, place in enumerate(places) if at == 0 or place != places[at - 1] + 1]


_NONE = Points((), [], ())


def sort_points(xs: Sequence[float], ys: Sequence[float | None]) -> tuple[Points, Points]:
    """Pick the points that are drawn, where both x and y are finite, and those marked on the frame, where y is not."""
    if _all_finite(ys) and _all_finite(xs):
        return Points(xs, list(ys), range(len(xs))), _NONE
    rows = [(i, x, y) for i, (x, y) in enumerate(zip(xs, ys, strict=True)) if y is not None and math.isfinite(x)]
    return (
        _points([row for row in rows if math.isfinite(row[2])]),
        _points([row for row in rows if not math.isfinite(row[2])]),
    )


def _points(rows: list[tuple[int, float, float]]) -> Points:
    return Points([x for _, x, _ in rows], [y for _, _, y in rows], [index for index, _, _ in rows])


def _all_finite(values: Sequence[float | None]) -> TypeGuard[Sequence[float]]:
    """Tell quickly, by their sum, that values are there and finite; when their sum is not, they may be all the same."""
    try:
        return math.isfinite(sum(cast("Sequence[float]", values)))
    except (TypeError, OverflowError):
        return False


def band_segments(band: Band, limit: int = 200) -> list[BandSegment]:
    """Cut a band at its gaps into lists of (x, low, high), taking together neighbours when there are over `limit`."""
    segments: list[BandSegment] = [[]]
    for x, low, high in zip(band.xs, band.low, band.high, strict=True):
        if low is None or high is None or not math.isfinite(x + low / 4 + high / 4):
            segments.append([])
        else:
            segments[-1].append((x, min(low, high), max(low, high)))
    width = max(1, math.ceil(sum(map(len, segments)) / limit))
    return [_merged(segment, width) for segment in segments if len(segment) > 1]


def _merged(segment: BandSegment, width: int) -> BandSegment:
    """Replace each `width` neighbours by their outline, and keep the last x."""
    if width == 1:
        return segment
    parts = [segment[start : start + width] for start in range(0, len(segment), width)]
    merged = [(part[0][0], min(low for _, low, _ in part), max(high for _, _, high in part)) for part in parts]
    return [*merged, (segment[-1][0], merged[-1][1], merged[-1][2])]
