"""The line chart: curves of metrics over steps, runs or time.

Reads from the back to the front: hairlines and axis, band, lines, rules, marks, labels. All data reaches the page
through `Scale`, so nothing leaves the frame. Under three finite values there is no line, only marks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from markupsafe import Markup

from reportgen.charts.axes import XKind, x_axis, x_ticks, y_lines, y_texts
from reportgen.charts.labels import LineEnd, end_labels, rule_labels
from reportgen.charts.marks import frame_marks, marker
from reportgen.charts.scale import Scale, extent, linear_scale, log_scale
from reportgen.charts.series import Band, BandSegment, Points, Series, band_segments, sort_points
from reportgen.charts.svg import finish, link, percent, text
from reportgen.charts.thin import Line, thin
from reportgen.charts.ticks import format_tick

_MOST_MARKED = 40  # points that are marked one by one
_MOST_WRITTEN = 4_000  # places of x that are remembered of a scale
_WEIGHTS = {"thin": " thin", "normal": "", "fat": " fat"}


@dataclass(frozen=True)
class _Layer:
    """A series with what is drawn of it: its finite points, those marked on the frame, the pieces of its line."""

    series: Series
    points: Points
    odd: Points
    line: Line

    @property
    def has_links(self) -> bool:
        return bool(self.series.urls) and any(map(self.series.url, chain(self.points.indices, self.odd.indices)))


@dataclass(frozen=True)
class _Plot:
    """The frame that all layers share: `x` and `y` map values to shares of its size, `height` is in pixels."""

    x: Scale
    y: Scale
    height: int

    def y_px(self, value: float) -> float:
        return self.height * (1 - self.y.share(value))

    def write(self, xs: Sequence[float], ys: Sequence[float]) -> list[str]:
        """Write points of the stretched layer, which is 1000 wide: x in whole units, y in hundredths of pixels.

        Scripts read values back from them; with tenths they would show a digit less.
        """
        units, hundredths = _units(self.x), _hundredths(self.height)
        places = zip(xs, self.y.places(ys, 100 * self.height), strict=True)
        return [units[x] + hundredths[y] for x, y in places]


class _Units(dict[float, str]):
    """Writes an x and a blank; to look that up is faster than to find its place again."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self._scale = scale

    def __missing__(self, x: float) -> str:
        if len(self) == _MOST_WRITTEN:
            self.clear()
        self[x] = written = f"{round(1000 * self._scale.share(x))} "
        return written


_units = lru_cache(maxsize=8)(_Units)  # the curves of a run, and those of the runs before, mostly have the same x


@lru_cache(maxsize=20)
def _hundredths(height: int) -> list[str]:
    """Write all places of a frame, from the lower edge up."""
    return [f"{place / 100:g}" for place in range(100 * height, -1, -1)]


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
    levels: Sequence[tuple[float, float, float]] = (),
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
    levels
        Grey horizontal lines over the others: x of both ends and y.
    """
    layers = [_layer(one) for one in sorted(series, key=_depth)]
    has_values = any(layer.points.ys for layer in layers)
    area = band_segments(band) if band else []
    columns = _x_columns(layers, area, x_labels if x_kind == "category" else ())
    low, high = extent(columns) if columns else (0.0, 1.0)
    y, ticks, log = _y_scale(layers, area, height, log=log_y, from_zero=y_from_zero)
    plot = _Plot(_x_scale(low, high, x_kind), y, height)
    rules = [rule for rule in rules if columns and low <= rule[0] <= high]
    role = "group" if any(layer.has_links for layer in layers) else "img"
    notes = _notes(layers, asked_log=log_y and has_values, log=log)
    return finish(
        [
            _head(chart_id, title, " ".join([description, *notes]).strip(), plot, role=role, x_kind=x_kind),
            *y_lines(ticks, plot.y, height),
            x_axis(tuple(x_ticks(x_kind, low, high, columns, x_labels)) if columns else (), plot.x, height),
            *_stretched(layers, area, levels, plot),
            *(_rule(x, plot) for x, _ in rules),
            *_marks(layers, plot),
            *y_texts(ticks, plot.y, height, y_format),
            *rule_labels([(plot.x.share(x), label) for x, label in rules]),
            *end_labels(_line_ends(layers, plot), height),
            "" if has_values else f'<text class="c" x="50%" y="{height // 2}">no finite value</text>',
            "</svg>",
        ]
    )


def _head(chart_id: str, title: str, description: str, plot: _Plot, *, role: str, x_kind: XKind) -> str:
    """Open the chart. With links its role is `group`, because assistive technology reads an image as one thing.

    `data-x` and `data-y` give the ends of both axes, from which scripts compute values.
    """
    name = text("".join(char if char.isalnum() or char in "-_." else "-" for char in chart_id))
    return (
        f'<svg class="plot" height="{plot.height}" role="{role}" aria-labelledby="{name}-t {name}-d"'
        f' data-x="{plot.x.low:.12g} {plot.x.high:.12g}{"" if x_kind == "number" else f" {x_kind}"}"'
        f' data-y="{plot.y.low:.12g} {plot.y.high:.12g}{" log" if plot.y.log else ""}">'
        f'<title id="{name}-t">{text(title)}</title><desc id="{name}-d">{text(description)}</desc>'
    )


def _notes(layers: Sequence[_Layer], *, asked_log: bool, log: bool) -> Iterator[str]:
    """Say in words what the drawing shows by its scale or its marks."""
    if log:
        yield "The scale is logarithmic."
    elif asked_log:
        yield "The scale is linear, because a value is zero or below."
    odd = [y for layer in layers for y in layer.odd.ys]
    n_nan = sum(map(math.isnan, odd))
    for count, name in ((n_nan, "NaN"), (len(odd) - n_nan, "infinite")):
        if count:
            yield f"{count:,} {'value is' if count == 1 else 'values are'} {name}."


def _y_scale(
    layers: Sequence[_Layer], area: Sequence[BandSegment], height: int, *, log: bool, from_zero: bool
) -> tuple[Scale, list[float], bool]:
    """Return the scale, its ticks and whether it is logarithmic."""
    columns = [layer.points.ys for layer in layers if layer.points.ys]
    if not columns:
        return Scale(0.0, 1.0), [], False
    edges = [edge for segment in area for _, *pair in segment for edge in pair]
    if log and min(map(min, columns)) > 0:
        return *log_scale(*extent([*columns, [edge for edge in edges if edge > 0]])), True
    n = max(2, min(5, height // 40))
    return *linear_scale(*extent([*columns, edges]), n, from_zero=from_zero), False


def _x_columns(layers: Sequence[_Layer], area: Sequence[BandSegment], labels: Sequence[str]) -> list[Sequence[float]]:
    """Collect all finite x, by columns, none of which is empty."""
    columns = [column for layer in layers for column in (layer.points.xs, layer.odd.xs)]
    area_xs = [x for segment in area for x, _, _ in segment]
    return [column for column in (*columns, area_xs, range(len(labels))) if column]


def _x_scale(low: float, high: float, kind: XKind) -> Scale:
    inset = 0.4 / (high - low + 0.8) if kind == "category" and high > low else 0.0
    return Scale(low, high, inset=inset)


def _layer(series: Series) -> _Layer:
    points, odd = sort_points(series.xs, series.ys)
    return _Layer(series, points, odd, thin(points) if len(points.xs) >= 3 else Line([], [], []))


def _depth(series: Series) -> tuple[bool, int, int]:
    """Sort key from back to front: context, then thin before fat, then the first slot on top."""
    return series.slot != 0, list(_WEIGHTS).index(series.weight), -series.slot


def _stretched(
    layers: Sequence[_Layer],
    area: Sequence[BandSegment],
    levels: Sequence[tuple[float, float, float]],
    plot: _Plot,
) -> Iterator[str]:
    """Draw what stretches with the width: the band, the lines, the levels."""
    box = f'width="100%" height="{plot.height}" viewBox="0 0 1000 {plot.height}"'
    yield f'<svg {box} preserveAspectRatio="none">'
    for segment in area:
        xs, low, high = zip(*segment, strict=True)
        there, back = plot.write(xs, high), plot.write(xs, low)
        yield f'<path class="band" d="M{" ".join([*there, *reversed(back)])}z"/>'
    yield from (_line(layer, plot) for layer in layers if layer.line.xs)
    if levels:
        pieces = ["M" + " ".join(plot.write(xs, (y, y))) for *xs, y in levels]
        yield f'<path class="level" d="{"".join(pieces)}"/>'
    yield "</svg>"


def _line(layer: _Layer, plot: _Plot) -> str:
    written = iter(plot.write(layer.line.xs, layer.line.ys))
    pieces = []
    for length in layer.line.lengths:
        end = "h0" if length == 1 else ""  # a round cap makes it a dot
        pieces.append(f"M{' '.join(islice(written, length))}{end}")
    name = f' data-name="{text(layer.series.name)}"' if layer.series.label else ""
    name += f' data-ways="{text(layer.series.ways)}"' if layer.series.ways else ""
    return f'<path class="ln s{layer.series.slot}{_WEIGHTS[layer.series.weight]}"{name} d="{"".join(pieces)}"/>'


def _rule(x: float, plot: _Plot) -> str:
    place = percent(plot.x.share(x))
    return f'<line class="rule" x1="{place}" x2="{place}" y1="0" y2="{plot.height}"/>'


def _marks(layers: Sequence[_Layer], plot: _Plot) -> Iterator[str]:
    """Mark every point of a short series that has links or tips, or too few points for a line; else the last one."""
    for layer in layers:
        series, points = layer.series, layer.points
        n_values = len(points.xs) + len(layer.odd.xs)
        if not layer.line.xs or (n_values <= _MOST_MARKED and (series.urls or series.tips)):
            first, radius = 0, 3.0
        else:
            first, radius = len(points.xs) - (series.slot > 0), 3.5
            yield from _lone_marks(layer, plot)
        for x, y, index in zip(points.xs[first:], points.ys[first:], points.indices[first:], strict=True):
            mark = marker(series.slot, percent(plot.x.share(x)), plot.y_px(y), radius=radius)
            yield link(mark, url=series.url(index), tip=series.tip(index))
        yield from frame_marks(series, layer.odd, plot.x, plot.height)


def _lone_marks(layer: _Layer, plot: _Plot) -> Iterator[str]:
    """Mark points with a gap on both sides, which a line alone hardly shows."""
    if 1 not in layer.line.lengths:
        return
    lone = [segment[0] for segment in layer.line.segments() if len(segment) == 1]
    if len(lone) <= _MOST_MARKED:
        for x, y in lone:
            yield marker(layer.series.slot, percent(plot.x.share(x)), plot.y_px(y), radius=2.25)


def _line_ends(layers: Sequence[_Layer], plot: _Plot) -> Iterator[LineEnd]:
    """For each labelled series, where its line ends and how high and low it runs shortly before."""
    for layer in layers:
        if layer.series.label and layer.points.xs:
            end = plot.x.share(layer.points.xs[-1])
            near = [plot.y_px(y) for y in _tail(layer.points, plot.x, end - 0.12)]
            top, bottom = max(min(near), near[0] - 20), min(max(near), near[0] + 20)
            yield LineEnd(layer.series.name, layer.series.slot, end, top, bottom)


def _tail(points: Points, scale: Scale, start: float) -> Iterator[float]:
    """Give the values of the last points back to a place, last first."""
    for x, y in zip(reversed(points.xs), reversed(points.ys), strict=True):
        if scale.share(x) < start:
            return
        yield y
