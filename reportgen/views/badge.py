"""The badge of a metric: a small SVG with its newest value and whether it got better, for READMEs elsewhere.

It brings its own solid colours, so that it reads on light and dark pages; each stands at 4.5 : 1 or more under the
text. Colour says nothing that the arrow and the word do not say. Widths are those of common sans-serif fonts, and the
text is fitted to them, whatever font the reader has.
"""

from __future__ import annotations

import math
import re

import msgspec
from markupsafe import Markup, escape

from reportgen import urls
from reportgen.model import ListSeries, MetricInfo, Model, Series
from reportgen.text import Change, describe_change, first_line, format_number, printable
from reportgen.views.parts import Here, RawFile

HEIGHT = 20
_PAD = 6
_LONGEST_NAME = 40
_NAME_COLOUR = "#3a3631"
_COLOURS = {"better": "#1b6a3b", "worse": "#b1231a", "quiet": "#5e5951"}
_NARROW = frozenset("iljtfr.,:;'|!()[] \u00a0")
_WIDE = frozenset("mwMW%@")
_BRACKETS = re.compile(r"([\\\[\]<>`])")


class Badge(msgspec.Struct, frozen=True):
    """A badge as the page of its metric shows it.

    Attributes
    ----------
    url
        Its address, from the page.
    text
        What it says.
    width, height
        In CSS pixels.
    markdown
        What to paste into a README to show it.
    note
        What it is for, and what its addresses lack.
    """

    url: str
    text: str
    width: int
    height: int
    markdown: str
    note: str


def make_badge(model: Model, here: Here, info: MetricInfo) -> Badge:
    """Describe the badge of a metric for its page."""
    name, value, change = _texts(model, info)
    address, page = urls.badge(info.name), urls.metric(info.name)
    base = f"{model.options.url.rstrip('/')}/" if model.options.url else ""
    shown = _BRACKETS.sub(r"\\\1", " ".join(info.name.split()))
    return Badge(
        url=here.to(address),
        text=_title(name, value, change),
        width=_width(name) + _width(_right(value, change)),
        height=HEIGHT,
        markdown=f"[![{shown}]({base}{address})]({base}{page})",
        note="For a README elsewhere"
        if base
        else "For a README elsewhere; `url` in reportgen.toml makes its links whole",
    )


def badge_file(model: Model, info: MetricInfo) -> RawFile:
    """Make the badge of a metric."""
    name, value, change = _texts(model, info)
    right = _right(value, change)
    left_width, right_width = _width(name), _width(right)
    width = left_width + right_width
    title = escape(_title(name, value, change))
    colour = _COLOURS[change.tone if change else "quiet"]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>'
        f'<path fill="{_NAME_COLOUR}" d="M3 0H{left_width}V20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>'
        f'<path fill="{colour}" d="M{left_width} 0H{width - 3}a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H{left_width}z"/>'
        '<g fill="#fcfbf8" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(name, 0)}{_text(right, left_width)}</g></svg>\n"
    )
    return RawFile(urls.badge(info.name), svg.encode())


def _texts(model: Model, info: MetricInfo) -> tuple[str, str, Change | None]:
    """Give name and newest value, of the pipeline that ran last, and how it changed."""
    lines: list[Series | ListSeries] = [*info.series] or [*info.lists]
    line = max(lines, key=lambda one: one.positions[-1])
    values = line.values if isinstance(line, Series) else line.lasts
    before = values[-2] if len(values) > 1 else None
    goal, tolerance = info.options.goal, info.options.tolerance
    change = describe_change(values[-1], before, info.form, goal=goal, tolerance=tolerance)
    value = math.nan if values[-1] is None else values[-1]
    return printable(first_line(info.name, _LONGEST_NAME)), printable(format_number(value, info.form)), change


def _right(value: str, change: Change | None) -> str:
    if change is None or change.text == "no change" or not change.text.startswith(("↑", "↓")):
        return value
    word = change.word if change.tone != "quiet" else ""
    return f"{value} {change.text[0]} {word}".rstrip()


def _title(name: str, value: str, change: Change | None) -> str:
    return f"{name}: {_right(value, change)}"


def _text(text: str, start: int) -> Markup:
    length = _width(text) - 2 * _PAD
    return Markup('<text x="{}" y="14" textLength="{}" lengthAdjust="spacingAndGlyphs">{}</text>').format(
        start + _PAD, length, text
    )


def _width(text: str) -> int:
    """Estimate how wide a text of 11 px is, with the room beside it."""
    ems = sum(4.3 if sign in _NARROW else 10.4 if sign in _WIDE or ord(sign) > 0x2E7F else 7.1 for sign in text)
    return round(ems) + 2 * _PAD
