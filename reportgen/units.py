"""The units of a site: what is made, and made again, as a whole.

A unit is a page with the files beside it, or a file that several pages share. Which units a site has follows from its
model; what a unit holds does not depend on which others are made, nor on where or in which order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reportgen import crate, urls
from reportgen.model import Artifact, Model, Run
from reportgen.views import (
    artifacts,
    data,
    key,
    lineage,
    metric,
    metrics,
    not_found,
    overview,
    pipeline,
    pipelines,
    run,
    runs,
    version,
)
from reportgen.views.content import artifact_page
from reportgen.views.parts import Page, RawFile

_SINGLE = {
    "overview": (overview, urls.OVERVIEW),
    "runs": (runs, urls.RUNS),
    "pipelines": (pipelines, urls.PIPELINES),
    "artifacts": (artifacts, urls.ARTIFACTS),
    "metrics": (metrics, urls.METRICS),
    "lineage": (lineage, urls.LINEAGE),
    "data": (data, urls.DATA),
    "not_found": (not_found, urls.NOT_FOUND),
    "crate": (crate, urls.CRATE),
}
_EXTENSIONS = ("csv", "json", "md")


class Unit(NamedTuple):
    """What is made as a whole.

    Attributes
    ----------
    kind
        What it is: `"run"`, `"artifact"`, `"runs_page"`, `"pipeline"`, `"key"`, `"metric"`, `"blob"`, or a page or
        file that there is one of.
    name
        Whose: a run's id, a name, a number; empty for a page that there is one of.
    artifact_id
        Of an artifact, beside the run that recorded it.
    """

    kind: str
    name: str = ""
    artifact_id: str = ""


_KINDS = (["metric"], ["pipeline"], ["key"], [*_SINGLE], ["runs_page"], ["run", "artifact"], ["blob"])
_RANKS = {kind: rank for rank, kinds in enumerate(_KINDS) for kind in kinds}
SINGLE_UNITS = [Unit(kind) for kind in _SINGLE]


def iter_units(model: Model) -> Iterator[Unit]:
    """Give every unit of a site; those of one run stand together, and so do runs that began one after the other."""
    for name in model.metrics:
        yield Unit("metric", name)
    for name in model.pipelines:
        yield Unit("pipeline", name)
    for name in model.keys:
        yield Unit("key", name)
    yield from SINGLE_UNITS
    for number in range(1, runs.count_full_pages(model) + 1):
        yield Unit("runs_page", str(number))
    for found in (*model.runs, *model.deleted_runs):
        yield from iter_units_of(found)
    for name in model.blobs:
        yield Unit("blob", name)


def in_order(units: Iterable[Unit]) -> list[Unit]:
    """Sort units as `iter_units` gives them, those of runs by the run's id: what reads the same stands together."""
    return sorted(units, key=lambda unit: (_RANKS[unit.kind], unit.name, unit.kind == "artifact", unit.artifact_id))


def iter_units_of(found: Run) -> Iterator[Unit]:
    """Give the page of a run and those of its artifacts."""
    yield Unit("run", found.id)
    for artifact in found.artifacts:
        yield Unit("artifact", found.id, artifact.id)


def make_unit(model: Model, unit: Unit) -> Iterator[Page | RawFile]:
    """Make the files of a unit."""
    if unit.kind in _SINGLE:
        yield _SINGLE[unit.kind][0].make_page(model)
    elif unit.kind == "run":
        yield from run.make_files(model, _find_run(model, unit))
    elif unit.kind == "artifact":
        yield from version.make_files(model, _find_artifact(model, unit))
    elif unit.kind == "runs_page":
        yield runs.make_older_page(model, int(unit.name))
    elif unit.kind == "pipeline":
        yield pipeline.make_page(model, model.pipelines[unit.name])
    elif unit.kind == "key":
        yield key.make_page(model, model.keys[unit.name])
    elif unit.kind == "metric":
        yield from metric.make_files(model, model.metrics[unit.name])
    else:
        content = model.read_blob(unit.name)
        if content is not None:
            yield RawFile(urls.blob(unit.name), content)


def addresses(model: Model, unit: Unit) -> list[str]:
    """Give all addresses that the files of a unit may have."""
    if unit.kind in _SINGLE:
        return [_SINGLE[unit.kind][1]]
    if unit.kind == "blob":
        return [urls.blob(unit.name)]
    if unit.kind == "runs_page":
        return [urls.runs_page(int(unit.name))]
    if unit.kind == "pipeline":
        return [urls.pipeline(unit.name)]
    if unit.kind == "key":
        return [urls.key(unit.name)]
    if unit.kind == "metric":
        page = urls.metric(unit.name)
    elif unit.kind == "run":
        page = urls.run(unit.name)
    else:
        page = artifact_page(_find_artifact(model, unit))
    return [page, *(urls.download(page, extension) for extension in _EXTENSIONS)]


def _find_run(model: Model, unit: Unit) -> Run:
    found = model.find_run(unit.name)
    if found is None:
        raise LookupError(f"no run {unit.name}")
    return found


def _find_artifact(model: Model, unit: Unit) -> Artifact:
    found: Artifact = next(one for one in _find_run(model, unit).artifacts if one.id == unit.artifact_id)
    return found
