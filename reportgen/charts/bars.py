"""Small bars: the strip of a pipeline's last runs, a step's place in its run, and progress.

Status never shows by colour alone: a failed run has a cross above it, a cancelled one a dash, a running or stalled one
is open. Lengths are SVG attributes, because a page has no `style` attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reportgen.charts.svg import clamp, finish, link, percent

_MOST_BARS = 20
_CLASSES = {"failed": "bad", "running": "run", "stalled": "warn", "cancelled": "off"}
_OPEN = {"running", "stalled"}
_LEAST_WIDTH = 0.01  # of the run: 1.3 px in the narrowest waterfall


@dataclass(frozen=True)
class StripBar:
    """One run in a strip.

    Parameters
    ----------
    share
        Duration as a share, 0 to 1, of the longest run of the strip.
    status
        completed, failed, running, stalled or cancelled.
    url, tip
        The run's page, and its outcome in words.
    """

    share: float
    status: str
    url: str
    tip: str


def run_strip(bars: Sequence[StripBar]) -> Markup:
    """Draw the last twenty runs, oldest left; hidden from screen readers, because a list says the same in words."""
    drawn = [
        link("".join(_strip_bar(bar, 10 * index)), url=bar.url, tip=bar.tip)
        for index, bar in enumerate(bars[-_MOST_BARS:])
    ]
    return finish(['<svg class="strip" viewBox="0 0 200 28" aria-hidden="true">', *drawn, "</svg>"])


def _strip_bar(bar: StripBar, x: int) -> Iterator[str]:
    """Draw a bar from the ground at 28 up to 19 high, which leaves room for the sign above it."""
    least = 7 if bar.status in _OPEN else 3
    height = max(least, round(19 * clamp(bar.share)))
    top = 28 - height
    if bar.status in _OPEN:
        yield from _open_bar(_CLASSES[bar.status], x, top, height)
    elif bar.status == "failed":
        yield f'<rect class="bad" x="{x}" y="{top}" width="7" height="{height}"/>'
        yield f'<path d="M{x + 0.75:g} {top - 8.5:g}l5.5 5.5m0-5.5l-5.5 5.5"/>'
    else:
        yield f'<rect x="{x}" y="{top}" width="7" height="{height}"/>'
        if bar.status == "cancelled":
            yield f'<rect x="{x + 0.75:g}" y="{top - 4:g}" width="5.5" height="1.75"/>'


def _open_bar(name: str, x: int, top: int, height: int) -> Iterator[str]:
    """Draw the four sides of a bar; the heavier top says that it may still grow."""
    yield f'<rect class="{name}" x="{x}" y="{top}" width="7" height="3"/>'
    yield f'<rect class="{name}" x="{x}" y="26" width="7" height="2"/>'
    yield f'<rect class="{name}" x="{x}" y="{top}" width="1.5" height="{height}"/>'
    yield f'<rect class="{name}" x="{x + 5.5:g}" y="{top}" width="1.5" height="{height}"/>'


def waterfall_bar(begin: float, end: float, status: str, lines: Sequence[float]) -> Markup:
    """Draw a step as a bar on the time of its run.

    Parameters
    ----------
    begin, end
        Shares, 0 to 1, of the run's duration; a bar is never too narrow to see.
    lines
        Shares at which vertical hairlines stand, the same in every row.
    """
    width = max(_LEAST_WIDTH, clamp(end) - clamp(begin))
    start = min(clamp(begin), 1 - width)
    place = f'x="{percent(start)}" width="{percent(width)}"'
    hairlines = [f'<line x1="{percent(x)}" x2="{percent(x)}" y1="-9" y2="25"/>' for x in lines]
    return finish(['<svg class="wf" aria-hidden="true">', *hairlines, _step_bar(place, status), "</svg>"])


def _step_bar(place: str, status: str) -> str:
    """Draw the bar; colours the sheet has no rule for come through `currentColor`."""
    name = _CLASSES.get(status, "b")
    if status in _OPEN:
        pen = 'fill="none" stroke="currentColor" stroke-width="1.5"'
        return f'<rect class="{name}" {pen} {place} y="3.75" height="8.5"/>'
    fill = "" if name == "b" else ' fill="currentColor"'
    return f'<rect class="{name}"{fill} {place} y="3" height="10"/>'


def meter(percent: float, status: str = "running") -> Markup:
    """Draw progress, 0 to 100 per cent; a status other than running or completed is named for screen readers."""
    done = f"{100 * clamp(percent / 100):.1f}".removesuffix(".0")
    calm = status in {"running", "completed"}
    name = "b" if calm else _CLASSES.get(status, "b")
    fill = "" if name == "b" else ' fill="currentColor"'
    label = f"{done} percent" if calm or name == "b" else f"{done} percent, {status}"
    return finish(
        [
            f'<svg class="meter" role="img" aria-label="{label}"><rect class="t" width="100%" height="8"/>',
            f'<rect class="{name}"{fill} width="{done}%" height="8"/></svg>',
        ]
    )
