"""Full text search: a page whose script loads names, and then runs, newest first, in chunks.

The index has the names of keys, metrics and pipelines with what is said of them. A chunk has the runs of one span of
time as columns; what else they are found by is in `texts`, each once, after a letter that says what it is: `p` a
parameter, `t` a tag, `e` an error, `d` a description.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import pyarrow.compute as pc

from reportgen import urls
from reportgen.arrays import int_array
from reportgen.model import Artifact, Model
from reportgen.model.rows import column_list
from reportgen.prose import plain_text
from reportgen.queries.inspect_run import flatten
from reportgen.text import first_line
from reportgen.views.chunks import Texts, make_chunk, other
from reportgen.views.compare import STATUSES, run_file
from reportgen.views.parts import Frame, Here, Link, Page, RawFile, make_frame, value_text
from reportgen.views.spans import Span, divide_runs, find_span
from reportgen.views.tables import read_rows

SPAN_RUNS = 512  # in a chunk at most
_LONGEST = 200  # of a text
_LISTINGS = (
    ("Runs", urls.RUNS),
    ("Pipelines", urls.PIPELINES),
    ("Artifacts", urls.ARTIFACTS),
    ("Metrics", urls.METRICS),
)


class SearchView(msgspec.Struct, frozen=True):
    """The page that finds things by their names and texts.

    Attributes
    ----------
    frame
        What surrounds the page.
    listings
        Where the same things are listed.
    chunks
        The script that reads chunks.
    data
        The script that knows names and chunks.
    """

    frame: Frame
    listings: Sequence[Link]
    chunks: str
    data: str


def make_page(model: Model) -> Page:
    """Make the page; what it finds comes from its address and its field."""
    here = Here(urls.SEARCH)
    view = SearchView(
        frame=make_frame(model, urls.SEARCH, "Search", more="search"),
        listings=[Link(text, here.to(url)) for text, url in _LISTINGS],
        chunks=here.to(urls.CHUNKS_SCRIPT),
        data=here.to(urls.SEARCH_INDEX),
    )
    return Page(urls.SEARCH, "search.html", view)


def search_spans(model: Model) -> list[Span]:
    """Give the spans of time that there is a chunk for."""
    return divide_runs(model, SPAN_RUNS)


def make_index(model: Model) -> RawFile:
    """Make what the page loads first: names, and which chunks there are."""
    spans = search_spans(model)
    data = {
        "spans": [span.name for span in spans],
        "counts": [len(span.positions) for span in spans],
        "keys": [*_iter_keys(model)],
        "metrics": [[name, other(urls.slug(name), name)] for name in model.metrics],
        "pipelines": [
            [name, other(urls.slug(name), name), len(found.runs), _shorten(", ".join(sorted(found.runs.deployments)))]
            for name, found in model.pipelines.items()
        ],
    }
    return make_chunk(urls.SEARCH_INDEX, data)


def _iter_keys(model: Model) -> Iterator[list[Any]]:
    """Give name, file name, type, number of versions, description and, of a table, columns of each key."""
    for artifact, (name, key) in zip(model.newest_artifacts(), model.keys.items(), strict=True):
        columns = _shorten(", ".join(_name_columns(artifact)), 1000)
        file = other(urls.slug(name), name)
        yield [name, file, artifact.type, len(key.versions), _plain(artifact.description), columns]


def _name_columns(artifact: Artifact) -> Sequence[str]:
    if artifact.type != "table" or artifact.deleted_at is not None:
        return ()
    try:
        return read_rows(artifact, peek=True)[0]
    except (KeyError, TypeError):
        return ()


def make_runs(model: Model, name: str) -> RawFile:
    """Make the chunk of a span."""
    positions = find_span(model, name).positions
    columns = model.columns
    texts, names = Texts(), Texts()
    runs = [model.run_at(position) for position in positions]
    said = _describe_runs(model, positions, texts)
    data = {
        "ids": [run.id for run in runs],
        "files": {place: file for place, run in enumerate(runs) if (file := run_file(run))},
        "names": [run.name for run in runs],
        "pipelines": [names.number(columns.pipeline[position]) for position in positions],
        "deployments": [names.number(columns.deployment[position]) for position in positions],
        "statuses": [STATUSES.index("deleted" if run.deleted_at is not None else run.status) for run in runs],
        "started": [run.started_at // 1_000_000 for run in runs],
        "said": said,
        "groups": names.listed(),
        "texts": texts.listed(),
    }
    return make_chunk(urls.searched_runs(name), data)


def _describe_runs(model: Model, positions: range, texts: Texts) -> list[list[int]]:
    """Give for each run the numbers of the texts that it is found by."""
    part = model.table("runs").slice(positions.start, len(positions))
    columns = (column_list(part, name) for name in ("params_json", "tags", "error_type", "error_message"))
    number = texts.number
    said: list[list[int]] = []
    for params, tags, error_type, error_message in zip(*columns, strict=True):
        mine = [number("p" + _shorten(f"{name}={value_text(value)}")) for name, value in _iter_params(params)]
        mine += [number(f"t{tag}") for tag in tags or ()]
        if error_type is not None:
            mine.append(number("e" + first_line(f"{error_type}: {error_message}", _LONGEST)))
        said.append(mine)
    for place, key, description in _iter_descriptions(model, positions):
        text = number("d" + (f"{key}: " if key else "") + _plain(description))
        if text not in said[place]:
            said[place].append(text)
    return said


def _iter_params(params_json: str | None) -> Iterator[tuple[str, Any]]:
    yield from flatten(json.loads(params_json or "{}")).items()


def _iter_descriptions(model: Model, positions: range) -> Iterator[tuple[int, str, str]]:
    """Give the descriptions of the artifacts of some runs, each with its run's place among them and its key."""
    places: Any = model.positions("artifacts")
    start, stop = int_array([positions.start, positions.stop])
    mask: Any = pc.and_(pc.greater_equal(places, start), pc.less(places, stop))
    part = model.table("artifacts").select(["key", "description", "deleted_at"]).filter(mask)
    columns = (column_list(part, name) for name in part.column_names)
    for at, key, description, deleted_at in zip(places.filter(mask).to_pylist(), *columns, strict=True):
        if description and deleted_at is None:
            yield at - positions.start, key or "", description


@lru_cache(maxsize=4_000)  # versions of a key mostly have one description
def _plain(description: str) -> str:
    """Put a description on one line without its markup."""
    return plain_text(description, _LONGEST)


def _shorten(text: str, limit: int = _LONGEST) -> str:
    """Put a text on one line of limited length."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
