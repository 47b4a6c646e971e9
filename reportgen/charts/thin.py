"""Fewer points, same picture: min-max thinning that keeps peaks and gaps.

The x range is cut into buckets, each gives its lowest and its highest point, so no peak is lost however short. Two
chosen points are joined only when no missing value lies between them. While gaps are few, the points beside each gap
are kept too, so a gap shows at its true width. Order is kept; points are never moved or averaged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise

Segment = list[tuple[float, float]]


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
    segments = _split(xs, ys)
    total = sum(map(len, segments))
    if total <= limit:
        return segments
    points = [point for segment in segments for point in segment]
    segment_of = [index for index, segment in enumerate(segments) for _ in segment]
    chosen = _choose(points, segment_of, limit, n_segments=len(segments))
    grouped = groupby(chosen, key=lambda index: segment_of[index])
    return [[points[index] for index in group] for _, group in grouped]


def _split(xs: Sequence[float], ys: Sequence[float | None]) -> list[Segment]:
    segments: list[Segment] = []
    open_segment = False
    for x, y in zip(xs, ys, strict=True):
        if y is None or not math.isfinite(y) or not math.isfinite(x):
            open_segment = False
        elif open_segment:
            segments[-1].append((x, y))
        else:
            segments.append([(x, y)])
            open_segment = True
    return segments


def _choose(points: Segment, segment_of: list[int], limit: int, *, n_segments: int) -> list[int]:
    """Return ascending indices of the points to keep."""
    last = len(points) - 1
    chosen = {0, last}
    if n_segments * 8 <= limit:  # room for both ends of each segment and for the buckets that gaps cut in two
        n_buckets = max(1, (limit - 4 * n_segments) // 2)
        chosen.update(edge for i, j in pairwise(range(last + 1)) if segment_of[i] != segment_of[j] for edge in (i, j))
        parts = segment_of
    else:
        n_buckets, parts = (limit - 2) // 2, [0] * len(points)
    buckets = _bucket_of([x for x, _ in points], n_buckets)
    for _, group in groupby(range(last + 1), key=lambda index: (parts[index], buckets[index])):
        members = list(group)
        chosen.add(min(members, key=lambda index: points[index][1]))
        chosen.add(max(members, key=lambda index: points[index][1]))
    return sorted(chosen)


def _bucket_of(xs: list[float], n_buckets: int) -> list[int]:
    """Number each point's bucket: by x when x never goes back, else by position."""
    if n_buckets < 1:
        return [0] * len(xs)
    low, high = xs[0], xs[-1]
    span = high / 2 - low / 2  # halves, because the difference of two floats may be infinite
    if span <= 0 or any(later < earlier for earlier, later in pairwise(xs)):
        return [index * n_buckets // len(xs) for index in range(len(xs))]
    return [min(int((x / 2 - low / 2) / span * n_buckets), n_buckets - 1) for x in xs]
