"""The legend: a sample of line and marker with each name that is not written in the chart itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from reportgen.charts.marks import marker
from reportgen.charts.series import Series
from reportgen.charts.svg import finish, text


def legend(series: Sequence[Series], context: str = "") -> Markup:
    """List the series of one or several charts that share their names.

    Series with a direct label, without a name, or listed before are left out. `context` is a last remark such as
    "x: epoch". Empty when nothing is left to say.
    """
    items = [*_iter_samples(series)]
    if context:
        items.append(f"<li>{text(context)}</li>")
    return finish(['<ul class="legend">', *items, "</ul>"] if items else [])


def _iter_samples(series: Sequence[Series]) -> Iterator[str]:
    seen = set()
    for one in series:
        key = (one.name, one.slot, one.weight)
        if one.name and not one.label and key not in seen:
            seen.add(key)
            yield f"<li>{sample(one)}{text(one.name)}</li>"


def sample(series: Series) -> Markup:
    """Draw a piece of a series' line with its marker, to stand before its name in a table."""
    weight = "" if series.weight == "normal" else f" {series.weight}"
    mark = marker(series.slot, "14", 6) if series.slot and series.weight != "thin" else ""
    line = f'<path class="ln s{series.slot}{weight}" d="M0 6H28"/>'
    return finish([f'<svg class="s{series.slot}" viewBox="0 0 28 12" aria-hidden="true">{line}{mark}</svg>'])
