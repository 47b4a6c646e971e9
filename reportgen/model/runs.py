"""Runs and pipelines: what many pages ask of every run is in columns, the rest is read for many runs at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import msgspec
import pyarrow as pa

from reportgen.arrays import numbers_of
from reportgen.log.reader import Problem
from reportgen.model.objects import Artifact, Edge, Error, ListSummary, MetricValue, Step
from reportgen.model.rows import Row, column_list, shared_list
from reportgen.status import RunStatus, judge_status
from reportgen.text import readable_name, strip_terminal_codes

if TYPE_CHECKING:
    from reportgen.model.model import Model

RUN_COLUMNS = (
    "run_id",
    "pipeline",
    "deployment",
    "name",
    "status",
    "started_at",
    "ended_at",
    "last_record_at",
    "longest_silence_us",
    "parent_run_id",
    "detached",
    "deleted_at",
    "n_missing",
)


class RunColumns:
    """What is known of every run at once, by position: runs lie in the order they began."""

    def __init__(self, table: pa.Table) -> None:
        self.ids: list[str] = column_list(table, "run_id")
        self.position_of = {run_id: position for position, run_id in enumerate(self.ids)}
        self.pipeline: list[str] = shared_list(table, "pipeline")
        self.deployment: list[str] = [name or "" for name in shared_list(table, "deployment")]
        self.name: list[str | None] = shared_list(table, "name")
        self.started_at: Sequence[int] = numbers_of(table["started_at"])
        self.ended_at: list[int | None] = column_list(table, "ended_at")
        self.last_record_at: Sequence[int] = numbers_of(table["last_record_at"])
        self.longest_silence_us: Sequence[int] = numbers_of(table["longest_silence_us"])
        self.parent_id: list[str | None] = column_list(table, "parent_run_id")
        self.detached: list[bool] = column_list(table, "detached")
        self.deleted_at: list[int | None] = column_list(table, "deleted_at")
        self.n_missing: list[int] = column_list(table, "n_missing")
        self._recorded_status: list[RunStatus | None] = shared_list(table, "status")

    def duration_us(self, position: int) -> int:
        """Say how long a run took, or has taken up to its last record."""
        return (self.ended_at[position] or self.last_record_at[position]) - self.started_at[position]

    def judge(self, as_of: int) -> list[RunStatus]:
        """Say how each run stood at a moment."""
        return [
            status or self._judge_unfinished(position, as_of) for position, status in enumerate(self._recorded_status)
        ]

    def _judge_unfinished(self, position: int, as_of: int) -> RunStatus:
        return judge_status(
            {
                "status": None,
                "detached": self.detached[position],
                "last_record_at": self.last_record_at[position],
                "longest_silence_us": self.longest_silence_us[position],
            },
            as_of,
        )


class Run:
    """One execution of a pipeline with all that it recorded. Times are microseconds since the epoch.

    Of one that was deleted there are only its name, its status, and the tombstones of its artifacts.
    """

    def __init__(self, model: Model, position: int) -> None:
        columns = model.columns
        self._model = model
        self.position = position
        self.id = columns.ids[position]
        self.pipeline = columns.pipeline[position]
        self.deployment = columns.deployment[position]
        self.started_at = columns.started_at[position]
        self.ended_at = columns.ended_at[position]
        self.last_record_at = columns.last_record_at[position]
        self.longest_silence_us = columns.longest_silence_us[position]
        self.parent_id = columns.parent_id[position]
        self.detached = columns.detached[position]
        self.deleted_at = columns.deleted_at[position]
        self.n_missing = columns.n_missing[position]
        self.status = model.statuses[position]

    @property
    def has_files(self) -> bool:
        """Whether the site has its downloads; they may be thinned."""
        return not self._model.is_thinned(self.position, self._model.horizon.files)

    @property
    def has_page(self) -> bool:
        """Whether the site has its page; that may be thinned, too."""
        return not self._model.is_thinned(self.position, self._model.horizon.runs)

    @cached_property
    def name(self) -> str:
        """Its name; one that is made from its id when it was given none."""
        return self._model.columns.name[self.position] or readable_name(self.id)

    @property
    def duration_us(self) -> int:
        """From its beginning to its end, or to its last record so far."""
        return self._model.columns.duration_us(self.position)

    # What is read when it is asked for

    @property
    def _row(self) -> Row:
        return self._model.run_row(self.position)

    @property
    def params(self) -> Mapping[str, Any]:
        found: dict[str, Any] = json.loads(self._row["params_json"])
        return found

    @property
    def context(self) -> Mapping[str, Any]:
        found: dict[str, Any] = json.loads(self._row["context_json"])
        return found

    @property
    def tags(self) -> Sequence[str]:
        return self._row["tags"] or ()

    @property
    def deleted_reason(self) -> str:
        return self._row["deleted_reason"] or ""

    @property
    def n_records(self) -> int:
        n: int = self._row["n_records"]
        return n

    @property
    def n_writers(self) -> int:
        n: int = self._row["n_writers"]
        return n

    @cached_property
    def error(self) -> Error | None:
        return make_error(self._row)

    @cached_property
    def steps(self) -> Sequence[Step]:
        """Its steps in the order they began, each after the step around it."""
        rows = [row for _, row in self._model.rows("steps").of(self.position)]
        return _make_steps(rows, self.status, self.last_record_at)

    @cached_property
    def metrics(self) -> Mapping[str, MetricValue]:
        """Its metrics by name."""
        rows = self._model.rows("metrics").of(self.position)
        return {row["name"]: _pick(MetricValue, row) for _, row in rows}

    @cached_property
    def lists(self) -> Mapping[str, ListSummary]:
        """Its list metrics by name."""
        rows = self._model.rows("lists").of(self.position)
        return {row["name"]: _pick(ListSummary, row) for _, row in rows}

    @cached_property
    def artifacts(self) -> Sequence[Artifact]:
        """What it recorded, in that order."""
        rows = sorted(
            self._model.rows("artifacts").of(self.position),
            key=lambda found: (found[1]["created_at"], found[1]["writer"], found[1]["seq"]),
        )
        return [self._model.make_artifact(place, row) for place, row in rows]

    @cached_property
    def edges(self) -> Sequence[Edge]:
        """What its steps read and wrote."""
        return [_make_edge(row) for _, row in self._model.rows("edges").of(self.position)]

    @cached_property
    def problems(self) -> Sequence[Problem]:
        """What of it could not be read."""
        return [
            Problem(*(row[name] for name in Problem._fields))
            for _, row in self._model.rows("problems").of(self.position)
            if row["origin"] != "masked"
        ]

    def step_name(self, step_id: str | None) -> str:
        """The name of one of its steps; empty for none."""
        return self._step_names.get(step_id, "") if step_id else ""

    @cached_property
    def _step_names(self) -> Mapping[str, str]:
        return self._model.step_names(self.position)


class RunList(Sequence[Run]):
    """Runs by their positions, oldest first."""

    def __init__(self, model: Model, positions: Sequence[int]) -> None:
        self._model = model
        self.positions = positions

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> Run: ...

    @overload
    def __getitem__(self, index: slice) -> RunList: ...

    def __getitem__(self, index: int | slice) -> Run | RunList:
        if isinstance(index, slice):
            return RunList(self._model, self.positions[index])
        return self._model.run_at(self.positions[index])

    def __iter__(self) -> Iterator[Run]:
        return map(self._model.run_at, self.positions)

    def __reversed__(self) -> Iterator[Run]:
        return map(self._model.run_at, reversed(self.positions))

    def count_statuses(self) -> Counter[str]:
        """Say how many runs stand how."""
        return Counter[str](self._model.statuses[position] for position in self.positions)

    @property
    def deployments(self) -> set[str]:
        """The deployments of the runs; an empty text for none."""
        return {self._model.columns.deployment[position] for position in self.positions}

    def durations_us(self, status: RunStatus) -> list[int]:
        """Say how long the runs of a status took."""
        columns = self._model.columns
        return [
            columns.duration_us(position) for position in self.positions if self._model.statuses[position] == status
        ]


class Pipeline(msgspec.Struct, frozen=True):
    """Runs of one pipeline, oldest first."""

    name: str
    runs: RunList

    @property
    def newest(self) -> Run:
        return self.runs[-1]


def make_error(row: Row) -> Error | None:
    """Give the error of a row, if it has one."""
    if row["error_type"] is None:
        return None
    texts = (row["error_type"], row["error_message"] or "", row["error_traceback"] or "")
    return Error(*map(strip_terminal_codes, texts))


def _pick(kind: Any, row: Mapping[str, Any]) -> Any:
    return kind(**{name: row[name] for name in kind.__struct_fields__})


def _make_steps(rows: Sequence[Row], run_status: RunStatus, last_record_at: int) -> list[Step]:
    unfinished: RunStatus = run_status if run_status in ("running", "stalled") else "cancelled"
    children: dict[str | None, list[Row]] = {}
    known = {row["step_id"] for row in rows}
    for row in rows:
        parent = row["parent_step_id"] if row["parent_step_id"] in known else None
        children.setdefault(parent, []).append(row)
    steps: list[Step] = []
    placed: set[str] = set()
    rest = list(reversed(rows))  # steps that name each other as parents have no outermost one
    stack = [(row, 0) for row in reversed(children.get(None, []))]
    while stack or rest:
        row, depth = stack.pop() if stack else (rest.pop(), 0)
        if row["step_id"] in placed:
            continue
        placed.add(row["step_id"])
        steps.append(
            Step(
                id=row["step_id"],
                parent_id=row["parent_step_id"],
                name=row["name"],
                attempt=row["attempt"],
                status=row["status"] or unfinished,
                started_at=row["started_at"],
                ended_at=row["ended_at"] or max(last_record_at, row["started_at"]),
                error=make_error(row),
                depth=depth,
            )
        )
        stack += [(child, depth + 1) for child in reversed(children.get(row["step_id"], []))]
    return steps


def _make_edge(row: Row) -> Edge:
    return Edge(
        run_id=row["run_id"],
        step_id=row["step_id"],
        direction=row["direction"],
        artifact_id=row["artifact_id"],
        key=row["key"],
        version=row["version"],
        uri=row["uri"] or "",
        name=row["name"] or "",
        digest=row["digest"] or "",
        recorded_at=row["recorded_at"],
    )
