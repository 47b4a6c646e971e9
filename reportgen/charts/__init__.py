"""Charts as SVG, drawn while the site is built.

A chart is a string of markup: no script, no `style` attribute, no image, so it shows under the strictest content
policy. Colours, dashes and type come from the site's style sheet through class names; text stays 12 px at any width
because x is in per cent, y in pixels, and only the line layer stretches.

Guarantees: equal arguments give equal bytes; text from callers is escaped; no float, not even NaN, infinity or 1e300,
raises or reaches a coordinate. Not done here: captions, tables of points, and the choice of what to draw.
"""

from __future__ import annotations

from reportgen.charts.bars import StripBar, meter, run_strip, waterfall_bar
from reportgen.charts.legend import legend, sample
from reportgen.charts.line import line_chart
from reportgen.charts.series import Band, Series
from reportgen.charts.sparkline import sparkline
from reportgen.charts.thin import shorten, thin_points
from reportgen.charts.ticks import format_tick, log_ticks, nice_ticks
from reportgen.charts.timeticks import time_ticks

__all__ = [
    "Band",
    "Series",
    "StripBar",
    "format_tick",
    "legend",
    "line_chart",
    "log_ticks",
    "meter",
    "nice_ticks",
    "run_strip",
    "sample",
    "shorten",
    "sparkline",
    "thin_points",
    "time_ticks",
    "waterfall_bar",
]
