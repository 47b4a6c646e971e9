"""The line chart: curves of metrics over steps, runs or time.

Reads from the back to the front: hairlines and axis, band, lines, rules, marks, labels. All data reaches the page
through `Scale`, so nothing leaves the frame. Under three finite values there is no line, only marks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from markupsafe import Markup

from reportgen.charts.axes import XKind, x_axis, x_ticks, y_lines, y_texts
from reportgen.charts.labels import LineEnd, end_labels, rule_labels
from reportgen.charts.marks import frame_marks, marker
from reportgen.charts.scale import Scale, linear_scale, log_scale
from reportgen.charts.series import Band, Point, Series, band_segments, points_of
from reportgen.charts.svg import finish, link, percent, text
from reportgen.charts.thin import Segment, thin_points
from reportgen.charts.ticks import format_tick

_MOST_MARKED = 40  # points that are marked one by one
_WEIGHTS = {"thin": " thin", "normal": "", "fat": " fat"}


@dataclass(frozen=True)
class _Layer:
    """A series with what is drawn of it: all its values, those on the line, those on the frame, and the
    pieces of the line itself."""

    series: Series
    points: list[Point]
    finite: list[Point]
    odd: list[Point]
    line: list[Segment]


@dataclass(frozen=True)
class _Plot:
    """The frame that all layers share: `x` and `y` map values to shares of its size, `height` is in pixels."""

    x: Scale
    y: Scale
    height: int

    def y_px(self, value: float) -> float:
        return self.height * (1 - self.y.share(value))

    def at(self, x: float, y: float) -> str:
        """Write a point of the stretched layer, which is 1000 wide."""
        return f"{1000 * self.x.share(x):.0f} {self.y_px(y):.1f}"


def line_chart(
    series: Sequence[Series],
    *,
    chart_id: str,
    title: str,
    description: str,
    height: int = 190,
    x_kind: XKind = "number",
    x_labels: Sequence[str] = (),
    y_format: Callable[[float], str] = format_tick,
    y_from_zero: bool = False,
    log_y: bool = False,
    band: Band | None = None,
    rules: Sequence[tuple[float, str]] = (),
) -> Markup:
    """Draw series in one frame.

    Parameters
    ----------
    chart_id
        Unique on the page; the ids of title and description are made from it.
    title, description
        The chart in words, for screen readers. The description is completed by what the scale does and by the number
        of values that are not finite.
    height
        Height of the frame in pixels, without the x labels.
    x_kind
        How x is read: a number, microseconds since the epoch, or an index into `x_labels`.
    log_y
        Logarithmic y axis; linear after all when a value is zero or below, which the description then says.
    rules
        Dotted vertical lines: x and label.
    """
    points = [points_of(one) for one in series]
    finite = [point.y for several in points for point in several if point.is_finite]
    log = log_y and bool(finite) and min(finite) > 0
    y, ticks = _y_scale(finite, band, height, log=log, from_zero=y_from_zero)
    xs = _all_x(points, band, x_labels if x_kind == "category" else ())
    plot = _Plot(_x_scale(xs, x_kind), y, height)
    order = sorted(range(len(series)), key=lambda index: _depth(series[index]))
    layers = [_layer(series[index], points[index]) for index in order]
    rules = [rule for rule in rules if xs and min(xs) <= rule[0] <= max(xs)]
    role = "group" if any(point.url for several in points for point in several) else "img"
    notes = _notes(points, asked_log=log_y, log=log)
    return finish(
        [
            _head(chart_id, title, " ".join([description, *notes]).strip(), height, role=role),
            *y_lines(ticks, plot.y, height),
            *x_axis(x_ticks(x_kind, xs, x_labels) if xs else [], plot.x, height),
            *_stretched(layers, band, plot),
            *(_rule(x, plot) for x, _ in rules),
            *_marks(layers, plot),
            *y_texts(ticks, plot.y, height, y_format),
            *rule_labels([(plot.x.share(x), label) for x, label in rules], height),
            *end_labels(_line_ends(layers, plot), height),
            "" if finite else f'<text class="c" x="50%" y="{height // 2}">no finite value</text>',
            "</svg>",
        ]
    )


def _head(chart_id: str, title: str, description: str, height: int, *, role: str) -> str:
    """Open the chart. With links its role is `group`, because assistive technology reads an image as one thing."""
    name = "".join(char if char.isalnum() or char in "-_." else "-" for char in chart_id)
    return (
        f'<svg class="plot" height="{height}" role="{role}" aria-labelledby="{text(name)}-t {text(name)}-d">'
        f'<title id="{text(name)}-t">{text(title)}</title><desc id="{text(name)}-d">{text(description)}</desc>'
    )


def _notes(points: Sequence[Sequence[Point]], *, asked_log: bool, log: bool) -> Iterator[str]:
    """Say in words what the drawing shows by its scale or its marks."""
    if log:
        yield "The scale is logarithmic."
    elif asked_log and any(point.is_finite for several in points for point in several):
        yield "The scale is linear, because a value is zero or below."
    odd = [point.y for several in points for point in several if not point.is_finite]
    n_nan = sum(map(math.isnan, odd))
    for count, name in ((n_nan, "NaN"), (len(odd) - n_nan, "infinite")):
        if count:
            yield f"{count:,} {'value is' if count == 1 else 'values are'} {name}."


def _y_scale(
    finite: Sequence[float], band: Band | None, height: int, *, log: bool, from_zero: bool
) -> tuple[Scale, list[float]]:
    if not finite:
        return Scale(0.0, 1.0), []
    edges = [edge for part in band_segments(band) for _, *pair in part for edge in pair] if band else []
    if log:
        return log_scale([*finite, *(edge for edge in edges if edge > 0)])
    return linear_scale([*finite, *edges], max(2, min(5, height // 40)), from_zero=from_zero)


def _all_x(points: Sequence[Sequence[Point]], band: Band | None, labels: Sequence[str]) -> list[float]:
    band_xs = (x for part in band_segments(band) for x, _, _ in part) if band else ()
    return [*(point.x for several in points for point in several), *band_xs, *map(float, range(len(labels)))]


def _x_scale(xs: Sequence[float], kind: XKind) -> Scale:
    if not xs:
        return Scale(0.0, 1.0)
    low, high = min(xs), max(xs)
    inset = 0.4 / (high - low + 0.8) if kind == "category" and high > low else 0.0
    return Scale(low, high, inset=inset)


def _layer(series: Series, points: list[Point]) -> _Layer:
    finite = [point for point in points if point.is_finite]
    odd = [point for point in points if not point.is_finite]
    line = thin_points(series.xs, series.ys) if len(finite) >= 3 else []
    return _Layer(series, points, finite, odd, line)


def _depth(series: Series) -> tuple[bool, int, int]:
    """Sort key from back to front: context, then thin before fat, then the first slot on top."""
    return series.slot != 0, list(_WEIGHTS).index(series.weight), -series.slot


def _stretched(layers: Sequence[_Layer], band: Band | None, plot: _Plot) -> Iterator[str]:
    """Draw what stretches with the width: the band and the lines."""
    box = f'width="100%" height="{plot.height}" viewBox="0 0 1000 {plot.height}"'
    yield f'<svg {box} preserveAspectRatio="none">'
    for part in band_segments(band) if band else ():
        there = " ".join(plot.at(x, high) for x, _, high in part)
        back = " ".join(plot.at(x, low) for x, low, _ in reversed(part))
        yield f'<path class="band" d="M{there} {back}z"/>'
    yield from (_line(layer, plot) for layer in layers if layer.line)
    yield "</svg>"


def _line(layer: _Layer, plot: _Plot) -> str:
    pieces = []
    for segment in layer.line:
        pieces.append("M" + " ".join(plot.at(x, y) for x, y in segment))
        if len(segment) == 1:
            pieces.append("h0")  # a round cap makes it a dot
    return f'<path class="ln s{layer.series.slot}{_WEIGHTS[layer.series.weight]}" d="{"".join(pieces)}"/>'


def _rule(x: float, plot: _Plot) -> str:
    place = percent(plot.x.share(x))
    return f'<line class="rule" x1="{place}" x2="{place}" y1="0" y2="{plot.height}"/>'


def _marks(layers: Sequence[_Layer], plot: _Plot) -> Iterator[str]:
    """Mark every point of a short series that has links or tips, or too few points for a line; else the last one."""
    for layer in layers:
        series, finite = layer.series, layer.finite
        few = not layer.line or (len(layer.points) <= _MOST_MARKED and bool(series.urls or series.tips))
        if few:
            marked, radius = finite, 3.0
        else:
            marked, radius = finite[-1:] if series.slot else [], 3.5
            yield from _lone_marks(layer, plot)
        for point in marked:
            x, y = percent(plot.x.share(point.x)), plot.y_px(point.y)
            yield link(marker(series.slot, x, y, radius=radius), url=point.url, tip=point.tip)
        yield from frame_marks(layer.odd, series.slot, plot.height, plot.x.share)


def _lone_marks(layer: _Layer, plot: _Plot) -> Iterator[str]:
    """Mark points with a gap on both sides, which a line alone hardly shows."""
    lone = [segment[0] for segment in layer.line if len(segment) == 1]
    if len(lone) <= _MOST_MARKED:
        for x, y in lone:
            yield marker(layer.series.slot, percent(plot.x.share(x)), plot.y_px(y), radius=2.25)


def _line_ends(layers: Sequence[_Layer], plot: _Plot) -> Iterator[LineEnd]:
    """For each labelled series, where its line ends and how high and low it runs shortly before."""
    for layer in layers:
        if layer.series.label and layer.finite:
            end = plot.x.share(layer.finite[-1].x)
            near = [plot.y_px(point.y) for point in _tail(layer.finite, plot, end - 0.12)]
            top, bottom = max(min(near), near[0] - 20), min(max(near), near[0] + 20)
            yield LineEnd(layer.series.name, layer.series.slot, end, top, bottom)


def _tail(points: Sequence[Point], plot: _Plot, start: float) -> Iterator[Point]:
    """Give the last points back to a place, last first."""
    return takewhile(lambda point: plot.x.share(point.x) >= start, reversed(points))
