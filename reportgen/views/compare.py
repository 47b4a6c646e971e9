"""Any runs side by side: a page whose script loads what it shows of runs, and the chunks that hold that.

A chunk has the runs of one span of time. Each run is a list: id, file name (0 if it is the id, −1 without one), name,
pipeline, deployment, status, beginning, how long it took, tags, error, parameters, code and machine, metrics, list
metrics, artifacts, deletion. Numbers in place of texts refer to `texts`.
"""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import msgspec

from reportgen import urls
from reportgen.jsontext import to_json
from reportgen.model import Artifact, ListSummary, Model, Run
from reportgen.queries.inspect_run import flatten
from reportgen.text import first_line, format_time
from reportgen.views.chunks import Texts, make_chunk, other
from reportgen.views.curves import shorten_curve
from reportgen.views.parts import (
    MARKS,
    Frame,
    Here,
    Link,
    Page,
    RawFile,
    duration_text,
    headline_order,
    make_frame,
    needs_log_scale,
)
from reportgen.views.spans import Span, divide_runs, find_span

SPAN_RUNS = 24  # in a chunk at most: an update writes that of its newest run again
MAX_CURVES = 40  # of a run that a chunk has
STATUSES = (*MARKS, "deleted")

# Places on an axis are whole numbers from 0 to `_SCALE`; these stand for what has no place.
_SCALE, _GAP, _NAN, _HIGH, _LOW = 65_000, 65_532, 65_533, 65_534, 65_535


class CompareView(msgspec.Struct, frozen=True):
    """The page that shows runs side by side.

    Attributes
    ----------
    frame
        What surrounds the page.
    runs
        Link to the list of runs.
    scripts
        What reads chunks and draws charts.
    data
        The script that knows the chunks.
    search
        The script that knows the chunks of the search, among which further runs are chosen.
    """

    frame: Frame
    runs: Link
    scripts: Sequence[str]
    data: str
    search: str


def make_page(model: Model) -> Page:
    """Make the page; what it shows comes from its address."""
    here = Here(urls.COMPARE)
    view = CompareView(
        frame=make_frame(model, urls.COMPARE, "Compare", crumbs=[("Runs", urls.RUNS)], more="compare"),
        runs=Link("All runs", here.to(urls.RUNS)),
        scripts=[here.to(urls.CHUNKS_SCRIPT), here.to(urls.CHART_SCRIPT)],
        data=here.to(urls.COMPARE_INDEX),
        search=here.to(urls.SEARCH_INDEX),
    )
    return Page(urls.COMPARE, "compare.html", view)


def compare_spans(model: Model) -> list[Span]:
    """Give the spans of time that there is a chunk for."""
    return divide_runs(model, SPAN_RUNS)


def make_index(model: Model) -> RawFile:
    """Make what the page loads first: which chunks there are, how metrics are judged and written, file names."""
    spans = compare_spans(model)
    metrics = []
    for name in headline_order(model, model.metrics):
        info = model.metrics[name]
        goal = {"max": 1, "min": -1}.get(info.options.goal or "", 0)
        form = info.form
        file = other(urls.slug(name), name)
        metrics.append([name, file, goal, info.options.tolerance, form.unit, form.decimals])
    data = {
        "spans": [span.name for span in spans],
        "counts": [len(span.positions) for span in spans],
        "metrics": metrics,
        "pipelines": [[name, other(urls.slug(name), name)] for name in model.pipelines],
    }
    return make_chunk(urls.COMPARE_INDEX, data)


def make_runs(model: Model, name: str) -> RawFile:
    """Make the chunk of a span."""
    texts = Texts()
    runs = [_describe_run(model, model.run_at(position), texts) for position in find_span(model, name).positions]
    return make_chunk(urls.compared_runs(name), {"texts": texts.listed(), "runs": runs})


def _describe_run(model: Model, run: Run, texts: Texts) -> list[Any]:
    number = texts.number
    row = [run.id, run_file(run), run.name, number(run.pipeline), number(run.deployment)]
    if run.deleted_at is not None:
        deletion = f"{format_time(run.deleted_at)} UTC{f': {run.deleted_reason}' if run.deleted_reason else ''}"
        return [*row, STATUSES.index("deleted"), format_time(run.started_at), "", *[[] for _ in range(7)], deletion]
    curves = [*run.lists][:MAX_CURVES]
    error = first_line(f"{run.error.type}: {run.error.message}") if run.error else ""
    return [
        *row,
        STATUSES.index(run.status),
        format_time(run.started_at),
        duration_text(run),
        [number(tag) for tag in run.tags],
        [number(error)] if error else [],
        _describe_values(run.params, texts),
        _describe_values(run.context, texts),
        [part for value in run.metrics.values() for part in (number(value.name), _plain(value.value))],
        [_describe_list(model, run, one, texts, has_curve=one.name in curves) for one in run.lists.values()],
        [_describe_artifact(artifact, texts) for artifact in run.artifacts if artifact.deleted_at is None],
    ]


def run_file(run: Run) -> str | int:
    """Give the name of a run's page; 0 where it is the run's id, −1 where the page is thinned."""
    return other(urls.slug(run.id), run.id) if run.has_page else -1


def _describe_values(values: Mapping[str, Any], texts: Texts) -> list[int]:
    """Give names and values as JSON has them, one after the other."""
    return [texts.number(text) for name, value in flatten(values).items() for text in (name, to_json(value))]


def _plain(value: float | None) -> float | str | None:
    """Give a number as JSON can have it; text for those that only scripts have."""
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _describe_artifact(artifact: Artifact, texts: Texts) -> list[Any]:
    key = artifact.key or ""
    name = texts.number(key) if key else -1
    content = f"{artifact.type} {(artifact.content_digest or '')[:16]}"
    facts = [name, other(urls.slug(key), key) if key else 0, artifact.version, texts.number(content)]
    return facts if artifact.has_page else [*facts, 1]


def _describe_list(model: Model, run: Run, summary: ListSummary, texts: Texts, *, has_curve: bool) -> list[Any]:
    """Give name, number of values, last, lowest, highest and mean, and the points to draw."""
    facts = [summary.last, summary.min, summary.max, summary.mean]
    row: list[Any] = [texts.number(summary.name), summary.n_values, *map(_plain, facts)]
    if has_curve and summary.n_values:
        xs, ys = model.points.derive(shorten_curve, summary.name, run.id)
        row += [*pack_places(xs), *pack_places(ys)]
    return row


def pack_places(values: Sequence[float | None]) -> tuple[float, float, int, str]:
    """Pack numbers as places between their lowest and highest, fine enough to draw.

    Returns
    -------
    tuple[float, float, int, str]
        Lowest and highest finite value, whether places are those of logarithms (1) or not (0), and 16 bits for each
        place as base64; 65532 to 65535 stand for a missing value, NaN, +∞ and −∞.
    """
    finite = values if _are_finite(values) else [one for one in values if one is not None and math.isfinite(one)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    start, end = low, high
    is_log = needs_log_scale([low, high])
    if is_log:
        values = [math.log(value) if value is not None and 0 < value < math.inf else value for value in values]
        start, end = math.log(low), math.log(high)
    factor = _SCALE / (end - start) if end > start else 0.0
    if len(finite) == len(values) and 0 < factor < math.inf:
        places = [int((value - start) * factor + 0.5) for value in values]  # type: ignore[operator]
    else:
        places = [_place(value, start, end) for value in values]
    return low, high, int(is_log), b64encode(struct.pack(f"<{len(places)}H", *places)).decode()


def _are_finite(values: Sequence[float | None]) -> TypeGuard[Sequence[float]]:
    """Tell quickly, by their sum, that values are there and finite; when their sum is not, they may be all the same."""
    try:
        return math.isfinite(sum(values))  # type: ignore[arg-type]
    except TypeError:
        return False


def _place(value: float | None, start: float, end: float) -> int:
    if value is None:
        return _GAP
    if math.isnan(value):
        return _NAN
    if math.isinf(value):
        return _HIGH if value > 0 else _LOW
    half = end / 2 - start / 2  # halves, because the difference of two floats may be infinite
    return int((value / 2 - start / 2) / half * _SCALE + 0.5) if half > 0 else 0
