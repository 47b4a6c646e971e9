"""The objects of the model: runs, steps, artifacts, keys, metrics, and how they hang together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from reportgen.compact import Compaction
from reportgen.images import ImageFacts
from reportgen.options import MetricOptions, Options
from reportgen.status import RunStatus
from reportgen.store import Tables
from reportgen.tables import TableFile
from reportgen.text import NumberForm

_STATUS_ORDER: dict[str, int] = {"failed": 0, "stalled": 1, "running": 2, "cancelled": 3, "completed": 4}


@dataclass(frozen=True)
class Error:
    """The exception that ended a run or step."""

    type: str
    message: str
    traceback: str


@dataclass(frozen=True)
class Step:
    """A stage of a run; `depth` is how deep it is nested. Times are microseconds since the epoch."""

    id: str
    parent_id: str | None
    name: str
    attempt: int
    status: RunStatus
    started_at: int
    ended_at: int
    error: Error | None
    depth: int


@dataclass(frozen=True)
class Artifact:
    """One artifact; `version` counts within its key. A deleted one keeps its place without content.

    `metadata` are further facts by name. `table_file` is what is known of the file of a large table; `None` for all
    else.
    """

    id: str
    type: str
    key: str | None
    version: int
    run_id: str
    step_id: str | None
    created_at: int
    updated_at: int
    n_updates: int
    description: str
    data_json: str
    deleted_at: int | None
    deleted_reason: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    table_file: TableFile | None = None

    @cached_property
    def data(self) -> Any:
        """The content; its shape by `type` is documented at `reportgen.records.Artifact`."""
        return json.loads(self.data_json)


@dataclass(frozen=True)
class ListSummary:
    """A list metric of one run, without its points; min, max and mean are of finite values."""

    name: str
    run_id: str
    step_id: str | None
    n_values: int
    first: float | None
    last: float | None
    min: float | None
    max: float | None
    mean: float | None


@dataclass(frozen=True)
class MetricValue:
    """A metric of one run."""

    name: str
    run_id: str
    step_id: str | None
    value: float
    recorded_at: int


@dataclass(frozen=True)
class Edge:
    """That a step of a run read or wrote a version of a key, or a dataset outside."""

    run_id: str
    step_id: str | None
    direction: str
    artifact_id: str | None
    key: str | None
    version: int | None
    uri: str
    name: str
    digest: str


@dataclass(frozen=True)
class Problem:
    """What could not be used as it is; `line` is 0 when it concerns the whole file."""

    run_id: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class Run:
    """One execution of a pipeline with all that it recorded. Times are microseconds since the epoch.

    Of one that was deleted there are only its name, its status, and the tombstones of its artifacts.
    """

    id: str
    pipeline: str
    deployment: str
    name: str
    status: RunStatus
    started_at: int
    ended_at: int | None
    last_record_at: int
    longest_silence_us: int
    parent_id: str | None
    params: Mapping[str, Any]
    tags: Sequence[str]
    context: Mapping[str, Any]
    error: Error | None
    deleted_at: int | None
    deleted_reason: str
    detached: bool
    n_records: int
    n_writers: int
    n_missing: int
    steps: Sequence[Step] = ()
    metrics: Mapping[str, MetricValue] = field(default_factory=dict)
    lists: Mapping[str, ListSummary] = field(default_factory=dict)
    artifacts: Sequence[Artifact] = ()
    edges: Sequence[Edge] = ()
    problems: Sequence[Problem] = ()

    def step_name(self, step_id: str | None) -> str:
        """The name of one of its steps; empty for none."""
        return next((step.name for step in self.steps if step.id == step_id), "")

    @property
    def duration_us(self) -> int:
        """From its beginning to its end, or to its last record so far."""
        return (self.ended_at or self.last_record_at) - self.started_at


@dataclass(frozen=True)
class Pipeline:
    """Runs of one pipeline, oldest first."""

    name: str
    runs: Sequence[Run]

    @property
    def newest(self) -> Run:
        return self.runs[-1]


@dataclass(frozen=True)
class Key:
    """Versions of one key, oldest first."""

    name: str
    versions: Sequence[Artifact]

    @property
    def newest(self) -> Artifact:
        """The highest version that is not deleted; the highest one when all are."""
        return next(
            (artifact for artifact in reversed(self.versions) if artifact.deleted_at is None), self.versions[-1]
        )


@dataclass(frozen=True)
class Series:
    """A metric's values over the runs of one pipeline and deployment, oldest first."""

    pipeline: str
    deployment: str
    values: Sequence[MetricValue]


@dataclass(frozen=True)
class MetricInfo:
    """One metric name over all runs: what is known of it, how it is written, its series and list metrics."""

    name: str
    options: MetricOptions
    form: NumberForm
    series: Sequence[Series]
    lists: Sequence[ListSummary]


class PointSource:
    """Points of list metrics, fetched by name and run from tables sorted by them."""

    def __init__(self, compaction: Compaction) -> None:
        self._tables = compaction.days["points"]
        self._places = compaction.curve_places

    def fetch(self, name: str, run_id: str) -> tuple[list[float], list[float]]:
        """Give the x positions and the values of a list metric of a run; empty when it has none."""
        day, start, length = self._places.get((name, run_id), ("", 0, 0))
        if not length:
            return [], []
        part = self._tables[day].slice(start, length)
        return _floats(part, "x"), _floats(part, "value")


def _floats(table: pa.Table, column: str) -> list[float]:
    values: list[Any] = table.column(column).to_pylist()
    return values


@dataclass(frozen=True)
class Model:
    """Everything a site is made of.

    Attributes
    ----------
    as_of
        The moment the site speaks of: microseconds since the epoch.
    runs
        All runs but the deleted ones, oldest first.
    deleted_runs
        Those of which only a tombstone is left.
    run_by_id, pipelines, keys, metrics
        By id or name, names sorted; deleted runs are found by id.
    artifact_by_id
        All artifacts, keyless ones too.
    uses
        By artifact id: the edges of steps that read it.
    children
        By run id: the runs it started.
    images
        By name of the blob: what is known of the file.
    problems
        What could not be read; of runs without a single good record too.
    days
        By name of a table that is divided: the days (`YYYY-MM-DD`, UTC) that have one.
    """

    options: Options
    as_of: int
    runs: Sequence[Run]
    deleted_runs: Sequence[Run]
    run_by_id: Mapping[str, Run]
    pipelines: Mapping[str, Pipeline]
    keys: Mapping[str, Key]
    metrics: Mapping[str, MetricInfo]
    artifact_by_id: Mapping[str, Artifact]
    uses: Mapping[str, Sequence[Edge]]
    children: Mapping[str, Sequence[Run]]
    points: PointSource
    images: Mapping[str, ImageFacts]
    problems: Sequence[Problem]
    tables: Tables
    days: Mapping[str, Sequence[str]]

    @cached_property
    def _neighbours(self) -> dict[str, tuple[Run | None, Run | None]]:
        found: dict[str, tuple[Run | None, Run | None]] = {}
        lines: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            lines.setdefault((run.pipeline, run.deployment), []).append(run)
        for line in lines.values():
            for position, run in enumerate(line):
                before = line[position - 1] if position else None
                found[run.id] = before, line[position + 1] if position + 1 < len(line) else None
        return found

    def run_before(self, run: Run) -> Run | None:
        """The run before it of the same pipeline and deployment."""
        return self._neighbours.get(run.id, (None, None))[0]

    def run_after(self, run: Run) -> Run | None:
        """The run after it of the same pipeline and deployment."""
        return self._neighbours.get(run.id, (None, None))[1]

    @cached_property
    def _places(self) -> dict[tuple[str, str], tuple[Series, int]]:
        """By metric and run: the series that its value is in, and the place there."""
        return {
            (value.name, value.run_id): (series, place)
            for metric in self.metrics.values()
            for series in metric.series
            for place, value in enumerate(series.values)
        }

    def value_before(self, value: MetricValue) -> MetricValue | None:
        """The metric's value in the last earlier run of the same pipeline and deployment that has one."""
        series, place = self._places[value.name, value.run_id]
        return series.values[place - 1] if place else None

    def history(self, value: MetricValue, n: int) -> list[float]:
        """The metric's last `n` values up to this one, of the same pipeline and deployment, oldest first."""
        series, place = self._places[value.name, value.run_id]
        return [before.value for before in series.values[max(place + 1 - n, 0) : place + 1]]

    def worst_first(self) -> list[Pipeline]:
        """Pipelines: failed, stalled, running, cancelled, completed by their newest run; then by name."""
        return sorted(
            self.pipelines.values(), key=lambda pipeline: (_STATUS_ORDER[pipeline.newest.status], pipeline.name)
        )
