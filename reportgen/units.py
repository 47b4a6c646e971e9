"""The units of a site: what is made, and made again, as a whole.

A unit is a page with the files beside it, or a file that several pages share. Which units a site has follows from its
model; what a unit holds does not depend on which others are made, nor on where or in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from reportgen import crate, urls
from reportgen.model import Artifact, Model, Run
from reportgen.views import (
    artifacts,
    compare,
    data,
    feed,
    key,
    keys,
    lineage,
    metric,
    metrics,
    not_found,
    overview,
    pipeline,
    pipelines,
    run,
    runs,
    search,
    version,
    versions,
)
from reportgen.views.content import artifact_page
from reportgen.views.parts import Page, RawFile
from reportgen.views.tables import most_row_pages

_SINGLE = {
    "overview": (overview, urls.OVERVIEW),
    "runs": (runs, urls.RUNS),
    "pipelines": (pipelines, urls.PIPELINES),
    "artifacts": (artifacts, urls.ARTIFACTS),
    "metrics": (metrics, urls.METRICS),
    "lineage": (lineage, urls.LINEAGE),
    "data": (data, urls.DATA),
    "search": (search, urls.SEARCH),
    "compare": (compare, urls.COMPARE),
    "not_found": (not_found, urls.NOT_FOUND),
    "feed": (feed, urls.FEED),
    "crate": (crate, urls.CRATE),
}
_INDEXES = {
    "search_index": (search, urls.SEARCH_INDEX),
    "compare_index": (compare, urls.COMPARE_INDEX),
}
_EXTENSIONS = ("csv", "json", "md", "difference.png")


class Unit(NamedTuple):
    """What is made as a whole.

    Attributes
    ----------
    kind
        What it is: `"run"`, `"artifact"`, `"runs_page"`, `"pipeline"`, `"key"`, `"key_versions"`, `"keys_page"`,
        `"metric"`, `"blob"`, `"searched_runs"`, `"compared_runs"`, or a file that there is one of.
    name
        Whose: a run's id, a name, a number, a span of time; empty for a file that there is one of.
    part
        Which one of those: the id of an artifact of the run, the number of a page of older versions of the key.
    """

    kind: str
    name: str = ""
    part: str = ""


_KINDS = (
    ["metric"],
    ["pipeline"],
    ["key", "key_versions"],
    [*_SINGLE, *_INDEXES],
    ["runs_page", "keys_page"],
    ["searched_runs"],
    ["run", "artifact"],
    ["compared_runs"],
    ["blob"],
)
_OF_ONE_RUN = {"run", "artifact", "compared_runs", "blob"}
_RANKS = {kind: rank for rank, kinds in enumerate(_KINDS) for kind in kinds}
SINGLE_UNITS = [Unit(kind) for kind in (*_SINGLE, *_INDEXES)]


def iter_shared_units(model: Model) -> Iterator[Unit]:
    """Give the units of a site that are of no one run or file."""
    for name in model.metrics:
        yield Unit("metric", name)
    for name in model.pipelines:
        yield Unit("pipeline", name)
    for name, found in model.keys.items():
        yield Unit("key", name)
        for number in range(1, versions.count_pages(found) + 1):
            yield Unit("key_versions", name, str(number))
    yield from SINGLE_UNITS
    for number in range(1, keys.count_pages(model) + 1):
        yield Unit("keys_page", str(number))
    for number in range(1, runs.count_full_pages(model) + 1):
        yield Unit("runs_page", str(number))
    for span in search.search_spans(model):
        yield Unit("searched_runs", span.name)
    for span in compare.compare_spans(model):
        yield Unit("compared_runs", span.name)


def iter_units(model: Model) -> Iterator[Unit]:
    """Give every unit of a site; those of one run stand together, and so do runs that began one after the other."""
    shared = iter_shared_units(model)
    yield from (unit for unit in shared if unit.kind != "compared_runs")
    for span in compare.compare_spans(model):
        for position in span.positions:
            yield from iter_units_of(model.run_at(position))
        yield Unit("compared_runs", span.name)
    for name in model.blobs():
        yield Unit("blob", name)


def divide_by_what_they_read(units: Iterable[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Divide units into those that are of many runs and those of one, for which other things are read."""
    divided: tuple[list[Unit], list[Unit]] = [], []
    for unit in units:
        divided[unit.kind in _OF_ONE_RUN].append(unit)
    return divided


def in_order(units: Iterable[Unit]) -> list[Unit]:
    """Sort units as `iter_units` gives them, those of runs by the run's id: what reads the same stands together."""
    return sorted(units, key=lambda unit: (_RANKS[unit.kind], unit.name, unit.kind == "artifact", unit.part))


def iter_units_of(found: Run) -> Iterator[Unit]:
    """Give the page of a run and those of its artifacts, but for what is thinned."""
    if found.has_page:
        yield Unit("run", found.id)
    for artifact in found.artifacts:
        if artifact.has_page:
            yield Unit("artifact", found.id, artifact.id)


def make_unit(model: Model, unit: Unit) -> Iterator[Page | RawFile]:
    """Make the files of a unit."""
    if unit.kind in _SINGLE:
        yield _SINGLE[unit.kind][0].make_page(model)
    elif unit.kind in _INDEXES:
        yield _INDEXES[unit.kind][0].make_index(model)
    elif unit.kind == "blob":
        yield from _make_blob_files(model, unit.name)
    else:
        yield from _MAKERS[unit.kind](model, unit)


_MAKERS: dict[str, Callable[[Model, Unit], Iterable[Page | RawFile]]] = {
    "run": lambda model, unit: run.make_files(model, _find_run(model, unit)),
    "artifact": lambda model, unit: version.make_files(model, _find_artifact(model, unit)),
    "metric": lambda model, unit: metric.make_files(model, model.metrics[unit.name]),
    "key": lambda model, unit: [key.make_page(model, model.keys[unit.name])],
    "key_versions": lambda model, unit: [versions.make_page(model, model.keys[unit.name], int(unit.part))],
    "keys_page": lambda model, unit: [keys.make_page(model, int(unit.name))],
    "pipeline": lambda model, unit: [pipeline.make_page(model, model.pipelines[unit.name])],
    "runs_page": lambda model, unit: [runs.make_older_page(model, int(unit.name))],
    "searched_runs": lambda model, unit: [search.make_runs(model, unit.name)],
    "compared_runs": lambda model, unit: [compare.make_runs(model, unit.name)],
}


def _make_blob_files(model: Model, name: str) -> Iterator[RawFile]:
    content = model.read_blob(name)
    if content is not None:
        yield RawFile(urls.blob(name), content)
    small = model.make_thumbnail(name)
    if small is not None:
        yield RawFile(urls.thumbnail(name), small)


def addresses(model: Model, unit: Unit) -> list[str]:
    """Give all addresses that the files of a unit may have."""
    if unit.kind in _SINGLE:
        return [_SINGLE[unit.kind][1]]
    if unit.kind in _INDEXES:
        return [_INDEXES[unit.kind][1]]
    if unit.kind == "key_versions":
        return [urls.older_versions(unit.name, int(unit.part))]
    if unit.kind != "artifact":
        return _ADDRESSES[unit.kind](unit.name)
    artifact = _find_artifact(model, unit)
    page = artifact_page(artifact)
    rows = [urls.more_rows(page, number) for number in range(2, most_row_pages(artifact) + 1)]
    return [page, *rows, *_downloads(page)]


_ADDRESSES: dict[str, Callable[[str], list[str]]] = {
    "run": lambda run_id: [urls.run(run_id), *_downloads(urls.run(run_id))],
    "metric": lambda name: [urls.metric(name), urls.badge(name), urls.download(urls.metric(name), "csv")],
    "key": lambda name: [urls.key(name)],
    "keys_page": lambda number: [urls.keys_page(int(number))],
    "pipeline": lambda name: [urls.pipeline(name)],
    "runs_page": lambda number: [urls.runs_page(int(number))],
    "searched_runs": lambda name: [urls.searched_runs(name)],
    "compared_runs": lambda name: [urls.compared_runs(name)],
    "blob": lambda name: [urls.blob(name), urls.thumbnail(name)],
}


def _downloads(page: str) -> list[str]:
    return [urls.download(page, extension) for extension in _EXTENSIONS]


def _find_run(model: Model, unit: Unit) -> Run:
    found = model.find_run(unit.name)
    if found is None:
        raise LookupError(f"no run {unit.name}")
    return found


def _find_artifact(model: Model, unit: Unit) -> Artifact:
    found: Artifact = next(one for one in _find_run(model, unit).artifacts if one.id == unit.part)
    return found
