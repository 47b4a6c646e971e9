"""Fewer points, same picture: min-max thinning that keeps peaks and gaps.

The x range is cut into buckets, each gives its lowest and its highest point, so no peak is lost however short. Two
chosen points are joined only when no missing value lies between them. While gaps are few, the points beside each gap
are kept too, so a gap shows at its true width. Order is kept; points are never moved or averaged.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from reportgen.charts.series import Points, sort_points

Segment = list[tuple[float, float]]

_FEW = 64


class Line(NamedTuple):
    """What is drawn of a line: its points as columns, and how many of them belong to each unbroken piece."""

    xs: Sequence[float]
    ys: list[float]
    lengths: list[int]

    def segments(self) -> list[Segment]:
        """Give each piece as a list of (x, y)."""
        points = zip(self.xs, self.ys, strict=True)
        return [list(islice(points, length)) for length in self.lengths]


def thin_points(xs: Sequence[float], ys: Sequence[float | None], limit: int = 400) -> list[Segment]:
    """Choose at most `limit` points to draw.

    Parameters
    ----------
    xs, ys
        Points in drawing order, of equal length. A y of None, NaN or an infinity is a gap; so is an x that is not
        finite.
    limit
        Most points returned, at least 2.

    Returns
    -------
    list[Segment]
        Unbroken pieces of the line, each a list of (x, y). The lowest, highest, first and last point are among them
        (the lowest and highest only for a limit of 4 or more).
    """
    return thin(sort_points(xs, ys)[0], limit).segments()


def thin(points: Points, limit: int = 400) -> Line:
    """Choose at most `limit` points to draw, as `thin_points` does, of those known to be finite."""
    xs, ys, n = points.xs, points.ys, len(points.xs)
    starts = points.piece_starts()
    if n <= limit:
        return Line(xs, ys, [stop - start for start, stop in pairwise([*starts, n])])
    chosen = _choose(xs, ys, starts, limit)
    edges = [*(bisect_left(chosen, start) for start in starts), len(chosen)]
    lengths = [last - first for first, last in pairwise(edges) if first < last]
    return Line([xs[place] for place in chosen], [ys[place] for place in chosen], lengths)


def shorten(xs: Sequence[float], ys: Sequence[float | None], limit: int) -> tuple[list[float], list[float | None]]:
    """Give columns that draw as these do, with the points that `thin_points` chooses.

    A None stands for each gap. Points that are marked on the frame, of which y is NaN or infinite, all stay, at the
    end.
    """
    points, odd = sort_points(xs, ys)
    line = thin(points, limit)
    if len(line.lengths) == 1 and not odd.ys:
        return [*line.xs], [*line.ys]
    joined = [(x, y) for segment in line.segments() for x, y in [*segment, (segment[-1][0], None)]]
    return [*(x for x, _ in joined), *odd.xs], [*(y for _, y in joined), *odd.ys]


def _choose(xs: Sequence[float], ys: list[float], starts: list[int], limit: int) -> list[int]:
    """Return ascending indices of the points to keep; `starts` are those of the first points of the line's pieces."""
    n = len(ys)
    chosen = {0, n - 1}
    if len(starts) * 8 <= limit:  # room for both ends of each piece and for the buckets that gaps cut in two
        n_buckets = max(1, (limit - 4 * len(starts)) // 2)
        chosen.update(starts, (start - 1 for start in starts[1:]))
        edges = {*starts, n, *_bucket_starts(tuple(xs), n_buckets)}
    else:
        edges = {0, n, *_bucket_starts(tuple(xs), (limit - 2) // 2)}
    for start, stop in pairwise(sorted(edges)):
        bucket = ys[start:stop]
        if len(bucket) <= _FEW:
            bucket.sort()  # faster than to search twice
            low, high = bucket[0], bucket[-1]
        else:
            low, high = min(bucket), max(bucket)
        chosen.add(ys.index(low, start))
        chosen.add(ys.index(high, start))
    return sorted(chosen)


@lru_cache(maxsize=8)  # the lists of a pipeline's runs mostly have the same x
def _bucket_starts(xs: tuple[float, ...], n_buckets: int) -> list[int]:
    """Cut points into buckets of equal width when x never goes back, else of equal number; some may be empty."""
    low, high = xs[0], xs[-1]
    span = high / 2 - low / 2  # halves, because the difference of two floats may be infinite
    if span <= 0 or sorted(xs) != list(xs):
        return [-(-bucket * len(xs) // n_buckets) for bucket in range(1, n_buckets)]
    start = low / 2
    places = [(x / 2 - start) / span * n_buckets for x in xs]
    return [bisect_left(places, bucket) for bucket in range(1, n_buckets)]
