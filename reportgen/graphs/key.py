"""What the shapes and lines of a graph mean."""

from __future__ import annotations

from collections.abc import Collection

from markupsafe import Markup

from reportgen.charts.svg import finish

_SAMPLES = {
    "data": ('<path class="shape" d="M4 .5h20a3 5.5 0 0 1 0 11H4A3 5.5 0 0 1 4 .5z"/>', "dataset"),
    "step": ('<rect class="step" x=".5" y=".5" width="27" height="11"/>', "run or step"),
    "key": ('<path class="shape" d="M.5.5h22l5 5v6H.5z"/>', "artifact"),
    "now": ('<g class="now"><path class="shape" d="M1 1h21l5 5v5H1z"/></g>', "this version"),
    "bad": ('<g class="bad"><rect class="step" x="1" y="1" width="26" height="10"/></g>', "failed"),
    "then": ('<path class="edge then" d="M0 6h28"/>', "next in time"),
    "back": (
        '<path class="edge back" d="M6 6h22"/><path class="tip" d="M7 2.5l-7 3.5l7 3.5z"/>',
        "leads back: read by a later run",
    ),
}


def graph_key(kinds: Collection[str]) -> Markup:
    """Explain those of `data`, `step`, `key`, `now`, `bad`, `then` and `back` that a graph has."""
    items = [
        f'<li><svg class="dag" width="28" height="12" viewBox="0 0 28 12" aria-hidden="true">{sample}</svg>{words}</li>'
        for kind, (sample, words) in _SAMPLES.items()
        if kind in kinds
    ]
    return finish(['<ul class="legend">', *items, "</ul>"] if items else [])
